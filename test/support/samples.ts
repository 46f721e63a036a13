/** One small valid object of every resource, by its path: what a client sends, without apiVersion, kind and namespace. */
export const TEMPLATE = { metadata: { labels: { app: 'sample' } }, spec: { containers: [{ name: 'main', image: 'nginx:1.29' }] } }
const SELECTOR = { matchLabels: { app: 'sample' } }
const metadata = { name: 'sample' }
const JOB_SPEC = { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'busybox' }] } } }
const WEBHOOK = {
  name: 'sample.example.com',
  clientConfig: { url: 'https://example.com/hook' },
  sideEffects: 'None',
  admissionReviewVersions: ['v1'],
  failurePolicy: 'Ignore',
  rules: [{ apiGroups: ['example.com'], apiVersions: ['v1'], resources: ['samples'], operations: ['CREATE'] }],
}
const MATCH = { resourceRules: [{ apiGroups: ['example.com'], apiVersions: ['v1'], resources: ['samples'], operations: ['CREATE'] }] }
const SUBJECTS = [{ kind: 'User', name: 'jane', apiGroup: 'rbac.authorization.k8s.io' }]
const RULES = [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }]

export const SAMPLES: Readonly<Record<string, { metadata: { name: string } } & Record<string, unknown>>> = {
  'v1/configmaps': { metadata, data: { key: 'value' } },
  'v1/endpoints': { metadata, subsets: [{ addresses: [{ ip: '10.1.2.3' }], ports: [{ port: 80 }] }] },
  'v1/events': {
    metadata,
    involvedObject: { kind: 'Pod', namespace: 'default', name: 'web' },
    reason: 'Sample',
    message: 'a sample',
    type: 'Normal',
  },
  'v1/limitranges': { metadata, spec: { limits: [{ type: 'Container', default: { cpu: '1' } }] } },
  'v1/namespaces': { metadata },
  'v1/nodes': { metadata },
  'v1/persistentvolumeclaims': { metadata, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } },
  'v1/persistentvolumes': {
    metadata,
    spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/data' }, storageClassName: 'none' },
  },
  'v1/pods': { metadata, spec: TEMPLATE.spec },
  'v1/podtemplates': { metadata, template: TEMPLATE },
  'v1/replicationcontrollers': { metadata, spec: { replicas: 0, selector: { app: 'sample' }, template: TEMPLATE } },
  'v1/resourcequotas': { metadata, spec: { hard: { pods: '1000' } } },
  'v1/secrets': { metadata, data: { key: 'dmFsdWU=' } },
  'v1/serviceaccounts': { metadata },
  'v1/services': { metadata, spec: { selector: { app: 'sample' }, ports: [{ port: 80 }] } },
  'admissionregistration.k8s.io/v1/mutatingadmissionpolicies': {
    metadata,
    spec: {
      matchConstraints: MATCH,
      reinvocationPolicy: 'Never',
      mutations: [
        { patchType: 'ApplyConfiguration', applyConfiguration: { expression: 'Object{metadata: Object.metadata{labels: {"a": "b"}}}' } },
      ],
    },
  },
  'admissionregistration.k8s.io/v1/mutatingadmissionpolicybindings': { metadata, spec: { policyName: 'sample' } },
  'admissionregistration.k8s.io/v1/mutatingwebhookconfigurations': { metadata, webhooks: [WEBHOOK] },
  'admissionregistration.k8s.io/v1/validatingadmissionpolicies': {
    metadata,
    spec: { matchConstraints: MATCH, validations: [{ expression: 'true' }] },
  },
  'admissionregistration.k8s.io/v1/validatingadmissionpolicybindings': {
    metadata,
    spec: { policyName: 'sample', validationActions: ['Deny'] },
  },
  'admissionregistration.k8s.io/v1/validatingwebhookconfigurations': { metadata, webhooks: [WEBHOOK] },
  'apiextensions.k8s.io/v1/customresourcedefinitions': {
    metadata: { name: 'samples.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'samples', singular: 'sample', kind: 'Sample', listKind: 'SampleList' },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
    },
  },
  'apiregistration.k8s.io/v1/apiservices': {
    metadata: { name: 'v1.example.com' },
    spec: {
      group: 'example.com',
      version: 'v1',
      groupPriorityMinimum: 100,
      versionPriority: 10,
      insecureSkipTLSVerify: true,
      service: { namespace: 'default', name: 'sample' },
    },
  },
  'apps/v1/controllerrevisions': { metadata, revision: 1, data: { spec: {} } },
  'apps/v1/daemonsets': { metadata, spec: { selector: SELECTOR, template: TEMPLATE } },
  'apps/v1/deployments': { metadata, spec: { replicas: 0, selector: SELECTOR, template: TEMPLATE } },
  'apps/v1/replicasets': { metadata, spec: { replicas: 0, selector: SELECTOR, template: TEMPLATE } },
  'apps/v1/statefulsets': { metadata, spec: { replicas: 0, serviceName: 'sample', selector: SELECTOR, template: TEMPLATE } },
  'autoscaling/v1/horizontalpodautoscalers': {
    metadata,
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
      maxReplicas: 3,
      targetCPUUtilizationPercentage: 60,
    },
  },
  'autoscaling/v2/horizontalpodautoscalers': {
    metadata,
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
      maxReplicas: 3,
      metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 60 } } }],
    },
  },
  'batch/v1/cronjobs': { metadata, spec: { schedule: '0 0 1 1 *', suspend: true, jobTemplate: { spec: JOB_SPEC } } },
  'batch/v1/jobs': { metadata, spec: { ...JOB_SPEC, suspend: true } },
  'certificates.k8s.io/v1/certificatesigningrequests': {
    metadata,
    spec: { request: certificateRequest(), signerName: 'example.com/sample', usages: ['digital signature'] },
  },
  'kwok.x-k8s.io/v1alpha1/stages': { metadata, spec: { resourceRef: { apiGroup: 'v1', kind: 'Sample' }, weight: 0 } },
  'coordination.k8s.io/v1/leases': { metadata, spec: { holderIdentity: 'me', leaseDurationSeconds: 40 } },
  'discovery.k8s.io/v1/endpointslices': { metadata, addressType: 'IPv4', endpoints: [{ addresses: ['10.1.2.3'] }], ports: [{ port: 80 }] },
  'events.k8s.io/v1/events': {
    metadata,
    eventTime: '2026-01-01T00:00:00.000000Z',
    reportingController: 'example.com/sampler',
    reportingInstance: 'sampler-1',
    action: 'Sampling',
    reason: 'Sample',
    type: 'Normal',
    regarding: { kind: 'Pod', namespace: 'default', name: 'web' },
  },
  'flowcontrol.apiserver.k8s.io/v1/flowschemas': {
    metadata,
    spec: {
      priorityLevelConfiguration: { name: 'sample' },
      matchingPrecedence: 1000,
      rules: [{ subjects: [{ kind: 'User', user: { name: 'jane' } }], nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }] }],
    },
  },
  'flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations': {
    metadata,
    spec: { type: 'Limited', limited: { nominalConcurrencyShares: 5, limitResponse: { type: 'Reject' } } },
  },
  'networking.k8s.io/v1/ingressclasses': { metadata, spec: { controller: 'example.com/ingress' } },
  'networking.k8s.io/v1/ingresses': { metadata, spec: { defaultBackend: { service: { name: 'web', port: { number: 80 } } } } },
  'networking.k8s.io/v1/ipaddresses': {
    metadata: { name: '10.96.7.7' },
    spec: { parentRef: { resource: 'services', namespace: 'default', name: 'sample' } },
  },
  'networking.k8s.io/v1/networkpolicies': { metadata, spec: { podSelector: {} } },
  'networking.k8s.io/v1/servicecidrs': { metadata, spec: { cidrs: ['10.112.0.0/16'] } },
  'node.k8s.io/v1/runtimeclasses': { metadata, handler: 'runc' },
  'policy/v1/poddisruptionbudgets': { metadata, spec: { minAvailable: 1, selector: SELECTOR } },
  'rbac.authorization.k8s.io/v1/clusterrolebindings': {
    metadata,
    subjects: SUBJECTS,
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
  },
  'rbac.authorization.k8s.io/v1/clusterroles': { metadata, rules: RULES },
  'rbac.authorization.k8s.io/v1/rolebindings': {
    metadata,
    subjects: SUBJECTS,
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'view' },
  },
  'rbac.authorization.k8s.io/v1/roles': { metadata, rules: RULES },
  'resource.k8s.io/v1/deviceclasses': { metadata, spec: {} },
  'resource.k8s.io/v1/resourceclaims': {
    metadata,
    spec: { devices: { requests: [{ name: 'gpu', exactly: { deviceClassName: 'sample', allocationMode: 'ExactCount', count: 1 } }] } },
  },
  'resource.k8s.io/v1/resourceclaimtemplates': {
    metadata,
    spec: {
      spec: { devices: { requests: [{ name: 'gpu', exactly: { deviceClassName: 'sample', allocationMode: 'ExactCount', count: 1 } }] } },
    },
  },
  'resource.k8s.io/v1/resourceslices': {
    metadata,
    spec: {
      driver: 'example.com',
      nodeName: 'node-1',
      pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
      devices: [{ name: 'd' }],
    },
  },
  'scheduling.k8s.io/v1/priorityclasses': { metadata, value: 1000 },
  'storage.k8s.io/v1/csidrivers': { metadata: { name: 'sample.example.com' }, spec: {} },
  'storage.k8s.io/v1/csinodes': { metadata, spec: { drivers: [{ name: 'sample.example.com', nodeID: 'n1' }] } },
  'storage.k8s.io/v1/csistoragecapacities': { metadata, storageClassName: 'standard', capacity: '10Gi' },
  'storage.k8s.io/v1/storageclasses': { metadata, provisioner: 'example.com/sample' },
  'storage.k8s.io/v1/volumeattachments': {
    metadata,
    spec: { attacher: 'example.com', nodeName: 'node-1', source: { persistentVolumeName: 'sample' } },
  },
  'storage.k8s.io/v1/volumeattributesclasses': { metadata, driverName: 'sample.example.com', parameters: { iops: '1000' } },
}

