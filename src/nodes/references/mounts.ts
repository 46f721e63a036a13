/**
 * The volumes of a pod before its containers may start: which can't be mounted yet, and when that is tried again.
 * Upstream: pkg/kubelet/volumemanager (populator, reconciler), operationexecutor, goroutinemap/exponentialbackoff.
 */
import { attachableName } from '../../api/core/v1/attachable-volume.ts'
import { isReachable } from '../../api/core/v1/match-volume.ts'
import type { PersistentVolume, PersistentVolumeClaim, Pod, Volume } from '../../api/types.gen.ts'
import type { PlannedEvent } from '../../runtime/plan.ts'
import { kubeletEvent } from '../kubelet-event.ts'
import { nextSync } from '../sync-retry.ts'
import type { Sources } from './sources.ts'
import { aggregated, volumeFiles } from './volume-files.ts'

/** A mount that failed is tried again after 500 ms, 1 s, 2 s … 2m2s. */
const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 122_000

const PROTECTION = 'kubernetes.io/pvc-protection'

/** What keeps the volumes of a pod from being mounted; all empty when nothing does. */
export interface MountFaults {
  /** Claims that can't be processed, by the volume's name. */
  readonly unprocessed: ReadonlyMap<string, string>
  /** What is told of mounts that fail, by the volume's name. */
  readonly failed: ReadonlyMap<string, string>
  /** Names of volumes that aren't attached to the node yet. */
  readonly unattached: readonly string[]
}

export function mountFaults(pod: Pod, sources: Sources): MountFaults {
  const unprocessed = new Map<string, string>()
  const failed = new Map<string, string>()
  const unattached: string[] = []
  const used = usedVolumes(pod)
  for (const volume of pod.spec.volumes ?? []) {
    const { name } = volume
    const use = used.get(name)
    // Upstream: a volume that no container uses is left alone.
    if (use === undefined) continue
    const claimName =
      volume.persistentVolumeClaim?.claimName ?? (volume.ephemeral === undefined ? undefined : `${pod.metadata.name}-${name}`)
    if (claimName === undefined) {
      const { faults } = volumeFiles(pod, volume, sources) ?? { faults: [] }
      if (faults.length > 0) failed.set(name, mountFailure('MountVolume.SetUp', name, aggregated(faults)))
      continue
    }
    const fault = claimFault(pod, volume, use, claimName, sources)
    if (fault !== undefined) {
      unprocessed.set(name, fault)
      continue
    }
    const stored = sources.volume(sources.claim(claimName)!.spec.volumeName!)!
    if (isToBeAttached(sources, stored)) unattached.push(name)
    else if (!isReachable(stored, sources.node())) {
      const step = use.isMounted ? 'MountVolume.NodeAffinity check' : 'MapVolume.NodeAffinity check'
      failed.set(name, mountFailure(step, stored.metadata.name, 'no matching NodeSelectorTerms'))
    }
  }
  return { unprocessed, failed, unattached }
}

export interface MountLook {
  /** The pod's mounts are done: its containers may start. */
  readonly isDone: boolean
  readonly events: readonly PlannedEvent[]
  /** When it is tried next, in milliseconds since the epoch. */
  readonly wakeAt: number | undefined
}

export interface MountTimes {
  /** When the pod's first sync was, in milliseconds since the epoch: all further tries follow from it. */
  readonly since: number
  readonly now: number
  /** When this was looked at before; undefined when that isn't known. */
  readonly lookedAt: number | undefined
  /** This is the first sync. */
  readonly isFirst: boolean
}

export function lookAtMounts(pod: Pod, sources: Sources, { since, now, lookedAt, isFirst }: MountTimes): MountLook {
  const isDue = (next: typeof nextTry) => isFirst || (lookedAt !== undefined && next(since, lookedAt) <= now)
  // Claims are looked up, and told of, with syncs of the pod; what else is mounted is tried in its own time. A try that finds all of it
  // there is enough, which may be a little before upstream's next sync.
  const hasClaims = pod.spec.volumes?.some(({ persistentVolumeClaim, ephemeral }) => persistentVolumeClaim ?? ephemeral) === true
  const isSync = hasClaims && isDue(nextSync)
  const isTry = isDue(nextTry)
  const wakeAt = Math.min(nextTry(since, now), hasClaims ? nextSync(since, now) : Number.POSITIVE_INFINITY)
  // After a restart of the process it is looked at, but what is still missing was told of before.
  const isUntold = !isFirst && lookedAt === undefined
  if (!isSync && !isTry && !isUntold) return { isDone: false, events: [], wakeAt }
  const { unprocessed, failed, unattached } = mountFaults(pod, sources)
  if (unprocessed.size + failed.size + unattached.length === 0) return { isDone: true, events: [], wakeAt: undefined }
  const events: PlannedEvent[] = []
  const warn = (message: string) => events.push(kubeletEvent(pod, 'Warning', 'FailedMount', message))
  if (isTry) for (const message of failed.values()) warn(message)
  if (isSync && unprocessed.size > 0) {
    const unmounted = list([...unprocessed.keys(), ...failed.keys(), ...unattached])
    const why = [...new Set(unprocessed.values())].sort().join('; ')
    warn(
      `Unable to attach or mount volumes: unmounted volumes=${unmounted}, unattached volumes=${list(unattached)}, ` +
        `failed to process volumes=${list([...unprocessed.keys()])}: ${why}`,
    )
  }
  return { isDone: false, events, wakeAt }
}

