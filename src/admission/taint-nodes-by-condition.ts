import type { Node } from '../api/types.gen.ts'
import type { AdmissionPlugin } from './admission.ts'

const NOT_READY = 'node.kubernetes.io/not-ready'

/** A new Node takes no pods until it is known to be ready. Upstream: plugin/admission/nodetaint. */
export const taintNodesByCondition: AdmissionPlugin = {
  name: 'TaintNodesByCondition',
  handles: ({ operation, definition, subresource }) => operation === 'create' && subresource === '' && definition.groupResource === 'nodes',
  mutate: ({ object }) => {
    const node = object as Node
    node.spec ??= {}
    if (node.spec.taints?.some(({ key, effect }) => key === NOT_READY && effect === 'NoSchedule')) return
    node.spec.taints = [...(node.spec.taints ?? []), { key: NOT_READY, effect: 'NoSchedule' }]
  },
}
