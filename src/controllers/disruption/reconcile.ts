/**
 * How many pods of a PodDisruptionBudget may be disrupted now: those that are healthy beyond what is wanted.
 * Upstream: pkg/controller/disruption/disruption.go trySync.
 */
import { withCondition } from '../../api/meta/conditions.ts'
import { labelSelectorText } from '../../api/meta/label-selector-text.ts'
import { validateLabelSelector } from '../../api/meta/object-meta-validation.ts'
import { controllerOf } from '../../api/meta/owner-references.ts'
import { parseTimestamp, timestamp } from '../../api/meta/time.ts'
import type { OwnerReference, Pod, PodDisruptionBudget, PodDisruptionBudgetStatus } from '../../api/types.gen.ts'
import type { Plan, PlannedEvent } from '../../runtime/plan.ts'
import { intOrPercent } from '../pods/int-or-percent.ts'
import { isPodReady } from '../pods/pod-state.ts'
import type { OwnerScaleResult } from './owner-scale.ts'

export interface ObservedBudget {
  readonly budget: PodDisruptionBudget
  /** Those its selector picks. */
  readonly pods: readonly Pod[]
  readonly scaleOf: (owner: OwnerReference) => OwnerScaleResult
}

/** How long an evicted pod may take to be seen going; after that it is taken to stay. Upstream: DeletionTimeout */
const DELETION_TIMEOUT_MS = 2 * 60_000
const DISRUPTION_ALLOWED = 'DisruptionAllowed'

interface Expected {
  readonly expectedPods: number
  readonly desiredHealthy: number
  readonly hasUnmanaged: boolean
}

export function reconcileBudget({ budget, pods, scaleOf }: ObservedBudget, now: number): Plan {
  const [fault] = validateLabelSelector(budget.spec?.selector, 'spec.selector')
  if (fault !== undefined) return failSafe(budget, fault.detail, 'NoPods', 'Failed to get pods', now)
  const events: PlannedEvent[] = []
  if (pods.length === 0) events.push({ type: 'Normal', reason: 'NoPods', message: 'No matching pods found' })
  const expected = expectedCounts(budget, pods, scaleOf)
  if (typeof expected === 'string') {
    const plan = failSafe(budget, expected, 'CalculateExpectedPodCountFailed', 'Failed to calculate the number of expected pods', now)
    return { ...plan, events: [...events, ...plan.events!] }
  }
  if (expected.hasUnmanaged) events.push(unmanagedPods(budget))
  const disrupted = disruptedPods(budget, pods, now)
  const status = statusOf(budget, expected, countHealthy(pods, disrupted.pods, now), disrupted.pods, now)
  return {
    status: { ...budget, status } as PodDisruptionBudget,
    events: [...events, ...disrupted.events],
    ...(disrupted.recheckAt === undefined ? {} : { requeueAfterMs: disrupted.recheckAt - now }),
  }
}

/** No evictions until the fault is mended; the other counts stay as they were. Upstream: failSafe */
function failSafe(budget: PodDisruptionBudget, error: string, reason: string, what: string, now: number): Plan {
  const old = budget.status
  const { observedGeneration } = old ?? {}
  const conditions = withCondition(old?.conditions, {
    ...(observedGeneration ? { observedGeneration } : {}),
    type: DISRUPTION_ALLOWED,
    status: 'False',
    reason: 'SyncFailed',
    message: error,
    lastTransitionTime: timestamp(now),
  })
  const status = { currentHealthy: 0, desiredHealthy: 0, expectedPods: 0, ...old, disruptionsAllowed: 0, conditions }
  return {
    status: { ...budget, status } as PodDisruptionBudget,
    events: [{ type: 'Warning', reason, message: `${what}: ${error}` }],
    waitingOn: error,
  }
}

function statusOf(
  budget: PodDisruptionBudget,
  { expectedPods, desiredHealthy }: Expected,
  currentHealthy: number,
  disrupted: Readonly<Record<string, string>>,
  now: number,
): PodDisruptionBudgetStatus {
  // With no pods to be expected none may go either: the first ones that come are safe until they are counted.
  const disruptionsAllowed = expectedPods <= 0 ? 0 : Math.max(0, currentHealthy - desiredHealthy)
  const observedGeneration = budget.metadata.generation
  const conditions = withCondition(budget.status?.conditions, {
    ...(observedGeneration ? { observedGeneration } : {}),
    type: DISRUPTION_ALLOWED,
    ...(disruptionsAllowed > 0 ? { reason: 'SufficientPods', status: 'True' } : { reason: 'InsufficientPods', status: 'False' }),
    message: '',
    lastTransitionTime: timestamp(now),
  })
  return {
    ...(observedGeneration ? { observedGeneration } : {}),
    ...(Object.keys(disrupted).length === 0 ? {} : { disruptedPods: { ...disrupted } }),
    disruptionsAllowed,
    currentHealthy,
    desiredHealthy,
    expectedPods,
    conditions,
  }
}

