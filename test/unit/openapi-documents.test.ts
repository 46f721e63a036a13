import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { loadDefinitions } from '../../src/api/index.ts'
import { VERSION } from '../../src/api/version.ts'

const folder = new URL('../../openapi/v3/', import.meta.url)
const readText = (file: string) => readFileSync(new URL(file, folder), 'utf8')
const fileOf = (path: string) => `${path.replaceAll('/', '__')}.json`

// biome-ignore lint/suspicious/noExplicitAny: documents are walked, not typed
type Json = any

let documents: Map<string, Json>
let index: Record<string, string>

beforeAll(() => {
  index = JSON.parse(readText('index.json'))
  documents = new Map(Object.keys(index).map((path) => [path, JSON.parse(readText(fileOf(path)))]))
})

function operations(): { path: string; method: string; operation: Json; item: Json }[] {
  return [...documents.values()].flatMap(({ paths }) =>
    Object.entries<Json>(paths).flatMap(([path, item]) =>
      Object.entries<Json>(item)
        .filter(([method]) => method !== 'parameters')
        .map(([method, operation]) => ({ path, method, operation, item })),
    ),
  )
}

function referencesIn(value: Json): string[] {
  if (value === null || typeof value !== 'object') return []
  return Object.entries(value).flatMap(([key, member]) => (key === '$ref' && typeof member === 'string' ? [member] : referencesIn(member)))
}

test('what is generated is what is checked in', () => {
  const generator = fileURLToPath(new URL('../generate.mjs', folder))
  expect(() => execFileSync(process.execPath, [generator, '--check'], { stdio: 'pipe' })).not.toThrow()
})

test('the index has every document and its hash', () => {
  const files = readdirSync(folder).filter((file) => file !== 'index.json')
  expect(files.sort()).toEqual(Object.keys(index).map(fileOf).sort())
  for (const [path, hash] of Object.entries(index)) {
    expect(
      createHash('sha512')
        .update(readText(fileOf(path)))
        .digest('hex')
        .toUpperCase(),
    ).toBe(hash)
  }
})

test('every reference leads to a schema, and no schema is without one', () => {
  for (const [path, document] of documents) {
    const schemas = Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`)
    expect(new Set(referencesIn(document)), path).toEqual(new Set(schemas))
  }
})

test('nothing stands beside a $ref, where OpenAPI 3.0 would not read it', () => {
  const alone = (value: Json): boolean =>
    value === null ||
    typeof value !== 'object' ||
    (typeof value.$ref === 'string' ? Object.keys(value).length === 1 : Object.values(value).every(alone))
  for (const [path, { components, paths }] of documents) expect(alone(components.schemas) && alone(paths), path).toBe(true)
})

test('operation ids are unique', () => {
  const ids = operations().map(({ operation }) => operation.operationId)
  expect(ids.filter((id, at) => ids.indexOf(id) !== at)).toEqual([])
})

test('the documents are of the version served, and without prose', () => {
  for (const document of documents.values()) {
    expect(document.info).toEqual({ title: 'Kubernetes', version: VERSION.gitVersion })
    expect(JSON.stringify(document.components.schemas)).not.toContain('"description":"')
  }
})

test('every verb of every resource has its operation', () => {
  const METHODS: Record<string, [method: string, onName: boolean]> = {
    create: ['post', false],
    delete: ['delete', true],
    deletecollection: ['delete', false],
    get: ['get', true],
    list: ['get', false],
    patch: ['patch', true],
    update: ['put', true],
  }
  for (const { group, version, resource, namespaced, verbs, subresources } of loadDefinitions()) {
    const { paths } = documents.get(group === '' ? `api/${version}` : `apis/${group}/${version}`)
    const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`
    const collection = `${root}/${namespaced ? 'namespaces/{namespace}/' : ''}${resource}`
    for (const verb of verbs.filter((name) => name !== 'watch')) {
      const [method, onName] = METHODS[verb]!
      expect(paths[onName ? `${collection}/{name}` : collection], `${verb} ${collection}`).toHaveProperty(method)
    }
    for (const name of Object.keys(subresources)) expect(paths).toHaveProperty([`${collection}/{name}/${name}`])
    if (namespaced && verbs.includes('list')) expect(paths).toHaveProperty([`${root}/${resource}`])
  }
})

test('kubectl finds what it looks for in every PATCH', () => {
  const patches = operations().filter(({ method, operation }) => method === 'patch' && operation['x-kubernetes-action'] === 'patch')
  expect(patches.length).toBeGreaterThan(50)
  for (const { path, operation } of patches) {
    expect(Object.keys(operation.requestBody.content), path).toEqual([
      'application/apply-patch+yaml',
      'application/json-patch+json',
      'application/merge-patch+json',
      'application/strategic-merge-patch+json',
    ])
    const names = operation.parameters.map(({ name }: { name: string }) => name)
    expect(names, path).toEqual(['dryRun', 'fieldManager', 'fieldValidation', 'force'])
    expect(operation['x-kubernetes-group-version-kind'], path).toHaveProperty('kind')
  }
})

