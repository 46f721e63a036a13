import type { Pod } from '../../api/types.gen.ts'
import { isPodTerminal } from '../pods/pod-state.ts'
import { isTerminating, isUnavailable, podName, podRevision, startOrdinal } from './identity.ts'
import { deletePod } from './pods.ts'
import type { Situation, Step } from './replica.ts'

/**
 * From the highest ordinal down to the partition: the first pod of another revision goes, unless one before it is still
 * on its way. The next walk creates it anew. Upstream: the end of updateStatefulSet, with its gate for maxUnavailable off.
 * @param replicas by index; one that isn't there was planned to be created at its revision
 */
export function stepForUpdate(situation: Situation, replicas: readonly (Pod | undefined)[]): { step: Step; deleted?: Pod } {
  const { set, revisions, now } = situation
  const done: Step = { actions: [], isBlocking: false }
  if (set.spec.updateStrategy?.type === 'OnDelete') return { step: done }
  // Counted from the first replica, whatever its ordinal.
  const partition = set.spec.updateStrategy?.rollingUpdate?.partition ?? 0
  for (let index = replicas.length - 1; index >= partition; index--) {
    const pod = replicas[index]
    const name = podName(set, startOrdinal(set) + index)
    // One that ended is on its way already: see replica.ts.
    const isStanding = pod !== undefined && !isTerminating(pod) && !isPodTerminal(pod)
    if (isStanding && podRevision(pod) !== revisions.update.name) {
      return { step: { actions: [deletePod(set, pod)], isBlocking: true, waitingOn: `pod ${name} to terminate` }, deleted: pod }
    }
    if (pod === undefined || isUnavailable(pod, set, now)) {
      return { step: { ...done, isBlocking: true, waitingOn: `pod ${name} to be Available` } }
    }
  }
  return { step: done }
}
