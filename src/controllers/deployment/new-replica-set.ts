import { controllerReference } from '../../api/meta/owner-references.ts'
import type { Deployment, LabelSelector, ReplicaSet } from '../../api/types.gen.ts'
import { templateHash } from '../pods/template-hash.ts'
import { desiredReplicas, isRecreate, maxSurge, sizeOf, total } from './limits.ts'
import { newSetAnnotations, nextRevision, POD_TEMPLATE_HASH, replicasAnnotations } from './revisions.ts'

const LONGEST_NAME = 253

/** The ReplicaSet for the Deployment's present template, as it is to be created. Upstream: sync.go getNewReplicaSet. */
export function newReplicaSet(deployment: Deployment, oldSets: readonly ReplicaSet[]): ReplicaSet {
  const { metadata, spec } = deployment
  const hash = hashOf(deployment)
  const labels = { ...spec.template.metadata?.labels, [POD_TEMPLATE_HASH]: hash }
  const empty = {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: newReplicaSetName(deployment),
      namespace: metadata.namespace,
      labels,
      ownerReferences: [controllerReference(deployment, 'apps/v1', 'Deployment')],
    },
    spec: {
      replicas: 0,
      ...(spec.minReadySeconds && { minReadySeconds: spec.minReadySeconds }),
      selector: withLabel(spec.selector, POD_TEMPLATE_HASH, hash),
      template: { ...spec.template, metadata: { ...spec.template.metadata, labels } },
    },
    // What the server fills in is missing until it exists.
  } as unknown as ReplicaSet
  const annotations = {
    ...newSetAnnotations(deployment, empty, nextRevision(oldSets)),
    ...replicasAnnotations(desiredReplicas(deployment), maxSurge(deployment)),
  }
  const replicas = newSetSize(deployment, [...oldSets, empty], empty)
  return { ...empty, metadata: { ...empty.metadata, annotations }, spec: { ...empty.spec, replicas } }
}

/** `web-7c5ddbdf54`: the Deployment's name, cut where it must be, and the hash of its template. */
export function newReplicaSetName(deployment: Deployment): string {
  const suffix = `-${hashOf(deployment)}`
  return deployment.metadata.name.slice(0, LONGEST_NAME - suffix.length) + suffix
}

/** How large the new ReplicaSet may be now, given all others. Upstream: deployment_util.go NewRSNewReplicas. */
export function newSetSize(deployment: Deployment, all: readonly ReplicaSet[], newSet: ReplicaSet): number {
  const desired = desiredReplicas(deployment)
  if (isRecreate(deployment)) return desired
  const size = sizeOf(newSet)
  const room = desired + maxSurge(deployment) - total(all, sizeOf)
  return room <= 0 ? size : size + Math.min(room, desired - size)
}

function hashOf({ spec, status }: Deployment): string {
  return templateHash(spec.template, status?.collisionCount)
}

function withLabel(selector: LabelSelector, key: string, value: string): LabelSelector {
  return { ...selector, matchLabels: { ...selector.matchLabels, [key]: value } }
}
