import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { configMap } from '../../src/api/core/v1/config-map.ts'
import { endpoints } from '../../src/api/core/v1/endpoints.ts'
import { event } from '../../src/api/core/v1/event.ts'
import { limitRange } from '../../src/api/core/v1/limit-range.ts'
import { namespace } from '../../src/api/core/v1/namespace.ts'
import { node } from '../../src/api/core/v1/node.ts'
import { persistentVolume } from '../../src/api/core/v1/persistent-volume.ts'
import { persistentVolumeClaim } from '../../src/api/core/v1/persistent-volume-claim.ts'
import { pod } from '../../src/api/core/v1/pod.ts'
import { podTemplate } from '../../src/api/core/v1/pod-template-resource.ts'
import { replicationController } from '../../src/api/core/v1/replication-controller.ts'
import { resourceQuota } from '../../src/api/core/v1/resource-quota.ts'
import { secret } from '../../src/api/core/v1/secret.ts'
import { service } from '../../src/api/core/v1/service.ts'
import { serviceAccount } from '../../src/api/core/v1/service-account.ts'
import type { ResourceBehaviour } from '../../src/api/definition.ts'
import { defineResources } from '../../src/api/index.ts'
import { fieldErrorText } from '../../src/api/meta/field-error.ts'
import type { KubeObject } from '../../src/api/object.ts'

const NOW = Date.parse('2026-01-01T00:05:00Z')

// biome-ignore lint/suspicious/noExplicitAny: each test knows the kind it looks at
function objectOf(kind: ResourceBehaviour, fields: object, metadata: object = {}): any {
  const base = { name: 'a', namespace: 'ns', uid: '', resourceVersion: '', creationTimestamp: '2026-01-01T00:00:00Z' }
  const object = { metadata: { ...base, ...metadata }, ...structuredClone(fields) }
  kind.setDefaults?.(object)
  return object
}

function faults(kind: ResourceBehaviour, fields: object, metadata: object = {}): string[] {
  return kind.validate!(objectOf(kind, fields, metadata)).map(fieldErrorText)
}

function row(kind: ResourceBehaviour, object: KubeObject): unknown[] {
  return kind.columns!.map(({ cell }) => cell(object, NOW))
}

test('every kind is one of the data', () => {
  const facts = JSON.parse(readFileSync(new URL('../../openapi/resources.json', import.meta.url), 'utf8'))
  const kinds = [
    configMap,
    endpoints,
    event,
    limitRange,
    namespace,
    node,
    persistentVolume,
    persistentVolumeClaim,
    pod,
    podTemplate,
    replicationController,
    resourceQuota,
    secret,
    service,
    serviceAccount,
  ]
  expect(() => defineResources(facts, kinds)).not.toThrow()
})

describe('nodes', () => {
  const info = { kubeletVersion: 'v1.36.0', osImage: 'Debian', kernelVersion: '6.1', containerRuntimeVersion: 'containerd://2' }
  const ready = (status: string): object => ({ conditions: [{ type: 'Ready', status }] })

  test.each<[string, object, object, unknown[]]>([
    [
      'ready',
      {
        status: {
          ...ready('True'),
          nodeInfo: info,
          addresses: [
            { type: 'InternalIP', address: '10.0.0.1' },
            { type: 'ExternalIP', address: '1.1.1.1' },
          ],
        },
      },
      { labels: { 'node-role.kubernetes.io/worker': '', 'node-role.kubernetes.io/control-plane': '' } },
      ['a', 'Ready', 'control-plane,worker', '5m', 'v1.36.0', '10.0.0.1', '1.1.1.1', 'Debian', '6.1', 'containerd://2'],
    ],
    [
      'cordoned',
      { spec: { unschedulable: true }, status: ready('False') },
      { labels: { 'kubernetes.io/role': 'db' } },
      ['a', 'NotReady,SchedulingDisabled', 'db', '5m', '', '<none>', '<none>', '<unknown>', '<unknown>', '<unknown>'],
    ],
    ['new', {}, {}, ['a', 'Unknown', '<none>', '5m', '', '<none>', '<none>', '<unknown>', '<unknown>', '<unknown>']],
  ])('the row of one that is %s', (_, fields, metadata, expected) => {
    expect(row(node, objectOf(node, fields, metadata))).toEqual(expected)
  })

  test('what it can give away is what it has', () => {
    const { status, spec } = objectOf(node, { spec: { podCIDR: '10.0.0.0/24' }, status: { capacity: { cpu: '4000m' } } })
    expect(status).toMatchObject({ capacity: { cpu: '4' }, allocatable: { cpu: '4' }, daemonEndpoints: { kubeletEndpoint: { Port: 0 } } })
    expect(spec.podCIDRs).toEqual(['10.0.0.0/24'])
  })

  test('taints', () => {
    const taints = [
      { key: 'a', effect: 'NoSchedule' },
      { key: 'a', value: 'x', effect: 'NoSchedule' },
      { key: 'b', effect: 'x' },
    ]
    expect(faults(node, { spec: { taints } })).toEqual([
      'metadata.taints[1]: Duplicate value: {"key":"a","value":"x","effect":"NoSchedule"}: taints must be unique by key and effect pair',
      'metadata.taints[2].effect: Unsupported value: "x": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
    ])
  })

  test('a range of pod addresses and a provider are given once', () => {
    const old = objectOf(node, { spec: { podCIDR: '10.0.0.0/24', providerID: 'a' } })
    const next = objectOf(node, { spec: { podCIDR: '10.0.1.0/24', providerID: 'b' } })
    expect(node.validateUpdate!(next, objectOf(node, {}))).toEqual([])
    expect(node.validateUpdate!(next, old).map(fieldErrorText)).toEqual([
      'spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid',
      'spec.providerID: Forbidden: node updates may not change providerID except from "" to valid',
    ])
  })
})

