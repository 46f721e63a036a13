/**
 * The cluster as controllers see it: one store a watched resource, shared by all controllers, kept current by a watch.
 * Stores change and handlers run in the same step, in revision order.
 */

import { controllerOf } from '../api/meta/owner-references.ts'
import type { GroupResource, KubeObject } from '../api/object.ts'
import type { Client, ClientEvent, DigestFunction, WatchHandler } from '../client/client.ts'
import type { IndexFunction, Reader } from './controller.ts'
import { digestOf, type KeepFunction } from './digest.ts'
import { ObjectStore } from './object-store.ts'

export type ChangeHandler = (current: KubeObject | undefined, old: KubeObject | undefined) => void

interface Informer {
  readonly store: ObjectStore
  readonly handlers: ChangeHandler[]
  /** What is kept of the objects beyond their digests; undefined when whole objects are. */
  keeps: Set<KeepFunction> | undefined
  watch: { stop(): void } | undefined
}

const CONTROLLER_INDEX = 'controller'
/** Of objects without a controller owner, by namespace. */
const ORPHAN_INDEX = 'orphan'

export class Informers {
  readonly #client: Client
  readonly #informers = new Map<GroupResource, Informer>()
  #isStopped = false

  constructor(client: Client) {
    this.#client = client
  }

  /** Before `start`: the resource is to be watched, and each change passed to `handler`. */
  watch(resource: GroupResource, handler: ChangeHandler): void {
    const informer = this.#informer(resource)
    informer.handlers.push(handler)
    if (informer.keeps === undefined) return
    informer.keeps = undefined
    this.#indexOwners(informer.store)
  }

  /** Before `start`: as `watch`, for a handler that is content with digests. It gets whole objects where another needs them. */
  watchDigests(resource: GroupResource, keep: KeepFunction | undefined, handler: ChangeHandler): void {
    const informer = this.#informer(resource)
    informer.handlers.push(handler)
    if (keep !== undefined) informer.keeps?.add(keep)
  }

  /** Before `start`; index names are shared by all who read. */
  addIndex(resource: GroupResource, name: string, index: IndexFunction): void {
    this.#informer(resource).store.addIndex(name, index as (object: KubeObject) => readonly string[])
  }

  /** Lists every watched resource, tells the handlers of each object, and follows the changes from there. */
  async start(): Promise<void> {
    const lists = await Promise.all(
      [...this.#informers].map(async ([resource, informer]) => ({
        resource,
        informer,
        list: await this.#client.list(resource, undefined, digestFunction(informer)),
      })),
    )
    // All stores are filled before the first handler runs: a controller may look into any of them.
    for (const { informer, list } of lists) for (const object of list.items) informer.store.set(object)
    for (const { resource, informer, list } of lists) {
      for (const object of list.items) for (const handler of informer.handlers) handler(object, undefined)
      this.#follow(resource, informer, list.resourceVersion)
    }
  }

  stop(): void {
    this.#isStopped = true
    for (const { watch } of this.#informers.values()) watch?.stop()
  }

  /** @param scope goes before the names of `indexed`, so that two controllers may name their indexes alike */
  reader(scope: string): Reader {
    const indexed = <T extends KubeObject>(resource: GroupResource, index: string, value: string) =>
      this.#store(resource).indexed(index, value) as unknown as readonly T[]
    return {
      get: <T extends KubeObject>(resource: GroupResource, namespace: string, name: string) =>
        this.#store(resource).get(namespace, name) as unknown as T | undefined,
      list: <T extends KubeObject>(resource: GroupResource, namespace?: string) =>
        this.#store(resource).list(namespace) as unknown as readonly T[],
      controlledBy: (resource, ownerUid) => indexed(resource, CONTROLLER_INDEX, ownerUid),
      orphans: (resource, namespace) => indexed(resource, ORPHAN_INDEX, namespace),
      indexed: (resource, index, value) => indexed(resource, `${scope}/${index}`, value),
    }
  }

  #store(resource: GroupResource): ObjectStore {
    const informer = this.#informers.get(resource)
    if (informer === undefined) throw new Error(`${resource} is read but not watched: name it in the controller's watches`)
    return informer.store
  }

  #informer(resource: GroupResource): Informer {
    let informer = this.#informers.get(resource)
    if (informer === undefined) {
      informer = { store: new ObjectStore(), handlers: [], keeps: new Set(), watch: undefined }
      this.#informers.set(resource, informer)
    }
    return informer
  }

  #indexOwners(store: ObjectStore): void {
    store.addIndex(CONTROLLER_INDEX, (object) => {
      const uid = controllerOf(object)?.uid
      return uid === undefined ? [] : [uid]
    })
    store.addIndex(ORPHAN_INDEX, (object) => (controllerOf(object) === undefined ? [object.metadata.namespace ?? ''] : []))
  }

  #follow(resource: GroupResource, informer: Informer, resourceVersion: string): void {
    if (this.#isStopped) return
    const handler: WatchHandler = {
      onEvents: (events) => {
        for (const event of events) this.#apply(informer, event)
      },
      onEnd: () => void this.#relist(resource, informer),
    }
    informer.watch = this.#client.watch(resource, resourceVersion, handler, digestFunction(informer))
  }

  #apply({ store, handlers }: Informer, { type, object }: ClientEvent): void {
    const old = type === 'DELETED' ? store.delete(object) : store.set(object)
    const current = type === 'DELETED' ? undefined : object
    for (const handler of handlers) handler(current, old ?? (type === 'DELETED' ? object : undefined))
  }

  /** After a watch that broke: what changed meanwhile is told as if it had been watched. */
  async #relist(resource: GroupResource, informer: Informer): Promise<void> {
    if (this.#isStopped) return
    const list = await this.#client.list(resource, undefined, digestFunction(informer))
    const listed = new Set(list.items.map(({ metadata }) => metadata.uid))
    for (const object of informer.store.list()) if (!listed.has(object.metadata.uid)) this.#apply(informer, { type: 'DELETED', object })
    for (const object of list.items) {
      const known = informer.store.get(object.metadata.namespace ?? '', object.metadata.name)
      if (known?.metadata.resourceVersion !== object.metadata.resourceVersion) this.#apply(informer, { type: 'MODIFIED', object })
    }
    this.#follow(resource, informer, list.resourceVersion)
  }
}

function digestFunction({ keeps }: Informer): DigestFunction | undefined {
  return keeps === undefined ? undefined : (object) => digestOf(object, keeps)
}
