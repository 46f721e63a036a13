/** Deletes Jobs some time after they finished. Upstream: ttlafterfinished_controller.go processTTL. */
import { findCondition } from '../../api/meta/conditions.ts'
import { parseTimestamp } from '../../api/meta/time.ts'
import type { Job } from '../../api/types.gen.ts'
import type { Plan, ReconcileContext } from '../../runtime/plan.ts'
import { finishedAs, JOBS } from '../job/job-state.ts'

export function reconcile(job: Job, { now }: ReconcileContext): Plan {
  const ttlSeconds = job.spec?.ttlSecondsAfterFinished
  const outcome = finishedAs(job)
  if (ttlSeconds === undefined || outcome === undefined || job.metadata.deletionTimestamp !== undefined) return {}
  const finished = parseTimestamp(findCondition(job.status?.conditions, outcome)?.lastTransitionTime)
  if (Number.isNaN(finished)) return { waitingOn: `the ${outcome} condition to say when the Job finished` }
  const left = finished + ttlSeconds * 1000 - now
  if (left > 0) return { requeueAfterMs: left, waitingOn: `its time to live, for ${Math.ceil(left / 1000)}s` }
  const { namespace, name, uid, resourceVersion } = job.metadata
  return {
    actions: [
      {
        verb: 'delete',
        target: { resource: JOBS, namespace, name },
        // The time to live may have been changed since; then the version has, too.
        preconditions: { uid, resourceVersion },
        propagationPolicy: 'Foreground',
      },
    ],
  }
}
