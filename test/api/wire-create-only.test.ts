/** The kinds that can only be created, in JSON and in protobuf: reviews, and bindings. Nothing of them is stored. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadDefinitions } from '../../src/api/index.ts'
import type { Json } from '../support/api.ts'
import { type BareServer, createBareServer } from '../support/bare-server.ts'
import { JSON_TYPE, PROTOBUF_TYPE, Wire } from '../support/wire.ts'

const AUTHENTICATION = 'authentication.k8s.io/v1'
const AUTHORIZATION = 'authorization.k8s.io/v1'
const resourceAttributes = { namespace: 'default', verb: 'list', resource: 'pods' }

interface Sample {
  readonly fields: Json
  readonly answer: Json
  /** The fields its manager owns; none when there is no entry. */
  readonly owned?: Json
}

const ATTRIBUTES_OWNED = { '.': {}, 'f:namespace': {}, 'f:resource': {}, 'f:verb': {} }
const SUBJECT_OWNED = { 'f:spec': { 'f:resourceAttributes': ATTRIBUTES_OWNED, 'f:user': {} } }
const allowed = { status: { allowed: true } }
const subject = { spec: { user: 'ann', resourceAttributes } }

const SAMPLES: Readonly<Record<string, Sample>> = {
  [`${AUTHENTICATION}/tokenreviews`]: {
    fields: { spec: { token: 'nobody' } },
    answer: { spec: { token: 'nobody' }, status: { user: {}, error: 'invalid bearer token' } },
    owned: { 'f:spec': { 'f:token': {} } },
  },
  [`${AUTHENTICATION}/selfsubjectreviews`]: {
    fields: {},
    answer: { status: { userInfo: { username: 'kubernetes-admin', groups: ['system:masters', 'system:authenticated'] } } },
  },
  [`${AUTHORIZATION}/subjectaccessreviews`]: { fields: subject, answer: { ...subject, ...allowed }, owned: SUBJECT_OWNED },
  [`${AUTHORIZATION}/localsubjectaccessreviews`]: { fields: subject, answer: { ...subject, ...allowed }, owned: SUBJECT_OWNED },
  [`${AUTHORIZATION}/selfsubjectaccessreviews`]: {
    fields: { spec: { resourceAttributes } },
    answer: { spec: { resourceAttributes }, ...allowed },
    owned: { 'f:spec': { 'f:resourceAttributes': ATTRIBUTES_OWNED } },
  },
  [`${AUTHORIZATION}/selfsubjectrulesreviews`]: {
    fields: { spec: { namespace: 'default' } },
    answer: {
      spec: {},
      status: {
        resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
        nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
        incomplete: false,
      },
    },
  },
  'v1/bindings': {
    fields: { metadata: { name: 'pod' }, target: { kind: 'Node', name: 'node' } },
    answer: { status: 'Success', code: 201 },
  },
}

let server: BareServer
beforeAll(async () => {
  server = await createBareServer()
})
afterAll(() => server.close())

const createOnly = loadDefinitions().filter(({ verbs }) => verbs.length === 1 && verbs[0] === 'create')
const rows = createOnly.map((definition) => [`${definition.apiVersion}/${definition.resource}`, definition] as const)
const urlOf = (path: string) => {
  const [, definition] = rows.find(([name]) => name === path)!
  const { group, apiVersion, namespaced, resource } = definition
  return `/${group === '' ? 'api' : 'apis'}/${apiVersion}/${namespaced ? 'namespaces/default/' : ''}${resource}`
}
const create = (path: string, fields: Json, query = '') => {
  const { apiVersion, kind } = rows.find(([name]) => name === path)![1]
  return server.api.post(`${urlOf(path)}${query}`, { apiVersion, kind, ...fields })
}

it('has a sample of each', () => {
  expect(Object.keys(SAMPLES).sort()).toEqual(rows.map(([path]) => path).sort())
})

describe.each([JSON_TYPE, PROTOBUF_TYPE])('in %s', (mediaType) => {
  let wire: Wire
  beforeAll(() => {
    wire = new Wire(server.api, server.url, mediaType)
  })

  it.each(rows)('%s is answered, and tried without effect', async (path, { apiVersion, kind, namespaced }) => {
    const pods = '/api/v1/namespaces/default/pods'
    await server.api.post(pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'pod' },
      spec: { containers: [{ name: 'c', image: 'i' }] },
    })
    const { fields, answer, owned } = SAMPLES[path]!
    for (const query of ['?dryRun=All&fieldManager=me', '?fieldManager=me']) {
      const { status, headers, body } = await wire.post(`${urlOf(path)}${query}`, { apiVersion, kind, ...fields })
      expect([status, headers['content-type']]).toEqual([201, mediaType])
      expect(body).toMatchObject({ ...answer, ...(path === 'v1/bindings' ? { kind: 'Status' } : { kind, apiVersion }) })
      const { metadata } = body as { metadata: { namespace?: string; managedFields?: { manager: string; fieldsV1: Json }[] } }
      if (path !== 'v1/bindings') expect(metadata.namespace).toBe(namespaced ? 'default' : undefined)
      expect(metadata.managedFields?.map(({ manager, fieldsV1 }) => ({ manager, fieldsV1 }))).toEqual(
        owned && [{ manager: 'me', fieldsV1: owned }],
      )
    }
    await server.api.delete(`${pods}/pod?gracePeriodSeconds=0`)
  })

  it.each(rows)('%s has no other verb', async (path) => {
    for (const url of [urlOf(path), `${urlOf(path)}/name`]) expect((await wire.get(url)).status).toBe(405)
  })
})