describe('operations, as upstream has them', () => {
  const DEPLOYMENTS = '/apis/apps/v1/namespaces/{namespace}/deployments'
  const PODS = '/api/v1/namespaces/{namespace}/pods'
  const ROWS: [method: string, path: string, operationId: string, action: string, kind: string][] = [
    ['get', '/apis/apps/v1/deployments', 'listAppsV1DeploymentForAllNamespaces', 'list', 'Deployment'],
    ['get', DEPLOYMENTS, 'listAppsV1NamespacedDeployment', 'list', 'Deployment'],
    ['post', DEPLOYMENTS, 'createAppsV1NamespacedDeployment', 'post', 'Deployment'],
    ['delete', DEPLOYMENTS, 'deleteAppsV1CollectionNamespacedDeployment', 'deletecollection', 'Deployment'],
    ['put', `${DEPLOYMENTS}/{name}`, 'replaceAppsV1NamespacedDeployment', 'put', 'Deployment'],
    ['get', `${DEPLOYMENTS}/{name}/scale`, 'readAppsV1NamespacedDeploymentScale', 'get', 'Scale'],
    ['delete', '/api/v1/nodes', 'deleteCoreV1CollectionNode', 'deletecollection', 'Node'],
    ['put', '/api/v1/namespaces/{name}/finalize', 'replaceCoreV1NamespaceFinalize', 'put', 'Namespace'],
    ['post', `${PODS}/{name}/eviction`, 'createCoreV1NamespacedPodEviction', 'post', 'Eviction'],
    ['get', `${PODS}/{name}/exec`, 'connectCoreV1GetNamespacedPodExec', 'connect', 'PodExecOptions'],
    ['head', `${PODS}/{name}/proxy/{path}`, 'connectCoreV1HeadNamespacedPodProxyWithPath', 'connect', 'PodProxyOptions'],
    ['get', `${PODS}/{name}/log`, 'readCoreV1NamespacedPodLog', 'get', 'Pod'],
    ['get', '/apis/rbac.authorization.k8s.io/v1/clusterroles', 'listRbacAuthorizationV1ClusterRole', 'list', 'ClusterRole'],
  ]
  test.each(ROWS)('%s %s', (method, path, operationId, action, kind) => {
    const found = operations().find((candidate) => candidate.method === method && candidate.path === path)
    expect(found?.operation).toMatchObject({
      operationId,
      'x-kubernetes-action': action,
      'x-kubernetes-group-version-kind': { kind },
    })
  })

  test('what all operations of a path take is said for the path', () => {
    const { paths } = documents.get('apis/apps/v1')
    const namesOf = (parameters: { name: string }[]) => parameters.map(({ name }) => name)
    expect(namesOf(paths[`${DEPLOYMENTS}/{name}`].parameters)).toEqual(['name', 'namespace', 'pretty'])
    expect(namesOf(paths['/apis/apps/v1/deployments'].parameters)).toContain('labelSelector')
    expect(paths['/apis/apps/v1/deployments'].get).not.toHaveProperty('parameters')
  })

  test('a delete answers with the object where upstream does', () => {
    const schemaOf = (path: string) =>
      operations().find((candidate) => candidate.path === path && candidate.method === 'delete')?.operation.responses[200].content[
        'application/json'
      ].schema.$ref
    expect(schemaOf(`${PODS}/{name}`)).toMatch(/v1\.Pod$/)
    expect(schemaOf(`${DEPLOYMENTS}/{name}`)).toMatch(/v1\.Status$/)
  })
})

describe('schemas, as upstream has them', () => {
  const schema = (name: string) => documents.get('api/v1').components.schemas[name]

  test('merge keys of lists', () => {
    expect(schema('io.k8s.api.core.v1.PodSpec').properties.containers).toMatchObject({
      'x-kubernetes-patch-merge-key': 'name',
      'x-kubernetes-patch-strategy': 'merge',
      'x-kubernetes-list-map-keys': ['name'],
      items: { allOf: [{ $ref: '#/components/schemas/io.k8s.api.core.v1.Container' }], default: {} },
    })
  })

  test('keys of lists have defaults, so that entries without them can be told apart', () => {
    const { protocol, containerPort } = schema('io.k8s.api.core.v1.ContainerPort').properties
    expect(protocol).toEqual({ default: 'TCP', enum: ['SCTP', 'TCP', 'UDP'], type: 'string' })
    expect(containerPort).toEqual({ default: 0, format: 'int32', type: 'integer' })
  })

  test('a reference with a patch strategy keeps both', () => {
    expect(documents.get('apis/apps/v1').components.schemas['io.k8s.api.apps.v1.DeploymentSpec'].properties.strategy).toEqual({
      allOf: [{ $ref: '#/components/schemas/io.k8s.api.apps.v1.DeploymentStrategy' }],
      default: {},
      'x-kubernetes-patch-strategy': 'retainKeys',
    })
  })

  test('numbers or texts', () => {
    expect(schema('io.k8s.apimachinery.pkg.util.intstr.IntOrString')).toEqual({
      format: 'int-or-string',
      oneOf: [{ type: 'integer' }, { type: 'string' }],
    })
    expect(schema('io.k8s.apimachinery.pkg.api.resource.Quantity')).toEqual({ oneOf: [{ type: 'string' }, { type: 'number' }] })
  })
})
