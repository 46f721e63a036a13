import type { GroupResource, KubeObject } from '../../api/object.ts'
import type { Plan } from '../../runtime/plan.ts'

/**
 * The object has the finalizer for as long as it isn't being deleted, or is in use.
 * @param inUse why it must stay; undefined when it may go
 */
export function protect(resource: GroupResource, object: KubeObject, finalizer: string, inUse: string | undefined): Plan {
  const { namespace = '', name, uid, resourceVersion, deletionTimestamp, finalizers = [] } = object.metadata
  const isProtected = finalizers.includes(finalizer)
  const isGoing = deletionTimestamp !== undefined
  if (isGoing && isProtected && inUse !== undefined) return { waitingOn: `its deletion waits: ${inUse}` }
  // Nothing may be added to what is being deleted.
  if (isGoing ? !isProtected : isProtected) return {}
  const next = isGoing ? finalizers.filter((other) => other !== finalizer) : [...finalizers, finalizer]
  const patch = { metadata: { uid, resourceVersion, finalizers: next } }
  return { actions: [{ verb: 'patch', target: { resource, namespace, name }, patch }] }
}
