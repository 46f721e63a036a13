/** Upstream: validation.go ValidateService, ValidateServiceUpdate. */
import { isIP } from 'node:net'
import { duplicate, type FieldError, forbidden, invalid, notSupported, required } from '../../meta/field-error.ts'
import { isDns1123Label, isDns1123Subdomain, isQualifiedName, isValidPortNumber } from '../../meta/names.ts'
import { validateLabels } from '../../meta/object-meta-validation.ts'
import type { Service, ServicePort } from '../../types.gen.ts'
import { checkPort, pushInvalid } from './formats.ts'
import { checkCidr, checkIp, checkNonSpecialIp, isDualStack, isIpv6 } from './ip-address.ts'
import { isExternallyAccessible, isHeadless, needsHealthCheckPort } from './service-needs.ts'

const TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']
const ONLY_FOR_LOAD_BALANCERS = "may only be used when `type` is 'LoadBalancer'"
const AFFINITIES = ['ClientIP', 'None']
const PROTOCOLS = ['SCTP', 'TCP', 'UDP']
const TRAFFIC_POLICIES = ['Cluster', 'Local']
const DISTRIBUTIONS = ['PreferClose', 'PreferSameZone', 'PreferSameNode']
const TOPOLOGY_MODE = 'service.kubernetes.io/topology-mode'
const TOPOLOGY_HINTS = 'service.kubernetes.io/topology-aware-hints'
const SOURCE_RANGES = 'service.beta.kubernetes.io/load-balancer-source-ranges'
const MAX_AFFINITY_SECONDS = 86400

/** @param old the service before, when there is one */
export function validateService(service: Service, old?: Service): FieldError[] {
  const errors: FieldError[] = []
  const { [TOPOLOGY_MODE]: mode, [TOPOLOGY_HINTS]: hints } = service.metadata.annotations ?? {}
  if (mode !== undefined && hints !== undefined && mode !== hints) {
    errors.push(
      invalid(`metadata.annotations[${TOPOLOGY_MODE}]`, mode, `must match annotations[${TOPOLOGY_HINTS}] when both are specified`),
    )
  }
  const { spec } = service
  const { type, ports = [], clusterIPs } = spec
  if (ports.length === 0 && !isHeadless(service) && type !== 'ExternalName') errors.push(required('spec.ports'))
  if ((type === 'LoadBalancer' || type === 'NodePort') && isHeadless(service)) {
    errors.push(invalid('spec.clusterIPs[0]', clusterIPs![0], `may not be set to 'None' for ${type} services`))
  }
  if (type === 'ExternalName') checkExternalName(errors, service)
  checkPorts(errors, service)
  if (spec.selector) errors.push(...validateLabels(spec.selector, 'spec.selector'))
  checkSessionAffinity(errors, service)
  if (type !== 'ExternalName') checkClusterIps(errors, service)
  spec.externalIPs?.forEach((ip, i) => {
    if (checkIp(errors, ip, `spec.externalIPs[${i}]`)) checkNonSpecialIp(errors, ip, `spec.externalIPs[${i}]`)
  })
  if (!type) errors.push(required('spec.type'))
  else if (!TYPES.includes(type)) errors.push(notSupported('spec.type', type, TYPES))
  checkLoadBalancer(errors, service, old)
  checkTrafficPolicies(errors, service)
  return errors
}

function checkExternalName(errors: FieldError[], { spec }: Service): void {
  for (const key of ['clusterIPs', 'ipFamilies'] as const) {
    if (spec[key]?.length) errors.push(forbidden(`spec.${key}`, 'may not be set for ExternalName services'))
  }
  if (spec.ipFamilyPolicy !== undefined) {
    errors.push(forbidden('spec.ipFamilyPolicy', 'may not be set for ExternalName services'))
  }
  const name = (spec.externalName ?? '').replace(/\.$/, '')
  if (name === '') errors.push(required('spec.externalName'))
  else pushInvalid(errors, 'spec.externalName', name, isDns1123Subdomain(name))
}

