/** What is left of the plugins that were part of Kubernetes: their names, their finalizers, and who does their work now. */
import { describe, expect, it } from 'vitest'
import { findMatchingVolume, misfitOf } from '../../src/api/core/v1/match-volume.ts'
import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from '../../src/api/types.gen.ts'
import { claimMigration, deletionFinalizers, volumeMigration } from '../../src/controllers/persistentvolume-binder/csi-migration.ts'
import { provision } from '../../src/controllers/persistentvolume-binder/provision.ts'
import { reconcileClaim } from '../../src/controllers/persistentvolume-binder/reconcile-claim.ts'
import { reconcileVolume } from '../../src/controllers/persistentvolume-binder/reconcile-volume.ts'
import { createCluster } from '../../src/index.ts'
import type { Plan } from '../../src/runtime/plan.ts'

const BY = 'pv.kubernetes.io/provisioned-by'
const TO = 'pv.kubernetes.io/migrated-to'
const FOR = 'volume.kubernetes.io/storage-provisioner'
const BETA_FOR = 'volume.beta.kubernetes.io/storage-provisioner'
const [OLD, NEW] = ['kubernetes.io/gce-pd', 'pd.csi.storage.gke.io']
const [LEFT, LEFT_DRIVER] = ['kubernetes.io/rbd', 'rbd.csi.ceph.com']

type Annotations = Record<string, string> | undefined

describe('the annotation of who took over', () => {
  it.each<{ name: string; volume: Annotations; claim: Annotations; expected: string | null | undefined }>([
    { name: 'is set', volume: { [BY]: OLD }, claim: { [FOR]: OLD }, expected: NEW },
    { name: 'is set by the beta annotation', volume: { [BY]: OLD }, claim: { [BETA_FOR]: OLD }, expected: NEW },
    { name: 'is right', volume: { [BY]: OLD, [TO]: NEW }, claim: { [FOR]: OLD, [TO]: NEW }, expected: undefined },
    { name: 'is not for who has no successor', volume: { [BY]: LEFT }, claim: { [FOR]: LEFT }, expected: undefined },
    { name: 'is taken back', volume: { [BY]: LEFT, [TO]: LEFT_DRIVER }, claim: { [FOR]: LEFT, [TO]: LEFT_DRIVER }, expected: null },
    {
      name: 'is taken back by the beta annotation',
      volume: { [BY]: LEFT, [TO]: 'x' },
      claim: { [BETA_FOR]: LEFT, [TO]: 'x' },
      expected: null,
    },
    { name: 'is not for others', volume: { [BY]: 'else' }, claim: { [FOR]: 'else' }, expected: undefined },
    { name: 'is not for what nobody provisioned', volume: { [TO]: NEW }, claim: { [TO]: NEW }, expected: undefined },
    { name: 'needs annotations', volume: undefined, claim: undefined, expected: undefined },
  ])('$name', ({ volume, claim, expected }) => {
    expect(volumeMigration({ metadata: { annotations: volume } } as never)).toBe(expected)
    expect(claimMigration({ metadata: { annotations: claim } } as never)).toBe(expected)
  })
})

const OWN = 'kubernetes.io/pv-controller'
const OUTSIDE = 'external-provisioner.volume.kubernetes.io/finalizer'

describe('the finalizers of a volume', () => {
  const row = (
    name: string,
    by: string | undefined,
    finalizers: string[] | undefined,
    expected: string[] | undefined,
    policy = 'Delete',
  ) => ({
    name,
    by,
    finalizers,
    expected,
    policy,
  })
  it.each([
    row('are others’ where they provision', 'disk.example.com', [OUTSIDE], undefined),
    row('are none where others have not set theirs yet', 'disk.example.com', undefined, undefined),
    row('are kept beside our own', LEFT, ['x/y'], ['x/y', OWN]),
    row('are our own', LEFT, undefined, [OWN]),
    row('are right', LEFT, ['x/y', OWN, 'a/b'], undefined),
    row('are our own in place of others’', LEFT, [OUTSIDE], [OWN]),
    row('are our own in place of others’, beside the rest', LEFT, [OUTSIDE, 'x/y'], ['x/y', OWN]),
    row('are others’ where they took over', OLD, [OUTSIDE, OWN], [OUTSIDE]),
    row('are left where nobody provisioned', undefined, [OUTSIDE], undefined),
    row('are none where nobody provisioned', undefined, undefined, undefined),
    row('are none of what is retained', LEFT, undefined, undefined, 'Retain'),
    row('are none of what is recycled', LEFT, undefined, undefined, 'Recycle'),
    row('are taken from what is retained', LEFT, [OWN], [], 'Retain'),
  ])('$name', ({ by, finalizers, policy, expected }) => {
    const metadata = { name: 'v', ...(by && { annotations: { [BY]: by } }), ...(finalizers && { finalizers }) }
    expect(deletionFinalizers({ metadata, spec: { persistentVolumeReclaimPolicy: policy } } as never)).toEqual(expected)
  })
})

