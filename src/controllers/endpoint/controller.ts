/** Endpoints: the addresses behind a Service, all in one object. */
import type { Endpoints, Service } from '../../api/types.gen.ts'
import type { ControllerDefinition } from '../../runtime/controller.ts'
import { keyOf, splitKey } from '../../runtime/owner-keys.ts'
import { ENDPOINTS, type ObservedEndpoints, reconcileEndpoints } from './reconcile.ts'
import { hasPodEndpoints, PODS, podsOf, SERVICE_POD_INDEXES, SERVICES, servicesOfPod } from './service-pods.ts'
import { TriggerTimes } from './trigger-times.ts'

export function endpointsController(): ControllerDefinition<ObservedEndpoints> {
  const times = new TriggerTimes()
  return {
    name: 'endpoints',
    component: 'endpoint-controller',
    reconciles: SERVICES,
    watches: {
      [PODS]: servicesOfPod,
      // Those that somebody edits stay so until something else happens; those that are deleted are made again.
      [ENDPOINTS]: (current, old, reader) => {
        const { namespace, name } = (current ?? old)!.metadata
        const hasService = reader.get<Service>(SERVICES, namespace ?? '', name) !== undefined
        const isLeftOver = current !== undefined && old === undefined && !hasService && isManaged(current as Endpoints)
        return (current === undefined && hasService) || isLeftOver ? [keyOf(namespace, name)] : []
      },
    },
    indexes: SERVICE_POD_INDEXES,
    observe(reader, key) {
      const { namespace, name } = splitKey(key)
      const service = reader.get<Service>(SERVICES, namespace, name)
      const endpoints = reader.get<Endpoints>(ENDPOINTS, namespace, name)
      if (service === undefined) {
        times.forget(key)
        return { service, endpoints, pods: [] }
      }
      if (!hasPodEndpoints(service)) return undefined
      const pods = podsOf(reader, service)
      return { service, endpoints, pods, triggerTime: times.next(key, service, pods) }
    },
    reconcile: reconcileEndpoints,
  }
}

/** Only those are known to be left over from a Service that went while nobody looked. */
function isManaged(endpoints: Endpoints): boolean {
  return endpoints.metadata.labels?.['endpoints.kubernetes.io/managed-by'] === 'endpoint-controller'
}