function checkPorts(errors: FieldError[], { spec }: Service): void {
  const { ports = [], type } = spec
  const isBefore = (i: number, isSame: (other: ServicePort) => boolean): boolean => ports.findIndex(isSame) < i
  ports.forEach(({ name, port, protocol, targetPort, appProtocol, nodePort }, i) => {
    const path = `spec.ports[${i}]`
    if (ports.length > 1 && !name) errors.push(required(`${path}.name`))
    else if (name) {
      pushInvalid(errors, `${path}.name`, name, isDns1123Label(name))
      if (isBefore(i, (other) => other.name === name)) errors.push(duplicate(`${path}.name`, name))
    }
    pushInvalid(errors, `${path}.port`, port ?? 0, isValidPortNumber(port ?? 0))
    if (!protocol) errors.push(required(`${path}.protocol`))
    else if (!PROTOCOLS.includes(protocol)) errors.push(notSupported(`${path}.protocol`, protocol, PROTOCOLS))
    checkPort(errors, targetPort, `${path}.targetPort`)
    if (appProtocol !== undefined) pushInvalid(errors, `${path}.appProtocol`, appProtocol, isQualifiedName(appProtocol))
    if (nodePort) {
      if (type === 'ClusterIP') errors.push(forbidden(`${path}.nodePort`, "may not be used when `type` is 'ClusterIP'"))
      if (isBefore(i, (other) => other.nodePort === nodePort && other.protocol === protocol)) {
        errors.push(duplicate(`${path}.nodePort`, nodePort))
      }
    }
    if (isBefore(i, (other) => other.port === port && other.protocol === protocol)) {
      // Upstream marshals its internal struct, which has no JSON names.
      const key = { Name: '', Protocol: protocol, AppProtocol: null, Port: port, TargetPort: 0, NodePort: 0 }
      errors.push(duplicate(path, key))
    }
  })
}

function checkSessionAffinity(errors: FieldError[], { spec }: Service): void {
  const { sessionAffinity: affinity, sessionAffinityConfig: config } = spec
  if (!affinity) errors.push(required('spec.sessionAffinity'))
  else if (!AFFINITIES.includes(affinity)) errors.push(notSupported('spec.sessionAffinity', affinity, AFFINITIES))
  const path = 'spec.sessionAffinityConfig'
  const detail = 'when session affinity type is ClientIP'
  if (affinity === 'None' && config) errors.push(forbidden(path, 'must not be set when session affinity is None'))
  if (affinity !== 'ClientIP') return
  const seconds = config?.clientIP?.timeoutSeconds
  if (!config) errors.push(required(path, detail))
  else if (!config.clientIP) errors.push(required(`${path}.clientIP`, detail))
  else if (seconds === undefined) errors.push(required(`${path}.clientIP.timeoutSeconds`, detail))
  else if (seconds <= 0 || seconds > MAX_AFFINITY_SECONDS) {
    const range = `must be greater than 0 and less than ${MAX_AFFINITY_SECONDS}`
    errors.push(invalid(`${path}.clientIP.timeoutSeconds`, seconds, range))
  }
}

/** Upstream: validation.go ValidateServiceClusterIPsRelatedFields. */
export function checkClusterIps(errors: FieldError[], service: Service): void {
  const { clusterIP, clusterIPs = [], ipFamilies = [], ipFamilyPolicy } = service.spec
  const path = 'spec.clusterIPs'
  if (clusterIP) {
    if (clusterIPs.length === 0) errors.push(required(path))
    else if (clusterIPs[0] !== clusterIP) errors.push(invalid(path, clusterIPs, 'first value must match `clusterIP`'))
  } else if (clusterIPs.length > 0) errors.push(invalid(path, clusterIPs, 'must be empty when `clusterIP` is not specified'))
  ipFamilies.forEach((family, i) => {
    if (family !== 'IPv4' && family !== 'IPv6') errors.push(notSupported(`spec.ipFamilies[${i}]`, family, ['IPv4', 'IPv6']))
    if (ipFamilies.indexOf(family) < i) errors.push(duplicate(`spec.ipFamilies[${i}]`, family))
  })
  const policies = ['PreferDualStack', 'RequireDualStack', 'SingleStack']
  if (ipFamilyPolicy !== undefined && !policies.includes(ipFamilyPolicy)) {
    errors.push(notSupported('spec.ipFamilyPolicy', ipFamilyPolicy, policies))
  }
  let isValid = true
  clusterIPs.forEach((ip, i) => {
    if (i > 0 || ip !== 'None') isValid = checkIp(errors, ip, `${path}[${i}]`) && isValid
    else if (clusterIPs.length > 1) {
      isValid = false
      errors.push(invalid(path, clusterIPs, "'None' must be the first and only value"))
    }
  })
  if (clusterIPs.length > 2) errors.push(invalid(path, clusterIPs, 'may only hold up to 2 values'))
  if (!isValid) return
  if (clusterIPs.length > 1 && !isDualStack(clusterIPs)) {
    errors.push(invalid(path, clusterIPs, 'may specify no more than one IP for each IP family'))
  }
  if (isHeadless(service)) return
  clusterIPs.forEach((ip, i) => {
    const family = ipFamilies[i]
    if (family === undefined || (family === 'IPv6') === isIpv6(ip)) return
    errors.push(invalid(`${path}[${i}]`, ip, `expected an ${family} value as indicated by \`ipFamilies[${i}]\``))
  })
}

