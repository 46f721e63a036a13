import { applyMergePatch } from '../api/meta/patches/merge-patch.ts'
import type { GroupResource, KubeObject, New, ObjectRef } from '../api/object.ts'
import { completeObject } from '../api/schema/decode-object.ts'
import type { DeleteOptions } from '../api/types.gen.ts'
import type { RegistryContext, Target, User } from '../registry/context.ts'
import { create } from '../registry/create.ts'
import { deleteObject } from '../registry/delete.ts'
import { getEntry } from '../registry/get.ts'
import { list } from '../registry/list.ts'
import { bindPod } from '../registry/subresources/binding.ts'
import { evict } from '../registry/subresources/eviction.ts'
import { finalizeNamespace } from '../registry/subresources/finalize.ts'
import { scale } from '../registry/subresources/scale.ts'
import { update } from '../registry/update.ts'
import { type WatchEvent, watch } from '../registry/watch.ts'
import type { Client, DigestFunction, ListOf, WatchHandler } from './client.ts'

/** Straight to the registry of this process: the same verbs, rules and order as over the wire, without the bytes. */
export class LocalClient implements Client {
  readonly #context: RegistryContext
  readonly #writer: { readonly user: User; readonly fieldManager: string }

  /** @param fieldManager what managedFields call this client */
  constructor(context: RegistryContext, user: User, fieldManager: string) {
    this.#context = context
    this.#writer = { user, fieldManager }
  }

  async get<T extends KubeObject>(target: ObjectRef): Promise<T> {
    return getEntry(this.#context, this.#target(target)).decoded<T>()
  }

  async list<T extends KubeObject>(resource: GroupResource, namespace?: string, digest?: DigestFunction): Promise<ListOf<T>> {
    const definition = this.#context.resources.stored(resource)
    const { entries, revision } = list(this.#context, definition, namespace, {})
    const items = entries.map((entry) => (digest === undefined ? entry.decoded<T>() : (digest(entry.copy()) as T)))
    return { items, resourceVersion: String(revision) }
  }

  watch(resource: GroupResource, resourceVersion: string, { onEvents }: WatchHandler, digest?: DigestFunction): { stop(): void } {
    const definition = this.#context.resources.stored(resource)
    // For digests the decoded form, which is at hand while a change is delivered, is let go after that.
    const keepsDecoded = digest === undefined
    const started = watch(this.#context, definition, undefined, { resourceVersion, sendInitialEvents: false, keepsDecoded })
    const deliver = (events: readonly WatchEvent[]) => {
      onEvents(events.map(({ type, entry }) => ({ type, object: digest === undefined ? entry.decoded() : digest(entry.decoded()) })))
    }
    if (started.replay.length > 0) deliver(started.replay)
    return started.start(deliver)
  }

  async create<T extends KubeObject>(resource: GroupResource, object: New<T>): Promise<T> {
    const definition = this.#context.resources.spoken(resource)
    // Also a copy: what a controller builds shares parts with objects of the cache.
    const own = completeObject(this.#context.schemas, definition.schema, object) as unknown as KubeObject
    const target = { definition, namespace: object.metadata.namespace ?? '', name: '' }
    return (await create(this.#context, target, own, this.#writer)).object as T
  }

  async update<T extends KubeObject>(resource: GroupResource, object: T, subresource?: 'status' | 'finalize'): Promise<T> {
    const target = this.#target({ resource, namespace: object.metadata.namespace ?? '', name: object.metadata.name })
    const own = () => completeObject(this.#context.schemas, target.definition.schema, object as KubeObject)
    if (subresource === 'finalize') return (await finalizeNamespace.update!(this.#context, target, own, this.#writer)).object as T
    return (await update(this.#context, target, own, { ...this.#writer, ...(subresource ? { subresource } : {}) })).object as T
  }

  async patch<T extends KubeObject>(target: ObjectRef, patch: Record<string, unknown>, subresource?: 'status'): Promise<T> {
    const found = this.#target(target)
    const change = (current: KubeObject | undefined) => {
      const patched = applyMergePatch(current, patch) as KubeObject
      return completeObject(this.#context.schemas, found.definition.schema, patched)
    }
    return (await update(this.#context, found, change, { ...this.#writer, subresource: subresource ?? '', isPatch: true })).object as T
  }

  async delete(target: ObjectRef, options: DeleteOptions): Promise<void> {
    await deleteObject(this.#context, this.#target(target), options, this.#writer)
  }

  async bind(pod: ObjectRef, uid: string, nodeName: string): Promise<void> {
    const binding = { metadata: { name: pod.name, uid }, target: { kind: 'Node', name: nodeName } }
    await bindPod(this.#context, this.#target(pod), binding as never, this.#writer)
  }

  async evict(pod: ObjectRef): Promise<void> {
    const { namespace, name } = pod
    await evict.create!(this.#context, this.#target(pod), { metadata: { name, namespace } } as never, this.#writer)
  }

  async scale(target: ObjectRef, uid: string, replicas: number): Promise<void> {
    const change = (current: KubeObject) => ({ ...current, metadata: { ...current.metadata, uid }, spec: { replicas } }) as KubeObject
    await scale.update!(this.#context, this.#target(target), change, { ...this.#writer, isPatch: true })
  }

  #target({ resource, namespace, name }: ObjectRef): Target {
    return { definition: this.#context.resources.spoken(resource), namespace, name }
  }
}
