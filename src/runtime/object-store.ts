import type { KubeObject } from '../api/object.ts'

type Index = { readonly valuesOf: (object: KubeObject) => readonly string[]; readonly members: Map<string, Map<string, KubeObject>> }

/** The objects of one resource by name, by namespace, and by any number of indexes. */
export class ObjectStore {
  readonly #namespaces = new Map<string, Map<string, KubeObject>>()
  readonly #indexes = new Map<string, Index>()

  addIndex(name: string, valuesOf: (object: KubeObject) => readonly string[]): void {
    if (!this.#indexes.has(name)) this.#indexes.set(name, { valuesOf, members: new Map() })
  }

  get(namespace: string, name: string): KubeObject | undefined {
    return this.#namespaces.get(namespace)?.get(name)
  }

  list(namespace?: string): KubeObject[] {
    if (namespace !== undefined) return [...(this.#namespaces.get(namespace)?.values() ?? [])]
    return [...this.#namespaces.values()].flatMap((objects) => [...objects.values()])
  }

  indexed(name: string, value: string): KubeObject[] {
    const index = this.#indexes.get(name)
    if (index === undefined) throw new Error(`no index ${name}`)
    return [...(index.members.get(value)?.values() ?? [])]
  }

  /** The state it replaces. */
  set(object: KubeObject): KubeObject | undefined {
    const namespace = object.metadata.namespace ?? ''
    let objects = this.#namespaces.get(namespace)
    if (objects === undefined) {
      objects = new Map()
      this.#namespaces.set(namespace, objects)
    }
    const old = objects.get(object.metadata.name)
    objects.set(object.metadata.name, object)
    if (old === undefined) this.#index(object)
    else this.#reindex(old, object)
    return old
  }

  /** The state that was there. */
  delete({ metadata }: KubeObject): KubeObject | undefined {
    const objects = this.#namespaces.get(metadata.namespace ?? '')
    const old = objects?.get(metadata.name)
    if (old === undefined) return undefined
    objects!.delete(metadata.name)
    if (objects!.size === 0) this.#namespaces.delete(metadata.namespace ?? '')
    this.#unindex(old)
    return old
  }

  #index(object: KubeObject): void {
    const name = nameOf(object)
    for (const { valuesOf, members } of this.#indexes.values()) {
      for (const value of valuesOf(object)) addMember(members, value, name, object)
    }
  }

  #unindex(object: KubeObject): void {
    const name = nameOf(object)
    for (const { valuesOf, members } of this.#indexes.values()) {
      for (const value of valuesOf(object)) removeMember(members, value, name)
    }
  }

  /** Most changes leave an object where it is in every index. */
  #reindex(old: KubeObject, object: KubeObject): void {
    const name = nameOf(object)
    for (const { valuesOf, members } of this.#indexes.values()) {
      const values = valuesOf(object)
      for (const value of valuesOf(old)) if (!values.includes(value)) removeMember(members, value, name)
      for (const value of values) addMember(members, value, name, object)
    }
  }
}

function nameOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`
}

function addMember(members: Index['members'], value: string, name: string, object: KubeObject): void {
  const group = members.get(value)
  if (group === undefined) members.set(value, new Map([[name, object]]))
  else group.set(name, object)
}

function removeMember(members: Index['members'], value: string, name: string): void {
  const group = members.get(value)
  group?.delete(name)
  if (group?.size === 0) members.delete(value)
}