function checkLoadBalancer(errors: FieldError[], service: Service, old: Service | undefined): void {
  const { spec } = service
  const isLoadBalancer = spec.type === 'LoadBalancer'
  if (spec.loadBalancerSourceRanges?.length) {
    if (!isLoadBalancer) errors.push(forbidden('spec.LoadBalancerSourceRanges', ONLY_FOR_LOAD_BALANCERS))
    spec.loadBalancerSourceRanges.forEach((range, i) => {
      checkCidr(errors, range.trim(), `spec.LoadBalancerSourceRanges[${i}]`)
    })
  } else checkAnnotatedRanges(errors, service, old)
  if (spec.allocateLoadBalancerNodePorts !== undefined && !isLoadBalancer) {
    errors.push(forbidden('spec.allocateLoadBalancerNodePorts', ONLY_FOR_LOAD_BALANCERS))
  }
  if (isLoadBalancer && spec.allocateLoadBalancerNodePorts === undefined) errors.push(required('allocateLoadBalancerNodePorts'))
  checkLoadBalancerClass(errors, service)
}

function checkLoadBalancerClass(errors: FieldError[], { spec: { type, loadBalancerClass: name } }: Service): void {
  if (name === undefined) return
  if (type !== 'LoadBalancer') errors.push(forbidden('spec.loadBalancerClass', ONLY_FOR_LOAD_BALANCERS))
  else pushInvalid(errors, 'spec.loadBalancerClass', name, isQualifiedName(name))
}

/** The way to say it before there was a field. */
function checkAnnotatedRanges(errors: FieldError[], { metadata, spec }: Service, old: Service | undefined): void {
  const text = metadata.annotations?.[SOURCE_RANGES]
  if (text === undefined) return
  const path = `metadata.annotations[${SOURCE_RANGES}]`
  if (spec.type !== 'LoadBalancer') errors.push(forbidden(path, ONLY_FOR_LOAD_BALANCERS))
  if (text.trim() === '' || old?.metadata.annotations?.[SOURCE_RANGES] === text) return
  for (const range of text.trim().split(',')) checkCidr(errors, range.trim(), path)
}

function checkTrafficPolicies(errors: FieldError[], service: Service): void {
  const { externalTrafficPolicy: external, internalTrafficPolicy: internal, healthCheckNodePort: port = 0, type } = service.spec
  if (!isExternallyAccessible(service)) {
    if (external) errors.push(invalid('spec.externalTrafficPolicy', external, 'may only be set for externally-accessible services'))
  } else if (!external) errors.push(required('spec.externalTrafficPolicy'))
  else if (!TRAFFIC_POLICIES.includes(external)) errors.push(notSupported('spec.externalTrafficPolicy', external, TRAFFIC_POLICIES))
  if (!needsHealthCheckPort(service)) {
    if (port !== 0) {
      const detail = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"
      errors.push(invalid('spec.healthCheckNodePort', port, detail))
    }
  } else if (port === 0) errors.push(required('spec.healthCheckNodePort'))
  else pushInvalid(errors, 'spec.healthCheckNodePort', port, isValidPortNumber(port))
  if (internal === undefined) {
    if (type === 'NodePort' || type === 'LoadBalancer' || type === 'ClusterIP') errors.push(required('spec.internalTrafficPolicy'))
  } else if (!TRAFFIC_POLICIES.includes(internal)) errors.push(notSupported('spec.internalTrafficPolicy', internal, TRAFFIC_POLICIES))
  const { trafficDistribution } = service.spec
  if (trafficDistribution !== undefined && !DISTRIBUTIONS.includes(trafficDistribution)) {
    errors.push(notSupported('spec.trafficDistribution', trafficDistribution, DISTRIBUTIONS))
  }
}

