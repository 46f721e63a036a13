/** What an Ingress may ask for. Upstream: pkg/apis/networking/validation ValidateIngressSpec. */
import { isIP } from 'node:net'
import { checkIp } from '../../core/v1/ip-address.ts'
import { pushInvalid } from '../../meta/field-checks.ts'
import { type FieldError, invalid, notSupported, required } from '../../meta/field-error.ts'
import { isDns1123Label, isDns1123Subdomain, isValidPortName, isValidPortNumber, isWildcardDns1123Subdomain } from '../../meta/names.ts'
import type { HTTPIngressPath, HTTPIngressRuleValue, IngressBackend, IngressSpec, IngressStatus } from '../../types.gen.ts'
import { pushReferenceFaults } from './resource-reference.ts'

/** These escape a path, or hide that one is escaped. */
const INVALID_SEQUENCES = ['//', '/./', '/../', '%2f', '%2F']
const INVALID_SUFFIXES = ['/..', '/.']

/** @param old what it already has wrong may stay */
export function validateIngressSpec(spec: IngressSpec, old?: IngressSpec): FieldError[] {
  const errors: FieldError[] = []
  const { rules = [], tls = [], defaultBackend, ingressClassName } = spec
  if (rules.length === 0 && defaultBackend === undefined) {
    errors.push(invalid('spec', spec.rules, 'either `defaultBackend` or `rules` must be specified'))
  }
  if (defaultBackend !== undefined) pushBackendFaults(errors, defaultBackend, 'spec.defaultBackend')
  const allowsBadWildcardRules = old?.rules?.some(({ host, http }) => host?.includes('*') && pathsFaults(http, '').length > 0)
  rules.forEach(({ host, http }, i) => {
    const path = `spec.rules[${i}]`
    if (host) {
      if (isIP(host) !== 0) errors.push(invalid(`${path}.host`, host, 'must be a DNS name, not an IP address'))
      pushHostFaults(errors, host, `${path}.host`)
    }
    if (!(allowsBadWildcardRules && host?.includes('*'))) errors.push(...pathsFaults(http, path))
  })
  const allowsBadSecrets = old?.tls?.some(({ secretName }) => secretName && isDns1123Subdomain(secretName).length > 0)
  tls.forEach(({ hosts, secretName }, i) => {
    const path = `spec.tls[${i}]`
    hosts?.forEach((host, k) => {
      pushHostFaults(errors, host, `${path}.hosts[${k}]`)
    })
    if (secretName && !allowsBadSecrets) pushInvalid(errors, `${path}.secretName`, secretName, isDns1123Subdomain(secretName))
  })
  if (ingressClassName !== undefined) pushInvalid(errors, 'spec.ingressClassName', ingressClassName, isDns1123Subdomain(ingressClassName))
  return errors
}

/** Upstream: ValidateIngressLoadBalancerStatus. */
export function validateIngressStatus(status: IngressStatus | undefined, old: IngressStatus | undefined): FieldError[] {
  const errors: FieldError[] = []
  const known = new Set(old?.loadBalancer?.ingress?.map(({ ip }) => ip))
  status?.loadBalancer?.ingress?.forEach(({ ip, hostname }, i) => {
    const path = `status.loadBalancer.ingress[${i}]`
    if (ip && !known.has(ip)) checkIp(errors, ip, `${path}.ip`)
    if (!hostname) return
    pushInvalid(errors, `${path}.hostname`, hostname, isDns1123Subdomain(hostname))
    if (isIP(hostname) !== 0) errors.push(invalid(`${path}.hostname`, hostname, 'must be a DNS name, not an IP address'))
  })
  return errors
}

function pathsFaults(http: HTTPIngressRuleValue | undefined, path: string): FieldError[] {
  if (http === undefined) return []
  const errors: FieldError[] = []
  if (!http.paths?.length) errors.push(required(`${path}.http.paths`))
  http.paths?.forEach((httpPath, i) => {
    pushPathFaults(errors, httpPath, `${path}.http.paths[${i}]`)
  })
  return errors
}

function pushHostFaults(errors: FieldError[], host: string, path: string): void {
  pushInvalid(errors, path, host, host.includes('*') ? isWildcardDns1123Subdomain(host) : isDns1123Subdomain(host))
}

function pushPathFaults(errors: FieldError[], { path = '', pathType, backend }: HTTPIngressPath, at: string): void {
  if (pathType === undefined) {
    errors.push(required(`${at}.pathType`, 'pathType must be specified'))
    return
  }
  const fault = (detail: string) => errors.push(invalid(`${at}.path`, path, detail))
  if (pathType === 'Exact' || pathType === 'Prefix') {
    if (!path.startsWith('/')) fault('must be an absolute path')
    for (const sequence of INVALID_SEQUENCES) if (path.includes(sequence)) fault(`must not contain '${sequence}'`)
    for (const suffix of INVALID_SUFFIXES) if (path.endsWith(suffix)) fault(`cannot end with '${suffix}'`)
  } else if (pathType !== 'ImplementationSpecific') {
    errors.push(notSupported(`${at}.pathType`, pathType, ['Exact', 'ImplementationSpecific', 'Prefix']))
  } else if (path !== '' && !path.startsWith('/')) fault('must be an absolute path')
  pushBackendFaults(errors, backend ?? {}, `${at}.backend`)
}

function pushBackendFaults(errors: FieldError[], { resource, service }: IngressBackend, path: string): void {
  if (resource !== undefined && service !== undefined) {
    errors.push(invalid(path, '', 'cannot set both resource and service backends'))
  } else if (resource !== undefined) pushReferenceFaults(errors, resource, `${path}.resource`)
  else if (service === undefined) errors.push(invalid(path, '', 'resource or service backend is required'))
  else {
    if (!service.name) errors.push(required(`${path}.service.name`))
    else pushInvalid(errors, `${path}.service.name`, service.name, isDns1123Label(service.name))
    const { name, number } = service.port ?? {}
    if (name && number) errors.push(invalid(path, '', 'cannot set both port name & port number'))
    else if (name) pushInvalid(errors, `${path}.service.port.name`, name, isValidPortName(name))
    else if (number) pushInvalid(errors, `${path}.service.port.number`, number, isValidPortNumber(number))
    else errors.push(required(path, 'port name or number is required'))
  }
}
