import { forbiddenError, notFoundError } from '../api/meta/api-error.ts'
import type { Namespace } from '../api/types.gen.ts'
import { type AdmissionPlugin, nameForMessages } from './admission.ts'

const NAMESPACES = { group: '', resource: 'namespaces' }
const UNDELETABLE = ['default', 'kube-system', 'kube-public']

/** Nothing is made in a namespace that isn't there or is going. Upstream: plugin/namespace/lifecycle/admission.go. */
export const namespaceLifecycle: AdmissionPlugin = {
  name: 'NamespaceLifecycle',
  handles: ({ operation, definition }) =>
    (operation === 'create' && definition.namespaced) || (operation === 'delete' && definition.groupResource === 'namespaces'),
  // Upstream refuses among the plugins that may change objects: before the object itself is judged.
  mutate: ({ operation, definition, namespace, name, object }, cluster) => {
    if (operation === 'delete') {
      if (UNDELETABLE.includes(name)) throw forbiddenError(NAMESPACES, name, 'this namespace may not be deleted')
      return
    }
    const found = cluster.get<Namespace>('namespaces', '', namespace)
    if (found === undefined) throw notFoundError(NAMESPACES, namespace)
    if (found.metadata.deletionTimestamp === undefined) return
    throw forbiddenError(
      definition,
      nameForMessages(object!),
      `unable to create new content in namespace ${namespace} because it is being terminated`,
      [{ reason: 'NamespaceTerminating', message: `namespace ${namespace} is being terminated`, field: 'metadata.namespace' }],
    )
  },
}
