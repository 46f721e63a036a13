/**
 * Empties a namespace that is being deleted, pods first, and lets it go. One step at a time: what it deletes comes back as
 * changes, and the next look decides on the next step. Upstream: deletion/namespaced_resources_deleter.go
 */
import type { Namespace, Pod } from '../../api/types.gen.ts'
import { deepEqual } from '../../lib/deep-equal.ts'
import type { Action, Plan, ReconcileContext } from '../../runtime/plan.ts'
import { deletionConditions } from './conditions.ts'
import type { Content } from './content.ts'
import { patienceWithPods } from './pod-patience.ts'

export interface ObservedNamespace {
  readonly namespace: Namespace
  /** Of each resource that has objects in it; empty for a namespace that stays. */
  readonly content: readonly Content[]
}

const FINALIZER = 'kubernetes'
/** Until a delete that was refused is tried again. */
const RETRY_MS = 5000

export function reconcileNamespace({ namespace, content }: ObservedNamespace, { now, lastFailure }: ReconcileContext): Plan {
  const { metadata, spec, status } = namespace
  if (metadata.deletionTimestamp === undefined || !spec?.finalizers?.includes(FINALIZER)) return {}
  const withStatus = (remaining: readonly Content[], failure?: string): Namespace => ({
    ...namespace,
    status: { ...status, phase: 'Terminating', conditions: deletionConditions(status?.conditions, remaining, failure, now) },
  })
  // Ordered deletion: nothing that a pod may still need goes while it runs.
  const pods = content.filter(({ resource }) => resource.groupResource === 'pods')
  const due = pods.length > 0 ? pods : content
  if (lastFailure?.action.verb === 'delete') {
    return { status: withStatus(due, lastFailure.message), requeueAfterMs: RETRY_MS, waitingOn: `a delete failed: ${lastFailure.message}` }
  }
  const deletes = due.flatMap(deletesOf)
  if (deletes.length > 0) return { actions: deletes }
  if (pods.length > 0) {
    const { failure, requeueAfterMs } = patienceWithPods(namespace, pods.flatMap(({ objects }) => objects) as Pod[], now)
    return {
      // As long as there are pods upstream doesn't tell what remains. Upstream: deleteAllContent returns early.
      status: withStatus([], failure),
      ...(requeueAfterMs !== undefined && { requeueAfterMs }),
      waitingOn: `its pods to be gone: ${pods.flatMap(({ objects }) => objects.map(({ metadata: { name } }) => name)).join(', ')}`,
    }
  }
  if (due.length > 0) {
    const what = due.map(({ resource, objects }) => `${objects.length} ${resource.groupResource}`).join(', ')
    return { status: withStatus(due), waitingOn: `its content is being deleted: ${what}` }
  }
  const final = withStatus([])
  if (!deepEqual(final.status, status)) return { status: final }
  const finalizers = spec.finalizers.filter((finalizer) => finalizer !== FINALIZER)
  const released: Namespace = { ...namespace, spec: { ...spec, finalizers } }
  return { actions: [{ verb: 'update', resource: 'namespaces', object: released, subresource: 'finalize' }] }
}

function deletesOf({ resource, objects }: Content): Action[] {
  return objects
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map(({ metadata }) => ({
      verb: 'delete',
      target: { resource: resource.groupResource, namespace: metadata.namespace ?? '', name: metadata.name },
      preconditions: { uid: metadata.uid },
      propagationPolicy: 'Background',
    }))
}
