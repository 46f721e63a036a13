import { describe, expect, test } from 'vitest'
import { loadDefinitions } from '../../src/api/index.ts'
import type { KubeObject } from '../../src/api/object.ts'
import { prepareForStatusUpdate, prepareForUpdate } from '../../src/registry/strategy.ts'

const BORN = '2026-01-01T00:00:00Z'
const NOW = '2026-01-01T00:05:00Z'
const definitions = new Map(loadDefinitions().map((definition) => [`${definition.apiVersion}/${definition.resource}`, definition]))

// biome-ignore lint/suspicious/noExplicitAny: each row knows the kind it looks at
type Any = any

function objectOf(fields: object, metadata: object = {}): Any {
  return {
    ...structuredClone(fields),
    metadata: { name: 'a', namespace: 'ns', uid: 'u', resourceVersion: '1', creationTimestamp: BORN, ...structuredClone(metadata) },
  }
}

function created(path: string, fields: object, metadata: object = {}): Any {
  const { setDefaults, prepareForCreate } = definitions.get(path)!
  const object: KubeObject = objectOf(fields, metadata)
  setDefaults?.(object)
  prepareForCreate?.(object)
  return object
}

function updated(path: string, next: Any, old: Any): Any {
  prepareForUpdate(definitions.get(path)!, next, old, '2026-01-01T00:00:00Z')
  return next
}

function withStatus(path: string, next: Any, old: Any): Any {
  prepareForStatusUpdate(definitions.get(path)!, next, old, NOW)
  return next
}

describe('PUT of an object that is not there', () => {
  test.each([
    ['v1/podtemplates', false],
    ['v1/limitranges', true],
    ['v1/endpoints', true],
    ['v1/services', true],
    ['v1/events', true],
    ['coordination.k8s.io/v1/leases', true],
    ['node.k8s.io/v1/runtimeclasses', true],
    ['rbac.authorization.k8s.io/v1/roles', true],
    ['v1/configmaps', false],
    ['v1/pods', false],
  ])('%s: creates %s', (path, expected) => {
    expect(definitions.get(path)?.createsOnUpdate ?? false).toBe(expected)
  })
})

describe('fields behind gates that are off are dropped', () => {
  const spec = {
    schedulingGroup: { podGroupName: 'g' },
    containers: [
      { name: 'a', image: 'i', lifecycle: { stopSignal: 'SIGTERM' } },
      { name: 'b', image: 'i', lifecycle: { stopSignal: 'SIGTERM', preStop: { sleep: { seconds: 1 } } } },
    ],
    initContainers: [{ name: 'c', image: 'i', lifecycle: { stopSignal: 'SIGTERM' } }],
    volumes: [{ name: 'v', projected: { sources: [{ clusterTrustBundle: { path: 'p' } }, { podCertificate: { keyType: 'ED25519' } }] } }],
  }
  test.each<[string, object, (object: Any) => Any]>([
    ['v1/pods', { spec }, (object) => object.spec],
    ['apps/v1/deployments', { spec: { template: { spec } } }, (object) => object.spec.template.spec],
    ['batch/v1/cronjobs', { spec: { jobTemplate: { spec: { template: { spec } } } } }, (o) => o.spec.jobTemplate.spec.template.spec],
  ])('%s', (path, fields, specOf) => {
    const got = specOf(created(path, fields))
    expect(got.schedulingGroup).toBeUndefined()
    expect(got.containers[0]).not.toHaveProperty('lifecycle')
    expect(got.containers[1].lifecycle).toEqual({ preStop: { sleep: { seconds: 1 } } })
    expect(got.initContainers[0]).not.toHaveProperty('lifecycle')
    expect(got.volumes[0].projected.sources).toEqual([{}, {}])
  })

  test('a claim’s source in another namespace', () => {
    const source = { kind: 'PersistentVolumeClaim', name: 's', namespace: 'other' }
    expect(created('v1/persistentvolumeclaims', { spec: { dataSourceRef: source } }).spec).not.toHaveProperty('dataSourceRef')
  })

  test('how leaders are chosen', () => {
    const lease = created('coordination.k8s.io/v1/leases', { spec: { strategy: 'OldestEmulationVersion', preferredHolder: 'x' } })
    expect(lease.spec).toEqual({})
  })

  test('whether pods wait for a driver', () => {
    const driver = created('storage.k8s.io/v1/csidrivers', { spec: { preventPodSchedulingIfMissing: true } })
    expect(driver.spec).not.toHaveProperty('preventPodSchedulingIfMissing')
  })

  test('the dynamic configuration of nodes', () => {
    const node = created('v1/nodes', { spec: { configSource: { configMap: {} } }, status: { config: { error: 'e' }, phase: 'x' } })
    expect(node.spec).not.toHaveProperty('configSource')
    expect(node.status).not.toHaveProperty('config')
    expect(node.status.phase).toBe('x')
    const next = objectOf({ spec: { configSource: { configMap: {} } } })
    expect(updated('v1/nodes', next, objectOf({ spec: {} })).spec).not.toHaveProperty('configSource')
    const status = objectOf({ spec: {}, status: { config: { error: 'e' } } })
    expect(withStatus('v1/nodes', status, objectOf({ spec: {} })).status).not.toHaveProperty('config')
  })
})

