import type { Node, Pod } from '../../api/types.gen.ts'
import { internalIP } from '../node-state.ts'
import type { TemplateFunction } from './template-functions.ts'

/** What templates may ask about a pod's addresses; they name its node and itself, which is what they are asked about here. */
export function podFunctions(pod: Pod, node: Node, podIP: string | undefined): Readonly<Record<string, TemplateFunction>> {
  const hostIP = internalIP(node)
  const own = pod.spec.hostNetwork === true ? hostIP : (podIP ?? pod.status?.podIP)
  const listed = (ip: string | undefined) => (ip === undefined ? [] : [ip])
  return {
    NodeIP: () => hostIP ?? '',
    NodeIPWith: () => hostIP ?? '',
    NodeIPs: () => listed(hostIP),
    NodeIPsWith: () => listed(hostIP),
    NodeName: () => node.metadata.name,
    PodIP: () => own ?? '',
    PodIPWith: () => own ?? '',
    PodIPs: () => listed(own),
    PodIPsWith: () => listed(own),
  }
}
