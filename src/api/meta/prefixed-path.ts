import { pushInvalid } from './field-checks.ts'
import { type FieldError, invalid, required } from './field-error.ts'
import { isDns1123Subdomain, patternMessage } from './names.ts'

const HTTP_PATH = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+"
const HTTP_PATH_PATTERN = new RegExp(`^${HTTP_PATH}$`)

/** `acme.io/foo`. Upstream: IsDomainPrefixedPath. */
export function pushPrefixedPathFaults(errors: FieldError[], value: string, path: string): void {
  if (value === '') {
    errors.push(required(path))
    return
  }
  const slash = value.indexOf('/')
  if (slash <= 0 || slash === value.length - 1) {
    errors.push(invalid(path, value, 'must be a domain-prefixed path (such as "acme.io/foo")'))
    return
  }
  const host = value.slice(0, slash)
  const rest = value.slice(slash + 1)
  pushInvalid(errors, path, host, isDns1123Subdomain(host))
  if (!HTTP_PATH_PATTERN.test(rest)) errors.push(invalid(path, rest, patternMessage('Invalid path', HTTP_PATH)))
}