/** Addresses and families may be added and given back, but the first of them stays. */
export function validateServiceUpdate(service: Service, old: Service): FieldError[] {
  const errors: FieldError[] = []
  if (service.spec.type !== 'ExternalName' && old.spec.type !== 'ExternalName') {
    if (!isHeadless(service) || !isHeadless(old)) checkKept(errors, service, old, 'clusterIPs', 'clusterIP')
    if (!isHeadless(service) && !isHeadless(old)) checkKept(errors, service, old, 'ipFamilies', 'ipFamily')
  }
  const isStillBalanced = service.spec.type === 'LoadBalancer' && old.spec.type === 'LoadBalancer'
  if (isStillBalanced && service.spec.loadBalancerClass !== old.spec.loadBalancerClass) {
    errors.push(invalid('spec.loadBalancerClass', service.spec.loadBalancerClass ?? null, 'may not change once set'))
  }
  // Upstream looks at it here and again with all the rest.
  checkLoadBalancerClass(errors, service)
  if (needsHealthCheckPort(service) && needsHealthCheckPort(old)) {
    if (service.spec.healthCheckNodePort !== old.spec.healthCheckNodePort) {
      errors.push(forbidden('spec.healthCheckNodePort', 'field is immutable'))
    }
  }
  return [...errors, ...validateService(service, old)]
}

function checkKept(errors: FieldError[], { spec }: Service, old: Service, key: 'clusterIPs' | 'ipFamilies', one: string): void {
  const next = spec[key] ?? []
  const before = old.spec[key] ?? []
  const path = `spec.${key}`
  if (next.length === before.length) {
    before.forEach((value, i) => {
      if (value !== next[i]) errors.push(invalid(`${path}[${key === 'clusterIPs' ? i : 0}]`, next, 'may not change once set'))
    })
    return
  }
  if (before.length > next.length && next.length === 0) {
    errors.push(invalid(`${path}[0]`, next, `primary ${one} can not be unset`))
  }
  if (before.length > 0 && next.length > 0 && next[0] !== before[0]) errors.push(invalid(`${path}[0]`, next, 'may not change once set'))
  if (before.length > next.length && next.length === 1 && spec.ipFamilyPolicy !== 'SingleStack') {
    const detail = `must be set to 'SingleStack' when releasing the secondary ${one}`
    errors.push(invalid('spec.ipFamilyPolicy', spec.ipFamilyPolicy ?? null, detail))
  }
}

/** Upstream: validation.go ValidateLoadBalancerStatus. */
export function validateServiceStatus({ spec, status }: Service): FieldError[] {
  const errors: FieldError[] = []
  const { ingress = [] } = status?.loadBalancer ?? {}
  const path = 'status.loadBalancer.ingress'
  if (spec.type !== 'LoadBalancer' && ingress.length > 0) {
    return [forbidden(path, "may only be used when `spec.type` is 'LoadBalancer'")]
  }
  ingress.forEach(({ ip, ipMode, hostname }, i) => {
    const at = `${path}[${i}]`
    if (ip) checkIp(errors, ip, `${at}.ip`)
    if (ipMode === undefined) {
      if (ip) errors.push(required(`${at}.ipMode`, 'must be specified when `ip` is set'))
    } else if (!ip) errors.push(forbidden(`${at}.ipMode`, 'may not be specified when `ip` is not set'))
    else if (ipMode !== 'VIP' && ipMode !== 'Proxy') errors.push(notSupported(`${at}.ipMode`, ipMode, ['Proxy', 'VIP']))
    if (!hostname) return
    pushInvalid(errors, `${at}.hostname`, hostname, isDns1123Subdomain(hostname))
    if (isIP(hostname) !== 0) errors.push(invalid(`${at}.hostname`, hostname, 'must be a DNS name, not an IP address'))
  })
  return errors
}
