import { describe, expect, it, test } from 'vitest'
import { findMatchingVolume, misfitOf } from '../../src/api/core/v1/match-volume.ts'
import type { Event, PersistentVolume, PersistentVolumeClaim, Pod, StorageClass } from '../../src/api/types.gen.ts'
import { type ObservedClaim, reconcileClaim } from '../../src/controllers/persistentvolume-binder/reconcile-claim.ts'
import { type ObservedVolume, reconcileVolume } from '../../src/controllers/persistentvolume-binder/reconcile-volume.ts'
import { reconcileProtectedVolume } from '../../src/controllers/pv-protection/controller.ts'
import { reconcileProtectedClaim } from '../../src/controllers/pvc-protection/controller.ts'
import { type Cluster, createCluster } from '../../src/index.ts'
import type { Plan } from '../../src/runtime/plan.ts'

const GOING = '2026-03-01T12:00:00Z'
const BOUND = { 'pv.kubernetes.io/bind-completed': 'yes' }
const BY_CONTROLLER = { 'pv.kubernetes.io/bound-by-controller': 'yes' }

type ClaimGiven = { spec?: Partial<PersistentVolumeClaim['spec']>; annotations?: Record<string, string>; phase?: string; metadata?: object }
function claim({ spec, annotations, phase = 'Pending', metadata }: ClaimGiven = {}): PersistentVolumeClaim {
  return {
    metadata: { name: 'data', namespace: 'ns', uid: 'uid-claim', resourceVersion: '5', ...(annotations && { annotations }), ...metadata },
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '5Gi' } },
      volumeMode: 'Filesystem',
      storageClassName: '',
      ...spec,
    },
    status: { phase },
  } as PersistentVolumeClaim
}

type VolumeGiven = { spec?: object; annotations?: Record<string, string>; phase?: string; metadata?: object }
function volume(name: string, storage: string, { spec, annotations, phase = 'Available', metadata }: VolumeGiven = {}): PersistentVolume {
  return {
    metadata: { name, uid: `uid-${name}`, resourceVersion: '6', ...(annotations && { annotations }), ...metadata },
    spec: { accessModes: ['ReadWriteOnce'], capacity: { storage }, volumeMode: 'Filesystem', storageClassName: '', ...spec },
    status: { phase },
  } as unknown as PersistentVolume
}

const referring = (uid?: string, name = 'data') => ({ claimRef: { namespace: 'ns', name, ...(uid && { uid }) } })

