import type { ResourceDefinition } from '../../api/definition.ts'
import { conflictError, invalidError } from '../../api/meta/api-error.ts'
import { invalid } from '../../api/meta/field-error.ts'
import { managersOf } from '../../api/meta/managed-fields/managers.ts'
import { managersAfterScale, scaleManagers } from '../../api/meta/managed-fields/scale-managers.ts'
import { validateObjectMeta } from '../../api/meta/object-meta-validation.ts'
import type { KubeObject } from '../../api/object.ts'
import { ageColumn, column, nameColumn } from '../../api/table-columns.ts'
import type { Scale } from '../../api/types.gen.ts'
import type { ObjectResult, RegistryContext, Target } from '../context.ts'
import { encodeUnstored } from '../encode.ts'
import { getEntry } from '../get.ts'
import { setManagers, trackFields } from '../track-fields.ts'
import { update } from '../update.ts'
import type { Subresource } from './subresources.ts'
import { virtualDefinition } from './virtual-definition.ts'

const SCALE: ResourceDefinition = {
  ...virtualDefinition('autoscaling', 'Scale', 'io.k8s.api.autoscaling.v1.Scale'),
  columns: [
    nameColumn,
    column('Desired', 'integer', 'How many replicas are wanted.', (object) => (object as Scale).spec?.replicas ?? 0),
    column('Available', 'integer', 'How many there are.', (object) => (object as Scale).status?.replicas ?? 0),
    ageColumn,
  ],
}

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
        const object = current!
        const managers = managersOf(object.metadata.managedFields)
        const before = scaleOf(definition, object)
        setManagers(before, scaleManagers(managers))
        const next = change(structuredClone(before)) as Scale
        validateScale(next, target)
        checkUid(next, object, target)
        if (options.fieldManager !== undefined) trackFields(context, SCALE, 'scale', before, next, options.fieldManager)
        if (options.fieldManager !== undefined || options.isApply)
          setManagers(object, managersAfterScale(managers, managersOf(next.metadata.managedFields), definition.apiVersion))
        // The Scale's resourceVersion is the object's: whoever names one insists on it.
        object.metadata.resourceVersion = next.metadata.resourceVersion
        definition.scale!.setReplicas(object, next.spec?.replicas ?? 0)
        return object
      },
      // To the object it is an update of its main resource.
      { ...options, subresource: '', fieldManager: undefined },
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

/** @throws ApiError 409 when it was read from another object of that name */
function checkUid({ metadata: { uid } }: Scale, { metadata }: KubeObject, { definition: { group, resource }, name }: Target): void {
  if (!uid || uid === metadata.uid) return
  const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${metadata.uid}`
  throw conflictError({ group, resource: `${resource}/scale` }, name, why)
}

/** Upstream: autoscaling/validation ValidateScale. */
function validateScale(scale: Scale, { name }: Target): void {
  const replicas = scale.spec?.replicas ?? 0
  const errors = validateObjectMeta(scale.metadata, { namespaced: true })
  if (replicas < 0) errors.push(invalid('spec.replicas', replicas, 'must be greater than or equal to 0'))
  if (errors.length > 0) throw invalidError({ group: 'autoscaling', kind: 'Scale' }, name, errors)
}
