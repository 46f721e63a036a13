import type { KubeObject } from '../api/object.ts'
import type { Key } from './controller.ts'

/** Keys of the controller owners, of `kind`, that an object has or had: the usual way from a child to what is reconciled. */
export function ownerKeys(kind: string): (current: KubeObject | undefined, old: KubeObject | undefined) => readonly Key[] {
  return (current, old) => {
    const now = controllerKey(kind, current)
    const before = controllerKey(kind, old)
    return [now, before !== now ? before : undefined].filter((key) => key !== undefined)
  }
}

function controllerKey(kind: string, object: KubeObject | undefined): Key | undefined {
  const owner = object?.metadata.ownerReferences?.find((reference) => reference.controller === true)
  return owner?.kind === kind ? keyOf(object!.metadata.namespace, owner.name) : undefined
}

export function keyOf(namespace: string | undefined, name: string): Key {
  return namespace ? `${namespace}/${name}` : name
}

export function splitKey(key: Key): { namespace: string; name: string } {
  const slash = key.indexOf('/')
  return { namespace: key.slice(0, Math.max(0, slash)), name: key.slice(slash + 1) }
}
