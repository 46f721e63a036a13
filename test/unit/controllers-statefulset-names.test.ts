/** Who a pod is, and which claims are its own. Upstream: stateful_set_utils_test.go, stateful_pod_control_test.go. */
import { describe, expect, it } from 'vitest'
import type { PersistentVolumeClaim, Pod, StatefulSet } from '../../src/api/types.gen.ts'
import { isClaimOfEarlierPod, retentionOf } from '../../src/controllers/statefulset/claim-owners.ts'
import { createMissingClaims, fixClaimOwners, staleClaim } from '../../src/controllers/statefulset/claims.ts'
import { hasIdentity, hasStorage, isMemberOf, isRunningAndReady, parentAndOrdinal } from '../../src/controllers/statefulset/identity.ts'
import { withClaims } from '../../src/controllers/statefulset/new-pod.ts'
import { claimTemplate, StatefulWorld } from '../support/stateful-world.ts'

const NAME_LABEL = 'statefulset.kubernetes.io/pod-name'

// Upstream: TestGetParentNameAndOrdinal.
describe('names', () => {
  it.each([
    { given: 'web-1', expect: { parent: 'web', ordinal: 1 } },
    { given: 'web-2-10', expect: { parent: 'web-2', ordinal: 10 } },
    { given: '-3', expect: { parent: '', ordinal: 3 } },
    { given: '1-bar', expect: undefined },
    { given: 'web', expect: undefined },
    { given: 'web-x', expect: undefined },
    { given: 'web-2147483647', expect: { parent: 'web', ordinal: 2147483647 } },
    { given: 'web-2147483648', expect: undefined },
  ])('$given', ({ given, expect: expected }) => {
    expect(parentAndOrdinal(given)).toEqual(expected)
  })
})

const set = {
  metadata: { name: 'web', namespace: 'default', uid: 'set' },
  spec: { replicas: 3, selector: { matchLabels: { app: 'web' } }, volumeClaimTemplates: [claimTemplate] },
} as unknown as StatefulSet
const pod = (change: { name?: string; labels?: object; volumes?: unknown; phase?: string; ready?: string } = {}): Pod => {
  const name = change.name ?? 'web-1'
  return {
    metadata: { name, namespace: 'default', uid: 'p', labels: change.labels ?? { [NAME_LABEL]: name } },
    spec: {
      containers: [],
      volumes: 'volumes' in change ? change.volumes : [{ name: 'www', persistentVolumeClaim: { claimName: 'www-web-1' } }],
    },
    status: {
      ...(change.phase && { phase: change.phase }),
      ...(change.ready && { conditions: [{ type: 'Ready', status: change.ready }] }),
    },
  } as unknown as Pod
}

// Upstream: TestIsMemberOf, TestIdentityMatches, TestStorageMatches, TestUpdateStorage.
describe('a pod', () => {
  it.each([
    { name: 'of the set', given: pod(), member: true, identity: true, storage: true },
    { name: 'of another set', given: pod({ name: 'web2-1' }), member: false, identity: false, storage: true },
    { name: 'without an ordinal', given: pod({ name: 'web' }), member: false, identity: false, storage: false },
    { name: 'without its label', given: pod({ labels: {} }), member: true, identity: false, storage: true },
    { name: 'with another label', given: pod({ labels: { [NAME_LABEL]: 'web-2' } }), member: true, identity: false, storage: true },
    { name: 'without volumes', given: pod({ volumes: undefined }), member: true, identity: true, storage: false },
    {
      name: 'with a volume that is no claim',
      given: pod({ volumes: [{ name: 'www', emptyDir: {} }] }),
      member: true,
      identity: true,
      storage: false,
    },
    {
      name: 'with the claim of another',
      given: pod({ volumes: [{ name: 'www', persistentVolumeClaim: { claimName: 'www-web-2' } }] }),
      member: true,
      identity: true,
      storage: false,
    },
  ])('$name', ({ given, member, identity, storage }) => {
    expect([isMemberOf(set, given), hasIdentity(set, given), hasStorage(set, given)]).toEqual([member, identity, storage])
    expect(hasStorage(set, { ...pod(), spec: { containers: [], volumes: withClaims(set, given.spec.volumes, 1) } })).toBe(true)
  })

  // Upstream: TestIsRunningAndReady.
  it.each([
    { phase: 'Pending', ready: 'True', expect: false },
    { phase: 'Running', ready: undefined, expect: false },
    { phase: 'Running', ready: 'False', expect: false },
    { phase: 'Running', ready: 'True', expect: true },
  ])('$phase, ready: $ready', ({ phase, ready, expect: expected }) => {
    expect(isRunningAndReady(pod({ phase, ...(ready && { ready }) }))).toBe(expected)
  })
})

