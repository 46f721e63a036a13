/** What becomes of claims and volumes when both of the binder's controllers have had their say. */
import { describe, expect, test } from 'vitest'
import { isFree } from '../../src/api/core/v1/match-volume.ts'
import { applyMergePatch } from '../../src/api/meta/patches/merge-patch.ts'
import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from '../../src/api/types.gen.ts'
import { reconcileClaim } from '../../src/controllers/persistentvolume-binder/reconcile-claim.ts'
import { reconcileVolume } from '../../src/controllers/persistentvolume-binder/reconcile-volume.ts'
import type { Plan } from '../../src/runtime/plan.ts'

interface World {
  volumes: PersistentVolume[]
  claim: PersistentVolumeClaim | undefined
  storageClass?: StorageClass | undefined
  defaultClass?: StorageClass | undefined
  users?: readonly string[]
}

const COMPLETED = 'pv.kubernetes.io/bind-completed'
const BY_CONTROLLER = 'pv.kubernetes.io/bound-by-controller'

interface VolumeGiven {
  readonly size?: string
  /** Whom it refers to: a uid, or '' for a claim of the name whatever its uid. */
  readonly ref?: string
  readonly isOurs?: boolean
  readonly phase?: string
  readonly spec?: object
  readonly labels?: object
  readonly annotations?: object
  readonly metadata?: object
}

function v(
  name: string,
  { size = '1Gi', ref, isOurs, phase = 'Available', spec, labels, annotations, metadata }: VolumeGiven = {},
): PersistentVolume {
  const claimRef = ref === undefined ? undefined : { namespace: 'ns', name: 'c', ...(ref && { uid: ref }) }
  return {
    metadata: {
      name,
      uid: name,
      resourceVersion: '1',
      labels,
      annotations: { ...(isOurs && { [BY_CONTROLLER]: 'yes' }), ...annotations },
      ...metadata,
    },
    spec: {
      capacity: { storage: size },
      accessModes: ['ReadWriteOnce', 'ReadOnlyMany'],
      volumeMode: 'Filesystem',
      storageClassName: '',
      ...(claimRef && { claimRef }),
      ...spec,
    },
    status: { phase },
  } as never
}

interface ClaimGiven {
  readonly volume?: string
  readonly phase?: string
  readonly isCompleted?: boolean
  readonly isOurs?: boolean
  readonly spec?: object
  readonly uid?: string
}

function c({ volume, phase = 'Pending', isCompleted, isOurs, spec, uid = 'u' }: ClaimGiven = {}): PersistentVolumeClaim {
  return {
    metadata: {
      name: 'c',
      namespace: 'ns',
      uid,
      resourceVersion: '1',
      annotations: { ...(isCompleted && { [COMPLETED]: 'yes' }), ...(isOurs && { [BY_CONTROLLER]: 'yes' }) },
    },
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '1Gi' } },
      volumeMode: 'Filesystem',
      storageClassName: '',
      ...(volume && { volumeName: volume }),
      ...spec,
    },
    status: { phase },
  } as never
}

const lazy = { metadata: { name: 'wait' }, provisioner: 'coracle.dev/simulated', volumeBindingMode: 'WaitForFirstConsumer' } as StorageClass
const gold = { metadata: { name: 'gold' }, provisioner: 'example.com/driver' } as StorageClass

