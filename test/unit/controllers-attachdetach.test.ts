import { describe, expect, it } from 'vitest'
import { attachmentName } from '../../src/api/core/v1/attachable-volume.ts'
import type { Node, PersistentVolume, Pod, VolumeAttachment } from '../../src/api/types.gen.ts'
import type { ObservedAttachments, WantedVolume } from '../../src/controllers/attachdetach/observed-attachments.ts'
import { reconcileAttachments } from '../../src/controllers/attachdetach/reconcile.ts'
import { attach } from '../../src/controllers/csi-attacher/controller.ts'

const NOW = Date.parse('2026-01-01T00:00:00Z')
const MINUTE = 60_000
const NAME = 'kubernetes.io/csi/d.example.com^h'

const volume = (...accessModes: string[]) =>
  ({ metadata: { name: 'pv' }, spec: { accessModes, csi: { driver: 'd.example.com', volumeHandle: 'h' } } }) as unknown as PersistentVolume
const pod = (name: string, namespace = 'ns') => ({ metadata: { name, namespace } }) as unknown as Pod
const attachment = (status: object = { attached: true }, metadata: object = {}) =>
  ({
    metadata: { name: 'csi-x', uid: 'u', ...metadata },
    spec: { attacher: 'd.example.com', nodeName: 'n', source: { persistentVolumeName: 'pv' } },
    status,
  }) as unknown as VolumeAttachment
const node = ({ ready = 'True', attached = [NAME], inUse = [] as string[], taints = [] as string[] } = {}) =>
  ({
    metadata: { name: 'n', uid: 'nu', resourceVersion: '7' },
    spec: { taints: taints.map((key) => ({ key, effect: 'NoExecute' })) },
    status: {
      conditions: [{ type: 'Ready', status: ready }],
      volumesAttached: attached.map((name) => ({ name, devicePath: '' })),
      volumesInUse: inUse,
    },
  }) as unknown as Node
const wanted = (more: Partial<WantedVolume> = {}): WantedVolume => ({
  name: NAME,
  volume: volume('ReadWriteOnce'),
  pods: [pod('a')],
  attachment: undefined,
  otherNodes: [],
  otherPods: [],
  ...more,
})

function decide(given: Partial<ObservedAttachments>, now = NOW) {
  const observed = { nodeName: 'n', node: node(), wanted: [], unwanted: [], unwantedSince: new Map(), told: new Set<string>(), ...given }
  const { plan, unwantedSince, told } = reconcileAttachments(observed, now)
  const did = (plan.actions ?? []).map((action) => {
    if (action.verb === 'patch') {
      const { volumesAttached } = (action.patch as { status: { volumesAttached: { name: string }[] | null } }).status
      return `report ${volumesAttached?.map(({ name }) => name).join() ?? 'none'}`
    }
    return action.verb === 'create'
      ? `attach ${(action.object as VolumeAttachment).spec.nodeName}`
      : `detach ${action.verb === 'delete' && action.target.name}`
  })
  const events = (plan.events ?? []).map(({ reason, message, about }) => `${about?.metadata.name} ${reason}: ${message}`)
  return { did, events, requeueAfterMs: plan.requeueAfterMs, unwantedSince, told }
}

const SUCCESS = 'a SuccessfulAttachVolume: AttachVolume.Attach succeeded for volume "pv" '
const unwanted = [{ attachment: attachment(), volume: volume('ReadWriteOnce') }]
const other = 'node.kubernetes.io/out-of-disk'

