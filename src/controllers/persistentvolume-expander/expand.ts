/** A claim's growth, a step at a time. Upstream: expand_controller.go, operation_generator.go expandAndRecoverFunction, nodeExpander */

import { PROVISIONED_BY, VOLUMES } from '../../api/core/v1/volume-annotations.ts'
import { compareQuantities } from '../../api/meta/quantity.ts'
import type { PersistentVolume, PersistentVolumeClaim, Pod, VolumeAttributesClass } from '../../api/types.gen.ts'
import type { Plan, PlannedEvent, ReconcileContext } from '../../runtime/plan.ts'
import { SIMULATED_PROVISIONER } from '../persistentvolume-binder/provision.ts'
import { conditionsWith, conditionsWithout, patchStatus } from './claim-status.ts'

const RESIZER_ANNOTATION = 'volume.kubernetes.io/storage-resizer'
const RESIZE_CONDITIONS = ['Resizing', 'FileSystemResizePending', 'ControllerResizeError', 'NodeResizeError']

export interface ObservedExpansion {
  /** Bound. */
  readonly claim: PersistentVolumeClaim
  /** Its volume. */
  readonly volume: PersistentVolume
  /** What the claim asks for by volumeAttributesClassName, if there is one. */
  readonly attributesClass: VolumeAttributesClass | undefined
  /** A pod that runs with it. */
  readonly mountedBy: Pod | undefined
}

export function isSimulated({ metadata }: PersistentVolume): boolean {
  return metadata.annotations?.[PROVISIONED_BY] === SIMULATED_PROVISIONER
}

/** undefined when the claim has what it asks for. */
export function reconcileExpansion(observed: ObservedExpansion, { now }: ReconcileContext): Plan | undefined {
  const { claim, volume } = observed
  const size = claim.spec.resources?.requests?.storage
  if (compareQuantities(size, claim.status?.capacity?.storage) <= 0) return undefined
  if (!isSimulated(volume)) {
    const message = 'waiting for an external controller to expand this PVC'
    return { events: [normal('ExternalExpanding', message)], waitingOn: message }
  }
  return compareQuantities(volume.spec?.capacity?.storage, size) < 0
    ? growVolume(observed, size!, now)
    : growFileSystem(observed, size!, now)
}

function normal(reason: string, message: string): PlannedEvent {
  return { type: 'Normal', reason, message }
}

/** First the claim says what is under way, so that it can be taken up again; then it is done. */
function growVolume({ claim, volume }: ObservedExpansion, storage: string, now: number): Plan {
  const { allocatedResources, allocatedResourceStatuses } = claim.status ?? {}
  const { name, uid, resourceVersion } = volume.metadata
  const isBegun = allocatedResourceStatuses?.storage === 'ControllerResizeInProgress' && allocatedResources?.storage === storage
  if (isBegun) {
    const patch = { metadata: { uid, resourceVersion }, spec: { capacity: { storage } } }
    return { actions: [{ verb: 'patch', target: { resource: VOLUMES, namespace: '', name }, patch }] }
  }
  const status = {
    conditions: conditionsWith(
      { ...claim, status: { ...claim.status, conditions: conditionsWithout(claim.status?.conditions, RESIZE_CONDITIONS.slice(1)) } },
      'Resizing',
      now,
    ),
    allocatedResources: { storage },
    allocatedResourceStatuses: { storage: 'ControllerResizeInProgress' },
  }
  const event = normal('Resizing', `External resizer is resizing volume ${name}`)
  return { actions: [patchStatus(claim, status, event, { [RESIZER_ANNOTATION]: SIMULATED_PROVISIONER })] }
}

/** A block device needs nothing more; a file system grows on a node where it is mounted. */
function growFileSystem({ claim, volume, mountedBy }: ObservedExpansion, storage: string, now: number): Plan {
  const done = {
    capacity: { storage },
    conditions: conditionsWithout(claim.status?.conditions, RESIZE_CONDITIONS),
    allocatedResources: { storage },
    allocatedResourceStatuses: null,
  }
  if (volume.spec?.volumeMode === 'Block') {
    return { actions: [patchStatus(claim, done, normal('VolumeResizeSuccessful', 'Resize volume succeeded'))] }
  }
  const message = 'Waiting for user to (re-)start a pod to finish file system resize of volume on node.'
  if (claim.status?.allocatedResourceStatuses?.storage !== 'NodeResizePending') {
    const status = {
      conditions: conditionsWith(claim, 'FileSystemResizePending', now, message),
      allocatedResources: { storage },
      allocatedResourceStatuses: { storage: 'NodeResizePending' },
    }
    return { actions: [patchStatus(claim, status, normal('FileSystemResizeRequired', 'Require file system resize of volume on node'))] }
  }
  if (mountedBy === undefined) return { waitingOn: message }
  const host = mountedBy.spec.nodeName!
  const event = {
    ...normal(
      'FileSystemResizeSuccessful',
      `MountVolume.NodeExpandVolume succeeded for volume ${JSON.stringify(volume.metadata.name)} ${host}`,
    ),
    source: { component: 'kubelet', host },
  }
  return { actions: [patchStatus(claim, done)], events: [{ ...event, about: mountedBy }, event] }
}
