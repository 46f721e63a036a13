/** The taints that a node's conditions and its being cordoned call for. */
import { findCondition } from '../../api/meta/conditions.ts'
import { timestamp } from '../../api/meta/time.ts'
import type { Node, Taint } from '../../api/types.gen.ts'

export const NOT_READY = 'node.kubernetes.io/not-ready'
export const UNREACHABLE = 'node.kubernetes.io/unreachable'
const UNSCHEDULABLE = 'node.kubernetes.io/unschedulable'

/** Upstream: node_lifecycle_controller.go nodeConditionToTaintKeyStatusMap. */
const BY_CONDITION: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Ready: { False: NOT_READY, Unknown: UNREACHABLE },
  MemoryPressure: { True: 'node.kubernetes.io/memory-pressure' },
  DiskPressure: { True: 'node.kubernetes.io/disk-pressure' },
  NetworkUnavailable: { True: 'node.kubernetes.io/network-unavailable' },
  PIDPressure: { True: 'node.kubernetes.io/pid-pressure' },
}
const OURS = new Set([UNSCHEDULABLE, ...Object.values(BY_CONDITION).flatMap((keys) => Object.values(keys))])

/** What becomes of pods on a node that isn't ready: `add` evicts them, `keep` leaves the taints as they are, `remove` spares them. */
export type Eviction = 'add' | 'keep' | 'remove'

/** undefined when the taints are right. Those of others stay. */
export function nextTaints(node: Node, eviction: Eviction, now: number): Taint[] | undefined {
  const old = node.spec.taints ?? []
  const wanted = [...noScheduleKeys(node).map((key) => ({ key, effect: 'NoSchedule' })), ...noExecuteTaints(node, eviction)]
  const isWanted = (taint: Taint) => wanted.some(({ key, effect }) => key === taint.key && effect === taint.effect)
  const kept = old.filter((taint) => !isOurs(taint) || isWanted(taint))
  const added = wanted.filter(({ key, effect }) => !old.some((taint) => taint.key === key && taint.effect === effect))
  if (added.length === 0 && kept.length === old.length) return undefined
  return [...kept, ...added.map((taint) => ({ ...taint, timeAdded: timestamp(now) }))]
}

/** Is it to be evicted from, and isn't yet? */
export function lacksEvictionTaint(node: Node): boolean {
  const key = evictionKey(node)
  return key !== undefined && !(node.spec.taints ?? []).some((taint) => isEvictionTaint(taint))
}

export function isEvictionTaint({ key, effect }: Taint): boolean {
  return effect === 'NoExecute' && (key === NOT_READY || key === UNREACHABLE)
}

function isOurs(taint: Taint): boolean {
  return (taint.effect === 'NoSchedule' && OURS.has(taint.key)) || isEvictionTaint(taint)
}

function noScheduleKeys(node: Node): string[] {
  const keys = (node.status?.conditions ?? []).map(({ type, status }) => BY_CONDITION[type]?.[status]).filter((key) => key !== undefined)
  return node.spec.unschedulable === true ? [...keys, UNSCHEDULABLE] : keys
}

function noExecuteTaints(node: Node, eviction: Eviction): { key: string; effect: string }[] {
  const key = evictionKey(node)
  if (key === undefined || eviction === 'remove') return []
  // One of the two becomes the other at once: that evicts nobody anew.
  const isTainted = (node.spec.taints ?? []).some(isEvictionTaint)
  return eviction === 'add' || isTainted ? [{ key, effect: 'NoExecute' }] : []
}

function evictionKey(node: Node): string | undefined {
  const status = findCondition(node.status?.conditions, 'Ready')?.status
  return status === 'False' ? NOT_READY : status === 'Unknown' ? UNREACHABLE : undefined
}
