import { describe, expect, it } from 'vitest'
import { ApiError } from '../../src/api/meta/api-error.ts'
import type { FieldValidation } from '../../src/api/schema/decode-object.ts'
import { Schemas } from '../../src/api/schema.ts'
import { MERGE_PATCH_TYPE, STRATEGIC_MERGE_PATCH_TYPE } from '../../src/http/codecs/negotiate.ts'
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
