import { timestamp } from '../../api/meta/time.ts'
import type { PersistentVolumeClaim, PersistentVolumeClaimCondition } from '../../api/types.gen.ts'
import type { Action, PlannedEvent } from '../../runtime/plan.ts'

/** A merge patch of the claim's status, at the revision it was observed at. */
export function patchStatus(
  { metadata }: PersistentVolumeClaim,
  status: Record<string, unknown>,
  event?: PlannedEvent,
  annotations?: Record<string, string>,
): Action {
  const { namespace, name, uid, resourceVersion } = metadata
  return {
    verb: 'patch',
    target: { resource: 'persistentvolumeclaims', namespace, name },
    subresource: 'status',
    patch: { metadata: { uid, resourceVersion, ...(annotations && { annotations }) }, status },
    ...(event && { event }),
  }
}

/** The claim's conditions with one of this type, or without. */
export function conditionsWith(
  { status }: PersistentVolumeClaim,
  type: string,
  now: number,
  message?: string,
): PersistentVolumeClaimCondition[] {
  const condition = { type, status: 'True', lastTransitionTime: timestamp(now), ...(message !== undefined && { message }) }
  const others = conditionsWithout(status?.conditions, [type])
  const known = status?.conditions?.find((each) => each.type === type && each.status === 'True')
  return [...others, known ?? condition]
}

export function conditionsWithout(
  conditions: readonly PersistentVolumeClaimCondition[] = [],
  types: readonly string[],
): PersistentVolumeClaimCondition[] {
  return conditions.filter(({ type }) => !types.includes(type))
}
