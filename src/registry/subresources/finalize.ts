import { checkNamespaceFinalizer } from '../../api/core/v1/namespace.ts'
import { invalidError } from '../../api/meta/api-error.ts'
import { validateObjectMetaUpdate } from '../../api/meta/object-meta-validation.ts'
import type { Namespace } from '../../api/types.gen.ts'
import { keepSystemMetadata } from '../strategy.ts'
import { update } from '../update.ts'
import type { Subresource } from './subresources.ts'

/** PUT may set spec.finalizers; without one a deleted Namespace goes. Upstream: registry/core/namespace finalizeStrategy. */
export const finalizeNamespace: Subresource = {
  patches: false,
  update: (context, target, change, options) =>
    update(context, target, (current) => change(current!), {
      ...options,
      prepare: (next, old) => {
        const before = old as Namespace
        if (before.status === undefined) delete (next as Namespace).status
        else (next as Namespace).status = before.status
        keepSystemMetadata(next, old)
      },
      validate: (next, old) => {
        const errors = validateObjectMetaUpdate(next.metadata, old.metadata)
        for (const [i, finalizer] of ((next as Namespace).spec?.finalizers ?? []).entries()) {
          checkNamespaceFinalizer(errors, finalizer, `spec.finalizers[${i}]`)
        }
        if (errors.length > 0) throw invalidError(target.definition, target.name, errors)
      },
    }),
}
