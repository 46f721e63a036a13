/**
 * The shapes of names and labels. Each function returns upstream's messages; an empty list means that the value is fine.
 * Upstream: k8s.io/apimachinery/pkg/util/validation/validation.go, pkg/api/validate/content.
 */
const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`
const UNDERSCORE_LABEL = '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?'
const UNDERSCORE_SUBDOMAIN = `${UNDERSCORE_LABEL}(\\.${UNDERSCORE_LABEL})*`
const RFC_1035_LABEL = '[a-z]([-a-z0-9]*[a-z0-9])?'
const KEY = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'
const VALUE = `(${KEY})?`
const WILDCARD = `\\*\\.${SUBDOMAIN}`

const LABEL_PATTERN = whole(LABEL)
const SUBDOMAIN_PATTERN = whole(SUBDOMAIN)
const UNDERSCORE_SUBDOMAIN_PATTERN = whole(UNDERSCORE_SUBDOMAIN)
const RFC_1035_PATTERN = whole(RFC_1035_LABEL)
const KEY_PATTERN = whole(KEY)
const VALUE_PATTERN = whole(VALUE)
const WILDCARD_PATTERN = whole(WILDCARD)

const MAX_LABEL = 63
const MAX_SUBDOMAIN = 253

function whole(pattern: string): RegExp {
  return new RegExp(`^${pattern}$`)
}

const SUBDOMAIN_MESSAGE = patternMessage(
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
  SUBDOMAIN,
  'example.com',
)

/** A DNS label: most names that become part of a host name. Upstream: IsDNS1123Label. */
export function isDns1123Label(value: string): string[] {
  const errors: string[] = []
  if (isLongerThan(value, MAX_LABEL)) errors.push(maxLengthMessage(MAX_LABEL))
  if (!LABEL_PATTERN.test(value)) {
    errors.push(
      SUBDOMAIN_PATTERN.test(value)
        ? 'must not contain dots'
        : patternMessage(
            "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
            LABEL,
            'my-name',
            '123-abc',
          ),
    )
  }
  return errors
}

/** Labels with dots between: the names of most kinds. Upstream: IsDNS1123Subdomain. */
export function isDns1123Subdomain(value: string): string[] {
  const errors: string[] = []
  if (isLongerThan(value, MAX_SUBDOMAIN)) errors.push(maxLengthMessage(MAX_SUBDOMAIN))
  if (!SUBDOMAIN_PATTERN.test(value)) errors.push(SUBDOMAIN_MESSAGE)
  return errors
}

/** Upstream: IsDNS1123SubdomainWithUnderscore. */
export function isDns1123SubdomainWithUnderscore(value: string): string[] {
  const errors: string[] = []
  if (isLongerThan(value, MAX_SUBDOMAIN)) errors.push(maxLengthMessage(MAX_SUBDOMAIN))
  if (!UNDERSCORE_SUBDOMAIN_PATTERN.test(value)) {
    errors.push(
      patternMessage(
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character",
        UNDERSCORE_SUBDOMAIN,
        'example.com',
      ),
    )
  }
  return errors
}

/** `*.example.com`. Upstream: IsWildcardDNS1123Subdomain. */
export function isWildcardDns1123Subdomain(value: string): string[] {
  const errors: string[] = []
  if (isLongerThan(value, MAX_SUBDOMAIN)) errors.push(maxLengthMessage(MAX_SUBDOMAIN))
  if (!WILDCARD_PATTERN.test(value)) {
    errors.push(
      patternMessage(
        "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character",
        WILDCARD,
        '*.example.com',
      ),
    )
  }
  return errors
}

/** A DNS label that starts with a letter: Services. Upstream: IsDNS1035Label. */
export function isDns1035Label(value: string): string[] {
  const errors: string[] = []
  if (isLongerThan(value, MAX_LABEL)) errors.push(maxLengthMessage(MAX_LABEL))
  if (!RFC_1035_PATTERN.test(value)) {
    errors.push(
      patternMessage(
        "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
        RFC_1035_LABEL,
        'my-name',
        'abc-123',
      ),
    )
  }
  return errors
}

const KEY_MESSAGE = patternMessage(
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  KEY,
  'MyName',
  'my.name',
  '123-abc',
)

/** A label key: a name, perhaps behind a DNS subdomain and a slash. Upstream: IsQualifiedName, now IsLabelKey. */
export function isQualifiedName(value: string): string[] {
  if (value.length <= MAX_LABEL && KEY_PATTERN.test(value)) return []
  const errors: string[] = []
  const slash = value.indexOf('/')
  if (slash !== value.lastIndexOf('/')) {
    return [`a valid label key ${KEY_MESSAGE} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`]
  }
  if (slash === 0) errors.push('prefix part must be non-empty')
  else if (slash > 0) {
    const prefix = value.slice(0, slash)
    if (isLongerThan(prefix, MAX_SUBDOMAIN)) errors.push(`prefix part ${maxBytesMessage(MAX_SUBDOMAIN)}`)
    if (!SUBDOMAIN_PATTERN.test(prefix)) errors.push(`prefix part ${SUBDOMAIN_MESSAGE}`)
  }
  const name = slash < 0 ? value : value.slice(slash + 1)
  if (name === '') errors.push('name part must be non-empty')
  else if (isLongerThan(name, MAX_LABEL)) errors.push(`name part ${maxBytesMessage(MAX_LABEL)}`)
  if (!KEY_PATTERN.test(name)) errors.push(`name part ${KEY_MESSAGE}`)
  return errors
}

/** Upstream: IsValidLabelValue. */
export function isValidLabelValue(value: string): string[] {
  const errors: string[] = []
  if (isLongerThan(value, MAX_LABEL)) errors.push(maxBytesMessage(MAX_LABEL))
  if (!VALUE_PATTERN.test(value)) {
    errors.push(
      patternMessage(
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
        VALUE,
        'MyValue',
        'my_value',
        '12345',
      ),
    )
  }
  return errors
}

/** What can stand as one segment of a URL path: the names of RBAC kinds. Upstream: path.IsValidPathSegmentName. */
export function isPathSegmentName(name: string): string[] {
  if (name === '.' || name === '..') return [`may not be '${name}'`]
  return isPathSegmentPrefix(name)
}

/** As `isPathSegmentName`, for what will get a suffix. Upstream: path.IsValidPathSegmentPrefix. */
export function isPathSegmentPrefix(name: string): string[] {
  return ['/', '%'].filter((part) => name.includes(part)).map((part) => `may not contain '${part}'`)
}

export type ValidateName = (name: string, isPrefix: boolean) => string[]

export const nameIsDnsSubdomain: ValidateName = (name, isPrefix) => isDns1123Subdomain(isPrefix ? maskTrailingDash(name) : name)

export const nameIsDnsLabel: ValidateName = (name, isPrefix) => isDns1123Label(isPrefix ? maskTrailingDash(name) : name)

export const nameIsPathSegment: ValidateName = (name, isPrefix) => (isPrefix ? isPathSegmentPrefix(name) : isPathSegmentName(name))

/** A prefix may end in a dash, since a suffix follows. It gets one character shorter than it was: so it does upstream. */
function maskTrailingDash(name: string): string {
  return name.length > 1 && name.endsWith('-') ? `${name.slice(0, -2)}a` : name
}

/** Upstream: IsValidPortName. */
export function isValidPortName(port: string): string[] {
  const errors: string[] = []
  if (isLongerThan(port, 15)) errors.push(maxLengthMessage(15))
  if (!/^[-a-z0-9]+$/.test(port)) errors.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)')
  if (!/[a-z]/.test(port)) errors.push('must contain at least one letter (a-z)')
  if (port.includes('--')) errors.push('must not contain consecutive hyphens')
  if (port.startsWith('-') || port.endsWith('-')) errors.push('must not begin or end with a hyphen')
  return errors
}

/** Upstream: IsValidPortNum. */
export function isValidPortNumber(port: number): string[] {
  return port >= 1 && port <= 65535 ? [] : ['must be between 1 and 65535, inclusive']
}

/** Limits count bytes; a text can't have more characters than bytes, and no more than three bytes a UTF-16 unit. */
export function isLongerThan(value: string, maxBytes: number): boolean {
  return value.length > maxBytes || (value.length * 3 > maxBytes && Buffer.byteLength(value) > maxBytes)
}

/** Of names. Upstream: util/validation MaxLenError, which counts bytes all the same. */
export function maxLengthMessage(maxBytes: number): string {
  return `must be no more than ${maxBytes} characters`
}

/** Of the keys and values of labels. Upstream: validate/content MaxLenError. */
export function maxBytesMessage(maxBytes: number): string {
  return `must be no more than ${maxBytes} bytes`
}

/** Upstream: RegexError, with its comma before every "or". */
export function patternMessage(message: string, pattern: string, ...examples: string[]): string {
  const list = examples.map((example) => `'${example}', `).join(' or ')
  return `${message} (${examples.length > 0 ? `e.g. ${list}` : ''}regex used for validation is '${pattern}')`
}
