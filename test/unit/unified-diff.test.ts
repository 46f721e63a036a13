import { describe, expect, test } from 'vitest'
import { structDiff, structListDiff } from '../../src/api/core/v1/spec-diff.ts'
import { unifiedDiff } from '../../src/lib/unified-diff.ts'

const lines = (text: string): string[] => text.split('')
const numbered = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i))

describe('a unified diff', () => {
  test.each<{ name: string; given: [string[], string[]]; expect: string }>([
    { name: 'of the same', given: [lines('abc'), lines('abc')], expect: '' },
    { name: 'a line more', given: [lines('ac'), lines('abc')], expect: '@@ -1,2 +1,3 @@\n a\n+b\n c\n' },
    { name: 'a line less, at the end', given: [lines('ab'), lines('a')], expect: '@@ -1,2 +1 @@\n a\n-b\n' },
    { name: 'of nothing', given: [[], lines('a')], expect: '@@ -0,0 +1 @@\n+a\n' },
    {
      name: 'three lines of context',
      given: [numbered(9), numbered(9).with(4, 'x')],
      expect: '@@ -2,7 +2,7 @@\n 1\n 2\n 3\n-4\n+x\n 5\n 6\n 7\n',
    },
    {
      name: 'six lines between two changes keep them together',
      given: [numbered(8), numbered(8).with(0, 'x').with(7, 'y')],
      expect: '@@ -1,8 +1,8 @@\n-0\n+x\n 1\n 2\n 3\n 4\n 5\n 6\n-7\n+y\n',
    },
    {
      name: 'seven do not',
      given: [numbered(9), numbered(9).with(0, 'x').with(8, 'y')],
      expect: '@@ -1,4 +1,4 @@\n-0\n+x\n 1\n 2\n 3\n@@ -6,4 +6,4 @@\n 5\n 6\n 7\n-8\n+y\n',
    },
    {
      name: 'the longest common run first, not the common beginning',
      given: [lines('ab'), lines('acab')],
      expect: '@@ -1,2 +1,4 @@\n+a\n+c\n a\n b\n',
    },
    {
      name: 'lines that come often in a long text do not align it',
      given: [
        [...numbered(200), 'x', 'x', 'x', 'x', 'a'],
        [...numbered(200), 'b', 'x', 'x', 'x', 'x', 'c'],
      ],
      expect: '@@ -198,8 +198,9 @@\n 197\n 198\n 199\n-x\n-x\n-x\n-x\n-a\n+b\n+x\n+x\n+x\n+x\n+c\n',
    },
  ])('$name', ({ given: [a, b], expect: expected }) => {
    expect(unifiedDiff(a, b)).toBe(expected)
  })
})

describe('structs', () => {
  test('by their fields in order, set or not, escaped as Go does', () => {
    const old = { driver: 'd', volumeAttributes: { b: '<', a: '1' } }
    expect(structDiff('CSIVolumeSource', old, { ...old, readOnly: false })).toBe(
      '@@ -1,6 +1,6 @@\n {\n  "Driver": "d",\n- "ReadOnly": null,\n+ "ReadOnly": false,\n  "FSType": null,\n  "VolumeAttributes": {\n   "a": "1",\n',
    )
    expect(structDiff('CSIVolumeSource', old, { ...old, fsType: 'x' })).toContain('   "b": "\\u003c"\n')
  })

  test('those with names in JSON leave out what is empty, but not what points at false', () => {
    const next = { kind: 'K', controller: false }
    expect(structDiff('OwnerReference', { kind: 'K' }, next)).toBe(
      '@@ -2,5 +2,6 @@\n  "apiVersion": "",\n  "kind": "K",\n  "name": "",\n- "uid": ""\n+ "uid": "",\n+ "controller": false\n }\n',
    )
  })

  test('lists of them', () => {
    const condition = { type: 'Approved', status: 'True', reason: 'a' }
    expect(structListDiff('CertificateSigningRequestCondition', [condition], [{ ...condition, reason: 'b' }])).toBe(
      '@@ -2,7 +2,7 @@\n  {\n   "Type": "Approved",\n   "Status": "True",\n-  "Reason": "a",\n+  "Reason": "b",\n   "Message": "",\n   "LastUpdateTime": null,\n   "LastTransitionTime": null\n',
    )
  })
})
