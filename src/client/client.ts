/**
 * How everything but the API server reaches the API: controllers, the scheduler, simulated kubelets. In this process
 * local-client.ts goes straight to the registry; another implementation may go over the wire.
 *
 * Every method but `watch` rejects with an ApiError that says what the server says. Objects that come back are shared: treat
 * them as frozen.
 */
import type { GroupResource, KubeObject, New, ObjectRef } from '../api/object.ts'
import type { DeleteOptions } from '../api/types.gen.ts'

export interface ListOf<T extends KubeObject> {
  readonly items: readonly T[]
  readonly resourceVersion: string
}

export interface ClientEvent<T extends KubeObject = KubeObject> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly object: T
}

/** Takes what is wanted of an object. May share parts with it; must not change it. */
export type DigestFunction = (object: KubeObject) => KubeObject

export interface WatchHandler {
  /** Changes in revision order; called again and again. Must not throw. */
  onEvents(events: readonly ClientEvent[]): void
  /** The watch ended; a 410 means that the watcher must list again. Not called after `stop`. */
  onEnd(error: Error | undefined): void
}

/** A patch as it comes over the wire. */
export interface TypedPatch {
  /** Of which an apply takes hold of what others have. */
  readonly type: 'json' | 'merge' | 'strategic' | 'apply'
  readonly body: unknown
  readonly subresource?: string
  /** Who it is from, when not from the client's own user. */
  readonly impersonates?: string
}

export interface Client {
  get<T extends KubeObject>(target: ObjectRef): Promise<T>
  /**
   * @param namespace all when undefined
   * @param digest what is wanted of each object; the rest of it is not kept in memory
   */
  list<T extends KubeObject>(resource: GroupResource, namespace?: string, digest?: DigestFunction): Promise<ListOf<T>>
  /** Everything after `resourceVersion`; `digest` as for `list`. */
  watch(resource: GroupResource, resourceVersion: string, handler: WatchHandler, digest?: DigestFunction): { stop(): void }
  create<T extends KubeObject>(resource: GroupResource, object: New<T>): Promise<T>
  update<T extends KubeObject>(resource: GroupResource, object: T, subresource?: 'status' | 'finalize'): Promise<T>
  /** @param patch a JSON merge patch */
  patch<T extends KubeObject>(target: ObjectRef, patch: Record<string, unknown>, subresource?: 'status'): Promise<T>
  patchAs(target: ObjectRef, patch: TypedPatch): Promise<KubeObject>
  /** Makes the object, by its apiVersion and kind, or patches it when it is there already; a part of it is only patched. */
  apply(object: New<KubeObject>, patch: Omit<TypedPatch, 'body'>): Promise<KubeObject>
  delete(target: ObjectRef, options: DeleteOptions): Promise<void>
  /** POST to a Pod's binding subresource. */
  bind(pod: ObjectRef, uid: string, nodeName: string): Promise<void>
  /** POST to a Pod's eviction subresource: a delete, unless a PodDisruptionBudget objects (429). */
  evict(pod: ObjectRef): Promise<void>
  /** Sets the replicas in a scale subresource, whatever they are now. @param uid of the object, as a precondition */
  scale(target: ObjectRef, uid: string, replicas: number): Promise<void>
}
