import { humanDuration } from '../../age.ts'
import { defineResource } from '../../definition.ts'
import { pushInvalid } from '../../meta/field-checks.ts'
import { duplicate, type FieldError, invalid, notSupported, required } from '../../meta/field-error.ts'
import { isDns1123Label, isDns1123Subdomain, isPathSegmentName } from '../../meta/names.ts'
import { ageColumn, column, nameColumn } from '../../table-columns.ts'
import type { CertificateSigningRequest } from '../../types.gen.ts'

const SHORTEST_SECONDS = 600

const USAGES = [
  'any',
  'cert sign',
  'client auth',
  'code signing',
  'content commitment',
  'crl sign',
  'data encipherment',
  'decipher only',
  'digital signature',
  'email protection',
  'encipher only',
  'ipsec end system',
  'ipsec tunnel',
  'ipsec user',
  'key agreement',
  'key encipherment',
  'microsoft sgc',
  'netscape sgc',
  'ocsp signing',
  's/mime',
  'server auth',
  'signing',
  'timestamping',
]

export const certificateSigningRequest = defineResource<CertificateSigningRequest>('certificates.k8s.io/v1/certificatesigningrequests', {
  validateName: isPathSegmentName,
  prepareForCreate: (object, { username = '', uid, groups, extra } = {}) => {
    const { username: _username, uid: _uid, groups: _groups, extra: _extra, ...asked } = object.spec
    object.spec = { ...asked, username, ...(uid ? { uid } : {}), ...(groups ? { groups } : {}), ...(extra ? { extra } : {}) }
    object.status = {}
  },
  prepareForUpdate: (next, old) => {
    // A request is what was asked for: only its subresources change.
    next.spec = old.spec
  },
  validate: ({ spec }) => {
    const errors: FieldError[] = []
    const { request = '', usages = [], signerName, expirationSeconds } = spec ?? {}
    if (!isPemRequest(request)) errors.push(invalid('spec.request', request, 'PEM block type must be CERTIFICATE REQUEST'))
    if (usages.length === 0) errors.push(required('spec.usages'))
    usages.forEach((usage, i) => {
      if (!USAGES.includes(usage)) errors.push(notSupported(`spec.usages[${i}]`, usage, USAGES))
    })
    usages.forEach((usage, i) => {
      if (usages.indexOf(usage) < i) errors.push(duplicate(`spec.usages[${i}]`, usage))
    })
    if (signerName === 'kubernetes.io/legacy-unknown') {
      errors.push(invalid('spec.signerName', signerName, 'the legacy signerName is not allowed via this API version'))
    } else pushSignerNameFaults(errors, signerName, 'spec.signerName')
    if (expirationSeconds !== undefined && expirationSeconds < SHORTEST_SECONDS) {
      const detail = 'may not specify a duration less than 600 seconds (10 minutes)'
      errors.push(invalid('spec.expirationSeconds', expirationSeconds, detail))
    }
    return errors
  },
  columns: [
    nameColumn,
    ageColumn,
    column('SignerName', 'string', 'Who is asked to sign.', ({ spec }) => spec.signerName || '<none>'),
    column('Requestor', 'string', 'Who asks.', ({ spec }) => spec.username ?? ''),
    column('RequestedDuration', 'string', 'How long it shall be good.', ({ spec: { expirationSeconds } }) =>
      expirationSeconds === undefined ? '<none>' : humanDuration(expirationSeconds * 1000),
    ),
    column('Condition', 'string', 'What has become of it.', conditionText),
  ],
  selectableFields: { 'spec.signerName': ({ spec }) => spec.signerName ?? '' },
})

function isPemRequest(base64: string): boolean {
  return /^-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----$/m.test(Buffer.from(base64, 'base64').toString('latin1'))
}

function conditionText({ status }: CertificateSigningRequest): string {
  const has = (type: string) => status?.conditions?.some((condition) => condition.type === type) === true
  const decision = has('Denied') ? 'Denied' : has('Approved') ? 'Approved' : 'Pending'
  return `${decision}${has('Failed') ? ',Failed' : ''}${status?.certificate ? ',Issued' : ''}`
}

/** Upstream: pkg/apis/core/validation ValidateSignerName. */
function pushSignerNameFaults(errors: FieldError[], name: string | undefined, path: string): void {
  if (!name) {
    errors.push(required(path))
    return
  }
  const [domain = '', signer = '', ...rest] = name.split('/')
  if (!name.includes('/') || rest.length > 0) {
    errors.push(invalid(path, name, "must be a fully qualified domain and path of the form 'example.com/signer-name'"))
    return
  }
  const labels = domain.split('.')
  const bad = labels.find((label) => isDns1123Label(label).length > 0)
  if (bad !== undefined) {
    const messages = isDns1123Label(bad).map((message) => `validating label ${JSON.stringify(bad)}: ${message}`)
    pushInvalid(errors, path, domain, messages)
  }
  if (labels.length < 2) errors.push(invalid(path, domain, 'should be a domain with at least two segments separated by dots'))
  const badPart = signer.split('.').find((part) => isDns1123Subdomain(part).length > 0)
  if (badPart !== undefined) {
    const messages = isDns1123Subdomain(badPart).map((message) => `validating label ${JSON.stringify(badPart)}: ${message}`)
    pushInvalid(errors, path, signer, messages)
  }
}