/** A PKCS#10 request for CN=sample, in base64 of its PEM form, as the API takes it. */
export function certificateRequest(): string {
  return pem('CERTIFICATE REQUEST', [
    'MIHKMHMCAQAwETEPMA0GA1UEAwwGc2FtcGxlMFkwEwYHKoZIzj0CAQYIKoZIzj0D',
    'AQcDQgAE0z90gFs+LR+FU6p2MkbT+iuStW73zFNVgzqrEh47rMbqWZie4AWE5/Nt',
    'v/PgvJuCsdAs/je3/ka8lJqG+dBQ06AAMAoGCCqGSM49BAMCA0cAMEQCIEhts3Z+',
    'RTdTQQlNlYy0wyeCShRwy1VAEBNsZqu0+NWNAiBQeI1Dmv7+WDF32h31iNyeM4BA',
    'Mk8d0mv/sNZsFwkXVw==',
  ])
}

function pem(label: string, lines: readonly string[]): string {
  return Buffer.from([`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n')).toString('base64')
}

/** A certificate for CN=sample, signed by itself, in base64 of its PEM form. */
export function certificate(): string {
  return pem('CERTIFICATE', [
    'MIIBeDCCAR+gAwIBAgIUFY5R3SDey7ccjbkMwhPzbuv91GMwCgYIKoZIzj0EAwIw',
    'ETEPMA0GA1UEAwwGc2FtcGxlMCAXDTI2MTEyNDAxMTMxMFoYDzIxMjYxMDMxMDEx',
    'MzEwWjARMQ8wDQYDVQQDDAZzYW1wbGUwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC',
    'AASzHaR72TrdQ5+Ry8b4i+o40MoWUrIxhnIeeXNQBAbC84edmFe7IAlAIHeJn6vb',
    'ehz+3AMI8jGpW15TwYtHBOIfo1MwUTAdBgNVHQ4EFgQUWBwm01B5uicQJhbdi3Mu',
    'YBldAj0wHwYDVR0jBBgwFoAUWBwm01B5uicQJhbdi3MuYBldAj0wDwYDVR0TAQH/',
    'BAUwAwEB/zAKBggqhkjOPQQDAgNHADBEAiAKYvbP9lunp493isii65Bpvd7wlPb1',
    '3Pr4NNJkbQrPNAIgMB+qOrEK3EHMJ+V6Zv30PLwcvgFkUUX+eYcbiVyg0wU=',
  ])
}
