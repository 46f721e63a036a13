/** The ServiceCIDR `kubernetes`: the addresses that Services get. Upstream: pkg/controlplane/controller/defaultservicecidr. */
import type { ServiceCIDR } from '../../api/types.gen.ts'
import type { ControllerDefinition } from '../../runtime/controller.ts'
import { NAME, reconcileKubernetesServiceCidr, SERVICE_CIDRS } from './reconcile.ts'

/** It is there as soon as anything can be in a namespace. */
const FIRST_NAMESPACE = 'default'

interface Observed {
  readonly serviceCidr: ServiceCIDR | undefined
}

export const kubernetesServiceCidrController: ControllerDefinition<Observed> = {
  name: 'kubernetes-service-cidr',
  watches: {
    namespaces: (current) => (current?.metadata.name === FIRST_NAMESPACE ? [NAME] : []),
    [SERVICE_CIDRS]: (current, old) => ((current ?? old)!.metadata.name === NAME ? [NAME] : []),
  },
  observe: (reader) => ({ serviceCidr: reader.get<ServiceCIDR>(SERVICE_CIDRS, '', NAME) }),
  reconcile: ({ serviceCidr }, { now }) => reconcileKubernetesServiceCidr(serviceCidr, now),
}
