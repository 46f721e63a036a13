import { beforeAll, describe, expect, test } from 'vitest'
import type { ResourceDefinition } from '../../src/api/definition.ts'
import { loadDefinitions } from '../../src/api/index.ts'
import type { APIGroup, APIGroupList, APIResource, APIResourceList } from '../../src/api/types.gen.ts'
import { Discovery } from '../../src/http/discovery.ts'
import type { APIGroupDiscoveryList } from '../../src/http/discovery-aggregated.ts'

const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'

let definitions: readonly ResourceDefinition[]
let discovery: Discovery

beforeAll(() => {
  definitions = loadDefinitions()
  discovery = new Discovery({ definitions: () => definitions, serverAddress: () => '127.0.0.1:8080' })
})

async function get<T>(path: string, accept?: string, from: Discovery = discovery): Promise<T> {
  const answer = await from.answer(path, { accept })
  if (answer === undefined) throw new Error(`no answer at ${path}`)
  return JSON.parse(answer.body.toString()) as T
}

async function resource(path: string, name: string): Promise<APIResource | undefined> {
  const { resources } = await get<APIResourceList>(path)
  return resources.find((candidate) => candidate.name === name)
}

describe('the plain form', () => {
  test('/api names the versions of the core group', async () => {
    expect(await get('/api')).toEqual({
      kind: 'APIVersions',
      versions: ['v1'],
      serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: '127.0.0.1:8080' }],
    })
  })

  test('/apis lists the groups in the order of kube-apiserver', async () => {
    const { kind, apiVersion, groups } = await get<APIGroupList>('/apis')
    expect({ kind, apiVersion }).toEqual({ kind: 'APIGroupList', apiVersion: 'v1' })
    expect(groups.map(({ name }) => name)).toEqual([
      'apiregistration.k8s.io',
      'apps',
      'events.k8s.io',
      'authentication.k8s.io',
      'authorization.k8s.io',
      'autoscaling',
      'batch',
      'certificates.k8s.io',
      'networking.k8s.io',
      'policy',
      'rbac.authorization.k8s.io',
      'storage.k8s.io',
      'admissionregistration.k8s.io',
      'apiextensions.k8s.io',
      'scheduling.k8s.io',
      'coordination.k8s.io',
      'node.k8s.io',
      'discovery.k8s.io',
      'resource.k8s.io',
      'flowcontrol.apiserver.k8s.io',
      'kwok.x-k8s.io',
      // As with a metrics server, which comes behind custom resources too.
      'metrics.k8s.io',
    ])
  })

  test('autoscaling prefers v2', async () => {
    const v2 = { groupVersion: 'autoscaling/v2', version: 'v2' }
    expect(await get<APIGroup>('/apis/autoscaling')).toEqual({
      kind: 'APIGroup',
      apiVersion: 'v1',
      name: 'autoscaling',
      versions: [v2, { groupVersion: 'autoscaling/v1', version: 'v1' }],
      preferredVersion: v2,
    })
  })

  test('only the core group has no apiVersion in its list of resources', async () => {
    const core = await get<APIResourceList>('/api/v1')
    expect(core).toMatchObject({ kind: 'APIResourceList', groupVersion: 'v1' })
    expect(core).not.toHaveProperty('apiVersion')
    expect(await get('/apis/apps/v1')).toMatchObject({ kind: 'APIResourceList', apiVersion: 'v1', groupVersion: 'apps/v1' })
  })

  test('the resources of the core group are those of kube-apiserver, in its order', async () => {
    const { resources } = await get<APIResourceList>('/api/v1')
    expect(resources.map(({ name }) => name).slice(0, 12)).toEqual([
      'bindings',
      'componentstatuses',
      'configmaps',
      'endpoints',
      'events',
      'limitranges',
      'namespaces',
      'namespaces/finalize',
      'namespaces/status',
      'nodes',
      'nodes/proxy',
      'nodes/status',
    ])
  })

  const RESOURCES: [path: string, name: string, expected: Partial<APIResource>][] = [
    ['/api/v1', 'pods', { kind: 'Pod', singularName: 'pod', namespaced: true, shortNames: ['po'], categories: ['all'] }],
    // The hashes are those that kube-apiserver gives.
    ['/api/v1', 'pods', { storageVersionHash: 'xPOwRZ+Yhw8=' }],
    ['/api/v1', 'events', { storageVersionHash: 'r2yiGXH7wu8=' }],
    ['/apis/autoscaling/v2', 'horizontalpodautoscalers', { storageVersionHash: 'qwQve8ut294=' }],
    ['/apis/apps/v1', 'deployments', { shortNames: ['deploy'], storageVersionHash: '8aSe+NMegvE=' }],
    ['/apis/apps/v1', 'deployments/scale', { group: 'autoscaling', version: 'v1', kind: 'Scale', singularName: '' }],
    ['/api/v1', 'pods/eviction', { group: 'policy', version: 'v1', kind: 'Eviction', verbs: ['create'] }],
    ['/api/v1', 'pods/exec', { kind: 'PodExecOptions', verbs: ['create', 'get'] }],
    ['/api/v1', 'pods/log', { kind: 'Pod', verbs: ['get'] }],
    ['/api/v1', 'nodes/proxy', { verbs: ['create', 'delete', 'get', 'patch', 'update'], namespaced: false }],
    ['/api/v1', 'serviceaccounts/token', { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' }],
    ['/api/v1', 'componentstatuses', { shortNames: ['cs'], verbs: ['get', 'list'] }],
  ]
  test.each(RESOURCES)('%s has %s', async (path, name, expected) => {
    expect(await resource(path, name)).toMatchObject(expected)
  })

  test('what is not stored has no storage version, and what lives in the same group names none', async () => {
    expect(await resource('/api/v1', 'bindings')).not.toHaveProperty('storageVersionHash')
    expect(await resource('/api/v1', 'componentstatuses')).not.toHaveProperty('storageVersionHash')
    expect(await resource('/api/v1', 'pods/exec')).not.toHaveProperty('version')
    expect(await resource('/api/v1', 'pods/status')).not.toHaveProperty('group')
  })

  test.each(['/api/v2', '/apis/nope', '/apis/apps/v2', '/apis/apps/v1/deployments', '/api/v1/pods', '/apis//v1', '/version'])(
    'nothing is at %s',
    async (path) => {
      expect(await discovery.answer(path, {})).toBeUndefined()
    },
  )

  test.each(['/api/', '/apis/', '/apis/apps/', '/apis/apps/v1/', '/api/v1/'])('%s is the same without its slash', async (path) => {
    expect(await get(path)).toEqual(await get(path.slice(0, -1)))
  })

  test('YAML for who asks', async () => {
    const answer = await discovery.answer('/apis/autoscaling', { accept: 'application/yaml' })
    expect(answer?.headers['content-type']).toBe('application/yaml')
    expect(answer?.body.toString()).toMatch(/^apiVersion: v1\nkind: APIGroup\nname: autoscaling\n/)
  })
})

