/** Where in a range to begin to look: values look drawn, yet a run can be repeated. A 32-bit number. */
export function offsetOf(seed: string): number {
  let hash = 2166136261
  for (const char of seed) hash = Math.imul(hash ^ char.charCodeAt(0), 16777619) >>> 0
  return hash
}