describe('namespaces', () => {
  test('one is born with its finalizer, its phase and its name as a label', () => {
    const object = objectOf(namespace, { spec: { finalizers: ['a.b/c'] } })
    namespace.prepareForCreate!(object)
    expect(object).toMatchObject({
      metadata: { labels: { 'kubernetes.io/metadata.name': 'a' } },
      spec: { finalizers: ['a.b/c', 'kubernetes'] },
      status: { phase: 'Active' },
    })
    expect(namespace.validate!(object)).toEqual([])
    expect(row(namespace, object)).toEqual(['a', 'Active', '5m'])
  })

  test('an update leaves the finalizers alone', () => {
    const next = objectOf(namespace, { spec: { finalizers: [] } })
    namespace.prepareForUpdate!(next, objectOf(namespace, { spec: { finalizers: ['kubernetes'] } }), '')
    expect(next.spec.finalizers).toEqual(['kubernetes'])
  })

  test('the phase follows the deletion', () => {
    const check = (phase: string, metadata: object): string[] => {
      const object = objectOf(namespace, { status: { phase } }, metadata)
      return namespace.validateStatusUpdate!(object, object).map(fieldErrorText)
    }
    expect(check('Active', {})).toEqual([])
    expect(check('Terminating', {})).toEqual([
      'status.Phase: Invalid value: "Terminating": may only be \'Active\' if `deletionTimestamp` is empty',
    ])
    expect(check('Active', { deletionTimestamp: '2026-01-01T00:00:00Z' })).toEqual([
      'status.Phase: Invalid value: "Active": may only be \'Terminating\' if `deletionTimestamp` is not empty',
    ])
  })

  test('a finalizer without a domain must be a known one', () => {
    expect(faults(namespace, { spec: { finalizers: ['x'] } })).toEqual([
      'spec.finalizers: Invalid value: "x": name is neither a standard finalizer name nor is it fully qualified',
    ])
  })
})

