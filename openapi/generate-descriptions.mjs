// Part of `npm run build`: writes to dist/openapi/v3/, or to the folder given, the documents of openapi/v3/ with upstream's prose in them, for
// `kubectl explain`. The prose is read from a development dependency and never checked in; without dist/openapi the
// server serves openapi/v3/ as it is.
import { mkdirSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { buildDocuments, fileOf, formatDocument, formatIndex } from './generate-documents.mjs'
import { readParameterProse, readProse } from './parse-models.mjs'

/** The package's comments leave out fields that refer to another type. These three are the same everywhere. */
const COMMON_FIELDS = {
  metadata: 'Standard metadata: names, labels and annotations, and what the system records of the object.',
  spec: 'What is wanted of the object.',
  status: 'What the system last saw of the object; not for users to write.',
}

const firstSentence = (text) => /^.*?\.(?=\s|$)/s.exec(text)?.[0] ?? text
const proseOf = memoize(readProse)
const parameterProse = readParameterProse()

function memoize(read) {
  const known = new Map()
  return (name) => {
    if (!known.has(name)) known.set(name, read(name))
    return known.get(name)
  }
}

function referenceOf(schema) {
  return (schema.$ref ?? schema.allOf?.[0].$ref)?.split('/').at(-1)
}

/** A field says what the package says of it; one that only refers to a type, how that type's description begins. */
function fieldProse(owner, field, schema) {
  const own = proseOf(owner)?.fields[field]
  if (own) return own
  const target = referenceOf(schema)
  if (!target) return undefined
  return COMMON_FIELDS[field] ?? firstSentence(proseOf(target)?.description ?? '')
}

function withDescription(schema, description) {
  if (!description) return schema
  const { $ref, ...rest } = schema
  return $ref ? { allOf: [{ $ref }], description } : { description, ...rest }
}

function describeSchema(name, schema) {
  const described = withDescription(schema, proseOf(name)?.description)
  if (!schema.properties) return described
  const properties = Object.entries(schema.properties).map(([field, member]) => [
    field,
    withDescription(member, fieldProse(name, field, member)),
  ])
  return { ...described, properties: Object.fromEntries(properties) }
}

function describeParameters(parameters) {
  return parameters.map((parameter) => withDescription(parameter, parameterProse.get(parameter.name)))
}

function describePath(item) {
  const members = Object.entries(item).map(([method, member]) => {
    if (method === 'parameters') return [method, describeParameters(member)]
    return [method, member.parameters ? { ...member, parameters: describeParameters(member.parameters) } : member]
  })
  return Object.fromEntries(members)
}

function describeDocument(document) {
  const map = (object, describe) => Object.fromEntries(Object.entries(object).map(([key, value]) => [key, describe(key, value)]))
  const { components, paths } = document
  return {
    ...document,
    paths: map(paths, (_path, item) => describePath(item)),
    components: { ...components, schemas: map(components.schemas, describeSchema) },
  }
}

const [, , given] = process.argv
const folder = given ? pathToFileURL(`${given}/`) : new URL('../dist/openapi/v3/', import.meta.url)
mkdirSync(folder, { recursive: true })
const texts = new Map([...buildDocuments()].map(([path, document]) => [path, formatDocument(describeDocument(document))]))
for (const [path, text] of texts) writeFileSync(new URL(fileOf(path), folder), text)
writeFileSync(new URL('index.json', folder), formatIndex(texts))
