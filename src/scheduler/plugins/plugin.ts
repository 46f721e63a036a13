/**
 * A rule of scheduling, as upstream's plugins of the same names: pure functions that refuse nodes, rate them, and say which changes
 * are worth another try for a pod that was refused.
 */
import type { KubeObject } from '../../api/object.ts'
import type { Pod } from '../../api/types.gen.ts'
import type { NodeInfo } from '../node-info.ts'
import type { NamespaceLabels } from '../pod-matcher.ts'
import type { Situation } from '../situation.ts'

export interface Refusal {
  readonly reasons: readonly string[]
  /** Could it help to remove pods from the node? */
  readonly isResolvable: boolean
}

/** What changed, with the state before and after; one of the two where it came or went. */
export interface Change<T extends KubeObject = KubeObject> {
  readonly current: T | undefined
  readonly old: T | undefined
}

/**
 * May the change let the pod fit that the plugin refused? A pod comes when it is placed and goes when its room is free again: a
 * pod without a node is never told of. Upstream: QueueingHintFn, and EventsToRegister for the resources.
 */
export type Hint = (pod: Pod, change: Change<never>, labelsOf: NamespaceLabels) => boolean

export interface Plugin {
  readonly name: string
  /** Why the pod can run nowhere, whatever the node. */
  readonly preFilter?: (situation: Situation) => string | undefined
  readonly filter?: (situation: Situation, node: NodeInfo) => Refusal | undefined
  readonly score?: {
    readonly weight: number
    /** From 0 to BEST for each of the nodes, in their order; undefined when it makes no difference to the pod. */
    readonly rate: (situation: Situation, nodes: readonly NodeInfo[]) => readonly number[] | undefined
  }
  /** By resource. */
  readonly hints: Readonly<Record<string, Hint>>
}

/** Why the pod can't be scheduled now, whatever the node, and is tried again after a while. */
export class PluginFault extends Error {}

export const BEST = 100

export function never(...reasons: string[]): Refusal {
  return { reasons, isResolvable: false }
}

export function perhaps(...reasons: string[]): Refusal {
  return { reasons, isResolvable: true }
}

/** Shares of the greatest, or what is missing to it. Upstream: helper/normalize_score.go DefaultNormalizeScore. */
export function normalized(rates: readonly number[], isLessBetter = false): number[] {
  const greatest = Math.max(0, ...rates)
  if (greatest === 0) return rates.map(() => (isLessBetter ? BEST : 0))
  return rates.map((rate) => {
    const share = Math.trunc((BEST * rate) / greatest)
    return isLessBetter ? BEST - share : share
  })
}

export function isEqual(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
