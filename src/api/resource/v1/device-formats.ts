/** The names, lists and maps that devices, and claims on them, are made of. Upstream: pkg/apis/resource/validation/validation.go. */

import { checkCsiDriverName } from '../../core/v1/volume-validation.ts'
import { pushInvalid } from '../../meta/field-checks.ts'
import { duplicate, type FieldError, invalid, required, tooLong, tooMany } from '../../meta/field-error.ts'
import { isDns1123Subdomain, isLongerThan, isValidLabelValue, patternMessage } from '../../meta/names.ts'

const MAX_POOL_NAME = 253
const MAX_IDENTIFIER = 32
const C_IDENTIFIER = '[A-Za-z_][A-Za-z0-9_]*'
const C_IDENTIFIER_PATTERN = new RegExp(`^${C_IDENTIFIER}$`)
const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i

export type CheckItem<T> = (errors: FieldError[], item: T, path: string) => void

/** A driver of devices is named as one of storage is. */
export const checkDriverName: CheckItem<string | undefined> = checkCsiDriverName

/** Subdomains with slashes between. */
export function checkPoolName(errors: FieldError[], name: string | undefined, path: string): void {
  if (!name) {
    errors.push(required(path))
    return
  }
  if (isLongerThan(name, MAX_POOL_NAME)) errors.push(tooLong(path, MAX_POOL_NAME))
  for (const part of name.split('/')) pushInvalid(errors, path, part, isDns1123Subdomain(part))
}

/** An UUID in lower case, without the forms that only parsers take. */
export function checkUid(errors: FieldError[], uid: string, path: string): void {
  const fault = uidFault(uid)
  if (fault !== undefined) errors.push(invalid(path, uid, fault))
}

function uidFault(uid: string): string | undefined {
  const core = uid.length === 45 ? uid.slice(9) : uid.length === 38 ? uid.slice(1, 37) : uid
  if (uid.length === 45 && uid.slice(0, 9).toLowerCase() !== 'urn:uuid:') {
    return `error validating uid: invalid urn prefix: ${JSON.stringify(uid.slice(0, 9))}`
  }
  if (uid.length === 38 && (uid[0] !== '{' || uid[37] !== '}')) return 'error validating uid: invalid bracketed UUID format'
  if (![32, 36, 38, 45].includes(uid.length)) return `error validating uid: invalid UUID length: ${uid.length}`
  if (!(uid.length === 32 ? /^[\da-f]{32}$/i : UUID).test(core)) return 'error validating uid: invalid UUID format'
  if (uid.length === 36 && uid === uid.toLowerCase()) return undefined
  return 'uid must be in RFC 4122 normalized form, `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` with lowercase hexadecimal characters'
}

/** An identifier of C, which may have a domain before a slash. Upstream lets names with more slashes pass. */
export function checkQualifiedName(errors: FieldError[], name: string, path: string): void {
  const [first = '', second, ...more] = name.split('/')
  if (more.length > 0) return
  if (second === undefined) {
    checkIdentifier(errors, first, path)
    return
  }
  if (first === '') errors.push(invalid(path, '', 'the domain must not be empty'))
  else checkDriverName(errors, first, path)
  if (second === '') errors.push(invalid(path, '', 'the name must not be empty'))
  else checkIdentifier(errors, second, path)
}

/** As a qualified name, but there must be a domain. */
export function checkFullyQualifiedName(errors: FieldError[], name: string, path: string): void {
  checkQualifiedName(errors, name, path)
  if (!name.includes('/')) errors.push(invalid(path, name, 'a fully qualified name must be a domain and a name separated by a slash'))
}

function checkIdentifier(errors: FieldError[], id: string, path: string): void {
  if (isLongerThan(id, MAX_IDENTIFIER)) errors.push(tooLong(path, MAX_IDENTIFIER))
  if (C_IDENTIFIER_PATTERN.test(id)) return
  const what = "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_'"
  errors.push(invalid(path, id, patternMessage(what, C_IDENTIFIER, 'my_name', 'MY_NAME', 'MyName')))
}

export function checkLabelValue(errors: FieldError[], value: string, path: string): void {
  pushInvalid(errors, path, value, isValidLabelValue(value))
}

/** Each item, unless there are so many that looking at them would be an attack. */
export function checkList<T>(
  errors: FieldError[],
  list: readonly T[] | undefined,
  max: number,
  path: string,
  check: CheckItem<T>,
): boolean {
  if (list === undefined) return false
  if (list.length > max) {
    errors.push(tooMany(path, list.length, max))
    return false
  }
  list.forEach((item, i) => {
    check(errors, item, `${path}[${i}]`)
  })
  return true
}

/** As `checkList`; and no two items may have the same key. */
export function checkSet<T>(
  errors: FieldError[],
  list: readonly T[] | undefined,
  max: number,
  path: string,
  check: CheckItem<T>,
  keyOf: (item: T) => string,
  shownKey: (item: T) => unknown = keyOf,
): void {
  if (!checkList(errors, list, max, path, check)) return
  const seen = new Set<string>()
  list!.forEach((item, i) => {
    const key = keyOf(item)
    if (seen.has(key)) errors.push(duplicate(`${path}[${i}]`, shownKey(item)))
    seen.add(key)
  })
}

export const itself = (item: string): string => item

/** Each key, reported at the map, and each value; keys longer than `longest` are cut in the path. */
export function checkMap<T>(
  errors: FieldError[],
  map: Readonly<Record<string, T>> | undefined,
  { max = Number.POSITIVE_INFINITY, longest }: { readonly max?: number; readonly longest: number },
  path: string,
  checkKey: CheckItem<string>,
  checkValue: CheckItem<T>,
): void {
  const entries = Object.entries(map ?? {})
  if (entries.length > max) {
    errors.push(tooMany(path, entries.length, max))
    return
  }
  for (const [key, value] of entries) {
    checkKey(errors, key, path)
    checkValue(errors, value, `${path}[${cut(key, longest)}]`)
  }
}

/** Upstream: truncateIfTooLong. */
function cut(text: string, longest: number): string {
  if (text.length <= longest) return text
  const rest = longest - '...'.length
  return `${text.slice(0, Math.floor((rest + 1) / 2))}...${text.slice(text.length - Math.floor(rest / 2))}`
}
