import type { ResourceDefinition } from '../../api/definition.ts'
import type { GroupResource } from '../../api/object.ts'

/** What a definition says that matters for collecting. */
export type CollectedResource = Pick<ResourceDefinition, 'groupResource' | 'apiVersion' | 'kind' | 'namespaced' | 'verbs' | 'conversion'>

export interface OwnerKind {
  readonly resource: GroupResource
  readonly namespaced: boolean
}

/** Finds the resource of an owner reference; undefined for a kind that isn't served, of whose objects nothing can be said. */
export type OwnerKinds = (apiVersion: string, kind: string) => OwnerKind | undefined

/** Events go by themselves, and own nothing. Upstream: garbagecollector.go DefaultIgnoredResources */
const IGNORED: readonly GroupResource[] = ['events', 'events.events.k8s.io']

/** Resources whose objects can be owners or be owned: those that can be listed, watched and deleted, each once. */
export function collectedResources(definitions: readonly CollectedResource[]): readonly CollectedResource[] {
  const found = new Map<GroupResource, CollectedResource>()
  for (const definition of definitions) {
    const isCollectable = ['list', 'watch', 'delete'].every((verb) => definition.verbs.includes(verb))
    if (isCollectable && definition.conversion === undefined && !IGNORED.includes(definition.groupResource)) {
      found.set(definition.groupResource, definition)
    }
  }
  return [...found.values()]
}

/** All served versions of the collected resources count, also those that aren't stored. */
export function ownerKinds(definitions: readonly CollectedResource[]): OwnerKinds {
  const collected = new Set(collectedResources(definitions).map(({ groupResource }) => groupResource))
  const kinds = new Map<string, OwnerKind>()
  for (const { groupResource, apiVersion, kind, namespaced, conversion } of definitions) {
    const resource = conversion?.storedAs ?? groupResource
    if (collected.has(resource)) kinds.set(`${apiVersion}/${kind}`, { resource, namespaced })
  }
  return (apiVersion, kind) => kinds.get(`${apiVersion}/${kind}`)
}
