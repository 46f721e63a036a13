// The paths of an OpenAPI v3 document and their operations, from the lines of resources.json.
import { pathParameter, queryParameter, SUBRESOURCE_PARAMETERS, VERB_PARAMETERS } from './parameters.mjs'
import { names, refOf, schemaOfKind } from './schemas.mjs'

const OBJECT_TYPES = ['application/json', 'application/vnd.kubernetes.protobuf', 'application/yaml']
const WATCH_TYPES = ['application/json;stream=watch', 'application/vnd.kubernetes.protobuf;stream=watch']
const PATCH_TYPES = [
  'application/apply-patch+yaml',
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
]
const CONNECT_METHODS = { proxy: ['delete', 'get', 'head', 'options', 'patch', 'post', 'put'] }
const OTHER_CONNECT_METHODS = ['get', 'post']

const capital = (word) => word[0].toUpperCase() + word.slice(1)
/** `rbac.authorization.k8s.io` → `RbacAuthorization`, as operation ids have it. */
const groupWord = (group) => (group === '' ? 'core' : group.replace(/\.k8s\.io$/, '')).split('.').map(capital).join('')

const content = (types, schema) => Object.fromEntries(types.map((type) => [type, { schema }]))

function responses(codes, types, schema) {
  const texts = { 200: 'OK', 201: 'Created', 202: 'Accepted' }
  const answered = codes.map((code) => [code, { content: content(types, schema), description: texts[code] }])
  return { ...Object.fromEntries(answered), 401: { description: 'Unauthorized' } }
}

/** @returns the operations of one resource or subresource: verb → operation, without its path parameters */
function objectOperation(verb, target) {
  const { schema, listSchema, group, version, returnsDeletedObject } = target
  const object = refOf(schema)
  const body = (types, bodySchema) => ({ requestBody: { content: content(types, bodySchema), required: true } })
  const shapes = {
    get: () => ({ action: 'get', responses: responses([200], OBJECT_TYPES, object) }),
    list: () => ({ action: 'list', responses: responses([200], [...OBJECT_TYPES, ...WATCH_TYPES].sort(), refOf(listSchema)) }),
    post: () => ({ action: 'post', ...body(['*/*'], object), responses: responses([200, 201, 202], OBJECT_TYPES, object) }),
    put: () => ({ action: 'put', ...body(['*/*'], object), responses: responses([200, 201], OBJECT_TYPES, object) }),
    patch: () => ({ action: 'patch', ...body(PATCH_TYPES, refOf(names.patch)), responses: responses([200, 201], OBJECT_TYPES, object) }),
    delete: () => ({
      action: 'delete',
      requestBody: { content: content(['*/*'], refOf(names.deleteOptions)) },
      responses: responses([200, 202], OBJECT_TYPES, returnsDeletedObject ? object : refOf(names.status)),
    }),
    deletecollection: () => ({
      action: 'deletecollection',
      requestBody: { content: content(['*/*'], refOf(names.deleteOptions)) },
      responses: responses([200], OBJECT_TYPES, refOf(names.status)),
    }),
  }
  const { action, ...rest } = shapes[verb]()
  return {
    operationId: target.operationId(verb),
    ...rest,
    tags: [target.tag],
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': { group, kind: target.kind, version },
    names: VERB_PARAMETERS[verb],
  }
}

/** What every operation of a path takes is said once, for the path. Upstream: kube-openapi buildPaths. */
function pathItem(path, operations) {
  const lists = Object.values(operations).map((operation) => operation.names)
  const shared = new Set(lists[0].filter((name) => lists.every((list) => list.includes(name))))
  const item = {}
  for (const [method, { names: own, ...operation }] of Object.entries(operations)) {
    const parameters = own.filter((name) => !shared.has(name)).sort()
    item[method] =
      parameters.length > 0 ? { operationId: operation.operationId, parameters: parameters.map(queryParameter), ...operation } : operation
  }
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
  // A proxy's `path` is both: the rest of its URL, and a query parameter.
  const parameters = [...inPath.map(pathParameter), ...[...shared].map(queryParameter)]
  if (parameters.length > 0) item.parameters = parameters.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
  return item
}

function connectItems(path, target, subresource) {
  const operation = (method, suffix) => ({
    operationId: target.operationId(`connect${capital(method)}`, suffix),
    responses: responses([200], ['*/*'], { type: 'string' }),
    tags: [target.tag],
    'x-kubernetes-action': 'connect',
    'x-kubernetes-group-version-kind': { group: target.group, kind: target.kind, version: target.version },
    names: SUBRESOURCE_PARAMETERS[subresource],
  })
  const methods = CONNECT_METHODS[subresource] ?? OTHER_CONNECT_METHODS
  const item = (at, suffix) => [at, pathItem(at, Object.fromEntries(methods.map((method) => [method, operation(method, suffix)])))]
  return subresource === 'proxy' ? [item(path, ''), item(`${path}/{path}`, 'WithPath')] : [item(path, '')]
}

