import { describe, expect, it } from 'vitest'
import { applyJsonPatch, jsonPatchStrictErrors } from '../../src/api/meta/patches/json-patch.ts'
import { applyMergePatch } from '../../src/api/meta/patches/merge-patch.ts'

describe('applyJsonPatch', () => {
  it.each<[string, unknown, unknown[], unknown]>([
    ['nothing', { a: 1 }, [], { a: 1 }],
    ['add', { a: 1 }, [{ op: 'add', path: '/b', value: [1] }], { a: 1, b: [1] }],
    ['add over', { a: 1 }, [{ op: 'add', path: '/a', value: 2 }], { a: 2 }],
    ['add to a list', { a: [1, 3] }, [{ op: 'add', path: '/a/1', value: 2 }], { a: [1, 2, 3] }],
    ['append', { a: [1] }, [{ op: 'add', path: '/a/-', value: 2 }], { a: [1, 2] }],
    ['add from the end', { a: [1, 2] }, [{ op: 'add', path: '/a/-1', value: 3 }], { a: [1, 2, 3] }],
    [
      'remove',
      { a: [1, 2], b: 1 },
      [
        { op: 'remove', path: '/a/0' },
        { op: 'remove', path: '/b' },
      ],
      { a: [2] },
    ],
    ['remove from the end', { a: [1, 2] }, [{ op: 'remove', path: '/a/-1' }], { a: [1] }],
    ['replace', { a: { b: 1 } }, [{ op: 'replace', path: '/a/b', value: null }], { a: { b: null } }],
    ['replace what is not there', { a: {} }, [{ op: 'replace', path: '/a/b', value: 1 }], { a: { b: 1 } }],
    ['replace all', { a: 1 }, [{ op: 'replace', path: '', value: { b: 1 } }], { b: 1 }],
    ['move', { a: { x: 1 }, b: {} }, [{ op: 'move', from: '/a/x', path: '/b/y' }], { a: {}, b: { y: 1 } }],
    [
      'copy',
      { a: { x: [1] } },
      [
        { op: 'copy', from: '/a/x', path: '/b' },
        { op: 'add', path: '/b/-', value: 2 },
      ],
      { a: { x: [1] }, b: [1, 2] },
    ],
    ['escapes', { 'a/b': { 'c~d': 1 } }, [{ op: 'replace', path: '/a~1b/c~0d', value: 2 }], { 'a/b': { 'c~d': 2 } }],
    ['test', { a: { b: [1, { c: 'x' }] } }, [{ op: 'test', path: '/a/b', value: [1, { c: 'x' }] }], { a: { b: [1, { c: 'x' }] } }],
    ['test of nothing for null', {}, [{ op: 'test', path: '/a', value: null }], {}],
    ['__proto__ is a key', {}, [{ op: 'add', path: '/__proto__', value: 1 }], JSON.parse('{"__proto__":1}')],
  ])('%s', (_, original, patch, expected) => {
    const before = structuredClone(original)
    expect(JSON.stringify(applyJsonPatch(original, patch))).toBe(JSON.stringify(expected))
    expect(original).toEqual(before)
  })

  it.each<[string, unknown[]]>([
    ['test that fails', [{ op: 'test', path: '/a', value: 2 }]],
    ['remove of nothing', [{ op: 'remove', path: '/x' }]],
    ['no such path', [{ op: 'add', path: '/x/y', value: 1 }]],
    ['through a scalar', [{ op: 'add', path: '/a/y', value: 1 }]],
    ['index out of range', [{ op: 'add', path: '/l/3', value: 1 }]],
    ['index that is none', [{ op: 'replace', path: '/l/x', value: 1 }]],
    ['unknown operation', [{ op: 'foo', path: '/a' }]],
    ['no operation', [{ path: '/a' }]],
    ['no path', [{ op: 'remove' }]],
    ['no slash', [{ op: 'add', path: 'a', value: 1 }]],
    ['move of nothing', [{ op: 'move', from: '/x', path: '/y' }]],
    ['replace all by a scalar', [{ op: 'replace', path: '', value: 1 }]],
  ])('refuses %s with 422', (_, patch) => {
    expect(() => applyJsonPatch({ a: 1, l: [1, 2] }, patch)).toThrow(
      expect.objectContaining({ code: 422, reason: 'Invalid', message: 'the server rejected our request due to an error in our request' }),
    )
  })

  it.each<[unknown, number, string]>([
    [{}, 400, 'error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp'],
    [['x'], 400, 'error decoding patch: json: cannot unmarshal string into Go value of type handlers.jsonPatchOp'],
    [[{ op: 1 }], 400, 'error decoding patch: json: cannot unmarshal number into Go struct field jsonPatchOp.op of type string'],
    [
      new Array(10_001).fill({ op: 'test', path: '/a', value: 1 }),
      413,
      'The allowed maximum operations in a JSON patch is 10000, got 10001',
    ],
  ])('refuses what is no patch', (patch, code, message) => {
    expect(() => applyJsonPatch({ a: 1 }, patch)).toThrow(expect.objectContaining({ code, message }))
  })

  it('knows the fields of an operation', () => {
    expect(jsonPatchStrictErrors([{ op: 'test', path: '/a', foo: 1 }])).toEqual(['json patch unknown field "[0].foo"'])
  })
})

describe('applyMergePatch', () => {
  it.each<[unknown, unknown, unknown]>([
    [{ a: 'b' }, {}, { a: 'b' }],
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: ['c', null] }, { a: ['c', null] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: 'foo' }, { a: { b: { c: null } } }, { a: { b: {} } }],
    [{}, { a: { b: { c: null, d: 1 } } }, { a: { b: { d: 1 } } }],
    [{ a: 1 }, [1], [1]],
  ])('%j with %j', (original, patch, expected) => {
    const before = structuredClone({ original, patch })
    expect(applyMergePatch(original, patch)).toEqual(expected)
    expect({ original, patch }).toEqual(before)
  })

  it('refuses scalars', () => {
    expect(() => applyMergePatch({}, 'x')).toThrow(expect.objectContaining({ code: 400, message: 'Invalid JSON Patch' }))
  })
})
