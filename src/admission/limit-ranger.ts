import { forbiddenError } from '../api/meta/api-error.ts'
import type { KubeObject } from '../api/object.ts'
import type { Container, LimitRange, LimitRangeItem, Pod } from '../api/types.gen.ts'
import { type AdmissionPlugin, type AdmissionRequest, type ClusterView, nameForMessages } from './admission.ts'
import { limitFaults } from './limit-faults.ts'

const ANNOTATION = 'kubernetes.io/limit-ranger'

/**
 * Fills in what containers leave open, and holds pods and volume claims to the bounds of their namespace.
 * Upstream: plugin/admission/limitranger.
 */
export const limitRanger: AdmissionPlugin = {
  name: 'LimitRanger',
  handles: ({ operation, definition, subresource, old }) => {
    if (operation === 'delete' || old?.metadata.deletionTimestamp !== undefined) return false
    // The containers of a pod don't change but through /resize.
    if (definition.groupResource === 'pods') return operation === 'create' ? subresource === '' : subresource === 'resize'
    return definition.groupResource === 'persistentvolumeclaims' && subresource === ''
  },
  mutate: ({ definition, namespace, object }, cluster) => {
    if (definition.groupResource !== 'pods') return
    for (const { spec } of limitRangesOf(cluster, namespace)) setDefaults(object as Pod, spec?.limits ?? [])
  },
  validate: (request, cluster) => {
    for (const { spec } of limitRangesOf(cluster, request.namespace)) refuseFaults(request, spec?.limits ?? [])
  },
}

function limitRangesOf(cluster: ClusterView, namespace: string): readonly LimitRange[] {
  return cluster.list<LimitRange>('limitranges', namespace)
}

function refuseFaults({ definition, object }: AdmissionRequest, limits: readonly LimitRangeItem[]): void {
  const faults = [...new Set(limitFaults(definition.groupResource, object as KubeObject, limits))]
  if (faults.length === 0) return
  throw forbiddenError(definition, nameForMessages(object!), faults.length === 1 ? faults[0]! : `[${faults.join(', ')}]`)
}

/** In place. Upstream: PodMutateLimitFunc. */
export function setDefaults(pod: Pod, limits: readonly LimitRangeItem[]): void {
  const ofContainers = limits.filter(({ type }) => type === 'Container')
  const requests = Object.assign({}, ...ofContainers.map(({ defaultRequest }) => defaultRequest))
  const most = Object.assign({}, ...ofContainers.map((limit) => limit.default))
  const told = [
    ...pod.spec.containers.flatMap((container) => fillIn(container, 'container', requests, most)),
    ...(pod.spec.initContainers ?? []).flatMap((container) => fillIn(container, 'init container', requests, most)),
  ]
  if (told.length === 0) return
  pod.metadata.annotations = { ...pod.metadata.annotations, [ANNOTATION]: `LimitRanger plugin set: ${told.join('; ')}` }
}

function fillIn(container: Container, what: string, requests: Record<string, string>, limits: Record<string, string>): string[] {
  const told: string[] = []
  for (const [field, defaults] of [['requests', requests] as const, ['limits', limits] as const]) {
    const own = container.resources?.[field]
    const missing = Object.keys(defaults).filter((name) => own?.[name] === undefined)
    if (missing.length === 0) continue
    container.resources = { ...container.resources, [field]: { ...own } }
    for (const name of missing) container.resources[field]![name] = defaults[name]!
    told.push(`${missing.sort().join(', ')} ${field === 'requests' ? 'request' : 'limit'} for ${what} ${container.name}`)
  }
  return told
}
