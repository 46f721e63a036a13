import type { Service } from '../../types.gen.ts'
import { cidrWarnings, ipWarnings } from './ip-warnings.ts'

/** What a service says that nobody heeds, or soon won't. Upstream: pkg/api/service/warnings.go. */
export function serviceWarnings({ metadata, spec }: Service): string[] {
  const { type, externalIPs = [], clusterIPs = [], loadBalancerIP, loadBalancerSourceRanges = [] } = spec
  const isHeadless = type === 'ClusterIP' && spec.clusterIP === 'None'
  const texts: string[] = []
  if (metadata.annotations?.['service.kubernetes.io/topology-aware-hints'] !== undefined) {
    texts.push(
      'annotation service.kubernetes.io/topology-aware-hints is deprecated, please use service.kubernetes.io/topology-mode instead',
    )
  }
  if (spec.clusterIP && spec.clusterIP !== 'None') texts.push(...clusterIPs.flatMap((ip, i) => ipWarnings(`spec.clusterIPs[${i}]`, ip)))
  if (isHeadless) {
    if (loadBalancerIP) texts.push('spec.loadBalancerIP is ignored for headless services')
    if (externalIPs.length > 0) texts.push('spec.externalIPs is ignored for headless services')
    if (spec.sessionAffinity !== 'None') texts.push('spec.SessionAffinity is ignored for headless services')
  }
  texts.push(...externalIPs.flatMap((ip, i) => ipWarnings(`spec.externalIPs[${i}]`, ip)))
  if (externalIPs.length > 0 && !isHeadless && type !== 'ExternalName') {
    texts.push('spec.externalIPs is deprecated and may no longer be implemented in some clusters')
  }
  if (loadBalancerIP) texts.push(...ipWarnings('spec.loadBalancerIP', loadBalancerIP))
  texts.push(...loadBalancerSourceRanges.flatMap((cidr, i) => cidrWarnings(`spec.loadBalancerSourceRanges[${i}]`, cidr)))
  if (type === 'ExternalName' && externalIPs.length > 0) texts.push('spec.externalIPs is ignored when spec.type is "ExternalName"')
  if (type !== 'ExternalName' && spec.externalName) texts.push('spec.externalName is ignored when spec.type is not "ExternalName"')
  if (spec.trafficDistribution === 'PreferClose') {
    texts.push('spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"')
  }
  return texts
}

/** Addresses in status.loadBalancer, as Services and Ingresses have it. */
export function loadBalancerWarnings(
  status: { loadBalancer?: { ingress?: { ip?: string | undefined }[] | undefined } | undefined } = {},
): string[] {
  const ingress = status.loadBalancer?.ingress ?? []
  return ingress.flatMap(({ ip }, i) => (ip ? ipWarnings(`status.loadBalancer.ingress[${i}]`, ip) : []))
}
