import type { Selector } from '../../api/meta/selectors.ts'
import type { GroupResource, KubeObject } from '../../api/object.ts'
import type { Pod, PodTemplateSpec, ReplicaSetStatus } from '../../api/types.gen.ts'

/**
 * A ReplicaSet or a ReplicationController, as the one decision that serves both sees it.
 * Upstream converts controllers to sets and back: pkg/controller/replication/conversion.go.
 */
export interface ReplicaOwner {
  readonly object: KubeObject
  readonly apiVersion: string
  readonly kind: string
  readonly replicas: number
  readonly minReadySeconds: number
  /** undefined selects nothing. */
  readonly selector: Selector | undefined
  readonly template: PodTemplateSpec | undefined
  readonly status: ReplicaSetStatus | undefined
  /** status.terminatingReplicas is kept: ReplicaSets only. */
  readonly countsTerminating: boolean
}

export interface ObservedReplicas {
  readonly owner: ReplicaOwner
  /** Pods the owner has, and orphans it might adopt. */
  readonly candidates: readonly Pod[]
  /** Pods of all siblings, its own included: needed only when there are too many. */
  readonly related: readonly Pod[]
}

export const PODS: GroupResource = 'pods'