/** An error text when a controller's scale can't be told. Upstream: getExpectedPodCount */
function expectedCounts({ spec }: PodDisruptionBudget, pods: readonly Pod[], scaleOf: ObservedBudget['scaleOf']): Expected | string {
  const { minAvailable, maxUnavailable } = spec ?? {}
  if (maxUnavailable === undefined && minAvailable === undefined) return { expectedPods: 0, desiredHealthy: 0, hasUnmanaged: false }
  // A count of pods needs nobody's scale, so that it serves for pods without a controller.
  if (maxUnavailable === undefined && typeof minAvailable === 'number') {
    return { expectedPods: pods.length, desiredHealthy: minAvailable, hasUnmanaged: false }
  }
  const scale = expectedScale(pods, scaleOf)
  if (typeof scale === 'string') return scale
  const { total, hasUnmanaged } = scale
  const desiredHealthy =
    maxUnavailable === undefined ? intOrPercent(minAvailable, total, 'up') : Math.max(0, total - intOrPercent(maxUnavailable, total, 'up'))
  return { expectedPods: total, desiredHealthy, hasUnmanaged }
}

/** What the pods' controllers want together. Upstream: getExpectedScale */
function expectedScale(pods: readonly Pod[], scaleOf: ObservedBudget['scaleOf']): { total: number; hasUnmanaged: boolean } | string {
  const asked = new Set<string>()
  const scales = new Map<string, number>()
  let hasUnmanaged = false
  for (const pod of pods) {
    const owner = controllerOf(pod)
    if (owner === undefined) {
      hasUnmanaged = true
      continue
    }
    if (asked.has(owner.uid)) continue
    const scale = scaleOf(owner)
    if (scale === undefined) return `found no controllers for pod ${JSON.stringify(pod.metadata.name)}`
    if ('error' in scale) return scale.error
    asked.add(owner.uid)
    scales.set(scale.uid, scale.replicas)
  }
  return { total: [...scales.values()].reduce((sum, replicas) => sum + replicas, 0), hasUnmanaged }
}

function countHealthy(pods: readonly Pod[], disrupted: Readonly<Record<string, string>>, now: number): number {
  const isExpectedToGo = (name: string) => parseTimestamp(disrupted[name]) + DELETION_TIMEOUT_MS > now
  return pods.filter((pod) => pod.metadata.deletionTimestamp === undefined && !isExpectedToGo(pod.metadata.name) && isPodReady(pod)).length
}

/** Evictions that are still to be seen through. Upstream: buildDisruptedPodMap */
function disruptedPods(
  { metadata: { namespace }, status }: PodDisruptionBudget,
  pods: readonly Pod[],
  now: number,
): { pods: Record<string, string>; events: PlannedEvent[]; recheckAt?: number } {
  const left: Record<string, string> = {}
  const events: PlannedEvent[] = []
  let recheckAt: number | undefined
  for (const pod of pods) {
    const since = status?.disruptedPods?.[pod.metadata.name]
    if (since === undefined || pod.metadata.deletionTimestamp !== undefined) continue
    const expectedAt = parseTimestamp(since) + DELETION_TIMEOUT_MS
    if (expectedAt < now) {
      // Upstream says the namespace twice.
      const message = `Pod was expected by PDB ${namespace}/${namespace} to be deleted but it wasn't`
      events.push({ type: 'Warning', reason: 'NotDeleted', message, about: pod })
      continue
    }
    left[pod.metadata.name] = since
    recheckAt = Math.min(recheckAt ?? Number.POSITIVE_INFINITY, expectedAt + 1)
  }
  return { pods: left, events, ...(recheckAt === undefined ? {} : { recheckAt }) }
}

function unmanagedPods({ spec }: PodDisruptionBudget): PlannedEvent {
  const message =
    `Pods selected by this PodDisruptionBudget (selector: ${labelSelectorText(spec?.selector)}) were found ` +
    'to be unmanaged. As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. ' +
    'To account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.'
  return { type: 'Warning', reason: 'UnmanagedPods', message }
}