describe('a node', () => {
  it.each<{ name: string; given: Partial<ObservedAttachments>; now?: number; did?: string[]; events?: string[]; requeueAfterMs?: number }>([
    { name: 'with nothing to do', given: { node: node({ attached: [] }) } },
    { name: 'that wants a volume', given: { node: node({ attached: [] }), wanted: [wanted()] }, did: ['attach n'] },
    {
      name: 'whose volume is asked for',
      given: { node: node({ attached: [] }), wanted: [wanted({ attachment: attachment({ attached: false }) })] },
    },
    {
      name: 'whose volume is attached',
      given: { node: node({ attached: ['kubernetes.io/csi/x^y'] }), wanted: [wanted({ attachment: attachment() })] },
      did: [`report ${NAME}`],
      events: [SUCCESS],
    },
    {
      name: 'whose volume is attached, of two pods',
      given: { node: node({ attached: [] }), wanted: [wanted({ attachment: attachment(), pods: [pod('a'), pod('b')] })] },
      did: [`report ${NAME}`],
      events: [SUCCESS, SUCCESS.replace('a ', 'b ')],
    },
    { name: 'that has what it wants', given: { wanted: [wanted({ attachment: attachment() })] } },
    { name: 'whose attachment is going', given: { wanted: [wanted({ attachment: attachment({}, { deletionTimestamp: 'x' }) })] } },
    {
      name: 'whose volume is attached no more',
      given: { wanted: [wanted({ attachment: attachment({ attached: false }) })] },
      did: ['report none'],
    },
    { name: 'that is done with a volume', given: { unwanted }, did: ['report none', 'detach csi-x'] },
    { name: 'that has it mounted', given: { unwanted, node: node({ inUse: [NAME] }) } },
    { name: 'that has it mounted for ever', given: { unwanted, node: node({ inUse: [NAME] }) }, now: NOW + 60 * MINUTE },
    {
      name: 'that has it mounted and is not ready',
      given: { unwanted, node: node({ inUse: [NAME], ready: 'Unknown' }) },
      requeueAfterMs: 6 * MINUTE,
    },
    {
      name: 'that has it mounted and is not ready, later',
      given: { unwanted, node: node({ inUse: [NAME], ready: 'Unknown' }) },
      now: NOW + 5 * MINUTE,
      requeueAfterMs: MINUTE,
    },
    {
      name: 'that has it mounted and is not ready, too long',
      given: { unwanted, node: node({ inUse: [NAME], ready: 'False' }) },
      now: NOW + 6 * MINUTE,
      did: ['report none', 'detach csi-x'],
    },
    {
      name: 'that is out of service',
      given: { unwanted, node: node({ inUse: [NAME], taints: ['node.kubernetes.io/out-of-service'] }) },
      did: ['report none', 'detach csi-x'],
    },
    { name: 'that has another taint', given: { unwanted, node: node({ inUse: [NAME], taints: [other] }) } },
    { name: 'that is gone', given: { unwanted, node: undefined }, requeueAfterMs: 6 * MINUTE },
    { name: 'that is gone for long', given: { unwanted, node: undefined }, now: NOW + 6 * MINUTE, did: ['detach csi-x'] },
    {
      name: 'whose unwanted attachment never came to pass',
      given: { unwanted: [{ attachment: attachment({ attached: false }), volume: volume() }], node: node({ attached: [] }) },
      did: ['detach csi-x'],
    },
    {
      name: 'whose unwanted attachment is going',
      given: { unwanted: [{ attachment: attachment({}, { deletionTimestamp: 'x' }), volume: volume() }], node: node({ attached: [] }) },
    },
    { name: "that says it has what isn't attached", given: {}, did: ['report none'] },
    {
      name: 'whose volume is gone, but mounted',
      given: {
        unwanted: [{ attachment: attachment({}, { name: attachmentName('d.example.com', 'h', 'n') }), volume: undefined }],
        node: node({ inUse: [NAME] }),
      },
    },
    {
      name: 'whose volume is gone, and known to nobody',
      given: { unwanted: [{ attachment: attachment(), volume: undefined }], node: node({ inUse: [NAME], attached: [] }) },
      did: ['detach csi-x'],
    },
    {
      name: 'whose attaching fails',
      given: {
        node: node({ attached: [] }),
        wanted: [wanted({ attachment: attachment({ attached: false, attachError: { message: 'why', time: 't' } }) })],
      },
      events: ['a FailedAttachVolume: AttachVolume.Attach failed for volume "pv" : why'],
    },
    {
      name: 'that asks for what may be attached often',
      given: { node: node({ attached: [] }), wanted: [wanted({ volume: volume('ReadWriteOnce', 'ReadOnlyMany'), otherNodes: ['m'] })] },
      did: ['attach n'],
    },
    {
      name: 'that asks for what says nothing of it',
      given: { node: node({ attached: [] }), wanted: [wanted({ volume: volume(), otherNodes: ['m'] })] },
      did: ['attach n'],
    },
  ])('$name', ({ given, now, did = [], events = [], requeueAfterMs }) => {
    const outcome = decide({ unwantedSince: new Map(now === undefined ? [] : [[NAME, NOW]]), ...given }, now)
    expect(outcome).toMatchObject({
      did,
      events,
      requeueAfterMs,
    })
  })

  it('forgets since when a volume was unwanted once it is wanted', () => {
    const busy = node({ inUse: [NAME], ready: 'False' })
    expect([...decide({ unwanted, node: busy }).unwantedSince]).toEqual([[NAME, NOW]])
    const again = decide(
      { wanted: [wanted({ attachment: attachment() })], unwantedSince: new Map([[NAME, NOW]]), node: busy },
      NOW + MINUTE,
    )
    expect([...again.unwantedSince]).toEqual([])
  })
})

