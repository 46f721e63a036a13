/** The steps of binding a claim and a volume, one at a time. Upstream: pv_controller.go bind */

import { claimRefPatch } from '../../api/core/v1/claim-facts.ts'
import { BIND_COMPLETED, BOUND_BY_CONTROLLER, CLAIMS, VOLUMES } from '../../api/core/v1/volume-annotations.ts'
import type { PersistentVolume, PersistentVolumeClaim } from '../../api/types.gen.ts'
import type { Plan } from '../../runtime/plan.ts'

/**
 * The next step: the volume comes to refer to the claim, then the claim to the volume, then the claim's status says so. The
 * volume's phase is its own reconcile's.
 */
export function bind(claim: PersistentVolumeClaim, volume: PersistentVolume): Plan {
  if (volume.spec?.claimRef?.uid !== claim.metadata.uid) {
    const target = { resource: VOLUMES, namespace: '', name: volume.metadata.name }
    return { actions: [{ verb: 'patch', target, patch: claimRefPatch(volume, claim) }] }
  }
  const annotations = claim.metadata.annotations ?? {}
  const isChosen = claim.spec.volumeName === volume.metadata.name
  if (isChosen && annotations[BIND_COMPLETED] !== undefined) return { status: boundStatus(claim, volume) }
  const { namespace = '', name, uid, resourceVersion } = claim.metadata
  const patch = {
    metadata: { uid, resourceVersion, annotations: { [BIND_COMPLETED]: 'yes', ...(isChosen ? {} : { [BOUND_BY_CONTROLLER]: 'yes' }) } },
    ...(isChosen ? {} : { spec: { volumeName: volume.metadata.name } }),
  }
  return { actions: [{ verb: 'patch', target: { resource: CLAIMS, namespace, name }, patch }] }
}

/** The size of a claim that is bound already may differ from its volume's on purpose: a file system still to be grown. */
function boundStatus(claim: PersistentVolumeClaim, { spec }: PersistentVolume): PersistentVolumeClaim {
  const { status } = claim
  const isNew = status?.phase !== 'Bound' || status.capacity?.storage === undefined
  return {
    ...claim,
    status: {
      ...status,
      phase: 'Bound',
      accessModes: spec?.accessModes,
      ...(isNew && { capacity: spec?.capacity }),
      ...(isNew && spec?.volumeAttributesClassName && { currentVolumeAttributesClassName: spec.volumeAttributesClassName }),
    },
  }
}

/** Without what only a bound claim has. */
export function unboundStatus(claim: PersistentVolumeClaim, phase: 'Pending' | 'Lost'): PersistentVolumeClaim {
  const { accessModes: _accessModes, capacity: _capacity, currentVolumeAttributesClassName: _class, ...others } = claim.status ?? {}
  return { ...claim, status: { ...others, phase } }
}