const told = ({ actions = [], status, events = [] }: Plan): unknown[] => [
  ...actions.map((action) => (action.verb === 'patch' ? [action.target.resource, action.patch] : action.verb)),
  (status as PersistentVolume | undefined)?.status?.phase,
  ...events.map(({ reason, message }) => `${reason}: ${message}`),
]

describe('who deletes a volume', () => {
  const released = (spec: object, by?: string, metadata: object = {}) =>
    ({
      metadata: { name: 'v', uid: 'v', resourceVersion: '1', ...(by && { annotations: { [BY]: by } }), ...metadata },
      spec: { persistentVolumeReclaimPolicy: 'Delete', claimRef: { uid: 'u' }, ...spec },
      status: { phase: 'Released' },
    }) as unknown as PersistentVolume
  const tmp = { hostPath: { path: '/tmp/x' } }
  const plugin = 'error getting deleter volume plugin for volume "v":'
  const failed = (why: string) => ['Failed', `VolumeFailedDelete: ${why}`]
  const finalizers = { finalizers: ['x/y', OWN] }
  it.each<{ name: string; volume: PersistentVolume; expected: unknown[] }>([
    { name: 'of nfs', volume: released({ nfs: {} }), expected: failed(`${plugin} no deletable volume plugin matched`) },
    { name: 'of iscsi', volume: released({ iscsi: {} }), expected: failed(`${plugin} no volume plugin matched`) },
    { name: 'of a local disk', volume: released({ local: {} }), expected: failed(`${plugin} no volume plugin matched`) },
    { name: 'of a CSI driver', volume: released({ csi: { driver: 'd' } }), expected: [undefined] },
    { name: 'of a provisioner outside', volume: released(tmp, 'disk.example.com'), expected: [undefined] },
    {
      name: 'of who is no more',
      volume: released({}, LEFT, { finalizers: [OWN] }),
      expected: failed(`no volume plugin matched name: ${LEFT}`),
    },
    { name: 'of who has a successor', volume: released({}, OLD, { annotations: { [BY]: OLD, [TO]: NEW } }), expected: [undefined] },
    {
      name: 'of a successor, once that is told',
      volume: released({}, OLD),
      expected: [['persistentvolumes', { metadata: { uid: 'v', resourceVersion: '1', annotations: { [TO]: NEW } } }], undefined],
    },
    {
      name: 'of a path that was provisioned',
      volume: released(tmp, 'kubernetes.io/host-path', finalizers),
      expected: [['persistentvolumes', { metadata: { uid: 'v', finalizers: ['x/y'] } }], 'delete', undefined],
    },
    {
      name: 'of a path that was provisioned and goes already',
      volume: released(tmp, 'kubernetes.io/host-path', { ...finalizers, deletionTimestamp: 'x' }),
      expected: [['persistentvolumes', { metadata: { uid: 'v', finalizers: ['x/y'] } }], undefined],
    },
    {
      name: 'of a path, once it is held',
      volume: released(tmp, 'kubernetes.io/host-path'),
      expected: [['persistentvolumes', { metadata: { uid: 'v', resourceVersion: '1', finalizers: [OWN] } }], undefined],
    },
  ])('$name', ({ volume, expected }) => expect(told(reconcileVolume({ volume, claim: undefined }))).toEqual(expected))
})

