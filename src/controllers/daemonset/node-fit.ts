/** Which nodes a DaemonSet's pods belong on. Upstream: daemon_controller.go NodeShouldRunDaemonPod. */
import { findUntoleratedTaint, matchesNodeAffinity, matchesNodeSelector } from '../../api/core/v1/node-match.ts'
import type { DaemonSet, Node, PodSpec, Toleration } from '../../api/types.gen.ts'

export interface NodeFit {
  /** A pod is to be made if there is none. */
  readonly shouldRun: boolean
  /** A pod that is there may stay: new taints that only keep newcomers out don't drive it away. */
  readonly shouldContinueRunning: boolean
}

/** Of a node that doesn't suit, or isn't there. */
export const NO_FIT: NodeFit = { shouldRun: false, shouldContinueRunning: false }

/** Says it for one node after the other. */
export function nodeFitOf(set: DaemonSet): (node: Node) => NodeFit {
  const spec = set.spec.template.spec
  const pod = { spec }
  const tolerations = daemonTolerations(spec)
  return (node) => {
    if (spec?.nodeName && spec.nodeName !== node.metadata.name) return NO_FIT
    if (!matchesNodeSelector(pod, node) || !matchesNodeAffinity(pod, node)) return NO_FIT
    const { taints } = node.spec
    const keepsOut = findUntoleratedTaint(taints, tolerations, ({ effect }) => effect === 'NoExecute' || effect === 'NoSchedule')
    if (keepsOut === undefined) return { shouldRun: true, shouldContinueRunning: true }
    const drivesAway = findUntoleratedTaint(taints, tolerations, ({ effect }) => effect === 'NoExecute')
    return { shouldRun: false, shouldContinueRunning: drivesAway === undefined }
  }
}

/** A daemon's pods stay where a node is unwell or closed to others: [taint, effect]. */
const TOLERATED: readonly (readonly [string, string])[] = [
  ['node.kubernetes.io/not-ready', 'NoExecute'],
  ['node.kubernetes.io/unreachable', 'NoExecute'],
  ['node.kubernetes.io/disk-pressure', 'NoSchedule'],
  ['node.kubernetes.io/memory-pressure', 'NoSchedule'],
  ['node.kubernetes.io/pid-pressure', 'NoSchedule'],
  ['node.kubernetes.io/unschedulable', 'NoSchedule'],
]

/** A pod on the node's own network doesn't need the cluster's. */
const TOLERATED_ON_HOST_NETWORK = ['node.kubernetes.io/network-unavailable', 'NoSchedule'] as const

/** The template's tolerations and those every daemon has. Upstream: daemonset_util.go AddOrUpdateDaemonPodTolerations. */
export function daemonTolerations(spec: PodSpec | undefined): Toleration[] {
  const added = spec?.hostNetwork ? [...TOLERATED, TOLERATED_ON_HOST_NETWORK] : TOLERATED
  let tolerations: Toleration[] = [...(spec?.tolerations ?? [])]
  for (const [key, effect] of added) {
    const toleration: Toleration = { key, operator: 'Exists', effect }
    // One for the same taint is replaced: it may have been for a limited time only. Upstream: AddOrUpdateTolerationInPodSpec.
    const isThere = tolerations.some((own) => isForSameTaint(own, toleration))
    tolerations = isThere ? tolerations.map((own) => (isForSameTaint(own, toleration) ? toleration : own)) : [...tolerations, toleration]
  }
  return tolerations
}

function isForSameTaint(a: Toleration, b: Toleration): boolean {
  return a.key === b.key && a.effect === b.effect && a.operator === b.operator && (a.value ?? '') === (b.value ?? '')
}
