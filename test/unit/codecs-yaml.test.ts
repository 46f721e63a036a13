import { describe, expect, it } from 'vitest'
import { decodeYaml, encodeYaml, YamlError } from '../../src/http/codecs/yaml.ts'

describe('decodeYaml', () => {
  it.each<[string, unknown]>([
    ['a: yes', { a: true }],
    ['a: "yes"', { a: 'yes' }],
    ['a: off', { a: false }],
    ['a: 0777', { a: 511 }],
    ['a: 22:22', { a: '22:22' }],
    ['a: 2026-01-02', { a: '2026-01-02' }],
    ['a: 2026-01-02T03:04:05Z', { a: '2026-01-02T03:04:05Z' }],
    ['a: ~', { a: null }],
    ['1: x\ntrue: z', { 1: 'x', true: 'z' }],
    ['a: &x {b: 1}\nc: *x', { a: { b: 1 }, c: { b: 1 } }],
    ['a: &x {b: 1}\nc: {<<: *x, d: 2}', { a: { b: 1 }, c: { b: 1, d: 2 } }],
    ['a: 1\n---\nb: 2', { a: 1 }],
    ['{"a": [1, "b"]}', { a: [1, 'b'] }],
    ['', null],
  ])('%s', (text, expected) => {
    expect(decodeYaml(text)).toEqual({ value: expected, strictError: undefined })
  })

  it('lets the last of two equal keys count, and says so', () => {
    expect(decodeYaml('a: 1\nb: 2\na: 3\n')).toEqual({
      value: { a: 3, b: 2 },
      strictError: 'yaml: unmarshal errors:\n  line 3: key "a" already set in map',
    })
  })

  it('names the line of an error', () => {
    expect(() => decodeYaml('a: b: c')).toThrow(YamlError)
    expect(() => decodeYaml('x: 1\na: [1')).toThrow(/^yaml: line 2: /)
  })
})

describe('encodeYaml', () => {
  it('writes as upstream does', () => {
    const value = {
      kind: 'Pod',
      apiVersion: 'v1',
      spec: { containers: [{ name: 'a', args: ['true', 'y', '1', '0x1', 'a\nb\n'] }], empty: {}, none: [] },
    }
    expect(encodeYaml(value)).toBe(
      [
        'apiVersion: v1',
        'kind: Pod',
        'spec:',
        '  containers:',
        '  - args:',
        '    - "true"',
        '    - "y"',
        '    - "1"',
        '    - "0x1"',
        '    - |',
        '      a',
        '      b',
        '    name: a',
        '  empty: {}',
        '  none: []',
        '',
      ].join('\n'),
    )
  })

  it('is read back as it was', () => {
    const value = {
      a: ['yes', 'no', '1e3', '0o7', '~', '', 'null', ' x', '2026-01-02', '22:22', '1_000', '.5', '<<', '=', '-'],
      b: 1.5,
      c: null,
    }
    expect(decodeYaml(encodeYaml(value)).value).toEqual(value)
  })
})
