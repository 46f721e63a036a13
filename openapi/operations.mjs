// The paths of an OpenAPI v3 document and their operations, from the lines of resources.json.
import { capital, connectIdsOf, groupWord, operationIdsOf, tagOf } from './operation-ids.mjs'
import { pathParameter, queryParameter, SUBRESOURCE_PARAMETERS, VERB_PARAMETERS } from './parameters.mjs'
import { names, refOf, schemaOfKind } from './schemas.mjs'

const OBJECT_TYPES = ['application/json', 'application/vnd.kubernetes.protobuf', 'application/yaml']
const WATCH_TYPES = ['application/json;stream=watch', 'application/vnd.kubernetes.protobuf;stream=watch']
const LIST_TYPES = [...OBJECT_TYPES, ...WATCH_TYPES].sort()
const LOG_TYPES = [...OBJECT_TYPES, 'text/plain'].sort()
const PATCH_TYPES = [
  'application/apply-patch+yaml',
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
]

const METHODS = { create: 'post', delete: 'delete', deletecollection: 'delete', get: 'get', list: 'get', patch: 'patch', update: 'put' }
const PROXY_METHODS = ['delete', 'get', 'head', 'options', 'patch', 'post', 'put']
const STREAM_METHODS = ['get', 'post']

const RESPONSE_TEXTS = { 200: 'OK', 201: 'Created', 202: 'Accepted' }

const contentOf = (types, schema) => Object.fromEntries(types.map((type) => [type, { schema }]))
const bodyOf = (types, schema) => ({ content: contentOf(types, schema), required: true })
const DELETE_OPTIONS = { content: contentOf(['*/*'], refOf(names.deleteOptions)) }

function responsesOf(codes, types, schema) {
  const answered = codes.map((code) => [code, { content: contentOf(types, schema), description: RESPONSE_TEXTS[code] }])
  return { ...Object.fromEntries(answered), 401: { description: 'Unauthorized' } }
}

/** What a verb is sent and what it answers. */
const SHAPES = {
  create: ({ object }) => ({ requestBody: bodyOf(['*/*'], object), responses: responsesOf([200, 201, 202], OBJECT_TYPES, object) }),
  delete: ({ deleted }) => ({ requestBody: DELETE_OPTIONS, responses: responsesOf([200, 202], OBJECT_TYPES, deleted) }),
  deletecollection: () => ({ requestBody: DELETE_OPTIONS, responses: responsesOf([200], OBJECT_TYPES, refOf(names.status)) }),
  get: ({ object }) => ({ responses: responsesOf([200], OBJECT_TYPES, object) }),
  list: ({ list }) => ({ responses: responsesOf([200], LIST_TYPES, list) }),
  patch: ({ object }) => ({
    requestBody: bodyOf(PATCH_TYPES, refOf(names.patch)),
    responses: responsesOf([200, 201], OBJECT_TYPES, object),
  }),
  update: ({ object }) => ({ requestBody: bodyOf(['*/*'], object), responses: responsesOf([200, 201], OBJECT_TYPES, object) }),
}

/**
 * @param target `tag`, `gvk`, and references to what the verb is about: `object`, `list`, `deleted`
 * @returns an operation, and in `names` its parameters, which pathItem divides between it and its path
 */
function operationOf(verb, operationId, target) {
  return {
    operationId,
    ...SHAPES[verb](target),
    tags: [target.tag],
    'x-kubernetes-action': verb === 'create' || verb === 'update' ? METHODS[verb] : verb,
    'x-kubernetes-group-version-kind': target.gvk,
    names: VERB_PARAMETERS[verb],
  }
}

const byName = (a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)

/** What every operation of a path takes is said once, for the path. Upstream: kube-openapi buildPaths. */
function pathItem(path, operations) {
  const lists = Object.values(operations).map((operation) => operation.names)
  const shared = lists[0].filter((name) => lists.every((list) => list.includes(name)))
  const item = {}
  for (const [method, { names: taken, operationId, ...rest }] of Object.entries(operations)) {
    const own = taken.filter((name) => !shared.includes(name)).sort()
    item[method] = { operationId, ...(own.length > 0 ? { parameters: own.map(queryParameter) } : {}), ...rest }
  }
  // A proxy's `path` is both: the rest of its URL, and a query parameter.
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
  const parameters = [...inPath.map(pathParameter), ...shared.map(queryParameter)].sort(byName)
  return parameters.length > 0 ? { ...item, parameters } : item
}

