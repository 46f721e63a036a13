import { isIPv4, isIPv6 } from 'node:net'
import { canonicalIpFaults, checkIp, checkNonSpecialIp } from '../../core/v1/ip-address.ts'
import { ipWarnings } from '../../core/v1/ip-warnings.ts'
import { defineResource } from '../../definition.ts'
import { isSameValue, pushChanged, pushInvalid, pushUnsupported, pushUnsupportedOrMissing } from '../../meta/field-checks.ts'
import { duplicate, type FieldError, invalid, required, tooMany } from '../../meta/field-error.ts'
import { isDns1123Label, isDns1123Subdomain, isQualifiedName, isValidLabelValue } from '../../meta/names.ts'
import { ageColumn, column, firstFew, nameColumn } from '../../table-columns.ts'
import type { DiscoveryV1EndpointPort, Endpoint, EndpointSlice } from '../../types.gen.ts'

const MAX_ENDPOINTS = 1000
const MAX_ADDRESSES = 100
const MAX_PORTS = 20_000
const MAX_HINTS = 8
const SHOWN = 3
const HOSTNAME_LABEL = 'kubernetes.io/hostname'

export const endpointSlice = defineResource<EndpointSlice>('discovery.k8s.io/v1/endpointslices', {
  countsGenerations: true,
  setDefaults: (object) => {
    object.endpoints ??= []
    for (const port of object.ports ?? []) {
      port.name ??= ''
      port.protocol ??= 'TCP'
    }
  },
  prepareForCreate: (object) => {
    dropTopology(object, new Set())
  },
  prepareForUpdate: (next, old) => {
    // Labels say whose endpoints these are, so that they count as its content.
    const isRelabelled = !isSameValue(next.metadata.labels ?? {}, old.metadata.labels ?? {})
    if (isRelabelled) next.metadata.generation = (old.metadata.generation ?? 0) + 1
    if (isSameValue(next.endpoints, old.endpoints)) return
    dropTopology(next, new Set(old.endpoints?.map(({ deprecatedTopology }) => deprecatedTopology?.[HOSTNAME_LABEL])))
  },
  validatesUpdateAlone: true,
  validate: (object) => validateEndpointSlice(object, undefined),
  validateUpdate: (next, old) => {
    const errors = validateEndpointSlice(next, old)
    pushChanged(errors, 'addressType', next.addressType, old.addressType)
    return errors
  },
  warnings,
  columns: [
    nameColumn,
    column('AddressType', 'string', 'Kind of the addresses.', ({ addressType }) => addressType),
    column('Ports', 'string', 'Ports of every endpoint.', ({ ports = [] }) => {
      const texts = ports.map(({ port, name }) => (port === undefined ? (name ?? '*') : String(port)))
      return firstFew(texts, SHOWN) || '<unset>'
    }),
    column('Endpoints', 'string', 'Addresses of the endpoints.', ({ endpoints }) => {
      const addresses = (endpoints ?? []).flatMap((endpoint) => endpoint.addresses ?? [])
      return firstFew(addresses, SHOWN) || '<unset>'
    }),
    ageColumn,
  ],
})

/**
 * In place: this version has a field for what topology said of an endpoint's node.
 * Upstream: discovery/endpointslice strategy.go dropTopologyOnV1.
 * @param known names of nodes that the old slice's topology has
 */
function dropTopology({ endpoints }: EndpointSlice, known: ReadonlySet<string | undefined>): void {
  for (const endpoint of endpoints ?? []) {
    const node = endpoint.deprecatedTopology?.[HOSTNAME_LABEL]
    if (endpoint.nodeName === undefined && node && known.has(node) && isDns1123Subdomain(node).length === 0) endpoint.nodeName = node
    delete endpoint.deprecatedTopology
  }
}

function validateEndpointSlice(next: EndpointSlice, old: EndpointSlice | undefined): FieldError[] {
  const errors: FieldError[] = []
  pushUnsupportedOrMissing(errors, 'addressType', next.addressType, ['FQDN', 'IPv4', 'IPv6'])
  pushPortFaults(errors, next.ports ?? [])
  const faults = endpointFaults(next.endpoints ?? [], next.addressType)
  // Endpoints that were stored under older rules may stay.
  if (faults.length > 0 && !(old !== undefined && isSameValue(next.endpoints, old.endpoints))) errors.push(...faults)
  return errors
}

function pushPortFaults(errors: FieldError[], ports: readonly DiscoveryV1EndpointPort[]): void {
  if (ports.length > MAX_PORTS) {
    errors.push(tooMany('ports', ports.length, MAX_PORTS))
    return
  }
  const names = new Set<string>()
  ports.forEach(({ name = '', protocol, appProtocol }, i) => {
    const path = `ports[${i}]`
    if (name !== '') pushInvalid(errors, `${path}.name`, name, isDns1123Label(name))
    if (names.has(name)) errors.push(duplicate(`${path}.name`, name))
    names.add(name)
    pushUnsupported(errors, `${path}.protocol`, protocol, ['SCTP', 'TCP', 'UDP'])
    if (appProtocol !== undefined) pushInvalid(errors, `${path}.appProtocol`, appProtocol, isQualifiedName(appProtocol))
  })
}

