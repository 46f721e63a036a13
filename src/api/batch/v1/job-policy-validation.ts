/** The rules by which a Job fails or succeeds before its counts say so. Upstream: pkg/apis/batch/validation. */
import { pushInvalid, pushNegative, pushUnsupported } from '../../meta/field-checks.ts'
import { duplicate, type FieldError, invalid, OMITTED, required, tooLong, tooMany } from '../../meta/field-error.ts'
import { isLongerThan, isQualifiedName } from '../../meta/names.ts'
import type {
  JobSpec,
  PodFailurePolicyOnExitCodesRequirement,
  PodFailurePolicyOnPodConditionsPattern,
  PodFailurePolicyRule,
  SuccessPolicyRule,
} from '../../types.gen.ts'
import { countIndexes } from './job-indexes.ts'

const MAX_RULES = 20
const MAX_EXIT_CODES = 255
const MAX_PATTERNS = 20
const MAX_INDEXES_BYTES = 64 * 1024

const ACTIONS = ['Count', 'FailIndex', 'FailJob', 'Ignore']
const OPERATORS = ['In', 'NotIn']
const STATUSES = ['False', 'True', 'Unknown']

export function pushFailurePolicyFaults(errors: FieldError[], spec: JobSpec, path: string): void {
  const rules = spec.podFailurePolicy?.rules ?? []
  if (rules.length > MAX_RULES) errors.push(tooMany(`${path}.rules`, rules.length, MAX_RULES))
  const { containers = [], initContainers = [] } = spec.template.spec ?? {}
  const names = new Set([...containers, ...initContainers].map(({ name }) => name))
  rules.forEach((rule, i) => {
    pushFailureRuleFaults(errors, spec, rule, `${path}.rules[${i}]`, names)
  })
}

function pushFailureRuleFaults(
  errors: FieldError[],
  spec: JobSpec,
  rule: PodFailurePolicyRule,
  path: string,
  containerNames: ReadonlySet<string>,
): void {
  if (rule.action === 'FailIndex') {
    if (spec.backoffLimitPerIndex === undefined) {
      errors.push(invalid(`${path}.action`, rule.action, 'requires the backoffLimitPerIndex to be set'))
    }
  } else pushOneOf(errors, `${path}.action`, rule.action, ACTIONS)
  const hasPatterns = (rule.onPodConditions?.length ?? 0) > 0
  if (rule.onExitCodes !== undefined) pushExitCodeFaults(errors, rule.onExitCodes, `${path}.onExitCodes`, containerNames)
  if (hasPatterns) pushPatternFaults(errors, rule.onPodConditions!, `${path}.onPodConditions`)
  if (rule.onExitCodes !== undefined && hasPatterns) {
    errors.push(invalid(path, OMITTED, 'specifying both OnExitCodes and OnPodConditions is not supported'))
  }
  if (rule.onExitCodes === undefined && !hasPatterns) {
    errors.push(invalid(path, OMITTED, 'specifying one of OnExitCodes and OnPodConditions is required'))
  }
}

function pushExitCodeFaults(
  errors: FieldError[],
  { operator, containerName, values = [] }: PodFailurePolicyOnExitCodesRequirement,
  path: string,
  containerNames: ReadonlySet<string>,
): void {
  pushOneOf(errors, `${path}.operator`, operator, OPERATORS)
  if (containerName !== undefined && !containerNames.has(containerName)) {
    const detail = 'must be one of the container or initContainer names in the pod template'
    errors.push(invalid(`${path}.containerName`, containerName, detail))
  }
  if (values.length === 0) errors.push(invalid(`${path}.values`, values, 'at least one value is required'))
  else if (values.length > MAX_EXIT_CODES) errors.push(tooMany(`${path}.values`, values.length, MAX_EXIT_CODES))
  const seen = new Set<number>()
  let isOrdered = true
  values.forEach((value, i) => {
    if (operator === 'In' && value === 0) errors.push(invalid(`${path}.values[${i}]`, value, 'must not be 0 for the In operator'))
    if (seen.has(value)) errors.push(duplicate(`${path}.values[${i}]`, value))
    seen.add(value)
    if (i > 0 && values[i - 1]! > value) isOrdered = false
  })
  if (!isOrdered) errors.push(invalid(`${path}.values`, values, 'must be ordered'))
}

function pushPatternFaults(errors: FieldError[], patterns: readonly PodFailurePolicyOnPodConditionsPattern[], path: string): void {
  if (patterns.length > MAX_PATTERNS) errors.push(tooMany(path, patterns.length, MAX_PATTERNS))
  patterns.forEach(({ type, status }, i) => {
    pushInvalid(errors, `${path}[${i}].type`, type, isQualifiedName(type ?? ''))
    pushOneOf(errors, `${path}[${i}].status`, status, STATUSES)
  })
}

/** One of a few texts; upstream lists them with %q when there is none at all. */
function pushOneOf(errors: FieldError[], path: string, value: string | undefined, supported: readonly string[]): void {
  if (!value) errors.push(required(path, `valid values: [${supported.map((text) => JSON.stringify(text)).join(' ')}]`))
  else pushUnsupported(errors, path, value, supported)
}

/** @param completions the Job is Indexed, so it has them unless that was found missing already */
export function pushSuccessPolicyFaults(
  errors: FieldError[],
  rules: readonly SuccessPolicyRule[],
  completions: number,
  path: string,
): void {
  const at = `${path}.rules`
  if (rules.length === 0) errors.push(required(at, 'at least one rules must be specified when the successPolicy is specified'))
  if (rules.length > MAX_RULES) errors.push(tooMany(at, rules.length, MAX_RULES))
  rules.forEach((rule, i) => {
    pushSuccessRuleFaults(errors, rule, completions, `${at}[${i}]`)
  })
}

function pushSuccessRuleFaults(
  errors: FieldError[],
  { succeededCount: count, succeededIndexes: indexes }: SuccessPolicyRule,
  completions: number,
  path: string,
): void {
  if (count === undefined && indexes === undefined) {
    errors.push(required(path, 'at least one of succeededCount or succeededIndexes must be specified'))
  }
  let total = 0
  if (indexes !== undefined) {
    if (isLongerThan(indexes, MAX_INDEXES_BYTES)) errors.push(tooLong(`${path}.succeededIndexes`, MAX_INDEXES_BYTES))
    const counted = countIndexes(indexes, completions)
    if (typeof counted === 'number') total = counted
    else errors.push(invalid(`${path}.succeededIndexes`, indexes, `error parsing succeededIndexes: ${counted.fault}`))
  }
  if (count === undefined) return
  pushNegative(errors, `${path}.succeededCount`, count)
  if (count > completions) {
    const detail = `must be less than or equal to ${completions} (the number of specified completions)`
    errors.push(invalid(`${path}.succeededCount`, count, detail))
  }
  if (indexes !== undefined && count > total) {
    const detail = `must be less than or equal to ${total} (the number of indexes in the specified succeededIndexes field)`
    errors.push(invalid(`${path}.succeededCount`, count, detail))
  }
}