describe('what is not asked rightly', () => {
  it.each(rows)('%s: an unknown field, other options', async (path) => {
    const { fields } = SAMPLES[path]!
    const unknown = { ...fields, foo: 1 }
    const strict = await create(path, unknown, '?dryRun=All&fieldValidation=Strict')
    expect([strict.status, strict.body.message]).toEqual([400, expect.stringContaining('strict decoding error: unknown field "foo"')])
    if (path !== 'v1/bindings') {
      expect((await create(path, unknown, '?dryRun=All')).headers.warning).toBe('299 - "unknown field \\"foo\\""')
      expect((await create(path, unknown, '?dryRun=All&fieldValidation=Ignore')).headers).not.toHaveProperty('warning')
    }
    for (const query of ['?fieldValidation=x', '?dryRun=x']) expect((await create(path, fields, query)).status).toBe(422)
    const table = { accept: 'application/json;as=Table;g=meta.k8s.io;v=v1' }
    expect((await server.api.post(urlOf(path), fields, table)).status).toBe(406)
  })

  const metadata = { labels: { a: 'b' } }
  const nonResourceAttributes = { path: '/', verb: 'get' }
  const withSelector = (selector: Json) => ({ spec: { resourceAttributes: { ...resourceAttributes, ...selector } } })
  const SELF = `${AUTHORIZATION}/selfsubjectaccessreviews`
  const SUBJECT = `${AUTHORIZATION}/subjectaccessreviews`
  const LOCAL = `${AUTHORIZATION}/localsubjectaccessreviews`
  const NO_ATTRIBUTES =
    'spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified'
  const AT = 'spec.resourceAttributes'
  it.each<[string, Json, string | RegExp]>([
    [SELF, {}, NO_ATTRIBUTES],
    [SELF, { spec: { resourceAttributes, nonResourceAttributes } }, /cannot be specified in combination with resourceAttributes$/],
    [SELF, { ...withSelector({}), metadata }, /^metadata: Invalid value: \{.*\}: must be empty$/],
    [
      SELF,
      withSelector({ fieldSelector: {} }),
      `${AT}.fieldSelector.requirements: Required value: when ${AT}.fieldSelector is specified, requirements or rawSelector is required`,
    ],
    [
      SELF,
      withSelector({ labelSelector: { rawSelector: 'a=b', requirements: [{ key: 'a', operator: 'New' }] } }),
      `${AT}.labelSelector.rawSelector: Invalid value: "a=b": may not specified at the same time as requirements`,
    ],
    [
      SELF,
      withSelector({ fieldSelector: { requirements: [{ key: 'a', operator: 'In' }] } }),
      `${AT}.fieldSelector.requirements[0].values: Required value: must be specified when \`operator\` is 'In' or 'NotIn'`,
    ],
    [
      SELF,
      withSelector({ labelSelector: { requirements: [{ key: 'a', operator: 'Exists', values: ['b'] }] } }),
      `${AT}.labelSelector.requirements[0].values: Forbidden: may not be specified when \`operator\` is 'Exists' or 'DoesNotExist'`,
    ],
    [SUBJECT, withSelector({}), 'spec.user: Invalid value: "": at least one of user or group must be specified'],
    [SUBJECT, { ...subject, metadata }, /^metadata: Invalid value: \{.*\}: must be empty$/],
    [LOCAL, { ...subject, metadata }, /^metadata: Invalid value: \{.*\}: must be empty except for namespace$/],
    [
      LOCAL,
      { spec: { user: 'ann', resourceAttributes: { ...resourceAttributes, namespace: 'other' } } },
      'spec.resourceAttributes.namespace: Invalid value: "other": must match metadata.namespace',
    ],
    [LOCAL, { spec: { user: 'ann', nonResourceAttributes } }, /^spec.nonResourceAttributes: .*: disallowed on this kind of request$/],
  ])('%s %j', async (path, fields, fault) => {
    const { status, body } = await create(path, fields)
    expect([status, body.reason]).toEqual([422, 'Invalid'])
    const prefix = '.authorization.k8s.io "" is invalid: '
    expect(body.message).toMatch(prefix)
    expect((body.message as string).slice(prefix.length)).toEqual(typeof fault === 'string' ? fault : expect.stringMatching(fault))
    expect(body.details).toMatchObject({ group: 'authorization.k8s.io' })
    expect(body.details).not.toHaveProperty('kind')
  })

  const ELSEWHERE = 'the namespace of the provided object does not match the namespace sent on the request'
  it.each<[string, Json, string]>([
    [LOCAL, { ...subject, metadata: { namespace: 'other' } }, ELSEWHERE],
    ['v1/bindings', { metadata: { name: 'pod', namespace: 'other' }, target: { name: 'node' } }, ELSEWHERE],
    [`${AUTHORIZATION}/selfsubjectrulesreviews`, {}, 'no namespace on request'],
    [`${AUTHENTICATION}/tokenreviews`, {}, 'token is required for TokenReview in authentication'],
  ])('%s %j', async (path, fields, message) => {
    const { status, body } = await create(path, fields)
    expect([status, body.reason, body.message]).toEqual([400, 'BadRequest', message])
  })
})
