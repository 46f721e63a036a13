/** The Service `kubernetes` in `default`, through which pods find the API server. Upstream: pkg/controlplane/controller/kubernetesservice. */
import type { KubeObject } from '../../api/object.ts'
import type { EndpointSlice, Endpoints, Namespace, Service } from '../../api/types.gen.ts'
import type { ControllerDefinition, Key } from '../../runtime/controller.ts'
import {
  type Advertised,
  ENDPOINT_SLICES,
  ENDPOINTS,
  NAME,
  NAMESPACE,
  type ObservedKubernetesService,
  reconcileKubernetesService,
  SERVICES,
} from './reconcile.ts'

const NAMESPACES = 'namespaces'

/** @param advertised where the API server is, now */
export function kubernetesServiceController(advertised: () => Advertised): ControllerDefinition<ObservedKubernetesService> {
  return {
    name: 'kubernetes-service',
    watches: {
      [NAMESPACES]: (current) => (current?.metadata.name === NAMESPACE ? [NAME] : []),
      [SERVICES]: ofOurs,
      [ENDPOINT_SLICES]: ofOurs,
      [ENDPOINTS]: ofOurs,
    },
    observe(reader) {
      const namespace = reader.get<Namespace>(NAMESPACES, '', NAMESPACE)
      if (namespace === undefined || namespace.metadata.deletionTimestamp !== undefined) return undefined
      return {
        service: reader.get<Service>(SERVICES, NAMESPACE, NAME),
        endpoints: reader.get<Endpoints>(ENDPOINTS, NAMESPACE, NAME),
        slice: reader.get<EndpointSlice>(ENDPOINT_SLICES, NAMESPACE, NAME),
      }
    },
    reconcile: (observed) => reconcileKubernetesService(observed, advertised()),
  }
}

function ofOurs(current: KubeObject | undefined, old: KubeObject | undefined): readonly Key[] {
  const { name, namespace } = (current ?? old)!.metadata
  return name === NAME && namespace === NAMESPACE ? [NAME] : []
}
