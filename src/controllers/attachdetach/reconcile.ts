/** Which volumes are attached to a node next, and which are detached. Upstream: attachdetach/reconciler/reconciler.go */
import { attachmentName } from '../../api/core/v1/attachable-volume.ts'
import type { AttachedVolume, Node, PersistentVolume, Pod, VolumeAttachment } from '../../api/types.gen.ts'
import type { Action, CreateAction, DeleteAction, Plan, PlannedEvent } from '../../runtime/plan.ts'
import { isNodeHealthy, type ObservedAttachments, type WantedVolume } from './observed-attachments.ts'

/** Upstream: ReconcilerMaxWaitForUnmountDuration: a node that isn't ready is given so long to let go of a volume. */
const LONGEST_UNMOUNT_MS = 6 * 60_000
const OUT_OF_SERVICE = 'node.kubernetes.io/out-of-service'
const ATTACHMENTS = 'volumeattachments.storage.k8s.io'

export interface Attachments {
  readonly plan: Plan
  readonly unwantedSince: ReadonlyMap<string, number>
  readonly told: ReadonlySet<string>
  /** Names of the volumes whose attachment the plan asks for. */
  readonly asked: readonly string[]
}

export function reconcileAttachments(observed: ObservedAttachments, now: number): Attachments {
  const { nodeName, node, wanted } = observed
  const told = new Set<string>()
  const events: PlannedEvent[] = []
  const creates: CreateAction[] = []
  const deletes: DeleteAction[] = []
  const waits: string[] = []
  const asked: string[] = []
  const before = node?.status?.volumesAttached ?? []
  const attached = new Map(before.map((each) => [each.name, each]))

  const unwantedSince = new Map<string, number>()
  let wakeAt = Number.POSITIVE_INFINITY
  for (const { name, attachment } of unwantedVolumes(observed)) {
    const since = observed.unwantedSince.get(name) ?? now
    unwantedSince.set(name, since)
    const patience = patienceWith(node, name, since, now)
    if (patience !== undefined) {
      waits.push(`node ${nodeName} to unmount ${name}`)
      wakeAt = Math.min(wakeAt, patience)
      continue
    }
    attached.delete(name)
    if (attachment?.metadata.deletionTimestamp === undefined && attachment !== undefined) deletes.push(deletion(attachment))
  }

  const tellOnce = (volume: WantedVolume, prefix: string, message: (pod: Pod) => string, again: string) => {
    const key = `${volume.name} ${prefix} ${again}`
    told.add(key)
    if (observed.told.has(key)) return
    for (const pod of volume.pods) events.push(attachEvent(pod, 'Warning', 'FailedAttachVolume', volume.volume, prefix, message(pod)))
  }
  for (const each of wanted) {
    const { name, volume, pods, attachment, otherNodes } = each
    if (attachment === undefined) {
      if (otherNodes.length > 0 && !isMultiAttachAllowed(volume)) {
        tellOnce(each, 'Multi-Attach error', (pod) => whoUsesIt(pod, each), '')
        waits.push(`volume ${volume.metadata.name}, which is attached to ${otherNodes.join(', ')}`)
      } else {
        creates.push(creation(nodeName, volume))
        asked.push(name)
      }
      continue
    }
    const { attached: isAttached = false, attachError } = attachment.status ?? {}
    if (attachment.metadata.deletionTimestamp !== undefined) continue
    if (isAttached && !attached.has(name)) {
      attached.set(name, { devicePath: '', name })
      for (const pod of pods) events.push(attachEvent(pod, 'Normal', 'SuccessfulAttachVolume', volume, 'AttachVolume.Attach succeeded', ''))
    }
    if (isAttached) continue
    attached.delete(name)
    waits.push(`the attacher ${attachment.spec.attacher}`)
    if (attachError !== undefined)
      tellOnce(each, 'AttachVolume.Attach failed', () => `: ${attachError.message ?? ''}`, attachError.time ?? '')
  }
  const reports = node === undefined ? [] : reportOf(node, before, [...attached.values()])
  const actions: Action[] = [...reports, ...deletes, ...creates]
  return {
    plan: {
      actions,
      events,
      ...(wakeAt === Number.POSITIVE_INFINITY ? {} : { requeueAfterMs: wakeAt - now }),
      ...(waits.length === 0 ? {} : { waitingOn: waits.join('; ') }),
    },
    unwantedSince,
    told,
    asked,
  }
}

interface UnwantedVolume {
  readonly name: string
  readonly attachment: VolumeAttachment | undefined
}

