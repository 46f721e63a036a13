import { controllerReference } from '../../api/meta/owner-references.ts'
import type { New } from '../../api/object.ts'
import type { Pod, PodSpec, PodTemplateSpec, StatefulSet } from '../../api/types.gen.ts'
import { REVISION_LABEL } from '../history/controller-revision.ts'
import { podNamePrefix } from '../pods/pod-from-template.ts'
import { claimName, identityLabels, podName, startOrdinal } from './identity.ts'
import type { SetRevision, SetRevisions } from './revisions.ts'

/**
 * The pod of an ordinal. Below the partition it is made as the pods there are: from the current revision.
 * Upstream: stateful_set_utils.go newVersionedStatefulSetPod.
 */
export function newPod(set: StatefulSet, { current, update }: SetRevisions, ordinal: number): New<Pod> {
  const revision = revisionFor(set, ordinal) === 'current' ? current : update
  return podOfRevision(set, revision, ordinal)
}

function revisionFor(set: StatefulSet, ordinal: number): 'current' | 'update' {
  const { type, rollingUpdate } = set.spec.updateStrategy ?? {}
  if (rollingUpdate !== undefined) return ordinal < startOrdinal(set) + (rollingUpdate.partition ?? 0) ? 'current' : 'update'
  const isBehind = type === 'RollingUpdate' && ordinal < startOrdinal(set) + (set.status?.currentReplicas ?? 0)
  return isBehind ? 'current' : 'update'
}

function podOfRevision(set: StatefulSet, { name, template }: SetRevision, ordinal: number): New<Pod> {
  const { labels, annotations, finalizers } = template.metadata ?? {}
  const ownName = podName(set, ordinal)
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: ownName,
      generateName: podNamePrefix(set.metadata.name),
      namespace: set.metadata.namespace,
      labels: { ...labels, ...identityLabels(set, ordinal), [REVISION_LABEL]: name },
      ...(annotations && { annotations: { ...annotations } }),
      ...(finalizers && { finalizers: [...finalizers] }),
      ownerReferences: [controllerReference(set, 'apps/v1', 'StatefulSet')],
    },
    spec: specOf(set, template, ownName, ordinal),
  }
}

function specOf(set: StatefulSet, template: PodTemplateSpec, hostname: string, ordinal: number): PodSpec {
  const spec = structuredClone(template.spec ?? { containers: [] })
  const volumes = withClaims(set, spec.volumes, ordinal)
  return {
    ...spec,
    hostname,
    ...(set.spec.serviceName && { subdomain: set.spec.serviceName }),
    ...(volumes.length > 0 && { volumes }),
  }
}

/** The volumes of the set's claims, and those of the others whose names they don't take. Upstream: updateStorage. */
export function withClaims(set: StatefulSet, volumes: PodSpec['volumes'], ordinal: number): NonNullable<PodSpec['volumes']> {
  const templates = (set.spec.volumeClaimTemplates ?? []).map(({ metadata }) => metadata.name)
  return [
    ...templates.map((name) => ({ name, persistentVolumeClaim: { claimName: claimName(set, name, ordinal) } })),
    ...(volumes ?? []).filter((volume) => !templates.includes(volume.name)),
  ]
}
