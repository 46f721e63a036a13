import { describe, expect, test } from 'vitest'
import type { PersistentVolume, PersistentVolumeClaim, Pod, StorageClass, VolumeAttributesClass } from '../../src/api/types.gen.ts'
import { reconcileEphemeralVolumes } from '../../src/controllers/ephemeral-volume/reconcile.ts'
import { provision } from '../../src/controllers/persistentvolume-binder/provision.ts'
import { type ObservedExpansion, reconcileExpansion } from '../../src/controllers/persistentvolume-expander/expand.ts'
import { reconcileAttributes } from '../../src/controllers/persistentvolume-expander/modify.ts'
import type { Plan } from '../../src/runtime/plan.ts'
import { context } from '../support/replica-objects.ts'

const NOW = context({ now: Date.parse('2026-01-01T00:00:00Z') })
const claim = (spec: object, status: object = {}): PersistentVolumeClaim =>
  ({
    metadata: { name: 'c', namespace: 'ns', uid: 'u' },
    spec: { volumeName: 'v', ...spec },
    status: { phase: 'Bound', capacity: { storage: '1Gi' }, ...status },
  }) as never
const volume = (storage: string, spec: object = {}, provisioner = 'coracle.dev/simulated'): PersistentVolume =>
  ({
    metadata: { name: 'v', uid: 'v', annotations: { 'pv.kubernetes.io/provisioned-by': provisioner } },
    spec: { capacity: { storage }, volumeMode: 'Filesystem', ...spec },
  }) as never
const wants = (storage: string) => ({ resources: { requests: { storage } } })

/** What is patched, with the conditions by their types, and the reasons told. */
function told(plan: Plan | undefined): unknown[] {
  return [
    ...(plan?.actions ?? []).flatMap((action) => {
      const { patch, event } = action as never as {
        patch: { status?: { conditions?: { type: string }[] }; spec?: object }
        event?: { reason: string }
      }
      const { conditions, ...status } = patch.status ?? {}
      return [
        patch.spec ?? { ...status, ...(conditions && { conditions: conditions.map(({ type }) => type) }) },
        ...(event ? [event.reason] : []),
      ]
    }),
    ...(plan?.events ?? []).map(({ reason, source, about }) => [reason, source?.host, about && 'pod'].filter(Boolean).join(' ')),
  ]
}

describe('a claim that grows', () => {
  const observed = (c: PersistentVolumeClaim, v: PersistentVolume, mountedBy?: Pod): ObservedExpansion => ({
    claim: c,
    volume: v,
    attributesClass: undefined,
    mountedBy,
  })
  const begun = {
    allocatedResources: { storage: '2Gi' },
    allocatedResourceStatuses: { storage: 'ControllerResizeInProgress' },
    conditions: [{ type: 'Resizing', status: 'True' }],
  }
  const pending = {
    ...begun,
    allocatedResourceStatuses: { storage: 'NodeResizePending' },
    conditions: [
      { type: 'Resizing', status: 'True' },
      { type: 'FileSystemResizePending', status: 'True' },
      { type: 'Mine', status: 'True' },
    ],
  }
  const pod = { metadata: { name: 'p' }, spec: { nodeName: 'n' } } as Pod
  const done = { capacity: { storage: '2Gi' }, allocatedResources: { storage: '2Gi' }, allocatedResourceStatuses: null }
  test.each<[string, ObservedExpansion, unknown[] | undefined]>([
    ['has what it wants', observed(claim(wants('1Gi')), volume('1Gi')), undefined],
    ['has more than it wants', observed(claim(wants('500Mi')), volume('1Gi')), undefined],
    ['of somebody else’s volume waits', observed(claim(wants('2Gi')), volume('1Gi', {}, 'ebs.csi.aws.com')), ['ExternalExpanding']],
    [
      'says so first',
      observed(claim(wants('2Gi')), volume('1Gi')),
      [
        {
          allocatedResources: { storage: '2Gi' },
          allocatedResourceStatuses: { storage: 'ControllerResizeInProgress' },
          conditions: ['Resizing'],
        },
        'Resizing',
      ],
    ],
    [
      'that wants still more says so',
      observed(claim(wants('3Gi'), begun), volume('1Gi')),
      [
        {
          allocatedResources: { storage: '3Gi' },
          allocatedResourceStatuses: { storage: 'ControllerResizeInProgress' },
          conditions: ['Resizing'],
        },
        'Resizing',
      ],
    ],
    ['gets a larger volume', observed(claim(wants('2Gi'), begun), volume('1Gi')), [{ capacity: { storage: '2Gi' } }]],
    [
      'waits for a pod then',
      observed(claim(wants('2Gi'), begun), volume('2Gi')),
      [
        {
          allocatedResources: { storage: '2Gi' },
          allocatedResourceStatuses: { storage: 'NodeResizePending' },
          conditions: ['Resizing', 'FileSystemResizePending'],
        },
        'FileSystemResizeRequired',
      ],
    ],
    [
      'of blocks has it then',
      observed(claim(wants('2Gi'), begun), volume('2Gi', { volumeMode: 'Block' })),
      [{ ...done, conditions: [] }, 'VolumeResizeSuccessful'],
    ],
    ['waits', observed(claim(wants('2Gi'), pending), volume('2Gi')), []],
    [
      'has it when a pod runs with it',
      observed(claim(wants('2Gi'), pending), volume('2Gi'), pod),
      [{ ...done, conditions: ['Mine'] }, 'FileSystemResizeSuccessful n pod', 'FileSystemResizeSuccessful n'],
    ],
    [
      'has a larger volume already',
      observed(claim(wants('2Gi')), volume('5Gi')),
      [
        {
          allocatedResources: { storage: '2Gi' },
          allocatedResourceStatuses: { storage: 'NodeResizePending' },
          conditions: ['FileSystemResizePending'],
        },
        'FileSystemResizeRequired',
      ],
    ],
  ])('%s', (_name, given, expected) => {
    const plan = reconcileExpansion(given, NOW)
    expect(plan && told(plan)).toEqual(expected)
  })
})

