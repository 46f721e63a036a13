import { defineResource } from '../../definition.ts'
import { type FieldError, notSupported, required } from '../../meta/field-error.ts'
import { isDns1123Label, isQualifiedName, isValidPortNumber, nameIsDnsSubdomain } from '../../meta/names.ts'
import type { EndpointAddress, EndpointPort, Endpoints } from '../../types.gen.ts'
import { pushInvalid } from './formats.ts'
import { checkIp, checkNonSpecialIp } from './ip-address.ts'
import { ipWarnings } from './ip-warnings.ts'
import { ageColumn, nameColumn } from './metadata-columns.ts'

const PROTOCOLS = ['SCTP', 'TCP', 'UDP']
const SHOWN = 3

export const endpoints = defineResource<Endpoints>('v1/endpoints', {
  createsOnUpdate: true,
  setDefaults: ({ subsets }) => {
    if (subsets) for (const { ports } of subsets) if (ports) for (const port of ports) port.protocol ||= 'TCP'
  },
  validate,
  warnings,
  deprecation: 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
  columns: [
    nameColumn,
    { name: 'Endpoints', type: 'string', description: 'The first addresses with their ports.', priority: 0, cell: endpointsText },
    ageColumn,
  ],
})

/** The controller's own are known to be well written. Upstream: strategy.go endpointsWarnings. */
function warnings({ metadata, subsets = [] }: Endpoints): string[] {
  if (metadata.labels?.['endpoints.kubernetes.io/managed-by'] === 'endpoint-controller') return []
  return subsets.flatMap((subset, i) =>
    (['addresses', 'notReadyAddresses'] as const).flatMap((key) =>
      (subset[key] ?? []).flatMap(({ ip }, j) => ipWarnings(`subsets[${i}].${key}[${j}].ip`, ip)),
    ),
  )
}

function validate({ subsets }: Endpoints): FieldError[] {
  const errors: FieldError[] = []
  subsets?.forEach(({ addresses = [], notReadyAddresses = [], ports = [] }, i) => {
    const path = `subsets[${i}]`
    if (addresses.length === 0 && notReadyAddresses.length === 0) {
      errors.push(required(path, 'must specify `addresses` or `notReadyAddresses`'))
    }
    addresses.forEach((address, j) => {
      checkAddress(errors, address, `${path}.addresses[${j}]`)
    })
    notReadyAddresses.forEach((address, j) => {
      checkAddress(errors, address, `${path}.notReadyAddresses[${j}]`)
    })
    ports.forEach((port, j) => {
      checkEndpointPort(errors, port, ports.length > 1, `${path}.ports[${j}]`)
    })
  })
  return errors
}

function checkAddress(errors: FieldError[], { ip, hostname, nodeName }: EndpointAddress, path: string): void {
  checkIp(errors, ip, `${path}.ip`)
  if (hostname) pushInvalid(errors, `${path}.hostname`, hostname, isDns1123Label(hostname))
  if (nodeName !== undefined) pushInvalid(errors, `${path}.nodeName`, nodeName, nameIsDnsSubdomain(nodeName, false))
  checkNonSpecialIp(errors, ip ?? '', `${path}.ip`)
}

function checkEndpointPort(errors: FieldError[], endpoint: EndpointPort, needsName: boolean, path: string): void {
  const { name, port, protocol, appProtocol } = endpoint
  if (needsName && !name) errors.push(required(`${path}.name`))
  else if (name) pushInvalid(errors, `${path}.name`, name, isDns1123Label(name))
  pushInvalid(errors, `${path}.port`, port, isValidPortNumber(port))
  if (!protocol) errors.push(required(`${path}.protocol`))
  else if (!PROTOCOLS.includes(protocol)) errors.push(notSupported(`${path}.protocol`, protocol, PROTOCOLS))
  if (appProtocol !== undefined) pushInvalid(errors, `${path}.appProtocol`, appProtocol, isQualifiedName(appProtocol))
}

/** Upstream: printers.go formatEndpoints. */
function endpointsText({ subsets }: Endpoints): string {
  if (!subsets?.length) return '<none>'
  const all: string[] = []
  for (const { addresses = [], ports } of subsets) {
    // Headless services may have no ports.
    if (!ports?.length) for (const { ip } of addresses) all.push(ip)
    else for (const { port } of ports) for (const { ip } of addresses) all.push(ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`)
  }
  const shown = all.slice(0, SHOWN).join(',')
  return all.length > SHOWN ? `${shown} + ${all.length - SHOWN} more...` : shown
}
