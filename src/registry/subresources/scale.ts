import type { ResourceDefinition } from '../../api/definition.ts'
import { invalidError } from '../../api/meta/api-error.ts'
import { invalid } from '../../api/meta/field-error.ts'
import type { KubeObject } from '../../api/object.ts'
import type { Scale } from '../../api/types.gen.ts'
import type { ObjectResult, RegistryContext, Target } from '../context.ts'
import { encodeUnstored } from '../encode.ts'
import { getEntry } from '../get.ts'
import { update } from '../update.ts'
import type { Subresource } from './subresources.ts'

/** Just enough of a definition to decode and print a Scale, which is no resource of its own. */
const SCALE = {
  group: 'autoscaling',
  version: 'v1',
  apiVersion: 'autoscaling/v1',
  kind: 'Scale',
  resource: 'scale',
  schema: 'io.k8s.api.autoscaling.v1.Scale',
} as unknown as ResourceDefinition

/** Replicas through one shape for every scalable kind. Upstream: the kinds' ScaleREST. */
export const scale: Subresource = {
  shownAs: () => SCALE,
  get: (context, target) => encodeUnstored(scaleOf(target.definition, getEntry(context, target).decoded())),
  update: async (context, target, change, options) => {
    const { definition } = target
    const result = await update(
      context,
      target,
      (current) => {
        const before = scaleOf(definition, current!)
        const next = change(before) as Scale
        validateScale(next, target)
        const object = current!
        // The Scale's resourceVersion is the object's: whoever names one insists on it.
        object.metadata.resourceVersion = next.metadata.resourceVersion
        if (next.metadata.uid) object.metadata.uid = next.metadata.uid
        definition.scale!.setReplicas(object, next.spec?.replicas ?? 0)
        return object
      },
      // To the object it is an update of its main resource.
      { ...options, subresource: '' },
    )
    return scaleResult(context, target, result)
  },
}

function scaleResult(_context: RegistryContext, { definition }: Target, result: ObjectResult): ObjectResult {
  const object = scaleOf(definition, result.object)
  return { bytes: encodeUnstored(object), object, isCreated: false }
}

function scaleOf(definition: ResourceDefinition, object: KubeObject): Scale {
  const paths = definition.scale!
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata
  const replicas = paths.replicas(object)
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: replicas === 0 ? {} : { replicas },
    status: { replicas: paths.statusReplicas(object), selector: paths.selector(object) },
  }
}

/** Upstream: autoscaling/validation ValidateScale. */
function validateScale(scale: Scale, { name }: Target): void {
  const replicas = scale.spec?.replicas ?? 0
  if (replicas >= 0) return
  throw invalidError({ group: 'autoscaling', kind: 'Scale' }, name, [
    invalid('spec.replicas', replicas, 'must be greater than or equal to 0'),
  ])
}