describe('which volume a claim gets', () => {
  const rows: { name: string; claim?: PersistentVolumeClaim; volumes: PersistentVolume[]; expect: string | undefined }[] = [
    { name: 'the smallest that is large enough', volumes: [volume('l', '20Gi'), volume('s', '1Gi'), volume('m', '5Gi')], expect: 'm' },
    { name: 'none that is too small', volumes: [volume('s', '4Gi')], expect: undefined },
    {
      name: 'the one with the fewest access modes, even if it is larger',
      volumes: [volume('many', '5Gi', { spec: { accessModes: ['ReadWriteOnce', 'ReadOnlyMany'] } }), volume('few', '9Gi')],
      expect: 'few',
    },
    {
      name: 'none without its access modes',
      volumes: [volume('ro', '5Gi', { spec: { accessModes: ['ReadOnlyMany'] } })],
      expect: undefined,
    },
    { name: 'none of another class', volumes: [volume('fast', '5Gi', { spec: { storageClassName: 'fast' } })], expect: undefined },
    { name: 'none of another mode', volumes: [volume('raw', '5Gi', { spec: { volumeMode: 'Block' } })], expect: undefined },
    { name: 'none that goes', volumes: [volume('old', '5Gi', { metadata: { deletionTimestamp: GOING } })], expect: undefined },
    { name: 'none that is not available yet', volumes: [volume('new', '5Gi', { phase: 'Pending' })], expect: undefined },
    { name: 'none of another claim', volumes: [volume('theirs', '5Gi', { spec: referring('uid-other') })], expect: undefined },
    { name: 'the one reserved for it first', volumes: [volume('m', '5Gi'), volume('mine', '50Gi', { spec: referring() })], expect: 'mine' },
    {
      name: 'not a reserved one that is too small',
      volumes: [volume('m', '5Gi'), volume('mine', '1Gi', { spec: referring() })],
      expect: 'm',
    },
    {
      name: 'one that its selector picks',
      claim: claim({ spec: { selector: { matchLabels: { disk: 'ssd' } } } }),
      volumes: [volume('hdd', '5Gi'), volume('ssd', '9Gi', { metadata: { labels: { disk: 'ssd' } } })],
      expect: 'ssd',
    },
  ]
  test.each(rows)('$name', ({ claim: given = claim(), volumes, expect: expected }) => {
    expect(findMatchingVolume(given, volumes, undefined, false)?.metadata.name).toBe(expected)
  })

  it('looks at nodes when one is selected, and at reserved ones alone before that', () => {
    const required = { nodeSelectorTerms: [{ matchExpressions: [{ key: 'zone', operator: 'In', values: ['a'] }] }] }
    const local = volume('local', '5Gi', { spec: { nodeAffinity: { required } } })
    const node = (zone: string) => ({ metadata: { name: zone, labels: { zone } } }) as never
    expect(findMatchingVolume(claim(), [local], node('a'), false)).toBe(local)
    expect(findMatchingVolume(claim(), [local], node('b'), false)).toBeUndefined()
    expect(findMatchingVolume(claim(), [local], undefined, true)).toBeUndefined()
  })

  test.each([
    [volume('v', '1Gi'), 'requested PV is too small'],
    [volume('v', '5Gi', { spec: { storageClassName: 'fast' } }), 'storageClassName does not match'],
    [volume('v', '5Gi', { spec: { volumeMode: 'Block' } }), 'incompatible volumeMode'],
    [volume('v', '5Gi', { spec: { accessModes: [] } }), 'incompatible accessMode'],
    [volume('v', '5Gi', { metadata: { deletionTimestamp: GOING } }), 'the volume is marked for deletion "v"'],
    [volume('v', '5Gi'), undefined],
  ])('says what is wrong with a volume it names %#', (given, expected) => {
    expect(misfitOf(claim(), given)).toBe(expected)
  })
})

function told({ actions = [], status, events = [] }: Plan): unknown[] {
  const done = actions.map((action) => {
    if (action.verb === 'patch') return ['patch', action.target.name, action.patch]
    if (action.verb === 'create') return ['create', action.object.metadata.name]
    return action.verb === 'delete' ? ['delete', action.target.name] : [action.verb]
  })
  const phase = (status as PersistentVolumeClaim | undefined)?.status?.phase
  return [...done, ...(phase === undefined ? [] : [phase]), ...events.map(({ reason, message }) => `${reason}: ${message}`)]
}

const storageClass = (overrides: Partial<StorageClass> = {}): StorageClass => ({
  metadata: { name: 'standard' } as never,
  provisioner: 'coracle.dev/simulated',
  reclaimPolicy: 'Delete',
  volumeBindingMode: 'Immediate',
  ...overrides,
})