/** Lets both reconcile until neither wants more. */
function settle(world: World): string[] {
  const events: string[] = []
  const apply = (plan: Plan, write: (patch: object, isDelete?: boolean) => void): boolean => {
    let isChanged = false
    for (const action of plan.actions ?? []) {
      if (action.verb === 'create') world.volumes.push({ ...(action.object as PersistentVolume), status: { phase: 'Pending' } })
      else if (action.verb === 'delete') world.volumes = world.volumes.filter(({ metadata }) => metadata.name !== action.target.name)
      else if (action.verb === 'patch' && action.target.resource === 'persistentvolumes') {
        world.volumes = world.volumes.map((each) =>
          each.metadata.name === action.target.name ? (applyMergePatch(each as never, action.patch as never) as never) : each,
        )
      } else if (action.verb === 'patch') world.claim = applyMergePatch(world.claim as never, action.patch as never) as never
      isChanged = true
    }
    for (const { reason } of plan.events ?? []) if (!events.includes(reason)) events.push(reason)
    if (plan.status === undefined) return isChanged
    const before = JSON.stringify(world)
    write(plan.status)
    return isChanged || JSON.stringify(world) !== before
  }
  for (let round = 0, isChanged = true; isChanged; round++) {
    if (round > 20) throw new Error('no end to it')
    isChanged = false
    const { claim } = world
    if (claim !== undefined) {
      const named = world.volumes.find(({ metadata }) => metadata.name === claim.spec.volumeName)
      const candidates = claim.spec.volumeName ? [] : world.volumes.filter((each) => isFree(each) || each.spec?.claimRef?.name === 'c')
      const defaultClass = claim.spec.storageClassName === undefined ? world.defaultClass : undefined
      const plan = reconcileClaim({
        claim,
        named,
        candidates,
        storageClass: world.storageClass,
        defaultClass,
        selectedNode: undefined,
        unscheduledPods: [],
      })
      isChanged = apply(plan, (status) => {
        world.claim = status as PersistentVolumeClaim
      })
    }
    for (const { metadata } of world.volumes) {
      const volume = world.volumes.find((each) => each.metadata.name === metadata.name)
      if (volume === undefined) continue
      const plan = reconcileVolume({ volume, claim: volume.spec?.claimRef ? world.claim : undefined, users: world.users ?? [] })
      isChanged =
        apply(plan, (status) => {
          world.volumes = world.volumes.map((each) => (each.metadata.name === metadata.name ? (status as PersistentVolume) : each))
        }) || isChanged
    }
  }
  return events
}

/** `NAME PHASE REFERENCE`, with `*` for the controller's own choices; the claim as `PHASE VOLUME`, with `!` when the binding is complete. */
function told(given: World): string[] {
  const world: World = { ...given }
  const events = settle(world)
  const lines = world.volumes.map(({ metadata, spec, status }) => {
    const ref = spec?.claimRef === undefined ? '-' : (spec.claimRef.uid ?? 'c')
    return `${metadata.name} ${status?.phase} ${ref}${metadata.annotations?.[BY_CONTROLLER] ? '*' : ''}`
  })
  const { claim } = world
  const mark = (key: string, sign: string) => (claim?.metadata.annotations?.[key] === undefined ? '' : sign)
  const claimLine = claim && `${claim.status?.phase} ${claim.spec.volumeName ?? '-'}${mark(BY_CONTROLLER, '*')}${mark(COMPLETED, '!')}`
  return [...lines.sort(), ...(claimLine ? [claimLine] : []), ...events]
}

const NO_CLASS = 'FailedBinding'
const block = { volumeMode: 'Block' }
const gone = { phase: 'Bound', isCompleted: true, volume: 'a' }

