/**
 * What simulated containers use: what an annotation says, else their part of a load, else a little of what they request.
 * Nothing is stored: it is worked out when somebody asks.
 */
import { isSidecar } from '../core/v1/pod-resources.ts'
import { isConditionTrue } from '../meta/conditions.ts'
import { parseQuantity, quantityMillis } from '../meta/quantity.ts'
import type { Container, Node, Pod } from '../types.gen.ts'
import { annotation, containerAnnotation } from './annotations.ts'
import type { Loads } from './loads.ts'

/** In thousandths of a core and of a byte. */
export interface Usage {
  readonly cpu: bigint
  readonly memory: bigint
}

export interface ContainerUsage extends Usage {
  readonly name: string
}

/** The time that a figure is about. Upstream: the metrics server's --metric-resolution */
export const WINDOW_MS = 15_000

/** An idle server: a tenth of the cpu it requests, and half of the memory. Otherwise this much. */
const IDLE_CPU = 1n
const IDLE_MEMORY = 16_777_216_000n

/** Of the containers that run; undefined when nobody measures them: none runs, or their node is silent. */
export function usageOfPod(pod: Pod, node: Node | undefined, loads: Loads): readonly ContainerUsage[] | undefined {
  if (pod.status?.phase !== 'Running' || node === undefined || !isMeasured(node)) return undefined
  const statuses = [...(pod.status.containerStatuses ?? []), ...(pod.status.initContainerStatuses ?? [])]
  const running = new Set(statuses.filter(({ state }) => state?.running !== undefined).map(({ name }) => name))
  const containers = [...pod.spec.containers, ...(pod.spec.initContainers ?? []).filter(isSidecar)].filter(({ name }) => running.has(name))
  if (containers.length === 0) return undefined
  return containers.map((container) => {
    // Load is on what the pod is for, which is by custom its first container.
    const share = (resource: string) => (container.name === pod.spec.containers[0]!.name ? loads.shareOf(pod, resource) : undefined)
    const memory = declared(pod, container, 'memory') ?? share('memory') ?? requested(container, 'memory', 50n) ?? IDLE_MEMORY
    const cpu = declared(pod, container, 'cpu') ?? share('cpu') ?? requested(container, 'cpu', 10n) ?? IDLE_CPU
    return { name: container.name, cpu: throttled(container, cpu), memory }
  })
}

/** What its pods use, and what its own annotations add. */
export function usageOfNode(node: Node, pods: Iterable<readonly ContainerUsage[]>): Usage {
  const own = (resource: string) => {
    const text = annotation(node, `usage-${resource}`)
    return text === undefined || parseQuantity(text) === undefined ? 0n : quantityMillis(text)
  }
  let [cpu, memory] = [own('cpu'), own('memory')]
  for (const containers of pods) {
    for (const container of containers) {
      cpu += container.cpu
      memory += container.memory
    }
  }
  return { cpu, memory }
}

/** A kubelet that is silent is not asked. */
export function isMeasured({ status }: Node): boolean {
  return isConditionTrue(status?.conditions, 'Ready')
}

/** `250m`, or `80%` of what is requested. */
function declared(pod: Pod, container: Container, resource: 'cpu' | 'memory'): bigint | undefined {
  const text = containerAnnotation(pod, `usage-${resource}`, container.name)
  if (text === undefined) return undefined
  const percent = /^(\d{1,6})%$/.exec(text)
  if (percent !== null) return requested(container, resource, BigInt(percent[1]!))
  return parseQuantity(text) === undefined ? undefined : quantityMillis(text)
}

function requested({ resources }: Container, resource: 'cpu' | 'memory', percent: bigint): bigint | undefined {
  const request = resources?.requests?.[resource]
  return request === undefined ? undefined : (quantityMillis(request) * percent) / 100n
}

/** More than its limit no container gets. */
function throttled({ resources }: Container, cpu: bigint): bigint {
  const limit = resources?.limits?.cpu === undefined ? undefined : quantityMillis(resources.limits.cpu)
  return limit !== undefined && cpu > limit ? limit : cpu
}
