/** Paths inside a volume. Upstream: validation.go validatePathNoBacksteps and its callers. */
import { type FieldError, invalid } from '../../meta/field-error.ts'

export function hasBacksteps(path: string): boolean {
  return path.includes('..') && path.split('/').includes('..')
}

export function checkNoBacksteps(errors: FieldError[], value: string, path: string): void {
  if (hasBacksteps(value)) errors.push(invalid(path, value, "must not contain '..'"))
}

/** Relative, and never upwards. */
export function checkDescendingPath(errors: FieldError[], value: string, path: string): void {
  if (value.startsWith('/')) errors.push(invalid(path, value, 'must be a relative path'))
  checkNoBacksteps(errors, value, path)
}

/** As checkDescendingPath, and names that start with `..` are the kubelet's own. */
export function checkLocalPath(errors: FieldError[], value: string, path: string): void {
  checkDescendingPath(errors, value, path)
  if (value.startsWith('..') && !value.startsWith('../')) errors.push(invalid(path, value, "must not start with '..'"))
}
