import { describe, expect, test } from 'vitest'
import type { ResourceDefinition } from '../../src/api/definition.ts'
import { defineResources, loadDefinitions } from '../../src/api/index.ts'
import { fieldErrorText } from '../../src/api/meta/field-error.ts'
import type { KubeObject } from '../../src/api/object.ts'

// biome-ignore lint/suspicious/noExplicitAny: the tests speak of many kinds
type Any = any

const definitions = loadDefinitions()
const NOW = Date.parse('2026-01-01T00:10:00Z')

function kind(path: string): ResourceDefinition {
  return definitions.find(({ apiVersion, resource }) => `${apiVersion}/${resource}` === path)!
}

function made(path: string, body: object, name = 'web'): Any {
  const object: Any = {
    metadata: { name, namespace: kind(path).namespaced ? 'prod' : '', uid: 'u', creationTimestamp: '2026-01-01T00:00:00Z' },
    ...structuredClone(body),
  }
  kind(path).setDefaults?.(object)
  kind(path).prepareForCreate?.(object)
  return object
}

const faults = (path: string, object: KubeObject) => (kind(path).validate?.(object) ?? []).map(fieldErrorText)
const changeFaults = (path: string, next: KubeObject, old: KubeObject) => (kind(path).validateUpdate?.(next, old) ?? []).map(fieldErrorText)
const cells = (path: string, object: KubeObject) => kind(path).columns!.map((column) => column.cell(object, NOW))

describe('registration', () => {
  test('every resource of the data is there once, with its names', () => {
    expect(definitions.length).toBeGreaterThan(60)
    expect(new Set(definitions.map(({ apiVersion, resource }) => `${apiVersion}/${resource}`)).size).toBe(definitions.length)
    expect(kind('apps/v1/deployments')).toMatchObject({ groupResource: 'deployments.apps', hasStatus: true, kind: 'Deployment' })
    expect(kind('v1/configmaps')).toMatchObject({ groupResource: 'configmaps', apiVersion: 'v1', hasStatus: false })
  })
  test('behaviour of what is not there, or twice, is a mistake', () => {
    expect(() => defineResources([], [{ path: 'v1/ghosts' }])).toThrow('openapi/resources.json has no v1/ghosts')
    expect(() => defineResources([], [{ path: 'v1/pods' }, { path: 'v1/pods' }])).toThrow('two behaviours for v1/pods')
  })
  test('defaults never change what they made', () => {
    for (const definition of definitions) {
      if (definition.setDefaults === undefined) continue
      const object: Any = { metadata: { name: 'a', namespace: 'b' } }
      definition.setDefaults(object)
      const again = structuredClone(object)
      definition.setDefaults(again)
      expect(again, definition.resource).toEqual(object)
    }
  })
})

