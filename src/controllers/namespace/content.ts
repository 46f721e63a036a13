import type { ResourceDefinition } from '../../api/definition.ts'
import type { GroupResource, KubeObject } from '../../api/object.ts'

export type NamespacedDefinition = Pick<ResourceDefinition, 'groupResource' | 'resource' | 'group' | 'namespaced' | 'verbs' | 'conversion'>

/** A resource whose objects are in namespaces and must be gone before their namespace is. */
export interface ContentResource {
  readonly groupResource: GroupResource
  /** As the conditions name it: `pods.`, `deployments.apps`. */
  readonly label: string
}

/** What there is of one resource in a namespace. */
export interface Content {
  readonly resource: ContentResource
  readonly objects: readonly KubeObject[]
}

/** Each stored resource once; those that can't be deleted hold nothing up. */
export function contentResources(definitions: readonly NamespacedDefinition[]): readonly ContentResource[] {
  const found = new Map<GroupResource, ContentResource>()
  for (const { groupResource, resource, group, namespaced, verbs, conversion } of definitions) {
    const isContent = namespaced && conversion === undefined && ['list', 'watch', 'delete'].every((verb) => verbs.includes(verb))
    if (isContent) found.set(groupResource, { groupResource, label: `${resource}.${group}` })
  }
  return [...found.values()]
}
