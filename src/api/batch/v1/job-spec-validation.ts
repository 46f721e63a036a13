/** What a Job's spec may say, alone or in a CronJob's template. Upstream: pkg/apis/batch/validation validateJobSpec. */
import { validatePodTemplate } from '../../core/v1/pod-template.ts'
import { pushNegative, pushUnsupported } from '../../meta/field-checks.ts'
import { type FieldError, invalid, notSupported, required, tooLong } from '../../meta/field-error.ts'
import { isLongerThan } from '../../meta/names.ts'
import { pushPrefixedPathFaults } from '../../meta/prefixed-path.ts'
import type { JobSpec } from '../../types.gen.ts'
import { pushFailurePolicyFaults, pushSuccessPolicyFaults } from './job-policy-validation.ts'

/** These bound the length of status.completedIndexes and status.failedIndexes. */
const MAX_PARALLELISM = 100_000
const MAX_FAILED_INDEXES = 100_000
const MANY_COMPLETIONS = 100_000
const MAX_OF_MANY = 10_000
const MAX_MANAGED_BY_BYTES = 63

export function validateJobSpec(spec: JobSpec, path: string): FieldError[] {
  const errors: FieldError[] = []
  for (const field of [
    'parallelism',
    'completions',
    'activeDeadlineSeconds',
    'backoffLimit',
    'ttlSecondsAfterFinished',
    'backoffLimitPerIndex',
    'maxFailedIndexes',
  ] as const) {
    pushNegative(errors, `${path}.${field}`, spec[field])
  }
  if (spec.maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined) {
    errors.push(required(`${path}.backoffLimitPerIndex`, 'when maxFailedIndexes is specified'))
  }
  if (spec.managedBy !== undefined) {
    pushPrefixedPathFaults(errors, spec.managedBy, `${path}.managedBy`)
    if (isLongerThan(spec.managedBy, MAX_MANAGED_BY_BYTES)) errors.push(tooLong(`${path}.managedBy`, MAX_MANAGED_BY_BYTES))
  }
  const mode = spec.completionMode
  if (mode !== undefined) pushUnsupported(errors, `${path}.completionMode`, mode, ['NonIndexed', 'Indexed'])
  if (mode === 'Indexed') pushIndexedFaults(errors, spec, path)
  if (mode === undefined || mode === 'NonIndexed') {
    for (const field of ['backoffLimitPerIndex', 'maxFailedIndexes'] as const) {
      if (spec[field] !== undefined) errors.push(invalid(`${path}.${field}`, spec[field], 'requires indexed completion mode'))
    }
  }
  if (spec.podFailurePolicy !== undefined) pushFailurePolicyFaults(errors, spec, `${path}.podFailurePolicy`)
  if (spec.successPolicy !== undefined) {
    const at = `${path}.successPolicy`
    if (mode !== 'Indexed') errors.push(invalid(at, spec.successPolicy, 'requires indexed completion mode'))
    else pushSuccessPolicyFaults(errors, spec.successPolicy.rules ?? [], spec.completions ?? 0, at)
  }
  if (spec.podReplacementPolicy !== undefined) {
    const supported = spec.podFailurePolicy !== undefined ? ['Failed'] : ['Failed', 'TerminatingOrFailed']
    pushUnsupported(errors, `${path}.podReplacementPolicy`, spec.podReplacementPolicy, supported)
  }
  errors.push(...validatePodTemplate(spec.template, `${path}.template`))
  pushRestartPolicyFaults(errors, spec, `${path}.template.spec.restartPolicy`)
  return errors
}

function pushIndexedFaults(errors: FieldError[], spec: JobSpec, path: string): void {
  const { completions, parallelism, maxFailedIndexes, backoffLimitPerIndex } = spec
  if (completions === undefined) errors.push(required(`${path}.completions`, 'when completion mode is Indexed'))
  if (parallelism !== undefined && parallelism > MAX_PARALLELISM) {
    const detail = `must be less than or equal to ${MAX_PARALLELISM} when completion mode is Indexed`
    errors.push(invalid(`${path}.parallelism`, parallelism, detail))
  }
  const at = `${path}.maxFailedIndexes`
  if (completions !== undefined && maxFailedIndexes !== undefined && maxFailedIndexes > completions) {
    errors.push(invalid(at, maxFailedIndexes, 'must be less than or equal to completions'))
  }
  if (maxFailedIndexes !== undefined && maxFailedIndexes > MAX_FAILED_INDEXES) {
    errors.push(invalid(at, maxFailedIndexes, `must be less than or equal to ${MAX_FAILED_INDEXES}`))
  }
  if (completions === undefined || completions <= MANY_COMPLETIONS || backoffLimitPerIndex === undefined) return
  if (maxFailedIndexes === undefined) errors.push(required(at, `must be specified when completions is above ${MANY_COMPLETIONS}`))
  const detail = `must be less than or equal to ${MAX_OF_MANY} when completions are above ${MANY_COMPLETIONS} and used with backoff limit per index`
  if (parallelism !== undefined && parallelism > MAX_OF_MANY) errors.push(invalid(`${path}.parallelism`, parallelism, detail))
  if (maxFailedIndexes !== undefined && maxFailedIndexes > MAX_OF_MANY) errors.push(invalid(at, maxFailedIndexes, detail))
}

function pushRestartPolicyFaults(errors: FieldError[], spec: JobSpec, path: string): void {
  const policy = spec.template.spec?.restartPolicy
  // Pods default to Always, so that to leave it out and to ask for it can't be told apart.
  if (!policy || policy === 'Always') errors.push(required(path, 'valid values: "OnFailure", "Never"'))
  else if (policy !== 'OnFailure' && policy !== 'Never') errors.push(notSupported(path, policy, ['OnFailure', 'Never']))
  else if (spec.podFailurePolicy !== undefined && policy !== 'Never') {
    errors.push(invalid(path, policy, 'only "Never" is supported when podFailurePolicy is specified'))
  }
}
