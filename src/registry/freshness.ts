import { ApiError } from '../api/meta/api-error.ts'
import type { RegistryContext } from './context.ts'
import { parseRevision, tooLargeRevisionError } from './list-options.ts'

/** Upstream: watch_cache.go blockTimeout. */
const PATIENCE_MS = 3000

/**
 * Resolves when the state is as new as a reader asks; at once, and without a promise, as a rule. What is no number is left to the
 * verb, which words it in its own way. Upstream: watch_cache.go waitUntilFreshAndBlock
 * @throws ApiError 504 after three seconds
 */
export function untilFresh({ cache, clock }: RegistryContext, resourceVersion: string | undefined): Promise<void> | undefined {
  const asked = resourceVersion ? parseRevision(resourceVersion) : 0
  if (typeof asked === 'string' || asked <= cache.revision) return undefined
  return new Promise((resolve, reject) => {
    const timer = clock.setTimer(PATIENCE_MS, () => {
      forget()
      reject(tooLargeRevisionError(asked, cache.revision))
    })
    const forget = cache.onceAt(asked, () => {
      timer.cancel()
      resolve()
    })
  })
}

/** What GET asks with `resourceVersion`: a state that isn't older. @throws ApiError 504; 500 as upstream for what is no number */
export function untilFreshForGet(context: RegistryContext, resourceVersion: string | undefined): Promise<void> | undefined {
  const asked = resourceVersion ? parseRevision(resourceVersion) : 0
  if (typeof asked === 'string') {
    throw new ApiError(500, '', `resourceVersion: Invalid value: ${JSON.stringify(resourceVersion)}: ${asked}`)
  }
  return untilFresh(context, resourceVersion)
}
