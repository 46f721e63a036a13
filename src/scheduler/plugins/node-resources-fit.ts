import { asCounted, podRequests } from '../../api/core/v1/pod-resources.ts'
import type { DeviceClass, Node, Pod } from '../../api/types.gen.ts'
import { type Amounts, amountsOf } from '../amounts.ts'
import { CLASSES, IMPLICIT } from '../devices/device-reader.ts'
import type { NodeInfo } from '../node-info.ts'
import { BEST, type Change, type Plugin, type Refusal } from './plugin.ts'

/** Enough of everything asked for, and the more left the better. */
export const nodeResourcesFit: Plugin = {
  name: 'NodeResourcesFit',
  filter: ({ pod, devices }, { allocatable, requested, pods }) =>
    insufficiency(pod.requests, allocatable, requested, pods.size, devices?.extended),
  score: {
    weight: 1,
    rate: ({ pod }, nodes) => nodes.map((node) => leastAllocated(node, pod.scoredCpu, pod.scoredMemory)),
  },
  hints: {
    [CLASSES]: (pod, { current }: Change<DeviceClass>) =>
      current !== undefined && [...requestsOf(pod).keys()].some((name) => standsFor(current, name)),
    pods: (pod, { current, old }: Change<Pod>) =>
      old !== undefined && (current === undefined || isLessAskedFor(requestsOf(pod), asked(old), asked(current))),
    nodes(pod, { current, old }: Change<Node>) {
      if (current === undefined) return false
      const requests = requestsOf(pod)
      const now = amountsOf(current.status?.allocatable)
      if (insufficiency(requests, now, NOTHING, 0) !== undefined) return false
      const before = amountsOf(old?.status?.allocatable)
      const hasMore = (name: string) => (now.get(name) ?? 0) > (before.get(name) ?? 0)
      return old === undefined || hasMore('pods') || [...requests].some(([name, amount]) => amount > 0 && hasMore(name))
    },
  },
}

/** Upstream: isSchedulableAfterDeviceClassEvent. */
function standsFor({ metadata, spec }: DeviceClass, name: string): boolean {
  return spec.extendedResourceName === name || `${IMPLICIT}${metadata.name}` === name
}

const NOTHING: Amounts = new Map()

const requestsOf = (pod: Pod): Amounts => amountsOf(podRequests(pod))
const asked = (pod: Pod): Amounts => requestsOf(asCounted(pod))

/** Upstream: fit.go fitsRequest. */
/** @param extended resources that devices stand in for where the node has none */
function insufficiency(
  requests: Amounts,
  allocatable: Amounts,
  requested: Amounts,
  podCount: number,
  extended?: ReadonlyMap<string, string>,
): Refusal | undefined {
  const reasons: string[] = []
  let isResolvable = true
  if (podCount + 1 > (allocatable.get('pods') ?? 0)) reasons.push('Too many pods')
  for (const [name, amount] of requests) {
    const there = allocatable.get(name) ?? 0
    if (amount === 0 || amount <= there - (requested.get(name) ?? 0) || (there === 0 && extended?.has(name))) continue
    reasons.push(`Insufficient ${name}`)
    if (amount > there) isResolvable = false
  }
  return reasons.length === 0 ? undefined : { reasons, isResolvable }
}

/** Resources that the node has none of don't count. Upstream: least_allocated.go leastResourceScorer. */
function leastAllocated({ allocatable, scoredCpu, scoredMemory }: NodeInfo, cpu: number, memory: number): number {
  let sum = 0
  let count = 0
  for (const [name, used] of [
    ['cpu', scoredCpu + cpu],
    ['memory', scoredMemory + memory],
  ] as const) {
    const there = allocatable.get(name) ?? 0
    if (there === 0) continue
    count++
    if (used <= there) sum += Math.floor(((there - used) * BEST) / there)
  }
  return count === 0 ? 0 : Math.floor(sum / count)
}

/** Of what the waiting pod asks for. Upstream: isSchedulableAfterPodScaleDown. */
function isLessAskedFor(wanted: Amounts, before: Amounts, now: Amounts): boolean {
  return [...wanted].some(([name, amount]) => amount > 0 && (before.get(name) ?? 0) > (now.get(name) ?? 0))
}
