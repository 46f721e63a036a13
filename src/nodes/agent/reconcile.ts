/** What a simulated node does to be one: registers what it is, says from time to time that it lives. */
import { findCondition } from '../../api/meta/conditions.ts'
import { microTimestamp, parseTimestamp } from '../../api/meta/time.ts'
import type { ContainerImage, Lease, Node } from '../../api/types.gen.ts'
import type { Action, Plan, PlannedEvent } from '../../runtime/plan.ts'
import { awaitsBoot, bootedAt, bootID, type SilentState, silentState, whyKubeletIsIdle } from '../node-state.ts'
import { nodeTimeMs } from '../node-times.ts'
import { machineStep } from './machine-step.ts'
import { isStatusIncomplete, reportedStatus, saysNotReadyYet, stagedStatus } from './node-status.ts'

export interface ObservedNode {
  readonly node: Node
  readonly lease: Lease | undefined
  /** What it gets where the Node doesn't say. */
  readonly addresses: readonly string[]
  /** When it was last looked at, it took no new pods. */
  readonly wasCordoned?: boolean
  /** What was the matter with it then. */
  readonly wasSilent?: SilentState | undefined
  /** Those it has, when they aren't those that it told of. */
  readonly images?: () => readonly ContainerImage[] | undefined
  /** Which turn it has among all nodes to be heard of, from 0 to TURNS - 1; 0 when not given. */
  readonly turn?: number
  /** How long nodes take for what, where the Node doesn't say. */
  readonly times?: Readonly<Record<string, string>> | undefined
  /** Stages speak for it: of its status no more is reported than they build on. */
  readonly isStaged?: boolean
}

export const LEASE_NAMESPACE = 'kube-node-lease'
/** Nodes are heard of in so many turns, lest all of a large cluster's speak at once; those of a turn are committed together. */
export const TURNS = 100
/** Upstream: nodeLeaseDurationSeconds; the lease is renewed every quarter of it. */
const LEASE_SECONDS = 40
const LEASE_RENEW_MS = 10_000
/** Upstream: nodeStatusReportFrequency: an unchanged status is reported this often. */
const STATUS_REPORT_MS = 300_000

