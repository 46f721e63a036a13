/** What can be done with a pod of a set. */
import type { KubeObject, New } from '../../api/object.ts'
import type { Pod, StatefulSet } from '../../api/types.gen.ts'
import type { CreateAction, DeleteAction, PatchAction, UpdateAction } from '../../runtime/plan.ts'
import { podDoneEvent, podFailedEvent } from './events.ts'
import { hasStorage, identityLabels, ordinalOf } from './identity.ts'
import { withClaims } from './new-pod.ts'

export const PODS = 'pods'

export function createPod(set: StatefulSet, pod: New<Pod>): CreateAction {
  const name = pod.metadata.name!
  return {
    verb: 'create',
    resource: PODS,
    object: pod as New<KubeObject>,
    event: podDoneEvent('create', set, name),
    failureEvent: podFailedEvent('create', set, name),
  }
}

export function deletePod(set: StatefulSet, { metadata: { namespace, name, uid } }: Pod): DeleteAction {
  return {
    verb: 'delete',
    target: { resource: PODS, namespace, name },
    preconditions: { uid },
    event: podDoneEvent('delete', set, name),
    failureEvent: podFailedEvent('delete', set, name),
  }
}

/**
 * Gives a pod the labels and the claims of its ordinal. The server refuses other volumes for a pod that exists, which then
 * is what the user gets to read. Upstream: stateful_pod_control.go UpdateStatefulPod.
 */
export function repairPod(set: StatefulSet, pod: Pod): PatchAction | UpdateAction {
  const { namespace, name, uid, resourceVersion, labels } = pod.metadata
  const identity = identityLabels(set, ordinalOf(pod))
  const events = { event: podDoneEvent('update', set, name), failureEvent: podFailedEvent('update', set, name) }
  if (hasStorage(set, pod)) {
    const patch = { metadata: { uid, resourceVersion, labels: identity } }
    return { verb: 'patch', target: { resource: PODS, namespace, name }, patch, ...events }
  }
  const object: Pod = {
    ...pod,
    metadata: { ...pod.metadata, labels: { ...labels, ...identity } },
    spec: { ...pod.spec, volumes: withClaims(set, pod.spec.volumes, ordinalOf(pod)) },
  }
  return { verb: 'update', resource: PODS, object, ...events }
}
