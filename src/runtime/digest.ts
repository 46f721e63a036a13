import type { KubeObject } from '../api/object.ts'
import type { ObjectMeta } from '../api/types.gen.ts'

/** What a digest keeps of ObjectMeta: who the object is, who owns it, and what its deletion waits for. */
const METADATA = [
  'name',
  'namespace',
  'uid',
  'resourceVersion',
  'creationTimestamp',
  'deletionTimestamp',
  'ownerReferences',
  'finalizers',
] as const satisfies readonly (keyof ObjectMeta)[]

/** What a controller wants of an object beyond the metadata that every digest has; put over the digest's own fields. */
export type KeepFunction = (object: never) => { readonly metadata?: Partial<ObjectMeta>; readonly [field: string]: unknown }

/** The little of an object that is enough for those who must know of every object. */
export function digestOf(object: KubeObject, keeps: Iterable<KeepFunction>): KubeObject {
  const own: Record<string, unknown> = {}
  for (const name of METADATA) if (object.metadata[name] !== undefined) own[name] = object.metadata[name]
  const digest: Record<string, unknown> = { apiVersion: object.apiVersion, kind: object.kind }
  for (const keep of keeps) {
    const { metadata, ...fields } = keep(object as never)
    Object.assign(own, metadata)
    Object.assign(digest, fields)
  }
  digest.metadata = own
  return digest as unknown as KubeObject
}
