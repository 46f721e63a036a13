/**
 * Every so often asks an autoscaler's metrics how many replicas its target should have, and scales it as the rules allow.
 * Upstream: pkg/controller/podautoscaler/horizontal.go reconcileAutoscaler
 */
import { parseLabelSelector } from '../../api/meta/parse-label-selector.ts'
import { parseQuantity } from '../../api/meta/quantity.ts'
import type { Selector } from '../../api/meta/selectors.ts'
import { timestamp } from '../../api/meta/time.ts'
import type { ObjectRef } from '../../api/object.ts'
import type { AutoscalingV2HorizontalPodAutoscaler, MetricStatus, Pod } from '../../api/types.gen.ts'
import type { Plan, PlannedEvent, ReconcileContext, ScaleAction } from '../../runtime/plan.ts'
import { longestPeriod, normalizeByBehavior } from './behavior.ts'
import { computeReplicas } from './compute-replicas.ts'
import { type Conditions, type Verdict, withVerdict } from './conditions.ts'
import { firstMemory, type Memory, withoutLastScaling, withScaling } from './memory.ts'
import type { MetricsSource } from './metrics-source.ts'
import { normalize } from './normalize.ts'
import type { Tolerances } from './replica-calculator.ts'

export type Autoscaler = AutoscalingV2HorizontalPodAutoscaler

/** What is to be scaled, as its /scale says it. */
export interface ScaleTarget {
  readonly ref: ObjectRef
  readonly uid: string
  readonly specReplicas: number
  readonly statusReplicas: number
  /** As text; '' when it has none. */
  readonly selector: string
  readonly podsOf: (selector: Selector) => readonly Pod[]
  readonly metricsOf: (pods: readonly Pod[], now: number) => MetricsSource
}

export interface ObservedAutoscaler {
  readonly autoscaler: Autoscaler
  readonly target: ScaleTarget | { readonly error: string }
  /** Names of other autoscalers of the namespace that were last seen to scale one of these pods. */
  readonly rivalsOf: (pods: readonly Pod[]) => readonly string[]
}

type RivalsOf = ObservedAutoscaler['rivalsOf']

/** Upstream: --horizontal-pod-autoscaler-sync-period */
export const SYNC_PERIOD_MS = 15_000
/** Upstream: --horizontal-pod-autoscaler-tolerance */
const TOLERANCE = 0.1

interface Outcome {
  readonly conditions: Conditions
  readonly metrics: MetricStatus[] | undefined
  readonly events: readonly PlannedEvent[]
  /** undefined when nothing could be decided. */
  readonly desired: number | undefined
  /** Why it is scaled; undefined when it isn't. */
  readonly rescaleReason: string | undefined
  readonly memory: Memory
}

/** @param memory undefined when the autoscaler is seen for the first time. @returns also what is to be remembered */
export function reconcileAutoscaler(
  { autoscaler, target, rivalsOf }: ObservedAutoscaler,
  memory: Memory | undefined,
  { now, lastFailure }: Pick<ReconcileContext, 'now' | 'lastFailure'>,
): { readonly plan: Plan; readonly memory: Memory | undefined } {
  const before = autoscaler.status?.conditions ?? []
  if ('error' in target) {
    const message = `the HPA controller was unable to get the target's current scale: ${target.error}`
    const conditions = withVerdict(before, { type: 'AbleToScale', status: 'False', reason: 'FailedGetScale', message }, now)
    const events: PlannedEvent[] = [{ type: 'Warning', reason: 'FailedGetScale', message: target.error }]
    const status = { desiredReplicas: 0, ...autoscaler.status, conditions: [...conditions] }
    return { plan: { status: { ...autoscaler, status } as Autoscaler, events, requeueAfterMs: SYNC_PERIOD_MS, waitingOn: message }, memory }
  }
  const current = target.specReplicas
  const known = memory ?? firstMemory(current, now)
  const outcome = decide(autoscaler, target, rivalsOf, known, now)
  if (lastFailure?.action.verb === 'scale') {
    return { plan: afterFailedScale(autoscaler, current, outcome, lastFailure.message, now), memory: withoutLastScaling(known) }
  }
  const { conditions, metrics, events, desired, rescaleReason } = outcome
  if (rescaleReason === undefined || desired === undefined) {
    return {
      plan: { status: withStatus(autoscaler, current, desired, metrics, conditions), events, requeueAfterMs: SYNC_PERIOD_MS },
      memory: outcome.memory,
    }
  }
  const message = `the HPA controller was able to update the target scale to ${desired}`
  const scaled = withVerdict(conditions, { type: 'AbleToScale', status: 'True', reason: 'SucceededRescale', message }, now)
  const plan: Plan = {
    actions: [scaleAction(target, desired, rescaleReason)],
    status: withStatus(autoscaler, current, desired, metrics, scaled, timestamp(now)),
    events,
    requeueAfterMs: SYNC_PERIOD_MS,
  }
  return { plan, memory: remembered(autoscaler, outcome.memory, desired - current, now) }
}