function nextTry(since: number, after: number): number {
  let at = since
  let pause = FIRST_PAUSE_MS
  while (at <= after && pause < LONGEST_PAUSE_MS) {
    at += pause
    pause = Math.min(2 * pause, LONGEST_PAUSE_MS)
  }
  return at > after ? at : at + (Math.floor((after - at) / LONGEST_PAUSE_MS) + 1) * LONGEST_PAUSE_MS
}

/** How each volume is used: as a file system, as a device, or as both. Upstream: pkg/volume/util GetPodVolumeNames. */
function usedVolumes({ spec }: Pod): Map<string, { isMounted: boolean; isDevice: boolean }> {
  const used = new Map<string, { isMounted: boolean; isDevice: boolean }>()
  const use = (name: string) => {
    const known = used.get(name) ?? { isMounted: false, isDevice: false }
    used.set(name, known)
    return known
  }
  for (const container of [...(spec.initContainers ?? []), ...spec.containers, ...(spec.ephemeralContainers ?? [])]) {
    for (const { name } of container.volumeMounts ?? []) use(name).isMounted = true
    for (const { name } of container.volumeDevices ?? []) use(name).isDevice = true
  }
  return used
}

type Use = { readonly isMounted: boolean; readonly isDevice: boolean }

/** Upstream: desired_state_of_world_populator.go createVolumeSpec, getPVCExtractPV, getPVSpec. */
function claimFault(
  pod: Pod,
  { name, ephemeral }: Volume,
  { isMounted, isDevice }: Use,
  claimName: string,
  sources: Sources,
): string | undefined {
  const processing = (why: string) => `error processing PVC ${pod.metadata.namespace}/${claimName}: ${why}`
  const claim = sources.claim(claimName)
  const unready = claimUnready(claim, claimName)
  if (unready !== undefined) return processing(unready)
  if (ephemeral !== undefined && !isOwned(claim!, pod)) {
    const { namespace, name: podName } = pod.metadata
    return `PVC ${namespace}/${claimName} was not created for pod ${namespace}/${podName} (pod is not owner)`
  }
  const volume = sources.volume(claim!.spec.volumeName!)
  const unbound = volumeUnbound(volume, claim!)
  if (unbound !== undefined) return processing(unbound)
  const mode = volume!.spec?.volumeMode ?? 'Filesystem'
  if (isMounted && mode !== 'Filesystem') return `volume ${name} has volumeMode ${mode}, but is specified in volumeMounts`
  if (isDevice && mode !== 'Block') return `volume ${name} has volumeMode ${mode}, but is specified in volumeDevices`
  return undefined
}

function claimUnready(claim: PersistentVolumeClaim | undefined, name: string): string | undefined {
  if (claim === undefined) return `failed to fetch PVC from API server: persistentvolumeclaims ${JSON.stringify(name)} not found`
  const { deletionTimestamp, finalizers = [] } = claim.metadata
  if (deletionTimestamp !== undefined && !finalizers.includes(PROTECTION)) return 'PVC is being deleted'
  if (claim.status?.phase !== 'Bound') return 'PVC is not bound'
  return claim.spec.volumeName ? undefined : 'PVC has empty pvc.Spec.VolumeName'
}

function volumeUnbound(volume: PersistentVolume | undefined, claim: PersistentVolumeClaim): string | undefined {
  const name = claim.spec.volumeName!
  if (volume === undefined) return `failed to fetch PV ${name} from API server: persistentvolumes ${JSON.stringify(name)} not found`
  const { claimRef } = volume.spec ?? {}
  if (claimRef === undefined) {
    return `found PV object ${name} but it has a nil pv.Spec.ClaimRef indicating it is not yet bound to the claim`
  }
  if (claimRef.uid === claim.metadata.uid) return undefined
  return `found PV object ${name} but its pv.Spec.ClaimRef.UID ${claimRef.uid ?? ''} does not point to claim.UID ${claim.metadata.uid}`
}

function isOwned({ metadata }: PersistentVolumeClaim, pod: Pod): boolean {
  return metadata.ownerReferences?.some(({ uid, controller }) => controller === true && uid === pod.metadata.uid) === true
}

/** It is attached before it is mounted, and its node doesn't say that it is. */
function isToBeAttached(sources: Sources, volume: PersistentVolume): boolean {
  const uniqueName = attachableName(volume, (driver) => sources.csiDriver(driver))
  return uniqueName !== undefined && sources.node()?.status?.volumesAttached?.some(({ name }) => name === uniqueName) !== true
}

/** A volume of a claim goes by its own name. Upstream: operation_executor.go generateVolumeMsg */
function mountFailure(step: string, volume: string, fault: string): string {
  return `${step} failed for volume ${JSON.stringify(volume)} : ${fault}`
}

/** As Go prints a slice. */
function list(names: readonly string[]): string {
  return `[${[...names].sort().join(' ')}]`
}
