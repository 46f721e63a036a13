import type { ResourceDefinition } from '../api/definition.ts'
import type { GroupResource } from '../api/object.ts'

/** The resources that are served now. Custom resources come and go. */
export class Resources {
  readonly #byPath = new Map<string, ResourceDefinition>()
  readonly #stored = new Map<GroupResource, ResourceDefinition>()
  readonly #spoken = new Map<GroupResource, ResourceDefinition>()
  readonly #byKind = new Map<string, ResourceDefinition>()
  #all: readonly ResourceDefinition[] = []

  constructor(definitions: readonly ResourceDefinition[]) {
    for (const definition of definitions) this.add(definition)
  }

  add(definition: ResourceDefinition): void {
    this.#byPath.set(`${definition.apiVersion}/${definition.resource}`, definition)
    const isStored = definition.conversion === undefined
    if (isStored) this.#stored.set(definition.groupResource, definition)
    if (isStored || !this.#spoken.has(definition.groupResource)) this.#spoken.set(definition.groupResource, definition)
    this.#byKind.set(`${definition.apiVersion}/${definition.kind}`, definition)
    this.#all = [...this.#byPath.values()]
  }

  /** The same array as long as nothing changes, another one when something did. */
  all(): readonly ResourceDefinition[] {
    return this.#all
  }

  /** Is anything served in this group and version? */
  hasVersion(apiVersion: string): boolean {
    for (const definition of this.#byPath.values()) if (definition.apiVersion === apiVersion) return true
    return false
  }

  /** @param apiVersion `v1`, `apps/v1` */
  find(apiVersion: string, resource: string): ResourceDefinition | undefined {
    return this.#byPath.get(`${apiVersion}/${resource}`)
  }

  findKind(apiVersion: string, kind: string): ResourceDefinition | undefined {
    return this.#byKind.get(`${apiVersion}/${kind}`)
  }

  /** The definition in whose form objects of the resource are stored. */
  stored(groupResource: GroupResource): ResourceDefinition {
    const definition = this.#stored.get(groupResource)
    if (definition === undefined) throw new Error(`no resource ${groupResource} is served`)
    return definition
  }

  /** The definition in which this process speaks of the resource: the stored one, or the only one of events.events.k8s.io. */
  spoken(groupResource: GroupResource): ResourceDefinition {
    const definition = this.#spoken.get(groupResource)
    if (definition === undefined) throw new Error(`no resource ${groupResource} is served`)
    return definition
  }

  has(groupResource: GroupResource): boolean {
    return this.#stored.has(groupResource)
  }

  hasGroupVersion(apiVersion: string): boolean {
    return this.all().some((definition) => definition.apiVersion === apiVersion)
  }
}
