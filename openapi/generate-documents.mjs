// The OpenAPI v3 documents, one a group and version, from resources.json and definitions.json.
// Written one path and one schema a line: small, and a change shows as the lines that it is.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { documentItem, groupPaths, groupVersionPaths } from './operations.mjs'
import { names, schemasFor } from './schemas.mjs'

/** The version served is said once, in the server's own table. */
const versionTable = readFileSync(new URL('../src/api/version.ts', import.meta.url), 'utf8')
const [, gitVersion] = /gitVersion: '(v[^']+)'/.exec(versionTable)

const resources = JSON.parse(readFileSync(new URL('resources.json', import.meta.url), 'utf8'))

function documentOf(paths) {
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: gitVersion },
    paths,
    components: {
      schemas: schemasFor(paths),
      securitySchemes: {
        BearerToken: { type: 'apiKey', description: 'Bearer Token authentication', name: 'authorization', in: 'header' },
      },
    },
  }
}

const documentPath = ({ group, version }) => (group === '' ? `api/${version}` : `apis/${group}/${version}`)

/** @returns path of the document as the index has it ("apis/apps/v1") → document */
export function buildDocuments() {
  const documents = new Map()
  const version = Object.fromEntries([documentItem('/version/', 'getCodeVersion', names.versionInfo, 'version', ['application/json'])])
  documents.set('version', documentOf(version))
  documents.set('api', documentOf(Object.fromEntries([documentItem('/api/', 'getCoreAPIVersions', names.apiVersions, 'core')])))
  documents.set('apis', documentOf(Object.fromEntries([documentItem('/apis/', 'getAPIVersions', names.apiGroupList, 'apis')])))
  for (const path of new Set(resources.map(documentPath))) {
    const members = resources.filter((facts) => documentPath(facts) === path)
    const { group, version } = members[0]
    if (group !== '') documents.set(`apis/${group}`, documentOf(groupPaths(group)))
    documents.set(path, documentOf(groupVersionPaths(group, version, members)))
  }
  return new Map([...documents].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** `apis/apps/v1` → `apis__apps__v1.json` */
export const fileOf = (path) => `${path.replaceAll('/', '__')}.json`

/** One path and one schema a line. */
export function formatDocument({ paths, components, ...head }) {
  const members = (object) =>
    Object.entries(object)
      .map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`)
      .join(',\n')
  const { schemas, ...rest } = components
  return [
    `${JSON.stringify(head).slice(0, -1)},`,
    `"paths":{\n${members(paths)}\n},`,
    `"components":{${members(rest)},"schemas":{\n${members(schemas)}\n}}}`,
    '',
  ].join('\n')
}

/** Which documents there are, and a hash of each, so that the index can be served without reading them. */
export function formatIndex(texts) {
  const lines = [...texts].map(
    ([path, text]) => `${JSON.stringify(path)}:${JSON.stringify(createHash('sha512').update(text).digest('hex').toUpperCase())}`,
  )
  return `{\n${lines.join(',\n')}\n}\n`
}

/** @returns file name → text */
export function generateDocuments() {
  const texts = new Map([...buildDocuments()].map(([path, document]) => [path, formatDocument(document)]))
  return new Map([['index.json', formatIndex(texts)], ...[...texts].map(([path, text]) => [fileOf(path), text])])
}
