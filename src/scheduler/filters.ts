/**
 * Why a pod can't run on a node. Each filter is a pure function; the first that objects decides. Their order and words are
 * upstream's default plugins'.
 */
import { findUntoleratedTaint, matchesNodeAffinity, matchesNodeSelector, toleratesTaint } from '../api/core/v1/node-match.ts'
import type { NodeInfo } from './node-info.ts'
import type { PodInfo } from './pod-info.ts'
import { domainOf, type TopologyState } from './topology-state.ts'
import { type PodClaims, volumeConflict } from './volume-claims.ts'

export interface SchedulingContext {
  readonly pod: PodInfo
  readonly claims: PodClaims
  readonly topology: TopologyState
  /** Pods that are thought gone, by key. */
  readonly absent?: ReadonlySet<string>
  /** Pods that wait for the node's room too, and come first: it was made for them. */
  readonly nominatedBefore: (node: string) => readonly PodInfo[]
}

export interface Objection {
  readonly reasons: readonly string[]
  /** Could it help to remove pods from the node? */
  readonly isResolvable: boolean
}

export type Filter = (context: SchedulingContext, node: NodeInfo) => Objection | undefined

const UNSCHEDULABLE_TAINT = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }

const nodeUnschedulable: Filter = ({ pod }, { node }) => {
  if (node!.spec.unschedulable !== true) return undefined
  const isTolerated = pod.pod.spec.tolerations?.some((toleration) => toleratesTaint(toleration, UNSCHEDULABLE_TAINT)) === true
  return isTolerated ? undefined : never('node(s) were unschedulable')
}

const taintToleration: Filter = ({ pod }, { node }) => {
  const counts = ({ effect }: { effect: string }) => effect === 'NoSchedule' || effect === 'NoExecute'
  return findUntoleratedTaint(node!.spec.taints, pod.pod.spec.tolerations, counts) === undefined
    ? undefined
    : never('node(s) had untolerated taint(s)')
}

const nodeAffinity: Filter = ({ pod }, { node }) =>
  matchesNodeSelector(pod.pod, node!) && matchesNodeAffinity(pod.pod, node!)
    ? undefined
    : never("node(s) didn't match Pod's node affinity/selector")

/** Only the nodes that a pod names are looked at. Upstream: schedule_one.go findNodesThatFitPod. */
const nodeNames: Filter = ({ pod }, node) =>
  pod.nodeNames === undefined || pod.nodeNames.has(node.name) ? undefined : never("node(s) didn't satisfy plugin(s) [NodeAffinity]")

const nodePorts: Filter = ({ pod }, node) =>
  pod.hostPorts.some((port) => node.isPortTaken(port)) ? perhaps("node(s) didn't have free ports for the requested pod ports") : undefined

const nodeResourcesFit: Filter = ({ pod }, node) => {
  const reasons: string[] = []
  let isResolvable = true
  const allowedPods = node.allocatable.get('pods') ?? 0
  if (node.pods.size + 1 > allowedPods) reasons.push('Too many pods')
  for (const [name, amount] of pod.requests) {
    const allocatable = node.allocatable.get(name) ?? 0
    if (amount === 0 || amount <= allocatable - (node.requested.get(name) ?? 0)) continue
    reasons.push(`Insufficient ${name}`)
    if (amount > allocatable) isResolvable = false
  }
  return reasons.length === 0 ? undefined : { reasons, isResolvable }
}

/** Upstream: plugins/volumerestrictions; pods that have the claim may be told to go for one of a higher priority. */
const volumeRestrictions: Filter = ({ claims, absent }) =>
  claims.exclusiveUsers.some((key) => !absent?.has(key))
    ? perhaps('node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod')
    : undefined

const volumeBinding: Filter = ({ claims }, { node }) => {
  const conflict = volumeConflict(claims, node!)
  return conflict === undefined ? undefined : never(conflict)
}

const podTopologySpread: Filter = ({ topology }, { node }) => {
  for (const { constraint, byDomain, smallest, matchesItself } of topology.spread) {
    const domain = domainOf(node!, constraint.topologyKey)
    if (domain === undefined) return never("node(s) didn't match pod topology spread constraints (missing required label)")
    const skew = (byDomain.get(domain) ?? 0) + (matchesItself ? 1 : 0) - smallest
    if (skew > constraint.maxSkew) return perhaps("node(s) didn't match pod topology spread constraints")
  }
  return undefined
}

const interPodAffinity: Filter = ({ topology }, { node }) => {
  const countIn = ({ topologyKey, byDomain }: { topologyKey: string; byDomain: ReadonlyMap<string, number> }) => {
    const domain = domainOf(node!, topologyKey)
    return domain === undefined ? undefined : (byDomain.get(domain) ?? 0)
  }
  const isFirst =
    topology.affinity.length > 0 && topology.affinity.every(({ byDomain, matchesItself }) => byDomain.size === 0 && matchesItself)
  for (const term of topology.affinity) {
    const count = countIn(term)
    // The first pod of a group that wants to be together has nobody to be with. Upstream: satisfyPodAffinity.
    if (count === undefined || (count === 0 && !isFirst)) return never("node(s) didn't match pod affinity rules")
  }
  if (topology.antiAffinity.some((term) => (countIn(term) ?? 0) > 0)) return perhaps("node(s) didn't match pod anti-affinity rules")
  if (topology.placedAntiAffinity.some((term) => (countIn(term) ?? 0) > 0)) {
    return perhaps("node(s) didn't satisfy existing pods anti-affinity rules")
  }
  return undefined
}

export const FILTERS: readonly Filter[] = [
  nodeNames,
  nodeUnschedulable,
  taintToleration,
  nodeAffinity,
  nodePorts,
  nodeResourcesFit,
  volumeRestrictions,
  volumeBinding,
  podTopologySpread,
  interPodAffinity,
]

/** Upstream: runtime/framework.go RunFilterPluginsWithNominatedPods. */
export function objectionOf(context: SchedulingContext, node: NodeInfo): Objection | undefined {
  const objection = firstObjection(context, node)
  if (objection !== undefined) return objection
  const nominated = context.nominatedBefore(node.name)
  return nominated.length === 0 ? undefined : firstObjection(context, node.with(nominated))
}

function firstObjection(context: SchedulingContext, node: NodeInfo): Objection | undefined {
  for (const filter of FILTERS) {
    const objection = filter(context, node)
    if (objection !== undefined) return objection
  }
  return undefined
}

function never(reason: string): Objection {
  return { reasons: [reason], isResolvable: false }
}

function perhaps(reason: string): Objection {
  return { reasons: [reason], isResolvable: true }
}