test('a claim forgets a source of an unknown kind, unless it says so the new way', () => {
  const dataSource = { apiGroup: 'example.com', kind: 'Populator', name: 's' }
  expect(created('v1/persistentvolumeclaims', { spec: { dataSource } }).spec).not.toHaveProperty('dataSource')
  expect(created('v1/persistentvolumeclaims', { spec: { dataSourceRef: dataSource } }).spec).toMatchObject({ dataSource })
  const snapshot = { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 's' }
  expect(created('v1/persistentvolumeclaims', { spec: { dataSource: snapshot } }).spec).toMatchObject({ dataSourceRef: snapshot })
  // What an old claim has, its updates may keep.
  const old = objectOf({ spec: { dataSource, dataSourceRef: dataSource } })
  expect(updated('v1/persistentvolumeclaims', objectOf({ spec: { dataSource } }), old).spec).toMatchObject({ dataSourceRef: dataSource })
})

test('a gated pod is unschedulable since its birth', () => {
  const pod = created('v1/pods', { spec: { containers: [], schedulingGates: [{ name: 'g' }] } })
  expect(pod.status.conditions).toMatchObject([{ type: 'PodScheduled', status: 'False', lastTransitionTime: BORN }])
})

describe('the AppArmor annotation of a new pod becomes the field', () => {
  const KEY = 'container.apparmor.security.beta.kubernetes.io/c'
  const withProfile = (annotation: string, podProfile?: object, os?: string): Any =>
    created(
      'v1/pods',
      {
        spec: {
          ...(os ? { os: { name: os } } : {}),
          securityContext: podProfile ? { appArmorProfile: podProfile } : {},
          containers: [{ name: 'c', image: 'i' }],
        },
      },
      { annotations: { [KEY]: annotation } },
    ).spec.containers[0].securityContext?.appArmorProfile

  test.each<[string, Any, Any]>([
    ['a local one', withProfile('localhost/p'), { type: 'Localhost', localhostProfile: 'p' }],
    ['the default', withProfile('runtime/default'), { type: 'RuntimeDefault' }],
    ['none', withProfile('unconfined'), { type: 'Unconfined' }],
    ['the pod’s own', withProfile('runtime/default', { type: 'RuntimeDefault' }), undefined],
    ['another than the pod’s', withProfile('unconfined', { type: 'RuntimeDefault' }), { type: 'Unconfined' }],
    ['nonsense', withProfile('x'), undefined],
    ['a nameless one', withProfile('localhost/'), undefined],
    ['on Windows', withProfile('unconfined', undefined, 'windows'), undefined],
  ])('%s', (_, got, expected) => {
    expect(got).toEqual(expected)
  })
})