describe('the next step for a claim', () => {
  const observed = (given: Partial<ObservedClaim>): ObservedClaim => ({
    claim: claim(),
    named: undefined,
    candidates: [],
    storageClass: undefined,
    selectedNode: undefined,
    unscheduledPods: [],
    ...given,
  })
  const lazy = storageClass({ volumeBindingMode: 'WaitForFirstConsumer' })
  const ofClass = claim({ spec: { storageClassName: 'standard' } })
  const claimRef = {
    kind: 'PersistentVolumeClaim',
    apiVersion: 'v1',
    namespace: 'ns',
    name: 'data',
    uid: 'uid-claim',
    resourceVersion: '5',
  }
  const provisioner = (name: string) => ({
    metadata: {
      uid: 'uid-claim',
      annotations: { 'volume.beta.kubernetes.io/storage-provisioner': name, 'volume.kubernetes.io/storage-provisioner': name },
    },
  })
  const rows: { name: string; given: Partial<ObservedClaim>; expect: unknown[] }[] = [
    {
      name: 'nothing to be had',
      given: {},
      expect: ['Pending', 'FailedBinding: no persistent volumes available for this claim and no storage class is set'],
    },
    {
      name: 'a volume is made to refer to it',
      given: { candidates: [volume('v', '5Gi')] },
      expect: [['patch', 'v', { metadata: { uid: 'uid-v', resourceVersion: '6', annotations: BY_CONTROLLER }, spec: { claimRef } }]],
    },
    {
      name: 'a reserved volume gets its uid',
      given: { candidates: [volume('v', '5Gi', { spec: referring() })] },
      expect: [['patch', 'v', { metadata: { uid: 'uid-v', resourceVersion: '6' }, spec: { claimRef } }]],
    },
    {
      name: 'it is made to refer to the volume',
      given: { candidates: [volume('v', '5Gi', { spec: referring('uid-claim') })] },
      expect: [
        [
          'patch',
          'data',
          { metadata: { uid: 'uid-claim', resourceVersion: '5', annotations: { ...BOUND, ...BY_CONTROLLER } }, spec: { volumeName: 'v' } },
        ],
      ],
    },
    {
      name: 'its status says so',
      given: {
        claim: claim({ spec: { volumeName: 'v' }, annotations: BOUND }),
        named: volume('v', '5Gi', { spec: referring('uid-claim') }),
      },
      expect: ['Bound'],
    },
    {
      name: 'the volume that it names is taken',
      given: { claim: claim({ spec: { volumeName: 'v' } }), named: volume('v', '5Gi') },
      expect: [['patch', 'v', { metadata: { uid: 'uid-v', resourceVersion: '6', annotations: BY_CONTROLLER }, spec: { claimRef } }]],
    },
    {
      name: "a binding that the user chose is not the controller's",
      given: { claim: claim({ spec: { volumeName: 'v' } }), named: volume('v', '5Gi', { spec: referring('uid-claim') }) },
      expect: [['patch', 'data', { metadata: { uid: 'uid-claim', resourceVersion: '5', annotations: BOUND } }]],
    },
    { name: 'the volume that it names is not there', given: { claim: claim({ spec: { volumeName: 'v' } }) }, expect: ['Pending'] },
    {
      name: 'the volume that it names does not fit',
      given: { claim: claim({ spec: { volumeName: 'v' } }), named: volume('v', '1Gi') },
      expect: ['Pending', 'VolumeMismatch: Cannot bind to requested volume "v": requested PV is too small'],
    },
    {
      name: 'there is a default class since',
      given: { claim: claim({ spec: { storageClassName: undefined as never } }), defaultClass: storageClass() },
      expect: [['patch', 'data', { metadata: { uid: 'uid-claim', resourceVersion: '5' }, spec: { storageClassName: 'standard' } }]],
    },
    {
      name: "the volume that it names is another's, by our own mistake",
      given: {
        claim: claim({ spec: { volumeName: 'v' }, annotations: BY_CONTROLLER }),
        named: volume('v', '5Gi', { spec: referring('uid-other') }),
      },
      expect: ['FailedBinding: volume "v" already bound to a different claim.'],
    },
    {
      name: "the volume that it names is another's",
      given: { claim: claim({ spec: { volumeName: 'v' } }), named: volume('v', '5Gi', { spec: referring('uid-other') }) },
      expect: ['Pending', 'FailedBinding: volume "v" already bound to a different claim.'],
    },
    {
      name: 'a volume is provisioned',
      given: { claim: ofClass, storageClass: storageClass() },
      expect: [
        ['patch', 'data', provisioner('coracle.dev/simulated')],
        ['create', 'pvc-uid-claim'],
      ],
    },
    {
      name: 'the class is not there',
      given: { claim: ofClass },
      expect: ['ProvisioningFailed: storageclass.storage.k8s.io "standard" not found'],
    },
    {
      name: 'somebody else provisions',
      given: { claim: ofClass, storageClass: storageClass({ provisioner: 'ebs.csi.aws.com' }) },
      expect: [
        ['patch', 'data', provisioner('ebs.csi.aws.com')],
        "ExternalProvisioning: Waiting for a volume to be created either by the external provisioner 'ebs.csi.aws.com' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.",
      ],
    },
    {
      name: 'nobody provisions',
      given: { claim: ofClass, storageClass: storageClass({ provisioner: 'kubernetes.io/no-provisioner' }) },
      expect: ['ProvisioningFailed: no volume plugin matched name: kubernetes.io/no-provisioner'],
    },
    {
      name: 'its first consumer is awaited',
      given: { claim: ofClass, storageClass: lazy, candidates: [volume('v', '5Gi', { spec: { storageClassName: 'standard' } })] },
      expect: ['Pending', 'WaitForFirstConsumer: waiting for first consumer to be created before binding'],
    },
    {
      name: 'its first consumer has no node yet',
      given: { claim: ofClass, storageClass: lazy, unscheduledPods: ['a', 'b'] },
      expect: ['Pending', 'WaitForPodScheduled: waiting for pods a,b to be scheduled'],
    },
    {
      name: 'its first consumer has a node',
      given: {
        claim: claim({ spec: { storageClassName: 'standard' }, annotations: { 'volume.kubernetes.io/selected-node': 'n1' } }),
        storageClass: lazy,
      },
      expect: [
        ['patch', 'data', provisioner('coracle.dev/simulated')],
        ['create', 'pvc-uid-claim'],
      ],
    },
    {
      name: 'its volume is lost',
      given: { claim: claim({ spec: { volumeName: 'v' }, annotations: BOUND, phase: 'Bound' }) },
      expect: ['Lost', 'ClaimLost: Bound claim has lost its PersistentVolume. Data on the volume is lost!'],
    },
    {
      name: "its volume is another's",
      given: {
        claim: claim({ spec: { volumeName: 'v' }, annotations: BOUND, phase: 'Bound' }),
        named: volume('v', '5Gi', { spec: referring('uid-other') }),
      },
      expect: ['Lost', 'ClaimMisbound: Two claims are bound to the same volume, this one is bound incorrectly'],
    },
    { name: 'lost is lost', given: { claim: claim({ spec: { volumeName: 'v' }, annotations: BOUND, phase: 'Lost' }) }, expect: [] },
  ]
  test.each(rows)('$name', ({ given, expect: expected }) => {
    expect(told(reconcileClaim(observed(given)))).toEqual(expected)
  })
})

