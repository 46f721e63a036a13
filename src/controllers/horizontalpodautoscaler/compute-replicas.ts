import type { MetricSpec, MetricStatus } from '../../api/types.gen.ts'
import type { PlannedEvent } from '../../runtime/plan.ts'
import type { Verdict } from './conditions.ts'
import { type MetricFault, type MetricProposal, proposeReplicas, type Replicas } from './metric-proposal.ts'
import type { Scene } from './replica-calculator.ts'

/** What all metrics of an autoscaler say together. */
export interface Computed {
  /** What to scale to, and for which metric; undefined when nothing can be done for faults. */
  readonly proposal: { readonly replicas: number; readonly metric: string } | undefined
  /** One a metric; of one that failed only an empty type is told. */
  readonly statuses: MetricStatus[]
  /** About single metrics that failed. */
  readonly events: readonly PlannedEvent[]
  /** ScalingActive */
  readonly verdict: Verdict
  /** Of the first metric that failed; some others may do. */
  readonly error: string | undefined
}

/**
 * The most that any metric asks for. Where some fail the others count only if they want more than there is: a target isn't scaled
 * down on half of the knowledge. Upstream: computeReplicasForMetrics
 */
export function computeReplicas(metrics: readonly MetricSpec[], scene: Scene, replicas: Replicas): Computed {
  const outcomes = metrics.map((metric) => proposeReplicas(metric, scene, replicas))
  const faults = outcomes.filter((outcome): outcome is MetricFault => 'error' in outcome)
  const proposals = outcomes.filter((outcome): outcome is MetricProposal => 'status' in outcome)
  const statuses = outcomes.map((outcome): MetricStatus => ('status' in outcome ? outcome.status : { type: '' }))
  const events = faults.map(({ reason, message }): PlannedEvent => ({ type: 'Warning', reason, message }))
  let most: MetricProposal | undefined
  for (const proposal of proposals) if (most === undefined || most.replicas === 0 || proposal.replicas > most.replicas) most = proposal
  const [fault] = faults
  const error = fault && `invalid metrics (${faults.length} invalid out of ${metrics.length}), first error is: ${fault.error}`
  if (fault !== undefined && (most === undefined || most.replicas < replicas.spec)) {
    const message = `the HPA was unable to compute the replica count: ${fault.message}`
    const verdict: Verdict = { type: 'ScalingActive', status: 'False', reason: fault.reason, message }
    return { proposal: undefined, statuses, events, verdict, error }
  }
  const message = `the HPA was able to successfully calculate a replica count from ${most?.name ?? ''}`
  return {
    proposal: { replicas: most?.replicas ?? 0, metric: most?.name ?? '' },
    statuses,
    events,
    verdict: { type: 'ScalingActive', status: 'True', reason: 'ValidMetricFound', message },
    error,
  }
}