function scaleAction({ ref, uid }: ScaleTarget, replicas: number, reason: string): ScaleAction {
  const what = `New size: ${replicas}; reason: ${reason}`
  return {
    verb: 'scale',
    target: ref,
    uid,
    replicas,
    event: { type: 'Normal', reason: 'SuccessfulRescale', message: what },
    failureEvent: { type: 'Warning', reason: 'FailedRescale', message: `${what}; error: ` },
  }
}

/** The scaling that failed was told of by its event: its figures are kept, and it is tried again at the next look. */
function afterFailedScale(autoscaler: Autoscaler, current: number, { conditions, metrics }: Outcome, error: string, now: number): Plan {
  const message = `the HPA controller was unable to update the target scale: ${error}`
  const failed = withVerdict(conditions, { type: 'AbleToScale', status: 'False', reason: 'FailedUpdateScale', message }, now)
  return { status: withStatus(autoscaler, current, undefined, metrics, failed), requeueAfterMs: SYNC_PERIOD_MS, waitingOn: message }
}

/** @param desired undefined leaves it as it was. Upstream: setStatus */
function withStatus(
  autoscaler: Autoscaler,
  current: number,
  desired: number | undefined,
  metrics: MetricStatus[] | undefined,
  conditions: Conditions,
  lastScaleTime = autoscaler.status?.lastScaleTime,
): Autoscaler {
  const status = {
    ...(lastScaleTime === undefined ? {} : { lastScaleTime }),
    ...(current === 0 ? {} : { currentReplicas: current }),
    desiredReplicas: desired ?? autoscaler.status?.desiredReplicas ?? 0,
    ...(metrics === undefined ? {} : { currentMetrics: metrics }),
    conditions: [...conditions],
  }
  return { ...autoscaler, status }
}

/** Upstream: storeScaleEvent */
function remembered({ spec: { behavior } }: Autoscaler, memory: Memory, change: number, now: number): Memory {
  if (behavior === undefined) return memory
  const longest = Math.max(longestPeriod(behavior.scaleUp), longestPeriod(behavior.scaleDown))
  return withScaling(memory, change, longest * 1000, now)
}

function decide(autoscaler: Autoscaler, target: ScaleTarget, rivalsOf: RivalsOf, memory: Memory, now: number): Outcome {
  const { minReplicas = 1, maxReplicas } = autoscaler.spec
  const current = target.specReplicas
  const message = "the HPA controller was able to get the target's current scale"
  const able: Verdict = { type: 'AbleToScale', status: 'True', reason: 'SucceededGetScale', message }
  const conditions = withVerdict(autoscaler.status?.conditions ?? [], able, now)
  const plain: Outcome = { conditions, metrics: undefined, events: [], desired: current, rescaleReason: undefined, memory }
  // To scale from zero is behind the gate HPAScaleToZero, which is off in 1.36: somebody else wants it there.
  if (current === 0) {
    const disabled = 'scaling is disabled since the replica count of the target is zero'
    const verdict: Verdict = { type: 'ScalingActive', status: 'False', reason: 'ScalingDisabled', message: disabled }
    return { ...plain, conditions: withVerdict(conditions, verdict, now) }
  }
  if (current > maxReplicas) return { ...plain, desired: maxReplicas, rescaleReason: 'Current number of replicas above Spec.MaxReplicas' }
  if (current < minReplicas) return { ...plain, desired: minReplicas, rescaleReason: 'Current number of replicas below Spec.MinReplicas' }
  return byMetrics(autoscaler, target, rivalsOf, plain, now)
}

