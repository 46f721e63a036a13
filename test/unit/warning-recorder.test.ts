import type { ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import { WarningRecorder } from '../../src/http/warning-recorder.ts'

function headersFor(texts: readonly string[]): readonly string[] | undefined {
  const headers = new Map<string, string[]>()
  const response = {
    headersSent: false,
    getHeader: (name: string) => headers.get(name),
    setHeader: (name: string, value: string[]) => headers.set(name, value),
  } as unknown as ServerResponse
  const { warn } = new WarningRecorder(response)
  for (const text of texts) warn(text)
  return headers.get('warning')
}

const cut = (letter: string) => `299 - "${letter.repeat(256)}"`
const whole = (letter: string, length: number) => `299 - "${letter.repeat(length)}"`

describe('Warning headers', () => {
  it.each<{ name: string; given: string[]; expect: string[] | undefined }>([
    { name: 'nothing said', given: [], expect: undefined },
    { name: 'an empty text is none', given: [''], expect: undefined },
    { name: 'each text once, in order', given: ['b', 'a', 'b'], expect: ['299 - "b"', '299 - "a"'] },
    { name: 'quotes and backslashes are escaped', given: ['say "a\\b"'], expect: ['299 - "say \\"a\\\\b\\""'] },
    { name: 'no header holds control characters', given: ['a\nb', 'a\u0085b', 'c'], expect: ['299 - "c"'] },
    { name: 'other characters go out as UTF-8', given: ['é'], expect: [Buffer.from('299 - "é"').toString('latin1')] },
    {
      name: 'up to 4096 characters are left as they are',
      given: ['a'.repeat(4000), 'b'.repeat(96)],
      expect: [whole('a', 4000), whole('b', 96)],
    },
    {
      name: 'past that all are cut to 256',
      given: ['a'.repeat(4000), 'b'.repeat(97), 'c'.repeat(300), 'short'],
      expect: [cut('a'), whole('b', 97), cut('c'), '299 - "short"'],
    },
    {
      name: 'and past 4096 cut ones nothing more is said',
      given: ['x'.repeat(4097), ...Array.from({ length: 20 }, (_, i) => String.fromCharCode(97 + i).repeat(256))],
      expect: ['x', ...'abcdefghijklmno'].map(cut),
    },
  ])('$name', ({ given, expect: expected }) => {
    expect(headersFor(given)).toEqual(expected)
  })
})
