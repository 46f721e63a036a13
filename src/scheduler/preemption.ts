/** Which pods of lower priority have to go so that a pod fits. Upstream: framework/preemption and plugins/defaultpreemption. */
import { findCondition } from '../api/meta/conditions.ts'
import { parseTimestamp } from '../api/meta/time.ts'
import type { Pod } from '../api/types.gen.ts'
import { type Objection, objectionOf, type SchedulingContext } from './filters.ts'
import { type FailedNode, preemptionText } from './fit-error.ts'
import type { NodeInfo } from './node-info.ts'
import { type PodInfo, priorityOf } from './pod-info.ts'

export type Preemption =
  | { readonly node: string; readonly victims: readonly Pod[] }
  | { readonly node: undefined; readonly text: string; readonly isUnderWay?: boolean }

/**
 * @param contextFor the pod's context as it would be without some pods
 * @param nodeCount of the cluster
 */
export function findPreemption(
  context: SchedulingContext,
  contextFor: (without: ReadonlySet<string>) => SchedulingContext,
  nodeOf: (name: string) => NodeInfo | undefined,
  failed: readonly FailedNode[],
  nodeCount: number,
): Preemption {
  const { pod } = context.pod
  if (pod.spec.preemptionPolicy === 'Never') return { node: undefined, text: 'not eligible due to preemptionPolicy=Never.' }
  if (isRoomBeingMade(pod, nodeOf, failed)) {
    return { node: undefined, text: 'not eligible due to a terminating pod on the nominated node.', isUnderWay: true }
  }
  let best: { readonly node: string; readonly victims: readonly PodInfo[] } | undefined
  const tried = new Map<string, Objection | undefined>()
  for (const { node: name, objection } of failed) {
    const node = nodeOf(name)
    if (!objection.isResolvable || node === undefined) continue
    const { victims, objection: left } = victimsOn(context, contextFor, node)
    if (victims === undefined) tried.set(name, left)
    else if (best === undefined || compareVictims(victims, best.victims) < 0) best = { node: name, victims }
  }
  return best === undefined
    ? { node: undefined, text: preemptionText(nodeCount, failed, tried) }
    : { node: best.node, victims: best.victims.map((victim) => victim.pod) }
}

/** Upstream: default_preemption.go PodEligibleToPreemptOthers. */
function isRoomBeingMade(pod: Pod, nodeOf: (name: string) => NodeInfo | undefined, failed: readonly FailedNode[]): boolean {
  const name = pod.status?.nominatedNodeName
  const node = nodeOf(name ?? '')
  const isHopeless = failed.some((each) => each.node === name && !each.objection.isResolvable)
  if (node === undefined || isHopeless) return false
  return [...node.pods.values()].some((each) => isLower(each, pod) && isPreempted(each.pod))
}

function isPreempted({ metadata, status }: Pod): boolean {
  const target = findCondition(status?.conditions, 'DisruptionTarget')
  return metadata.deletionTimestamp !== undefined && target?.status === 'True' && target.reason === 'PreemptionByScheduler'
}

/**
 * All lower ones go in thought; then, from the most important on, each that fits beside the pod may stay. Where that isn't
 * enough, `objection` says why. Upstream: default_preemption.go SelectVictimsOnNode.
 */
function victimsOn(
  context: SchedulingContext,
  contextFor: (without: ReadonlySet<string>) => SchedulingContext,
  node: NodeInfo,
): { readonly victims?: PodInfo[]; readonly objection?: Objection } {
  const candidates = [...node.pods.values()].filter((each) => isLower(each, context.pod.pod)).sort(byImportance)
  if (candidates.length === 0) return {}
  const gone = new Set(candidates.map(({ key }) => key))
  const objectionNow = () => objectionOf(contextFor(gone), node.without(gone))
  const objection = objectionNow()
  if (objection !== undefined) return { objection }
  for (const candidate of candidates) {
    gone.delete(candidate.key)
    if (objectionNow() !== undefined) gone.add(candidate.key)
  }
  return { victims: candidates.filter(({ key }) => gone.has(key)) }
}

function isLower(victim: PodInfo, pod: Pod): boolean {
  return priorityOf(victim.pod) < priorityOf(pod)
}

/** Upstream: util.MoreImportantPod. */
function byImportance(a: PodInfo, b: PodInfo): number {
  return priorityOf(b.pod) - priorityOf(a.pod) || startOf(a.pod) - startOf(b.pod)
}

/** Negative when `a` is the lesser harm. Upstream: preemption.go pickOneNodeForPreemption. */
function compareVictims(a: readonly PodInfo[], b: readonly PodInfo[]): number {
  const highest = (victims: readonly PodInfo[]) => Math.max(...victims.map(({ pod }) => priorityOf(pod)))
  // Shifted so that no priority is negative, and more victims always weigh more.
  const sum = (victims: readonly PodInfo[]) => victims.reduce((total, { pod }) => total + priorityOf(pod) + 2 ** 31, 0)
  // Of the most important victims the one that has run longest; the node where that is the least long. Upstream: GetEarliestPodStartTime.
  const earliest = (victims: readonly PodInfo[]) =>
    Math.min(...victims.filter(({ pod }) => priorityOf(pod) === highest(victims)).map(({ pod }) => startOf(pod)))
  return highest(a) - highest(b) || sum(a) - sum(b) || a.length - b.length || earliest(b) - earliest(a)
}

function startOf(pod: Pod): number {
  return parseTimestamp(pod.status?.startTime ?? pod.metadata.creationTimestamp)
}
