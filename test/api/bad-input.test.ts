import request from 'supertest'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Cluster, createCluster } from '../../src/index.ts'

let cluster: Cluster
beforeAll(async () => {
  cluster = await createCluster({ nodes: 0, clock: 'virtual' })
  await call({
    path: CONFIG_MAPS,
    body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'stored' }, data: { key: 'value' } },
  }).expect(201)
})
afterAll(() => cluster.close())

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps'
const STORED = `${CONFIG_MAPS}/stored`
const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments'

interface Call {
  readonly method?: 'get' | 'post' | 'put' | 'patch' | 'delete'
  readonly path: string
  readonly type?: string
  readonly accept?: string
  readonly body?: unknown
}

function call({ method = 'post', path, type = 'application/json', accept = 'application/json', body }: Call) {
  const test = request(cluster.app.server)[method](path).set('Accept', accept)
  return body === undefined ? test : test.set('Content-Type', type).send(typeof body === 'string' ? body : JSON.stringify(body))
}

/** Every write of any kind moves it. */
async function revision(): Promise<string> {
  return (await call({ method: 'get', path: '/api/v1/configmaps' })).body.metadata.resourceVersion
}

const configMap = (parts: object) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'new' }, ...parts })
const deployment = (spec: object) => ({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec })
const NAME_RULE =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an " +
  "alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
const REJECTED = 'the server rejected our request due to an error in our request'
const UNKNOWN_FORMAT = 'the body of the request was in an unknown format - accepted media types include: '
const SCHEME = 'pkg/api/legacyscheme/scheme.go:30'

interface Row extends Call {
  readonly name: string
  readonly code: number
  readonly reason?: string
  readonly message: string | RegExp
}

const JSON_PATCH = 'application/json-patch+json'
const MERGE_PATCH = 'application/merge-patch+json'
const STRATEGIC_PATCH = 'application/strategic-merge-patch+json'

