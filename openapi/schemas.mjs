// The schemas of the OpenAPI v3 documents, from definitions.json: JSON Schema as OpenAPI 3.0 has it.
import { readFileSync } from 'node:fs'

const read = (name) => JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8'))
const definitions = read('definitions.json')
/** Of fields, what definitions.json can't say: defaults and enums, as the Go types' tags and markers have them. */
const fieldFacts = read('fields.json')

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1.'
export const names = {
  apiGroup: `${META}APIGroup`,
  apiGroupList: `${META}APIGroupList`,
  apiResourceList: `${META}APIResourceList`,
  apiVersions: `${META}APIVersions`,
  deleteOptions: `${META}DeleteOptions`,
  patch: `${META}Patch`,
  status: `${META}Status`,
  versionInfo: 'io.k8s.apimachinery.pkg.version.Info',
}

/** Types that version 2 can only call strings. Upstream: OpenAPIV3OneOfTypes. */
const ONE_OF = {
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': { format: 'int-or-string', oneOf: [{ type: 'integer' }, { type: 'string' }] },
  'io.k8s.apimachinery.pkg.api.resource.Quantity': { oneOf: [{ type: 'string' }, { type: 'number' }] },
}

export const refOf = (name) => ({ $ref: `#/components/schemas/${name}` })

/** OpenAPI 3.0 ignores what stands beside a $ref, so a reference that has more to say goes into an allOf. */
function reference(name, beside) {
  return Object.keys(beside).length === 0 ? refOf(name) : { allOf: [refOf(name)], ...beside }
}

/** Go leaves no gaps in lists and maps: an element that says nothing is the zero value of its type. */
function elementDefault(schema) {
  if (schema.$ref) return definitions[schema.$ref].properties ? { default: {} } : {}
  const zero = { string: '', integer: 0, number: 0, boolean: false }[schema.type]
  return zero === undefined || schema.format === 'byte' ? {} : { default: zero }
}

/** @param facts what fields.json knows of a field: its default, the values it may have (`items`: its elements') */
function toV3(schema, facts = {}) {
  const { $ref, items, additionalProperties, ...rest } = schema
  const { items: elementValues, ...own } = facts
  if ($ref) return reference($ref, { ...own, ...rest })
  const element = (of) => toV3(of, { ...elementDefault(of), ...(elementValues ? { enum: elementValues } : {}) })
  return {
    ...own,
    ...(additionalProperties && { additionalProperties: additionalProperties === true ? true : element(additionalProperties) }),
    ...(items && { items: element(items) }),
    ...rest,
  }
}

function v3Definition(name) {
  if (ONE_OF[name]) return ONE_OF[name]
  const { properties, ...rest } = definitions[name]
  if (!properties) return toV3(rest)
  const facts = fieldFacts[name] ?? {}
  return {
    properties: Object.fromEntries(Object.entries(properties).map(([field, schema]) => [field, toV3(schema, facts[field])])),
    ...rest,
  }
}

function referencesIn(value, found = new Set()) {
  if (value === null || typeof value !== 'object') return found
  for (const [key, member] of Object.entries(value)) {
    if (key === '$ref' && typeof member === 'string') found.add(member.split('/').at(-1))
    else referencesIn(member, found)
  }
  return found
}

/** Every schema that `paths` needs, directly or through another, in alphabetical order. */
export function schemasFor(paths) {
  const schemas = new Map()
  const waiting = [...referencesIn(paths)]
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (schemas.has(name)) continue
    const schema = v3Definition(name)
    schemas.set(name, schema)
    waiting.push(...referencesIn(schema))
  }
  return Object.fromEntries([...schemas].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** group/version/kind → the name of its definition */
const byKind = new Map()
for (const [name, definition] of Object.entries(definitions)) {
  for (const { group, version, kind } of definition['x-kubernetes-group-version-kind'] ?? []) {
    if (!byKind.has(`${group}/${version}/${kind}`)) byKind.set(`${group}/${version}/${kind}`, name)
  }
}

export function schemaOfKind(group, version, kind) {
  return byKind.get(`${group}/${version}/${kind}`)
}
