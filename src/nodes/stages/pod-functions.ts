import type { Node, Pod } from '../../api/types.gen.ts'
import { internalIPs } from '../node-state.ts'
import type { TemplateFunction } from './template-functions.ts'

/** What templates may ask about a pod's addresses; they name its node and itself, which is what they are asked about here. */
export function podFunctions(pod: Pod, node: Node, podIPs: readonly (string | undefined)[]): Readonly<Record<string, TemplateFunction>> {
  const hostIPs = internalIPs(node)
  const given = podIPs.filter((ip) => ip !== undefined)
  const stored = (pod.status?.podIPs ?? []).map(({ ip }) => ip)
  const own = pod.spec.hostNetwork === true ? hostIPs : given.length > 0 ? given : stored
  return {
    NodeIP: () => hostIPs[0] ?? '',
    NodeIPWith: () => hostIPs[0] ?? '',
    NodeIPs: () => hostIPs,
    NodeIPsWith: () => hostIPs,
    NodeName: () => node.metadata.name,
    PodIP: () => own[0] ?? '',
    PodIPWith: () => own[0] ?? '',
    PodIPs: () => own,
    PodIPsWith: () => own,
  }
}
