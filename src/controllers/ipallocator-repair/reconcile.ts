import { familyOfIp } from '../../api/core/v1/address-range.ts'
import type { IPAddress, Service } from '../../api/types.gen.ts'
import type { Action, Plan, PlannedEvent } from '../../runtime/plan.ts'
import { hasAddressLabels, IP_ADDRESSES, isAddressOf, isManagedAddress, newAddress, refersToService } from './managed-address.ts'

export interface ObservedClusterIp {
  readonly ip: string
  readonly address: IPAddress | undefined
  /** Those that have the cluster IP: more than one by some mishap only. */
  readonly services: readonly Service[]
  /** Is it of some ServiceCIDR? */
  readonly isInRange: boolean
}

export function reconcileClusterIp({ ip, address, services, isInRange }: ObservedClusterIp): Plan {
  const [oldest] = [...services].sort((a, b) => (ageOf(a) < ageOf(b) ? -1 : 1))
  if (oldest === undefined)
    return address !== undefined && isManagedAddress(address) ? { actions: [remove(address, modified(address))] } : {}
  const where = `Cluster IP [${familyOfIp(ip)}]`
  if (!isInRange) {
    const message = `${where}: ${ip} is not within any configured Service CIDR; please recreate service`
    return { events: services.map((about) => warning(about, 'ClusterIPOutOfRange', message)) }
  }
  const owner = (address && services.find((service) => isAddressOf(address, service))) ?? oldest
  const others = services.filter((service) => service !== owner)
  const message = `${where}:${ip} was assigned to multiple services; please recreate service`
  const events = others.map((about) => warning(about, 'ClusterIPAlreadyAllocated', message))
  const create: Action = { verb: 'create', resource: IP_ADDRESSES, object: newAddress(ip, owner) }
  if (address === undefined) return { actions: [create], events }
  if (isAddressOf(address, owner) && hasAddressLabels(address)) return { events }
  return { actions: [remove(address), create], events: [...events, ...wrongReference(ip, address, owner)] }
}

function ageOf({ metadata }: Service): string {
  return `${metadata.creationTimestamp} ${metadata.namespace}/${metadata.name}`
}

function remove({ metadata }: IPAddress, event?: PlannedEvent): Action {
  const target = { resource: IP_ADDRESSES, namespace: '', name: metadata.name }
  return { verb: 'delete', target, preconditions: { uid: metadata.uid }, ...(event && { event }) }
}

/** As Go prints a ParentReference. */
function modified({ metadata: { name }, spec }: IPAddress): PlannedEvent | undefined {
  if (refersToService(spec)) return undefined
  const { group = '', resource = '', namespace = '', name: parent = '' } = spec.parentRef ?? {}
  const text = `&ParentReference{Group:${group},Resource:${resource},Namespace:${namespace},Name:${parent},}`
  const message = `IPAddress ${name} appears to have been modified, not referencing a Service ${text}: cleaning up`
  return { type: 'Warning', reason: 'IPAddressNotAllocated', message }
}

/** The address of a Service that is gone changes hands without a word. */
function wrongReference(ip: string, address: IPAddress, owner: Service): PlannedEvent[] {
  if (isAddressOf(address, owner) || (isManagedAddress(address) && refersToService(address.spec))) return []
  const { namespace, name } = owner.metadata
  const message = `the ClusterIP [${familyOfIp(ip)}]: ${ip} for Service ${namespace}/${name} has a wrong reference; repairing`
  return [warning(owner, 'ClusterIPNotAllocated', message)]
}

function warning(about: Service, reason: string, message: string): PlannedEvent {
  return { type: 'Warning', reason, message, about }
}
