import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Cluster, createCluster } from '../../src/index.ts'
import { Api, failure, type Json } from '../support/api.ts'

const SECRETS = '/api/v1/namespaces/paged/secrets'
const secret = (name: string, labels: Json = {}) => ({
  metadata: { name, labels: { letter: name, ...labels } },
  type: `example.com/${name}`,
})
const LETTERS = ['a', 'b', 'c', 'd', 'e']

let cluster: Cluster
let api: Api
beforeAll(async () => {
  cluster = await createCluster({ nodes: 0, clock: 'virtual' })
  api = new Api(cluster)
  await api.created('/api/v1/namespaces', { metadata: { name: 'paged' } })
  for (const name of LETTERS) await api.created(SECRETS, secret(name, name < 'c' ? { early: 'yes', number: '3' } : {}))
  await cluster.settle()
})
afterAll(() => cluster.close())

const names = ({ body }: { body: Json }): string[] => body.items.map(({ metadata }: Json) => metadata.name)
const list = (query: string) => api.get(`${SECRETS}?${query}`)

describe('selectors', () => {
  it.each<[string, string[]]>([
    ['labelSelector=letter=a', ['a']],
    ['labelSelector=letter==a', ['a']],
    ['labelSelector=letter!=a', ['b', 'c', 'd', 'e']],
    ['labelSelector=letter in (a, c)', ['a', 'c']],
    ['labelSelector=letter notin (a,c),early', ['b']],
    ['labelSelector=early', ['a', 'b']],
    ['labelSelector=!early', ['c', 'd', 'e']],
    ['labelSelector=number>2', ['a', 'b']],
    ['labelSelector=number<3', []],
    ['labelSelector=', LETTERS],
    ['fieldSelector=metadata.name=d', ['d']],
    ['fieldSelector=metadata.name!=d,metadata.namespace=paged', ['a', 'b', 'c', 'e']],
    ['fieldSelector=type=example.com/b', ['b']],
    ['fieldSelector=type!=example.com/b&labelSelector=early', ['a']],
  ])('%s', async (query, expected) => {
    const answer = await api.get(`${SECRETS}?${query.replaceAll(' ', '%20').replaceAll('>', '%3E').replaceAll('<', '%3C')}`)
    expect(names(answer)).toEqual(expected)
  })

  it.each<[string, string, string | RegExp]>([
    ['secrets', 'fieldSelector=data=x', 'field label not supported: data'],
    ['configmaps', 'fieldSelector=data=x', '"data" is not a known field selector: only "metadata.name", "metadata.namespace"'],
    ['secrets', 'fieldSelector=data', "invalid selector: 'data'; can't understand 'data'"],
    ['secrets', 'labelSelector=a,,b', "found ',', expected: identifier after ','"],
    ['secrets', 'labelSelector=,b', "found ',', expected: !, identifier, or 'end of string'"],
    ['secrets', 'labelSelector=a=b%20c', "found 'c', expected: ',' or 'end of string'"],
    ['secrets', 'labelSelector=!', "unable to parse requirement: found '', expected: identifier"],
    ['secrets', 'labelSelector=a%20in%20(b', "unable to parse requirement: found '', expected: ',' or ')'"],
    [
      'secrets',
      'labelSelector=a%3Eb',
      `unable to parse requirement: values[0]: Invalid value: "b": for 'Gt', 'Lt' operators, the value must be an integer`,
    ],
    [
      'secrets',
      'labelSelector=a=-',
      `unable to parse requirement: values[0][a]: Invalid value: "-": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')`,
    ],
    ['secrets', 'labelSelector=/a', /^unable to parse requirement: <nil>: Invalid value: "\/a": prefix part must be non-empty/],
    ['secrets', 'labelSelector=a%20b', "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
    ['secrets', 'labelSelector=a%20in%20b', "unable to parse requirement: found 'b' expected: '('"],
  ])('of %s refuse %s', async (resource, query, message) => {
    const { body } = await api.get(`/api/v1/namespaces/paged/${resource}?${query}`)
    expect(body).toEqual(failure(400, 'BadRequest', typeof message === 'string' ? message : expect.stringMatching(message)))
  })
})

describe('order and scope', () => {
  it('is by namespace, then by name', async () => {
    await api.created('/api/v1/namespaces', { metadata: { name: 'paged-2' } })
    await api.created('/api/v1/namespaces/paged-2/secrets', secret('a'))
    const all = await api.get('/api/v1/secrets?labelSelector=letter=a')
    expect(all.body.items.map(({ metadata }: Json) => `${metadata.namespace}/${metadata.name}`)).toEqual(['paged-2/a', 'paged/a'])
  })

  it('of a namespace that is not there is empty, and has a revision all the same', async () => {
    const { body } = await api.get('/api/v1/namespaces/nowhere/secrets')
    expect(body).toEqual({ kind: 'SecretList', apiVersion: 'v1', metadata: { resourceVersion: expect.stringMatching(/^\d+$/) }, items: [] })
  })
})

describe('pages', () => {
  it('hold together whatever happens meanwhile', async () => {
    const first = await list('limit=2')
    expect(names(first)).toEqual(['a', 'b'])
    expect(first.body.metadata.remainingItemCount).toBe(3)
    await api.created(SECRETS, secret('bb'))
    await api.delete(`${SECRETS}/c`)
    const second = await list(`limit=2&continue=${first.body.metadata.continue}`)
    expect(names(second)).toEqual(['c', 'd'])
    expect(second.body.metadata).toMatchObject({ resourceVersion: first.body.metadata.resourceVersion, remainingItemCount: 1 })
    const third = await list(`limit=2&continue=${second.body.metadata.continue}`)
    expect(names(third)).toEqual(['e'])
    expect(third.body.metadata).toEqual({ resourceVersion: first.body.metadata.resourceVersion })
    await api.delete(`${SECRETS}/bb`)
    await api.created(SECRETS, secret('c'))
  })

  it('say nothing of what remains when a selector hides it', async () => {
    const first = await list('limit=1&labelSelector=letter')
    expect(first.body.metadata.continue).toBeTruthy()
    expect(first.body.metadata).not.toHaveProperty('remainingItemCount')
  })

  it.each<[string, string]>([
    ['not base64 of JSON', 'bm90IGpzb24'],
    ['of another version', Buffer.from('{"v":"v9","rv":1,"start":"a"}').toString('base64url')],
    ['without a revision', Buffer.from('{"v":"meta.k8s.io/v1","rv":0,"start":"a"}').toString('base64url')],
    ['without a key', Buffer.from('{"v":"meta.k8s.io/v1","rv":1,"start":""}').toString('base64url')],
  ])('refuse a token %s', async (_what, token) => {
    const { body } = await list(`limit=2&continue=${token}`)
    expect(body).toMatchObject({ code: 400, reason: 'BadRequest' })
    expect(body.message).toMatch(/^invalid continue token: continue key is not valid: /)
  })

  it('go on inconsistently, if the client wants to, when the first page is too long ago', async () => {
    const first = await list('limit=2')
    await api.created(SECRETS, secret('ca'))
    await cluster.advance(11 * 60_000)
    const late = await list(`limit=2&continue=${first.body.metadata.continue}`)
    expect(late.body).toMatchObject({ code: 410, reason: 'Expired' })
    expect(late.body.message).toMatch(
      /^The provided continue parameter is too old to display a consistent list result\. .* may show up in the list\.$/,
    )
    const rest = await list(`continue=${late.body.metadata.continue}`)
    expect(names(rest)).toEqual(['c', 'ca', 'd', 'e'])
    const exact = await list(`resourceVersion=${first.body.metadata.resourceVersion}&resourceVersionMatch=Exact`)
    expect(exact.body).toEqual(failure(410, 'Expired', 'The resourceVersion for the provided list is too old.'))
    await api.delete(`${SECRETS}/ca`)
  })
})

describe('resourceVersion', () => {
  it('Exact is the state of then; any other is the state of now', async () => {
    const then = (await list('')).body.metadata.resourceVersion
    await api.created(SECRETS, secret('z'))
    expect(names(await list(`resourceVersion=${then}&resourceVersionMatch=Exact`))).toEqual(LETTERS)
    expect(names(await list(`resourceVersion=${then}&limit=10`))).toEqual(LETTERS)
    expect(names(await list(`resourceVersion=${then}&resourceVersionMatch=NotOlderThan`))).toEqual([...LETTERS, 'z'])
    expect(names(await list(`resourceVersion=${then}`))).toEqual([...LETTERS, 'z'])
    expect(names(await list('resourceVersion=0'))).toEqual([...LETTERS, 'z'])
    await api.delete(`${SECRETS}/z`)
  })

  it.each<[string, number, string]>([
    [
      'resourceVersion=x',
      400,
      'invalid resource version: resourceVersion: Invalid value: "x": strconv.ParseUint: parsing "x": invalid syntax',
    ],
    [
      'resourceVersionMatch=Exact',
      422,
      'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided',
    ],
    [
      'resourceVersion=1&resourceVersionMatch=Roughly',
      422,
      'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Unsupported value: "Roughly": supported values: "Exact", "NotOlderThan", ""',
    ],
    [
      'resourceVersion=0&resourceVersionMatch=Exact',
      422,
      'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
    ],
    [
      'sendInitialEvents=true',
      422,
      'ListOptions.meta.k8s.io "" is invalid: sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list',
    ],
    ['limit=many', 400, 'strconv.ParseInt: parsing "many": invalid syntax'],
  ])('%s is refused', async (query, code, message) => {
    const { body } = await list(query)
    expect([body.code, body.message]).toEqual([code, message])
  })
})

describe('forms', () => {
  const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io'

  it('Table, with metadata, whole objects, or neither', async () => {
    const table = await api.get(SECRETS, { accept: TABLE })
    expect(table.body).toMatchObject({ kind: 'Table', apiVersion: 'meta.k8s.io/v1' })
    expect(table.body.metadata.resourceVersion).toMatch(/^\d+$/)
    expect(table.body.columnDefinitions[0]).toMatchObject({ name: 'Name', type: 'string', format: 'name', priority: 0 })
    expect(table.body.rows.map(({ cells }: Json) => cells[0])).toEqual(LETTERS)
    expect(table.body.rows[0].object).toMatchObject({ kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1' })
    const whole = await api.get(`${SECRETS}/a?includeObject=Object`, { accept: TABLE })
    expect(whole.body.rows[0].object).toMatchObject({ kind: 'Secret', type: 'example.com/a' })
    const bare = await api.get(`${SECRETS}?includeObject=None&noHeaders=true`, { accept: TABLE })
    expect(bare.body.columnDefinitions).toBeNull()
    // Go writes a RawExtension that holds nothing as null.
    expect(bare.body.rows[0].object).toBeNull()
    expect((await api.get(`${SECRETS}?includeObject=Some`, { accept: TABLE })).body.message).toBe(
      `Unable to convert to Table as requested: includeObject: Invalid value: "Some": must be 'Metadata', 'Object', 'None', or empty`,
    )
  })

  it('of the elder version, when that is asked for', async () => {
    const old = (as: string) => ({ accept: `application/json;as=${as};v=v1beta1;g=meta.k8s.io` })
    const table = await api.get(SECRETS, old('Table'))
    expect([table.body.apiVersion, table.body.rows[0].object.apiVersion]).toEqual(['meta.k8s.io/v1beta1', 'meta.k8s.io/v1beta1'])
    const partial = await api.get(SECRETS, old('PartialObjectMetadataList'))
    expect([partial.body.apiVersion, partial.body.items[0].apiVersion]).toEqual(['meta.k8s.io/v1beta1', 'meta.k8s.io/v1beta1'])
  })

  it('neither a list as an object nor an object as a list', async () => {
    const as = (kind: string) => ({ accept: `application/json;as=${kind};v=v1;g=meta.k8s.io` })
    const list = await api.get(SECRETS, as('PartialObjectMetadata'))
    expect([list.status, list.body.message]).toEqual([
      406,
      'you requested PartialObjectMetadata, but the requested object is a list (*core.SecretList)',
    ])
    const one = await api.get(`${SECRETS}/a`, as('PartialObjectMetadataList'))
    expect([one.status, one.body.message]).toEqual([
      406,
      'you requested PartialObjectMetadataList, but the requested object is not a list (*core.Secret)',
    ])
  })

  it('metadata alone', async () => {
    const partial = await api.get(`${SECRETS}/a`, { accept: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io' })
    expect(partial.body).toMatchObject({ kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: { name: 'a' } })
    expect(partial.body).not.toHaveProperty('type')
  })

  it('YAML and protobuf; what the client likes best first', async () => {
    const yaml = await api.get(`${SECRETS}/a`, { accept: 'application/yaml' })
    expect([yaml.headers['content-type'], yaml.text.split('\n')[0]]).toEqual(['application/yaml', 'apiVersion: v1'])
    const protobuf = await api.get(SECRETS, { accept: 'application/vnd.kubernetes.protobuf,application/json' })
    expect(protobuf.headers['content-type']).toBe('application/vnd.kubernetes.protobuf')
    expect(protobuf.bytes.subarray(0, 4).toString('latin1')).toBe('k8s\0')
    const fallback = await api.get(SECRETS, { accept: `${TABLE},application/json` })
    expect(fallback.body.kind).toBe('Table')
  })

  it('takes bodies in each of them', async () => {
    const protobuf = (await api.get(`${SECRETS}/a`, { accept: 'application/vnd.kubernetes.protobuf' })).bytes
    const same = await api.put(`${SECRETS}/a`, protobuf, { 'content-type': 'application/vnd.kubernetes.protobuf' })
    expect(same.body).toEqual((await api.get(`${SECRETS}/a`)).body)
    const yaml = 'metadata:\n  name: yaml\nstringData:\n  a: b\n'
    expect((await api.post(SECRETS, yaml, { 'content-type': 'application/yaml' })).body.data).toEqual({ a: 'Yg==' })
    await api.delete(`${SECRETS}/yaml`)
    expect((await api.post(SECRETS, 'x', { 'content-type': 'text/plain' })).body).toMatchObject({
      code: 415,
      reason: 'UnsupportedMediaType',
    })
  })

  it('refuses what it has not', async () => {
    expect((await api.get(SECRETS, { accept: 'text/html' })).body).toEqual(
      failure(
        406,
        'NotAcceptable',
        'only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf',
      ),
    )
  })

  it('is indented for people', async () => {
    const plain = await api.get(`${SECRETS}/a`)
    expect(plain.text).not.toContain('\n  ')
    for (const [query, headers] of [
      ['?pretty=true', {}],
      ['?pretty=1', {}],
      ['', { 'user-agent': 'curl/8' }],
      ['', { accept: 'application/json;pretty=1' }],
    ] as const) {
      const pretty = await api.get(`${SECRETS}/a${query}`, headers)
      expect(pretty.text).toBe(JSON.stringify(plain.body, null, 2))
    }
    expect((await api.get(`${SECRETS}/a?pretty=false`, { 'user-agent': 'curl/8' })).text).toBe(plain.text)
    expect((await api.get(`${SECRETS}/none?pretty=true`)).text).toContain('\n  "kind": "Status"')
  })
})

describe('paths that are not there', () => {
  it.each(['/api/v9/pods', '/apis/none.example.com/v1/things', '/apis/apps/v9/deployments', '/nothing'])('%s is no API', async (path) => {
    const answer = await api.get(path)
    expect([answer.status, answer.text, answer.headers['content-type']]).toEqual([404, '404 page not found\n', 'text/plain; charset=utf-8'])
  })

  it.each([
    '/api/v1/nothing',
    '/apis/apps/v1/nothing',
    '/api/v1/namespaces/default/nodes',
    '/api/v1/pods/x',
    '/api/v1/namespaces/default/pods/x/nothing',
    '/api/v1/namespaces/default/pods/x/log/more',
  ])('%s is no resource', async (path) => {
    const { body } = await api.get(path)
    expect(body).toEqual({ ...failure(404, 'NotFound', 'the server could not find the requested resource'), details: {} })
  })

  // Upstream's router knows a route by its method alone: HEAD isn't GET.
  it.each([
    ['HEAD', `${SECRETS}/a`],
    ['HEAD', SECRETS],
    ['HEAD', '/apis'],
    ['HEAD', '/version'],
    ['OPTIONS', `${SECRETS}/a`],
    ['OPTIONS', '/api/v1'],
    ['POST', '/version'],
    ['DELETE', '/apis/apps/v1'],
  ])('%s %s is not allowed either', async (method, path) => {
    const response = await cluster.app.inject({ method: method as 'HEAD', url: path })
    expect(response.statusCode).toBe(405)
    if (method !== 'HEAD') expect(response.json().reason).toBe('MethodNotAllowed')
  })

  it.each([
    ['PUT', SECRETS],
    ['PATCH', SECRETS],
    ['POST', `${SECRETS}/a`],
    ['POST', '/api/v1/secrets'],
    ['GET', '/api/v1/namespaces/default/bindings'],
    ['POST', '/api/v1/componentstatuses'],
  ])('%s %s is not allowed', async (method, path) => {
    const send = {
      PUT: () => api.put(path, {}),
      PATCH: () => api.patch(path, {}),
      POST: () => api.post(path, {}),
      GET: () => api.get(path),
    }
    const { body } = await send[method as keyof typeof send]()
    expect(body).toEqual({
      ...failure(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource'),
      details: {},
    })
  })

  it('componentstatuses can be listed and not watched', async () => {
    expect((await api.get('/api/v1/componentstatuses')).body.items).toEqual([])
    expect((await api.get('/api/v1/componentstatuses?watch=true')).body.message).toBe(
      'watch is not supported on resources of kind "componentstatuses"',
    )
  })
})

describe('two versions of one store', () => {
  it('events: core and events.k8s.io', async () => {
    const core = '/api/v1/namespaces/paged/events'
    const modern = '/apis/events.k8s.io/v1/namespaces/paged/events'
    await api.created(core, {
      metadata: { name: 'e1', namespace: 'paged' },
      involvedObject: { kind: 'Pod', namespace: 'paged', name: 'p' },
      reason: 'Tested',
      message: 'hello',
      type: 'Normal',
      count: 2,
      source: { component: 'test' },
    })
    const shown = (await api.get(`${modern}/e1`)).body
    expect(shown).toMatchObject({
      kind: 'Event',
      apiVersion: 'events.k8s.io/v1',
      note: 'hello',
      regarding: { name: 'p' },
      deprecatedCount: 2,
    })
    const patched = await api.patch(`${modern}/e1`, { metadata: { labels: { a: 'b' } } })
    expect(patched.body.metadata.labels, patched.text).toEqual({ a: 'b' })
    const back = (await api.get(`${core}/e1`)).body
    expect(back).toMatchObject({ apiVersion: 'v1', message: 'hello', count: 2, metadata: { labels: { a: 'b' } } })
    expect((await api.get(`${modern}?fieldSelector=regarding.name=p`)).body.items).toHaveLength(1)
    expect((await api.get(`${core}?fieldSelector=involvedObject.name=p`)).body.items).toHaveLength(1)
    expect((await api.delete(`${modern}/e1`)).status).toBe(200)
    expect((await api.get(`${core}/e1`)).status).toBe(404)
  })

  it('HorizontalPodAutoscalers: v1 and v2', async () => {
    const v1 = '/apis/autoscaling/v1/namespaces/paged/horizontalpodautoscalers'
    const v2 = v1.replace('/v1/', '/v2/')
    await api.created(v1, {
      metadata: { name: 'h' },
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' },
        maxReplicas: 3,
        targetCPUUtilizationPercentage: 60,
      },
    })
    const modern = (await api.get(`${v2}/h`)).body
    expect(modern.spec.metrics).toEqual([
      { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 60 } } },
    ])
    expect((await api.put(`${v2}/h`, modern)).body.metadata.resourceVersion).toBe(modern.metadata.resourceVersion)
    expect((await api.get(`${v1}/h`)).body.spec.targetCPUUtilizationPercentage).toBe(60)
  })
})
