/** What a claim may ask of devices, and the configuration that classes and claims hand to drivers. */

import { pushInvalid } from '../../meta/field-checks.ts'
import { type FieldError, forbidden, invalid, notSupported, required, tooLong } from '../../meta/field-error.ts'
import { isDns1123Label, isDns1123Subdomain, isLongerThan, isQualifiedName } from '../../meta/names.ts'
import type {
  DeviceClaim,
  DeviceConstraint,
  DeviceRequest,
  DeviceSelector,
  DeviceSubRequest,
  DeviceToleration,
  ExactDeviceRequest,
  OpaqueDeviceConfiguration,
} from '../../types.gen.ts'
import { checkDriverName, checkFullyQualifiedName, checkLabelValue, checkList, checkSet, itself } from './device-formats.ts'
import { selectorFault } from './device-selector.ts'

export const MAX_REQUESTS = 32
export const MAX_CONFIGS = 32
const MAX_CONSTRAINTS = 32
const MAX_SELECTORS = 32
const MAX_SUBREQUESTS = 8
const MAX_BYTES = 10 * 1024

export const EFFECTS = ['NoExecute', 'NoSchedule', 'None']

const REFERENCE = "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'"

/** The names of a claim's requests, and `request/subrequest` for those that have some. */
export type RequestNames = ReadonlySet<string>

export function requestNamesOf(claim: DeviceClaim | undefined): RequestNames {
  const names = new Set<string>()
  for (const { name, firstAvailable = [] } of claim?.requests ?? []) {
    names.add(name)
    for (const request of firstAvailable) names.add(`${name}/${request.name}`)
  }
  return names
}

export function checkDeviceClaim(errors: FieldError[], claim: DeviceClaim | undefined, path: string): void {
  if (claim === undefined) return
  const names = requestNamesOf(claim)
  checkSet(errors, claim.requests, MAX_REQUESTS, `${path}.requests`, checkRequest, ({ name = '' }) => name)
  checkList(errors, claim.constraints, MAX_CONSTRAINTS, `${path}.constraints`, (list, constraint, at) => {
    checkConstraint(list, constraint, at, names)
  })
  checkList(errors, claim.config, MAX_CONFIGS, `${path}.config`, (list, config, at) => {
    checkRequestReferences(list, config.requests, `${at}.requests`, names)
    checkConfiguration(list, config, at)
  })
}

function checkRequest(errors: FieldError[], { name = '', exactly, firstAvailable = [] }: DeviceRequest, path: string): void {
  pushInvalid(errors, `${path}.name`, name, isDns1123Label(name))
  const rule = 'exactly one of `exactly` or `firstAvailable` is required'
  if (firstAvailable.length > 0 && exactly) errors.push(invalid(path, null, `${rule}, but multiple fields are set`))
  else if (firstAvailable.length > 0) {
    checkSet(errors, firstAvailable, MAX_SUBREQUESTS, `${path}.firstAvailable`, checkSubRequest, (request) => request.name ?? '')
  } else if (exactly) checkExactRequest(errors, exactly, `${path}.exactly`)
  else errors.push(required(path, rule))
}

function checkSubRequest(errors: FieldError[], request: DeviceSubRequest, path: string): void {
  const { name = '' } = request
  pushInvalid(errors, `${path}.name`, name, isDns1123Label(name))
  checkExactRequest(errors, request, path)
}

function checkExactRequest(errors: FieldError[], request: ExactDeviceRequest | DeviceSubRequest, path: string): void {
  const { deviceClassName, selectors, allocationMode = '', count = 0, tolerations } = request
  if (!deviceClassName) errors.push(required(`${path}.deviceClassName`))
  else pushInvalid(errors, `${path}.deviceClassName`, deviceClassName, isDns1123Subdomain(deviceClassName))
  checkSelectors(errors, selectors, `${path}.selectors`)
  if (allocationMode === 'All') {
    if (count !== 0) errors.push(invalid(`${path}.count`, count, "must not be specified when allocationMode is 'All'"))
  } else if (allocationMode === 'ExactCount') {
    if (count <= 0) errors.push(invalid(`${path}.count`, count, 'must be greater than zero'))
  } else errors.push(notSupported(`${path}.allocationMode`, allocationMode, ['All', 'ExactCount']))
  tolerations?.forEach((toleration, i) => {
    checkToleration(errors, toleration, `${path}.tolerations[${i}]`)
  })
}

