/** Keeps a volume's phase, and reclaims it when its claim is gone. Upstream: pv_controller.go syncVolume, reclaimVolume */

import { hasSameMode } from '../../api/core/v1/claim-facts.ts'
import { BOUND_BY_CONTROLLER, FILES, PROVISIONED_BY, VOLUMES } from '../../api/core/v1/volume-annotations.ts'
import type { PersistentVolume, PersistentVolumeClaim } from '../../api/types.gen.ts'
import type { Action, Plan } from '../../runtime/plan.ts'
import { deletionFinalizers, isInTree, MIGRATED_TO, OWN_FINALIZER, successorOf, volumeMigration } from './csi-migration.ts'
import { SIMULATED_PROVISIONER } from './provision.ts'

export interface ObservedVolume {
  readonly volume: PersistentVolume
  /** The claim of the name in claimRef. */
  readonly claim: PersistentVolumeClaim | undefined
  /** Pods that haven't ended and use a claim of that name: what is of one that is gone may be in use yet. As `NAMESPACE/NAME`. */
  readonly users?: readonly string[]
}

type Phase = 'Available' | 'Bound' | 'Released' | 'Failed'

const HOST_PATH = 'kubernetes.io/host-path'
/** What the deleter of hostPath volumes, which is meant for tests, touches. */
const TEMPORARY = /^\/tmp\/.+/

export function reconcileVolume({ volume, claim: namesake, users = [] }: ObservedVolume): Plan {
  const [migration, finalizers] = [volumeMigration(volume), deletionFinalizers(volume)]
  if (migration !== undefined || finalizers !== undefined) return mark(volume, migration, finalizers)
  const reference = volume.spec?.claimRef
  // Reserved by a user for a claim that isn't there yet, or was given back to it.
  if (!reference?.uid) return withPhase(volume, 'Available')
  const claim = namesake?.metadata.uid === reference.uid ? namesake : undefined
  if (claim === undefined) return release(volume, users)
  if (!claim.spec.volumeName) return awaitClaim(volume, claim)
  if (claim.spec.volumeName === volume.metadata.name) return withPhase(volume, 'Bound')
  // The claim went to another volume.
  const isProvisioned = volume.metadata.annotations?.[PROVISIONED_BY] !== undefined
  return isProvisioned && volume.spec?.persistentVolumeReclaimPolicy === 'Delete' ? release(volume, users) : unbind(volume)
}

/** The claim's own reconcile completes the binding, unless it can't be done. */
function awaitClaim(volume: PersistentVolume, claim: PersistentVolumeClaim): Plan {
  const waitingOn = `claim ${claim.metadata.namespace}/${claim.metadata.name} is to take it`
  if (hasSameMode(claim, volume)) return { waitingOn }
  const mismatch = (volumeText: string, claimText: string) =>
    `Cannot bind PersistentVolume${volumeText} to requested PersistentVolumeClaim${claimText} due to incompatible volumeMode.`
  const warning = { type: 'Warning', reason: 'VolumeMismatch' } as const
  return {
    events: [
      { ...warning, message: mismatch('', ` ${JSON.stringify(claim.metadata.name)}`) },
      { ...warning, message: mismatch(` ${JSON.stringify(volume.metadata.name)}`, ''), about: claim },
    ],
    waitingOn,
  }
}

function release(volume: PersistentVolume, users: readonly string[]): Plan {
  const phase = volume.status?.phase
  if (phase !== 'Released' && phase !== 'Failed') return withPhase(volume, 'Released')
  switch (volume.spec?.persistentVolumeReclaimPolicy ?? 'Retain') {
    case 'Delete':
      return deleteVolume(volume)
    case 'Recycle':
      return recycle(volume, users)
    default:
      return { waitingOn: 'its claim is gone; the reclaim policy is to retain it' }
  }
}

/** No recycler pod is needed to wipe it: the volume is free at once. Upstream: recycleVolumeOperation */
function recycle(volume: PersistentVolume, users: readonly string[]): Plan {
  const { hostPath, nfs } = volume.spec ?? {}
  if (hostPath === undefined && nfs === undefined) return fail(volume, 'VolumeFailedRecycle', 'No recycler plugin found for the volume!')
  if (users.length > 0) {
    const message = `Volume is used by pods: ${users.join(',')}`
    return { events: [{ type: 'Normal', reason: 'VolumeFailedRecycle', message }], waitingOn: message }
  }
  return { ...unbind(volume, [FILES]), events: [{ type: 'Normal', reason: 'VolumeRecycled', message: 'Volume recycled' }] }
}

