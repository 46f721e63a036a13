/** One small valid status of every resource that has one, by its path: what a controller or kubelet reports. */
import { certificate } from './samples.ts'

const T = '2026-01-01T00:00:00Z'
const CONDITION = { type: 'Sampled', status: 'True', lastTransitionTime: T, reason: 'Sampled', message: 'a sample' }
const REPLICAS = { replicas: 2, readyReplicas: 1, observedGeneration: 1 }
const CURRENT_METRICS = [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 40, averageValue: '200m' } } }]

export const STATUSES: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'v1/namespaces': { phase: 'Active', conditions: [CONDITION] },
  'v1/nodes': { capacity: { cpu: '4' }, addresses: [{ type: 'Hostname', address: 'node-1' }], nodeInfo: { machineID: 'm' } },
  'v1/persistentvolumeclaims': { phase: 'Bound', accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' } },
  'v1/persistentvolumes': { phase: 'Available', message: 'fine' },
  'v1/pods': { phase: 'Running', podIP: '10.1.2.3', podIPs: [{ ip: '10.1.2.3' }], conditions: [{ type: 'Ready', status: 'True' }] },
  'v1/replicationcontrollers': { ...REPLICAS },
  'v1/resourcequotas': { hard: { pods: '100' }, used: { pods: '1' } },
  'v1/services': { loadBalancer: {}, conditions: [CONDITION] },
  'admissionregistration.k8s.io/v1/validatingadmissionpolicies': { observedGeneration: 1, conditions: [CONDITION] },
  'apiextensions.k8s.io/v1/customresourcedefinitions': {
    acceptedNames: { plural: 'samples', kind: 'Sample' },
    conditions: [{ type: 'Established', status: 'True', lastTransitionTime: T, reason: 'Sampled', message: 'a sample' }],
    storedVersions: ['v1'],
  },
  'apiregistration.k8s.io/v1/apiservices': { conditions: [{ ...CONDITION, type: 'Available' }] },
  'apps/v1/daemonsets': { currentNumberScheduled: 1, desiredNumberScheduled: 2, numberMisscheduled: 1, numberReady: 1 },
  'apps/v1/deployments': { ...REPLICAS, updatedReplicas: 1 },
  'apps/v1/replicasets': { ...REPLICAS },
  'apps/v1/statefulsets': { ...REPLICAS, currentRevision: 'sample-1' },
  'autoscaling/v1/horizontalpodautoscalers': { currentReplicas: 1, desiredReplicas: 2, currentCPUUtilizationPercentage: 40 },
  'autoscaling/v2/horizontalpodautoscalers': { currentReplicas: 1, desiredReplicas: 2, currentMetrics: CURRENT_METRICS },
  'batch/v1/cronjobs': { lastScheduleTime: T, active: [{ kind: 'Job', name: 'sample-1', namespace: 'default' }] },
  'batch/v1/jobs': { ready: 0, terminating: 0 },
  'certificates.k8s.io/v1/certificatesigningrequests': { certificate: certificate() },
  'flowcontrol.apiserver.k8s.io/v1/flowschemas': { conditions: [{ ...CONDITION, type: 'Dangling' }] },
  'flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations': { conditions: [{ ...CONDITION, type: 'Sampled' }] },
  'kwok.x-k8s.io/v1alpha1/stages': { conditions: [CONDITION] },
  'networking.k8s.io/v1/ingresses': { loadBalancer: { ingress: [{ ip: '10.1.2.3' }] } },
  'networking.k8s.io/v1/servicecidrs': { conditions: [CONDITION] },
  'policy/v1/poddisruptionbudgets': { currentHealthy: 1, desiredHealthy: 1, disruptionsAllowed: 1, expectedPods: 2 },
  'resource.k8s.io/v1/resourceclaims': {
    allocation: { devices: { results: [{ request: 'gpu', driver: 'example.com', pool: 'p', device: 'd' }] } },
  },
  'storage.k8s.io/v1/volumeattachments': { attached: true, attachmentMetadata: { device: 'sda' } },
}