describe('a claim', () => {
  test.each<[string, World, string[]]>([
    ['is bound', { volumes: [v('a')], claim: c() }, ['a Bound u*', 'Bound a*!']],
    [
      'is left alone when there is nothing for it',
      { volumes: [v('a', { size: '1Mi' })], claim: c() },
      ['a Available -', 'Pending -', NO_CLASS],
    ],
    ['is pending again', { volumes: [], claim: c({ phase: '' }) }, ['Pending -', NO_CLASS]],
    [
      'gets the smallest',
      { volumes: [v('a', { size: '10Gi' }), v('b', { size: '1Gi' }), v('d', { size: '2Gi' })], claim: c() },
      ['a Available -', 'b Bound u*', 'd Available -', 'Bound b*!'],
    ],
    [
      'gets the one reserved for it by name',
      { volumes: [v('a', { size: '10Gi', ref: '' }), v('b')], claim: c() },
      ['a Bound u', 'b Available -', 'Bound a*!'],
    ],
    [
      'gets the one reserved for it by uid',
      { volumes: [v('a', { size: '10Gi', ref: 'u' }), v('b')], claim: c() },
      ['a Bound u', 'b Available -', 'Bound a*!'],
    ],
    [
      'does not get one of another',
      { volumes: [v('a', { ref: 'other', phase: 'Bound' })], claim: c() },
      ['a Released other', 'Pending -', NO_CLASS],
    ],
    [
      'is completed when the volume refers to it',
      { volumes: [v('a', { ref: 'u', isOurs: true })], claim: c() },
      ['a Bound u*', 'Bound a*!'],
    ],
    [
      'is completed when the volume is bound',
      { volumes: [v('a', { ref: 'u', isOurs: true, phase: 'Bound' })], claim: c() },
      ['a Bound u*', 'Bound a*!'],
    ],
    [
      'is completed when all but its status is',
      { volumes: [v('a', { ref: 'u', isOurs: true, phase: 'Bound' })], claim: c({ volume: 'a', isOurs: true, isCompleted: true }) },
      ['a Bound u*', 'Bound a*!'],
    ],
    [
      'gets one that it selects',
      { volumes: [v('a', { labels: { foo: 'true' } })], claim: c({ spec: { selector: { matchLabels: { foo: 'true' } } } }) },
      ['a Bound u*', 'Bound a*!'],
    ],
    [
      'does not get one that it does not',
      { volumes: [v('a')], claim: c({ spec: { selector: { matchLabels: { foo: 'true' } } } }) },
      ['a Available -', 'Pending -', NO_CLASS],
    ],
    [
      'waits for its consumer',
      { volumes: [v('a', { spec: { storageClassName: 'wait' } })], claim: c({ spec: { storageClassName: 'wait' } }), storageClass: lazy },
      ['a Available -', 'Pending -', 'WaitForFirstConsumer'],
    ],
    [
      'that waits gets one reserved for it',
      {
        volumes: [v('a', { ref: '', spec: { storageClassName: 'wait' } })],
        claim: c({ spec: { storageClassName: 'wait' } }),
        storageClass: lazy,
      },
      ['a Bound u', 'Bound a*!'],
    ],
    [
      'that waits gets the one it names',
      {
        volumes: [v('a', { spec: { storageClassName: 'wait' } })],
        claim: c({ volume: 'a', spec: { storageClassName: 'wait' } }),
        storageClass: lazy,
      },
      ['a Bound u*', 'Bound a!'],
    ],
    [
      'does not get one that is not available',
      { volumes: [v('a', { phase: 'Pending', metadata: { deletionTimestamp: 'x' } })], claim: c() },
      ['a Available -', 'Pending -', NO_CLASS],
    ],
    ['names none there is', { volumes: [], claim: c({ volume: 'a' }) }, ['Pending a']],
    ['that names none there is is pending again', { volumes: [], claim: c({ volume: 'a', phase: '' }) }, ['Pending a']],
    ['gets the one it names', { volumes: [v('a')], claim: c({ volume: 'a' }) }, ['a Bound u*', 'Bound a!']],
    [
      'gets the one it names that is reserved for its name',
      { volumes: [v('a', { ref: '' })], claim: c({ volume: 'a' }) },
      ['a Bound u', 'Bound a!'],
    ],
    [
      'gets the one it names that is reserved for its uid',
      { volumes: [v('a', { ref: 'u' })], claim: c({ volume: 'a' }) },
      ['a Bound u', 'Bound a!'],
    ],
    [
      'names another’s',
      { volumes: [v('a', { ref: 'other', phase: 'Bound' })], claim: c({ volume: 'a' }) },
      ['a Released other', 'Pending a', NO_CLASS],
    ],
    [
      'was given another’s',
      { volumes: [v('a', { ref: 'other', phase: 'Bound' })], claim: c({ volume: 'a', isOurs: true }) },
      ['a Released other', 'Pending a*', NO_CLASS],
    ],
    [
      'gets the one it names though it does not select it',
      { volumes: [v('a')], claim: c({ volume: 'a', spec: { selector: { matchLabels: { foo: 'true' } } } }) },
      ['a Bound u*', 'Bound a!'],
    ],
    [
      'does not get a small one that it names',
      { volumes: [v('a', { size: '1Mi' })], claim: c({ volume: 'a' }) },
      ['a Available -', 'Pending a', 'VolumeMismatch'],
    ],
    [
      'does not get one of another class that it names',
      { volumes: [v('a', { spec: { storageClassName: 'gold' } })], claim: c({ volume: 'a' }) },
      ['a Available -', 'Pending a', 'VolumeMismatch'],
    ],
    [
      'does not get one of other attributes that it names',
      { volumes: [v('a', { spec: { volumeAttributesClassName: 'x' } })], claim: c({ volume: 'a' }) },
      ['a Available -', 'Pending a', 'VolumeMismatch'],
    ],
    [
      'gets one of its attributes that it names',
      {
        volumes: [v('a', { spec: { volumeAttributesClassName: 'x' } })],
        claim: c({ volume: 'a', spec: { volumeAttributesClassName: 'x' } }),
      },
      ['a Bound u*', 'Bound a!'],
    ],
    [
      'gets one of no attributes for empty ones',
      { volumes: [v('a')], claim: c({ volume: 'a', spec: { volumeAttributesClassName: '' } }) },
      ['a Bound u*', 'Bound a!'],
    ],
    ['that is bound to nothing is lost', { volumes: [], claim: c({ phase: 'Bound', isCompleted: true }) }, ['Lost -!', 'ClaimLost']],
    ['whose volume is gone is lost', { volumes: [], claim: c(gone) }, ['Lost a!', 'ClaimLost']],
    ['whose volume forgot it is bound again', { volumes: [v('a')], claim: c(gone) }, ['a Bound u*', 'Bound a!']],
    [
      'whose volume knows its name only is lost',
      { volumes: [v('a', { ref: 'u', phase: 'Available' })], claim: c(gone) },
      ['a Bound u', 'Bound a!'],
    ],
    ['whose volume is bound stays so', { volumes: [v('a', { ref: 'u', phase: 'Bound' })], claim: c(gone) }, ['a Bound u', 'Bound a!']],
    [
      'whose volume is another’s is lost',
      { volumes: [v('a', { ref: 'other', phase: 'Bound' })], claim: c(gone) },
      ['a Released other', 'Lost a!', 'ClaimMisbound'],
    ],
    [
      'that is bound stays so though it selects another',
      { volumes: [v('a', { ref: 'u' })], claim: c({ ...gone, spec: { selector: { matchLabels: { foo: 'true' } } } }) },
      ['a Bound u', 'Bound a!'],
    ],
    [
      'gets one of its class',
      {
        volumes: [v('a'), v('b', { size: '10Gi', spec: { storageClassName: 'gold' } })],
        claim: c({ spec: { storageClassName: 'gold' } }),
        storageClass: gold,
      },
      ['a Available -', 'b Bound u*', 'Bound b*!'],
    ],
    [
      'gets one of no class',
      { volumes: [v('a', { spec: { storageClassName: 'gold' } }), v('b', { size: '10Gi' })], claim: c() },
      ['a Available -', 'b Bound u*', 'Bound b*!'],
    ],
    [
      'gets one of its class, not of another',
      {
        volumes: [v('a', { spec: { storageClassName: 'silver' } }), v('b', { size: '10Gi', spec: { storageClassName: 'gold' } })],
        claim: c({ spec: { storageClassName: 'gold' } }),
        storageClass: gold,
      },
      ['a Available -', 'b Bound u*', 'Bound b*!'],
    ],
    [
      'of no word about classes gets one of none',
      { volumes: [v('a', { spec: { storageClassName: undefined } })], claim: c({ spec: { storageClassName: undefined } }) },
      ['a Bound u*', 'Bound a*!'],
    ],
    [
      'of a provisioner that is no more waits for nobody',
      { volumes: [], claim: c({ spec: { storageClassName: 'gold' } }), storageClass: { ...gold, provisioner: 'kubernetes.io/rbd' } },
      ['Pending -', 'ProvisioningFailed'],
    ],
  ])('%s', (_name, world, expected) => {
    // A class that nobody here provisions is told of, too.
    expect(told(world).filter((line) => line !== 'ExternalProvisioning')).toEqual(expected)
  })
})