describe('the aggregated form', () => {
  test('/apis has every group but core, with all that is in it', async () => {
    const list = await get<APIGroupDiscoveryList>('/apis', AGGREGATED)
    expect(list).toMatchObject({ kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2', metadata: {} })
    const plain = await get<APIGroupList>('/apis')
    expect(list.items.map(({ metadata }) => metadata.name)).toEqual(plain.groups.map(({ name }) => name))
    const apps = list.items.find(({ metadata }) => metadata.name === 'apps')
    expect(apps?.versions.map(({ version, freshness }) => [version, freshness])).toEqual([['v1', 'Current']])
    expect(apps?.versions[0]?.resources.find(({ resource }) => resource === 'deployments')).toEqual({
      resource: 'deployments',
      responseKind: { group: '', version: '', kind: 'Deployment' },
      scope: 'Namespaced',
      singularResource: 'deployment',
      verbs: ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
      shortNames: ['deploy'],
      categories: ['all'],
      subresources: [
        { subresource: 'scale', responseKind: { group: 'autoscaling', version: 'v1', kind: 'Scale' }, verbs: ['get', 'patch', 'update'] },
        { subresource: 'status', responseKind: { group: '', version: '', kind: 'Deployment' }, verbs: ['get', 'patch', 'update'] },
      ],
    })
  })

  test('/api has the core group alone, without a name', async () => {
    const { items } = await get<APIGroupDiscoveryList>('/api', AGGREGATED)
    expect(items.map(({ metadata, versions }) => [metadata, versions.map(({ version }) => version)])).toEqual([[{}, ['v1']]])
    expect(items[0]?.versions[0]?.resources.find(({ resource }) => resource === 'nodes')?.scope).toBe('Cluster')
  })

  test('has an older name, under which it says the same', async () => {
    const beta = AGGREGATED.replace('v=v2;', 'v=v2beta1;')
    const answer = await discovery.answer('/apis', { accept: beta })
    expect(answer?.headers).toMatchObject({ 'content-type': beta })
    const { apiVersion, items } = JSON.parse(answer!.body.toString()) as APIGroupDiscoveryList
    expect(apiVersion).toBe('apidiscovery.k8s.io/v2beta1')
    expect(items).toEqual((await get<APIGroupDiscoveryList>('/apis', AGGREGATED)).items)
  })

  test('is served with an ETag, and not again to who has it', async () => {
    const first = await discovery.answer('/apis', { accept: AGGREGATED })
    expect(first?.headers).toMatchObject({ 'content-type': AGGREGATED, vary: 'Accept', 'cache-control': 'public' })
    const etag = first?.headers.etag
    expect(etag).toMatch(/^"[0-9A-F]{128}"$/)
    const second = await discovery.answer('/apis', { accept: AGGREGATED, 'if-none-match': etag })
    expect(second).toMatchObject({ status: 304, body: Buffer.alloc(0) })
    expect(await discovery.answer('/apis', { accept: AGGREGATED, 'if-none-match': '"old"' })).toMatchObject({ status: 200 })
  })
})

describe('when the definitions change', () => {
  const custom: ResourceDefinition = {
    group: 'example.com',
    version: 'v1beta1',
    resource: 'widgets',
    singular: 'widget',
    kind: 'Widget',
    namespaced: true,
    verbs: ['get', 'list', 'watch'],
    schema: 'com.example.v1beta1.Widget',
    subresources: {},
    groupResource: 'widgets.example.com',
    apiVersion: 'example.com/v1beta1',
    hasStatus: false,
  }

  test('the documents do, and their ETag', async () => {
    let served = definitions
    const changing = new Discovery({ definitions: () => served, serverAddress: () => 'localhost' })
    const before = await changing.answer('/apis', { accept: AGGREGATED })
    expect(await changing.answer('/apis/example.com', {})).toBeUndefined()

    served = [...definitions, custom, { ...custom, version: 'v1', apiVersion: 'example.com/v1' }]
    expect((await get<APIGroup>('/apis/example.com', undefined, changing)).preferredVersion).toEqual({
      groupVersion: 'example.com/v1',
      version: 'v1',
    })
    const { groups } = await get<APIGroupList>('/apis', undefined, changing)
    expect(groups.at(-3)?.name).toBe('example.com')
    const after = await changing.answer('/apis', { accept: AGGREGATED, 'if-none-match': before?.headers.etag })
    expect(after?.status).toBe(200)
  })

  test('a version stored as another has the hash of that one', async () => {
    const stored = { ...custom, version: 'v1', apiVersion: 'example.com/v1' }
    const keep = (object: Parameters<NonNullable<ResourceDefinition['conversion']>['toStored']>[0]) => object
    const other = { ...custom, conversion: { toStored: keep, fromStored: keep, storedAs: custom.groupResource } }
    const served = [stored, other]
    const both = new Discovery({ definitions: () => served, serverAddress: () => 'localhost' })
    const hashOf = async (version: string) =>
      (await get<APIResourceList>(`/apis/example.com/${version}`, undefined, both)).resources[0]?.storageVersionHash
    expect(await hashOf('v1')).toBeTypeOf('string')
    expect(await hashOf('v1beta1')).toBe(await hashOf('v1'))
  })
})
