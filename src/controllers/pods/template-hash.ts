import type { PodTemplateSpec } from '../../api/types.gen.ts'

/** No vowels, so that no words come up. Upstream: k8s.io/apimachinery util/rand SafeEncodeString. */
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789'

/**
 * A short name for a pod template, as in the `pod-template-hash` label: equal templates have equal ones, whatever the order
 * of their keys. Upstream hashes a dump of Go memory, so the texts themselves differ from upstream's.
 * @param collisionCount another value gives another hash, when the first is taken by another template
 */
export function templateHash(template: PodTemplateSpec | undefined, collisionCount?: number): string {
  const text = canonicalJson(template ?? {}) + (collisionCount === undefined ? '' : `#${collisionCount}`)
  return safeEncode(String(fnv32a(text)))
}

/** Each character becomes one of ALPHABET. */
export function safeEncode(text: string): string {
  let encoded = ''
  for (const character of text) encoded += ALPHABET[character.codePointAt(0)! % ALPHABET.length]
  return encoded
}

function fnv32a(text: string): number {
  let hash = 0x811c9dc5
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193)
  return hash >>> 0
}

function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  )
}
