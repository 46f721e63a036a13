/** The IPAddress that stands for a Service's cluster IP. Upstream: ipallocator.go createIPAddress, repairip.go newIPAddress */
import { familyOfIp } from '../../api/core/v1/address-range.ts'
import type { KubeObject, New } from '../../api/object.ts'
import type { IPAddress, Service } from '../../api/types.gen.ts'

export const IP_ADDRESSES = 'ipaddresses.networking.k8s.io'
const MANAGED_BY = 'ipaddress.kubernetes.io/managed-by'
const FAMILY = 'ipaddress.kubernetes.io/ip-family'
const MANAGER = 'ipallocator.k8s.io'

export function isManagedAddress({ metadata }: KubeObject): boolean {
  return metadata.labels?.[MANAGED_BY] === MANAGER
}

export function hasAddressLabels(address: IPAddress): boolean {
  return isManagedAddress(address) && address.metadata.labels?.[FAMILY] === familyOfIp(address.metadata.name)
}

export function newAddress(name: string, { metadata }: Service): New<IPAddress> {
  return {
    metadata: { name, labels: { [FAMILY]: familyOfIp(name), [MANAGED_BY]: MANAGER } },
    spec: { parentRef: { group: '', resource: 'services', namespace: metadata.namespace, name: metadata.name } },
  } as New<IPAddress>
}

/** Does it say it is of that Service? */
export function isAddressOf({ spec }: IPAddress, { metadata }: Service): boolean {
  return refersToService(spec) && spec.parentRef?.namespace === metadata.namespace && spec.parentRef?.name === metadata.name
}

export function refersToService({ parentRef }: IPAddress['spec']): boolean {
  return !parentRef?.group && parentRef?.resource === 'services'
}
