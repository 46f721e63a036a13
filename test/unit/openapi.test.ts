import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Answer } from '../../src/http/answer.ts'
import { OpenApi } from '../../src/http/openapi.ts'
import { encodeSwagger } from '../../src/http/openapi-v2-protobuf.ts'
import { VirtualClock } from '../../src/lib/clock.ts'
import { decodeSwagger } from '../support/decode-swagger.ts'

const REF = '#/components/schemas/'
const widget = {
  openapi: '3.0.0',
  info: { title: 'Kubernetes', version: 'v1.36.0' },
  paths: {
    '/apis/example.com/v1/widgets/{name}': {
      patch: {
        operationId: 'patchWidget',
        parameters: [{ in: 'query', name: 'force', description: 'By force.', schema: { type: 'boolean', uniqueItems: true } }],
        requestBody: {
          content: { 'application/merge-patch+json': { schema: { $ref: `${REF}Patch` } }, 'application/json-patch+json': {} },
          required: true,
        },
        responses: {
          200: { description: 'OK', content: { 'application/json': { schema: { $ref: `${REF}Widget` } } } },
          401: { description: 'Unauthorized' },
        },
        'x-kubernetes-action': 'patch',
      },
      parameters: [{ in: 'path', name: 'name', required: true, schema: { type: 'string', uniqueItems: true } }],
    },
  },
  components: {
    schemas: {
      Patch: { type: 'object' },
      Port: { oneOf: [{ type: 'integer' }, { type: 'string' }], format: 'int-or-string' },
      Widget: {
        type: 'object',
        properties: {
          port: { allOf: [{ $ref: `${REF}Port` }], default: {}, description: 'A port.', 'x-kubernetes-patch-strategy': 'retainKeys' },
          all: { type: 'array', items: { allOf: [{ $ref: `${REF}Port` }], default: {} } },
          mode: { type: 'string', default: 'A', enum: ['A', 'B'] },
          more: { type: 'object', additionalProperties: { type: 'string', default: '' } },
          other: { $ref: `${REF}Patch` },
        },
      },
    },
  },
}

let folder: string
let openApi: OpenApi

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'openapi-'))
  writeFileSync(join(folder, 'index.json'), JSON.stringify({ 'apis/example.com/v1': 'ABC' }))
  writeFileSync(join(folder, 'apis__example.com__v1.json'), JSON.stringify(widget))
  openApi = new OpenApi({ clock: new VirtualClock('2026-01-01T00:00:00Z'), folder: pathToFileURL(`${folder}/`) })
})

afterAll(() => rmSync(folder, { recursive: true }))

const json = (answer: Answer | undefined) => JSON.parse(answer?.body.toString() ?? 'null')

describe('/openapi/v3', () => {
  test('the index leads to the documents by their hash', async () => {
    const answer = await openApi.answer('/openapi/v3', {})
    expect(answer?.headers['content-type']).toBe('application/json')
    expect(json(answer)).toEqual({ paths: { 'apis/example.com/v1': { serverRelativeURL: '/openapi/v3/apis/example.com/v1?hash=ABC' } } })
    expect(await openApi.answer('/openapi/v3', { 'if-none-match': answer?.headers.etag })).toMatchObject({ status: 304 })
  })

  const DOCUMENT = '/openapi/v3/apis/example.com/v1'
  const plain = { vary: 'Accept', 'content-type': 'application/json', etag: '"ABC"' }
  const forever = { ...plain, 'cache-control': 'public, immutable', expires: 'Fri, 01 Jan 2027 00:00:00 GMT' }
  const ROWS: { name: string; url: string; headers?: Record<string, string>; status: number; expected: Record<string, string> }[] = [
    { name: 'a document', url: DOCUMENT, status: 200, expected: plain },
    { name: 'a document by its hash is good for ever', url: `${DOCUMENT}?hash=ABC`, status: 200, expected: forever },
    {
      name: 'another hash leads to the one there is',
      url: `${DOCUMENT}?hash=OLD`,
      status: 301,
      expected: { ...plain, location: `${DOCUMENT}?hash=ABC` },
    },
    { name: 'one that the client has', url: DOCUMENT, headers: { 'if-none-match': '"ABC"' }, status: 304, expected: plain },
    { name: 'one among those it has', url: DOCUMENT, headers: { 'if-none-match': '"X", W/"ABC"' }, status: 304, expected: plain },
    { name: 'one that it has an old state of', url: DOCUMENT, headers: { 'if-none-match': '"X"' }, status: 200, expected: plain },
    {
      name: 'protobuf if possible, else JSON',
      url: DOCUMENT,
      headers: { accept: 'application/com.github.proto-openapi.spec.v3.v1.0+protobuf,application/json' },
      status: 200,
      expected: plain,
    },
    {
      name: 'protobuf only',
      url: DOCUMENT,
      headers: { accept: 'application/com.github.proto-openapi.spec.v3.v1.0+protobuf' },
      status: 406,
      expected: { vary: 'Accept' },
    },
  ]
  test.each(ROWS)('$name', async ({ url, headers = {}, status, expected }) => {
    const answer = await openApi.answer(url, headers)
    expect({ status: answer?.status, headers: answer?.headers }).toEqual({ status, headers: expected })
    if (status === 200) expect(json(answer)).toEqual(widget)
    else expect(answer?.body).toHaveLength(0)
  })

  test.each(['/openapi/v3/apis/other/v1', '/openapi/v3/index', '/openapi/v3/../package', '/openapi', '/openapi/v4'])(
    'nothing is at %s',
    async (url) => {
      expect(await openApi.answer(url, {})).toBeUndefined()
    },
  )
})

