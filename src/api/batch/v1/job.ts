import { humanDuration } from '../../age.ts'
import { setPodTemplateDefaults } from '../../core/v1/pod-template.ts'
import { hasNewSpec, hostNameWarnings } from '../../core/v1/pod-warnings.ts'
import { defineResource } from '../../definition.ts'
import { isConditionTrue } from '../../meta/conditions.ts'
import { type FieldError, invalid, required } from '../../meta/field-error.ts'
import { isDns1123Label } from '../../meta/names.ts'
import { validateLabelSelector } from '../../meta/object-meta-validation.ts'
import { selects } from '../../meta/selectors.ts'
import { parseTimestamp } from '../../meta/time.ts'
import { ageColumn, column, containerColumns, formatLabelSelector, nameColumn, wideColumn } from '../../table-columns.ts'
import type { Job, JobSpec } from '../../types.gen.ts'
import { generateJobSelector, validateGeneratedSelector } from './job-selector.ts'
import { validateJobSpec } from './job-spec-validation.ts'
import { validateJobStatusUpdate } from './job-status-validation.ts'
import { validateJobUpdate } from './job-update-validation.ts'
import { jobSpecWarnings } from './job-warnings.ts'

/** With a limit for each index the limit for the whole is as good as none. */
const MAX_INT32 = 2 ** 31 - 1

export const job = defineResource<Job>('batch/v1/jobs', {
  // For clients of the first days: kubectl always says which. Upstream: strategy.go DefaultGarbageCollectionPolicy.
  ownDependents: 'stay',
  dependentsWarning:
    'child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning',
  countsGenerations: true,
  setDefaults: (object) => {
    object.spec ??= {} as JobSpec
    const { spec, metadata } = object
    if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1
    spec.parallelism ??= 1
    spec.backoffLimit ??= spec.backoffLimitPerIndex !== undefined ? MAX_INT32 : 6
    spec.completionMode ??= 'NonIndexed'
    spec.suspend ??= false
    spec.podReplacementPolicy ??= spec.podFailurePolicy !== undefined ? 'Failed' : 'TerminatingOrFailed'
    spec.manualSelector ??= false
    setJobTemplateDefaults(spec)
    // One map for both, as upstream has it: labels that are generated for the pods are then the Job's too.
    const labels = spec.template.metadata?.labels
    if (labels !== undefined && Object.keys(metadata.labels ?? {}).length === 0) metadata.labels = labels
  },
  prepareForCreate: (object) => {
    const { metadata, spec } = object
    const isShared = metadata.labels === undefined || metadata.labels === spec.template.metadata?.labels
    if (spec.manualSelector !== true) generateJobSelector(object)
    // Upstream fills in absent labels whenever it reads the object back from its store.
    if (isShared && spec.template.metadata?.labels !== undefined) metadata.labels = { ...spec.template.metadata.labels }
    object.status = {}
  },
  validate: validateJob,
  validateUpdate: validateJobUpdate,
  validateStatusUpdate: validateJobStatusUpdate,
  warnings: (next, old) => [
    ...(old === undefined ? hostNameWarnings(next.metadata.name) : []),
    ...(hasNewSpec(next, old) ? jobSpecWarnings(next.spec, 'spec') : []),
  ],
  columns: [
    nameColumn,
    column('Status', 'string', 'What has become of the job.', statusText),
    column('Completions', 'string', 'Pods that succeeded, of those wanted.', completionsText),
    column('Duration', 'string', 'Time from its start to its completion, or to now.', durationText),
    ageColumn,
    ...containerColumns<Job>(({ spec }) => spec.template),
    wideColumn('Selector', 'Which pods belong to it.', ({ spec }) => formatLabelSelector(spec.selector)),
  ],
  unknownFieldText: (field) => `field label ${JSON.stringify(field)} not supported for Job`,
  selectableFields: { 'status.successful': ({ status }) => String(status?.succeeded ?? 0) },
})

/** In place: what a Job's template has by default, alone or in a CronJob. */
export function setJobTemplateDefaults(spec: JobSpec): void {
  spec.template ??= {}
  spec.template.spec ??= { containers: [] }
  setPodTemplateDefaults(spec.template)
  for (const rule of spec.podFailurePolicy?.rules ?? []) {
    for (const pattern of rule.onPodConditions ?? []) if (!pattern.status) pattern.status = 'True'
  }
}

function validateJob(object: Job): FieldError[] {
  const { metadata, spec } = object
  const errors = validateGeneratedSelector(object)
  errors.push(...validateJobSpec(spec, 'spec'))
  if (spec.selector === undefined) errors.push(required('spec.selector'))
  const faults = validateLabelSelector(spec.selector, 'spec.selector')
  errors.push(...faults)
  const labels = spec.template.metadata?.labels
  if (faults.length === 0 && !selects(spec.selector, labels ?? {})) {
    errors.push(invalid('spec.template.metadata.labels', labels, '`selector` does not match template `labels`'))
  }
  if (spec.completionMode === 'Indexed' && spec.completions !== undefined && spec.completions > 0) {
    // The host name of the last pod; better refused here than pod by pod.
    const hostname = `${metadata.name}-${spec.completions - 1}`
    if (isDns1123Label(hostname).length > 0) {
      errors.push(invalid('metadata.name', metadata.name, `will not able to create pod with invalid DNS label: ${hostname}`))
    }
  }
  return errors
}

function statusText({ metadata, status }: Job): string {
  const has = (type: string) => isConditionTrue(status?.conditions, type)
  if (has('Complete')) return 'Complete'
  if (has('Failed')) return 'Failed'
  if (metadata.deletionTimestamp !== undefined) return 'Terminating'
  return ['Suspended', 'FailureTarget', 'SuccessCriteriaMet'].find(has) ?? 'Running'
}

function completionsText({ spec, status }: Job): string {
  const succeeded = status?.succeeded ?? 0
  if (spec.completions !== undefined) return `${succeeded}/${spec.completions}`
  const parallelism = spec.parallelism ?? 0
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`
}

function durationText({ status }: Job, now: number): string {
  if (status?.startTime === undefined) return ''
  const end = status.completionTime === undefined ? now : parseTimestamp(status.completionTime)
  return humanDuration(end - parseTimestamp(status.startTime))
}
