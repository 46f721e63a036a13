/**
 * What a Job's status may say. Controllers of others may write it (spec.managedBy), so that clients rely on these rules;
 * each is asked only when what it speaks of changes, which lets old faults be.
 * Upstream: registry/batch/job/strategy.go getStatusValidationOptions, pkg/apis/batch/validation validateJobStatus.
 */
import { isConditionTrue } from '../../meta/conditions.ts'
import { isSameValue, pushNegative } from '../../meta/field-checks.ts'
import { duplicate, type FieldError, invalid, OMITTED, required } from '../../meta/field-error.ts'
import { parseTimestamp } from '../../meta/time.ts'
import type { Job, JobStatus } from '../../types.gen.ts'
import { countIndexes, firstSharedIndex } from './job-indexes.ts'

/** A status with what the rules ask of it. */
interface View {
  readonly status: JobStatus
  readonly isComplete: boolean
  readonly isFailed: boolean
  readonly isFinished: boolean
  readonly hasFailureTarget: boolean
  readonly hasSuccessCriteria: boolean
}

function view({ status = {} }: Job): View {
  const has = (type: string) => isConditionTrue(status.conditions, type)
  const isComplete = has('Complete')
  const isFailed = has('Failed')
  return {
    status,
    isComplete,
    isFailed,
    isFinished: isComplete || isFailed,
    hasFailureTarget: has('FailureTarget'),
    hasSuccessCriteria: has('SuccessCriteriaMet'),
  }
}

export function validateJobStatusUpdate(next: Job, old: Job): FieldError[] {
  const errors: FieldError[] = []
  const after = view(next)
  const before = view(old)
  pushCountFaults(errors, after.status)
  pushUncountedFaults(errors, after.status)
  pushConditionFaults(errors, after, before)
  pushTimeFaults(errors, after, before)
  pushFinishedFaults(errors, next, after, before)
  pushIndexFaults(errors, next, after.status, before.status)
  pushReadyFaults(errors, after.status, before.status)
  pushSuccessCriteriaFaults(errors, next, after)
  pushTransitionFaults(errors, next, old, after, before)
  return errors
}

function pushCountFaults(errors: FieldError[], status: JobStatus): void {
  for (const field of ['active', 'succeeded', 'failed', 'ready', 'terminating'] as const) {
    pushNegative(errors, `status.${field}`, status[field])
  }
}

function pushUncountedFaults(errors: FieldError[], { uncountedTerminatedPods: uncounted }: JobStatus): void {
  if (uncounted === undefined) return
  const seen = new Set<string>()
  for (const field of ['succeeded', 'failed'] as const) {
    uncounted[field]?.forEach((uid, i) => {
      const path = `status.uncountedTerminatedPods.${field}[${i}]`
      if (uid === '') errors.push(invalid(path, uid, 'must not be empty'))
      else if (seen.has(uid)) errors.push(duplicate(path, uid))
      seen.add(uid)
    })
  }
}

function pushConditionFaults(errors: FieldError[], after: View, before: View): void {
  const fault = (detail: string) => errors.push(invalid('status.conditions', OMITTED, detail))
  const completes = after.isComplete !== before.isComplete
  const fails = after.isFailed !== before.isFailed
  if ((completes || fails) && after.isComplete && after.isFailed) fault('cannot set Complete=True and Failed=true conditions')
  const targets = after.hasFailureTarget !== before.hasFailureTarget
  if ((completes || targets) && after.isComplete && after.hasFailureTarget) {
    fault('cannot set Complete=True and FailureTarget=true conditions')
  }
}

function pushTimeFaults(errors: FieldError[], after: View, before: View): void {
  const { startTime, completionTime } = after.status
  const path = 'status.completionTime'
  const isCompletionChanged = completionTime !== before.status.completionTime
  const isStartChanged = startTime !== before.status.startTime
  if (isCompletionChanged || after.isComplete !== before.isComplete) {
    if (completionTime !== undefined && !after.isComplete) {
      errors.push(invalid(path, completionTime, 'cannot set completionTime when there is no Complete=True condition'))
    }
    if (completionTime === undefined && after.isComplete) errors.push(required(path, 'completionTime is required for Complete jobs'))
  }
  if ((isStartChanged || isCompletionChanged) && parseTimestamp(completionTime) < parseTimestamp(startTime)) {
    errors.push(invalid(path, completionTime, 'must be equal to or after `startTime`'))
  }
}

function pushFinishedFaults(errors: FieldError[], { spec }: Job, after: View, before: View): void {
  const conditionFault = (detail: string) => errors.push(invalid('status.conditions', OMITTED, detail))
  const { status } = after
  const old = before.status
  if ((after.isFailed !== before.isFailed || status.failedIndexes !== old.failedIndexes) && after.isFailed && !after.hasFailureTarget) {
    conditionFault('cannot set Failed=True condition without the FailureTarget=true condition')
  }
  const isCriteriaChanged = after.isComplete !== before.isComplete || after.hasSuccessCriteria !== before.hasSuccessCriteria
  if (isCriteriaChanged && after.isComplete && !after.hasSuccessCriteria) {
    conditionFault('cannot set Complete=True condition without the SuccessCriteriaMet=true condition')
  }
  if (!after.isFinished) return
  const finishes = !before.isFinished
  const active = status.active ?? 0
  if ((finishes || active !== (old.active ?? 0)) && active > 0) {
    errors.push(invalid('status.active', active, 'active>0 is invalid for finished job'))
  }
  const neverHadToStart = spec.suspend === true && spec.completions === 0
  if ((finishes || status.startTime !== old.startTime) && !neverHadToStart && status.startTime === undefined) {
    errors.push(required('status.startTime', 'startTime is required for finished job'))
  }
  const uncounted = status.uncountedTerminatedPods
  const isUncountedChanged = !isSameValue(uncounted, old.uncountedTerminatedPods)
  if ((finishes || isUncountedChanged) && (uncounted?.failed?.length ?? 0) + (uncounted?.succeeded?.length ?? 0) > 0) {
    errors.push(invalid('status.uncountedTerminatedPods', uncounted, 'must be empty for finished job'))
  }
}

