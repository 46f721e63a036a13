/**
 * Which form the client wants and which it sends. Upstream: apiserver pkg/endpoints/handlers/negotiation, goautoneg.
 */
import { type ApiError, notAcceptableError, unsupportedMediaTypeError } from '../../api/meta/api-error.ts'

export const JSON_TYPE = 'application/json'
export const YAML_TYPE = 'application/yaml'
export const PROTOBUF_TYPE = 'application/vnd.kubernetes.protobuf'

export type MediaType = typeof JSON_TYPE | typeof YAML_TYPE | typeof PROTOBUF_TYPE

/** In the order in which a wildcard picks. */
const SERVED: readonly MediaType[] = [JSON_TYPE, YAML_TYPE, PROTOBUF_TYPE]
/** What a kind can be that has no protobuf form. */
export const WITHOUT_PROTOBUF: readonly MediaType[] = [JSON_TYPE, YAML_TYPE]
const STREAMED: readonly MediaType[] = [JSON_TYPE, PROTOBUF_TYPE]

export const JSON_PATCH_TYPE = 'application/json-patch+json'
export const MERGE_PATCH_TYPE = 'application/merge-patch+json'
export const STRATEGIC_MERGE_PATCH_TYPE = 'application/strategic-merge-patch+json'
export const APPLY_PATCH_TYPE = 'application/apply-patch+yaml'

export const PATCH_TYPES = [JSON_PATCH_TYPE, MERGE_PATCH_TYPE, STRATEGIC_MERGE_PATCH_TYPE, APPLY_PATCH_TYPE] as const

export type PatchType = (typeof PATCH_TYPES)[number]

/** The kind an answer is to be turned into: `;as=Table;v=v1;g=meta.k8s.io`. */
export interface Transform {
  readonly as: string
  readonly group: string
  readonly version: string
}

export interface Negotiated extends Partial<Transform> {
  readonly mediaType: MediaType
  /** `;pretty=1` */
  readonly isPretty: boolean
}

interface Clause {
  readonly type: string
  readonly subtype: string
  readonly quality: number
  readonly parameters: ReadonlyMap<string, string>
}

/** May an answer in this media type be turned into that? */
export type AllowsTransform = (mediaType: MediaType, transform: Transform) => boolean

/** What every resource can be turned into. */
export const allowsMetaTransforms: AllowsTransform = (mediaType, { as, group, version }) => {
  if (group !== 'meta.k8s.io' || (version !== 'v1' && version !== 'v1beta1')) return false
  if (as === 'Table') return mediaType !== PROTOBUF_TYPE
  return as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList'
}

/**
 * @param served what the endpoint can write: custom resources have no protobuf form
 * @returns undefined when nothing the client accepts can be had: answer 406
 */
export function negotiate(
  accept: string | undefined,
  allowsTransform: AllowsTransform = allowsMetaTransforms,
  served: readonly MediaType[] = SERVED,
): Negotiated | undefined {
  if (accept === undefined || accept === '') return { mediaType: served[0]!, isPretty: false }
  // What kubectl's and client-go's every second request says, without the parsing.
  if (accept === JSON_TYPE && served[0] === JSON_TYPE) return { mediaType: JSON_TYPE, isPretty: false }
  for (const clause of parseAccept(accept)) {
    for (const mediaType of SERVED) {
      const [type, subtype] = mediaType.split('/')
      const isMatch =
        (clause.type === type && (clause.subtype === subtype || clause.subtype === '*')) || (clause.type === '*' && clause.subtype === '*')
      if (!isMatch) continue
      const negotiated = withParameters(mediaType, clause.parameters, allowsTransform, served)
      if (negotiated !== undefined) return negotiated
    }
  }
  return undefined
}

