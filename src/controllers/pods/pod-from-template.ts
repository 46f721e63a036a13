import { controllerReference } from '../../api/meta/owner-references.ts'
import type { KubeObject, New } from '../../api/object.ts'
import type { ObjectMeta, Pod, PodTemplateSpec } from '../../api/types.gen.ts'
import type { ReconcileContext } from '../../runtime/plan.ts'

/** A name that is longer than this can't have a suffix after a dash. */
const LONGEST_NAME = 253

/**
 * The pod that a template describes, owned by `owner`, with a name of its own.
 * Upstream: controller_utils.go GetPodFromTemplate.
 * @param apiVersion of the owner, as `kind`
 */
export function podFromTemplate(
  template: PodTemplateSpec | undefined,
  owner: KubeObject,
  apiVersion: string,
  kind: string,
  context: Pick<ReconcileContext, 'newName'>,
): New<Pod> {
  const { labels, annotations, finalizers } = template?.metadata ?? {}
  const generateName = podNamePrefix(owner.metadata.name)
  const metadata: Partial<ObjectMeta> = {
    name: context.newName(generateName),
    generateName,
    namespace: owner.metadata.namespace,
    ...(labels && { labels: { ...labels } }),
    ...(annotations && { annotations: { ...annotations } }),
    ...(finalizers && { finalizers: [...finalizers] }),
    ownerReferences: [controllerReference(owner, apiVersion, kind)],
  }
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: structuredClone(template?.spec ?? { containers: [] }) }
}

/** What the names of an owner's pods begin with. */
export function podNamePrefix(ownerName: string): string {
  return ownerName.length < LONGEST_NAME ? `${ownerName}-` : ownerName
}