describe('/openapi/v2', () => {
  test('says in Swagger 2.0 what the documents say', async () => {
    const swagger = json(await openApi.answer('/openapi/v2', { accept: 'application/json' }))
    expect(swagger).toMatchObject({ swagger: '2.0', info: widget.info })
    expect(swagger.definitions).toEqual({
      Patch: { type: 'object' },
      Port: { type: 'string', format: 'int-or-string' },
      Widget: {
        type: 'object',
        properties: {
          port: { $ref: '#/definitions/Port', description: 'A port.', 'x-kubernetes-patch-strategy': 'retainKeys' },
          all: { type: 'array', items: { $ref: '#/definitions/Port' } },
          mode: { type: 'string', enum: ['A', 'B'] },
          more: { type: 'object', additionalProperties: { type: 'string' } },
          other: { $ref: '#/definitions/Patch' },
        },
      },
    })
    expect(swagger.paths).toEqual({
      '/apis/example.com/v1/widgets/{name}': {
        patch: {
          operationId: 'patchWidget',
          'x-kubernetes-action': 'patch',
          consumes: ['application/merge-patch+json', 'application/json-patch+json'],
          produces: ['application/json'],
          schemes: ['https'],
          parameters: [
            { name: 'body', in: 'body', required: true, schema: { $ref: '#/definitions/Patch' } },
            { name: 'force', in: 'query', description: 'By force.', type: 'boolean', uniqueItems: true },
          ],
          responses: { 200: { description: 'OK', schema: { $ref: '#/definitions/Widget' } }, 401: { description: 'Unauthorized' } },
        },
        parameters: [{ name: 'name', in: 'path', required: true, type: 'string', uniqueItems: true }],
      },
    })
  })

  const PROTOBUF = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf'
  const OLD_NAME = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf'

  test('is not sent again to who has it', async () => {
    const { headers } = (await openApi.answer('/openapi/v2', {}))!
    expect(headers).toMatchObject({ 'content-type': 'application/json', vary: 'Accept' })
    expect(await openApi.answer('/openapi/v2?timeout=32s', { 'if-none-match': headers.etag })).toMatchObject({ status: 304 })
    expect(await openApi.answer('/openapi/v2', { 'if-none-match': headers.etag, accept: PROTOBUF })).toMatchObject({ status: 304 })
  })

  test.each([
    [undefined, 'application/json'],
    ['*/*', 'application/json'],
    ['application/*', 'application/json'],
    [PROTOBUF, PROTOBUF],
    [OLD_NAME, PROTOBUF],
    [`${OLD_NAME}, application/json`, PROTOBUF],
    [`application/json, ${OLD_NAME}`, 'application/json'],
    [`application/json;q=0.5, ${PROTOBUF}`, PROTOBUF],
    ['text/html', undefined],
    ['application/com.github.proto-openapi.spec.v3.v1.0+protobuf', undefined],
  ])('to who accepts %s it is %s', async (accept, type) => {
    const answer = await openApi.answer('/openapi/v2', { accept })
    expect({ status: answer?.status, type: answer?.headers['content-type'] }).toEqual({ status: type === undefined ? 406 : 200, type })
  })

  test('in protobuf it says the same', async () => {
    const asJson = json(await openApi.answer('/openapi/v2', {}))
    expect(decodeSwagger((await openApi.answer('/openapi/v2', { accept: PROTOBUF }))!.body)).toEqual(asJson)
  })
})

test('the real /openapi/v2 is whole in protobuf', async () => {
  const real = new OpenApi({ clock: new VirtualClock('2026-01-01T00:00:00Z'), folder: new URL('../../openapi/v3/', import.meta.url) })
  const asJson = (await real.answer('/openapi/v2', {}))!
  const accept = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf'
  const asProtobuf = (await real.answer('/openapi/v2', { accept }))!
  expect(decodeSwagger(asProtobuf.body)).toEqual(json(asJson))
  expect(asProtobuf.headers.etag).toBe(asJson.headers.etag)
})

test.each<{ name: string; schema: object }>([
  { name: 'zeros that are said', schema: { default: 0, enum: ['', false, 0], additionalProperties: false } },
  { name: 'bounds', schema: { type: 'number', minimum: -1.5, maximum: 2 ** 40, maxLength: 300, pattern: '^a$', minItems: 2 ** 33 } },
  { name: 'anything', schema: { example: { a: [1, 'yes', null, { b: '0777' }] }, 'x-anything': ['on', '1.0', 'a: b', ''] } },
  {
    name: 'parts',
    schema: { title: 'T', readOnly: true, required: ['', 'a'], allOf: [{ $ref: '#/definitions/A' }, { uniqueItems: true }] },
  },
  { name: 'a long description', schema: { description: 'é'.repeat(20_000) } },
])('protobuf has $name', ({ schema }) => {
  const swagger = { swagger: '2.0', definitions: { Odd: schema } }
  expect(decodeSwagger(encodeSwagger(swagger))).toEqual(swagger)
})

test('what protobuf has no field for is refused', () => {
  expect(() => encodeSwagger({ definitions: { Odd: { nullable: true } } })).toThrow('no field for nullable in OpenAPI v2')
})
