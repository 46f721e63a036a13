/** A sound object of each kind whose rules are tested by changing it. */
import { certificateRequest } from './samples.ts'

// biome-ignore lint/suspicious/noExplicitAny: the tests speak of many kinds
type Any = any

export const BASES: Readonly<Record<string, Any>> = {
  'autoscaling/v2/horizontalpodautoscalers': {
    spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' }, maxReplicas: 3 },
  },
  'networking.k8s.io/v1/networkpolicies': { spec: { podSelector: {} } },
  'networking.k8s.io/v1/ingresses': { spec: { rules: [{ host: 'a.example.com' }] } },
  'networking.k8s.io/v1/ingressclasses': { spec: { controller: 'example.com/c' } },
  'networking.k8s.io/v1/ipaddresses': {
    metadata: { name: '10.0.0.1' },
    spec: { parentRef: { resource: 'services', namespace: 'ns', name: 's' } },
  },
  'networking.k8s.io/v1/servicecidrs': { spec: { cidrs: ['10.0.0.0/16'] } },
  'node.k8s.io/v1/runtimeclasses': { handler: 'h' },
  'discovery.k8s.io/v1/endpointslices': { addressType: 'IPv4', endpoints: [] },
  'policy/v1/poddisruptionbudgets': { spec: { minAvailable: 1 } },
  'scheduling.k8s.io/v1/priorityclasses': { value: 5 },
  'storage.k8s.io/v1/storageclasses': { provisioner: 'example.com/p' },
  'storage.k8s.io/v1/csidrivers': { spec: {} },
  'storage.k8s.io/v1/csinodes': { spec: { drivers: [{ name: 'd', nodeID: 'n' }] } },
  'storage.k8s.io/v1/csistoragecapacities': { storageClassName: 's' },
  'storage.k8s.io/v1/volumeattributesclasses': { driverName: 'd', parameters: { a: 'b' } },
  'storage.k8s.io/v1/volumeattachments': { spec: { attacher: 'd', nodeName: 'n', source: { persistentVolumeName: 'v' } } },
  'flowcontrol.apiserver.k8s.io/v1/flowschemas': {
    spec: {
      priorityLevelConfiguration: { name: 'l' },
      rules: [{ subjects: [{ kind: 'User', user: { name: 'u' } }], nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/a'] }] }],
    },
  },
  'flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations': {
    spec: { type: 'Limited', limited: { limitResponse: { type: 'Queue', queuing: {} } } },
  },
  'admissionregistration.k8s.io/v1/validatingwebhookconfigurations': {
    webhooks: [{ name: 'a.example.com', clientConfig: { url: 'https://a' }, sideEffects: 'None', admissionReviewVersions: ['v1'] }],
  },
  'admissionregistration.k8s.io/v1/validatingadmissionpolicies': {
    spec: {
      matchConstraints: { resourceRules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }] },
      validations: [{ expression: 'true' }],
    },
  },
  'admissionregistration.k8s.io/v1/validatingadmissionpolicybindings': { spec: { policyName: 'p', validationActions: ['Deny'] } },
  'admissionregistration.k8s.io/v1/mutatingadmissionpolicies': {
    spec: {
      matchConstraints: { resourceRules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }] },
      reinvocationPolicy: 'Never',
      mutations: [{ patchType: 'JSONPatch', jsonPatch: { expression: '[JSONPatch{op: "remove", path: "/a"}]' } }],
    },
  },
  'admissionregistration.k8s.io/v1/mutatingadmissionpolicybindings': { spec: { policyName: 'p' } },
  'certificates.k8s.io/v1/certificatesigningrequests': {
    spec: { request: certificateRequest(), signerName: 'example.com/s', usages: ['client auth'] },
  },
}