describe('a claim and a volume of one mode or two', () => {
  const mismatch = 'VolumeMismatch'
  test.each<[string, World, string[]]>([
    ['blocks', { volumes: [v('a', { spec: block })], claim: c({ spec: block }) }, ['a Bound u*', 'Bound a*!']],
    ['file systems', { volumes: [v('a')], claim: c() }, ['a Bound u*', 'Bound a*!']],
    ['a claim of blocks', { volumes: [v('a')], claim: c({ spec: block }) }, ['a Available -', 'Pending -', NO_CLASS]],
    ['a volume of blocks', { volumes: [v('a', { spec: block })], claim: c() }, ['a Available -', 'Pending -', NO_CLASS]],
    [
      'of one class, of other modes',
      {
        volumes: [v('a', { spec: { ...block, storageClassName: 'gold' } })],
        claim: c({ spec: { storageClassName: 'gold' } }),
        storageClass: gold,
      },
      ['a Available -', 'Pending -'],
    ],
    [
      'of one mode, of other classes',
      { volumes: [v('a', { spec: { ...block, storageClassName: 'gold' } })], claim: c({ spec: block }) },
      ['a Available -', 'Pending -', NO_CLASS],
    ],
    [
      'of one mode, of other classes, named',
      { volumes: [v('a', { spec: { ...block, storageClassName: 'gold' } })], claim: c({ volume: 'a', spec: block }) },
      ['a Available -', 'Pending a', mismatch],
    ],
    ['blocks, reserved', { volumes: [v('a', { ref: 'u', spec: block })], claim: c({ spec: block }) }, ['a Bound u', 'Bound a*!']],
    [
      'a claim of blocks that names a file system',
      { volumes: [v('a')], claim: c({ volume: 'a', spec: block }) },
      ['a Available -', 'Pending a', mismatch],
    ],
    [
      'a claim of files that names blocks',
      { volumes: [v('a', { spec: block })], claim: c({ volume: 'a' }) },
      ['a Available -', 'Pending a', mismatch],
    ],
    [
      'a claim of blocks that names blocks',
      { volumes: [v('a', { spec: block })], claim: c({ volume: 'a', spec: block }) },
      ['a Bound u*', 'Bound a!'],
    ],
    ['a claim of files that names files', { volumes: [v('a')], claim: c({ volume: 'a' }) }, ['a Bound u*', 'Bound a!']],
    ['files, reserved', { volumes: [v('a', { ref: 'u' })], claim: c() }, ['a Bound u', 'Bound a*!']],
    [
      'files reserved for a claim of blocks',
      { volumes: [v('a', { ref: 'u' })], claim: c({ spec: block }) },
      ['a Available u', 'Pending -', NO_CLASS, mismatch],
    ],
    [
      'blocks reserved for a claim of files',
      { volumes: [v('a', { ref: 'u', spec: block })], claim: c() },
      ['a Available u', 'Pending -', NO_CLASS, mismatch],
    ],
  ])('%s', (_name, world, expected) => expect(told(world).filter((line) => line !== 'ExternalProvisioning')).toEqual(expected))
})

