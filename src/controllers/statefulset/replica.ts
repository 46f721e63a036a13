/** What one pod of a set needs next. Upstream: stateful_set_control.go processReplica, processCondemned. */
import type { Pod, StatefulSet } from '../../api/types.gen.ts'
import type { Action, PlannedEvent } from '../../runtime/plan.ts'
import { isPodAvailable, isPodTerminal } from '../pods/pod-state.ts'
import { type ClaimsByName, createMissingClaims, fixClaimOwners, goingClaim, staleClaim } from './claims.ts'
import { podDoneEvent, podFailedEvent } from './events.ts'
import { hasIdentity, hasStorage, isRunningAndReady, isTerminating, podName } from './identity.ts'
import { newPod } from './new-pod.ts'
import { createPod, deletePod, repairPod } from './pods.ts'
import type { SetRevisions } from './revisions.ts'

export interface Step {
  readonly actions: readonly Action[]
  readonly events?: readonly PlannedEvent[]
  /** In order, the pods after this one have to wait. */
  readonly isBlocking: boolean
  /** Nothing more can be done, in whatever order. */
  readonly isFault?: boolean
  readonly waitingOn?: string
}

export interface Situation {
  readonly set: StatefulSet
  readonly revisions: SetRevisions
  readonly claims: ClaimsByName
  readonly now: number
  /** One after the other, each when its predecessors are available. */
  readonly isOrdered: boolean
  /** How many replicas an update may have away at once; undefined when the field isn't in force. */
  readonly maxUnavailable: number | undefined
}

const DONE: Step = { actions: [], isBlocking: false }

/** For an ordinal the set is to have. `pod` is undefined when it isn't there. */
export function stepForReplica(situation: Situation, ordinal: number, pod: Pod | undefined): Step {
  const { set, isOrdered } = situation
  const name = podName(set, ordinal)
  if (pod === undefined) return stepForMissing(situation, ordinal)
  // Whatever the exit code: pods that a node's restart ended have Succeeded too, and the set has to have its replica.
  if (isPodTerminal(pod)) {
    const actions = isTerminating(pod) ? [] : [deletePod(set, pod)]
    return { actions, isBlocking: true, waitingOn: `pod ${name}, which ended, to go before it is created anew` }
  }
  const pending = pod.status?.phase === 'Pending' ? stepForPending(situation, pod) : DONE
  if (pending.isFault) return pending
  const waitingOn = isOrdered ? reasonToWait(situation, pod) : undefined
  if (waitingOn !== undefined) return { ...pending, isBlocking: true, waitingOn }
  return join(pending, stepForStanding(situation, pod))
}

function stepForMissing(situation: Situation, ordinal: number): Step {
  const { set, revisions, claims, isOrdered } = situation
  const name = podName(set, ordinal)
  const identity = { metadata: { name } }
  const stale = staleClaim(set, identity, claims)
  if (stale !== undefined) {
    return { actions: [], isBlocking: true, waitingOn: `claim ${stale.metadata.name} to go with the earlier pod ${name}` }
  }
  const made = createMissingClaims(set, identity, claims)
  const going = goingClaim(set, identity, claims)
  if (going !== undefined)
    return claimGoing(going.metadata.name, made, [podFailedEvent('create', set, name, `pvc ${going.metadata.name} is being deleted`)])
  const owners = fixClaimOwners(set, identity, claims)
  return {
    actions: [...made, createPod(set, newPod(set, revisions, ordinal)), ...owners.actions],
    events: owners.events,
    isBlocking: isOrdered,
  }
}

/** A pod can't start without its claims, even if they went after it was created. */
function stepForPending({ set, claims }: Situation, pod: Pod): Step {
  const made = createMissingClaims(set, pod, claims)
  const going = goingClaim(set, pod, claims)
  if (going !== undefined) return claimGoing(going.metadata.name, made, [])
  const owners = fixClaimOwners(set, pod, claims)
  return { actions: [...made, ...owners.actions], events: owners.events, isBlocking: false }
}

function claimGoing(claim: string, actions: readonly Action[], events: readonly PlannedEvent[]): Step {
  return { actions, events, isBlocking: true, isFault: true, waitingOn: `claim ${claim}, which is being deleted, to go` }
}

function reasonToWait({ set, now }: Situation, pod: Pod): string | undefined {
  const { name } = pod.metadata
  if (isTerminating(pod)) return `pod ${name} to terminate`
  if (!isRunningAndReady(pod)) return `pod ${name} to be Running and Ready`
  if (!isPodAvailable(pod, set.spec.minReadySeconds, now)) return `pod ${name} to be Available`
  return undefined
}

/** Labels, volumes and claims of a pod that is there. */
function stepForStanding({ set, claims }: Situation, pod: Pod): Step {
  const { name } = pod.metadata
  const isRight = hasIdentity(set, pod) && hasStorage(set, pod)
  const isStarting = pod.status?.phase === 'Pending'
  const made = hasStorage(set, pod) ? [] : createMissingClaims(set, pod, claims)
  // Of a pending pod they are in order by now.
  const owners = isStarting ? { actions: [], events: [] } : fixClaimOwners(set, pod, claims)
  if (isRight && owners.actions.length === 0) return DONE
  // The pod is told to be updated once, however many of its claims were.
  const fixes: readonly Action[] = owners.actions.map((action, at) =>
    isRight && at === owners.actions.length - 1 ? { ...action, event: podDoneEvent('update', set, name) } : action,
  )
  return { actions: [...made, ...fixes, ...(isRight ? [] : [repairPod(set, pod)])], events: owners.events, isBlocking: false }
}

function join(first: Step, second: Step): Step {
  return {
    actions: [...first.actions, ...second.actions],
    events: [...(first.events ?? []), ...(second.events ?? [])],
    isBlocking: first.isBlocking || second.isBlocking,
  }
}

/** For a pod the set is to have no longer. `firstUnavailable` is the one that all others wait for. */
export function stepForCondemned(situation: Situation, pod: Pod, firstUnavailable: Pod | undefined): Step {
  const { set, isOrdered, now } = situation
  const { name } = pod.metadata
  if (isTerminating(pod)) return { actions: [], isBlocking: true, waitingOn: `pod ${name} to terminate` }
  if (isOrdered && pod !== firstUnavailable) {
    const blocker = firstUnavailable?.metadata.name ?? name
    if (!isRunningAndReady(pod)) return { actions: [], isBlocking: true, waitingOn: `pod ${blocker} to be Running and Ready` }
    if (!isPodAvailable(pod, set.spec.minReadySeconds, now))
      return { actions: [], isBlocking: true, waitingOn: `pod ${blocker} to be Available` }
  }
  return { actions: [deletePod(set, pod)], isBlocking: true, waitingOn: `pod ${name} to terminate` }
}
