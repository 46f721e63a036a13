/** Endpoints: the addresses behind a Service, all in one object. */
import type { Endpoints, Service } from '../../api/types.gen.ts'
import type { ControllerDefinition } from '../../runtime/controller.ts'
import { keyOf, splitKey } from '../../runtime/owner-keys.ts'
import { ENDPOINTS, type ObservedEndpoints, reconcileEndpoints } from './reconcile.ts'
import { hasPodEndpoints, PODS, podsOf, SERVICE_POD_INDEXES, SERVICES, servicesOfPod } from './service-pods.ts'

export const endpointsController: ControllerDefinition<ObservedEndpoints> = {
  name: 'endpoints',
  component: 'endpoint-controller',
  reconciles: SERVICES,
  watches: {
    [PODS]: servicesOfPod,
    [ENDPOINTS]: (current, old) => {
      const { namespace, name } = (current ?? old)!.metadata
      return [keyOf(namespace, name)]
    },
  },
  indexes: SERVICE_POD_INDEXES,
  observe(reader, key) {
    const { namespace, name } = splitKey(key)
    const service = reader.get<Service>(SERVICES, namespace, name)
    const endpoints = reader.get<Endpoints>(ENDPOINTS, namespace, name)
    if (service === undefined) return isManaged(endpoints) ? { service, endpoints, pods: [] } : undefined
    if (!hasPodEndpoints(service)) return undefined
    return { service, endpoints, pods: podsOf(reader, service) }
  },
  reconcile: reconcileEndpoints,
}

/** Endpoints that users make for themselves stay when there is no Service of their name. */
function isManaged(endpoints: Endpoints | undefined): boolean {
  return endpoints?.metadata.labels?.['endpoints.kubernetes.io/managed-by'] === 'endpoint-controller'
}