describe('the next step for a volume', () => {
  const bound = claim({ spec: { volumeName: 'v' } })
  const elsewhere = claim({ spec: { volumeName: 'w' } })
  const by = (provisioner: string) => ({ 'pv.kubernetes.io/provisioned-by': provisioner })
  const released = (policy: string, more: object = {}, annotations?: Record<string, string>) => ({
    volume: volume('v', '5Gi', {
      spec: { ...referring('uid-claim'), persistentVolumeReclaimPolicy: policy, ...more },
      phase: 'Released',
      ...(annotations && { annotations }),
    }),
    claim: undefined,
  })
  const of = (phase: string, owner: PersistentVolumeClaim | undefined, given: VolumeGiven = {}): ObservedVolume => ({
    volume: volume('v', '5Gi', { spec: referring('uid-claim'), phase, ...given }),
    claim: owner,
  })
  const rows: { name: string; given: ObservedVolume; expect: unknown[] }[] = [
    { name: 'new', given: { volume: volume('v', '5Gi', { phase: 'Pending' }), claim: undefined }, expect: ['Available'] },
    { name: 'reserved', given: of('Pending', undefined, { spec: referring() }), expect: ['Available'] },
    { name: 'not yet taken', given: of('Available', claim()), expect: [] },
    { name: 'taken', given: of('Available', bound), expect: ['Bound'] },
    { name: 'nothing new', given: of('Bound', bound), expect: [] },
    { name: 'left behind', given: of('Bound', undefined), expect: ['Released'] },
    { name: 'left to a namesake', given: of('Bound', claim({ metadata: { uid: 'uid-new' } })), expect: ['Released'] },
    { name: 'retained', given: released('Retain'), expect: [] },
    { name: 'deleted by us', given: released('Delete', {}, by('coracle.dev/simulated')), expect: [['delete', 'v']] },
    { name: 'deleted by others', given: released('Delete', {}, by('ebs.csi.aws.com')), expect: [] },
    { name: 'a temporary path', given: released('Delete', { hostPath: { path: '/tmp/x' } }), expect: [['delete', 'v']] },
    {
      name: 'any other path',
      given: released('Delete', { hostPath: { path: '/data' } }),
      expect: ['Failed', 'VolumeFailedDelete: host_path deleter only supports /tmp/.+ but received provided /data'],
    },
    {
      name: 'nobody to delete it',
      given: released('Delete', { nfs: { server: 's', path: '/' } }),
      expect: ['Failed', 'VolumeFailedDelete: error getting deleter volume plugin for volume "v": no deletable volume plugin matched'],
    },
    {
      name: 'nobody to recycle it',
      given: released('Recycle'),
      expect: ['Failed', 'VolumeFailedRecycle: No recycler plugin found for the volume!'],
    },
    {
      name: "not wanted, and the controller's choice",
      given: of('Bound', elsewhere, { annotations: BY_CONTROLLER }),
      expect: [
        [
          'patch',
          'v',
          {
            metadata: { uid: 'uid-v', resourceVersion: '6', annotations: { 'pv.kubernetes.io/bound-by-controller': null } },
            spec: { claimRef: null },
          },
        ],
      ],
    },
    {
      name: "not wanted, and the user's choice",
      given: of('Bound', elsewhere),
      expect: [['patch', 'v', { metadata: { uid: 'uid-v', resourceVersion: '6' }, spec: { claimRef: { uid: null } } }]],
    },
    {
      name: 'not wanted, and provisioned',
      given: of('Bound', elsewhere, {
        annotations: by('coracle.dev/simulated'),
        spec: { ...referring('uid-claim'), persistentVolumeReclaimPolicy: 'Delete' },
      }),
      expect: ['Released'],
    },
  ]
  test.each(rows)('$name', ({ given, expect: expected }) => {
    expect(told(reconcileVolume(given))).toEqual(expected)
  })
})

