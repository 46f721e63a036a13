/** Checks that the validation of most kinds is made of. Each adds what it finds to `errors`. */
import { type FieldError, invalid, notSupported, required } from './field-error.ts'

/** An error for each message of a format check such as `isDns1123Label`. */
export function pushInvalid(errors: FieldError[], path: string, value: unknown, messages: readonly string[]): void {
  for (const message of messages) errors.push(invalid(path, value, message))
}

/** Upstream: ValidateNonnegativeField. An absent number is fine. */
export function pushNegative(errors: FieldError[], path: string, value: number | undefined): void {
  if (value !== undefined && value < 0) errors.push(invalid(path, value, 'must be greater than or equal to 0'))
}

/** Upstream: ValidateImmutableField. */
export function pushChanged(errors: FieldError[], path: string, next: unknown, old: unknown): void {
  if (!isSameValue(next, old)) errors.push(invalid(path, next, 'field is immutable'))
}

/** A counter that only grows, where absent is less than 0. Upstream: IsDecremented. */
export function pushDecremented(errors: FieldError[], path: string, next: number | undefined, old: number | undefined): void {
  if (old !== undefined && (next === undefined || next < old)) errors.push(invalid(path, next ?? 0, 'cannot be decremented'))
}

/** A text that must be one of a few. */
export function pushUnsupported(errors: FieldError[], path: string, value: string | undefined, supported: readonly string[]): void {
  if (!supported.includes(value ?? '')) errors.push(notSupported(path, value ?? '', supported))
}

/** As `pushUnsupported`, but an absent or empty text is a missing one. */
export function pushUnsupportedOrMissing(
  errors: FieldError[],
  path: string,
  value: string | undefined,
  supported: readonly string[],
): void {
  if (!value) errors.push(required(path))
  else pushUnsupported(errors, path, value, supported)
}

/** Equality of JSON values where an empty list is an absent one, as upstream stores it. Upstream: Semantic.DeepEqual. */
export function isSameValue(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (isAbsent(a) || isAbsent(b)) return isAbsent(a) && isAbsent(b)
  if (typeof a !== 'object' || typeof b !== 'object') return false
  if (Array.isArray(a) || Array.isArray(b)) {
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, i) => isSameValue(item, b[i]))
  }
  const left = a as Record<string, unknown>
  const right = b as Record<string, unknown>
  for (const key in left) if (!isSameValue(left[key], right[key])) return false
  for (const key in right) if (!(key in left) && !isAbsent(right[key])) return false
  return true
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0)
}
