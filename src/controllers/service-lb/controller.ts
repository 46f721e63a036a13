/**
 * Gives each Service of type LoadBalancer, unless it names a class of its own, an address of a simulated cloud.
 * Upstream: cloud-provider controllers/service, with a cloud that makes a load balancer at once.
 */
import { familyOfIp, type IpFamily } from '../../api/core/v1/address-range.ts'
import type { Node, Service } from '../../api/types.gen.ts'
import type { ControllerDefinition, Key } from '../../runtime/controller.ts'
import { keyOf, splitKey } from '../../runtime/owner-keys.ts'
import { isBalanced, isNodeChange, nodeSet } from './balanced-nodes.ts'
import { INGRESSES, type LoadBalancerAddresses, SERVICES, serviceOwner } from './load-balancer-addresses.ts'
import {
  LOAD_BALANCER_FINALIZER,
  needsCleanup,
  type ObservedBalancer,
  reconcileBalancer,
  type Synced,
  wantsLoadBalancer,
  wantsOf,
} from './reconcile.ts'

const NODES = 'nodes'
const BY_WISH = 'wish'
const WANTED = 'wanted'

/** @param addresses shared with the load balancers of Ingresses */
export function serviceLoadBalancerController(addresses: LoadBalancerAddresses): ControllerDefinition<ObservedBalancer> {
  const synced = new Map<Key, Synced>()
  /** As of the last change of a node that matters. */
  let nodes: string | undefined
  return {
    name: 'service-lb',
    component: 'service-controller',
    reconciles: SERVICES,
    watches: {
      [NODES]: (current, old, reader) => {
        const [now, before] = [current as Node | undefined, old as Node | undefined]
        const isChange = isNodeChange(now, before)
        if (isChange || isBalanced(now!) !== isBalanced(before!)) nodes = undefined
        if (!isChange) return []
        return reader.indexed<Service>(SERVICES, BY_WISH, WANTED).map(({ metadata }) => keyOf(metadata.namespace, metadata.name))
      },
      // Read, not reconciled: their addresses are of the same range.
      [INGRESSES]: () => [],
    },
    indexes: { [SERVICES]: { [BY_WISH]: (service: Service) => (wantsLoadBalancer(service) ? [WANTED] : []) } },
    observe(reader, key) {
      const { namespace, name } = splitKey(key)
      addresses.seed(reader)
      const service = reader.get<Service>(SERVICES, namespace, name)
      if (service === undefined || !(wantsLoadBalancer(service) || needsCleanup(service))) {
        addresses.release(`service ${key}`)
        synced.delete(key)
        return undefined
      }
      nodes ??= nodeSet(reader.list<Node>(NODES).filter(isBalanced))
      return { service, synced: synced.get(key), nodes, addresses: needsCleanup(service) ? [] : addressesFor(addresses, service) }
    },
    reconcile(observed, context) {
      const { service } = observed
      const key = keyOf(service.metadata.namespace, service.metadata.name)
      const isKept = service.metadata.finalizers?.includes(LOAD_BALANCER_FINALIZER) === true
      if (!needsCleanup(service))
        synced.set(key, { wants: isKept && !('fault' in observed.addresses) ? wantsOf(service) : undefined, nodes: observed.nodes })
      return reconcileBalancer(observed, context)
    },
  }
}

/** The one it asks for, if nobody else has it; else it keeps what it has, or gets the next. */
function addressesFor(addresses: LoadBalancerAddresses, service: Service): readonly string[] | { readonly fault: string } {
  const owner = serviceOwner(service)
  const { loadBalancerIP: wanted, ipFamilies } = service.spec
  const families = (ipFamilies ?? ['IPv4']) as IpFamily[]
  if (wanted) {
    if (!addresses.hold(owner, wanted)) return { fault: `requested address ${JSON.stringify(wanted)} is already in use` }
    addresses.release(owner, [wanted])
  }
  const all = families.map((family) => (wanted && familyOfIp(wanted) === family ? wanted : addresses.addressOf(owner, family)))
  const found = all.filter((ip) => ip !== undefined)
  return found.length === all.length ? found : { fault: 'no address is left' }
}