const METHOD_OF_VERB = { get: 'get', create: 'post', update: 'put', patch: 'patch', delete: 'delete' }

function subresourceItems(path, facts, subresource, { kind, groupVersion, verbs }, base) {
  const [version, group = ''] = (groupVersion ?? '').split('/').reverse()
  const gv = groupVersion ? { group, version } : { group: facts.group, version: facts.version }
  const target = {
    ...base,
    ...gv,
    kind,
    schema: schemaOfKind(gv.group, gv.version, kind),
    operationId: base.subresourceId(capital(subresource)),
  }
  if (verbs.includes('connect')) return connectItems(path, target, subresource)
  const operations = Object.fromEntries(verbs.map((verb) => [METHOD_OF_VERB[verb], objectOperation(METHOD_OF_VERB[verb], target)]))
  if (subresource === 'log') {
    operations.get.names = SUBRESOURCE_PARAMETERS.log
    operations.get.responses = responses([200], [...OBJECT_TYPES, 'text/plain'].sort(), { type: 'string' })
  }
  return [[path, pathItem(path, operations)]]
}

/** `deleteCollection` and `connect` have the group before what else they say; all other verbs stand before it. */
function operationIds(facts) {
  const words = { get: 'read', post: 'create', put: 'replace' }
  const gv = groupWord(facts.group) + capital(facts.version)
  const scope = facts.namespaced ? 'Namespaced' : ''
  const id = (verb, rest) => {
    if (verb === 'deletecollection') return `delete${gv}Collection${scope}${rest}`
    const [, method] = /^connect(.+)$/.exec(verb) ?? []
    return method ? `connect${gv}${method}${scope}${rest}` : `${words[verb] ?? verb}${gv}${scope}${rest}`
  }
  return {
    main: (verb) => id(verb, facts.kind),
    allNamespaces: () => `list${gv}${facts.kind}ForAllNamespaces`,
    subresource:
      (name) =>
      (verb, suffix = '') =>
        id(verb, facts.kind + name + suffix),
  }
}

function resourceItems(root, facts) {
  const ids = operationIds(facts)
  const base = {
    group: facts.group,
    version: facts.version,
    kind: facts.kind,
    schema: facts.schema,
    listSchema: `${facts.schema}List`,
    returnsDeletedObject: facts.returnsDeletedObject,
    tag: tagOf(facts.group, facts.version),
    operationId: ids.main,
    subresourceId: ids.subresource,
  }
  const collection = `${root}/${facts.namespaced ? 'namespaces/{namespace}/' : ''}${facts.resource}`
  const named = `${collection}/{name}`
  const pick = (methods) =>
    Object.fromEntries(
      Object.entries(methods)
        .filter(([, [verb]]) => facts.verbs.includes(verb))
        .map(([method, [, shape]]) => [method, objectOperation(shape, base)]),
    )
  const items = []
  const onCollection = pick({ delete: ['deletecollection', 'deletecollection'], get: ['list', 'list'], post: ['create', 'post'] })
  const onName = pick({
    delete: ['delete', 'delete'],
    get: ['get', 'get'],
    patch: ['patch', 'patch'],
    put: ['update', 'put'],
  })
  if (facts.namespaced && facts.verbs.includes('list')) {
    const everywhere = `${root}/${facts.resource}`
    items.push([everywhere, pathItem(everywhere, { get: { ...objectOperation('list', base), operationId: ids.allNamespaces() } })])
  }
  if (Object.keys(onCollection).length > 0) items.push([collection, pathItem(collection, onCollection)])
  if (Object.keys(onName).length > 0) items.push([named, pathItem(named, onName)])
  for (const [name, subresource] of Object.entries(facts.subresources)) {
    items.push(...subresourceItems(`${named}/${name}`, facts, name, subresource, base))
  }
  return items
}

function tagOf(group, version) {
  const word = groupWord(group)
  return `${word[0].toLowerCase()}${word.slice(1)}${version ? `_${version}` : ''}`
}

/** The path that answers a discovery document. */
export function documentItem(path, operationId, schema, tag, types = OBJECT_TYPES) {
  return [path, { get: { operationId, responses: responses([200], types, refOf(schema)), tags: [tag] } }]
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