// Upstream: TestGetPersistentVolumeClaims: the selector's labels go over the template's.
describe('labels of a claim', () => {
  it.each([
    { name: 'none', selector: undefined, template: undefined, expect: {} },
    { name: 'of the selector', selector: { test: 'test' }, template: undefined, expect: { test: 'test' } },
    { name: 'of both', selector: { name: 'foo' }, template: { test: 'test' }, expect: { name: 'foo', test: 'test' } },
    { name: 'of both, the same', selector: { test: 'foo' }, template: { test: 'test' }, expect: { test: 'foo' } },
  ])('$name', ({ selector, template, expect: expected }) => {
    const volumeClaimTemplates = [{ metadata: { name: 'www', ...(template && { labels: template }) }, spec: {} }]
    const own = { ...set, spec: { ...set.spec, selector: { matchLabels: selector }, volumeClaimTemplates } } as unknown as StatefulSet
    const [create] = createMissingClaims(own, pod(), new Map())
    expect((create as unknown as { object: PersistentVolumeClaim }).object.metadata.labels).toEqual(expected)
  })
})

// Upstream: TestGetPersistentVolumeClaimRetentionPolicy.
it.each([
  { given: undefined, expect: { whenDeleted: 'Retain', whenScaled: 'Retain' } },
  { given: {}, expect: { whenDeleted: 'Retain', whenScaled: 'Retain' } },
  { given: { whenScaled: 'Delete' }, expect: { whenDeleted: 'Retain', whenScaled: 'Delete' } },
  { given: { whenDeleted: 'Delete', whenScaled: 'Retain' }, expect: { whenDeleted: 'Delete', whenScaled: 'Retain' } },
])('retention policy $given', ({ given, expect: expected }) => {
  expect(retentionOf({ spec: { persistentVolumeClaimRetentionPolicy: given } } as StatefulSet)).toEqual(expected)
})

type State = 'missing' | 'there' | 'of an earlier pod' | 'of the pod'

// Upstream: TestPodClaimIsStale.
describe('claims of an earlier pod of the name', () => {
  const claimOf = (name: string, state: State): PersistentVolumeClaim[] => {
    if (state === 'missing') return []
    const reference = { apiVersion: 'v1', kind: 'Pod', name: 'web-3', uid: state === 'of the pod' ? 'p' : 'earlier' }
    return [{ metadata: { name, ...(state !== 'there' && { ownerReferences: [reference] }) } } as unknown as PersistentVolumeClaim]
  }
  it.each<{ states: State[]; whenScaled?: string; expect: boolean }>([
    { states: ['missing', 'missing'], expect: false },
    { states: [], expect: false },
    { states: ['missing', 'there'], expect: false },
    { states: ['of an earlier pod', 'there'], expect: true },
    { states: ['of an earlier pod', 'missing'], expect: true },
    // The pod isn't there any more: whatever has its name on it was another's.
    { states: ['of the pod', 'of an earlier pod'], expect: true },
    { states: ['of the pod'], expect: true },
    { states: ['of an earlier pod'], whenScaled: 'Retain', expect: false },
  ])('$states, when scaled $whenScaled', ({ states, whenScaled = 'Delete', expect: expected }) => {
    const volumeClaimTemplates = states.map((_, i) => ({ metadata: { name: `claim-${i}` }, spec: {} }))
    const persistentVolumeClaimRetentionPolicy = { whenDeleted: 'Retain', whenScaled }
    const own = { ...set, spec: { ...set.spec, volumeClaimTemplates, persistentVolumeClaimRetentionPolicy } } as unknown as StatefulSet
    const claims = new Map(states.flatMap((state, i) => claimOf(`claim-${i}-web-3`, state)).map((claim) => [claim.metadata.name, claim]))
    expect(staleClaim(own, { metadata: { name: 'web-3' } }, claims) !== undefined).toBe(expected)
  })

  it('are known by the pod they name', () => {
    const own = { spec: { persistentVolumeClaimRetentionPolicy: { whenScaled: 'Delete' } } } as StatefulSet
    const claim = claimOf('c', 'of an earlier pod')[0]!
    expect([isClaimOfEarlierPod(own, 'web-3', claim), isClaimOfEarlierPod(own, 'web-4', claim)]).toEqual([true, false])
  })
})

