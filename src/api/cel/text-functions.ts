import type { Environment } from '@marcbachmann/cel-js'
import { goRegExp } from './go-regexp.ts'

/** What the package's own strings lack. Upstream: cel-go/ext/strings.go, apiserver/pkg/cel/library/regex.go. */
export function registerTexts(environment: Environment): void {
  environment
    .registerFunction('string.charAt(int): string', (text: string, index: bigint) => {
      const characters = [...text]
      if (index < 0n || index > BigInt(characters.length)) throw new Error(`index out of range: ${index}`)
      return characters[Number(index)] ?? ''
    })
    .registerFunction('string.replace(string, string): string', (text: string, from: string, to: string) => text.replaceAll(from, () => to))
    .registerFunction('string.replace(string, string, int): string', replaceSome)
    .registerFunction('string.find(string): string', (text: string, pattern: string) => goRegExp(pattern).exec(text)?.[0] ?? '')
    .registerFunction('string.findAll(string): list<string>', (text: string, pattern: string) => findAll(text, pattern))
    .registerFunction('string.findAll(string, int): list<string>', (text: string, pattern: string, most: bigint) =>
      most < 0n ? findAll(text, pattern) : findAll(text, pattern).slice(0, Number(most)),
    )
}

function replaceSome(text: string, from: string, to: string, most: bigint): string {
  let left = most < 0n ? Number.POSITIVE_INFINITY : Number(most)
  return text.replaceAll(from, (found) => (left-- > 0 ? to : found))
}

function findAll(text: string, pattern: string): string[] {
  return [...text.matchAll(goRegExp(pattern, 'g'))].map(([found]) => found)
}
