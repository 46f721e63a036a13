/** What the scheduler needs to know of a pod, worked out once. */
import { podRequests } from '../api/core/v1/pod-resources.ts'
import { controllerOf } from '../api/meta/owner-references.ts'
import type { Pod } from '../api/types.gen.ts'
import { type Amounts, amountsOf } from './amounts.ts'

export interface HostPort {
  readonly ip: string
  readonly protocol: string
  readonly port: number
}

export interface PodInfo {
  readonly key: string
  readonly pod: Pod
  readonly requests: Amounts
  /** For scores: a container that asks for nothing still uses something. */
  readonly scoredCpu: number
  readonly scoredMemory: number
  readonly hostPorts: readonly HostPort[]
  /** Those its affinity names, when it names nodes in every term; empty when no node can have them all. */
  readonly nodeNames: ReadonlySet<string> | undefined
  readonly controllerUid: string | undefined
  /** One of several that are alike: by default they are spread. */
  readonly isReplica: boolean
}

const REPLICATING_KINDS = new Set(['ReplicaSet', 'ReplicationController', 'StatefulSet'])

/** Upstream: pkg/scheduler/util/pod_resources.go. */
const DEFAULT_MILLI_CPU = 100
const DEFAULT_MEMORY_BYTES = 200 * 1024 * 1024

export function podInfo(pod: Pod): PodInfo {
  const requests = amountsOf(podRequests(pod))
  const controller = controllerOf(pod)
  const without = (resource: string) => pod.spec.containers.filter(({ resources }) => resources?.requests?.[resource] === undefined).length
  return {
    key: `${pod.metadata.namespace}/${pod.metadata.name}`,
    pod,
    requests,
    scoredCpu: (requests.get('cpu') ?? 0) + without('cpu') * DEFAULT_MILLI_CPU,
    scoredMemory: (requests.get('memory') ?? 0) + without('memory') * DEFAULT_MEMORY_BYTES,
    hostPorts: [
      ...pod.spec.containers,
      ...(pod.spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always'),
    ].flatMap(({ ports }) =>
      (ports ?? [])
        .filter(({ hostPort }) => hostPort !== undefined && hostPort > 0)
        .map(({ hostIP, hostPort, protocol }) => ({ ip: hostIP || '0.0.0.0', protocol: protocol ?? 'TCP', port: hostPort! })),
    ),
    nodeNames: namedNodes(pod),
    controllerUid: controller?.uid,
    isReplica: controller !== undefined && REPLICATING_KINDS.has(controller.kind),
  }
}

/** Upstream: plugins/nodeaffinity PreFilter. */
function namedNodes({ spec }: Pod): ReadonlySet<string> | undefined {
  const terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []
  if (terms.length === 0) return undefined
  const names = new Set<string>()
  for (const { matchFields = [] } of terms) {
    const lists = matchFields.filter(({ key, operator }) => key === 'metadata.name' && operator === 'In').map(({ values = [] }) => values)
    const [first, ...others] = lists
    // Terms are alternatives: one that names no node leaves all of them.
    if (first === undefined) return undefined
    for (const name of first) if (others.every((list) => list.includes(name))) names.add(name)
  }
  return names
}

export function priorityOf({ spec }: Pod): number {
  return spec.priority ?? 0
}

/** Its resources are free again. */
export function isOver({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed'
}
