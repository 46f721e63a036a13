/** How a webhook is reached: an https URL, or a service. Upstream: apiserver/pkg/util/webhook validation.go. */
import { pushInvalid } from '../../meta/field-checks.ts'
import { type FieldError, invalid, required } from '../../meta/field-error.ts'
import { isDns1123Subdomain, isValidPortNumber } from '../../meta/names.ts'
import type { AdmissionregistrationV1ServiceReference, AdmissionregistrationV1WebhookClientConfig } from '../../types.gen.ts'

const FORM = '; desired format: https://host[/path]'

export function pushClientFaults(errors: FieldError[], config: AdmissionregistrationV1WebhookClientConfig | undefined, path: string): void {
  const { url, service } = config ?? {}
  if ((url === undefined) === (service === undefined)) errors.push(required(path, 'exactly one of url or service is required'))
  else if (url !== undefined) pushUrlFaults(errors, url, `${path}.url`)
  else if (service !== undefined) pushServiceFaults(errors, service, `${path}.service`)
}

/** The parts of RFC 3986, appendix B. */
const URL_PARTS = /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?:\/\/([^/?#]*))?[^?#]*(?:\?([^#]*))?(?:#(.*))?$/s

function pushUrlFaults(errors: FieldError[], url: string, path: string): void {
  const [, scheme = '', authority = '', query = '', fragment = ''] = URL_PARTS.exec(url) ?? []
  const at = authority.lastIndexOf('@')
  const fault = goParseFault(url)
  if (fault !== undefined) {
    errors.push(required(path, `url must be a valid URL: parse ${JSON.stringify(url)}: ${fault}${FORM}`))
    return
  }
  if (scheme.toLowerCase() !== 'https') errors.push(invalid(path, scheme.toLowerCase(), `'https' is the only allowed URL scheme${FORM}`))
  if (authority.slice(at + 1) === '') errors.push(invalid(path, '', `host must be specified${FORM}`))
  if (at >= 0) errors.push(invalid(path, authority.slice(0, at), 'user information is not permitted in the URL'))
  if (fragment !== '') errors.push(invalid(path, fragment, 'fragments are not permitted in the URL'))
  if (query !== '') errors.push(invalid(path, query, 'query parameters are not permitted in the URL'))
}

/** The commonest faults that Go's url.Parse finds. */
function goParseFault(url: string): string | undefined {
  const colon = url.indexOf(':')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  if (/[\x00-\x1f\x7f]/.test(url)) return 'net/url: invalid control character in URL'
  if (colon === 0) return 'missing protocol scheme'
  if (colon > 0 && !/^[A-Za-z][A-Za-z0-9+.-]*$/.test(url.slice(0, colon)) && !/[/?#]/.test(url.slice(0, colon))) {
    return 'first path segment in URL cannot contain colon'
  }
  const badEscape = /%(?![0-9A-Fa-f]{2}).{0,2}/s.exec(url)
  return badEscape === null ? undefined : `invalid URL escape ${JSON.stringify(badEscape[0])}`
}

function pushServiceFaults(errors: FieldError[], service: AdmissionregistrationV1ServiceReference, path: string): void {
  // Upstream passes these two in the wrong order, so that each is said of the other.
  if (!service.namespace) errors.push(required(`${path}.name`))
  if (!service.name) errors.push(required(`${path}.namespace`))
  const portFaults = isValidPortNumber(service.port ?? 0)
  if (portFaults.length > 0) errors.push(invalid(`${path}.port`, service.port ?? 0, `port is not valid: ${portFaults.join(', ')}`))
  if (service.path !== undefined) pushPathFaults(errors, service.path, `${path}.path`)
}

function pushPathFaults(errors: FieldError[], urlPath: string, path: string): void {
  if (urlPath === '' || urlPath === '/') return
  if (urlPath === '//') {
    errors.push(invalid(path, urlPath, 'segment[0] may not be empty'))
    return
  }
  if (!urlPath.startsWith('/')) errors.push(invalid(path, urlPath, "must start with a '/'"))
  const segments = urlPath.slice(1).replace(/\/$/, '').split('/')
  segments.forEach((segment, i) => {
    if (segment === '') errors.push(invalid(path, urlPath, `segment[${i}] may not be empty`))
    else {
      const messages = isDns1123Subdomain(segment).map((message) => `segment[${i}]: ${message}`)
      pushInvalid(errors, path, urlPath, messages)
    }
  })
}