// Upstream: stateful_set_utils_test.go TestNonController, for a claim that is to be the set's or the pod's.
describe('owners that should be in charge', () => {
  const setRef = (controller?: boolean) => ({
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    name: 'web',
    uid: 'set',
    ...(controller !== undefined && { controller }),
  })
  const podRef = (controller?: boolean) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    name: 'web-1',
    uid: 'p',
    ...(controller !== undefined && { controller }),
  })
  it.each([
    { name: 'set and pod', found: [podRef(true), setRef(true)], isFixed: true },
    { name: 'set, and the pod not', found: [podRef(), setRef(true)], isFixed: true },
    { name: 'the pod, and the set not', found: [podRef(true), setRef()], isFixed: true },
    { name: 'the set', found: [setRef(true)], isFixed: false },
    { name: 'the pod', found: [podRef(true)], isFixed: true },
    { name: 'nobody', found: [], isFixed: true },
    { name: 'the set not', found: [setRef()], isFixed: true },
    { name: 'the set expressly not', found: [setRef(false)], isFixed: true },
    { name: 'the pod not', found: [podRef()], isFixed: true },
    { name: 'another, not in charge', found: [setRef(true), { apiVersion: 'v1', kind: 'Pod', name: 'other', uid: 'o' }], isFixed: false },
  ])('$name', ({ found, isFixed }) => {
    const own = { ...set, spec: { ...set.spec, persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete', whenScaled: 'Retain' } } }
    const claim = { metadata: { name: 'www-web-1', uid: 'c', ownerReferences: found } } as unknown as PersistentVolumeClaim
    expect(fixClaimOwners(own as StatefulSet, pod(), new Map([['www-web-1', claim]])).actions).toHaveLength(isFixed ? 1 : 0)
  })
})

// Upstream: stateful_set_test.go TestOrphanedPodsWithPVCDeletePolicy.
describe.each(['Retain', 'Delete'])('claims of a pod that is adopted, when scaled %s', (whenScaled) => {
  it.each(['Retain', 'Delete'])('when deleted %s', (whenDeleted) => {
    const web = new StatefulWorld()
    web.putSet({ replicas: 2, volumeClaimTemplates: [claimTemplate], persistentVolumeClaimRetentionPolicy: { whenDeleted, whenScaled } })
    web.settle()
    web.change<Pod>('pods', 'web-1', ({ metadata }) => delete metadata.ownerReferences)
    web.put('pods', { ...web.pod('web-1'), metadata: { name: 'xweb-2', namespace: 'default', labels: { app: 'web' } } })
    web.put('persistentvolumeclaims', { metadata: { name: 'www-xweb-2', namespace: 'default' }, spec: {} })
    web.settle()
    expect(web.pod('web-1').metadata.ownerReferences).toMatchObject([{ kind: 'StatefulSet', name: 'web', controller: true }])
    expect(web.pod('xweb-2').metadata.ownerReferences).toBeUndefined()
    web.scale(0)
    web.sync()
    const condemned = (name: string) => (whenScaled === 'Delete' ? [`Pod/${name}`] : whenDeleted === 'Delete' ? ['StatefulSet/web'] : [])
    expect(web.ownersOf('www-web-0')).toEqual(condemned('web-0'))
    expect(web.ownersOf('www-web-1')).toEqual(condemned('web-1'))
    expect(web.ownersOf('www-xweb-2')).toEqual([])
  })
})

