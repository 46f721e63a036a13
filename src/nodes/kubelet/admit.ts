/**
 * May a pod start on the node it was put on? The scheduler sees to that for those it places; this is for pods that name
 * their node themselves. Upstream: pkg/kubelet/lifecycle/predicate.go Admit, kubelet.go rejectPod.
 */
import { findUntoleratedTaint, matchesNodeAffinity, matchesNodeSelector } from '../../api/core/v1/node-match.ts'
import { MIRROR_POD_ANNOTATION } from '../../api/core/v1/pod-annotations.ts'
import { podRequests, qosClassOf } from '../../api/core/v1/pod-resources.ts'
import { findCondition } from '../../api/meta/conditions.ts'
import { quantityMilliValue, quantityValue } from '../../api/meta/quantity.ts'
import { timestamp } from '../../api/meta/time.ts'
import type { Node, Pod, PodStatus } from '../../api/types.gen.ts'
import { isFinished } from '../pod-lifecycle.ts'

export interface Rejection {
  readonly reason: string
  readonly message: string
}

const OS_LABEL = 'kubernetes.io/os'
/** In the order they are looked at; others follow. */
const NATIVE = ['cpu', 'memory', 'ephemeral-storage']

/** Is it still to be decided whether there is room? A binding marks the pod as scheduled, and the scheduler binds only what fits. */
export function awaitsAdmission(pod: Pod): boolean {
  return isNew(pod) && findCondition(pod.status?.conditions, 'PodScheduled')?.status !== 'True'
}

/** Has its kubelet not taken it up yet? */
function isNew({ metadata, status }: Pod): boolean {
  const isMirror = metadata.annotations?.[MIRROR_POD_ANNOTATION] !== undefined
  return status?.startTime === undefined && !isMirror && metadata.deletionTimestamp === undefined
}

/** Why a new pod can't run on such a machine, which no scheduler looks at. */
export function misplacementOf(pod: Pod, node: Node): Rejection | undefined {
  if (!isNew(pod)) return undefined
  const os = node.status?.nodeInfo?.operatingSystem || 'linux'
  const label = pod.metadata.labels?.[OS_LABEL]
  if (label !== undefined && label !== os) {
    return {
      reason: 'PodOSSelectorNodeLabelDoesNotMatch',
      message: `Failed to admit pod as the \`${OS_LABEL}\` label doesn't match node label`,
    }
  }
  if (pod.spec.os !== undefined && pod.spec.os.name !== os) {
    return { reason: 'PodOSNotSupported', message: "Failed to admit pod as the OS field doesn't match node OS" }
  }
  const isStrict = pod.spec.securityContext?.supplementalGroupsPolicy === 'Strict'
  if (!isStrict || node.status?.features?.supplementalGroupsPolicy === true) return undefined
  return { reason: 'SupplementalGroupsPolicyNotSupported', message: 'SupplementalGroupsPolicy=Strict is not supported in this node' }
}

/** @param others pods of the node; those that were admitted and haven't ended use it */
export function rejectionOf(pod: Pod, node: Node, others: readonly Pod[]): Rejection | undefined {
  const { allocatable } = node.status ?? {}
  if (allocatable === undefined) return undefined
  const admitted = others.filter(({ metadata, status }) => {
    return metadata.uid !== pod.metadata.uid && status?.startTime !== undefined && !isFinished(status)
  })
  const amount = (name: string, value: string | number | undefined) => (name === 'cpu' ? quantityMilliValue(value) : quantityValue(value))
  const lacks = (name: string, requested: number, used: number, capacity: number): Rejection | undefined =>
    requested <= capacity - used
      ? undefined
      : {
          reason: `OutOf${name}`,
          message: `Node didn't have enough resource: ${name}, requested: ${requested}, used: ${used}, capacity: ${capacity}`,
        }
  const tooMany = lacks('pods', 1, admitted.length, quantityValue(allocatable.pods))
  if (tooMany !== undefined) return tooMany
  const requests = podRequests(pod)
  // What the node doesn't have at all is some device plugin's business.
  const names = [...NATIVE, ...Object.keys(requests).filter((name) => !NATIVE.includes(name) && allocatable[name] !== undefined)]
  for (const name of names) {
    const requested = amount(name, requests[name])
    if (requested === 0) continue
    const used = admitted.reduce((sum, other) => sum + amount(name, podRequests(other)[name]), 0)
    const lack = lacks(name, requested, used, amount(name, allocatable[name]))
    if (lack !== undefined) return lack
  }
  if (!matchesNodeSelector(pod, node) || !matchesNodeAffinity(pod, node)) {
    return failedPredicate('NodeAffinity', "node(s) didn't match Pod's node affinity/selector")
  }
  const taken = admitted.flatMap(hostPorts)
  if (hostPorts(pod).some((port) => taken.some((other) => isConflict(port, other)))) {
    return failedPredicate('NodePorts', "node(s) didn't have free ports for the requested pod ports")
  }
  const taint = findUntoleratedTaint(node.spec.taints, pod.spec.tolerations, ({ effect }) => effect === 'NoExecute')
  return taint === undefined ? undefined : failedPredicate('TaintToleration', "node(s) had taints that the pod didn't tolerate")
}

interface HostPort {
  readonly ip: string
  readonly protocol: string
  readonly port: number
}

function hostPorts({ spec }: Pod): HostPort[] {
  const sidecars = (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always')
  return [...spec.containers, ...sidecars].flatMap(({ ports = [] }) =>
    ports.flatMap(({ hostIP, hostPort, protocol = 'TCP' }) => (hostPort ? [{ ip: hostIP || '0.0.0.0', protocol, port: hostPort }] : [])),
  )
}

function isConflict(a: HostPort, b: HostPort): boolean {
  return a.port === b.port && a.protocol === b.protocol && (a.ip === b.ip || a.ip === '0.0.0.0' || b.ip === '0.0.0.0')
}

function failedPredicate(name: string, description: string): Rejection {
  return { reason: name, message: `Predicate ${name} failed: ${description}` }
}

export function rejectedStatus(pod: Pod, { reason, message }: Rejection, now: number): PodStatus {
  return {
    ...pod.status,
    ...(pod.metadata.generation !== undefined && { observedGeneration: pod.metadata.generation }),
    message: `Pod was rejected: ${message}`,
    phase: 'Failed',
    qosClass: qosClassOf(pod),
    reason,
    startTime: timestamp(now),
  }
}