describe('a claim that asks for other attributes', () => {
  const gold = { metadata: { name: 'gold' }, driverName: 'simulated.coracle.dev' } as VolumeAttributesClass
  const observed = (
    status: object,
    v = volume('1Gi'),
    attributesClass: VolumeAttributesClass | undefined = gold,
    name = 'gold',
  ): ObservedExpansion => ({
    claim: claim({ volumeAttributesClassName: name }, status),
    volume: v,
    attributesClass,
    mountedBy: undefined,
  })
  const begun = {
    modifyVolumeStatus: { targetVolumeAttributesClassName: 'gold', status: 'InProgress' },
    conditions: [{ type: 'ModifyingVolume', status: 'True' }],
  }
  const missing = { ...observed({}), attributesClass: undefined }
  test.each<[string, ObservedExpansion, unknown[]]>([
    ['asks for none', observed({}, volume('1Gi'), undefined, ''), []],
    ['has them', observed({ currentVolumeAttributesClassName: 'gold' }), []],
    ['of somebody else’s volume', observed({}, volume('1Gi', {}, 'x')), []],
    ['of another driver', observed({}, volume('1Gi'), { ...gold, driverName: 'x' }), []],
    [
      'of a class there is not',
      missing,
      [{ modifyVolumeStatus: { targetVolumeAttributesClassName: 'gold', status: 'Pending' } }, 'VolumeModifyFailed'],
    ],
    ['says so first', observed({}), [{ modifyVolumeStatus: begun.modifyVolumeStatus, conditions: ['ModifyingVolume'] }, 'VolumeModify']],
    ['gets another volume', observed(begun), [{ volumeAttributesClassName: 'gold' }]],
    [
      'has them then',
      observed(begun, volume('1Gi', { volumeAttributesClassName: 'gold' })),
      [{ currentVolumeAttributesClassName: 'gold', modifyVolumeStatus: null, conditions: [] }, 'VolumeModifySuccessful'],
    ],
  ])('%s', (_name, given, expected) => expect(told(reconcileAttributes(given, NOW))).toEqual(expected))
})

describe('the claims of ephemeral volumes', () => {
  const template = { metadata: { labels: { a: 'b' }, annotations: { c: 'd' } }, spec: { accessModes: ['ReadWriteOnce'] } }
  const pod = { metadata: { name: 'p', namespace: 'ns', uid: 'u' }, spec: {} } as Pod
  const named = (name: string) => ({ name, ephemeral: { volumeClaimTemplate: template } }) as never
  const owned = (uid: string) => ({ metadata: { name: 'p-x', namespace: 'ns', ownerReferences: [{ controller: true, uid }] } }) as never
  const made = (plan: Plan) =>
    (plan.actions ?? []).map((action) => (action as never as { object: PersistentVolumeClaim }).object.metadata.name)
  test.each<[string, { volume: never; claim: PersistentVolumeClaim | undefined }[], string[], string | undefined]>([
    ['none', [], [], undefined],
    ['are made', [{ volume: named('x'), claim: undefined }], ['p-x'], undefined],
    [
      'are made, each',
      [
        { volume: named('x'), claim: undefined },
        { volume: named('y'), claim: undefined },
      ],
      ['p-x', 'p-y'],
      undefined,
    ],
    ['are there', [{ volume: named('x'), claim: owned('u') }], [], undefined],
    [
      'are somebody else’s',
      [
        { volume: named('x'), claim: owned('other') },
        { volume: named('y'), claim: undefined },
      ],
      [],
      'ephemeral volume x: PVC ns/p-x was not created for pod ns/p (pod is not owner)',
    ],
  ])('%s', (_name, volumes, expected, message) => {
    const plan = reconcileEphemeralVolumes({ pod, volumes })
    expect(made(plan)).toEqual(expected)
    expect(plan.events?.[0]?.message).toBe(message)
    if (expected.length > 0) {
      expect((plan.actions![0] as never as { object: object }).object).toEqual({
        metadata: {
          name: 'p-x',
          namespace: 'ns',
          ...template.metadata,
          ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u', controller: true, blockOwnerDeletion: true }],
        },
        spec: template.spec,
      })
    }
  })
})

test('a volume of a class of some places is in one of them', () => {
  const places = {
    metadata: { name: 's' },
    provisioner: 'coracle.dev/simulated',
    allowedTopologies: [{ matchLabelExpressions: [{ key: 'zone', values: ['a', 'b'] }] }],
  } as never as StorageClass
  const node = (zone: string) => ({ metadata: { labels: { zone } } }) as never
  const zones = (given: never | undefined) => {
    const create = provision(claim(wants('1Gi')), places, given).actions!.find(({ verb }) => verb === 'create')
    return (create as never as { object: PersistentVolume }).object.spec!.nodeAffinity?.required?.nodeSelectorTerms
  }
  expect(zones(undefined)).toEqual([{ matchExpressions: [{ key: 'zone', operator: 'In', values: ['a', 'b'] }] }])
  expect(zones(node('b'))).toEqual([{ matchExpressions: [{ key: 'zone', operator: 'In', values: ['b'] }] }])
})