const BODIES: readonly Row[] = [
  {
    name: 'malformed JSON',
    path: CONFIG_MAPS,
    body: '{"kind": "ConfigMap"',
    code: 400,
    reason: 'BadRequest',
    message:
      'the object provided is unrecognized (must be of type ConfigMap): couldn\'t get version/kind; json parse error: unexpected end of JSON input ({"kind": "ConfigMap")',
  },
  {
    name: 'a kind that nobody knows',
    path: CONFIG_MAPS,
    body: configMap({ kind: 'Nonsense' }),
    code: 400,
    reason: 'BadRequest',
    message: `Nonsense in version "v1" cannot be handled as a ConfigMap: no kind "Nonsense" is registered for version "v1" in scheme "${SCHEME}"`,
  },
  {
    name: 'a version that nobody knows',
    path: DEPLOYMENTS,
    body: { ...deployment({}), apiVersion: 'apps/v9' },
    code: 400,
    reason: 'BadRequest',
    message: `Deployment in version "v9" cannot be handled as a Deployment: no kind "Deployment" is registered for version "apps/v9" in scheme "${SCHEME}"`,
  },
  {
    name: 'another kind than the path says',
    path: CONFIG_MAPS,
    body: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'new' } },
    code: 400,
    reason: 'BadRequest',
    message: 'Pod in version "v1" cannot be handled as a ConfigMap: converting (v1.Pod) to (core.ConfigMap): unknown conversion',
  },
  {
    name: 'a text where a number belongs',
    path: DEPLOYMENTS,
    body: deployment({ replicas: 'three' }),
    code: 400,
    reason: 'BadRequest',
    message:
      'Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32',
  },
  {
    name: 'a number where a text belongs',
    path: CONFIG_MAPS,
    body: configMap({ data: { key: 1 } }),
    code: 400,
    reason: 'BadRequest',
    message:
      'ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go struct field ConfigMap.data of type string',
  },
  {
    name: 'missing required fields',
    path: DEPLOYMENTS,
    body: deployment({}),
    code: 422,
    reason: 'Invalid',
    message:
      'Deployment.apps "web" is invalid: [spec.selector: Required value, spec.template.metadata.labels: Invalid value: null: `selector` does not match template `labels`, spec.template.spec.containers: Required value]',
  },
  {
    name: 'a name that breaks the rule',
    path: CONFIG_MAPS,
    body: configMap({ metadata: { name: 'Bad_Name' } }),
    code: 422,
    reason: 'Invalid',
    message: `ConfigMap "Bad_Name" is invalid: metadata.name: Invalid value: "Bad_Name": ${NAME_RULE}`,
  },
  {
    name: 'no name',
    path: CONFIG_MAPS,
    body: configMap({ metadata: {} }),
    code: 422,
    reason: 'Invalid',
    message: 'ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required',
  },
  {
    name: 'a name that is taken',
    path: CONFIG_MAPS,
    body: configMap({ metadata: { name: 'stored' } }),
    code: 409,
    reason: 'AlreadyExists',
    message: 'configmaps "stored" already exists',
  },
  {
    name: 'another namespace than the path says',
    path: CONFIG_MAPS,
    body: configMap({ metadata: { name: 'new', namespace: 'other' } }),
    code: 400,
    reason: 'BadRequest',
    message: 'the namespace of the provided object does not match the namespace sent on the request',
  },
  {
    name: 'a namespace that is not there',
    path: '/api/v1/namespaces/missing/configmaps',
    body: configMap({}),
    code: 404,
    reason: 'NotFound',
    message: 'namespaces "missing" not found',
  },
  {
    name: 'a resourceVersion on create',
    path: CONFIG_MAPS,
    body: configMap({ metadata: { name: 'new', resourceVersion: '1' } }),
    code: 500,
    message: 'resourceVersion should not be set on objects to be created',
  },
  {
    name: 'a resourceVersion that is past',
    method: 'put',
    path: STORED,
    body: configMap({ metadata: { name: 'stored', resourceVersion: '1' } }),
    code: 409,
    reason: 'Conflict',
    message:
      'Operation cannot be fulfilled on configmaps "stored": the object has been modified; please apply your changes to the latest version and try again',
  },
  {
    name: 'another name than the path says',
    method: 'put',
    path: STORED,
    body: configMap({ metadata: { name: 'other' } }),
    code: 400,
    reason: 'BadRequest',
    message: 'the name of the object (other) does not match the name on the URL (stored)',
  },
  {
    name: 'an update of what is not there',
    method: 'put',
    path: `${DEPLOYMENTS}/missing`,
    body: { ...deployment({}), metadata: { name: 'missing', resourceVersion: '1' } },
    code: 404,
    reason: 'NotFound',
    message: 'deployments.apps "missing" not found',
  },
  {
    name: 'a body over 3 MiB',
    path: CONFIG_MAPS,
    body: configMap({ data: { key: 'x'.repeat(3 * 1024 * 1024) } }),
    code: 413,
    reason: 'RequestEntityTooLarge',
    message: 'Request entity too large: limit is 3145728',
  },
  {
    name: 'a media type that nobody knows',
    path: CONFIG_MAPS,
    type: 'text/plain',
    body: 'hello',
    code: 415,
    reason: 'UnsupportedMediaType',
    message: `${UNKNOWN_FORMAT}application/json, application/yaml, application/vnd.kubernetes.protobuf`,
  },
  {
    name: 'an unknown field, strictly',
    path: `${CONFIG_MAPS}?fieldValidation=Strict`,
    body: configMap({ nope: 1 }),
    code: 400,
    reason: 'BadRequest',
    message: 'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "nope"',
  },
  {
    name: 'a field given twice, strictly',
    path: `${CONFIG_MAPS}?fieldValidation=Strict`,
    body: '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"new"},"data":{},"data":{}}',
    code: 400,
    reason: 'BadRequest',
    message: 'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: duplicate field "data"',
  },
  {
    name: 'a delete of what is not there',
    method: 'delete',
    path: `${CONFIG_MAPS}/missing`,
    code: 404,
    reason: 'NotFound',
    message: 'configmaps "missing" not found',
  },
  {
    name: 'a delete with another uid',
    method: 'delete',
    path: STORED,
    body: { kind: 'DeleteOptions', apiVersion: 'v1', preconditions: { uid: 'another' } },
    code: 409,
    reason: 'Conflict',
    message:
      /^Operation cannot be fulfilled on ConfigMap "stored": the UID in the precondition \(another\) does not match the UID in record \(/,
  },
]