export function checkSelectors(errors: FieldError[], selectors: readonly DeviceSelector[] | undefined, path: string): void {
  checkList(errors, selectors, MAX_SELECTORS, path, (list, { cel }, at) => {
    if (!cel) list.push(required(`${at}.cel`))
    else checkExpression(list, cel.expression ?? '', `${at}.cel.expression`)
  })
}

/** Upstream: validateCELSelector. */
function checkExpression(errors: FieldError[], expression: string, path: string): void {
  // What is too long isn't compiled.
  const fault = isLongerThan(expression, MAX_BYTES) ? undefined : selectorFault(expression)
  if (isLongerThan(expression, MAX_BYTES)) errors.push(tooLong(path, MAX_BYTES))
  else if (fault !== undefined) errors.push(fault.isTooCostly ? forbidden(path, fault.detail) : invalid(path, expression, fault.detail))
}

function checkToleration(errors: FieldError[], { key, operator, value = '', effect }: DeviceToleration, path: string): void {
  if (key) pushInvalid(errors, `${path}.key`, key, isQualifiedName(key))
  if (operator === 'Exists') {
    if (value !== '') errors.push(invalid(`${path}.value`, value, 'must be empty for operator `Exists`'))
  } else if (operator === 'Equal') checkLabelValue(errors, value, `${path}.value`)
  else if (!operator) errors.push(required(`${path}.operator`))
  else errors.push(notSupported(`${path}.operator`, operator, ['Equal', 'Exists']))
  if (effect && !EFFECTS.includes(effect)) errors.push(notSupported(`${path}.effect`, effect, EFFECTS))
}

function checkConstraint(errors: FieldError[], constraint: DeviceConstraint, path: string, names: RequestNames): void {
  const { requests, matchAttribute, distinctAttribute } = constraint
  checkRequestReferences(errors, requests, `${path}.requests`, names)
  if (matchAttribute !== undefined) checkFullyQualifiedName(errors, matchAttribute, `${path}.matchAttribute`)
  else if (distinctAttribute !== undefined) checkFullyQualifiedName(errors, distinctAttribute, `${path}.distinctAttribute`)
  else {
    const detail = 'exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set'
    errors.push(required(path, detail))
  }
}

/** A set of names of requests in a claim. */
export function checkRequestReferences(errors: FieldError[], requests: string[] | undefined, path: string, names: RequestNames): void {
  checkSet(errors, requests, MAX_REQUESTS, path, (list, name, at) => checkRequestReference(list, name, at, names), itself)
}

/** `request` or `request/subrequest` */
export function checkRequestReference(errors: FieldError[], name: string, path: string, names: RequestNames): void {
  const segments = name.split('/')
  if (segments.length <= 2) for (const segment of segments) pushInvalid(errors, path, segment, isDns1123Label(segment))
  if (!names.has(name)) errors.push(invalid(path, name, REFERENCE))
}

/** What a driver is told. */
export function checkConfiguration(
  errors: FieldError[],
  { opaque }: { opaque?: OpaqueDeviceConfiguration | undefined },
  path: string,
): void {
  if (!opaque) {
    errors.push(required(`${path}.opaque`))
    return
  }
  checkDriverName(errors, opaque.driver, `${path}.opaque.driver`)
  checkRawObject(errors, opaque.parameters, `${path}.opaque.parameters`)
}

/** Any JSON object that isn't too long. */
export function checkRawObject(errors: FieldError[], value: unknown, path: string): void {
  if (value === undefined || value === null) errors.push(required(path))
  else if (isLongerThan(JSON.stringify(value), MAX_BYTES)) errors.push(tooLong(path, MAX_BYTES))
  else if (typeof value !== 'object' || Array.isArray(value)) errors.push(invalid(path, '<value omitted>', 'must be a valid JSON object'))
}
