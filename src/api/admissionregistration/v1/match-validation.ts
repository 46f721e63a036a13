/**
 * What policies and their bindings say of the requests they are for, and of their parameters. Whether expressions compile is not
 * looked at. Upstream: pkg/apis/admissionregistration/validation.
 */
import { pushInvalid, pushUnsupported } from '../../meta/field-checks.ts'
import { duplicate, type FieldError, forbidden, invalid, notSupported, required, tooMany } from '../../meta/field-error.ts'
import { isDns1035Label, isDns1123Subdomain, isPathSegmentName, isQualifiedName } from '../../meta/names.ts'
import { validateLabelSelector } from '../../meta/object-meta-validation.ts'
import type { MatchCondition, MatchResources, ParamKind, ParamRef } from '../../types.gen.ts'
import { pushNamedRuleFaults } from './rule-validation.ts'

const MAX_CONDITIONS = 64
/** A mutation of what is being deleted makes no sense. */
const MUTABLE_OPERATIONS = ['*', 'CONNECT', 'CREATE', 'UPDATE']
const NOT_FOUND_ACTIONS = ['Deny', 'Allow']

export function pushMatchFaults(errors: FieldError[], match: MatchResources, path: string): void {
  pushUnsupported(errors, `${path}.matchPolicy`, match.matchPolicy, ['Equivalent', 'Exact'])
  for (const field of ['namespaceSelector', 'objectSelector'] as const) {
    errors.push(...validateLabelSelector(match[field], `${path}.${field}`))
  }
  for (const field of ['resourceRules', 'excludeResourceRules'] as const) {
    match[field]?.forEach((rule, i) => {
      pushNamedRuleFaults(errors, rule, `${path}.${field}[${i}]`)
    })
  }
}

export function pushUnmutableOperationFaults(errors: FieldError[], match: MatchResources, path: string): void {
  for (const { operations = [] } of match.resourceRules ?? []) {
    for (const operation of operations) pushUnsupported(errors, `${path}.resourceRules.operations`, operation, MUTABLE_OPERATIONS)
  }
}

export function pushConditionFaults(errors: FieldError[], conditions: readonly MatchCondition[] = [], path: string): void {
  if (conditions.length > MAX_CONDITIONS) errors.push(tooMany(path, conditions.length, MAX_CONDITIONS))
  const names = new Set<string>()
  conditions.forEach(({ name, expression }, i) => {
    const at = `${path}[${i}]`
    if (!expression?.trim()) errors.push(required(`${at}.expression`))
    if (!name) errors.push(required(`${at}.name`))
    else {
      pushInvalid(errors, `${at}.name`, name, isQualifiedName(name))
      if (names.has(name)) errors.push(duplicate(`${at}.name`, name))
      names.add(name)
    }
  })
}

export function pushParamKindFaults(errors: FieldError[], { apiVersion = '', kind = '' }: ParamKind, path: string): void {
  const at = `${path}.apiVersion`
  const parts = apiVersion === '/' ? ['', ''] : apiVersion.split('/')
  const [group, version] = parts.length === 2 ? (parts as [string, string]) : ['', parts[0] ?? '']
  if (apiVersion === '') errors.push(required(at))
  else if (parts.length > 2) errors.push(invalid(at, apiVersion, `unexpected GroupVersion string: ${apiVersion}`))
  else {
    if (group !== '') pushJoined(errors, at, group, isDns1123Subdomain(group))
    if (version === '') errors.push(invalid(at, apiVersion, 'version must be specified'))
    else pushJoined(errors, at, version, isDns1035Label(version))
  }
  if (kind === '') errors.push(required(`${path}.kind`))
  else pushJoined(errors, `${path}.kind`, kind, isDns1035Label(kind.toLowerCase()), 'may have mixed case, but should otherwise match: ')
}

function pushJoined(errors: FieldError[], path: string, value: string, messages: readonly string[], intro = ''): void {
  if (messages.length > 0) errors.push(invalid(path, value, `${intro}${messages.join(',')}`))
}

export function pushPolicyNameFaults(errors: FieldError[], name: string | undefined, path: string): void {
  if (!name) errors.push(required(path))
  else pushInvalid(errors, path, name, isDns1123Subdomain(name))
}

export function pushParamRefFaults(
  errors: FieldError[],
  { name, selector, parameterNotFoundAction: action }: ParamRef,
  path: string,
): void {
  const isBoth = Boolean(name) && selector !== undefined
  if (name) pushInvalid(errors, `${path}.name`, name, isPathSegmentName(name))
  if (isBoth) errors.push(forbidden(`${path}.name`, 'name and selector are mutually exclusive'))
  errors.push(...validateLabelSelector(selector, `${path}.selector`))
  if (isBoth) errors.push(forbidden(`${path}.selector`, 'name and selector are mutually exclusive'))
  if (!name && selector === undefined) errors.push(required(path, 'one of name or selector must be specified'))
  if (!action) errors.push(required(`${path}.parameterNotFoundAction`))
  else if (!NOT_FOUND_ACTIONS.includes(action)) {
    errors.push(notSupported(`${path}.parameterNotFoundAction`, action, NOT_FOUND_ACTIONS))
  }
}