const PATCHES: readonly Row[] = [
  {
    name: 'JSON Patch that is an object',
    type: JSON_PATCH,
    body: '{}',
    code: 400,
    reason: 'BadRequest',
    message: 'error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp',
  },
  {
    name: 'JSON Patch that ends early',
    type: JSON_PATCH,
    body: '[{"op":',
    code: 400,
    reason: 'BadRequest',
    message: 'error decoding patch: unexpected end of JSON input',
  },
  {
    name: 'JSON Patch whose test fails',
    type: JSON_PATCH,
    body: [{ op: 'test', path: '/data/key', value: 'x' }],
    code: 422,
    reason: 'Invalid',
    message: REJECTED,
  },
  {
    name: 'JSON Patch of a missing path',
    type: JSON_PATCH,
    body: [{ op: 'remove', path: '/data/missing' }],
    code: 422,
    reason: 'Invalid',
    message: REJECTED,
  },
  {
    name: 'merge patch that ends early',
    type: MERGE_PATCH,
    body: '{"data"',
    code: 400,
    reason: 'BadRequest',
    message: 'error decoding patch: unexpected end of JSON input',
  },
  {
    name: 'merge patch that is a list',
    type: MERGE_PATCH,
    body: '[]',
    code: 400,
    reason: 'BadRequest',
    message: /^error decoding patch: json: cannot unmarshal array into Go value of type map\[string\]interface/,
  },
  {
    name: 'merge patch with a wrong type',
    type: MERGE_PATCH,
    body: { data: { key: 1 } },
    code: 422,
    reason: 'Invalid',
    message: /cannot unmarshal number into Go struct field ConfigMap\.data of type string$/,
  },
  {
    name: 'merge patch with a past resourceVersion',
    type: MERGE_PATCH,
    body: { metadata: { resourceVersion: '1' } },
    code: 409,
    reason: 'Conflict',
    message: /the object has been modified; please apply your changes to the latest version and try again$/,
  },
  {
    name: 'merge patch of the uid',
    type: MERGE_PATCH,
    body: { metadata: { uid: 'another' } },
    code: 422,
    reason: 'Invalid',
    message: 'ConfigMap "stored" is invalid: metadata.uid: Invalid value: "another": field is immutable',
  },
  {
    name: 'merge patch that ends early, unchecked',
    path: `${STORED}?fieldValidation=Ignore`,
    type: MERGE_PATCH,
    body: '{"data"',
    code: 400,
    reason: 'BadRequest',
    message: 'Invalid JSON Patch',
  },
  {
    name: 'JSON Patch that is none, unchecked',
    path: `${STORED}?fieldValidation=Ignore`,
    type: JSON_PATCH,
    body: 'invalid json patch',
    code: 400,
    reason: 'BadRequest',
    message: "invalid character 'i' looking for beginning of value",
  },
  {
    name: 'patch that is none, of what is not there',
    path: `${CONFIG_MAPS}/missing`,
    type: MERGE_PATCH,
    body: '{"data"',
    code: 404,
    reason: 'NotFound',
    message: 'configmaps "missing" not found',
  },
  {
    name: 'strategic merge patch that ends early',
    type: STRATEGIC_PATCH,
    body: '{"data"',
    code: 400,
    reason: 'BadRequest',
    message: 'unexpected end of JSON input',
  },
  {
    name: 'strategic merge patch with an unknown directive',
    type: STRATEGIC_PATCH,
    body: { data: { $patch: 'nonsense' } },
    code: 500,
    message: /nonsense/,
  },
  {
    name: 'patch of a type that nobody knows',
    type: 'application/json',
    body: {},
    code: 415,
    reason: 'UnsupportedMediaType',
    message:
      /^the body of the request was in an unknown format - accepted media types include: application\/json-patch\+json, application\/merge-patch\+json, /,
  },
].map((row) => ({ method: 'patch', path: STORED, ...row }) as Row)

const QUERIES: readonly Row[] = [
  {
    name: 'an object that is not there',
    path: `${CONFIG_MAPS}/missing`,
    code: 404,
    reason: 'NotFound',
    message: 'configmaps "missing" not found',
  },
  {
    name: 'a resource that is not there',
    path: '/api/v1/namespaces/default/nonsense',
    code: 404,
    reason: 'NotFound',
    message: 'the server could not find the requested resource',
  },
  {
    name: 'a field that cannot be selected',
    path: `${CONFIG_MAPS}?fieldSelector=data.key%3Dvalue`,
    code: 400,
    reason: 'BadRequest',
    message: '"data.key" is not a known field selector: only "metadata.name", "metadata.namespace"',
  },
  {
    name: 'a field of pods that cannot be selected',
    path: '/api/v1/pods?fieldSelector=spec.nope%3Dvalue',
    code: 400,
    reason: 'BadRequest',
    message: 'field label not supported: spec.nope',
  },
  {
    name: 'a malformed label selector',
    path: `${CONFIG_MAPS}?labelSelector=a+in+b`,
    code: 400,
    reason: 'BadRequest',
    message: /^unable to parse requirement: found 'b' expected: '\('$/,
  },
  {
    name: 'a media type that cannot be had',
    path: STORED,
    accept: 'text/html',
    code: 406,
    reason: 'NotAcceptable',
    message: /^only the following media types are accepted: application\/json, application\/yaml, application\/vnd\.kubernetes\.protobuf/,
  },
  {
    name: 'a method that is not allowed',
    method: 'post',
    path: STORED,
    body: {},
    code: 405,
    reason: 'MethodNotAllowed',
    message: 'the server does not allow this method on the requested resource',
  },
].map((row) => ({ method: 'get', ...row }) as Row)

