/** What the token of a service account says, and what of it still holds. Pure. Upstream: pkg/serviceaccount/claims.go. */
import type { KubeObject } from '../api/object.ts'
import type { Node, Pod, Secret, ServiceAccount } from '../api/types.gen.ts'
import type { User } from '../registry/context.ts'

interface Reference {
  readonly name: string
  readonly uid?: string
}

export interface ServiceAccountClaims {
  readonly iss: string
  readonly sub: string
  readonly aud: readonly string[]
  /** This and the two others: seconds since the epoch. */
  readonly exp: number
  readonly iat: number
  readonly nbf: number
  readonly jti: string
  readonly 'kubernetes.io': {
    readonly namespace: string
    readonly serviceaccount: Reference
    readonly pod?: Reference
    readonly node?: Reference
    readonly secret?: Reference
    readonly warnafter?: number
  }
}

/** What a token is good with: it ends with that object. A pod's node is said for information. */
export interface BoundObjects {
  readonly pod?: Pod | undefined
  readonly secret?: Secret | undefined
  /** Only its name is known when it is gone. */
  readonly node?: Node | { readonly metadata: { readonly name: string; readonly uid?: string } } | undefined
}

export interface TokenTerms {
  readonly issuer: string
  readonly audiences: readonly string[]
  /** Milliseconds since the epoch. */
  readonly now: number
  readonly expirationSeconds: number
  /** Its use is noted from then on, long before it expires. */
  readonly warnAfterSeconds?: number | undefined
  readonly id: string
}

export function claimsOf({ metadata }: ServiceAccount, bound: BoundObjects, terms: TokenTerms): ServiceAccountClaims {
  const now = Math.floor(terms.now / 1000)
  const { pod, node, secret } = bound
  return {
    aud: terms.audiences,
    exp: now + terms.expirationSeconds,
    iat: now,
    iss: terms.issuer,
    jti: terms.id,
    'kubernetes.io': {
      namespace: metadata.namespace ?? '',
      ...(node === undefined ? {} : { node: referenceTo(node) }),
      ...(pod === undefined ? {} : { pod: referenceTo(pod) }),
      ...(secret === undefined ? {} : { secret: referenceTo(secret) }),
      serviceaccount: referenceTo({ metadata }),
      ...(terms.warnAfterSeconds === undefined ? {} : { warnafter: now + terms.warnAfterSeconds }),
    },
    nbf: now,
    sub: serviceAccountName(metadata.namespace ?? '', metadata.name),
  }
}

function referenceTo({ metadata: { name, uid } }: { readonly metadata: { readonly name: string; readonly uid?: string } }): Reference {
  return uid ? { name, uid } : { name }
}

export function serviceAccountName(namespace: string, name: string): string {
  return `system:serviceaccount:${namespace}:${name}`
}

export function serviceAccountGroups(namespace: string): string[] {
  return ['system:serviceaccounts', `system:serviceaccounts:${namespace}`]
}

/** A token that isn't good any more, in upstream's words. Clients only learn it from a TokenReview. */
export class TokenError extends Error {}

/** Finds an object of the cluster as it is now. */
export type FindObject = <T extends KubeObject>(resource: string, namespace: string, name: string) => T | undefined

/** Clocks may differ by as much. Upstream: go-jose jwt.DefaultLeeway */
const LEEWAY_SECONDS = 60

/**
 * @param now milliseconds since the epoch
 * @throws TokenError when its time is over or what it stands for is gone
 */
export function userOf(claims: ServiceAccountClaims, find: FindObject, now: number): User {
  checkTimes(claims, now / 1000)
  const { namespace, serviceaccount, pod, node, secret } = claims['kubernetes.io']
  const account = find<ServiceAccount>('serviceaccounts', namespace, serviceaccount.name)
  if (account === undefined) throw new TokenError(`serviceaccounts ${JSON.stringify(serviceaccount.name)} not found`)
  if (account.metadata.uid !== serviceaccount.uid) {
    throw new TokenError(`service account UID (${account.metadata.uid}) does not match claim (${serviceaccount.uid})`)
  }
  if (isGone(account, now)) throw new TokenError(`service account ${namespace}/${serviceaccount.name} has been deleted`)
  if (secret !== undefined) checkBound(find('secrets', namespace, secret.name), secret, 'secret', now)
  if (pod !== undefined) checkBound(find('pods', namespace, pod.name), pod, 'pod', now)
  else if (node !== undefined) checkBound(find('nodes', '', node.name), node, 'node', now)
  const extra: Record<string, readonly string[]> = {
    'authentication.kubernetes.io/credential-id': [`JTI=${claims.jti}`],
    ...(node === undefined ? {} : { 'authentication.kubernetes.io/node-name': [node.name] }),
    ...(node?.uid === undefined ? {} : { 'authentication.kubernetes.io/node-uid': [node.uid] }),
    ...(pod === undefined ? {} : { 'authentication.kubernetes.io/pod-name': [pod.name] }),
    ...(pod?.uid === undefined ? {} : { 'authentication.kubernetes.io/pod-uid': [pod.uid] }),
  }
  return {
    name: serviceAccountName(namespace, serviceaccount.name),
    uid: serviceaccount.uid,
    groups: [...serviceAccountGroups(namespace), 'system:authenticated'],
    extra,
  }
}

function checkTimes({ exp, iat, nbf }: ServiceAccountClaims, seconds: number): void {
  if (nbf > seconds + LEEWAY_SECONDS) throw new TokenError('service account token is not valid yet')
  if (exp < seconds - LEEWAY_SECONDS) throw new TokenError('service account token has expired')
  if (iat > seconds + LEEWAY_SECONDS) throw new TokenError('service account token is issued in the future')
}

function checkBound(object: KubeObject | undefined, claim: Reference, what: 'secret' | 'pod' | 'node', now: number): void {
  if (object === undefined) throw new TokenError('service account token has been invalidated')
  if (object.metadata.uid !== claim.uid) {
    const owner = what === 'node' ? '' : 'service account '
    throw new TokenError(`${what} UID (${object.metadata.uid}) does not match ${owner}${what} ref claim (${claim.uid})`)
  }
  if (isGone(object, now)) throw new TokenError('service account token has been invalidated')
}

function isGone({ metadata: { deletionTimestamp } }: KubeObject, now: number): boolean {
  return deletionTimestamp !== undefined && Date.parse(deletionTimestamp) < now - LEEWAY_SECONDS * 1000
}
