/** What an Ingress may ask for. Upstream: pkg/apis/networking/validation ValidateIngressSpec. */
import { isIP } from 'node:net'
import { pushInvalid } from '../../meta/field-checks.ts'
import { type FieldError, invalid, notSupported, required } from '../../meta/field-error.ts'
import { isDns1123Label, isDns1123Subdomain, isValidPortName, isValidPortNumber, isWildcardDns1123Subdomain } from '../../meta/names.ts'
import type { HTTPIngressPath, IngressBackend, IngressSpec } from '../../types.gen.ts'
import { pushReferenceFaults } from './resource-reference.ts'

/** These escape a path, or hide that one is escaped. */
const INVALID_SEQUENCES = ['//', '/./', '/../', '%2f', '%2F']
const INVALID_SUFFIXES = ['/..', '/.']

export function validateIngressSpec(spec: IngressSpec): FieldError[] {
  const errors: FieldError[] = []
  const { rules = [], tls = [], defaultBackend, ingressClassName } = spec
  if (rules.length === 0 && defaultBackend === undefined) {
    errors.push(invalid('spec', spec.rules, 'either `defaultBackend` or `rules` must be specified'))
  }
  if (defaultBackend !== undefined) pushBackendFaults(errors, defaultBackend, 'spec.defaultBackend')
  rules.forEach(({ host, http }, i) => {
    const path = `spec.rules[${i}]`
    if (host) {
      if (isIP(host) !== 0) errors.push(invalid(`${path}.host`, host, 'must be a DNS name, not an IP address'))
      pushHostFaults(errors, host, `${path}.host`)
    }
    if (http === undefined) return
    if (!http.paths?.length) errors.push(required(`${path}.http.paths`))
    http.paths?.forEach((httpPath, k) => {
      pushPathFaults(errors, httpPath, `${path}.http.paths[${k}]`)
    })
  })
  tls.forEach(({ hosts, secretName }, i) => {
    const path = `spec.tls[${i}]`
    hosts?.forEach((host, k) => {
      pushHostFaults(errors, host, `${path}.hosts[${k}]`)
    })
    if (secretName) pushInvalid(errors, `${path}.secretName`, secretName, isDns1123Subdomain(secretName))
  })
  if (ingressClassName !== undefined) pushInvalid(errors, 'spec.ingressClassName', ingressClassName, isDns1123Subdomain(ingressClassName))
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