function withParameters(
  mediaType: MediaType,
  parameters: ReadonlyMap<string, string>,
  allowsTransform: AllowsTransform,
  served: readonly MediaType[],
): Negotiated | undefined {
  const stream = parameters.get('stream')
  if (stream !== undefined && stream !== '' && (stream !== 'watch' || !STREAMED.includes(mediaType))) return undefined
  const serverVersion = parameters.get('sv')
  if (serverVersion !== undefined && serverVersion !== '' && serverVersion !== 'v1') return undefined
  const isPretty = parameters.get('pretty') === '1'
  if (!parameters.has('as') && !parameters.has('g') && !parameters.has('v')) {
    return served.includes(mediaType) ? { mediaType, isPretty } : undefined
  }
  const transform = { as: parameters.get('as') ?? '', group: parameters.get('g') ?? '', version: parameters.get('v') ?? '' }
  return allowsTransform(mediaType, transform) ? { mediaType, isPretty, ...transform } : undefined
}

/** The clauses, best first. */
function parseAccept(header: string): Clause[] {
  const clauses: Clause[] = []
  for (const part of header.split(',')) {
    const [range = '', ...rest] = part.trim().split(';')
    const [type = '', subtype, ...more] = range.split('/').map((word) => word.trim())
    if (more.length > 0 || ((subtype === undefined || subtype === '') && type !== '*')) continue
    const parameters = new Map<string, string>()
    let quality = 1
    for (const parameter of rest) {
      const [name = '', value, ...surplus] = parameter.split('=')
      if (value === undefined || value === '' || surplus.length > 0) continue
      if (name.trim() === 'q') quality = /^\d*\.?\d+$/.test(value) ? Number(value) : 0
      else parameters.set(name.trim(), value.trim())
    }
    clauses.push({ type, subtype: subtype || '*', quality, parameters })
  }
  // Upstream's comparison isn't an order in the strict sense, so its insertion sort is part of the outcome.
  for (let i = 1; i < clauses.length; i++) {
    for (let j = i; j > 0 && isBetter(clauses[j]!, clauses[j - 1]!); j--) {
      ;[clauses[j - 1], clauses[j]] = [clauses[j]!, clauses[j - 1]!]
    }
  }
  return clauses
}

function isBetter(a: Clause, b: Clause): boolean {
  return a.quality > b.quality || (a.type !== '*' && b.type === '*') || (a.subtype !== '*' && b.subtype === '*')
}

/** The error of a request whose Accept header asks for nothing that is served. */
export function notAcceptable(options: { readonly isWatch?: boolean; readonly served?: readonly MediaType[] } = {}): ApiError {
  const served = options.served ?? SERVED
  const names = options.isWatch ? served.filter((type) => STREAMED.includes(type)).map((type) => `${type};stream=watch`) : served
  return notAcceptableError(`only the following media types are accepted: ${names.join(', ')}`)
}

/** The media type of a body that isn't a patch; none given means JSON. @throws ApiError 415 */
export function bodyMediaType(contentType: string | undefined, accepted: readonly MediaType[] = SERVED): MediaType {
  if (contentType === undefined || contentType === '' || contentType === JSON_TYPE) return JSON_TYPE
  const match = /^\s*([^\s;/]+\/[^\s;/]+)\s*(?:;\s*(?:[^\s;=]+\s*=\s*(?:"[^"]*"|[^\s;"]*)\s*)?)*$/.exec(contentType)
  const found = accepted.find((mediaType) => mediaType === match?.[1]?.toLowerCase())
  if (found === undefined) throw unsupported(accepted)
  return found
}

/** @param allowed what the resource can be patched with: custom resources have no strategic merge @throws ApiError 415 */
export function patchMediaType(contentType: string | undefined, allowed: readonly PatchType[] = PATCH_TYPES): PatchType {
  const [name] = (contentType ?? '').split(';')
  const found = allowed.find((patchType) => patchType === name)
  if (found === undefined) throw unsupported(allowed)
  return found
}

function unsupported(accepted: readonly string[]): ApiError {
  return unsupportedMediaTypeError(
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
  )
}
