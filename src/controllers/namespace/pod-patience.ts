import { parseTimestamp } from '../../api/meta/time.ts'
import type { Namespace, Pod } from '../../api/types.gen.ts'

/** What the namespace controller has to know of a pod beyond its metadata. */
export function keepGrace({ spec, status }: Pod) {
  return { spec: { terminationGracePeriodSeconds: spec?.terminationGracePeriodSeconds }, status: { phase: status?.phase } }
}

export interface Patience {
  /** When to look again. */
  readonly requeueAfterMs?: number
  /** Why they should be gone by now. */
  readonly failure?: string
}

/**
 * How long the pods of a namespace may take to go: as long as the longest grace period among them. After that, unless it is
 * finalizers that hold them, something is wrong.
 * Upstream: deletion/namespaced_resources_deleter.go estimateGracefulTermination, deleteAllContentForGroupVersionResource.
 */
export function patienceWithPods({ metadata }: Namespace, pods: readonly Pod[], now: number): Patience {
  const running = pods.filter(({ status }) => status?.phase !== 'Succeeded' && status?.phase !== 'Failed')
  const seconds = Math.max(0, ...running.map(({ spec }) => spec?.terminationGracePeriodSeconds ?? 0))
  const isOverdue = now - parseTimestamp(metadata.deletionTimestamp) >= seconds * 1000
  // Upstream: namespace_controller.go worker looks again after half of it.
  if (!isOverdue) return { requeueAfterMs: (Math.floor(seconds / 2) + 1) * 1000 }
  if (pods.some(({ metadata: { finalizers = [] } }) => finalizers.length > 0)) return {}
  return { failure: `unexpected items still remain in namespace: ${metadata.name} for gvr: /v1, Resource=pods` }
}
