/**
 * A pod on a node that was cut off from the network: its kubelet went on with what it knew, and tells of it when it is heard again.
 */
import type { ObjectMeta } from '../api/types.gen.ts'
import type { PlannedEvent } from '../runtime/plan.ts'
import { advancePod, type PodOnNode, type PodStep } from './pod-lifecycle.ts'

/** More than a container that crashes all the time takes in a day. */
const MAX_STEPS = 1000

/** @param since when the node was cut off, in milliseconds since the epoch */
export function catchUp(given: PodOnNode, since: number): PodStep {
  const { deletionTimestamp: _deletion, deletionGracePeriodSeconds: _grace, ...metadata } = given.pod.metadata
  let pod = { ...given.pod, metadata: metadata as ObjectMeta }
  const events: PlannedEvent[] = []
  let now: number | undefined = since
  for (let steps = 0; now !== undefined && now < given.now && steps < MAX_STEPS; steps++) {
    const step = advancePod({ ...given, pod, now })
    pod = { ...pod, ...(step.status === undefined ? {} : { status: step.status }) }
    events.push(...step.events)
    now = step.wakeAt === undefined ? undefined : Math.max(step.wakeAt, now + 1)
  }
  const last = advancePod({ ...given, pod: { ...given.pod, ...(pod.status === undefined ? {} : { status: pod.status }) } })
  return { ...last, events: [...events, ...last.events] }
}
