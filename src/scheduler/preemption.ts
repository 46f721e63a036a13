/** Which pods of lower priority have to go so that a pod fits. Upstream: framework/preemption and plugins/defaultpreemption. */
import { findCondition } from '../api/meta/conditions.ts'
import { parseTimestamp } from '../api/meta/time.ts'
import type { Pod } from '../api/types.gen.ts'
import { type Budget, splitByBudgets } from './budgets.ts'
import { type Objection, objectionOf } from './filtering.ts'
import { type FailedNode, preemptionText } from './fit-error.ts'
import type { NodeInfo } from './node-info.ts'
import { type PodInfo, priorityOf } from './pod-info.ts'
import type { Situation } from './situation.ts'

export type Preemption =
  | { readonly node: string; readonly victims: readonly Pod[] }
  /** `keepsNomination` when the pod wasn't to preempt at all, so that nothing is said about where it may come to be. */
  | { readonly node: undefined; readonly text: string; readonly keepsNomination: boolean }

interface Candidate {
  readonly node: string
  /** The most important first. */
  readonly victims: readonly PodInfo[]
  /** How many of them a PodDisruptionBudget can't spare. */
  readonly violations: number
}

/** So many nodes are tried for victims: a tenth, at least a hundred. Upstream: calculateNumCandidates. */
const LEAST_CANDIDATES = 100
const CANDIDATES_PERCENT = 10

/** @param budgets of all namespaces; asked for once pods may have to go */
export function findPreemption(situation: Situation, failed: readonly FailedNode[], budgets: () => readonly Budget[]): Preemption {
  const { cache, pod } = situation
  if (pod.pod.spec.preemptionPolicy === 'Never') return ineligible('not eligible due to preemptionPolicy=Never.')
  if (isRoomBeingMade(situation, failed)) return ineligible('not eligible due to a terminating pod on the nominated node.')
  const nodes = failed.filter(({ objection }) => objection.isResolvable).flatMap(({ node }) => cache.node(node) ?? [])
  const enough = Math.min(nodes.length, Math.max(LEAST_CANDIDATES, Math.floor((nodes.length * CANDIDATES_PERCENT) / 100)))
  const candidates: Candidate[] = []
  const tried = new Map<string, Objection | undefined>()
  const known = nodes.length === 0 ? [] : budgets()
  for (const node of nodes) {
    if (candidates.length >= enough && candidates.some(({ violations }) => violations === 0)) break
    const found = victimsOn(situation, node, known)
    if ('victims' in found) candidates.push(found)
    else tried.set(node.name, found.objection)
  }
  const best = leastHarm(candidates)
  if (best !== undefined) return { node: best.node, victims: best.victims.map((victim) => victim.pod) }
  return { node: undefined, text: preemptionText(cache.nodes().length, failed, tried), keepsNomination: false }
}

function ineligible(text: string): Preemption {
  return { node: undefined, text, keepsNomination: true }
}

/** Upstream: default_preemption.go PodEligibleToPreemptOthers. */
function isRoomBeingMade({ cache, pod }: Situation, failed: readonly FailedNode[]): boolean {
  const name = pod.pod.status?.nominatedNodeName
  const node = cache.node(name ?? '')
  const isHopeless = failed.some((each) => each.node === name && !each.objection.isResolvable)
  if (node === undefined || isHopeless) return false
  return [...node.pods.values()].some((each) => isLower(each, pod.pod) && isPreempted(each.pod))
}

function isPreempted({ metadata, status }: Pod): boolean {
  const target = findCondition(status?.conditions, 'DisruptionTarget')
  return metadata.deletionTimestamp !== undefined && target?.status === 'True' && target.reason === 'PreemptionByScheduler'
}

/**
 * All lower ones go in thought; then, from the most important on, each that fits beside the pod may stay, those first that a
 * budget can't spare. Where even that isn't enough, `objection` says why. Upstream: default_preemption.go SelectVictimsOnNode.
 */
function victimsOn(
  situation: Situation,
  node: NodeInfo,
  budgets: readonly Budget[],
): Candidate | { readonly objection: Objection | undefined } {
  const lower = [...node.pods.values()].filter((each) => isLower(each, situation.pod.pod)).sort(byImportance)
  if (lower.length === 0) return { objection: undefined }
  const copy = node.copy()
  const gone = new Set(lower)
  for (const each of lower) situation.change(copy, each, -1)
  const objection = objectionOf(situation, copy)
  const [unspared, spared] = objection === undefined ? splitByBudgets(lower, budgets) : [[], []]
  for (const each of [...unspared, ...spared]) {
    situation.change(copy, each, 1)
    if (objectionOf(situation, copy) === undefined) gone.delete(each)
    else situation.change(copy, each, -1)
  }
  for (const each of gone) situation.change(copy, each, 1)
  if (objection !== undefined) return { objection }
  return { node: node.name, victims: [...gone], violations: unspared.filter((each) => gone.has(each)).length }
}

function isLower(victim: PodInfo, pod: Pod): boolean {
  return priorityOf(victim.pod) < priorityOf(pod)
}

/** Upstream: util.MoreImportantPod. */
function byImportance(a: PodInfo, b: PodInfo): number {
  return priorityOf(b.pod) - priorityOf(a.pod) || startOf(a.pod) - startOf(b.pod)
}

/** Of two it is the first rule that tells them apart. Upstream: preemption.go pickOneNodeForPreemption. */
const HARMS: readonly ((candidate: Candidate) => number)[] = [
  ({ violations }) => violations,
  ({ victims }) => highest(victims),
  // Shifted so that no priority is negative, and more victims always weigh more.
  ({ victims }) => victims.reduce((total, { pod }) => total + priorityOf(pod) + 2 ** 31, 0),
  ({ victims }) => victims.length,
  // Of the most important victims the one that has run longest; best where that is the least long. Upstream: GetEarliestPodStartTime.
  ({ victims }) => -Math.min(...victims.filter(({ pod }) => priorityOf(pod) === highest(victims)).map(({ pod }) => startOf(pod))),
]

function leastHarm(candidates: readonly Candidate[]): Candidate | undefined {
  let left = candidates
  for (const harm of HARMS) {
    if (left.length <= 1) break
    const harms = left.map(harm)
    const least = Math.min(...harms)
    left = left.filter((_, index) => harms[index] === least)
  }
  return left[0]
}

function highest(victims: readonly PodInfo[]): number {
  return Math.max(...victims.map(({ pod }) => priorityOf(pod)))
}

function startOf(pod: Pod): number {
  return parseTimestamp(pod.status?.startTime ?? pod.metadata.creationTimestamp)
}