/** The subresources that hand the connection on: any method opens them, and what they carry isn't known. */
function connectItems(path, facts, subresource, target) {
  const idOf = connectIdsOf(facts)
  const methods = subresource === 'proxy' ? PROXY_METHODS : STREAM_METHODS
  const itemAt = (at, suffix) => {
    const operations = methods.map((method) => [
      method,
      {
        operationId: idOf(method, capital(subresource) + suffix),
        responses: responsesOf([200], ['*/*'], { type: 'string' }),
        tags: [target.tag],
        'x-kubernetes-action': 'connect',
        'x-kubernetes-group-version-kind': target.gvk,
        names: SUBRESOURCE_PARAMETERS[subresource],
      },
    ])
    return [at, pathItem(at, Object.fromEntries(operations))]
  }
  return subresource === 'proxy' ? [itemAt(path, ''), itemAt(`${path}/{path}`, 'WithPath')] : [itemAt(path, '')]
}

function subresourceItems(path, facts, subresource, { kind, groupVersion, verbs }) {
  const [version, group = ''] = (groupVersion ?? '').split('/').reverse()
  const gvk = groupVersion ? { group, kind, version } : { group: facts.group, kind, version: facts.version }
  const target = { tag: tagOf(facts.group, facts.version), gvk }
  if (verbs.includes('connect')) return connectItems(path, facts, subresource, target)

  const idOf = operationIdsOf(facts)
  target.object = refOf(schemaOfKind(gvk.group, gvk.version, kind))
  const operations = Object.fromEntries(verbs.map((verb) => [METHODS[verb], operationOf(verb, idOf(verb, capital(subresource)), target)]))
  if (subresource === 'log') {
    operations.get.names = SUBRESOURCE_PARAMETERS.log
    operations.get.responses = responsesOf([200], LOG_TYPES, { type: 'string' })
  }
  return [[path, pathItem(path, operations)]]
}

function resourceItems(root, facts) {
  const { group, kind, namespaced, resource, schema, version } = facts
  const idOf = operationIdsOf(facts)
  const target = {
    tag: tagOf(group, version),
    gvk: { group, kind, version },
    object: refOf(schema),
    list: refOf(`${schema}List`),
    deleted: refOf(facts.returnsDeletedObject ? schema : names.status),
  }
  const everywhere = `${root}/${resource}`
  const collection = namespaced ? `${root}/namespaces/{namespace}/${resource}` : everywhere
  const named = `${collection}/{name}`
  const itemFor = (path, verbs) => {
    const served = verbs.filter((verb) => facts.verbs.includes(verb))
    const operations = served.map((verb) => [METHODS[verb], operationOf(verb, idOf(verb), target)])
    return served.length > 0 ? [[path, pathItem(path, Object.fromEntries(operations))]] : []
  }
  const items = [...itemFor(collection, ['deletecollection', 'list', 'create']), ...itemFor(named, ['delete', 'get', 'patch', 'update'])]
  if (namespaced && facts.verbs.includes('list')) {
    items.push([everywhere, pathItem(everywhere, { get: operationOf('list', idOf('listAll'), target) })])
  }
  const subresources = Object.entries(facts.subresources)
  return [...items, ...subresources.flatMap(([name, subresource]) => subresourceItems(`${named}/${name}`, facts, name, subresource))]
}

/** The path that answers a discovery document. */
export function documentItem(path, operationId, schema, tag, types = OBJECT_TYPES) {
  return [path, { get: { operationId, responses: responsesOf([200], types, refOf(schema)), tags: [tag] } }]
}

/** Every path of a group and version. */
export function groupVersionPaths(group, version, resources) {
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`
  const id = `get${groupWord(group)}${capital(version)}APIResources`
  const items = [
    documentItem(`${root}/`, id, names.apiResourceList, tagOf(group, version)),
    ...resources.flatMap((facts) => resourceItems(root, facts)),
  ]
  return Object.fromEntries(items.sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** The path of a group: which versions it has. */
export function groupPaths(group) {
  return Object.fromEntries([documentItem(`/apis/${group}/`, `get${groupWord(group)}APIGroup`, names.apiGroup, tagOf(group))])
}
