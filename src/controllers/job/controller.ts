/**
 * Runs Jobs: pods until enough of them have succeeded or too many failed.
 * Keeps the tracking finalizer on each of its pods until the pod is counted; pods whose Job is gone are let go.
 */
import { controllerOf } from '../../api/meta/owner-references.ts'
import { fromLabelSelector, selects } from '../../api/meta/selectors.ts'
import type { Job, Pod } from '../../api/types.gen.ts'
import type { ControllerDefinition, Reader } from '../../runtime/controller.ts'
import { keyOf, splitKey } from '../../runtime/owner-keys.ts'
import { claimCandidates } from '../pods/claim.ts'
import { claimantKeys } from '../pods/claimant-keys.ts'
import { type FailureRecord, recordFailures } from './backoff.ts'
import { isTracked } from './job-pods.ts'
import { externalManager, isJobFinished, JOB_API_VERSION, JOBS } from './job-state.ts'
import { type ObservedJob, reconcile } from './reconcile.ts'

const TRACKED_BY = 'tracked-by'

const podKeys = claimantKeys<Job>('Job', JOBS, (job) => fromLabelSelector(job.spec?.selector))

/** A new one for each cluster: it remembers the failures of Jobs that run. */
export function jobController(): ControllerDefinition<ObservedJob> {
  const records = new Map<string, FailureRecord>()
  return {
    name: 'job',
    reconciles: JOBS,
    watches: {
      pods: (current, old, reader) => [...new Set([...podKeys(current, old, reader), ...trackerKeys(current as Pod | undefined)])],
    },
    indexes: { pods: { [TRACKED_BY]: trackerKeys } },
    observe(reader, key) {
      const { namespace, name } = splitKey(key)
      const job = reader.get<Job>(JOBS, namespace, name)
      const orphans = reader.indexed<Pod>('pods', TRACKED_BY, key).filter((pod) => isOrphan(pod, job))
      if (job === undefined || isJobFinished(job)) records.delete(key)
      if (job === undefined) return orphans.length === 0 ? undefined : { job, candidates: [], orphans }
      const candidates = findCandidates(reader, job)
      if (isJobFinished(job)) return { job, candidates, orphans }
      const owned = candidates.filter((pod) => controllerOf(pod) !== undefined)
      const failures = recordFailures(records.get(key), job, owned)
      records.set(key, failures)
      return { job, candidates, orphans, failures }
    },
    reconcile,
  }
}

function findCandidates(reader: Reader, job: Job): Pod[] {
  return isJobFinished(job) ? [...reader.controlledBy<Pod>('pods', job.metadata.uid)] : claimCandidates<Pod>(reader, 'pods', job)
}

/**
 * The key of the Job that put its finalizer on the pod. Orphaned deletion takes the owner reference away but leaves the
 * labels; a pod with neither has a key of its own.
 */
function trackerKeys(pod: Pod | undefined): string[] {
  if (pod === undefined || !isTracked(pod)) return []
  const owner = controllerOf(pod)
  if (owner !== undefined && (owner.kind !== 'Job' || owner.apiVersion !== JOB_API_VERSION)) return []
  const labels = pod.metadata.labels
  const name = owner?.name ?? labels?.['batch.kubernetes.io/job-name'] ?? labels?.['job-name'] ?? pod.metadata.name
  return [keyOf(pod.metadata.namespace, name)]
}

/** Nobody will count it: its Job is gone, and the one that now has the name isn't going to adopt it. */
function isOrphan(pod: Pod, job: Job | undefined): boolean {
  const owner = controllerOf(pod)
  if (owner !== undefined) return owner.uid !== job?.metadata.uid
  if (job === undefined || job.metadata.deletionTimestamp !== undefined || pod.metadata.deletionTimestamp !== undefined) return true
  const adopts = externalManager(job) === undefined && !isJobFinished(job) && selects(job.spec?.selector, pod.metadata.labels)
  return !adopts
}
