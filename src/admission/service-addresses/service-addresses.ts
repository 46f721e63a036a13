/**
 * Gives Services their cluster IPs and node ports. Upstream does this in the Service's storage (registry/core/service/storage),
 * between admission and validation.
 *
 * What is taken is known from the stored Services, by an index that follows their changes. A write's own values are promised to
 * it in the step in which it is handed to the store, and until it is stored or has failed: of two writes that want one address
 * one gets it. A Service that goes, or changes its type, gives its values back with that commit.
 */
import { type AddressRange, addressRange } from '../../api/core/v1/address-range.ts'
import { setIpFamilies } from '../../api/core/v1/service-families.ts'
import { fillInAllocated, setClusterIps } from '../../api/core/v1/service-update.ts'
import { invalidError } from '../../api/meta/api-error.ts'
import { invalid } from '../../api/meta/field-error.ts'
import type { Service } from '../../api/types.gen.ts'
import type { AdmissionPlugin, ClusterView } from '../admission.ts'
import { AddressPool, addressesOf } from './address-pool.ts'
import { allocateAddresses } from './allocate-addresses.ts'
import { allocatePorts } from './allocate-ports.ts'
import { PortPool, portsOf } from './port-pool.ts'

interface Pools {
  readonly addresses: AddressPool
  readonly ports: PortPool
}

/** @param ranges the CIDRs of cluster IPs, one a family, the default family's first */
export function serviceAddresses(ranges: readonly string[]): AdmissionPlugin {
  const configured = ranges.map((cidr) => addressRange(cidr)!)
  const families = configured.map(({ family }) => family)
  let pools: Pools | undefined
  return {
    name: 'ServiceAddresses',
    handles: ({ operation, definition, subresource }) =>
      operation !== 'delete' && subresource === '' && definition.groupResource === 'services',
    mutate: ({ object, old: stored, definition, namespace, name, isDryRun }, cluster) => {
      pools ??= followServices(cluster, configured)
      const service = object as Service
      const old = stored as Service | undefined
      service.spec ??= {}
      if (old === undefined) setClusterIps(service)
      else fillInAllocated(service, old)
      const faults = setIpFamilies(service, old, families)
      if (faults.length > 0) throw invalidError(definition, name, faults)
      const seed = `${namespace}/${name || (service.metadata.generateName ?? '')}`
      allocateAddresses(pools.addresses, service, old, seed, isDryRun)
      allocatePorts(pools.ports.begin(seed, isDryRun), service, old)
    },
    reserve: ({ object, definition, isDryRun }, cluster) => {
      if (!isDryRun) promise(pools!, object as Service, definition, cluster)
      return []
    },
  }
}

/** The last step before the write is handed to the store. */
function promise({ addresses, ports }: Pools, service: Service, kind: { group: string; kind: string }, cluster: ClusterView): void {
  const { namespace, name } = service.metadata
  const owner = `${namespace}/${name}`
  const taken = addressesOf(service).find((ip) => addresses.isTaken(ip, owner))
  const takenPort = portsOf(service).find((port) => ports.isTaken(port, owner))
  const errors = [
    ...(taken === undefined
      ? []
      : [invalid('spec.clusterIPs', service.spec.clusterIPs, `failed to allocate IP ${taken}: provided IP is already allocated`)]),
    ...(takenPort === undefined ? [] : [invalid('spec.ports', takenPort, 'provided port is already allocated')]),
  ]
  if (errors.length > 0) throw invalidError(kind, name, errors)
  const releases = [addresses.promise(owner, service), ports.promise(owner, service)]
  const release = () => {
    for (const each of releases) each()
  }
  // The write is handed in before anything else happens; when it isn't, nothing is under way for it.
  void Promise.resolve()
    .then(() => cluster.idle())
    .then(release)
}

function followServices(cluster: ClusterView, configured: readonly AddressRange[]): Pools {
  const pools = { addresses: new AddressPool(cluster, configured), ports: new PortPool() }
  cluster.follow<Service>('services', (current, old) => {
    const { namespace, name } = (current ?? old)!.metadata
    const key = `${namespace}/${name}`
    pools.addresses.change(key, current, old)
    pools.ports.change(key, current, old)
  })
  return pools
}