describe('ConfigMaps and Secrets', () => {
  test('keys', () => {
    expect(faults(configMap, { data: { 'a b': '', '..': '', '.x': '', c: '' }, binaryData: { c: '' } })).toEqual([
      "data[a b]: Invalid value: \"a b\": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
      'data[..]: Invalid value: "..": must not be \'..\'',
      'data[c]: Invalid value: "c": duplicate of key present in binaryData',
    ])
  })

  test('size', () => {
    const MiB = 1024 * 1024
    expect(faults(configMap, { data: { a: 'x'.repeat(MiB) } })).toEqual([])
    expect(faults(configMap, { data: { a: 'x'.repeat(MiB), b: 'é' } })).toEqual(['[]: Too long: may not be more than 1048576 bytes'])
    expect(faults(secret, { data: { a: Buffer.alloc(MiB).toString('base64') } })).toEqual([])
    expect(faults(secret, { data: { a: Buffer.alloc(MiB + 1).toString('base64') } })).toEqual([
      'data: Too long: may not be more than 1048576 bytes',
    ])
  })

  test('what is immutable stays', () => {
    const update = (kind: ResourceBehaviour, next: object, old: object): string[] =>
      kind.validateUpdate!(objectOf(kind, next), objectOf(kind, old)).map(fieldErrorText)
    expect(update(configMap, { data: { a: '2' } }, { data: { a: '1' } })).toEqual([])
    expect(update(configMap, { data: { a: '1' }, immutable: true }, { data: { a: '1' }, immutable: true })).toEqual([])
    expect(update(configMap, { data: { a: '2' } }, { data: { a: '1' }, immutable: true })).toEqual([
      'immutable: Forbidden: field is immutable when `immutable` is set',
      'data: Forbidden: field is immutable when `immutable` is set',
    ])
    expect(update(secret, { type: 'x' }, { type: 'y' })).toEqual(['type: Invalid value: "x": field is immutable'])
  })

  test('a secret takes text, over what it has, and keeps bytes', () => {
    expect(objectOf(secret, { data: { a: 'YQ==', b: 'Yg==' }, stringData: { b: 'ä' } })).toMatchObject({
      type: 'Opaque',
      data: { a: 'YQ==', b: 'w6Q=' },
    })
    expect(objectOf(secret, { stringData: { b: 'x' } })).not.toHaveProperty('stringData')
  })

  test.each<[string, object, string[]]>([
    ['kubernetes.io/tls', {}, ['data[tls.crt]: Required value', 'data[tls.key]: Required value']],
    ['kubernetes.io/basic-auth', {}, ['data[username]: Required value', 'data[password]: Required value']],
    ['kubernetes.io/basic-auth', { username: '' }, []],
    ['kubernetes.io/ssh-auth', {}, ['data[ssh-privatekey]: Required value']],
    ['kubernetes.io/dockerconfigjson', {}, ['data[.dockerconfigjson]: Required value']],
    [
      'kubernetes.io/dockerconfigjson',
      { '.dockerconfigjson': 'bm8=' },
      ['data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": invalid character \'n\' looking for beginning of value'],
    ],
    ['kubernetes.io/dockerconfigjson', { '.dockerconfigjson': 'e30=' }, []],
    ['kubernetes.io/service-account-token', {}, ['metadata.annotations[kubernetes.io/service-account.name]: Required value']],
  ])('%s asks for its keys: %j', (type, data, expected) => {
    expect(faults(secret, { type, data })).toEqual(expected)
  })

  test('rows', () => {
    expect(row(configMap, objectOf(configMap, { data: { a: '' }, binaryData: { b: '' } }))).toEqual(['a', 2, '5m'])
    expect(row(secret, objectOf(secret, { data: { a: '' } }))).toEqual(['a', 'Opaque', 1, '5m'])
    expect(row(serviceAccount, objectOf(serviceAccount, {}))).toEqual(['a', '5m'])
  })
})

describe('events', () => {
  const involvedObject = { kind: 'Pod', namespace: 'ns', name: 'web', fieldPath: 'spec.containers{a}' }
  const old = {
    involvedObject,
    type: 'Warning',
    reason: 'BackOff',
    message: ' waiting\n',
    source: { component: 'kubelet', host: 'n1' },
    firstTimestamp: '2026-01-01T00:00:00Z',
    lastTimestamp: '2026-01-01T00:04:00Z',
    count: 3,
  }
  test.each<[string, object, unknown[]]>([
    ['of the old sort', old, ['60s', 'Warning', 'BackOff', 'pod/web', 'spec.containers{a}', 'kubelet, n1', 'waiting', '5m', 3, 'a']],
    [
      'of the new sort',
      { involvedObject: { kind: 'Node' }, eventTime: '2026-01-01T00:03:00.000000Z', reportingComponent: 'me', reportingInstance: 'i' },
      ['2m', '', '', 'node', '', 'me, i', '', '2m', 1, 'a'],
    ],
    [
      'in a series',
      { ...old, series: { count: 9, lastObservedTime: '2026-01-01T00:04:50.000000Z' } },
      ['10s', 'Warning', 'BackOff', 'pod/web', 'spec.containers{a}', 'kubelet, n1', 'waiting', '5m', 9, 'a'],
    ],
    ['of no time', { involvedObject: {} }, ['<unknown>', '', '', '', '', '', '', '<unknown>', 1, 'a']],
  ])('the row of one %s', (_, fields, expected) => {
    expect(row(event, objectOf(event, fields))).toEqual(expected)
  })

  test('it lives where its object lives', () => {
    expect(faults(event, old)).toEqual([])
    expect(faults(event, { involvedObject: { kind: 'Node', name: 'n' } }, { namespace: 'default' })).toEqual([])
    expect(faults(event, old, { namespace: 'other' })).toEqual([
      'involvedObject.namespace: Invalid value: "ns": does not match event.namespace',
    ])
  })

  test('the new sort says more', () => {
    expect(faults(event, { involvedObject, eventTime: '2026-01-01T00:00:00Z', reportingComponent: 'a' })).toEqual([
      'reportingInstance: Required value',
      'action: Required value',
      'reason: Required value',
    ])
  })

  test('its source can be selected by, whichever sort it is', () => {
    const source = event.selectableFields!.source!
    expect(source(objectOf(event, old))).toBe('kubelet')
    expect(source(objectOf(event, { involvedObject, reportingComponent: 'me' }))).toBe('me')
  })
})