describe('protection', () => {
  const pod = (nodeName: string | undefined) => ({ metadata: { name: 'p' }, spec: { nodeName } }) as Pod
  const ended = { ...pod('n'), status: { phase: 'Failed' } } as Pod
  const finalizersOf = ({ actions = [] }: Plan) =>
    actions.map((action) => action.verb === 'patch' && (action.patch.metadata as { finalizers: string[] }).finalizers)
  const guarded = (going: boolean, finalizer: string) => ({ finalizers: ['a/b', finalizer], ...(going && { deletionTimestamp: GOING }) })
  const CLAIM = 'kubernetes.io/pvc-protection'
  const VOLUME = 'kubernetes.io/pv-protection'

  test.each([
    { name: 'given', metadata: {}, pods: [], expect: [[CLAIM]] },
    { name: 'kept', metadata: guarded(false, CLAIM), pods: [], expect: [] },
    { name: 'kept while a pod uses it', metadata: guarded(true, CLAIM), pods: [pod('n')], expect: [] },
    { name: 'kept while a pod that has ended is there', metadata: guarded(true, CLAIM), pods: [ended], expect: [] },
    { name: 'taken when only a pod without a node wants it', metadata: guarded(true, CLAIM), pods: [pod(undefined)], expect: [['a/b']] },
    { name: 'not given to what goes', metadata: { deletionTimestamp: GOING }, pods: [], expect: [] },
  ])('of a claim is $name', ({ metadata, pods, expect: expected }) => {
    expect(finalizersOf(reconcileProtectedClaim({ claim: claim({ metadata }), pods }))).toEqual(expected)
  })

  test.each([
    { name: 'given', metadata: {}, phase: 'Available', expect: [[VOLUME]] },
    { name: 'kept while it is bound', metadata: guarded(true, VOLUME), phase: 'Bound', expect: [] },
    { name: 'taken when it is not', metadata: guarded(true, VOLUME), phase: 'Released', expect: [['a/b']] },
  ])('of a volume is $name', ({ metadata, phase, expect: expected }) => {
    expect(finalizersOf(reconcileProtectedVolume(volume('v', '1Gi', { metadata, phase })))).toEqual(expected)
  })
})

