import type { Namespace } from '../../api/types.gen.ts'
import { update } from '../update.ts'
import type { Subresource } from './subresources.ts'

/** PUT sets spec.finalizers and nothing else; without one a deleted Namespace goes. Upstream: registry/core/namespace finalizeStrategy. */
export const finalizeNamespace: Subresource = {
  patches: false,
  update: (context, target, change, options) =>
    update(context, target, (current) => change(current!), {
      ...options,
      prepare: (next, old) => {
        const { spec } = next as Namespace
        const { metadata } = next
        Object.assign(next, old, {
          metadata: { ...old.metadata, finalizers: metadata.finalizers },
          spec: { ...(old as Namespace).spec, finalizers: spec?.finalizers },
        })
      },
      validate: () => {},
    }),
}
