import { describe, expect, it } from 'vitest'
import { ApiError } from '../../src/api/meta/api-error.ts'
import type { FieldValidation } from '../../src/api/schema/decode-object.ts'
import { Schemas } from '../../src/api/schema.ts'
import { MERGE_PATCH_TYPE, type PatchType, STRATEGIC_MERGE_PATCH_TYPE } from '../../src/http/codecs/negotiate.ts'
import { applyPatchBody, decodePatchBody } from '../../src/http/codecs/patch-body.ts'
import { decodePatchedObject } from '../../src/http/codecs/patched-object.ts'

const schemas = new Schemas()
const typeName = 'io.k8s.api.apps.v1.Deployment'

function decode(patch: unknown, isMerged: boolean, fieldValidation: FieldValidation = 'Warn') {
  const patchType = isMerged ? STRATEGIC_MERGE_PATCH_TYPE : MERGE_PATCH_TYPE
  return decodePatchedObject(schemas, { typeName, patchType, patch, patched: patch, fieldValidation, patchErrors: [] })
}

describe('decodePatchedObject', () => {
  it.each<[unknown, boolean, string]>([
    [{ spec: { replicas: 'x' } }, true, 'map[spec:map[replicas:x]]": unrecognized type: int32'],
    [{ spec: { replicas: 1.5 } }, true, 'map[spec:map[replicas:1.5]]": cannot convert float64 to int32'],
    [{ spec: 'x' }, true, 'map[spec:x]": cannot restore struct from: string'],
    [{ metadata: { labels: { a: 1 } } }, true, 'map[metadata:map[labels:map[a:1]]]": cannot convert int64 to string'],
    [{ metadata: { labels: [] } }, true, 'map[metadata:map[labels:[]]]": cannot restore map from slice'],
    [
      { spec: { paused: 'x' } },
      false,
      '{\\"spec\\":{\\"paused\\":\\"x\\"}}": json: cannot unmarshal string into Go struct field DeploymentSpec.spec.paused of type bool',
    ],
  ])('%j', (patch, isMerged, message) => {
    expect(() => decode(patch, isMerged)).toThrow(
      expect.objectContaining({ code: 422, reason: 'Invalid', message: expect.stringContaining(`patch: Invalid value: "${message}`) }),
    )
  })

  it('warns or refuses as field validation says', () => {
    const patch = { spec: { foo: 1 } }
    expect(decode(patch, true).warnings).toEqual(['unknown field "spec.foo"'])
    expect(decode(patch, true, 'Ignore').warnings).toEqual([])
    expect(() => decode(patch, true, 'Strict')).toThrow(ApiError)
    expect(() => decode(patch, true, 'Strict')).toThrow('map[spec:map[foo:1]]": strict decoding error: unknown field "spec.foo"')
  })
})

describe('decodePatchBody', () => {
  const strategic = STRATEGIC_MERGE_PATCH_TYPE

  it.each<[string, PatchType, string]>([
    ['barbaz', strategic, "invalid character 'b' looking for beginning of value"],
    ['[]', MERGE_PATCH_TYPE, 'error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}'],
    ['a: [', 'application/apply-patch+yaml', 'error decoding YAML: error converting YAML to JSON: yaml: line 1: '],
  ])('refuses %s', (body, patchType, message) => {
    expect(() => decodePatchBody(Buffer.from(body), patchType, 'Warn')).toThrow(message)
  })

  it('finds what is repeated or unknown', () => {
    expect(decodePatchBody(Buffer.from('{"a":{"b":1,"b":2}}'), strategic, 'Warn')).toEqual({
      patchType: strategic,
      patch: { a: { b: 2 } },
      patchErrors: ['duplicate field "a.b"'],
    })
    expect(
      decodePatchBody(Buffer.from('[{"op":"test","op":"add","path":"/a","x":1}]'), 'application/json-patch+json', 'Warn').patchErrors,
    ).toEqual(['json patch unknown field "[0].x"', 'json patch duplicate field "[0].op"'])
    expect(decodePatchBody(Buffer.from('{"a":1,"a":2}'), strategic, 'Ignore').patchErrors).toEqual([])
  })

  it('is applied by its type', () => {
    const original = { metadata: { finalizers: ['a'] } }
    const patch = { metadata: { finalizers: ['b'] } }
    expect(applyPatchBody(schemas, typeName, original, { patchType: strategic, patch })).toEqual({ metadata: { finalizers: ['b', 'a'] } })
    expect(applyPatchBody(schemas, typeName, original, { patchType: MERGE_PATCH_TYPE, patch })).toEqual(patch)
    expect(() => applyPatchBody(schemas, undefined, original, { patchType: strategic, patch })).toThrow(
      'strategic merge patch format is not supported',
    )
  })
})
