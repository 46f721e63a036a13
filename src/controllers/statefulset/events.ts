/** What a set tells about its pods and claims, in upstream's words: the verb is capitalized there too. Upstream: stateful_pod_control.go recordPodEvent, recordClaimEvent. */
import type { StatefulSet } from '../../api/types.gen.ts'
import type { PlannedEvent } from '../../runtime/plan.ts'

type Verb = 'create' | 'update' | 'delete'

const TITLES: Readonly<Record<Verb, string>> = { create: 'Create', update: 'Update', delete: 'Delete' }

export function podDoneEvent(verb: Verb, set: StatefulSet, pod: string): PlannedEvent {
  return {
    type: 'Normal',
    reason: `Successful${TITLES[verb]}`,
    message: `${TITLES[verb]} Pod ${pod} in StatefulSet ${set.metadata.name} successful`,
  }
}

/** @param error when it is known; else the executor puts it after the message */
export function podFailedEvent(verb: Verb, set: StatefulSet, pod: string, error = ''): PlannedEvent {
  return {
    type: 'Warning',
    reason: `Failed${TITLES[verb]}`,
    message: `${TITLES[verb]} Pod ${pod} in StatefulSet ${set.metadata.name} failed error: ${error}`,
  }
}

export function claimMadeEvent(set: StatefulSet, pod: string, claim: string): PlannedEvent {
  return {
    type: 'Normal',
    reason: 'SuccessfulCreate',
    message: `Create Claim ${claim} Pod ${pod} in StatefulSet ${set.metadata.name} success`,
  }
}

export function claimFailedEvent(set: StatefulSet, pod: string, claim: string): PlannedEvent {
  return {
    type: 'Warning',
    reason: 'FailedCreate',
    message: `Create Claim ${claim} for Pod ${pod} in StatefulSet ${set.metadata.name} failed error: `,
  }
}
