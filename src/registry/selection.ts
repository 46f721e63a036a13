import type { ResourceDefinition } from '../api/definition.ts'
import { badRequestError } from '../api/meta/api-error.ts'
import { parseLabelSelector } from '../api/meta/parse-label-selector.ts'
import { type FieldRequirement, matchesSelector, parseFieldSelector, type Selector } from '../api/meta/selectors.ts'
import type { Cache } from '../storage/cache.ts'
import type { Entry } from '../storage/entry.ts'
import { splitStorageKey } from '../storage/storage.ts'

/** Which objects of a resource a list, watch or deletecollection is about. */
export interface Selection {
  /** True when no selector was given. */
  readonly isEverything: boolean
  matches(entry: Entry): boolean
}

const EVERYTHING: Selection = { isEverything: true, matches: () => true }

/** @throws ApiError 400 for a malformed selector or a field the kind can't be selected by */
export function selectionOf(
  cache: Cache,
  definition: ResourceDefinition,
  {
    labelSelector,
    fieldSelector,
    name,
  }: { labelSelector?: string | undefined; fieldSelector?: string | undefined; name?: string | undefined },
): Selection {
  const labels: Selector = labelSelector ? parseLabelSelector(labelSelector) : []
  const fields = fieldSelector ? parseFieldSelector(fieldSelector) : []
  if (name) {
    const isNamed = fields.some(({ field, operator, value }) => field === 'metadata.name' && operator === '=' && value === name)
    if (fields.length > 0 && !isNamed) throw badRequestError("fieldSelector metadata.name doesn't match requested name")
    if (!isNamed) fields.push({ field: 'metadata.name', operator: '=', value: name })
  }
  if (labels.length === 0 && fields.length === 0) return EVERYTHING
  for (const { field } of fields) {
    if (field !== 'metadata.name' && field !== 'metadata.namespace' && definition.selectableFields?.[field] === undefined) {
      throw badRequestError(unsupportedFieldText(definition, field))
    }
  }
  const { conversion } = definition
  return {
    isEverything: false,
    matches: (entry) => {
      const needsAttributes = labels.length > 0 || fields.some(({ field }) => !field.startsWith('metadata.'))
      if (!needsAttributes) return fields.every((requirement) => matchesField(requirement, entry, undefined))
      const attributes = cache.attributesOf(entry)
      if (!matchesSelector(labels, attributes.labels)) return false
      const values = conversion === undefined || fields.length === 0 ? attributes.fields : convertedFields(definition, entry)
      return fields.every((requirement) => matchesField(requirement, entry, values))
    },
  }
}

/** Upstream: the kinds' field label conversions, and runtime.DefaultMetaV1FieldSelectorConversion. */
function unsupportedFieldText({ unknownFieldText, selectableFields }: ResourceDefinition, field: string): string {
  if (selectableFields === undefined)
    return `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`
  return unknownFieldText?.(field) ?? `field label not supported: ${field}`
}

/** The stored form has other names for the fields than the version that is asked. */
function convertedFields({ conversion, selectableFields = {} }: ResourceDefinition, entry: Entry): Record<string, string> {
  const object = conversion!.fromStored(entry.copy())
  return Object.fromEntries(Object.entries(selectableFields).map(([field, select]) => [field, select(object)]))
}

function matchesField(
  { field, operator, value }: FieldRequirement,
  entry: Entry,
  fields: Readonly<Record<string, string>> | undefined,
): boolean {
  return (fieldValue(field, entry, fields) === value) === (operator === '=')
}

function fieldValue(field: string, entry: Entry, fields: Readonly<Record<string, string>> | undefined): string {
  if (field === 'metadata.name') return splitStorageKey(entry.key).name
  if (field === 'metadata.namespace') return splitStorageKey(entry.key).namespace
  return fields?.[field] ?? ''
}
