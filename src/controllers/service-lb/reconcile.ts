/** The load balancer of one Service. Upstream: cloud-provider controllers/service/controller.go syncLoadBalancerIfNeeded, nodeSyncService */

import { parseTimestamp } from '../../api/meta/time.ts'
import type { LoadBalancerIngress, Service } from '../../api/types.gen.ts'
import { deepEqual } from '../../lib/deep-equal.ts'
import type { Action, Plan, PlannedEvent, ReconcileContext } from '../../runtime/plan.ts'

export const LOAD_BALANCER_FINALIZER = 'service.kubernetes.io/load-balancer-cleanup'
/** Upstream: minRetryDelay, maxRetryDelay */
const MIN_RETRY_MS = 5_000
const MAX_RETRY_MS = 300_000

/** What was last done for a Service, since the controller runs. */
export interface Synced {
  /** wantsOf the Service; undefined while it is given its finalizer. */
  readonly wants: string | undefined
  readonly nodes: string
}

export interface ObservedBalancer {
  readonly service: Service
  readonly synced: Synced | undefined
  /** The nodes there are for it. */
  readonly nodes: string
  /** Those of its load balancer, or why it gets none. */
  readonly addresses: readonly string[] | { readonly fault: string }
}

export function wantsLoadBalancer({ spec }: Service): boolean {
  return spec.type === 'LoadBalancer' && spec.loadBalancerClass === undefined
}

export function needsCleanup({ metadata, spec }: Service): boolean {
  if (!metadata.finalizers?.includes(LOAD_BALANCER_FINALIZER)) return false
  return metadata.deletionTimestamp !== undefined || spec.type !== 'LoadBalancer'
}

/** All that a load balancer is made by: it is ensured anew when this changes. Upstream: needsUpdate */
export function wantsOf({ metadata, spec }: Service): string {
  const ports = (spec.ports ?? []).map(({ name, protocol, port, nodePort, targetPort, appProtocol }) => [
    name,
    protocol,
    port,
    nodePort,
    targetPort,
    appProtocol,
  ])
  const { loadBalancerSourceRanges, sessionAffinity, sessionAffinityConfig, loadBalancerIP, externalIPs } = spec
  const { externalTrafficPolicy, healthCheckNodePort, ipFamilies = [] } = spec
  return JSON.stringify([
    ports,
    loadBalancerSourceRanges,
    sessionAffinity,
    sessionAffinityConfig,
    loadBalancerIP,
    externalIPs,
    Object.entries(metadata.annotations ?? {}).sort(),
    metadata.uid,
    externalTrafficPolicy,
    healthCheckNodePort,
    ipFamilies.length,
  ])
}

export function reconcileBalancer(observed: ObservedBalancer, context: ReconcileContext): Plan {
  const { service } = observed
  if (needsCleanup(service)) return cleanUp(service)
  if (!wantsLoadBalancer(service)) return {}
  if (!service.metadata.finalizers?.includes(LOAD_BALANCER_FINALIZER)) {
    const finalizers = [...(service.metadata.finalizers ?? []), LOAD_BALANCER_FINALIZER]
    return { actions: [{ ...setFinalizers(service, finalizers), event: ENSURING }] }
  }
  return ensure(observed, context)
}

const normal = (reason: string, message: string): PlannedEvent => ({ type: 'Normal', reason, message })
const ENSURING = normal('EnsuringLoadBalancer', 'Ensuring load balancer')
const ENSURED = normal('EnsuredLoadBalancer', 'Ensured load balancer')
const UNAVAILABLE: PlannedEvent = {
  type: 'Warning',
  reason: 'UnAvailableLoadBalancer',
  message: 'There are no available nodes for LoadBalancer',
}
const UPDATED = normal('UpdatedLoadBalancer', 'Updated load balancer with new hosts')

function ensure({ service, synced, nodes, addresses }: ObservedBalancer, { now }: ReconcileContext): Plan {
  const isBegun = synced !== undefined && synced.wants === undefined
  if ('fault' in addresses) {
    const age = now - parseTimestamp(service.metadata.creationTimestamp)
    const message = `Error syncing load balancer: failed to ensure load balancer: ${addresses.fault}`
    return {
      events: [...(isBegun ? [] : [ENSURING]), { type: 'Warning', reason: 'SyncLoadBalancerFailed', message }],
      requeueAfterMs: Math.min(MAX_RETRY_MS, Math.max(MIN_RETRY_MS, age)),
      waitingOn: message,
    }
  }
  const ports = (service.spec.ports ?? []).map(({ port, protocol = 'TCP' }) => ({ port, protocol }))
  const ingress: LoadBalancerIngress[] = addresses.map((ip) => ({ ip, ipMode: 'VIP', ports }))
  const actions = deepEqual(service.status?.loadBalancer?.ingress, ingress) ? [] : [setIngress(service, ingress)]
  const unavailable = nodes === '' ? [UNAVAILABLE] : []
  if (synced?.wants !== wantsOf(service)) return { actions, events: [...(isBegun ? [] : [ENSURING]), ...unavailable, ENSURED] }
  return { actions, events: synced.nodes === nodes ? [] : nodes === '' ? unavailable : [UPDATED] }
}

/** The Service may go when its load balancer has. */
function cleanUp(service: Service): Plan {
  const { finalizers: before = [], deletionTimestamp } = service.metadata
  const finalizers = before.filter((each) => each !== LOAD_BALANCER_FINALIZER)
  const stays = deletionTimestamp === undefined || finalizers.length > 0
  const isShown = (service.status?.loadBalancer?.ingress?.length ?? 0) > 0
  return {
    actions: [setFinalizers(service, finalizers), ...(stays && isShown ? [setIngress(service, null)] : [])],
    events: [normal('DeletingLoadBalancer', 'Deleting load balancer'), normal('DeletedLoadBalancer', 'Deleted load balancer')].map(
      (event) => ({ ...event, about: service }),
    ),
  }
}

function targetOf({ metadata }: Service) {
  return { resource: 'services', namespace: metadata.namespace, name: metadata.name }
}

function setFinalizers(service: Service, finalizers: readonly string[]): Action {
  const { uid, resourceVersion } = service.metadata
  return { verb: 'patch', target: targetOf(service), patch: { metadata: { uid, resourceVersion, finalizers } } }
}

function setIngress(service: Service, ingress: readonly LoadBalancerIngress[] | null): Action {
  const patch = { metadata: { uid: service.metadata.uid }, status: { loadBalancer: { ingress } } }
  return { verb: 'patch', target: targetOf(service), subresource: 'status', patch }
}
