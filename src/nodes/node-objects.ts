/** What happens to nodes, as changes of their Node objects: they join, fail, recover. */
import type { New } from '../api/object.ts'
import type { Node, Taint } from '../api/types.gen.ts'
import { CAPACITY_ANNOTATION } from './agent/node-status.ts'
import { BOOT_ANNOTATION, DRAIN_ANNOTATION, STATE_ANNOTATION } from './node-state.ts'

export interface NodeOptions {
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly taints?: readonly Taint[]
  /** What differs from the usual: `{ cpu: '4', memory: '16Gi', pods: '20' }`. */
  readonly capacity?: Readonly<Record<string, string>>
}

/** A Node to create; the simulated kubelet fills in the rest. */
export function newNode(name: string, { labels, annotations, taints, capacity }: NodeOptions = {}): New<Node> {
  const amounts = Object.entries(capacity ?? {}).map(([resource, amount]) => `${resource}=${amount}`)
  const all = { ...annotations, ...(amounts.length === 0 ? {} : { [CAPACITY_ANNOTATION]: amounts.join(',') }) }
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      ...(labels === undefined ? {} : { labels: { ...labels } }),
      ...(Object.keys(all).length === 0 ? {} : { annotations: all }),
    },
    spec: taints === undefined ? {} : { taints: [...taints] },
  }
}

const annotate = <T extends Readonly<Record<string, string | null>>>(annotations: T) => ({ metadata: { annotations } })

/** What can be done to a node, as merge patches. What follows from them is up to controllers. */
export const NODE_ACTIONS = {
  cordon: { spec: { unschedulable: true } },
  uncordon: { ...annotate({ [DRAIN_ANNOTATION]: null }), spec: { unschedulable: null } },
  drain: { ...annotate({ [DRAIN_ANNOTATION]: 'true' }), spec: { unschedulable: true } },
  fail: annotate({ [STATE_ANNOTATION]: 'failed' }),
  disconnect: annotate({ [STATE_ANNOTATION]: 'disconnected' }),
  crash: annotate({ [STATE_ANNOTATION]: 'crashed', [BOOT_ANNOTATION]: '' }),
  reboot: annotate({ [STATE_ANNOTATION]: 'rebooting', [BOOT_ANNOTATION]: '' }),
  recover: annotate({ [STATE_ANNOTATION]: null }),
} as const
