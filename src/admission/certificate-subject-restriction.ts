import { organizationsOf } from '../api/certificates/v1/signing-request-subject.ts'
import { forbiddenError } from '../api/meta/api-error.ts'
import type { CertificateSigningRequest } from '../api/types.gen.ts'
import { type AdmissionPlugin, nameForMessages } from './admission.ts'

const SIGNER = 'kubernetes.io/kube-apiserver-client'

/** Nobody becomes a member of system:masters by a certificate. Upstream: plugin/admission/certificates/subjectrestriction. */
export const certificateSubjectRestriction: AdmissionPlugin = {
  name: 'CertificateSubjectRestriction',
  handles: ({ operation, definition, subresource }) =>
    operation === 'create' && subresource === '' && definition.groupResource === 'certificatesigningrequests.certificates.k8s.io',
  validate: ({ object, definition }) => {
    const request = object as CertificateSigningRequest
    if (request.spec.signerName !== SIGNER) return
    const refuse = (why: string) => forbiddenError(definition, nameForMessages(request), why)
    const organizations = organizationsOf(Buffer.from(request.spec.request, 'base64').toString('latin1'))
    if (organizations === undefined) throw refuse('failed to parse CSR: asn1: structure error')
    if (organizations.includes('system:masters')) throw refuse(`use of ${SIGNER} signer with system:masters group is not allowed`)
  },
}
