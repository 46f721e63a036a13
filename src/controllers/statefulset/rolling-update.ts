/** Which pods of an older revision go next. Upstream: the end of stateful_set_control.go updateStatefulSet. */
import type { Pod, StatefulSet } from '../../api/types.gen.ts'
import { intOrPercent } from '../pods/int-or-percent.ts'
import { isPodTerminal } from '../pods/pod-state.ts'
import { isTerminating, isUnavailable, podName, podRevision, replicasOf, startOrdinal } from './identity.ts'
import { deletePod } from './pods.ts'
import type { Situation, Step } from './replica.ts'

/** By index, the lowest ordinal first; one that isn't there was planned to be created at its revision. */
type Replicas = readonly (Pod | undefined)[]

export interface UpdateStep {
  readonly step: Step
  readonly deleted: readonly Pod[]
}

const NOTHING: Step = { actions: [], isBlocking: false }

export function stepForUpdate(situation: Situation, replicas: Replicas): UpdateStep {
  const { updateStrategy } = situation.set.spec
  if (updateStrategy?.type === 'OnDelete') return { step: NOTHING, deleted: [] }
  // Counted from the first replica, whatever its ordinal.
  const partition = updateStrategy?.rollingUpdate?.partition ?? 0
  return situation.maxUnavailable === undefined
    ? replaceNext(situation, replicas, partition)
    : replaceSeveral(situation, replicas, partition, situation.maxUnavailable)
}

/** At least one, so that an update gets on. Upstream: getStatefulSetMaxUnavailable. */
export function maxUnavailableOf(set: StatefulSet): number {
  return Math.max(1, intOrPercent(set.spec.updateStrategy?.rollingUpdate?.maxUnavailable ?? 1, replicasOf(set), 'down'))
}

/**
 * From the highest ordinal down to the partition: the first pod of another revision goes, unless one before it is still
 * on its way. The next walk creates it anew.
 */
function replaceNext(situation: Situation, replicas: Replicas, partition: number): UpdateStep {
  const { set, revisions, now } = situation
  for (let index = replicas.length - 1; index >= partition; index--) {
    const pod = replicas[index]
    const name = podName(set, startOrdinal(set) + index)
    if (isStanding(pod) && podRevision(pod) !== revisions.update.name) return takeAway(situation, [pod])
    if (pod === undefined || isUnavailable(pod, set, now)) return waitFor(`pod ${name} to be Available`)
  }
  return { step: NOTHING, deleted: [] }
}

/**
 * From the highest ordinal down to the partition, as many as may be away besides those that are. Those below the partition
 * and those at the new revision count as away too. Upstream: updateStatefulSetAfterInvariantEstablished.
 */
function replaceSeveral(situation: Situation, replicas: Replicas, partition: number, maxUnavailable: number): UpdateStep {
  const { set, revisions, now } = situation
  const unavailable = replicas.filter((pod) => pod === undefined || isUnavailable(pod, set, now)).length
  const outdated = replicas.slice(partition).filter((pod) => pod === undefined || podRevision(pod) !== revisions.update.name)
  const going = outdated.filter(isStanding).reverse()
  if (going.length === 0) return { step: NOTHING, deleted: [] }
  if (unavailable >= maxUnavailable) return waitFor(`${unavailable} pods to be Available, as ${maxUnavailable} may be away`)
  return takeAway(situation, going.slice(0, maxUnavailable - unavailable))
}

/** One that ended is on its way already: see replica.ts. */
function isStanding(pod: Pod | undefined): pod is Pod {
  return pod !== undefined && !isTerminating(pod) && !isPodTerminal(pod)
}

function takeAway({ set }: Situation, pods: readonly Pod[]): UpdateStep {
  const waitingOn = `pod ${pods[0]!.metadata.name} to terminate`
  return { step: { actions: pods.map((pod) => deletePod(set, pod)), isBlocking: true, waitingOn }, deleted: pods }
}

function waitFor(waitingOn: string): UpdateStep {
  return { step: { ...NOTHING, isBlocking: true, waitingOn }, deleted: [] }
}
