import type { Ingress } from '../../api/types.gen.ts'
import type { Plan } from '../../runtime/plan.ts'

export interface ObservedIngress {
  readonly ingress: Ingress
  /** Of the load balancer of its class; undefined when that is somebody else's, or nobody's. */
  readonly address: string | undefined
}

/** Plain HTTP, and TLS where a certificate is named for it. */
export function reconcileIngress({ ingress, address }: ObservedIngress): Plan {
  if (address === undefined) return { waitingOn: 'no controller here serves its class' }
  const numbers = ingress.spec?.tls?.length ? [80, 443] : [80]
  const ports = numbers.map((port) => ({ port, protocol: 'TCP' }))
  return { status: { ...ingress, status: { ...ingress.status, loadBalancer: { ingress: [{ ip: address, ports }] } } } as Ingress }
}
