import { humanDuration } from '../../age.ts'
import { defineResource } from '../../definition.ts'
import { pushInvalid } from '../../meta/field-checks.ts'
import { duplicate, type FieldError, invalid, notSupported, required, tooLong } from '../../meta/field-error.ts'
import { isDns1123Label, isDns1123Subdomain, isLongerThan, nameIsPathSegment } from '../../meta/names.ts'
import { ageColumn, column, nameColumn } from '../../table-columns.ts'
import type { CertificateSigningRequest } from '../../types.gen.ts'
import { certificateRequestFault } from './certificate-request.ts'

type Spec = CertificateSigningRequest['spec']

const SHORTEST_SECONDS = 600
const LEGACY_SIGNER = 'kubernetes.io/legacy-unknown'
const MAX_DOMAIN_BYTES = 253
/** A domain, a slash, and a subdomain with a label before it. */
const MAX_SIGNER_NAME_BYTES = MAX_DOMAIN_BYTES + 1 + MAX_DOMAIN_BYTES + 1 + 63

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
  validateName: nameIsPathSegment,
  prepareForCreate: (object, { username = '', uid, groups, extra } = {}) => {
    const { username: _username, uid: _uid, groups: _groups, extra: _extra, ...asked } = object.spec
    object.spec = { ...asked, username, ...(uid ? { uid } : {}), ...(groups ? { groups } : {}), ...(extra ? { extra } : {}) }
    object.status = {}
  },
  prepareForUpdate: (next, old) => {
    // A request is what was asked for: only its subresources change.
    next.spec = old.spec
  },
  validate: ({ spec }) => specFaults(spec, undefined),
  validatesUpdateAlone: true,
  validateUpdate: (next, old) => specFaults(next.spec, old.spec),
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

/** Upstream: validateCertificateSigningRequest. @param old what it already has wrong may stay */
function specFaults(spec: Spec | undefined, old: Spec | undefined): FieldError[] {
  const errors: FieldError[] = []
  const { request, usages = [], signerName, expirationSeconds } = spec ?? ({} as Partial<Spec>)
  const fault = certificateRequestFault(request ?? '')
  if (fault !== undefined) errors.push(invalid('spec.request', request, fault))
  if (usages.length === 0) errors.push(required('spec.usages'))
  if (old?.usages?.every((usage) => USAGES.includes(usage)) ?? true) {
    usages.forEach((usage, i) => {
      if (!USAGES.includes(usage)) errors.push(notSupported(`spec.usages[${i}]`, usage, USAGES))
    })
  }
  if (old === undefined || new Set(old.usages).size === old.usages?.length) {
    usages.forEach((usage, i) => {
      if (usages.indexOf(usage) < i) errors.push(duplicate(`spec.usages[${i}]`, usage))
    })
  }
  if (signerName === LEGACY_SIGNER && old?.signerName !== LEGACY_SIGNER) {
    errors.push(invalid('spec.signerName', signerName, 'the legacy signerName is not allowed via this API version'))
  } else pushSignerNameFaults(errors, signerName, 'spec.signerName')
  if (expirationSeconds !== undefined && expirationSeconds < SHORTEST_SECONDS) {
    const detail = 'may not specify a duration less than 600 seconds (10 minutes)'
    errors.push(invalid('spec.expirationSeconds', expirationSeconds, detail))
  }
  return errors
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
  if (isLongerThan(domain, MAX_DOMAIN_BYTES)) errors.push(tooLong(path, MAX_DOMAIN_BYTES))
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
  if (isLongerThan(name, MAX_SIGNER_NAME_BYTES)) errors.push(tooLong(path, MAX_SIGNER_NAME_BYTES))
}
