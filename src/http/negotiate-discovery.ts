import { notAcceptableError } from '../api/meta/api-error.ts'
import { accepts, parseAccept } from './accept.ts'

/** In order of preference. Protobuf is named to clients as upstream does, but no client insists on it here. */
const MEDIA_TYPES = ['application/json', 'application/yaml'] as const
const NAMED_MEDIA_TYPES = [...MEDIA_TYPES, 'application/vnd.kubernetes.protobuf']

/** They say the same. Upstream took v2beta1 back in 1.35; it stays here, as kubectl before 1.30 knows no other. */
const AGGREGATED_VERSIONS = ['v2', 'v2beta1']

export interface DiscoveryForm {
  readonly mediaType: (typeof MEDIA_TYPES)[number]
  /** The version of the APIGroupDiscoveryList asked for; undefined for the plain form. */
  readonly aggregated?: string
  /** Exactly what the answer's Content-Type must be: clients compare it. */
  readonly contentType: string
}

/**
 * Which form of a discovery document a client wants.
 * @param canAggregate whether the document has an aggregated form: /api and /apis have
 * @throws ApiError 406
 */
export function negotiateDiscovery(accept: string | undefined, canAggregate: boolean): DiscoveryForm {
  for (const clause of parseAccept(accept || 'application/json')) {
    const mediaType = MEDIA_TYPES.find((type) => accepts(clause, type))
    if (!mediaType) continue
    const { as: kind, g: group, v: version } = clause.parameters
    if (kind === undefined && group === undefined && version === undefined) return { mediaType, contentType: mediaType }
    const isAggregated = kind === 'APIGroupDiscoveryList' && group === 'apidiscovery.k8s.io' && AGGREGATED_VERSIONS.includes(version ?? '')
    if (!canAggregate || !isAggregated) continue
    return { mediaType, aggregated: version!, contentType: `${mediaType};g=${group};v=${version};as=${kind}` }
  }
  throw notAcceptableError(`only the following media types are accepted: ${NAMED_MEDIA_TYPES.join(', ')}`)
}
