import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeObject } from '../../src/api/schema/decode-object.ts'
import { Schemas } from '../../src/api/schema.ts'
import { Protobuf } from '../../src/http/codecs/protobuf.ts'
import { objectOf } from '../support/arbitrary-object.ts'

interface Resource {
  group: string
  version: string
  kind: string
  schema: string
}

const resources: Resource[] = JSON.parse(readFileSync(new URL('../../openapi/resources.json', import.meta.url), 'utf8'))
/** As a custom resource, which it is elsewhere, a Stage has none. */
const withMessage = resources.filter(({ group }) => group !== 'kwok.x-k8s.io')
const kinds = [...new Map(withMessage.map((resource) => [resource.schema, resource])).values()].map(({ group, version, kind, schema }) => ({
  apiVersion: group === '' ? version : `${group}/${version}`,
  kind,
  schema,
}))
const schemas = new Schemas()
const protobuf = new Protobuf(schemas)
const strict = { fieldValidation: 'Strict' } as const

describe('protobuf', () => {
  it('has a message for every kind that is served', () => {
    expect(kinds.filter(({ apiVersion, kind }) => !protobuf.supports(apiVersion, kind))).toEqual([])
  })

  it.each(kinds)('gives back what it was given: $apiVersion $kind', ({ apiVersion, kind, schema }) => {
    fc.assert(
      fc.property(objectOf(schemas, schema), (generated) => {
        const { object, error, strictErrors } = decodeObject(schemas, schema, { ...generated, apiVersion, kind }, strict)
        expect({ error, strictErrors }).toEqual({ error: undefined, strictErrors: [] })
        const back = protobuf.decode(protobuf.encode(apiVersion, kind, object))
        expect(back.value).toEqual(object)
        expect(decodeObject(schemas, schema, back.value, strict).object).toEqual(object)
      }),
      { numRuns: 12, seed: 1 },
    )
  })
})