describe.each<[path: string, name: string, body: object, expected: string[]]>([
  ['policy/v1/poddisruptionbudgets', 'fine', { spec: { minAvailable: '50%', selector: {} } }, []],
  [
    'policy/v1/poddisruptionbudgets',
    'both',
    { spec: { minAvailable: 1, maxUnavailable: 1 } },
    [
      'spec: Invalid value: {"MinAvailable":1,"Selector":null,"MaxUnavailable":1,"UnhealthyPodEvictionPolicy":null}: minAvailable and maxUnavailable cannot be both set',
    ],
  ],
  ['storage.k8s.io/v1/storageclasses', 'no provisioner', {}, ['provisioner: Required value']],
  [
    'storage.k8s.io/v1/storageclasses',
    'modes',
    { provisioner: 'a.io/b', reclaimPolicy: 'Recycle', volumeBindingMode: 'Later' },
    [
      'reclaimPolicy: Unsupported value: "Recycle": supported values: "Delete", "Retain"',
      'volumeBindingMode: Unsupported value: "Later": supported values: "Immediate", "WaitForFirstConsumer"',
    ],
  ],
  [
    'scheduling.k8s.io/v1/priorityclasses',
    'too high',
    { value: 1_000_000_001 },
    ['value: Forbidden: maximum allowed value of a user defined priority is 1000000000'],
  ],
  [
    'coordination.k8s.io/v1/leases',
    'duration',
    { spec: { leaseDurationSeconds: 0 } },
    ['spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0'],
  ],
  ['node.k8s.io/v1/runtimeclasses', 'no handler', {}, ['handler: Required value']],
  [
    'rbac.authorization.k8s.io/v1/roles',
    'rules',
    { rules: [{ verbs: [], nonResourceURLs: ['/x'] }] },
    [
      'rules[0].verbs: Required value: verbs must contain at least one value',
      'rules[0].nonResourceURLs: Invalid value: ["/x"]: namespaced rules cannot apply to non-resource URLs',
    ],
  ],
  [
    'rbac.authorization.k8s.io/v1/clusterrolebindings',
    'subjects',
    {
      roleRef: { kind: 'Role', name: 'a' },
      subjects: [
        { kind: 'ServiceAccount', name: 'x' },
        { kind: 'Robot', name: 'y' },
      ],
    },
    [
      'roleRef.kind: Unsupported value: "Role": supported values: "ClusterRole"',
      'subjects[0].namespace: Required value',
      'subjects[1].kind: Unsupported value: "Robot": supported values: "ServiceAccount", "User", "Group"',
    ],
  ],
  [
    'networking.k8s.io/v1/ingresses',
    'nothing',
    { spec: {} },
    ['spec: Invalid value: null: either `defaultBackend` or `rules` must be specified'],
  ],
  [
    'networking.k8s.io/v1/ingresses',
    'rules',
    {
      spec: {
        rules: [
          { host: '10.0.0.1', http: { paths: [{ path: 'a//b', pathType: 'Prefix', backend: { service: { name: 'web', port: {} } } }] } },
          { host: '*.x.io', http: { paths: [{ path: '/', backend: {} }] } },
        ],
      },
    },
    [
      'spec.rules[0].host: Invalid value: "10.0.0.1": must be a DNS name, not an IP address',
      'spec.rules[0].http.paths[0].path: Invalid value: "a//b": must be an absolute path',
      'spec.rules[0].http.paths[0].path: Invalid value: "a//b": must not contain \'//\'',
      'spec.rules[0].http.paths[0].backend: Required value: port name or number is required',
      'spec.rules[1].http.paths[0].pathType: Required value: pathType must be specified',
    ],
  ],
  [
    'networking.k8s.io/v1/networkpolicies',
    'peers and ports',
    {
      spec: {
        ingress: [{ from: [{}, { ipBlock: { cidr: '10.0.0.0/8', except: ['11.0.0.0/16'] } }], ports: [{ port: 90, endPort: 80 }] }],
      },
    },
    [
      'spec.ingress[0].ports[0].endPort: Invalid value: 90: must be greater than or equal to `port`',
      'spec.ingress[0].from[0]: Required value: must specify a peer',
      'spec.ingress[0].from[1].ipBlock.except[0]: Invalid value: "11.0.0.0/16": must be a strict subset of `cidr`',
    ],
  ],
  [
    'discovery.k8s.io/v1/endpointslices',
    'addresses',
    { addressType: 'IPv4', endpoints: [{ addresses: ['::1'] }, {}], ports: [{ name: 'a' }, { name: 'a' }] },
    [
      'ports[1].name: Duplicate value: "a"',
      'endpoints[0].addresses: Invalid value: "::1": must be an IPv4 address',
      expect.stringContaining('endpoints[0].addresses[0]') as never,
      'endpoints[1].addresses: Required value: must contain at least 1 address',
    ],
  ],
  [
    'autoscaling/v2/horizontalpodautoscalers',
    'limits',
    { spec: { minReplicas: 0, maxReplicas: 0, scaleTargetRef: { kind: 'Deployment' } } },
    [
      'spec.minReplicas: Invalid value: 0: must be greater than or equal to 1',
      'spec.maxReplicas: Required value: must be set and greater than 0',
      'spec.scaleTargetRef.name: Required value',
      'spec.scaleTargetRef.apiVersion: Invalid value: "": apiVersion must specify API group',
      'spec.metrics: Forbidden: must specify at least one Object or External metric to support scaling to zero replicas',
    ],
  ],
  [
    'apiextensions.k8s.io/v1/customresourcedefinitions',
    'names and versions',
    {
      spec: {
        group: 'example.com',
        scope: 'Everywhere',
        names: { plural: 'foos', kind: 'Foo' },
        versions: [{ name: 'v1', served: true, storage: false, schema: { openAPIV3Schema: {} } }],
      },
    },
    [
      'metadata.name: Invalid value: "web": must be spec.names.plural+"."+spec.group',
      'spec.scope: Unsupported value: "Everywhere": supported values: "Cluster", "Namespaced"',
      expect.stringContaining('must have exactly one version marked as storage version') as never,
    ],
  ],
])('%s', (path, name, body, expected) => {
  test(name, () => {
    expect(faults(path, made(path, body))).toEqual(expected)
  })
})

