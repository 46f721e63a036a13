/** Gives Ingresses of the class that the simulated cloud serves the address of its load balancer. There is no traffic behind it. */
import type { Ingress, IngressClass } from '../../api/types.gen.ts'
import type { ControllerDefinition, Key, Reader } from '../../runtime/controller.ts'
import { keyOf, splitKey } from '../../runtime/owner-keys.ts'
import { INGRESSES, ingressOwner, type LoadBalancerAddresses, SERVICES } from '../service-lb/load-balancer-addresses.ts'
import { type ObservedIngress, reconcileIngress } from './reconcile.ts'

const CLASSES = 'ingressclasses.networking.k8s.io'
/** As an IngressClass's spec.controller has it. */
const CONTROLLER = 'coracle.dev/ingress'
/** The old place of ingressClassName. */
const CLASS_ANNOTATION = 'kubernetes.io/ingress.class'
const BY_CLASS = 'class'

/** @param addresses shared with the load balancers of Services */
export function ingressStatusController(addresses: LoadBalancerAddresses): ControllerDefinition<ObservedIngress> {
  return {
    name: 'ingress-status',
    reconciles: INGRESSES,
    watches: {
      [CLASSES]: (current, old, reader) => ingressesOf(reader, (current ?? old)!.metadata.name),
      [SERVICES]: () => [],
    },
    indexes: { [INGRESSES]: { [BY_CLASS]: (ingress: Ingress) => [classOf(ingress)].filter((name) => name !== '') } },
    observe(reader, key) {
      const { namespace, name } = splitKey(key)
      addresses.seed(reader)
      const ingress = reader.get<Ingress>(INGRESSES, namespace, name)
      if (ingress === undefined) return undefined
      const className = classOf(ingress)
      const isOurs = reader.get<IngressClass>(CLASSES, '', className)?.spec?.controller === CONTROLLER
      return { ingress, address: isOurs ? addresses.addressOf(ingressOwner(className), 'IPv4') : undefined }
    },
    reconcile: reconcileIngress,
  }
}

function classOf({ metadata, spec }: Ingress): string {
  return spec?.ingressClassName ?? metadata.annotations?.[CLASS_ANNOTATION] ?? ''
}

function ingressesOf(reader: Reader, className: string): readonly Key[] {
  return reader.indexed(INGRESSES, BY_CLASS, className).map(({ metadata }) => keyOf(metadata.namespace, metadata.name))
}
