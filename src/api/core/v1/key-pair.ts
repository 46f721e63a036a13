import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'

const BLOCK = /-----BEGIN ([^-\n]+)-----\r?\n?[\s\S]*?-----END \1-----/g

/**
 * Do a certificate and a private key, both PEM, belong together? In Go's words; undefined when they do.
 * Upstream: crypto/tls X509KeyPair, whose words for broken DER only Go's own parser could find.
 */
export function keyPairFault(certificatePem: string, keyPem: string): string | undefined {
  const certificates = blocksOf(certificatePem)
  const first = certificates.find(({ type }) => type === 'CERTIFICATE')
  if (first === undefined) return noCertificate(certificates.map(({ type }) => type))
  const keys = blocksOf(keyPem)
  const isKey = ({ type }: PemBlock) => type === 'PRIVATE KEY' || type.endsWith(' PRIVATE KEY')
  const keyBlock = keys.find(isKey)
  if (keyBlock === undefined) return noKey(keys.map(({ type }) => type))
  let certificate: X509Certificate
  try {
    certificate = new X509Certificate(first.text)
  } catch {
    return 'x509: malformed certificate'
  }
  let key: KeyObject
  try {
    key = createPrivateKey(keyBlock.text)
  } catch {
    return 'tls: failed to parse private key'
  }
  if (certificate.publicKey.asymmetricKeyType !== key.asymmetricKeyType) return 'tls: private key type does not match public key type'
  return certificate.checkPrivateKey(key) ? undefined : 'tls: private key does not match public key'
}

interface PemBlock {
  readonly type: string
  readonly text: string
}

function blocksOf(pem: string): PemBlock[] {
  return [...pem.matchAll(BLOCK)].map(([text, type]) => ({ text, type: type! }))
}

function noCertificate(types: readonly string[]): string {
  if (types.length === 0) return 'tls: failed to find any PEM data in certificate input'
  if (types.length === 1 && types[0]!.endsWith('PRIVATE KEY')) {
    return 'tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched'
  }
  return `tls: failed to find "CERTIFICATE" PEM block in certificate input after skipping PEM blocks of the following types: [${types.join(' ')}]`
}

function noKey(types: readonly string[]): string {
  if (types.length === 0) return 'tls: failed to find any PEM data in key input'
  if (types.length === 1 && types[0] === 'CERTIFICATE') return 'tls: found a certificate rather than a key in the PEM for the private key'
  return `tls: failed to find PEM block with type ending in "PRIVATE KEY" in key input after skipping PEM blocks of the following types: [${types.join(' ')}]`
}
