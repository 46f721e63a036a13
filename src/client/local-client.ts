import type { ResourceDefinition } from '../api/definition.ts'
import { ApiError, badRequestError } from '../api/meta/api-error.ts'
import { applyJsonPatch } from '../api/meta/patches/json-patch.ts'
import { applyMergePatch } from '../api/meta/patches/merge-patch.ts'
import { applyStrategicMergePatch } from '../api/meta/patches/strategic-merge-patch.ts'
import type { GroupResource, KubeObject, New, ObjectRef } from '../api/object.ts'
import { completeObject } from '../api/schema/decode-object.ts'
import type { DeleteOptions } from '../api/types.gen.ts'
import { applyChange } from '../registry/apply.ts'
import type { RegistryContext, Target, User } from '../registry/context.ts'
import { create } from '../registry/create.ts'
import { deleteObject } from '../registry/delete.ts'
import { getEntry } from '../registry/get.ts'
import { list } from '../registry/list.ts'
import { bindPod } from '../registry/subresources/binding.ts'
import { evict } from '../registry/subresources/eviction.ts'
import { finalizeNamespace } from '../registry/subresources/finalize.ts'
import { scale } from '../registry/subresources/scale.ts'
import { findSubresource } from '../registry/subresources/subresources.ts'
import { update } from '../registry/update.ts'
import { type WatchEvent, watch } from '../registry/watch.ts'
import type { Client, DigestFunction, ListOf, TypedPatch, WatchHandler } from './client.ts'

/** Straight to the registry of this process: the same verbs, rules and order as over the wire, without the bytes. */
export class LocalClient implements Client {
  readonly #context: RegistryContext
  readonly #writer: { readonly user: User; readonly fieldManager: string }

  readonly #impersonated: ((name: string) => User) | undefined

  /**
   * @param fieldManager what managedFields call this client
   * @param impersonated who a user is of whom it is known what they are called
   */
  constructor(context: RegistryContext, user: User, fieldManager: string, impersonated?: (name: string) => User) {
    this.#context = context
    this.#impersonated = impersonated
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

  async patchAs(ref: ObjectRef, patch: TypedPatch): Promise<KubeObject> {
    return this.#patchAs(this.#target(ref), patch)
  }

  async apply(object: New<KubeObject>, patch: Omit<TypedPatch, 'body'>): Promise<KubeObject> {
    const { apiVersion = '', kind = '', metadata } = object
    const definition = this.#context.resources.findKind(apiVersion, kind)
    if (definition === undefined)
      throw badRequestError(`no matches for kind ${JSON.stringify(kind)} in version ${JSON.stringify(apiVersion)}`)
    const namespace = definition.namespaced ? (metadata.namespace ?? '') : ''
    if (!patch.subresource) {
      const own = completeObject(this.#context.schemas, definition.schema, object) as unknown as KubeObject
      try {
        return (await create(this.#context, { definition, namespace, name: '' }, own, this.#writerFor(patch))).object
      } catch (error) {
        if (!(error instanceof ApiError && error.reason === 'AlreadyExists') || !metadata.name) throw error
      }
    }
    return this.#patchAs({ definition, namespace, name: metadata.name ?? '' }, { ...patch, body: object })
  }

  async #patchAs(target: Target, patch: TypedPatch): Promise<KubeObject> {
    const { definition } = target
    const { subresource: name = '' } = patch
    const subresource = name === '' ? undefined : findSubresource(definition, name)
    if (name !== '' && subresource?.update === undefined) {
      // Without the reason of an object that isn't there.
      throw new ApiError(404, '', 'the server could not find the requested resource')
    }
    const shown = subresource?.shownAs?.(this.#context, definition) ?? definition
    const writer = this.#writerFor(patch)
    const isApply = patch.type === 'apply'
    const options = { ...writer, subresource: name, isPatch: true, ...(isApply && { isApply, fieldManager: undefined, mayCreate: true }) }
    const applier = { fieldManager: writer.fieldManager, isForced: true, subresource: name }
    const change = isApply
      ? applyChange(this.#context, shown, patch.body, applier)
      : (current: KubeObject | undefined) => patched(this.#context, shown, current!, patch)
    const write = subresource?.update ?? update
    return (await write(this.#context, target, change, options)).object
  }

  #writerFor({ impersonates }: Pick<TypedPatch, 'impersonates'>) {
    if (impersonates === undefined || impersonates === '') return this.#writer
    if (this.#impersonated === undefined) throw new TypeError("this client acts in nobody else's name")
    return { ...this.#writer, user: this.#impersonated(impersonates) }
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

function patched(
  { schemas }: RegistryContext,
  { schema }: ResourceDefinition,
  current: KubeObject,
  { type, body }: TypedPatch,
): KubeObject {
  const next =
    type === 'json'
      ? applyJsonPatch(current, body)
      : type === 'merge'
        ? applyMergePatch(current, body)
        : applyStrategicMergePatch(schemas, schema, current as never, body)
  return completeObject(schemas, schema, next as KubeObject)
}
