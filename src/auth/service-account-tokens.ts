/**
 * Signs and checks the tokens of service accounts. The key is made when the first token is asked for, so that a start pays
 * nothing, and is kept with the cluster, so that tokens outlive a restart.
 */
import { createHash, createPublicKey, type JsonWebKey } from 'node:crypto'
import type { JWK } from 'jose'
import type { User } from '../registry/context.ts'
import { type FindObject, type ServiceAccountClaims, TokenError, userOf } from './service-account-claims.ts'

/** Upstream: kubeadm's --service-account-issuer; tokens are for the API server itself unless they say otherwise. */
export const ISSUER = 'https://kubernetes.default.svc.cluster.local'

const ALGORITHM = 'ES256'
/** Checked signatures that are remembered: a client shows the same token with each request. */
const MAX_CHECKED = 1000

export interface SigningKeyStore {
  read(): JWK | undefined
  /** @returns the key that is kept: that of another who was faster, or this one */
  keep(key: JWK): Promise<JWK>
}

export interface ServiceAccountTokensOptions {
  readonly keys: SigningKeyStore
  readonly find: FindObject
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

interface SigningKey {
  readonly jwk: JWK
  readonly id: string
}

export interface CheckedToken {
  readonly user: User
  /** Those of the token that were asked for. */
  readonly audiences: readonly string[]
}

export class ServiceAccountTokens {
  readonly #options: ServiceAccountTokensOptions
  readonly #checked = new Map<string, ServiceAccountClaims>()
  #key: Promise<SigningKey> | undefined

  constructor(options: ServiceAccountTokensOptions) {
    this.#options = options
  }

  async sign(claims: ServiceAccountClaims): Promise<string> {
    const { CompactSign, importJWK } = await import('jose')
    const { jwk, id } = await this.#signingKey()
    const payload = new TextEncoder().encode(JSON.stringify(claims))
    return new CompactSign(payload).setProtectedHeader({ alg: ALGORITHM, kid: id }).sign(await importJWK(jwk, ALGORITHM))
  }

  /**
   * Who shows this token.
   * @param audiences for one of which it must be
   * @throws TokenError
   */
  async check(token: string, audiences: readonly string[] = [ISSUER]): Promise<CheckedToken> {
    let claims = this.#checked.get(token)
    if (claims === undefined) {
      claims = await this.#checkSignature(token)
      if (this.#checked.size >= MAX_CHECKED) this.#checked.delete(this.#checked.keys().next().value!)
      this.#checked.set(token, claims)
    }
    const shared = claims.aud.filter((audience) => audiences.includes(audience))
    if (shared.length === 0) {
      throw new TokenError(`token audiences ${quoted(claims.aud)} is invalid for the target audiences ${quoted(audiences)}`)
    }
    return { user: userOf(claims, this.#options.find, this.#options.now()), audiences: shared }
  }

  /** The public key, as relying parties fetch it. Upstream: serviceaccount/openidmetadata.go */
  async keySet(): Promise<{ readonly keys: readonly JWK[] }> {
    const { jwk, id } = await this.#signingKey()
    const { kty, crv, x, y } = jwk
    return { keys: [{ use: 'sig', kty, kid: id, crv, alg: ALGORITHM, x, y } as JWK] }
  }

  async #checkSignature(token: string): Promise<ServiceAccountClaims> {
    // What isn't of our making isn't judged: upstream leaves it to the next authenticator, of which there is none.
    if (issuerOf(token) !== ISSUER) throw new TokenError('invalid bearer token')
    const { compactVerify, decodeProtectedHeader, importJWK } = await import('jose')
    const { jwk, id } = await this.#signingKey()
    let payload: Uint8Array
    try {
      const { kid } = decodeProtectedHeader(token)
      if (kid !== undefined && kid !== id) throw new TokenError('invalid signature, no keys found')
      const { kty, crv, x, y } = jwk
      const verified = await compactVerify(token, await importJWK({ kty, crv, x, y } as JWK, ALGORITHM), { algorithms: [ALGORITHM] })
      payload = verified.payload
    } catch (error) {
      if (error instanceof TokenError) throw error
      throw new TokenError('go-jose/go-jose: error in cryptographic primitive')
    }
    return JSON.parse(new TextDecoder().decode(payload)) as ServiceAccountClaims
  }

  #signingKey(): Promise<SigningKey> {
    this.#key ??= this.#loadKey().catch((error) => {
      this.#key = undefined
      throw error
    })
    return this.#key
  }

  async #loadKey(): Promise<SigningKey> {
    const { keys } = this.#options
    const jwk = keys.read() ?? (await keys.keep(await newKey()))
    // Upstream: jwt.go keyIDFromPublicKey: it tells which key, and nothing of it.
    const { kty, crv, x, y } = jwk
    const publicKey = createPublicKey({ key: { kty, crv, x, y } as JsonWebKey, format: 'jwk' })
    const id = createHash('sha256')
      .update(publicKey.export({ type: 'spki', format: 'der' }))
      .digest('base64url')
    return { jwk, id }
  }
}

async function newKey(): Promise<JWK> {
  const { exportJWK, generateKeyPair } = await import('jose')
  const { privateKey } = await generateKeyPair(ALGORITHM, { extractable: true })
  return exportJWK(privateKey)
}

/** Not checked: only says whose signature it should have. */
function issuerOf(token: string): unknown {
  const parts = token.split('.')
  if (parts.length !== 3) return undefined
  try {
    return (JSON.parse(Buffer.from(parts[1]!, 'base64url').toString()) as { iss?: unknown } | null)?.iss
  } catch {
    return undefined
  }
}

/** As Go prints a list of strings with %q. */
function quoted(texts: readonly string[]): string {
  return `[${texts.map((text) => JSON.stringify(text)).join(' ')}]`
}
