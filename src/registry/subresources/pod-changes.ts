/** What may change of a pod beside its main resource: /ephemeralcontainers and /resize. */
import { validateEphemeralContainersUpdate, withEphemeralContainers } from '../../api/core/v1/pod-ephemeral-update.ts'
import { validatePodResize, withResources } from '../../api/core/v1/pod-resize.ts'
import { invalidError } from '../../api/meta/api-error.ts'
import type { FieldError } from '../../api/meta/field-error.ts'
import { validateObjectMetaUpdate } from '../../api/meta/object-meta-validation.ts'
import type { Pod } from '../../api/types.gen.ts'
import { bytesOf } from '../encode.ts'
import { getEntry } from '../get.ts'
import { update } from '../update.ts'
import type { Subresource } from './subresources.ts'

export const podEphemeralContainers = podChange(withEphemeralContainers, validateEphemeralContainersUpdate)

export const podResize = podChange(withResources, validatePodResize)

/** @param merge the old pod with what may change taken from the next one */
function podChange(merge: (next: Pod, old: Pod) => Pod, validate: (next: Pod, old: Pod) => FieldError[]): Subresource {
  return {
    get: (context, target) => bytesOf(target.definition, getEntry(context, target)),
    update: (context, target, change, options) =>
      update(context, target, (current) => change(current!), {
        ...options,
        prepare: (next, old) => {
          const { managedFields } = next.metadata
          Object.assign(next, merge(next as Pod, old as Pod))
          // Who owns what is the server's own doing. Upstream: ResetObjectMetaForStatus leaves it, too.
          if (managedFields !== undefined) next.metadata = { ...next.metadata, managedFields }
        },
        validate: (next, old) => {
          const errors = [...validateObjectMetaUpdate(next.metadata, old.metadata), ...validate(next as Pod, old as Pod)]
          if (errors.length > 0) throw invalidError(target.definition, target.name, errors)
        },
      }),
  }
}