describe('who provisions for a claim', () => {
  const claim = (annotations: Annotations, spec: object = {}) =>
    ({
      metadata: { name: 'c', namespace: 'ns', uid: 'u', resourceVersion: '1', annotations },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, storageClassName: 's', ...spec },
    }) as unknown as PersistentVolumeClaim
  const of = (provisioner: string) => ({ metadata: { name: 's' }, provisioner }) as StorageClass
  const waiting = (name: string) =>
    `ExternalProvisioning: Waiting for a volume to be created either by the external provisioner '${name}' or manually by the system ` +
    'administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.'
  const asked = (name: string) => ['persistentvolumeclaims', { metadata: { uid: 'u', annotations: { [BETA_FOR]: name, [FOR]: name } } }]
  const source = { dataSource: { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'snap' } }
  it.each<{ name: string; claim?: PersistentVolumeClaim; provisioner: string; expected: unknown[] }>([
    { name: 'a successor', provisioner: OLD, expected: [asked(NEW), undefined, waiting(NEW)] },
    { name: 'a successor that was asked', claim: claim({ [FOR]: NEW }), provisioner: OLD, expected: [undefined, waiting(NEW)] },
    { name: 'nobody', provisioner: LEFT, expected: [undefined, `ProvisioningFailed: no volume plugin matched name: ${LEFT}`] },
    {
      name: 'a driver, from a snapshot',
      claim: claim({}, source),
      provisioner: 'd.csi.k8s.io',
      expected: [asked('d.csi.k8s.io'), undefined, waiting('d.csi.k8s.io')],
    },
  ])('$name', ({ claim: given = claim({}), provisioner, expected }) => expect(told(provision(given, of(provisioner)))).toEqual(expected))

  it('is told before anything else', () => {
    const given = claim({ [FOR]: OLD })
    const rest = { named: undefined, candidates: [], selectedNode: undefined, unscheduledPods: [], storageClass: of(OLD) }
    expect(told(reconcileClaim({ claim: given, ...rest }))).toEqual([
      ['persistentvolumeclaims', { metadata: { uid: 'u', resourceVersion: '1', annotations: { [TO]: NEW } } }],
      undefined,
    ])
  })
})