describe('in a cluster', () => {
  const claimOf = (name: string, spec: object = {}) => ({
    metadata: { name, namespace: 'default' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
  })
  const podOf = (name: string, claimName: string) => ({
    metadata: { name, namespace: 'default' },
    spec: { containers: [{ name: 'c', image: 'i' }], volumes: [{ name: 'v', persistentVolumeClaim: { claimName } }] },
  })
  const get = (cluster: Cluster, name: string) =>
    cluster.client.get<PersistentVolumeClaim>({ resource: 'persistentvolumeclaims', namespace: 'default', name })
  const reasons = async (cluster: Cluster, name: string) =>
    (await cluster.client.list<Event>('events')).items
      .filter(({ involvedObject }) => involvedObject.name === name)
      .map(({ reason }) => reason)

  it('provisions, protects and deletes', async () => {
    const cluster = await createCluster({ clock: 'virtual', nodes: 1 })
    await cluster.client.create('persistentvolumeclaims', claimOf('data') as never)
    await cluster.client.create('pods', podOf('p', 'data') as never)
    await cluster.advance(10_000)
    const bound = await get(cluster, 'data')
    expect(bound).toMatchObject({ spec: { storageClassName: 'standard' }, status: { phase: 'Bound', capacity: { storage: '1Gi' } } })
    const volumeRef = { resource: 'persistentvolumes', namespace: '', name: `pvc-${bound.metadata.uid}` }
    expect(await cluster.client.get(volumeRef)).toMatchObject({ spec: { claimRef: { name: 'data' } }, status: { phase: 'Bound' } })
    expect(await reasons(cluster, 'data')).toEqual(['ProvisioningSucceeded'])
    await cluster.client.delete({ resource: 'persistentvolumeclaims', namespace: 'default', name: 'data' }, {})
    await cluster.settle()
    expect((await get(cluster, 'data')).metadata.deletionTimestamp).toBeDefined()
    await cluster.client.delete({ resource: 'pods', namespace: 'default', name: 'p' }, {})
    await cluster.advance(60_000)
    await expect(get(cluster, 'data')).rejects.toMatchObject({ reason: 'NotFound' })
    await expect(cluster.client.get(volumeRef)).rejects.toMatchObject({ reason: 'NotFound' })
    await cluster.close()
  })

  it('gives a claim of no class the default one that is made later', async () => {
    const cluster = await createCluster({ clock: 'virtual', nodes: 0 })
    const ref = { resource: 'storageclasses.storage.k8s.io', namespace: '', name: 'standard' }
    const { metadata: _, ...standard } = await cluster.client.get<StorageClass>(ref)
    await cluster.client.delete(ref, {})
    await cluster.client.create('persistentvolumeclaims', claimOf('early') as never)
    await cluster.settle()
    expect((await get(cluster, 'early')).spec.storageClassName).toBeUndefined()
    const annotations = { 'storageclass.kubernetes.io/is-default-class': 'true' }
    await cluster.client.create(ref.resource, { ...standard, metadata: { name: 'late', annotations } } as never)
    await cluster.advance(1000)
    expect(await get(cluster, 'early')).toMatchObject({ spec: { storageClassName: 'late' }, status: { phase: 'Bound' } })
    await cluster.close()
  })

  it('waits for the first consumer where the class says so', async () => {
    const cluster = await createCluster({ clock: 'virtual', nodes: 2 })
    const lazy = { metadata: { name: 'lazy' }, provisioner: 'coracle.dev/simulated', volumeBindingMode: 'WaitForFirstConsumer' }
    await cluster.client.create('storageclasses.storage.k8s.io', lazy as never)
    await cluster.client.create('persistentvolumeclaims', claimOf('late', { storageClassName: 'lazy' }) as never)
    await cluster.settle()
    expect((await get(cluster, 'late')).status?.phase).toBe('Pending')
    expect(await reasons(cluster, 'late')).toEqual(['WaitForFirstConsumer'])
    await cluster.client.create('pods', podOf('p', 'late') as never)
    await cluster.advance(10_000)
    const late = await get(cluster, 'late')
    const pod = await cluster.client.get<Pod>({ resource: 'pods', namespace: 'default', name: 'p' })
    expect(late.status?.phase).toBe('Bound')
    expect(pod.status?.phase).toBe('Running')
    expect(late.metadata.annotations?.['volume.kubernetes.io/selected-node']).toBe(pod.spec.nodeName)
    await cluster.close()
  })

  it('gives each of two claims a volume of its own, and keeps what is to be retained', async () => {
    const cluster = await createCluster({ clock: 'virtual', nodes: 0 })
    const spec = {
      capacity: { storage: '2Gi' },
      accessModes: ['ReadWriteOnce'],
      hostPath: { path: '/data' },
      persistentVolumeReclaimPolicy: 'Retain',
    }
    await Promise.all(['a', 'b'].map((name) => cluster.client.create('persistentvolumes', { metadata: { name }, spec } as never)))
    await Promise.all(
      ['x', 'y'].map((name) => cluster.client.create('persistentvolumeclaims', claimOf(name, { storageClassName: '' }) as never)),
    )
    // The one that was slower to take a volume looks again after a moment.
    await cluster.advance(1000)
    const names = await Promise.all(['x', 'y'].map(async (name) => (await get(cluster, name)).spec.volumeName))
    expect([...names].sort()).toEqual(['a', 'b'])
    await cluster.client.delete({ resource: 'persistentvolumeclaims', namespace: 'default', name: 'x' }, {})
    await cluster.settle()
    const left = await cluster.client.get<PersistentVolume>({ resource: 'persistentvolumes', namespace: '', name: names[0]! })
    expect(left.status?.phase).toBe('Released')
    // Freed by hand, it is taken by who waits.
    await cluster.client.create('persistentvolumeclaims', claimOf('z', { storageClassName: '' }) as never)
    await cluster.settle()
    expect((await get(cluster, 'z')).status?.phase).toBe('Pending')
    await cluster.client.patch({ resource: 'persistentvolumes', namespace: '', name: names[0]! }, { spec: { claimRef: null } })
    await cluster.settle()
    expect((await get(cluster, 'z')).spec.volumeName).toBe(names[0])
    await cluster.close()
  })
})

it('tells volume and claim that their modes differ', () => {
  const given = volume('v', '5Gi', { spec: { ...referring('uid-claim'), volumeMode: 'Block' } })
  expect(reconcileVolume({ volume: given, claim: claim() }).events?.map(({ message }) => message)).toEqual([
    'Cannot bind PersistentVolume to requested PersistentVolumeClaim "data" due to incompatible volumeMode.',
    'Cannot bind PersistentVolume "v" to requested PersistentVolumeClaim due to incompatible volumeMode.',
  ])
})

it('takes no attributes class and an empty one for the same', () => {
  expect(misfitOf(claim(), volume('v', '5Gi', { spec: { volumeAttributesClassName: '' } }))).toBeUndefined()
})