function byMetrics(autoscaler: Autoscaler, target: ScaleTarget, rivalsOf: RivalsOf, start: Outcome, now: number): Outcome {
  const { spec, metadata } = autoscaler
  const selected = podsOf(autoscaler, target, rivalsOf)
  const failed = (error: string, verdict: Verdict, events: readonly PlannedEvent[], metrics?: MetricStatus[]): Outcome => ({
    ...start,
    conditions: withVerdict(start.conditions, verdict, now),
    metrics,
    events: [...events, { type: 'Warning', reason: 'FailedComputeMetricsReplicas', message: error }],
    desired: undefined,
  })
  if ('fault' in selected) {
    const { fault, event, message } = selected
    return failed(
      fault,
      { type: 'ScalingActive', status: 'False', reason: event === 'SelectorRequired' ? 'InvalidSelector' : event, message },
      [{ type: 'Warning', reason: event, message: fault }],
    )
  }
  const current = target.specReplicas
  const scene = {
    namespace: metadata.namespace ?? '',
    pods: selected.pods,
    metrics: target.metricsOf(selected.pods, now),
    tolerances: tolerancesOf(autoscaler),
    now,
  }
  const computed = computeReplicas(spec.metrics ?? [], scene, { spec: current, status: target.statusReplicas })
  const { proposal, statuses, events, verdict } = computed
  if (proposal === undefined) return failed(computed.error!, verdict, events, statuses)
  const bounds = { current, min: spec.minReplicas ?? 1, max: spec.maxReplicas }
  const normalized =
    spec.behavior === undefined
      ? normalize(start.memory, proposal.replicas, bounds, now)
      : normalizeByBehavior(start.memory, spec.behavior, proposal.replicas, bounds, now)
  const conditions = [verdict, ...normalized.verdicts].reduce((list: Conditions, next) => withVerdict(list, next, now), start.conditions)
  const isSame = normalized.replicas === current
  return {
    conditions,
    metrics: statuses,
    events,
    desired: normalized.replicas,
    rescaleReason: isSame ? undefined : reasonOf(proposal, current),
    memory: normalized.memory,
  }
}

/** It is about what the metrics asked for, whatever was made of that. */
function reasonOf({ replicas, metric }: { readonly replicas: number; readonly metric: string }, current: number): string {
  if (replicas > current) return `${metric} above target`
  return replicas < current ? 'All metrics below target' : ''
}

interface SelectorFault {
  readonly fault: string
  readonly event: 'SelectorRequired' | 'InvalidSelector' | 'AmbiguousSelector'
  /** Of ScalingActive. */
  readonly message: string
}

/** Pods that two autoscalers scale would be scaled by neither's metrics. Upstream: validateAndParseSelector */
function podsOf({ metadata }: Autoscaler, target: ScaleTarget, rivalsOf: RivalsOf): { readonly pods: readonly Pod[] } | SelectorFault {
  if (target.selector === '') {
    return { fault: 'selector is required', event: 'SelectorRequired', message: "the HPA target's scale is missing a selector" }
  }
  const selector = parsedSelector(target.selector)
  if (typeof selector === 'string') {
    const fault = `couldn't convert selector into a corresponding internal selector object: ${selector}`
    return { fault, event: 'InvalidSelector', message: fault }
  }
  const pods = target.podsOf(selector)
  const rivals = rivalsOf(pods)
  if (rivals.length === 0) return { pods }
  const names = [metadata.name, ...rivals].sort().map((name) => `{${name} ${metadata.namespace}}`)
  const fault = `pods by selector ${target.selector} are controlled by multiple HPAs: [${names.join(' ')}]`
  return { fault, event: 'AmbiguousSelector', message: fault }
}

/** A text says what is wrong with it. */
export function parsedSelector(text: string): Selector | string {
  try {
    return parseLabelSelector(text)
  } catch (error) {
    return (error as Error).message
  }
}

/** Upstream: tolerancesForHpa; the gate HPAConfigurableTolerance is on since 1.35. */
function tolerancesOf({ spec: { behavior } }: Autoscaler): Tolerances {
  const of = (tolerance: string | number | undefined) => {
    const quantity = tolerance === undefined ? undefined : parseQuantity(tolerance)
    return quantity === undefined ? TOLERANCE : Number(quantity.nano) / 1e9
  }
  return { scaleDown: of(behavior?.scaleDown?.tolerance), scaleUp: of(behavior?.scaleUp?.tolerance) }
}
