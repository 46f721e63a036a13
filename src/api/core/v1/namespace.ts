import { defineResource } from '../../definition.ts'
import { type FieldError, invalid } from '../../meta/field-error.ts'
import { isQualifiedName, nameIsDnsLabel } from '../../meta/names.ts'
import type { Namespace } from '../../types.gen.ts'
import { pushInvalid } from './formats.ts'
import { ageColumn, nameColumn } from './metadata-columns.ts'

/** In spec.finalizers: the namespace's contents must go first. */
export const NAMESPACE_FINALIZER = 'kubernetes'
const NAME_LABEL = 'kubernetes.io/metadata.name'
const STANDARD_FINALIZERS = ['kubernetes', 'orphan', 'foregroundDeletion']

/** Upstream: pkg/registry/core/namespace/strategy.go. */
export const namespace = defineResource<Namespace>('v1/namespaces', {
  validateName: nameIsDnsLabel,
  setDefaults: (namespace) => {
    namespace.spec ??= {}
    namespace.status ??= {}
    namespace.status.phase ||= 'Active'
    setNameLabel(namespace)
  },
  prepareForCreate: (namespace) => {
    namespace.status = { phase: 'Active' }
    const { finalizers = [] } = namespace.spec
    if (!finalizers.includes(NAMESPACE_FINALIZER)) namespace.spec.finalizers = [...finalizers, NAMESPACE_FINALIZER]
    setNameLabel(namespace)
  },
  // Finalizers change through /finalize only.
  prepareForUpdate: (namespace, old) => {
    namespace.spec = { ...namespace.spec, finalizers: old.spec.finalizers }
  },
  validate: ({ spec }) => {
    const errors: FieldError[] = []
    for (const finalizer of spec.finalizers ?? []) checkNamespaceFinalizer(errors, finalizer, 'spec.finalizers')
    return errors
  },
  validateUpdate: () => [],
  validatesUpdateAlone: true,
  validateStatusUpdate: ({ metadata, status }) => {
    const phase = metadata.deletionTimestamp ? 'Terminating' : 'Active'
    if (status?.phase === phase) return []
    const emptiness = phase === 'Active' ? 'is empty' : 'is not empty'
    return [invalid('status.Phase', status?.phase ?? '', `may only be '${phase}' if \`deletionTimestamp\` ${emptiness}`)]
  },
  // Upstream: storage.go Delete, ShouldDeleteNamespaceDuringUpdate.
  holdsDeletion: ({ spec }) => (spec.finalizers?.length ?? 0) > 0,
  markDeleting: (namespace) => {
    namespace.status = { ...namespace.status, phase: 'Terminating' }
  },
  columns: [
    nameColumn,
    {
      name: 'Status',
      type: 'string',
      description: 'Active, or Terminating while its contents go.',
      priority: 0,
      cell: ({ status }) => status?.phase ?? '',
    },
    ageColumn,
  ],
  selectableFields: { 'status.phase': ({ status }) => status?.phase ?? '' },
})

/** So that selectors can pick a namespace by its name. */
function setNameLabel({ metadata }: Namespace): void {
  if (!metadata.name) return
  metadata.labels ??= {}
  metadata.labels[NAME_LABEL] = metadata.name
}

/** Upstream: validation.go validateFinalizerName. */
export function checkNamespaceFinalizer(errors: FieldError[], finalizer: string, path: string): void {
  pushInvalid(errors, path, finalizer, isQualifiedName(finalizer))
  if (!finalizer.includes('/') && !STANDARD_FINALIZERS.includes(finalizer)) {
    errors.push(invalid(path, finalizer, 'name is neither a standard finalizer name nor is it fully qualified'))
  }
}
