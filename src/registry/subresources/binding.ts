import { ApiError, badRequestError, conflictError } from '../../api/meta/api-error.ts'
import { withCondition } from '../../api/meta/conditions.ts'
import { fieldErrorText, notSupported, required } from '../../api/meta/field-error.ts'
import { timestamp } from '../../api/meta/time.ts'
import type { KubeObject } from '../../api/object.ts'
import type { Binding, Pod } from '../../api/types.gen.ts'
import type { RegistryContext, Target, WriteOptions } from '../context.ts'
import { admissionRequest } from '../strategy.ts'
import { update } from '../update.ts'
import type { Subresource } from './subresources.ts'
import { success } from './success.ts'
import { virtualDefinition } from './virtual-definition.ts'

const BINDING = virtualDefinition('', 'Binding', 'io.k8s.api.core.v1.Binding')

export const bindPodCreate: Subresource = {
  shownAs: () => BINDING,
  create: async (context, target, object, options) => {
    const binding = object as unknown as Binding
    if (binding.metadata.name !== target.name) throw badRequestError('name in URL does not match name in Binding object')
    await bindPod(context, target, binding, options)
    return success(object)
  },
}

/**
 * Puts a Pod on a node: what a scheduler asks for. Upstream: registry/core/pod/storage BindingREST.
 * @throws ApiError 409 when it is on one already or is being deleted, or isn't the Pod that was meant
 */
export async function bindPod(context: RegistryContext, target: Target, binding: Binding, options: WriteOptions): Promise<void> {
  const admission = admissionRequest('create', target, 'binding', binding as unknown as KubeObject, undefined, options)
  context.admission.mutate(admission)
  context.admission.validate(admission)
  const errors = []
  if (binding.target?.kind && binding.target.kind !== 'Node')
    errors.push(notSupported('target.kind', binding.target.kind, ['Node', '<empty>']))
  if (!binding.target?.name) errors.push(required('target.name'))
  if (errors.length > 0) {
    const texts = errors.map(fieldErrorText)
    // Upstream hands them on as no error of the API, and its HTTP layer makes a 500 of that.
    throw new ApiError(500, '', texts.length === 1 ? texts[0]! : `[${texts.join(', ')}]`)
  }
  const now = timestamp(context.clock.now())
  await update(context, target, (current) => bound(target, current as Pod, binding, now), {
    ...options,
    // A scheduler doesn't come to own what it binds.
    fieldManager: undefined,
    subresource: 'binding',
    preconditions: { uid: binding.metadata?.uid || undefined, resourceVersion: binding.metadata?.resourceVersion || undefined },
    prepare: () => {},
    validate: () => {},
  })
}

function bound(target: Target, pod: Pod, binding: Binding, now: string): KubeObject {
  const refuse = (why: string) => conflictError({ group: '', resource: 'pods/binding' }, target.name, why)
  if (pod.metadata.deletionTimestamp) throw refuse(`pod ${pod.metadata.name} is being deleted, cannot be assigned to a host`)
  if (pod.spec.nodeName) throw refuse(`pod ${pod.metadata.name} is already assigned to node ${JSON.stringify(pod.spec.nodeName)}`)
  if (pod.spec.schedulingGates?.length) throw refuse(`pod ${pod.metadata.name} has non-empty .spec.schedulingGates`)
  delete (pod.metadata as Partial<Pod['metadata']>).resourceVersion
  // What was proposed is settled. Upstream: ClearingNominatedNodeNameAfterBinding.
  const { nominatedNodeName: _nominated, ...status } = pod.status ?? {}
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      ...(binding.metadata?.annotations ? { annotations: { ...pod.metadata.annotations, ...binding.metadata.annotations } } : {}),
      ...(binding.metadata?.labels ? { labels: { ...pod.metadata.labels, ...binding.metadata.labels } } : {}),
    },
    spec: { ...pod.spec, nodeName: binding.target.name },
    status: {
      ...status,
      conditions: withCondition(pod.status?.conditions, {
        type: 'PodScheduled',
        status: 'True',
        lastProbeTime: null,
        lastTransitionTime: now,
      } as never),
    },
  } as KubeObject
}
