import type { GroupResource, KubeObject } from '../../api/object.ts'
import type { Reader } from '../../runtime/controller.ts'

/** The index that every collected resource has: by the uids of an object's owners. */
export const OWNER_INDEX = 'owner'

export interface Dependent {
  readonly resource: GroupResource
  readonly object: KubeObject
}

export function ownerUids({ metadata }: KubeObject): readonly string[] {
  return metadata.ownerReferences === undefined ? [] : [...new Set(metadata.ownerReferences.map(({ uid }) => uid))]
}

/** All objects, of whatever kind, that name this uid as an owner. One look-up a resource. */
export function dependentsOf(reader: Reader, resources: readonly GroupResource[], uid: string): Dependent[] {
  const found: Dependent[] = []
  for (const resource of resources) for (const object of reader.indexed(resource, OWNER_INDEX, uid)) found.push({ resource, object })
  return found
}
