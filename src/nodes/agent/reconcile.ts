/** What a simulated node does to be one: registers what it is, says from time to time that it lives. */
import { findCondition } from '../../api/meta/conditions.ts'
import { microTimestamp, parseTimestamp } from '../../api/meta/time.ts'
import type { Lease, Node } from '../../api/types.gen.ts'
import type { Action, Plan, PlannedEvent } from '../../runtime/plan.ts'
import { isFailedNode, podCIDROf } from '../node-state.ts'
import { isStatusIncomplete, reportedStatus } from './node-status.ts'

export interface ObservedNode {
  readonly node: Node
  readonly lease: Lease | undefined
  /** What it gets where the Node doesn't say. */
  readonly address: string
  readonly podCIDR: string
  /** When it was last looked at, it took no new pods. */
  readonly wasCordoned?: boolean
}

export const LEASE_NAMESPACE = 'kube-node-lease'
/** Upstream: nodeLeaseDurationSeconds; the lease is renewed every quarter of it. */
const LEASE_SECONDS = 40
export const LEASE_RENEW_MS = 10_000
/** Upstream: nodeStatusReportFrequency: an unchanged status is reported this often. */
const STATUS_REPORT_MS = 300_000

export function reconcileNode({ node, lease, address, podCIDR, wasCordoned }: ObservedNode, kubeletVersion: string, now: number): Plan {
  const { name } = node.metadata
  if (node.metadata.deletionTimestamp !== undefined) return { waitingOn: `node ${name} is being deleted` }
  if (isFailedNode(node)) return { waitingOn: `node ${name} has failed` }
  const actions: Action[] = []
  const events: PlannedEvent[] = []

  const isCordoned = node.spec.unschedulable === true
  if (wasCordoned !== undefined && wasCordoned !== isCordoned) {
    // Upstream: kubelet_node_status.go recordNodeSchedulableEvent.
    const reason = isCordoned ? 'NodeNotSchedulable' : 'NodeSchedulable'
    events.push(nodeEvent(name, reason, `Node ${name} status is now: ${reason}`))
  }

  const registration = registrationPatch(node, podCIDR)
  const target = { resource: 'nodes', namespace: '', name }
  if (registration !== undefined) actions.push({ verb: 'patch', target, patch: registration })

  const renewedAt = parseTimestamp(lease?.spec.renewTime)
  const isOwn = lease?.metadata.ownerReferences?.some(({ uid }) => uid === node.metadata.uid) === true
  const renewsAt = isOwn && renewedAt + LEASE_RENEW_MS > now ? renewedAt + LEASE_RENEW_MS : now
  if (renewsAt === now) actions.push(leaseAction(node, lease, isOwn, now))

  const ready = findCondition(node.status?.conditions, 'Ready')
  const isIncomplete = isStatusIncomplete(node)
  const heartbeatAt = parseTimestamp(ready?.lastHeartbeatTime) + STATUS_REPORT_MS
  // Two patches of one object must not run together; the registration's own change brings us back here.
  const isRegisteredFirst = registration !== undefined && lease !== undefined
  if (!isRegisteredFirst && (isIncomplete || !(heartbeatAt > now))) {
    const status = reportedStatus(node, address, kubeletVersion, now)
    actions.push({ verb: 'patch', target, subresource: 'status', patch: { metadata: { uid: node.metadata.uid }, status } })
    if (ready === undefined) events.push(nodeEvent(name, 'Starting', 'Starting kubelet.'))
    if (ready?.status !== 'True') {
      for (const reason of ['NodeHasSufficientMemory', 'NodeHasNoDiskPressure', 'NodeHasSufficientPID', 'NodeReady']) {
        events.push(nodeEvent(name, reason, `Node ${name} status is now: ${reason}`))
      }
    }
  }
  const next = Math.min(renewsAt === now ? now + LEASE_RENEW_MS : renewsAt, heartbeatAt > now ? heartbeatAt : now + STATUS_REPORT_MS)
  return { actions, events, requeueAfterMs: next - now }
}

function leaseAction(node: Node, lease: Lease | undefined, isOwn: boolean, now: number): Action {
  const { name, uid } = node.metadata
  const renewTime = microTimestamp(now)
  const ownerReferences = [{ apiVersion: 'v1', kind: 'Node', name, uid }]
  if (lease === undefined) {
    const spec = { holderIdentity: name, leaseDurationSeconds: LEASE_SECONDS, renewTime }
    const object = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name, namespace: LEASE_NAMESPACE, ownerReferences },
      spec,
    }
    return { verb: 'create', resource: 'leases.coordination.k8s.io', object }
  }
  // A whole update, as a kubelet's: the lease of a Node that had the same name before is taken over on the way.
  const object: Lease = {
    ...lease,
    metadata: isOwn ? lease.metadata : { ...lease.metadata, ownerReferences },
    spec: { ...lease.spec, holderIdentity: name, leaseDurationSeconds: LEASE_SECONDS, renewTime },
  }
  return { verb: 'update', resource: 'leases.coordination.k8s.io', object }
}

function registrationPatch(node: Node, podCIDR: string): Record<string, unknown> | undefined {
  const labels = missingLabels(node)
  const needsCIDR = podCIDROf(node) === undefined
  if (labels === undefined && !needsCIDR) return undefined
  return {
    metadata: { uid: node.metadata.uid, ...(labels === undefined ? {} : { labels }) },
    ...(needsCIDR ? { spec: { podCIDR, podCIDRs: [podCIDR] } } : {}),
  }
}

function missingLabels(node: Node): Record<string, string> | undefined {
  const labels = node.metadata.labels ?? {}
  const os = labels['kubernetes.io/os'] ?? 'linux'
  const arch = labels['kubernetes.io/arch'] ?? 'amd64'
  const wanted = {
    'beta.kubernetes.io/arch': arch,
    'beta.kubernetes.io/os': os,
    'kubernetes.io/arch': arch,
    'kubernetes.io/hostname': node.metadata.name,
    'kubernetes.io/os': os,
  }
  const missing = Object.entries(wanted).filter(([key]) => labels[key] === undefined)
  return missing.length === 0 ? undefined : Object.fromEntries(missing)
}

function nodeEvent(name: string, reason: string, message: string): PlannedEvent {
  return { type: 'Normal', reason, message, source: { component: 'kubelet', host: name } }
}
