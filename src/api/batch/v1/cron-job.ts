import { parseCronSchedule } from '../../../lib/cron-schedule.ts'
import { isKnownTimeZone } from '../../../lib/time-zone.ts'
import { age } from '../../age.ts'
import { hasNewSpec, hostNameWarnings } from '../../core/v1/pod-warnings.ts'
import { defineResource } from '../../definition.ts'
import { pushNegative, pushUnsupportedOrMissing } from '../../meta/field-checks.ts'
import { type FieldError, invalid, notSupported, required } from '../../meta/field-error.ts'
import { isLongerThan, maxLengthMessage } from '../../meta/names.ts'
import { ageColumn, column, containerColumns, formatLabelSelector, nameColumn, wideColumn } from '../../table-columns.ts'
import type { CronJob, CronJobSpec, JobSpec } from '../../types.gen.ts'
import { setJobTemplateDefaults } from './job.ts'
import { validateJobSpec } from './job-spec-validation.ts'
import { jobSpecWarnings } from './job-warnings.ts'

/** The names of its Jobs are 11 characters longer, and theirs are limited to 63 by the pods' labels. */
const MAX_NAME_BYTES = 63 - 11

export const cronJob = defineResource<CronJob>('batch/v1/cronjobs', {
  countsGenerations: true,
  setDefaults: (object) => {
    object.spec ??= {} as CronJobSpec
    const { spec } = object
    if (!spec.concurrencyPolicy) spec.concurrencyPolicy = 'Allow'
    spec.suspend ??= false
    spec.successfulJobsHistoryLimit ??= 3
    spec.failedJobsHistoryLimit ??= 1
    spec.jobTemplate ??= {}
    spec.jobTemplate.metadata ??= {}
    // A Job's own defaults wait until there is a Job.
    spec.jobTemplate.spec ??= {} as JobSpec
    setJobTemplateDefaults(spec.jobTemplate.spec)
  },
  prepareForCreate: (object) => {
    object.status = {}
  },
  validatesUpdateAlone: true,
  validate: ({ metadata, spec }) => {
    const errors = validateCronJobSpec(spec, undefined)
    if (isLongerThan(metadata.name, MAX_NAME_BYTES)) {
      errors.push(invalid('metadata.name', metadata.name, maxLengthMessage(MAX_NAME_BYTES)))
    }
    return errors
  },
  validateUpdate: (next, old) => validateCronJobSpec(next.spec, old.spec),
  warnings,
  columns: [
    nameColumn,
    column('Schedule', 'string', 'When it makes Jobs, in cron notation.', ({ spec }) => spec.schedule),
    column('Timezone', 'string', 'Time zone of the schedule.', ({ spec }) => spec.timeZone ?? '<none>'),
    column('Suspend', 'boolean', 'Is it held back from making Jobs?', ({ spec }) => capitalized(spec.suspend)),
    column('Active', 'integer', 'Number of its Jobs that are running.', ({ status }) => status?.active?.length ?? 0),
    column('Last Schedule', 'string', 'Time since it made the last Job.', ({ status }, now) =>
      status?.lastScheduleTime === undefined ? '<none>' : age(status.lastScheduleTime, now),
    ),
    ageColumn,
    ...containerColumns<CronJob>(({ spec }) => spec.jobTemplate.spec?.template),
    wideColumn('Selector', 'Which pods belong to its Jobs.', ({ spec }) => formatLabelSelector(spec.jobTemplate.spec?.selector)),
  ],
})

function warnings(next: CronJob, old: CronJob | undefined): string[] {
  const { metadata, spec } = next
  const texts = old === undefined ? hostNameWarnings(metadata.name) : []
  if (hasNewSpec(next, old)) texts.push(...jobSpecWarnings(spec.jobTemplate.spec, 'spec.jobTemplate.spec'))
  if (old !== undefined && spec.schedule.includes('TZ')) {
    // Upstream's own path.
    const path = 'spec.spec.schedule'
    const page = 'https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/'
    texts.push(`cannot use TZ or CRON_TZ in ${path}, use timeZone instead, see ${page} for more details`)
  }
  return texts
}

/** Upstream: printers.go printBoolPtr, which prints words in a column of booleans. */
function capitalized(value: boolean | undefined): string {
  if (value === undefined) return '<unset>'
  return value ? 'True' : 'False'
}

function validateCronJobSpec(spec: CronJobSpec, old: CronJobSpec | undefined): FieldError[] {
  const errors: FieldError[] = []
  if (!spec.schedule) errors.push(required('spec.schedule'))
  else pushScheduleFaults(errors, spec, old)
  pushNegative(errors, 'spec.startingDeadlineSeconds', spec.startingDeadlineSeconds)
  if (old === undefined || old.timeZone !== spec.timeZone) pushTimeZoneFaults(errors, spec.timeZone)
  pushUnsupportedOrMissing(errors, 'spec.concurrencyPolicy', spec.concurrencyPolicy, ['Allow', 'Forbid', 'Replace'])
  const template = spec.jobTemplate.spec ?? ({} as JobSpec)
  const path = 'spec.jobTemplate.spec'
  errors.push(...validateJobSpec(template, path))
  if (template.selector !== undefined) errors.push(invalid(`${path}.selector`, template.selector, '`selector` will be auto-generated'))
  if (template.manualSelector === true) errors.push(notSupported(`${path}.manualSelector`, true, ['nil', 'false']))
  pushNegative(errors, 'spec.successfulJobsHistoryLimit', spec.successfulJobsHistoryLimit)
  pushNegative(errors, 'spec.failedJobsHistoryLimit', spec.failedJobsHistoryLimit)
  return errors
}

/** A zone inside the schedule is refused unless an old object has one already. */
function pushScheduleFaults(errors: FieldError[], { schedule, timeZone }: CronJobSpec, old: CronJobSpec | undefined): void {
  const path = 'spec.schedule'
  try {
    parseCronSchedule(schedule)
  } catch (error) {
    errors.push(invalid(path, schedule, (error as Error).message))
  }
  if (!schedule.includes('TZ')) return
  if (!old?.schedule.includes('TZ')) {
    errors.push(invalid(path, schedule, 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead'))
  } else if (timeZone !== undefined) {
    errors.push(invalid(path, schedule, 'cannot use both timeZone field and TZ or CRON_TZ in schedule'))
  }
}

const ZONE_PART = /^(?!-|\.\.?$)[A-Za-z.\-_0-9+]{1,14}$/

function pushTimeZoneFaults(errors: FieldError[], timeZone: string | undefined): void {
  if (timeZone === undefined) return
  const path = 'spec.timeZone'
  if (timeZone === '') {
    errors.push(invalid(path, timeZone, 'timeZone must be nil or non-empty string'))
    return
  }
  const isWellFormed = timeZone.split('/').every((part) => ZONE_PART.test(part))
  if (isWellFormed && timeZone.toLowerCase() === 'local') {
    const detail = 'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones'
    errors.push(invalid(path, timeZone, detail))
    // Go knows the zone under this one spelling only.
    if (timeZone === 'Local') return
  }
  if (!isWellFormed || !isKnownTimeZone(timeZone)) errors.push(invalid(path, timeZone, `unknown time zone ${timeZone}`))
}
