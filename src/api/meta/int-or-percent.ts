/** Numbers that may be given as a share: `2` or `"25%"`. Upstream: pkg/apis/apps/validation ValidatePositiveIntOrPercent. */
import type { IntOrString } from '../types.gen.ts'
import { pushNegative } from './field-checks.ts'
import { type FieldError, invalid } from './field-error.ts'
import { patternMessage } from './names.ts'

const PERCENT = '[0-9]+%'
const PERCENT_PATTERN = /^[0-9]+%$/

/** Upstream: IsValidPercent. */
export function isValidPercent(text: string): string[] {
  if (PERCENT_PATTERN.test(text)) return []
  return [patternMessage("a valid percent string must be a numeric string followed by an ending '%'", PERCENT, '1%', '93%')]
}

export function pushNotIntOrPercent(errors: FieldError[], path: string, value: IntOrString | undefined): void {
  if (typeof value === 'string') for (const message of isValidPercent(value)) errors.push(invalid(path, value, message))
  else pushNegative(errors, path, value)
}

export function pushMoreThanWhole(errors: FieldError[], path: string, value: IntOrString | undefined): void {
  if (typeof value !== 'string' || !PERCENT_PATTERN.test(value)) return
  if (Number.parseInt(value, 10) > 100) errors.push(invalid(path, value, 'must not be greater than 100%'))
}

/** The number alone, whatever it counts; 0 for what is neither. Upstream: getIntOrPercentValue. */
export function bareNumber(value: IntOrString | undefined): number {
  if (typeof value === 'number') return value
  return value !== undefined && /^[+-]?\d+%?$/.test(value) ? Number.parseInt(value, 10) : 0
}
