/** Removes pods that no kubelet will: their node is gone or out of service, they never had one, or too many have ended. */
import type { Node, Pod } from '../../api/types.gen.ts'
import type { ControllerDefinition } from '../../runtime/controller.ts'
import { keyOf, splitKey } from '../../runtime/owner-keys.ts'
import { EndedPods } from './ended-pods.ts'
import { type ObservedPod, reconcilePod } from './reconcile.ts'

/** Upstream: --terminated-pod-gc-threshold. */
const ENDED_PODS_KEPT = 12_500

export function podGCController(endedPodsKept = ENDED_PODS_KEPT): ControllerDefinition<ObservedPod> {
  const ended = new EndedPods(endedPodsKept)
  /** By node name. When a node went isn't stored; the quarantine begins anew after a restart, as upstream's. */
  const missingSince = new Map<string, number>()
  return {
    name: 'pod-garbage-collector',
    reconciles: 'pods',
    watches: {
      pods: (current, old) => {
        const { namespace, name } = (current ?? old)!.metadata
        const excess = ended.set(keyOf(namespace, name), current as Pod | undefined)
        return excess === undefined ? [] : [excess]
      },
      nodes: (current, old, reader) => {
        const { name } = (current ?? old)!.metadata
        if (current !== undefined) missingSince.delete(name)
        const isOutOfService =
          (current as Node | undefined)?.spec.taints?.some(({ key }) => key === 'node.kubernetes.io/out-of-service') === true
        if (current !== undefined && !isOutOfService) return []
        return reader.indexed<Pod>('pods', 'nodeName', name).map(({ metadata }) => keyOf(metadata.namespace, metadata.name))
      },
    },
    indexes: { pods: { nodeName: (pod: Pod) => (pod.spec.nodeName ? [pod.spec.nodeName] : []) } },
    observe(reader, key) {
      const { namespace, name } = splitKey(key)
      const pod = reader.get<Pod>('pods', namespace, name)
      if (pod === undefined) return undefined
      const node = pod.spec.nodeName ? reader.get<Node>('nodes', '', pod.spec.nodeName) : undefined
      return { pod, node, isExcess: ended.isExcess(key) }
    },
    reconcile(observed, { now }) {
      const { nodeName } = observed.pod.spec
      if (nodeName && observed.node === undefined && !missingSince.has(nodeName)) missingSince.set(nodeName, now)
      return reconcilePod(observed, missingSince.get(nodeName ?? '') ?? now, now)
    },
  }
}