/** Those that are attached, and those that the node only says are. */
function unwantedVolumes({ nodeName, node, wanted, unwanted }: ObservedAttachments): UnwantedVolume[] {
  const reported = (node?.status?.volumesAttached ?? []).map(({ name }) => name)
  const found = unwanted.map(({ attachment, volume }) => ({ name: nameOf(attachment, volume, nodeName, reported), attachment }))
  const known = new Set([...found, ...wanted].map(({ name }) => name))
  return [...found, ...reported.filter((name) => !known.has(name)).map((name) => ({ name, attachment: undefined }))]
}

/** Of a volume that is gone the node may remember what it was. */
function nameOf(
  { metadata, spec }: VolumeAttachment,
  volume: PersistentVolume | undefined,
  nodeName: string,
  reported: readonly string[],
): string {
  const prefix = `kubernetes.io/csi/${spec.attacher}^`
  const csi = volume?.spec?.csi
  if (csi !== undefined) return prefix + csi.volumeHandle
  const isThat = (name: string) =>
    name.startsWith(prefix) && attachmentName(spec.attacher, name.slice(prefix.length), nodeName) === metadata.name
  return reported.find(isThat) ?? metadata.name
}

/** Until when the node is given time to unmount the volume, in milliseconds since the epoch; undefined when it may go now. */
function patienceWith(node: Node | undefined, name: string, since: number, now: number): number | undefined {
  // What a node that is gone had mounted isn't known any more.
  const isInUse = node === undefined || node.status?.volumesInUse?.includes(name) === true
  if (!isInUse || node?.spec.taints?.some(({ key }) => key === OUT_OF_SERVICE) === true) return undefined
  const until = since + LONGEST_UNMOUNT_MS
  if (isNodeHealthy(node)) return Number.POSITIVE_INFINITY
  return until <= now ? undefined : until
}

/** Upstream: pkg/volume/util IsMultiAttachAllowed. */
function isMultiAttachAllowed({ spec }: PersistentVolume): boolean {
  const modes = spec?.accessModes ?? []
  return modes.length === 0 || modes.some((mode) => mode === 'ReadWriteMany' || mode === 'ReadOnlyMany')
}

/** Names of pods are told to those of their namespace only. Upstream: reportMultiAttachError. */
function whoUsesIt(pod: Pod, { otherPods }: WantedVolume): string {
  if (otherPods.length === 0) return "Volume is already exclusively attached to one node and can't be attached to another"
  const near = otherPods.filter(({ metadata }) => metadata.namespace === pod.metadata.namespace).map(({ metadata }) => metadata.name)
  const far = otherPods.length - near.length
  const elsewhere = `${far} pod(s) in different namespaces`
  if (near.length === 0) return `Volume is already used by ${elsewhere}`
  return `Volume is already used by pod(s) ${near.join(', ')}${far > 0 ? ` and ${elsewhere}` : ''}`
}

/** Upstream: operation_executor.go generateVolumeMsg, whose text ends with a space when there is no more to say. */
function attachEvent(
  pod: Pod,
  type: PlannedEvent['type'],
  reason: string,
  { metadata }: PersistentVolume,
  prefix: string,
  text: string,
): PlannedEvent {
  return { type, reason, message: `${prefix} for volume ${JSON.stringify(metadata.name)} ${text}`, about: pod }
}

function creation(nodeName: string, { metadata, spec }: PersistentVolume): CreateAction {
  const { driver, volumeHandle } = spec!.csi!
  const object = {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'VolumeAttachment',
    metadata: { name: attachmentName(driver, volumeHandle, nodeName) },
    spec: { attacher: driver, nodeName, source: { persistentVolumeName: metadata.name } },
  }
  return { verb: 'create', resource: ATTACHMENTS, object }
}

function deletion({ metadata: { name, uid } }: VolumeAttachment): DeleteAction {
  return { verb: 'delete', target: { resource: ATTACHMENTS, namespace: '', name }, preconditions: { uid } }
}

function reportOf({ metadata }: Node, before: readonly AttachedVolume[], after: readonly AttachedVolume[]): Action[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return []
  const { name, uid, resourceVersion } = metadata
  const status = { volumesAttached: after.length === 0 ? null : after }
  return [
    {
      verb: 'patch',
      target: { resource: 'nodes', namespace: '', name },
      subresource: 'status',
      patch: { metadata: { uid, resourceVersion }, status },
    },
  ]
}