test.each<[path: string, old: object, next: object, expected: string[]]>([
  ['storage.k8s.io/v1/storageclasses', { provisioner: 'a' }, { provisioner: 'b' }, ['provisioner: Invalid value: "b": field is immutable']],
  ['scheduling.k8s.io/v1/priorityclasses', { value: 1 }, { value: 2 }, ['value: Forbidden: may not be changed in an update.']],
  [
    'rbac.authorization.k8s.io/v1/rolebindings',
    { roleRef: { kind: 'Role', name: 'a' } },
    { roleRef: { kind: 'Role', name: 'b' } },
    ['roleRef: Invalid value: {"APIGroup":"rbac.authorization.k8s.io","Kind":"Role","Name":"b"}: cannot change roleRef'],
  ],
  [
    'discovery.k8s.io/v1/endpointslices',
    { addressType: 'IPv4' },
    { addressType: 'IPv6' },
    ['addressType: Invalid value: "IPv6": field is immutable'],
  ],
])('%s keeps what it was made with', (path, old, next, expected) => {
  expect(changeFaults(path, made(path, next), made(path, old))).toEqual(expected)
})

test.each<[path: string, body: object, expected: unknown[]]>([
  ['policy/v1/poddisruptionbudgets', { spec: { minAvailable: 2 } }, ['web', '2', 'N/A', 0, '10m']],
  ['storage.k8s.io/v1/storageclasses', { provisioner: 'a.io/b' }, ['web', 'a.io/b', 'Delete', 'Immediate', false, '10m']],
  ['coordination.k8s.io/v1/leases', { spec: { holderIdentity: 'me' } }, ['web', 'me', '10m']],
  ['scheduling.k8s.io/v1/priorityclasses', { value: 7 }, ['web', 7, false, '10m', 'PreemptLowerPriority']],
  [
    'rbac.authorization.k8s.io/v1/rolebindings',
    {
      roleRef: { kind: 'Role', name: 'r' },
      subjects: [
        { kind: 'ServiceAccount', name: 's', namespace: 'n' },
        { kind: 'User', name: 'u' },
      ],
    },
    ['web', 'Role/r', '10m', 'u', '', 'n/s'],
  ],
  [
    'networking.k8s.io/v1/ingresses',
    { spec: { rules: [{ host: 'a' }, { host: 'b' }, { host: 'c' }, { host: 'd' }], tls: [{}] } },
    ['web', '<none>', 'a,b,c + 1 more...', '', '80, 443', '10m'],
  ],
  ['networking.k8s.io/v1/networkpolicies', { spec: { podSelector: { matchLabels: { a: 'b' } } } }, ['web', 'a=b', '10m']],
  [
    'discovery.k8s.io/v1/endpointslices',
    {
      addressType: 'IPv4',
      endpoints: [{ addresses: ['1.1.1.1', '1.1.1.2'] }, { addresses: ['1.1.1.3', '1.1.1.4'] }],
      ports: [{ port: 80 }],
    },
    ['web', 'IPv4', '80', '1.1.1.1,1.1.1.2,1.1.1.3 + 1 more...', '10m'],
  ],
  [
    'autoscaling/v2/horizontalpodautoscalers',
    { spec: { maxReplicas: 5, scaleTargetRef: { kind: 'Deployment', name: 'd' } } },
    ['web', 'Deployment/d', 'cpu: <unknown>/80%', '1', 5, 0, '10m'],
  ],
  ['resource.k8s.io/v1/resourceclaims', {}, ['web', 'pending', '10m']],
])('columns of %s', (path, body, expected) => {
  expect(cells(path, made(path, body))).toEqual(expected)
})