describe('a volume that another node has', () => {
  const PREFIX = 'a FailedAttachVolume: Multi-Attach error for volume "pv" '
  it.each<{ name: string; otherPods: Pod[]; message: string }>([
    { name: 'for no pod', otherPods: [], message: "Volume is already exclusively attached to one node and can't be attached to another" },
    { name: 'for pods of the namespace', otherPods: [pod('x'), pod('y')], message: 'Volume is already used by pod(s) x, y' },
    {
      name: 'for pods of others',
      otherPods: [pod('x', 'o'), pod('y', 'p')],
      message: 'Volume is already used by 2 pod(s) in different namespaces',
    },
    {
      name: 'for pods of both',
      otherPods: [pod('x', 'o'), pod('y'), pod('z', 'o')],
      message: 'Volume is already used by pod(s) y and 2 pod(s) in different namespaces',
    },
  ])('$name', ({ otherPods, message }) => {
    const given = { node: node({ attached: [] }), wanted: [wanted({ otherNodes: ['m'], otherPods })] }
    const { did, events, told } = decide(given)
    expect([did, events]).toEqual([[], [PREFIX + message]])
    expect(decide({ ...given, told }).events).toEqual([])
  })
})

it('another error of an attacher is told of again', () => {
  const failing = (time: string) => ({
    node: node({ attached: [] }),
    wanted: [wanted({ attachment: attachment({ attached: false, attachError: { message: 'why', time } }) })],
  })
  const { told } = decide(failing('1'))
  expect(decide({ ...failing('1'), told }).events).toEqual([])
  expect(decide({ ...failing('2'), told }).events).toHaveLength(1)
})

it.each<{ name: string; annotations?: object; given?: VolumeAttachment; of?: PersistentVolume | undefined; status?: unknown }>([
  { name: 'attaches', status: { attached: true } },
  { name: 'leaves what is attached', given: attachment() },
  { name: 'leaves what goes', given: attachment({ attached: false }, { deletionTimestamp: 'x' }) },
  {
    name: 'fails',
    annotations: { 'coracle.dev/fail-attach': 'why' },
    status: { attached: false, attachError: { message: 'why', time: '2026-01-01T00:00:00Z' } },
  },
  {
    name: 'fails once',
    annotations: { 'coracle.dev/fail-attach': 'why' },
    given: attachment({ attached: false, attachError: { message: 'why' } }),
  },
  { name: 'leaves what has no volume', of: undefined },
])('the attacher $name', (row) => {
  const known = { ...volume(), metadata: { name: 'pv', annotations: row.annotations } } as unknown as PersistentVolume
  const plan = attach({ attachment: row.given ?? attachment({ attached: false }), volume: 'of' in row ? row.of : known }, NOW)
  expect((plan.status as VolumeAttachment | undefined)?.status).toEqual(row.status)
})