function deleteVolume(volume: PersistentVolume): Plan {
  const { name, uid, deletionTimestamp, finalizers = [] } = volume.metadata
  const isOwn = finalizers.includes(OWN_FINALIZER)
  if (deletionTimestamp !== undefined && !isOwn) return { waitingOn: 'it is being deleted' }
  const deleter = deleterOf(volume)
  if (deleter.fault !== undefined) return fail(volume, 'VolumeFailedDelete', deleter.fault)
  if (deleter.outside !== undefined) return { waitingOn: `${deleter.outside} is to delete it` }
  const target = { resource: VOLUMES, namespace: '', name }
  const left = { metadata: { uid, finalizers: finalizers.filter((each) => each !== OWN_FINALIZER) } }
  const actions: Action[] = isOwn ? [{ verb: 'patch', target, patch: left }] : []
  if (deletionTimestamp === undefined) actions.push({ verb: 'delete', target, preconditions: { uid } })
  return { actions }
}

interface Deleter {
  /** Who deletes it, when that isn't this controller. */
  readonly outside?: string
  /** Why nobody does. */
  readonly fault?: string
}

/** Who provisioned it, or else who knows its kind. Upstream: findDeletablePlugin */
function deleterOf({ metadata, spec }: PersistentVolume): Deleter {
  const provisioner = metadata.annotations?.[PROVISIONED_BY] ?? ''
  if (provisioner === SIMULATED_PROVISIONER) return {}
  if (provisioner !== '' && !isInTree(provisioner)) return { outside: provisioner }
  const successor = successorOf(provisioner)
  if (successor !== undefined) return { outside: successor }
  if (provisioner !== '' && provisioner !== HOST_PATH) return { fault: `no volume plugin matched name: ${provisioner}` }
  if (provisioner === '' && spec?.csi !== undefined) return { outside: spec.csi.driver }
  const path = spec?.hostPath?.path
  if (path === undefined) {
    const which = spec?.nfs === undefined ? 'no volume plugin matched' : 'no deletable volume plugin matched'
    return { fault: `error getting deleter volume plugin for volume ${JSON.stringify(metadata.name)}: ${which}` }
  }
  return TEMPORARY.test(path) ? {} : { fault: `host_path deleter only supports /tmp/.+ but received provided ${path}` }
}

function mark({ metadata }: PersistentVolume, driver: string | null | undefined, finalizers: readonly string[] | undefined): Plan {
  const { name, uid, resourceVersion } = metadata
  const annotations = driver === undefined ? {} : { annotations: { [MIGRATED_TO]: driver } }
  const patch = { metadata: { uid, resourceVersion, ...annotations, ...(finalizers && { finalizers }) } }
  return { actions: [{ verb: 'patch', target: { resource: VOLUMES, namespace: '', name }, patch }] }
}

function fail(volume: PersistentVolume, reason: string, message: string): Plan {
  if (volume.status?.phase === 'Failed') return { waitingOn: message }
  return { ...withPhase(volume, 'Failed', message), events: [{ type: 'Warning', reason, message }], waitingOn: message }
}

/** Takes back what the controller chose; what a user reserved stays reserved by name. */
function unbind(volume: PersistentVolume, dropped: readonly string[] = []): Plan {
  const { name, uid, resourceVersion, annotations } = volume.metadata
  const isOurChoice = annotations?.[BOUND_BY_CONTROLLER] !== undefined
  const without = [...dropped, ...(isOurChoice ? [BOUND_BY_CONTROLLER] : [])].filter((key) => annotations?.[key] !== undefined)
  const metadata = {
    uid,
    resourceVersion,
    ...(without.length > 0 && { annotations: Object.fromEntries(without.map((key) => [key, null])) }),
  }
  const patch = { metadata, spec: { claimRef: isOurChoice ? null : { uid: null } } }
  return { actions: [{ verb: 'patch', target: { resource: VOLUMES, namespace: '', name }, patch }] }
}

function withPhase(volume: PersistentVolume, phase: Phase, message?: string): Plan {
  if (volume.status?.phase === phase) return {}
  const { message: _message, reason: _reason, ...others } = volume.status ?? {}
  return { status: { ...volume, status: { ...others, phase, ...(message !== undefined && { message }) } } as PersistentVolume }
}
