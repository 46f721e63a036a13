/**
 * Which pods go first when there are too many: those whose loss hurts least.
 * Upstream: controller_utils.go ActivePodsWithRanks.Less and ActivePods.Less.
 */
import { parseTimestamp } from '../../api/meta/time.ts'
import type { Pod } from '../../api/types.gen.ts'
import { isPodActive, isPodReady, readySince } from './pod-state.ts'

const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost'
const PHASE_ORDER: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 }

/**
 * The pods in the order in which to delete them.
 * @param related pods whose nodes are to be relieved first: active ones of all siblings of the owner, and its own
 */
export function rankForDeletion(pods: readonly Pod[], related: readonly Pod[], now: number): Pod[] {
  const podsOnNode = new Map<string, number>()
  for (const pod of related) {
    if (!isPodActive(pod)) continue
    const node = pod.spec?.nodeName ?? ''
    podsOnNode.set(node, (podsOnNode.get(node) ?? 0) + 1)
  }
  const rank = (pod: Pod) => podsOnNode.get(pod.spec?.nodeName ?? '') ?? 0
  return [...pods].sort(
    (a, b) =>
      compareStanding(a, b) ||
      deletionCost(a) - deletionCost(b) ||
      rank(b) - rank(a) ||
      (isPodReady(a) && isPodReady(b) ? compareAge(readySince(a), readySince(b), a, b, now) : 0) ||
      compareRestarts(a, b) ||
      compareAge(createdAt(a), createdAt(b), a, b, now),
  )
}

/** A sort order for controllers that look at each pod alone (Jobs): neither deletion cost nor neighbours, and exact ages. */
export function compareActivePods(a: Pod, b: Pod): number {
  return (
    compareStanding(a, b) ||
    (isPodReady(a) && isPodReady(b) ? youngestFirst(readySince(a), readySince(b)) : 0) ||
    compareRestarts(a, b) ||
    youngestFirst(createdAt(a), createdAt(b))
  )
}

/** Unassigned before assigned, less far in its life first, not ready before ready. */
function compareStanding(a: Pod, b: Pod): number {
  return (
    Number(Boolean(a.spec?.nodeName)) - Number(Boolean(b.spec?.nodeName)) ||
    phaseOf(a) - phaseOf(b) ||
    Number(isPodReady(a)) - Number(isPodReady(b))
  )
}

function phaseOf(pod: Pod): number {
  return PHASE_ORDER[pod.status?.phase ?? ''] ?? 0
}

/** A 32-bit integer without a plus sign, or zeros before a positive one; anything else counts as 0. Upstream: helper GetDeletionCostFromPodAnnotations. */
function deletionCost(pod: Pod): number {
  const text = pod.metadata.annotations?.[DELETION_COST]
  if (text === undefined || !/^(?:0|-\d+|[1-9]\d*)$/.test(text)) return 0
  const cost = Number(text)
  return cost >= -2147483648 && cost <= 2147483647 ? cost : 0
}

function createdAt(pod: Pod): number | undefined {
  const time = parseTimestamp(pod.metadata.creationTimestamp)
  return Number.isNaN(time) ? undefined : time
}

/** Unknown times first, then the latest. */
function youngestFirst(a: number | undefined, b: number | undefined): number {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined)
  return b - a
}

/**
 * Youngest first by powers of two of their age, so that it isn't always the very youngest that goes: pods of about one age
 * are taken in the order of their uids, which is as good as chance. Equal times decide nothing.
 */
function compareAge(timeA: number | undefined, timeB: number | undefined, a: Pod, b: Pod, now: number): number {
  if (timeA === timeB) return 0
  if (timeA === undefined || timeB === undefined) return youngestFirst(timeA, timeB)
  return ageBucket(timeA, now) - ageBucket(timeB, now) || (a.metadata.uid < b.metadata.uid ? -1 : 1)
}

/** The logarithm is of nanoseconds. Upstream: logarithmicRankDiff. */
function ageBucket(time: number, now: number): number {
  return now > time ? Math.floor(Math.log2((now - time) * 1e6)) : -1
}

/** More restarts first: those of the containers, then those of the sidecars. */
function compareRestarts(a: Pod, b: Pod): number {
  return containerRestarts(b) - containerRestarts(a) || sidecarRestarts(b) - sidecarRestarts(a)
}

function containerRestarts(pod: Pod): number {
  return Math.max(0, ...(pod.status?.containerStatuses ?? []).map((status) => status.restartCount))
}

function sidecarRestarts(pod: Pod): number {
  const sidecars = new Set(
    pod.spec?.initContainers?.filter((container) => container.restartPolicy === 'Always').map((container) => container.name),
  )
  const statuses = (pod.status?.initContainerStatuses ?? []).filter((status) => sidecars.has(status.name))
  return Math.max(0, ...statuses.map((status) => status.restartCount))
}