describe('a volume', () => {
  const policy = (persistentVolumeReclaimPolicy: string, more: object = {}) => ({ spec: { persistentVolumeReclaimPolicy, ...more } })
  const tmp = { hostPath: { path: '/tmp/x' } }
  const nfs = { nfs: { server: 's', path: '/' } }
  const by = (name: string) => ({ annotations: { 'pv.kubernetes.io/provisioned-by': name } })
  const used = { volume: 'b', phase: 'Bound', isCompleted: true }
  test.each<[string, World, string[]]>([
    ['becomes available', { volumes: [v('a', { phase: 'Pending' })], claim: undefined }, ['a Available -']],
    ['that is reserved becomes available', { volumes: [v('a', { ref: '', phase: 'Pending' })], claim: undefined }, ['a Available c']],
    ['whose claim is gone is released', { volumes: [v('a', { ref: 'u', phase: 'Bound' })], claim: undefined }, ['a Released u']],
    [
      'whose claim is another now is released',
      { volumes: [v('a', { ref: 'other', phase: 'Bound' })], claim: c({ volume: 'a', phase: 'Bound', isCompleted: true }) },
      ['a Released other', 'Lost a!', 'ClaimMisbound'],
    ],
    [
      'whose claim went elsewhere is free, if that was our choice',
      { volumes: [v('a', { ref: 'u', isOurs: true, phase: 'Bound' }), v('b', { ref: 'u', phase: 'Bound' })], claim: c(used) },
      ['a Available -', 'b Bound u', 'Bound b!'],
    ],
    [
      'whose claim went elsewhere stays reserved, if not',
      { volumes: [v('a', { ref: 'u', phase: 'Bound' }), v('b', { ref: 'u', phase: 'Bound' })], claim: c(used) },
      ['a Available c', 'b Bound u', 'Bound b!'],
    ],
    [
      'that was provisioned, and whose claim went elsewhere, goes',
      {
        volumes: [
          v('a', { ref: 'u', phase: 'Bound', isOurs: true, ...policy('Delete'), ...by('coracle.dev/simulated') }),
          v('b', { ref: 'u', phase: 'Bound' }),
        ],
        claim: c(used),
      },
      ['b Bound u', 'Bound b!'],
    ],
    ['is retained', { volumes: [v('a', { ref: 'u', phase: 'Bound', ...policy('Retain') })], claim: undefined }, ['a Released u']],
    ['is deleted', { volumes: [v('a', { ref: 'u', phase: 'Bound', ...policy('Delete', tmp) })], claim: undefined }, []],
    [
      'that was reserved is deleted too',
      { volumes: [v('a', { ref: 'u', phase: 'Bound', isOurs: false, ...policy('Delete', tmp) })], claim: undefined },
      [],
    ],
    [
      'can not be deleted by nobody',
      { volumes: [v('a', { ref: 'u', phase: 'Bound', ...policy('Delete', nfs) })], claim: undefined },
      ['a Failed u', 'VolumeFailedDelete'],
    ],
    [
      'of a CSI driver that nobody provisioned is the driver’s to delete',
      { volumes: [v('a', { ref: 'u', phase: 'Bound', ...policy('Delete', { csi: { driver: 'd.example.com' } }) })], claim: undefined },
      ['a Released u'],
    ],
    [
      'that was provisioned by others, and whose claim went elsewhere, is theirs to delete',
      {
        volumes: [
          v('a', { ref: 'u', phase: 'Bound', ...policy('Delete'), ...by('ebs.csi.aws.com') }),
          v('b', { ref: 'u', phase: 'Bound', ...policy('Delete'), ...by('ebs.csi.aws.com') }),
        ],
        claim: c(used),
      },
      ['a Released u', 'b Bound u', 'Bound b!'],
    ],
    [
      'that its claim has is not deleted',
      { volumes: [v('b', { ref: 'u', ...policy('Delete', tmp) })], claim: c(used) },
      ['b Bound u', 'Bound b!'],
    ],
    [
      'that is reserved for who is still to come is not deleted',
      { volumes: [v('a', { ref: '', ...policy('Delete', tmp) })], claim: undefined },
      ['a Available c'],
    ],
    [
      'that is somebody else’s to delete waits',
      { volumes: [v('a', { ref: 'u', phase: 'Bound', ...policy('Delete'), ...by('ebs.csi.aws.com') })], claim: undefined },
      ['a Released u'],
    ],
    [
      'that goes already is not deleted twice',
      {
        volumes: [v('a', { ref: 'u', phase: 'Released', ...policy('Delete', tmp), metadata: { deletionTimestamp: 'x' } })],
        claim: undefined,
      },
      ['a Released u'],
    ],
    ['that failed is tried again', { volumes: [v('a', { ref: 'u', phase: 'Failed', ...policy('Delete', tmp) })], claim: undefined }, []],
    [
      'is recycled',
      { volumes: [v('a', { ref: 'u', phase: 'Bound', isOurs: true, ...policy('Recycle', nfs) })], claim: undefined },
      ['a Available -', 'VolumeRecycled'],
    ],
    [
      'that was reserved is recycled, and stays reserved',
      { volumes: [v('a', { ref: 'u', phase: 'Bound', ...policy('Recycle', tmp) })], claim: undefined },
      ['a Available c', 'VolumeRecycled'],
    ],
    [
      'can not be recycled by nobody',
      { volumes: [v('a', { ref: 'u', phase: 'Bound', ...policy('Recycle') })], claim: undefined },
      ['a Failed u', 'VolumeFailedRecycle'],
    ],
    [
      'that pods still use is not recycled',
      { volumes: [v('a', { ref: 'u', phase: 'Bound', ...policy('Recycle', nfs) })], claim: undefined, users: ['ns/p'] },
      ['a Released u', 'VolumeFailedRecycle'],
    ],
    [
      'that is reserved for who is still to come is not recycled',
      { volumes: [v('a', { ref: '', ...policy('Recycle', nfs) })], claim: undefined },
      ['a Available c'],
    ],
    [
      'of a policy there is not is retained',
      { volumes: [v('a', { ref: 'u', phase: 'Bound', ...policy('Unknown') })], claim: undefined },
      ['a Released u'],
    ],
  ])('%s', (_name, world, expected) => expect(told(world)).toEqual(expected))
})