test('the default class is marked', () => {
  const object = made('storage.k8s.io/v1/storageclasses', { provisioner: 'a' })
  object.metadata.annotations = { 'storageclass.kubernetes.io/is-default-class': 'true' }
  expect(cells('storage.k8s.io/v1/storageclasses', object)[0]).toBe('web (default)')
})

test('system priority classes are known by name and value', () => {
  const check = (name: string, value: number) =>
    faults('scheduling.k8s.io/v1/priorityclasses', made('scheduling.k8s.io/v1/priorityclasses', { value }, name))
  expect(check('system-node-critical', 2_000_001_000)).toEqual([])
  expect(check('system-mine', 1)).toEqual([
    "metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use only. error: system-mine is not a known system priority class",
  ])
})

test('a HorizontalPodAutoscaler is the same in both versions', () => {
  const { conversion } = kind('autoscaling/v1/horizontalpodautoscalers')
  const stored = made('autoscaling/v2/horizontalpodautoscalers', {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    spec: {
      maxReplicas: 5,
      scaleTargetRef: { kind: 'Deployment', name: 'd' },
      metrics: [
        { type: 'Pods', pods: { metric: { name: 'rps' }, target: { type: 'AverageValue', averageValue: '10' } } },
        { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } },
      ],
      behavior: { scaleDown: { stabilizationWindowSeconds: 60 } },
    },
  })
  const first: Any = conversion!.fromStored(stored)
  expect(first.spec).toEqual({
    maxReplicas: 5,
    minReplicas: 1,
    scaleTargetRef: { kind: 'Deployment', name: 'd' },
    targetCPUUtilizationPercentage: 50,
  })
  expect(JSON.parse(first.metadata.annotations['autoscaling.alpha.kubernetes.io/metrics'])).toEqual([
    { type: 'Pods', pods: { metricName: 'rps', targetAverageValue: '10' } },
  ])
  expect(conversion!.toStored(first)).toEqual(stored)
})

test('an Event is the same in both groups', () => {
  const { conversion } = kind('events.k8s.io/v1/events')
  const stored: Any = {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: 'a', namespace: 'prod' },
    involvedObject: { kind: 'Pod', name: 'p', namespace: 'prod' },
    reason: 'Started',
    message: 'hello',
    source: { component: 'kubelet' },
    firstTimestamp: '2026-01-01T00:00:00Z',
    lastTimestamp: '2026-01-01T00:00:00Z',
    count: 2,
    type: 'Normal',
    reportingComponent: 'kubelet',
    reportingInstance: 'node-1',
    eventTime: null,
  }
  const other: Any = conversion!.fromStored(stored)
  expect(other).toMatchObject({
    apiVersion: 'events.k8s.io/v1',
    note: 'hello',
    regarding: { name: 'p' },
    deprecatedCount: 2,
    reportingController: 'kubelet',
  })
  expect(other.message).toBeUndefined()
  expect(conversion!.toStored(other)).toEqual(stored)
  expect(conversion!.storedAs).toBe('events')
})
