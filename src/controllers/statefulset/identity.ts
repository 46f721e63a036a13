/** What makes a pod the one of its ordinal: name, labels, claims. Upstream: stateful_set_utils.go. */
import type { Pod, StatefulSet } from '../../api/types.gen.ts'
import { REVISION_LABEL } from '../history/controller-revision.ts'
import { isPodAvailable, isPodReady } from '../pods/pod-state.ts'

export const POD_NAME_LABEL = 'statefulset.kubernetes.io/pod-name'
export const POD_INDEX_LABEL = 'apps.kubernetes.io/pod-index'

/** The set a pod's name says it is of, and its number there; undefined when the name says neither. */
export function parentAndOrdinal(podName: string): { parent: string; ordinal: number } | undefined {
  const match = /^(.*)-(\d+)$/.exec(podName)
  if (match === null) return undefined
  const ordinal = Number(match[2])
  return ordinal > 0x7fffffff ? undefined : { parent: match[1]!, ordinal }
}

/** -1 when the name has none. */
export function ordinalOf(pod: Pod): number {
  return parentAndOrdinal(pod.metadata.name)?.ordinal ?? -1
}

export function isMemberOf(set: StatefulSet, pod: Pod): boolean {
  return parentAndOrdinal(pod.metadata.name)?.parent === set.metadata.name
}

export function startOrdinal(set: StatefulSet): number {
  return set.spec.ordinals?.start ?? 0
}

export function replicasOf(set: StatefulSet): number {
  return set.spec.replicas ?? 1
}

/** Is the ordinal among those the set is to have? */
export function isOrdinalWanted(set: StatefulSet, ordinal: number): boolean {
  const start = startOrdinal(set)
  return ordinal >= start && ordinal < start + replicasOf(set)
}

export function podName(set: StatefulSet, ordinal: number): string {
  return `${set.metadata.name}-${ordinal}`
}

export function claimName(set: StatefulSet, template: string, ordinal: number): string {
  return `${template}-${podName(set, ordinal)}`
}

/** The labels that say who a pod is. */
export function identityLabels(set: StatefulSet, ordinal: number): Record<string, string> {
  return { [POD_NAME_LABEL]: podName(set, ordinal), [POD_INDEX_LABEL]: String(ordinal) }
}

/** The index label is not asked for: older pods have none. Upstream: identityMatches. */
export function hasIdentity(set: StatefulSet, pod: Pod): boolean {
  const { name, labels } = pod.metadata
  return name === podName(set, ordinalOf(pod)) && labels?.[POD_NAME_LABEL] === name
}

/** Does the pod mount the claim of its ordinal for each template? */
export function hasStorage(set: StatefulSet, pod: Pod): boolean {
  const volumes = new Map(pod.spec.volumes?.map((volume) => [volume.name, volume]))
  return (set.spec.volumeClaimTemplates ?? []).every(
    ({ metadata }) => volumes.get(metadata.name)?.persistentVolumeClaim?.claimName === claimName(set, metadata.name, ordinalOf(pod)),
  )
}

export function podRevision(pod: Pod): string {
  return pod.metadata.labels?.[REVISION_LABEL] ?? ''
}

export function isTerminating(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp !== undefined
}

export function isRunningAndReady(pod: Pod): boolean {
  return pod.status?.phase === 'Running' && isPodReady(pod)
}

/** Neither replicas nor rolling updates may count on it. */
export function isUnavailable(pod: Pod, set: StatefulSet, now: number): boolean {
  return isTerminating(pod) || !isRunningAndReady(pod) || !isPodAvailable(pod, set.spec.minReadySeconds, now)
}
