/** Nodes joining, failing and recovering, as changes of their Node objects. */
import type { New } from '../api/object.ts'
import type { Node, Taint } from '../api/types.gen.ts'
import { CAPACITY_ANNOTATION } from './agent/node-status.ts'
import { STATE_ANNOTATION } from './node-state.ts'

export interface NodeOptions {
  readonly labels?: Readonly<Record<string, string>>
  readonly taints?: readonly Taint[]
  /** What differs from the usual: `{ cpu: '4', memory: '16Gi', pods: '20' }`. */
  readonly capacity?: Readonly<Record<string, string>>
}

/** A Node to create; the simulated kubelet fills in the rest. */
export function newNode(name: string, { labels, taints, capacity }: NodeOptions = {}): New<Node> {
  const amounts = Object.entries(capacity ?? {}).map(([resource, amount]) => `${resource}=${amount}`)
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      ...(labels === undefined ? {} : { labels: { ...labels } }),
      ...(amounts.length === 0 ? {} : { annotations: { [CAPACITY_ANNOTATION]: amounts.join(',') } }),
    },
    spec: taints === undefined ? {} : { taints: [...taints] },
  }
}

/** A merge patch after which the node's kubelet is silent. */
export const failPatch = { metadata: { annotations: { [STATE_ANNOTATION]: 'failed' } } } as const

/** A merge patch after which it works again. */
export const recoverPatch = { metadata: { annotations: { [STATE_ANNOTATION]: null } } } as const
