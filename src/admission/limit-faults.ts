/** What of a pod or a volume claim is out of the bounds of a LimitRange. Upstream: plugin/admission/limitranger/admission.go. */
import { containerTotals } from '../api/core/v1/pod-resources.ts'
import type { ResourceList } from '../api/core/v1/resource-list.ts'
import { compareQuantities, quantityMilliValue } from '../api/meta/quantity.ts'
import type { GroupResource, KubeObject } from '../api/object.ts'
import type { LimitRangeItem, PersistentVolumeClaim, Pod, PodSpec } from '../api/types.gen.ts'

/** Pod-level resources that a pod's own bounds look at: no huge pages here. Upstream: isSupportedPodLevelResource. */
const POD_LEVEL = ['cpu', 'memory']

interface Asked {
  readonly requests: Readonly<ResourceList>
  readonly limits: Readonly<ResourceList>
}

export function limitFaults(resource: GroupResource, object: KubeObject, limits: readonly LimitRangeItem[]): string[] {
  return limits.flatMap((limit) => (resource === 'pods' ? podFaults((object as Pod).spec, limit) : claimFaults(object, limit)))
}

function podFaults(spec: PodSpec, limit: LimitRangeItem): string[] {
  if (limit.type === 'Container') {
    return [...spec.containers, ...(spec.initContainers ?? [])].flatMap(({ resources }) =>
      faultsOf({ requests: resources?.requests ?? {}, limits: resources?.limits ?? {} }, limit),
    )
  }
  return limit.type === 'Pod' ? faultsOf({ requests: totals(spec, 'requests'), limits: totals(spec, 'limits') }, limit) : []
}

/** Overhead isn't the pod's own doing, and doesn't count. */
function totals(spec: PodSpec, field: 'requests' | 'limits'): ResourceList {
  const total = containerTotals(spec, field)
  for (const name of POD_LEVEL) {
    const amount = spec.resources?.[field]?.[name]
    if (amount !== undefined) total[name] = amount
  }
  return total
}

function claimFaults(object: KubeObject, limit: LimitRangeItem): string[] {
  if (limit.type !== 'PersistentVolumeClaim') return []
  const requests = (object as PersistentVolumeClaim).spec.resources?.requests ?? {}
  return [
    ...eachOf(limit.min, (name, min) => minFault(limit.type, name, min, { requests, limits: {} })),
    ...eachOf(limit.max, (name, max) => maxRequestFault(limit.type, name, max, requests)),
  ]
}

function faultsOf(asked: Asked, limit: LimitRangeItem): string[] {
  return [
    ...eachOf(limit.min, (name, min) => minFault(limit.type, name, min, asked)),
    ...eachOf(limit.max, (name, max) => maxFault(limit.type, name, max, asked)),
    ...eachOf(limit.maxLimitRequestRatio, (name, ratio) => ratioFault(limit.type, name, ratio, asked)),
  ]
}

function eachOf(bounds: Readonly<ResourceList> | undefined, faultOf: (name: string, bound: string) => string | undefined): string[] {
  return Object.keys(bounds ?? {})
    .sort()
    .map((name) => faultOf(name, bounds![name]!))
    .filter((fault) => fault !== undefined)
}

function minFault(type: string, name: string, min: string, { requests, limits }: Asked): string | undefined {
  const request = requests[name]
  const limit = limits[name]
  const text = `minimum ${name} usage per ${type} is ${min}`
  if (request === undefined) return `${text}.  No request is specified`
  if (compareQuantities(request, min) < 0) return `${text}, but request is ${request}`
  return limit !== undefined && compareQuantities(limit, min) < 0 ? `${text}, but limit is ${limit}` : undefined
}

function maxRequestFault(type: string, name: string, max: string, requests: Readonly<ResourceList>): string | undefined {
  const request = requests[name]
  const text = `maximum ${name} usage per ${type} is ${max}`
  if (request === undefined) return `${text}.  No request is specified`
  return compareQuantities(request, max) > 0 ? `${text}, but request is ${request}` : undefined
}

function maxFault(type: string, name: string, max: string, { requests, limits }: Asked): string | undefined {
  const request = requests[name]
  const limit = limits[name]
  const text = `maximum ${name} usage per ${type} is ${max}`
  if (limit === undefined) return `${text}.  No limit is specified`
  if (compareQuantities(limit, max) > 0) return `${text}, but limit is ${limit}`
  return request !== undefined && compareQuantities(request, max) > 0 ? `${text}, but request is ${request}` : undefined
}

function ratioFault(type: string, name: string, ratio: string, { requests, limits }: Asked): string | undefined {
  const request = quantityMilliValue(requests[name])
  const limit = quantityMilliValue(limits[name])
  const text = `${name} max limit to request ratio per ${type} is ${ratio}, but`
  if (request === 0) return `${text} no request is specified or request is 0`
  if (limit === 0) return `${text} no limit is specified or limit is 0`
  return (limit / request) * 1000 > quantityMilliValue(ratio) ? `${text} provided ratio is ${(limit / request).toFixed(6)}` : undefined
}
