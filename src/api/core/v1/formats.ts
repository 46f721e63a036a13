/** Formats of texts and numbers in the core kinds. Each check returns upstream's messages; none means fine. */
import { type FieldError, invalid } from '../../meta/field-error.ts'
import { isValidPortName, isValidPortNumber } from '../../meta/names.ts'

const FINE: readonly string[] = []

export const NOT_NEGATIVE = 'must be greater than or equal to 0'
export const NOT_POSITIVE = 'must be greater than zero'
export const IMMUTABLE = 'field is immutable'
export const MAX_INT32 = 2 ** 31 - 1

/** Adds an error for each message a format check returned. */
export function pushInvalid(errors: FieldError[], path: string, value: unknown, messages: readonly string[]): void {
  for (const message of messages) errors.push(invalid(path, value, message))
}

export function rangeMessage(low: number, high: number): string {
  return `must be between ${low} and ${high}, inclusive`
}

/** The port of a probe or a service's target: a number, or the name of a container's port. */
export function checkPort(errors: FieldError[], port: number | string | undefined, path: string): void {
  if (typeof port === 'string') pushInvalid(errors, path, port, isValidPortName(port))
  else pushInvalid(errors, path, port ?? 0, isValidPortNumber(port ?? 0))
}

export function checkNotNegative(errors: FieldError[], value: number | undefined, path: string, key: string): void {
  if (value !== undefined && value < 0) errors.push(invalid(`${path}.${key}`, value, NOT_NEGATIVE))
}

const PRINTABLE_BUT_EQUALS = /^[ -<>-~]*$/

/** Upstream: IsRelaxedEnvVarName. */
export function isEnvVarName(name: string): readonly string[] {
  return PRINTABLE_BUT_EQUALS.test(name)
    ? FINE
    : ["a valid environment variable name must consist only of printable ASCII characters other than '='"]
}

const CONFIG_KEY = /^[-._a-zA-Z0-9]+$/

/** A key in `data` of ConfigMaps and Secrets. */
export function isConfigMapKey(key: string): readonly string[] {
  if (key.length <= 253 && CONFIG_KEY.test(key) && !key.startsWith('.')) return FINE
  const messages: string[] = []
  if (key.length > 253) messages.push('must be no more than 253 characters')
  if (!CONFIG_KEY.test(key)) {
    messages.push(
      "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
    )
  }
  if (key === '.') messages.push("must not be '.'")
  else if (key === '..') messages.push("must not be '..'")
  else if (key.startsWith('..')) messages.push("must not start with '..'")
  return messages
}

export function isHttpHeaderName(name: string): readonly string[] {
  if (/^[-A-Za-z0-9]+$/.test(name)) return FINE
  return [
    "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')",
  ]
}

/** A Unix user or group id. */
export function isUnixId(id: number): readonly string[] {
  return id >= 0 && id <= MAX_INT32 ? FINE : [rangeMessage(0, MAX_INT32)]
}