describe('replication controllers', () => {
  const template = { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'c', image: 'i:1' }] } }

  test('labels and selector come from the template', () => {
    const object = objectOf(replicationController, { spec: { template } })
    expect(object).toMatchObject({ metadata: { labels: { app: 'a' } }, spec: { replicas: 1, selector: { app: 'a' } } })
    expect(replicationController.validate!(object)).toEqual([])
    expect(row(replicationController, object)).toEqual(['a', 1, 0, 0, '5m', 'c', 'i:1', 'app=a'])
  })

  test('faults', () => {
    expect(faults(replicationController, { spec: { replicas: -1, selector: { x: 'y' }, template } })).toEqual([
      'spec.replicas: Invalid value: -1: must be greater than or equal to 0',
      'spec.template.metadata.labels: Invalid value: {"app":"a"}: `selector` does not match template `labels`',
    ])
    expect(faults(replicationController, { spec: {} })).toEqual(['spec.selector: Required value', 'spec.template: Required value'])
  })

  test('a template of its own', () => {
    expect(row(podTemplate, objectOf(podTemplate, { template }))).toEqual(['a', 'c', 'i:1', 'app=a'])
  })
})

describe('limits and quotas', () => {
  test('one bound of a container follows from the other', () => {
    const limits = [{ type: 'Container', max: { cpu: '2' }, min: { cpu: '100m', memory: '1Mi' }, default: { memory: '1Gi' } }]
    const { spec } = objectOf(limitRange, { spec: { limits } })
    expect(spec.limits[0]).toEqual({
      type: 'Container',
      max: { cpu: '2' },
      min: { cpu: '100m', memory: '1Mi' },
      default: { cpu: '2', memory: '1Gi' },
      defaultRequest: { cpu: '2', memory: '1Gi' },
    })
  })

  test('bounds that cross', () => {
    const limits = [
      { type: 'Pod', min: { cpu: '2' }, max: { cpu: '1' }, default: { cpu: '1' } },
      { type: 'PersistentVolumeClaim' },
      { type: 'Pod', maxLimitRequestRatio: { memory: '0.5' } },
    ]
    expect(faults(limitRange, { spec: { limits } })).toEqual([
      "spec.limits[0].default: Forbidden: may not be specified when `type` is 'Pod'",
      'spec.limits[0].min[cpu]: Invalid value: "2": min value 2 is greater than max value 1',
      'spec.limits[1].limits: Required value: either minimum or maximum storage value is required, but neither was provided',
      'spec.limits[2].type: Duplicate value: "Pod"',
      'spec.limits[2].maxLimitRequestRatio[memory]: Invalid value: "500m": ratio 500m is less than 1',
    ])
  })

  test('the row of a quota', () => {
    const status = { hard: { 'limits.cpu': '4', pods: '10', cpu: '2' }, used: { pods: '3' } }
    expect(row(resourceQuota, objectOf(resourceQuota, { status }))).toEqual(['a', 'cpu: 0/2, pods: 3/10', 'limits.cpu: 0/4', '5m'])
  })

  test('faults of a quota', () => {
    expect(faults(resourceQuota, { spec: { hard: { pods: '0.5', disk: '1' }, scopes: ['BestEffort', 'NotBestEffort'] } })).toEqual([
      'spec.hard[pods]: Invalid value: "500m": must be an integer',
      'spec.hard[disk]: Invalid value: "disk": must be a standard resource type or fully qualified',
      'spec.hard[disk]: Invalid value: "disk": must be a standard resource for quota',
      'spec.scopes: Invalid value: ["BestEffort","NotBestEffort"]: conflicting scopes',
    ])
    expect(faults(resourceQuota, { spec: { hard: { secrets: '1' }, scopes: ['Terminating'] } })).toEqual([
      'spec.scopes: Invalid value: ["Terminating"]: unsupported scope applied to resource',
    ])
  })

  test('the scopes of a quota stay', () => {
    const [next, old] = [objectOf(resourceQuota, { spec: { scopes: ['Terminating'] } }), objectOf(resourceQuota, { spec: {} })]
    expect(resourceQuota.validateUpdate!(next, old).map(fieldErrorText)).toEqual([
      'spec.scopes: Invalid value: ["Terminating"]: field is immutable',
    ])
  })
})
