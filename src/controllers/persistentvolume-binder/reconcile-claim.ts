/** Finds a claim its volume. Upstream: pv_controller.go syncClaim */

import { classOf, isReservedFor } from '../../api/core/v1/claim-facts.ts'
import { findMatchingVolume, misfitOf } from '../../api/core/v1/match-volume.ts'
import { BIND_COMPLETED, BOUND_BY_CONTROLLER, CLAIMS, SELECTED_NODE } from '../../api/core/v1/volume-annotations.ts'
import type { Node, PersistentVolume, PersistentVolumeClaim, StorageClass } from '../../api/types.gen.ts'
import type { Plan, PlannedEvent } from '../../runtime/plan.ts'
import { bind, unboundStatus } from './bind.ts'
import { claimMigration, MIGRATED_TO } from './csi-migration.ts'
import type { CloneSource } from './data-source.ts'
import { provision } from './provision.ts'

export interface ObservedClaim {
  readonly claim: PersistentVolumeClaim
  /** The volume it names. */
  readonly named: PersistentVolume | undefined
  /** Volumes it might be given: free ones of its class, and those that refer to it. */
  readonly candidates: readonly PersistentVolume[]
  readonly storageClass: StorageClass | undefined
  /** The class for claims that name none, when this is one. */
  readonly defaultClass?: StorageClass | undefined
  /** Where its first consumer was placed, if it was and that node is known. */
  readonly selectedNode: Node | undefined
  /** What it is a clone of. */
  readonly clone?: CloneSource | undefined
  /** Names of the pods that use it and have no node yet. */
  readonly unscheduledPods: readonly string[]
}

export function reconcileClaim(observed: ObservedClaim): Plan {
  const migration = claimMigration(observed.claim)
  if (migration !== undefined) return annotate(observed.claim, migration)
  if (observed.claim.metadata.annotations?.[BIND_COMPLETED] !== undefined) return reconcileBound(observed)
  return observed.claim.spec.volumeName ? reconcileNamed(observed) : reconcileUnbound(observed)
}

function reconcileUnbound(observed: ObservedClaim): Plan {
  const { claim, candidates, storageClass, selectedNode } = observed
  const isSelected = claim.metadata.annotations?.[SELECTED_NODE] !== undefined
  const waits = storageClass?.volumeBindingMode === 'WaitForFirstConsumer'
  // Upstream's scheduler itself takes the volumes that suit the node it selects; here that is left to the binder.
  const volume = findMatchingVolume(claim, candidates, waits ? selectedNode : undefined, waits && !isSelected)
  if (volume !== undefined) return bind(claim, volume)
  // It was made before there was a default class, or admission would have set it. Upstream: assignDefaultStorageClass.
  if (observed.defaultClass !== undefined) return assignClass(claim, observed.defaultClass)
  const pending = unboundStatus(claim, 'Pending')
  if (waits && !isSelected) {
    const event = waitingEvent(observed)
    return { status: pending, events: [event], waitingOn: event.message }
  }
  if (classOf(claim) !== '') return provision(claim, storageClass, waits ? selectedNode : undefined, observed.clone)
  const message = 'no persistent volumes available for this claim and no storage class is set'
  return { status: pending, events: [{ type: 'Normal', reason: 'FailedBinding', message }], waitingOn: message }
}

function annotate({ metadata }: PersistentVolumeClaim, driver: string | null): Plan {
  const { namespace = '', name, uid, resourceVersion } = metadata
  const patch = { metadata: { uid, resourceVersion, annotations: { [MIGRATED_TO]: driver } } }
  return { actions: [{ verb: 'patch', target: { resource: CLAIMS, namespace, name }, patch }] }
}

function assignClass({ metadata }: PersistentVolumeClaim, { metadata: { name: storageClassName } }: StorageClass): Plan {
  const { namespace = '', name, uid, resourceVersion } = metadata
  const patch = { metadata: { uid, resourceVersion }, spec: { storageClassName } }
  return { actions: [{ verb: 'patch', target: { resource: CLAIMS, namespace, name }, patch }] }
}

/** Upstream: emitEventForUnboundDelayBindingClaim */
function waitingEvent({ unscheduledPods }: ObservedClaim): PlannedEvent {
  if (unscheduledPods.length === 0) {
    return { type: 'Normal', reason: 'WaitForFirstConsumer', message: 'waiting for first consumer to be created before binding' }
  }
  const names = `${unscheduledPods.length > 1 ? 'pods' : 'pod'} ${unscheduledPods.join(',')}`
  return { type: 'Normal', reason: 'WaitForPodScheduled', message: `waiting for ${names} to be scheduled` }
}

/** The claim asks for a certain volume. */
function reconcileNamed({ claim, named }: ObservedClaim): Plan {
  const pending = unboundStatus(claim, 'Pending')
  const { volumeName } = claim.spec
  if (named === undefined) return { status: pending, waitingOn: `volume ${volumeName} does not exist` }
  if (named.spec?.claimRef === undefined) {
    const misfit = misfitOf(claim, named)
    if (misfit === undefined) return bind(claim, named)
    const message = `Cannot bind to requested volume ${JSON.stringify(volumeName)}: ${misfit}`
    return { status: pending, events: [{ type: 'Warning', reason: 'VolumeMismatch', message }], waitingOn: message }
  }
  if (isReservedFor(named, claim)) return bind(claim, named)
  const message = `volume ${JSON.stringify(volumeName)} already bound to a different claim.`
  const told: Plan = { events: [{ type: 'Warning', reason: 'FailedBinding', message }], waitingOn: message }
  // Our own choice, and it is wrong: that should never be, so the claim stays as it is.
  return claim.metadata.annotations?.[BOUND_BY_CONTROLLER] !== undefined ? told : { ...told, status: pending }
}

function reconcileBound({ claim, named }: ObservedClaim): Plan {
  if (!claim.spec.volumeName) {
    return lost(claim, 'ClaimLost', 'Bound claim has lost reference to PersistentVolume. Data on the volume is lost!')
  }
  if (named === undefined) return lost(claim, 'ClaimLost', 'Bound claim has lost its PersistentVolume. Data on the volume is lost!')
  const uid = named.spec?.claimRef?.uid
  if (named.spec?.claimRef === undefined || uid === claim.metadata.uid) return bind(claim, named)
  return lost(claim, 'ClaimMisbound', 'Two claims are bound to the same volume, this one is bound incorrectly')
}

/** The event is about the change: a claim that is lost stays so. */
function lost(claim: PersistentVolumeClaim, reason: string, message: string): Plan {
  if (claim.status?.phase === 'Lost') return { waitingOn: message }
  return { status: unboundStatus(claim, 'Lost'), events: [{ type: 'Warning', reason, message }], waitingOn: message }
}