describe('a volume and what a claim wants of it', () => {
  const v = (name: string, storage: string, spec: object = {}, labels: object = {}) =>
    ({
      metadata: { name, labels },
      spec: { capacity: { storage }, accessModes: ['ReadWriteOnce'], volumeMode: 'Filesystem', storageClassName: '', ...spec },
      status: { phase: 'Available' },
    }) as unknown as PersistentVolume
  const c = (storage: string, spec: object = {}) =>
    ({
      metadata: { name: 'c', namespace: 'ns', uid: 'u' },
      spec: {
        accessModes: ['ReadWriteOnce'],
        resources: { requests: { storage } },
        volumeMode: 'Filesystem',
        storageClassName: '',
        ...spec,
      },
    }) as unknown as PersistentVolumeClaim
  const forUs = { claimRef: { namespace: 'ns', name: 'c' } }
  const volumes = [
    v('g10', '10G'),
    v('g5', '5G'),
    v('taken', '1G', { claimRef: { namespace: 'o', name: 'o' } }),
    v('labelled', '2G', {}, { should: 'match' }),
    v('silver1', '1G', { storageClassName: 'silver' }, { x: '1' }),
    v('silver2', '100G', { storageClassName: 'silver' }, { should: 'match' }),
    v('vac', '100G', { volumeAttributesClassName: 'fast' }),
    v('large', '200E', { storageClassName: 'large' }),
    v('larger', '800E', { storageClassName: 'large' }),
  ]
  const match = { selector: { matchLabels: { should: 'match' } } }
  const some = { selector: { matchExpressions: [{ key: 'should', operator: 'Exists' }] } }
  it.each<{ name: string; claim: PersistentVolumeClaim; expected: string | undefined }>([
    { name: 'of its size', claim: c('8G'), expected: 'g10' },
    { name: 'that is the next larger', claim: c('3G'), expected: 'g5' },
    {
      name: 'that nobody has',
      claim: c('1G', { selector: { matchExpressions: [{ key: 'should', operator: 'DoesNotExist' }] } }),
      expected: 'g5',
    },
    { name: 'of labels', claim: c('1G', match), expected: 'labelled' },
    { name: 'of an expression', claim: c('2G', some), expected: 'labelled' },
    { name: 'of labels that is too small', claim: c('20G', match), expected: undefined },
    { name: 'of other labels', claim: c('1G', { selector: { matchLabels: { should: 'not' } } }), expected: undefined },
    { name: 'of a class', claim: c('1G', { storageClassName: 'silver' }), expected: 'silver1' },
    { name: 'of a class and labels', claim: c('1G', { storageClassName: 'silver', ...match }), expected: 'silver2' },
    { name: 'of attributes', claim: c('1G', { volumeAttributesClassName: 'fast' }), expected: 'vac' },
    { name: 'of no attributes', claim: c('8G', { volumeAttributesClassName: '' }), expected: 'g10' },
    { name: 'of other attributes', claim: c('1G', { volumeAttributesClassName: 'slow' }), expected: undefined },
    { name: 'that is very large', claim: c('200E', { storageClassName: 'large' }), expected: 'large' },
    { name: 'that is larger still', claim: c('800E', { storageClassName: 'large' }), expected: 'larger' },
    { name: 'that is too large', claim: c('950E', { storageClassName: 'large' }), expected: undefined },
    { name: 'of none of its modes', claim: c('1G', { accessModes: ['ReadWriteMany'] }), expected: undefined },
  ])('$name', ({ claim, expected }) => expect(findMatchingVolume(claim, volumes, undefined, false)?.metadata.name).toBe(expected))

  it.each<{ name: string; volumes: PersistentVolume[]; expected: string }>([
    { name: 'the one of its size', volumes: [v('v1', '1Gi'), v('v5', '5Gi'), v('v8', '8Gi')], expected: 'v1' },
    {
      name: 'the next where that is another’s',
      volumes: [v('v1', '1Gi', { claimRef: { namespace: 'o', name: 'o' } }), v('v5', '5Gi')],
      expected: 'v5',
    },
    { name: 'the one reserved for it', volumes: [v('v1', '1Gi'), v('v8', '8Gi', forUs)], expected: 'v8' },
    { name: 'another where that is too small', volumes: [v('v1', '1Gi'), v('bad', '1Mi', forUs)], expected: 'v1' },
    {
      name: 'another where that has other modes',
      volumes: [v('v1', '1Gi'), v('bad', '1Gi', { ...forUs, accessModes: ['ReadOnlyMany'] })],
      expected: 'v1',
    },
  ])('$name', ({ volumes: given, expected }) => expect(findMatchingVolume(c('1Gi'), given, undefined, false)?.metadata.name).toBe(expected))

  it.each<{ modes: string[]; fault: string | undefined }>([
    { modes: ['ReadWriteMany'], fault: undefined },
    { modes: ['ReadWriteMany', 'ReadWriteOnce'], fault: undefined },
    { modes: ['ReadOnlyMany'], fault: 'incompatible accessMode' },
    { modes: ['ReadWriteMany', 'ReadOnlyMany'], fault: 'incompatible accessMode' },
  ])('of modes $modes', ({ modes, fault }) => {
    expect(misfitOf(c('1G', { accessModes: modes }), v('v', '1G', { accessModes: ['ReadWriteOnce', 'ReadWriteMany'] }))).toBe(fault)
  })
})

it('a claim that was there before gets the newest default class, unless it names one in the old way', async () => {
  const cluster = await createCluster({ clock: 'virtual', nodes: 0 })
  const classes = 'storageclasses.storage.k8s.io'
  await cluster.client.delete({ resource: classes, namespace: '', name: 'standard' }, {})
  const make = async (name: string, annotations: object = {}) =>
    cluster.client.create('persistentvolumeclaims', {
      metadata: { name, namespace: 'default', annotations },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    } as never)
  await make('plain')
  await make('old', { 'volume.beta.kubernetes.io/storage-class': 'mine' })
  await cluster.settle()
  const annotations = { 'storageclass.kubernetes.io/is-default-class': 'true' }
  // Both are there before the controllers can look.
  const first = cluster.client.create(classes, { metadata: { name: 'a-first', annotations }, provisioner: 'x.example.com' } as never)
  await first
  await cluster.settle()
  await cluster.advance(5000)
  await cluster.client.create(classes, { metadata: { name: 'b-second', annotations }, provisioner: 'x.example.com' } as never)
  await make('later')
  await cluster.settle()
  const classOf = async (name: string) =>
    (await cluster.client.get<PersistentVolumeClaim>({ resource: 'persistentvolumeclaims', namespace: 'default', name })).spec
      .storageClassName
  expect([await classOf('plain'), await classOf('old'), await classOf('later')]).toEqual(['a-first', undefined, 'b-second'])
  await cluster.close()
})