function pushIndexFaults(errors: FieldError[], { spec }: Job, status: JobStatus, old: JobStatus): void {
  const { completions } = spec
  const completed = status.completedIndexes ?? ''
  const failed = status.failedIndexes
  const isCompletedChanged = completed !== (old.completedIndexes ?? '')
  const isFailedChanged = failed !== old.failedIndexes
  const pushFormatFault = (field: string, text: string) => {
    const counted = countIndexes(text, completions ?? 0)
    if (typeof counted !== 'number') errors.push(invalid(`status.${field}`, text, `error parsing ${field}: ${counted.fault}`))
  }
  if (isCompletedChanged && completions !== undefined) pushFormatFault('completedIndexes', completed)
  if (isFailedChanged && completions !== undefined && spec.backoffLimitPerIndex !== undefined && failed !== undefined) {
    pushFormatFault('failedIndexes', failed)
  }
  if (isCompletedChanged && completed !== '' && spec.completionMode !== 'Indexed') {
    const detail = 'cannot set non-empty completedIndexes when non-indexed completion mode'
    errors.push(invalid('status.completedIndexes', completed, detail))
  }
  if (isFailedChanged && failed !== undefined && spec.backoffLimitPerIndex === undefined) {
    errors.push(invalid('status.failedIndexes', failed, 'cannot set non-null failedIndexes when backoffLimitPerIndex is null'))
  }
  if ((isCompletedChanged || isFailedChanged) && completions !== undefined && failed !== undefined) {
    const shared = firstSharedIndex(completed, failed, completions)
    if (shared !== undefined) {
      errors.push(invalid('status.failedIndexes', failed, `failedIndexes and completedIndexes overlap at index: ${shared}`))
    }
  }
}

function pushReadyFaults(errors: FieldError[], status: JobStatus, old: JobStatus): void {
  const active = status.active ?? 0
  const isChanged = status.ready !== old.ready || active !== (old.active ?? 0)
  if (isChanged && status.ready !== undefined && status.ready > active) {
    errors.push(invalid('status.ready', status.ready, 'cannot set more ready pods than active'))
  }
}

function pushSuccessCriteriaFaults(errors: FieldError[], { spec }: Job, after: View): void {
  const fault = (detail: string) => errors.push(invalid('status.conditions', OMITTED, detail))
  if (after.hasSuccessCriteria && after.isFailed) fault('cannot set SuccessCriteriaMet=True and Failed=true conditions')
  if (after.hasSuccessCriteria && after.hasFailureTarget) fault('cannot set SuccessCriteriaMet=True and FailureTarget=true conditions')
  if (spec.successPolicy !== undefined && !after.hasSuccessCriteria && after.isComplete) {
    fault('cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True')
  }
}

function pushTransitionFaults(errors: FieldError[], next: Job, old: Job, after: View, before: View): void {
  const fault = (detail: string) => errors.push(invalid('status.conditions', OMITTED, detail))
  const wasTrue = (type: string) => isConditionTrue(old.status?.conditions, type)
  const isTrue = (type: string) => isConditionTrue(next.status?.conditions, type)
  const terminating = after.status.terminating ?? 0
  const isTerminatingChanged = after.status.terminating !== before.status.terminating
  if (after.isFinished && (!before.isFinished || isTerminatingChanged) && terminating > 0) {
    errors.push(invalid('status.terminating', terminating, 'terminating>0 is invalid for finished job'))
  }
  for (const type of ['Failed', 'Complete', 'FailureTarget']) {
    if (wasTrue(type) && !isTrue(type)) fault(`cannot disable the terminal ${type}=True condition`)
  }
  pushDecrease(errors, 'failed', after.status, before.status)
  const { spec } = next
  const isElastic = spec.completionMode === 'Indexed' && spec.completions === spec.parallelism
  if (!isElastic) pushDecrease(errors, 'succeeded', after.status, before.status)
  const { completionTime, startTime } = after.status
  if (completionTime !== undefined && before.status.completionTime !== undefined && completionTime !== before.status.completionTime) {
    errors.push(invalid('status.completionTime', completionTime, 'field is immutable'))
  }
  const resumes = wasTrue('Suspended') && next.status?.conditions?.some(({ type, status }) => type === 'Suspended' && status === 'False')
  const isStartChanged = before.status.startTime !== undefined && startTime !== before.status.startTime
  if (isStartChanged && !resumes && spec.suspend !== true) {
    errors.push(invalid('status.startTime', startTime ?? null, 'field is immutable for unsuspended job once set'))
  }
  if (before.hasSuccessCriteria && !after.hasSuccessCriteria) fault('cannot disable the SuccessCriteriaMet=True condition')
  if (before.isComplete && !before.hasSuccessCriteria && after.hasSuccessCriteria) {
    fault('cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions')
  }
}

function pushDecrease(errors: FieldError[], field: 'failed' | 'succeeded', status: JobStatus, old: JobStatus): void {
  const count = status[field] ?? 0
  if (count < (old[field] ?? 0)) errors.push(invalid(`status.${field}`, count, `cannot decrease the ${field} counter`))
}
