import { safeEncode } from '../pods/template-hash.ts'

/** So that with a dash and a hash it fits into the 253 characters of a name, with room to spare. */
const LONGEST_PREFIX = 223

/** Upstream: controller_history.go ControllerRevisionName. */
export function revisionName(owner: string, hash: string): string {
  return `${owner.slice(0, LONGEST_PREFIX)}-${hash}`
}

/**
 * The hash of a revision's data, the same text as upstream's for the same data.
 * Upstream: controller_history.go HashControllerRevision.
 * @param collisionCount another value gives another hash, when the first is taken by other data
 */
export function revisionHash(data: Record<string, unknown>, collisionCount: number): string {
  return safeEncode(String(fnv32(`${goJson(data)}${collisionCount}`)))
}

/** Go's encoder escapes what could end a script element. */
function goJson(data: unknown): string {
  return JSON.stringify(data).replace(/[<>&\u2028\u2029]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** FNV-1, which multiplies before it mixes in the byte. */
function fnv32(text: string): number {
  let hash = 0x811c9dc5
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash, 0x01000193) ^ byte
  return hash >>> 0
}