// Upstream: stateful_set_test.go TestStaleOwnerRefOnScaleup.
describe.each(['Retain', 'Delete'])('claims left from before a scaling down, when deleted %s', (whenDeleted) => {
  it('hold the pod back until they are collected, and are made anew', () => {
    const web = new StatefulWorld()
    web.putSet({
      replicas: 2,
      volumeClaimTemplates: [claimTemplate],
      persistentVolumeClaimRetentionPolicy: { whenDeleted, whenScaled: 'Delete' },
    })
    web.settle()
    const { uid } = web.claim('www-web-1')!.metadata
    web.scale(1)
    web.settle()
    web.scale(2)
    expect(web.sync()).toMatchObject({ waitingOn: 'claim www-web-1 to go with the earlier pod web-1' })
    expect(web.names).toEqual(['web-0'])
    web.remove('persistentvolumeclaims', 'www-web-1')
    web.settle()
    expect(web.names).toEqual(['web-0', 'web-1'])
    expect(web.claim('www-web-1')!.metadata.uid).not.toBe(uid)
    expect(web.ownersOf('www-web-1')).toEqual(whenDeleted === 'Delete' ? ['StatefulSet/web'] : [])
  })
})

// Upstream: stateful_set_test.go, from TestStatefulSetControllerAddPod to GetStatefulSetsForPod.
describe('a change of a pod concerns', () => {
  const owner = (name: string) => ({ ownerReferences: [{ apiVersion: 'apps/v1', kind: 'StatefulSet', name, uid: name, controller: true }] })
  const of = (metadata: object, status: object = {}) =>
    ({ metadata: { name: 'x-0', namespace: 'default', labels: { app: 'web' }, ...metadata }, spec: {}, status }) as unknown as Pod
  const going = { deletionTimestamp: '2026-01-01T00:00:00Z' }
  it.each<{ name: string; current?: Pod; old?: Pod; expect: string[] }>([
    { name: 'made', current: of(owner('web')), expect: ['default/web'] },
    { name: 'made for another set', current: of(owner('db')), expect: ['default/db'] },
    { name: 'made, going already', current: of({ ...owner('web'), ...going }), expect: ['default/web'] },
    { name: 'an orphan', current: of({}), expect: ['default/web', 'default/twin'] },
    { name: 'an orphan nobody selects', current: of({ labels: { app: 'none' } }), expect: [] },
    { name: 'changed', current: of(owner('web'), { phase: 'Running' }), old: of(owner('web')), expect: ['default/web'] },
    { name: 'an orphan that changed', current: of({}, { phase: 'Running' }), old: of({}), expect: [] },
    { name: 'an orphan with new labels', current: of({}), old: of({ labels: {} }), expect: ['default/web', 'default/twin'] },
    { name: 'given to another set', current: of(owner('db')), old: of(owner('web')), expect: ['default/db', 'default/web'] },
    { name: 'let go', current: of({}), old: of(owner('web')), expect: ['default/web', 'default/twin'] },
    { name: 'gone', old: of(owner('web')), expect: ['default/web'] },
    { name: 'gone, an orphan', old: of({}), expect: [] },
    {
      name: 'of a kind of its own',
      current: of({ ownerReferences: [{ kind: 'ReplicaSet', name: 'web', uid: 'r', controller: true }] }),
      expect: [],
    },
  ])('$name', ({ current, old, expect: expected }) => {
    const web = new StatefulWorld()
    web.putSet()
    web.put('statefulsets.apps', { ...web.set, metadata: { name: 'twin', namespace: 'default' } })
    web.put('statefulsets.apps', {
      ...web.set,
      metadata: { name: 'db', namespace: 'default' },
      spec: { selector: { matchLabels: { app: 'db' } } },
    })
    expect(web.controller.watches.pods!(current, old, web.reader)).toEqual(expected)
  })
})
