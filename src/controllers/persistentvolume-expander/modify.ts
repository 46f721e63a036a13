/** A claim's change to another VolumeAttributesClass. Upstream: the CSI external-resizer, pkg/modifycontroller */

import { SIMULATED_DRIVER } from '../../api/core/v1/attachable-volume.ts'
import { VOLUMES } from '../../api/core/v1/volume-annotations.ts'
import type { Plan, PlannedEvent, ReconcileContext } from '../../runtime/plan.ts'
import { conditionsWith, conditionsWithout, patchStatus } from './claim-status.ts'
import { isSimulated, type ObservedExpansion } from './expand.ts'

const MODIFYING = 'ModifyingVolume'

export function reconcileAttributes({ claim, volume, attributesClass }: ObservedExpansion, { now }: ReconcileContext): Plan {
  const { volumeAttributesClassName: target } = claim.spec
  const { currentVolumeAttributesClassName: current, modifyVolumeStatus } = claim.status ?? {}
  if (!target || target === current || !isSimulated(volume)) return {}
  if (attributesClass === undefined) {
    const message = `VAC ${target} does not exist.`
    const isTold = modifyVolumeStatus?.status === 'Pending' && modifyVolumeStatus.targetVolumeAttributesClassName === target
    const event: PlannedEvent = { type: 'Warning', reason: 'VolumeModifyFailed', message }
    const status = { modifyVolumeStatus: { targetVolumeAttributesClassName: target, status: 'Pending' } }
    return { actions: isTold ? [] : [patchStatus(claim, status, event)], waitingOn: message }
  }
  if (attributesClass.driverName !== SIMULATED_DRIVER) return { waitingOn: `driver ${attributesClass.driverName}` }
  const { name, uid, resourceVersion } = volume.metadata
  if (modifyVolumeStatus?.status !== 'InProgress' || modifyVolumeStatus.targetVolumeAttributesClassName !== target) {
    const status = {
      modifyVolumeStatus: { targetVolumeAttributesClassName: target, status: 'InProgress' },
      conditions: conditionsWith(claim, MODIFYING, now),
    }
    return {
      actions: [patchStatus(claim, status, normal('VolumeModify', `external resizer is modifying volume ${name} with vac ${target}`))],
    }
  }
  if (volume.spec?.volumeAttributesClassName !== target) {
    const patch = { metadata: { uid, resourceVersion }, spec: { volumeAttributesClassName: target } }
    return { actions: [{ verb: 'patch', target: { resource: VOLUMES, namespace: '', name }, patch }] }
  }
  const status = {
    currentVolumeAttributesClassName: target,
    modifyVolumeStatus: null,
    conditions: conditionsWithout(claim.status?.conditions, [MODIFYING]),
  }
  const event = normal('VolumeModifySuccessful', `external resizer modified volume ${name} with vac ${target} successfully`)
  return { actions: [patchStatus(claim, status, event)] }
}

function normal(reason: string, message: string): PlannedEvent {
  return { type: 'Normal', reason, message }
}
