import { defineResource } from '../../definition.ts'
import { isConditionTrue } from '../../meta/conditions.ts'
import { pushChanged, pushUnsupportedOrMissing } from '../../meta/field-checks.ts'
import { type FieldError, invalid, required } from '../../meta/field-error.ts'
import { isDns1035Label, isDns1123Subdomain } from '../../meta/names.ts'
import type { CustomResourceDefinition, CustomResourceDefinitionNames } from '../../types.gen.ts'

export const customResourceDefinition = defineResource<CustomResourceDefinition>('apiextensions.k8s.io/v1/customresourcedefinitions', {
  countsGenerations: true,
  refusesUnconditionalUpdate: true,
  setDefaults: (object) => {
    object.spec ??= {} as CustomResourceDefinition['spec']
    const { spec } = object
    spec.names ??= {} as CustomResourceDefinitionNames
    if (!spec.names.singular && spec.names.kind) spec.names.singular = spec.names.kind.toLowerCase()
    if (!spec.names.listKind && spec.names.kind) spec.names.listKind = `${spec.names.kind}List`
    spec.conversion ??= { strategy: 'None' }
    const service = spec.conversion.webhook?.clientConfig?.service
    if (service !== undefined) service.port ??= 443
  },
  prepareForCreate: (object) => {
    // Upstream writes nulls where nothing is known yet.
    object.status = {}
    addStoredVersion(object)
  },
  prepareForUpdate: addStoredVersion,
  validate: ({ metadata, spec }) => {
    const errors: FieldError[] = []
    if (metadata.name !== `${spec.names.plural}.${spec.group}`) {
      errors.push(invalid('metadata.name', metadata.name, 'must be spec.names.plural+"."+spec.group'))
    }
    pushGroupFaults(errors, spec.group)
    pushUnsupportedOrMissing(errors, 'spec.scope', spec.scope, ['Cluster', 'Namespaced'])
    pushVersionFaults(errors, spec)
    pushNameFaults(errors, spec.names)
    return errors
  },
  validateUpdate: (next, old) => {
    const errors: FieldError[] = []
    if (isConditionTrue(old.status?.conditions, 'Established')) {
      pushChanged(errors, 'spec.scope', next.spec.scope, old.spec.scope)
      pushChanged(errors, 'spec.names.kind', next.spec.names.kind, old.spec.names.kind)
    }
    pushChanged(errors, 'spec.group', next.spec.group, old.spec.group)
    pushChanged(errors, 'spec.names.plural', next.spec.names.plural, old.spec.names.plural)
    return errors
  },
})

/** status.storedVersions: every version that objects may have been stored in. */
function addStoredVersion(object: CustomResourceDefinition): void {
  const stored = object.spec.versions?.find(({ storage }) => storage)?.name
  const known = object.status?.storedVersions ?? []
  if (stored === undefined || known.includes(stored)) return
  object.status = { ...object.status, storedVersions: [...known, stored] }
}

function pushGroupFaults(errors: FieldError[], group: string | undefined): void {
  if (!group) {
    errors.push(required('spec.group'))
    return
  }
  const messages = isDns1123Subdomain(group)
  if (messages.length > 0) errors.push(invalid('spec.group', group, messages.join(',')))
  else if (!group.includes('.')) errors.push(invalid('spec.group', group, 'should be a domain with at least one dot'))
}

function pushVersionFaults(errors: FieldError[], { versions = [] }: CustomResourceDefinition['spec']): void {
  versions.forEach(({ schema }, i) => {
    if (schema?.openAPIV3Schema === undefined) errors.push(required(`spec.versions[${i}].schema.openAPIV3Schema`))
  })
  versions.forEach(({ name }, i) => {
    const messages = isDns1035Label(name ?? '')
    if (messages.length > 0) errors.push(invalid(`spec.versions[${i}].name`, name, messages.join(',')))
  })
  if (new Set(versions.map(({ name }) => name)).size < versions.length) {
    errors.push(invalid('spec.versions', versions, 'must contain unique version names'))
  }
  if (versions.filter(({ storage }) => storage).length !== 1) {
    errors.push(invalid('spec.versions', versions, 'must have exactly one version marked as storage version'))
  }
}

function pushNameFaults(errors: FieldError[], names: CustomResourceDefinitionNames): void {
  const path = 'spec.names'
  for (const field of ['plural', 'singular', 'kind', 'listKind'] as const) if (!names[field]) errors.push(required(`${path}.${field}`))
  const check = (at: string, value: string, messages: readonly string[], prefix = '') => {
    if (messages.length > 0) errors.push(invalid(`${path}.${at}`, value, `${prefix}${messages.join(',')}`))
  }
  for (const field of ['plural', 'singular'] as const) if (names[field]) check(field, names[field], isDns1035Label(names[field]))
  for (const field of ['kind', 'listKind'] as const) {
    const value = names[field]
    if (value) check(field, value, isDns1035Label(value.toLowerCase()), 'may have mixed case, but should otherwise match: ')
  }
  names.shortNames?.forEach((name, i) => {
    check(`shortNames[${i}]`, name, isDns1035Label(name))
  })
  if (names.kind && names.kind === names.listKind) {
    errors.push(invalid(`${path}.listKind`, names.listKind, 'kind and listKind may not be the same'))
  }
  names.categories?.forEach((category, i) => {
    check(`categories[${i}]`, category, isDns1035Label(category))
  })
}