test('a volume knows when it came into its phase', () => {
  const path = 'v1/persistentvolumes'
  expect(created(path, { spec: {} }).status).toEqual({ phase: 'Pending', lastPhaseTransitionTime: BORN })
  const old = objectOf({ spec: {}, status: { phase: 'Pending', lastPhaseTransitionTime: BORN } })
  const next = (status: object): Any => withStatus(path, objectOf({ status }), old).status.lastPhaseTransitionTime
  expect(next({ phase: 'Bound' })).toBe(NOW)
  expect(next({ phase: 'Bound', lastPhaseTransitionTime: BORN })).toBe(NOW)
  expect(next({ phase: 'Bound', lastPhaseTransitionTime: '2026-01-01T00:03:00Z' })).toBe('2026-01-01T00:03:00Z')
  expect(next({ phase: 'Pending' })).toBe(BORN)
})

test('an APIService of this server is available from the start', () => {
  const path = 'apiregistration.k8s.io/v1/apiservices'
  expect(created(path, { spec: {} }).status.conditions).toEqual([
    {
      type: 'Available',
      status: 'True',
      reason: 'Local',
      message: 'Local APIServices are always available',
      lastTransitionTime: BORN,
    },
  ])
  expect(created(path, { spec: { service: { name: 's' } } }).status).toEqual({})
})

describe('what of its metadata /status may change', () => {
  const next = { labels: { a: 'next' }, annotations: { a: 'next' }, finalizers: ['x/next'], ownerReferences: [{ uid: 'next' }] }
  const old = { labels: { a: 'old' }, annotations: { a: 'old' }, finalizers: ['x/old'], ownerReferences: [{ uid: 'old' }] }
  test.each<[string, string[]]>([
    ['v1/pods', ['labels', 'annotations', 'finalizers']],
    ['apps/v1/deployments', ['annotations', 'finalizers', 'ownerReferences']],
    ['apps/v1/replicasets', ['labels', 'annotations', 'finalizers', 'ownerReferences']],
    ['batch/v1/jobs', ['labels', 'annotations', 'finalizers', 'ownerReferences']],
    ['v1/nodes', ['labels', 'annotations', 'finalizers', 'ownerReferences']],
    ['networking.k8s.io/v1/servicecidrs', []],
    ['resource.k8s.io/v1/resourceclaims', []],
    ['storage.k8s.io/v1/volumeattachments', []],
    ['admissionregistration.k8s.io/v1/validatingadmissionpolicies', []],
    ['flowcontrol.apiserver.k8s.io/v1/flowschemas', []],
    ['flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations', []],
    ['apiregistration.k8s.io/v1/apiservices', []],
    ['apiextensions.k8s.io/v1/customresourcedefinitions', ['labels', 'annotations', 'finalizers', 'ownerReferences']],
  ])('%s', (path, changeable) => {
    const { metadata } = withStatus(path, objectOf({ status: {} }, next), objectOf({ spec: {}, status: {} }, old))
    const changed = Object.keys(next).filter((field) => metadata[field] === undefined || JSON.stringify(metadata[field]).includes('next'))
    expect(changed).toEqual(changeable)
  })
})

test('a limit range without a name gets one', () => {
  expect(created('v1/limitranges', { spec: { limits: [] } }, { name: undefined }).metadata.name).toBe('u')
})

test('what a kubelet says of the digests of image volumes is dropped', () => {
  const volumeMounts = [{ name: 'v', mountPath: '/v', volumeStatus: { image: { imageRef: 'r' } } }]
  const status = {
    containerStatuses: [{ name: 'c', volumeMounts }],
    nodeAllocatableResourceClaimStatuses: [{ resourceClaimName: 'c' }],
  }
  const got = withStatus('v1/pods', objectOf({ status }), objectOf({ spec: {}, status: {} })).status
  expect(got.containerStatuses[0].volumeMounts).toEqual([{ name: 'v', mountPath: '/v' }])
  expect(got).not.toHaveProperty('nodeAllocatableResourceClaimStatuses')
})

test('the name of a service may begin with a digit', () => {
  const { validateName } = definitions.get('v1/services')!
  expect(validateName!('1a', false)).toEqual([])
  expect(validateName!('A', false)).toHaveLength(1)
})
