/** What `spec.request` must be: a PEM block with a certificate request that its own key signed. Upstream: validateCSR. */
import { createPublicKey, verify } from 'node:crypto'
import { BIT_STRING, elementsOf, expectTag, OBJECT_IDENTIFIER, SEQUENCE } from './der.ts'

/** Base64 lines between a header and a footer; lines with a colon are headers of the block. Upstream: encoding/pem. */
const PEM_BLOCK = /-----BEGIN ([^\n]*?)-----\r?\n((?:[^\n]*:[^\n]*\n)*\s*)([A-Za-z0-9+/=\s]*)-----END \1-----/

/** How a key of each algorithm signs. Keys are the object identifiers, in hex. */
const ALGORITHMS: Readonly<Record<string, { readonly digest: string | null; readonly failure: string }>> = {
  '2a864886f70d01010b': { digest: 'sha256', failure: 'crypto/rsa: verification error' },
  '2a864886f70d01010c': { digest: 'sha384', failure: 'crypto/rsa: verification error' },
  '2a864886f70d01010d': { digest: 'sha512', failure: 'crypto/rsa: verification error' },
  '2a8648ce3d040302': { digest: 'sha256', failure: 'x509: ECDSA verification failure' },
  '2a8648ce3d040303': { digest: 'sha384', failure: 'x509: ECDSA verification failure' },
  '2a8648ce3d040304': { digest: 'sha512', failure: 'x509: ECDSA verification failure' },
  '2b6570': { digest: null, failure: 'x509: Ed25519 verification failure' },
}

/** undefined when it is fine. @param base64 of PEM */
export function certificateRequestFault(base64: string): string | undefined {
  const block = PEM_BLOCK.exec(Buffer.from(base64, 'base64').toString('latin1'))
  if (block?.[1] !== 'CERTIFICATE REQUEST') return 'PEM block type must be CERTIFICATE REQUEST'
  const request = parseRequest(Buffer.from(block[3] ?? '', 'base64'))
  if (request === undefined) return 'asn1: structure error: malformed certificate request'
  const algorithm = ALGORITHMS[request.algorithm]
  if (algorithm === undefined) return 'x509: cannot verify signature: algorithm unimplemented'
  try {
    const key = createPublicKey({ key: request.publicKey, format: 'der', type: 'spki' })
    return verify(algorithm.digest, request.signed, key, request.signature) ? undefined : algorithm.failure
  } catch {
    return algorithm.failure
  }
}

interface Request {
  readonly signed: Buffer
  readonly publicKey: Buffer
  readonly algorithm: string
  readonly signature: Buffer
}

/** PKCS #10: { { version, subject, key, attributes }, { algorithm }, signature } */
function parseRequest(der: Buffer): Request | undefined {
  try {
    const [outer] = elementsOf(der)
    const [info, identifier, bits] = elementsOf(expectTag(outer, SEQUENCE))
    const [, , key] = elementsOf(expectTag(info, SEQUENCE))
    const [algorithm] = elementsOf(expectTag(identifier, SEQUENCE))
    expectTag(key, SEQUENCE)
    return {
      signed: info!.whole,
      publicKey: key!.whole,
      algorithm: expectTag(algorithm, OBJECT_IDENTIFIER).toString('hex'),
      // A bit string begins with the number of its unused bits.
      signature: expectTag(bits, BIT_STRING).subarray(1),
    }
  } catch {
    return undefined
  }
}