describe('the default class', () => {
  const fast = { metadata: { name: 'fast' }, provisioner: 'example.com/driver' } as StorageClass
  const classOf = (world: World) => {
    settle(world)
    return world.claim!.spec.storageClassName
  }
  const none = { storageClassName: undefined }
  test.each<[string, World, string | undefined]>([
    ['is none when there is none', { volumes: [], claim: c({ spec: none }) }, undefined],
    [
      'is not for a claim that is bound',
      { volumes: [v('a', { ref: 'u', phase: 'Bound', spec: none })], claim: c({ ...gone, spec: none }), defaultClass: fast },
      undefined,
    ],
    [
      'is not for a claim that is being bound',
      { volumes: [v('a', { ref: 'u', phase: 'Bound', spec: none })], claim: c({ volume: 'a', spec: none }), defaultClass: fast },
      undefined,
    ],
    ['is given to a claim of none', { volumes: [], claim: c({ spec: none }), defaultClass: fast }, 'fast'],
    [
      'is not for a claim of another',
      { volumes: [], claim: c({ spec: { storageClassName: 'gold' } }), defaultClass: fast, storageClass: gold },
      'gold',
    ],
    ['is not for a claim of no class on purpose', { volumes: [], claim: c(), defaultClass: fast }, ''],
  ])('%s', (_name, world, expected) => expect(classOf(world)).toBe(expected))
})
