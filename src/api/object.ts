import type { ObjectMeta } from './types.gen.ts'

/** Any object of the API in its JSON form. Treat one that came from the cache as frozen: it is shared. */
export interface KubeObject {
  apiVersion?: string | undefined
  kind?: string | undefined
  metadata: ObjectMeta
}

/** An object to be created: what the server fills in may be missing. */
export type New<T extends { metadata: unknown }> = Omit<T, 'metadata'> & { metadata: Partial<ObjectMeta> }

/** A resource and its group as Kubernetes writes it: `pods`, `deployments.apps`. */
export type GroupResource = string

/** What finds an object in the cluster. `namespace` is '' for cluster-scoped resources. */
export interface ObjectRef {
  readonly resource: GroupResource
  readonly namespace: string
  readonly name: string
}