function endpointFaults(endpoints: readonly Endpoint[], addressType: string): FieldError[] {
  if (endpoints.length > MAX_ENDPOINTS) return [tooMany('endpoints', endpoints.length, MAX_ENDPOINTS)]
  const errors: FieldError[] = []
  endpoints.forEach((endpoint, i) => {
    const path = `endpoints[${i}]`
    const addresses = endpoint.addresses ?? []
    if (addresses.length === 0) errors.push(required(`${path}.addresses`, 'must contain at least 1 address'))
    if (addresses.length > MAX_ADDRESSES) errors.push(tooMany(`${path}.addresses`, addresses.length, MAX_ADDRESSES))
    addresses.forEach((address, k) => {
      pushAddressFaults(errors, address, addressType, `${path}.addresses`, k)
    })
    const { nodeName, hostname, hints } = endpoint
    if (nodeName !== undefined) pushInvalid(errors, `${path}.nodeName`, nodeName, isDns1123Subdomain(nodeName))
    if (hostname !== undefined) pushInvalid(errors, `${path}.hostname`, hostname, isDns1123Label(hostname))
    pushHintFaults(errors, hints?.forZones ?? [], `${path}.hints.forZones`, isValidLabelValue)
    pushHintFaults(errors, hints?.forNodes ?? [], `${path}.hints.forNodes`, isDns1123Subdomain)
  })
  return errors
}

function pushAddressFaults(errors: FieldError[], address: string, addressType: string, path: string, index: number): void {
  const at = `${path}[${index}]`
  if (addressType === 'FQDN') pushDomainFaults(errors, at, address)
  if (addressType !== 'IPv4' && addressType !== 'IPv6') return
  const before = errors.length
  // Spellings of IPv4 were not always looked at closely.
  if (addressType === 'IPv4') checkIp(errors, address, at)
  else pushInvalid(errors, at, address, canonicalIpFaults(address))
  if (errors.length > before) return
  const isOfType = addressType === 'IPv4' ? isIPv4(address) : isIPv6(address)
  if (!isOfType) errors.push(invalid(path, address, `must be an ${addressType} address`))
  checkNonSpecialIp(errors, address, at)
}

/** Upstream: IsFullyQualifiedDomainName, which shows the part at fault. */
function pushDomainFaults(errors: FieldError[], path: string, address: string): void {
  if (address === '') {
    errors.push(required(path))
    return
  }
  const name = address.endsWith('.') ? address.slice(0, -1) : address
  const faults = isDns1123Subdomain(name)
  const labels = name.split('.')
  const badLabel = labels.find((label) => isDns1123Label(label).length > 0)
  if (faults.length > 0) errors.push(invalid(path, name, faults.join(',')))
  else if (labels.length < 2) errors.push(invalid(path, name, 'should be a domain with at least two segments separated by dots'))
  else if (badLabel !== undefined) errors.push(invalid(path, badLabel, isDns1123Label(badLabel).join(',')))
}

function pushHintFaults(
  errors: FieldError[],
  hints: ReadonlyArray<{ readonly name: string }>,
  path: string,
  check: (name: string) => string[],
): void {
  if (hints.length > MAX_HINTS) {
    errors.push(tooMany(path, hints.length, MAX_HINTS))
    return
  }
  const names = new Set<string>()
  hints.forEach(({ name }, i) => {
    if (names.has(name)) errors.push(duplicate(`${path}[${i}].name`, name))
    names.add(name)
    pushInvalid(errors, `${path}[${i}].name`, name, check(name))
  })
}

const MANAGED_BY = 'endpointslice.kubernetes.io/managed-by'
/** Whose slices are known to be well written. */
const CONTROLLERS = ['endpointslice-controller.k8s.io', 'endpointslicemirroring-controller.k8s.io']

/** Upstream: strategy.go warnOnDeprecatedAddressType, warnOnBadIPs. */
function warnings({ metadata, addressType, endpoints }: EndpointSlice, old: EndpointSlice | undefined): string[] {
  const texts = old === undefined && addressType === 'FQDN' ? ['spec.addressType: FQDN endpoints are deprecated'] : []
  if (CONTROLLERS.includes(metadata.labels?.[MANAGED_BY] ?? '')) return texts
  endpoints?.forEach(({ addresses }, i) => {
    addresses?.forEach((address, j) => {
      texts.push(...ipWarnings(`endpoints[${i}].addresses[${j}]`, address))
    })
  })
  return texts
}
