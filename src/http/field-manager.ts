/** Who a write is recorded for. Upstream: handlers/create.go managerOrUserAgent; metav1/validation ValidateFieldManager. */
import { type FieldError, forbidden, invalid, required, tooLong } from '../api/meta/field-error.ts'
import { booleanOf, type Query, textOf } from './query.ts'

const MAX_BYTES = 128
const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]*$/u

/** The `fieldManager` of the query, or what the User-Agent calls the client; '' when neither says. */
export function fieldManagerOf(query: Query, userAgent: string | undefined): string {
  return textOf(query, 'fieldManager') || managerOfAgent(userAgent ?? '')
}

/** What an apply says of itself. */
export function applyOptionsOf(query: Query): { readonly fieldManager: string; readonly isForced: boolean } {
  return { fieldManager: textOf(query, 'fieldManager') ?? '', isForced: booleanOf(query, 'force') === true }
}

/** @param isApply undefined for what is no patch */
export function fieldManagerErrors(query: Query, isApply: boolean | undefined): FieldError[] {
  const manager = textOf(query, 'fieldManager') ?? ''
  const errors: FieldError[] = []
  if (isApply && manager === '') errors.push(required('fieldManager', 'is required for apply patch'))
  if (isApply === false && booleanOf(query, 'force') !== undefined)
    errors.push(forbidden('force', 'may not be specified for non-apply patch'))
  return [...errors, ...managerErrors(manager)]
}

function managerErrors(manager: string): FieldError[] {
  const errors = Buffer.byteLength(manager) > MAX_BYTES ? [tooLong('fieldManager', MAX_BYTES)] : []
  if (PRINTABLE.test(manager)) return errors
  let position = 0
  for (const character of manager) {
    if (!PRINTABLE.test(character)) {
      const code = character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')
      errors.push(invalid('fieldManager', manager, `invalid character U+${code} (at position ${position})`))
    }
    position += Buffer.byteLength(character)
  }
  return errors
}

/** What stands before the first slash: `kubectl` of `kubectl/v1.36.0 (linux/amd64)`. */
function managerOfAgent(userAgent: string): string {
  const slash = userAgent.indexOf('/')
  const name = slash < 0 ? userAgent : userAgent.slice(0, slash)
  if (name.length <= MAX_BYTES / 4 && PRINTABLE.test(name)) return name
  let manager = ''
  let bytes = 0
  for (const character of name) {
    if (!PRINTABLE.test(character)) continue
    bytes += Buffer.byteLength(character)
    if (bytes > MAX_BYTES) break
    manager += character
  }
  return manager
}
