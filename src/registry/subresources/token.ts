/**
 * A token for a service account, signed for as long, for whom and with what the request says.
 * Upstream: registry/core/serviceaccount/storage/token.go.
 */
import { badRequestError, conflictError, invalidError } from '../../api/meta/api-error.ts'
import { type FieldError, invalid } from '../../api/meta/field-error.ts'
import { timestamp } from '../../api/meta/time.ts'
import type { KubeObject } from '../../api/object.ts'
import type {
  BoundObjectReference,
  Node,
  Pod,
  Secret,
  ServiceAccount,
  AuthenticationV1TokenRequest as TokenRequest,
} from '../../api/types.gen.ts'
import { type BoundObjects, claimsOf } from '../../auth/service-account-claims.ts'
import { ISSUER } from '../../auth/service-account-tokens.ts'
import { storageKey } from '../../storage/storage.ts'
import type { RegistryContext, Target } from '../context.ts'
import { encodeUnstored } from '../encode.ts'
import { getEntry } from '../get.ts'
import { admissionRequest } from '../strategy.ts'
import type { Subresource } from './subresources.ts'
import { virtualDefinition } from './virtual-definition.ts'

const TOKEN_REQUEST = virtualDefinition('authentication.k8s.io', 'TokenRequest', 'io.k8s.api.authentication.v1.TokenRequest')
const QUALIFIED = { group: 'authentication.k8s.io', resource: 'TokenRequest' }

const DEFAULT_SECONDS = 3600
const SHORTEST_SECONDS = 600
const LONGEST_SECONDS = 2 ** 32
/** What the API server asks for the tokens of pods: an hour, and seven seconds by which they are known. */
const POD_TOKEN_SECONDS = 3607
/** Pods whose clients read their token only once live on: theirs is good for a year. */
const EXTENDED_SECONDS = 365 * 24 * 60 * 60

export const serviceAccountToken: Subresource = {
  shownAs: () => TOKEN_REQUEST,
  create: async (context, target, object, options) => {
    const request = object as unknown as TokenRequest
    const { metadata } = request
    checkTarget(metadata, target)
    const account = getEntry(context, target).decoded<ServiceAccount>()
    if (metadata.uid && metadata.uid !== account.metadata.uid) {
      const why = `the UID in the token request (${metadata.uid}) does not match the UID of the service account (${account.metadata.uid})`
      throw conflictError(QUALIFIED, target.name, why)
    }
    const now = context.clock.now()
    metadata.name = target.name
    metadata.namespace = target.namespace
    metadata.uid = account.metadata.uid
    metadata.creationTimestamp = timestamp(now)
    request.spec ??= {}
    if (!request.spec.audiences?.length) request.spec.audiences = [ISSUER]
    const expirationSeconds = request.spec.expirationSeconds ?? DEFAULT_SECONDS
    request.spec.expirationSeconds = expirationSeconds
    checkExpiration(expirationSeconds)
    const admission = admissionRequest('create', target, 'token', object, undefined, options)
    context.admission.mutate(admission)
    context.admission.validate(admission)

    const bound = request.spec.boundObjectRef ? boundObjects(context, target, request.spec.boundObjectRef) : {}
    const isForServer = request.spec.audiences.every((audience) => audience === ISSUER)
    const isExtended = bound.pod !== undefined && expirationSeconds === POD_TOKEN_SECONDS && isForServer
    const claims = claimsOf(account, bound, {
      issuer: ISSUER,
      audiences: request.spec.audiences,
      now,
      expirationSeconds: isExtended ? EXTENDED_SECONDS : expirationSeconds,
      ...(isExtended ? { warnAfterSeconds: expirationSeconds } : {}),
      id: context.random.uuid(),
    })
    const answer = {
      kind: TOKEN_REQUEST.kind,
      apiVersion: TOKEN_REQUEST.apiVersion,
      metadata,
      spec: { ...request.spec, boundObjectRef: request.spec.boundObjectRef ?? null },
      status: { token: await context.tokens.sign(claims), expirationTimestamp: timestamp(now + expirationSeconds * 1000) },
    }
    return { bytes: encodeUnstored(answer as KubeObject), object: answer as KubeObject, isCreated: true }
  },
}

function checkTarget({ name, namespace }: KubeObject['metadata'], target: Target): void {
  const refuse = (field: string, value: string, what: string) =>
    invalidError({ group: 'authentication.k8s.io', kind: 'TokenRequest' }, target.name, [
      invalid(field, value, `must match the service account ${what} if specified`),
    ])
  if (name && name !== target.name) throw refuse('metadata.name', name, 'name')
  if (namespace && namespace !== target.namespace) throw refuse('metadata.namespace', namespace, 'namespace')
}

function checkExpiration(seconds: number): void {
  const errors: FieldError[] = []
  const field = 'spec.expirationSeconds'
  if (seconds < SHORTEST_SECONDS) errors.push(invalid(field, seconds, 'may not specify a duration less than 10 minutes'))
  if (seconds > LONGEST_SECONDS) errors.push(invalid(field, seconds, 'may not specify a duration larger than 2^32 seconds'))
  if (errors.length > 0) throw invalidError({ group: 'authentication.k8s.io', kind: 'TokenRequest' }, '', errors)
}

/** @throws ApiError 404 when it isn't there, 409 when it is another one of that name */
function boundObjects(context: RegistryContext, { namespace, name }: Target, reference: BoundObjectReference): BoundObjects {
  const { kind = '', apiVersion = '' } = reference
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion]
  const find = <T extends KubeObject>(resource: string, place: string): T => {
    const definition = context.resources.stored(resource)
    const object = getEntry(context, { definition, namespace: place, name: reference.name ?? '' }).decoded<T>()
    if (reference.uid && reference.uid !== object.metadata.uid) {
      const why = `the UID in the bound object reference (${reference.uid}) does not match the UID in record. The object might have been deleted and then recreated`
      throw conflictError({ group: '', resource: kind }, reference.name ?? '', why)
    }
    return object
  }
  if (group === '' && kind === 'Secret') return { secret: find<Secret>('secrets', namespace) }
  if (group === '' && kind === 'Node') return { node: find<Node>('nodes', '') }
  if (group !== '' || kind !== 'Pod') throw badRequestError(`cannot bind token to object of type ${group}/${version}, Kind=${kind}`)
  const pod = find<Pod>('pods', namespace)
  if (pod.spec.serviceAccountName !== name) {
    throw badRequestError(`cannot bind token for serviceaccount ${JSON.stringify(name)} to pod running with different serviceaccount name.`)
  }
  const { nodeName } = pod.spec
  if (!nodeName) return { pod }
  const node = context.cache.get(storageKey('nodes', '', nodeName))?.decoded<Node>()
  return { pod, node: node ?? { metadata: { name: nodeName } } }
}
