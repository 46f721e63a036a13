import { podTemplateWarnings } from '../../core/v1/pod-warnings.ts'
import type { JobSpec } from '../../types.gen.ts'

/** Up to here the indexes that are done always fit in the status. */
const MAX_COMPLETIONS = 100_000
const MAX_PARALLELISM = 10_000

/** Upstream: pkg/api/job/warnings.go. */
export function jobSpecWarnings(spec: JobSpec | undefined, path: string): string[] {
  const { completionMode, completions = 0, parallelism = 0, template } = spec ?? {}
  const isVast = completionMode === 'Indexed' && completions > MAX_COMPLETIONS && parallelism > MAX_PARALLELISM
  const advice =
    'In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail'
  return [...(isVast ? [`${path}: ${advice}`] : []), ...podTemplateWarnings(template, `${path}.template`)]
}
