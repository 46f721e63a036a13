import { setTimeout as pause } from 'node:timers/promises'

const EVERY_MS = 50
const LIMIT_MS = 30_000

/** Asks again until an attempt passes and gives what it gave. When none has in time, the last one's error says why. */
export async function eventually<T>(attempt: () => T | Promise<T>, limitMs = LIMIT_MS): Promise<T> {
  const deadline = performance.now() + limitMs
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (performance.now() > deadline) throw error
    }
    await pause(EVERY_MS)
  }
}