describe.each([
  ['bodies', BODIES],
  ['patches', PATCHES],
  ['queries', QUERIES],
] as const)('%s', (_family, rows) => {
  it.each(rows)('$name', async (row) => {
    const before = await revision()
    const { status, body, headers } = await call(row)
    expect(body.message).toEqual(typeof row.message === 'string' ? row.message : expect.stringMatching(row.message))
    expect({ status, reason: body.reason }).toEqual({ status: row.code, reason: row.reason })
    expect(body).toMatchObject({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', code: row.code })
    expect(headers['content-type']).toBe('application/json')
    expect(await revision(), 'nothing is stored').toBe(before)
  })
})

describe('a body that is too deep is refused at once', () => {
  const deep = (levels: number) => '['.repeat(levels) + ']'.repeat(levels)
  const LEVELS = 1_500_000
  const asJson = `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"new"},"values":${deep(LEVELS)}}`
  const asYaml = `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: new\nvalues: ${deep(LEVELS)}`
  it.each<Call & { name: string; fault: string }>([
    { name: 'JSON', path: CONFIG_MAPS, body: asJson, fault: "invalid character '[' exceeded max depth" },
    { name: 'JSON that never closes', path: CONFIG_MAPS, body: '['.repeat(LEVELS), fault: "invalid character '[' exceeded max depth" },
    {
      name: 'JSON of a level too many',
      path: CONFIG_MAPS,
      body: `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"new"},"values":${deep(10_000)}}`,
      fault: 'exceeded max depth',
    },
    { name: 'YAML', path: CONFIG_MAPS, type: 'application/yaml', body: asYaml, fault: 'yaml: line 5: exceeded max depth of 10000' },
    {
      name: 'YAML that never closes',
      path: CONFIG_MAPS,
      type: 'application/yaml',
      body: `a: ${'['.repeat(LEVELS)}`,
      fault: 'yaml: exceeded max depth of 10000',
    },
    ...['strategic-merge-patch', 'merge-patch'].map((type) => ({
      name: type,
      method: 'patch' as const,
      path: STORED,
      type: `application/${type}+json`,
      body: `{"values":${deep(LEVELS)}}`,
      fault: 'exceeded max depth',
    })),
    {
      name: 'json-patch',
      method: 'patch',
      path: STORED,
      type: 'application/json-patch+json',
      body: `[{"op":"add","path":"/foo","value":${deep(LEVELS)}}]`,
      fault: 'exceeded max depth',
    },
    {
      name: 'apply-patch',
      method: 'patch',
      path: `${STORED}?fieldManager=me`,
      type: 'application/apply-patch+yaml',
      body: asJson,
      fault: 'exceeded max depth',
    },
  ])('$name', async ({ fault, ...row }) => {
    const { status, body } = await call(row)
    expect({ status, reason: body.reason }).toEqual({ status: 400, reason: 'BadRequest' })
    expect(body.message).toContain(fault)
  })
})

it('says which fields are at fault', async () => {
  const { body } = await call({ path: DEPLOYMENTS, body: deployment({}) })
  expect(body.details).toEqual({
    name: 'web',
    group: 'apps',
    kind: 'Deployment',
    causes: [
      { reason: 'FieldValueRequired', message: 'Required value', field: 'spec.selector' },
      {
        reason: 'FieldValueInvalid',
        message: 'Invalid value: null: `selector` does not match template `labels`',
        field: 'spec.template.metadata.labels',
      },
      { reason: 'FieldValueRequired', message: 'Required value', field: 'spec.template.spec.containers' },
    ],
  })
})

it('warns of unknown and duplicate fields, and stores without them', async () => {
  const body = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"warned"},"data":{"a":"1"},"data":{"a":"2"},"nope":true}'
  const response = await call({ path: `${CONFIG_MAPS}?dryRun=All`, body }).expect(201)
  expect(response.headers.warning).toBe('299 - "duplicate field \\"data\\"", 299 - "unknown field \\"nope\\""')
  expect(response.body).not.toHaveProperty('nope')
})
