/** How much of a device's capacity one request may take. Upstream: validation.go validateRequestPolicy. */

import { type FieldError, forbidden, invalid, required } from '../../meta/field-error.ts'
import { addQuantities, canonicalQuantity, compareQuantities, quantityValue } from '../../meta/quantity.ts'
import type { CapacityRequestPolicyRange, DeviceCapacity } from '../../types.gen.ts'
import { checkSet } from './device-formats.ts'

const MAX_OPTIONS = 10

/** @param isShared may many claims have the device? */
export function checkRequestPolicy(
  errors: FieldError[],
  { value = '0', requestPolicy }: DeviceCapacity,
  path: string,
  isShared: boolean,
): void {
  if (!requestPolicy) return
  const { default: standard, validValues = [], validRange } = requestPolicy
  const hasValues = validValues.length > 0
  if (!isShared) errors.push(forbidden(path, 'allowMultipleAllocations must be true'))
  else if (hasValues && validRange) {
    errors.push(forbidden(path, 'exactly one policy can be specified, cannot specify "validValues" and "validRange" at the same time'))
  } else if (hasValues || validRange) {
    if (standard === undefined)
      errors.push(required(`${path}.default`, `required when ${hasValues ? 'validValues' : 'validRange'} is defined`))
    else if (hasValues) checkValues(errors, validValues, standard, value, `${path}.validValues`)
    else if (validRange) checkRange(errors, validRange, standard, value, `${path}.validRange`)
  }
}

function checkValues(errors: FieldError[], values: readonly string[], standard: string, capacity: string, path: string): void {
  values.forEach((value, i) => {
    if (i === 0 || compareQuantities(values[i - 1], value) <= 0) return
    errors.push(invalid(`${path}[${i}]`, canonicalQuantity(value), 'values must be sorted in ascending order'))
  })
  checkSet(
    errors,
    values,
    MAX_OPTIONS,
    path,
    (list, value, at) => {
      if (compareQuantities(value, capacity) <= 0) return
      list.push(invalid(at, canonicalQuantity(value), `option is larger than capacity value: ${canonicalQuantity(capacity)}`))
    },
    (value) => String(quantityValue(value)),
  )
  const isKnown = values.length <= MAX_OPTIONS && values.some((value) => compareQuantities(value, standard) === 0)
  if (!isKnown) errors.push(invalid(path, canonicalQuantity(standard), 'default value is not valid according to the requestPolicy'))
}

function checkRange(errors: FieldError[], range: CapacityRequestPolicyRange, standard: string, capacity: string, path: string): void {
  const { min, max, step } = range
  if (min === undefined) {
    errors.push(required(`${path}.min`, 'required when validRange is defined'))
    return
  }
  const push = (isWrong: boolean, key: string, value: string, detail: string, than: string): void => {
    if (isWrong) errors.push(invalid(`${path}.${key}`, canonicalQuantity(value), `${detail}: ${canonicalQuantity(than)}`))
  }
  const isMore = (a: string, b: string): boolean => compareQuantities(a, b) > 0
  push(isMore(min, capacity), 'min', min, 'min is larger than capacity value', capacity)
  push(isMore(min, standard), 'min', standard, 'default is less than min', min)
  if (max !== undefined) {
    push(isMore(min, max), 'max', min, 'min is larger than max', max)
    push(isMore(max, capacity), 'max', max, 'max is larger than capacity value', capacity)
    push(isMore(standard, max), 'max', standard, 'default is more than max', max)
  }
  if (step === undefined) return
  const added = addQuantities(min, step)
  push(isMore(added, capacity), 'step', step, `one step ${added} is larger than capacity value`, capacity)
  for (const value of max === undefined ? [standard] : [standard, max]) {
    if ((quantityValue(value) - quantityValue(min)) % quantityValue(step) === 0) continue
    const detail = `value is not a multiple of a given step (${canonicalQuantity(step)}) from (${canonicalQuantity(min)})`
    errors.push(invalid(`${path}.step`, canonicalQuantity(value), detail))
  }
}