export function reconcileNode(observed: ObservedNode, kubeletVersion: string, now: number): Plan {
  const { node, lease, addresses, wasCordoned, wasSilent, turn = 0, times, isStaged = false } = observed
  const { name, uid } = node.metadata
  const target = { resource: 'nodes', namespace: '', name }
  if (node.metadata.deletionTimestamp !== undefined) return { waitingOn: `node ${name} is being deleted` }
  const step = machineStep(node, wasCordoned, now, nodeTimeMs(node, 'boot-delay', times))
  if (step !== undefined) return { actions: [{ verb: 'patch', target, patch: step }] }
  if (silentState(node) !== undefined) return { waitingOn: whyKubeletIsIdle(node)! }
  const boot = bootedAt(node)
  if (boot !== undefined && boot > now) return { requeueAfterMs: boot - now, waitingOn: `node ${name}, which is rebooting` }
  const actions: Action[] = []
  const events: PlannedEvent[] = []

  const isCordoned = node.spec.unschedulable === true
  if (wasCordoned !== undefined && wasCordoned !== isCordoned) {
    // Upstream: kubelet_node_status.go recordNodeSchedulableEvent.
    const reason = isCordoned ? 'NodeNotSchedulable' : 'NodeSchedulable'
    events.push(nodeEvent(name, reason, `Node ${name} status is now: ${reason}`))
  }

  const registration = registrationPatch(node)
  if (registration !== undefined) actions.push({ verb: 'patch', target, patch: registration })

  const renewedAt = parseTimestamp(lease?.spec.renewTime)
  const isOwn = lease?.metadata.ownerReferences?.some(({ uid }) => uid === node.metadata.uid) === true
  const heartbeatMs = nodeTimeMs(node, 'heartbeat', times)
  const renewMs = heartbeatMs ?? LEASE_RENEW_MS
  const renewsAt = isOwn ? inTurn(renewedAt, renewMs, turn) : now
  const isToRenew = !(renewsAt > now)
  if (isToRenew) actions.push(leaseAction(node, lease, isOwn, now))

  // Two patches of one object must not run together; the registration's own change brings us back here.
  const isRegisteredFirst = registration !== undefined && lease !== undefined
  if (isStaged) {
    const base = isRegisteredFirst ? undefined : stagedStatus(node)
    if (base !== undefined) actions.push({ verb: 'patch', target, subresource: 'status', patch: { metadata: { uid }, status: base } })
    return { actions, events, requeueAfterMs: (isToRenew ? inTurn(now, renewMs, turn) : renewsAt) - now }
  }

  const ready = findCondition(node.status?.conditions, 'Ready')
  const hasRebooted = awaitsBoot(node) && Boolean(node.status?.nodeInfo?.bootID)
  // A kubelet that was cut off has run on.
  const hasStarted = ready === undefined || hasRebooted || wasSilent === 'failed'
  const heartbeatAt = inTurn(parseTimestamp(ready?.lastHeartbeatTime), STATUS_REPORT_MS, turn)
  const readyAt = readyFrom(node, boot, nodeTimeMs(node, 'ready-delay', times), now)
  const isReady = !(readyAt > now)
  // One whose heartbeats were slowed down isn't heard of in between either.
  const mayReport = heartbeatMs === undefined || isToRenew || ready?.status !== 'Unknown'
  const isToReport = (mayReport && isStatusIncomplete(node, isReady)) || hasStarted || !(heartbeatAt > now)
  if (!isRegisteredFirst && isToReport) {
    const images = observed.images?.()
    const reported = reportedStatus(node, addresses, kubeletVersion, now, isReady)
    const status = images === undefined ? reported : { ...reported, images }
    actions.push({ verb: 'patch', target, subresource: 'status', patch: { metadata: { uid }, status } })
    if (hasStarted) events.push(nodeEvent(name, 'Starting', 'Starting kubelet.'))
    if (hasRebooted) {
      const message = `Node ${name} has been rebooted, boot id: ${bootID(node)}`
      events.push({ ...nodeEvent(name, 'Rebooted', message), type: 'Warning' })
    }
    if (ready?.status !== 'True') {
      const sufficient = saysNotReadyYet(node) ? [] : ['NodeHasSufficientMemory', 'NodeHasNoDiskPressure', 'NodeHasSufficientPID']
      for (const reason of [...sufficient, ...(isReady ? ['NodeReady'] : [])]) {
        events.push(nodeEvent(name, reason, `Node ${name} status is now: ${reason}`))
      }
    }
  }
  const next = Math.min(
    isToRenew ? inTurn(now, renewMs, turn) : renewsAt,
    heartbeatAt > now ? heartbeatAt : inTurn(now, STATUS_REPORT_MS, turn),
  )
  return { actions, events, requeueAfterMs: (isReady ? next : Math.min(next, readyAt)) - now }
}

/** Milliseconds since the epoch. A node that has been ready since it joined or booted stays so. */
function readyFrom(node: Node, boot: number | undefined, delayMs: number | undefined, now: number): number {
  if (delayMs === undefined) return now
  const isSettled = !awaitsBoot(node) && findCondition(node.status?.conditions, 'Ready')?.status === 'True'
  return isSettled ? now : Math.max(boot ?? 0, parseTimestamp(node.metadata.creationTimestamp)) + delayMs
}

/** The next instant after `last` at which it is the node's turn in the interval: an interval later, the first time sooner. NaN if there was none. */
function inTurn(last: number, intervalMs: number, turn: number): number {
  const since = last - (turn * intervalMs) / TURNS
  return last + intervalMs - (((since % intervalMs) + intervalMs) % intervalMs)
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

function registrationPatch(node: Node): Record<string, unknown> | undefined {
  const labels = missingLabels(node)
  return labels && { metadata: { uid: node.metadata.uid, labels } }
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
