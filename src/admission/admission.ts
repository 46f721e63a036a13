/**
 * Admission: what stands between a well-formed write and the store. A plugin is one file in this folder and one line in
 * plugins.ts; it may change the object (`mutate`), then all plugins may refuse it (`validate`), with an ApiError. What the
 * write takes from other objects is reserved (`reserve`) in the same step in which it is handed to the store.
 */
import type { ResourceDefinition, Warn } from '../api/definition.ts'
import type { GroupResource, KubeObject } from '../api/object.ts'

export type Operation = 'create' | 'update' | 'delete'

export interface AdmissionRequest {
  readonly operation: Operation
  readonly definition: ResourceDefinition
  /** '' for the resource itself */
  readonly subresource: string
  readonly namespace: string
  /** '' for a create whose name is still to be generated */
  readonly name: string
  /** The object to be written; undefined for a delete. */
  readonly object: KubeObject | undefined
  /** The object as it is; undefined for a create. Shared: not to be changed. */
  readonly old: KubeObject | undefined
  readonly user: { readonly name: string; readonly groups: readonly string[] }
  readonly isDryRun: boolean
  readonly warn: Warn
}

/**
 * A change of another object that is committed with the write or not at all: a ResourceQuota counts what is created as it is
 * created. When the object is at another revision by then the write isn't done, and is reserved for anew.
 */
export interface Reservation {
  readonly resource: GroupResource
  readonly old: KubeObject
  /** The object as it shall be; only its status differs. */
  readonly next: KubeObject
  /** The revision `old` is at, or the one that an earlier reservation will have made. */
  readonly expectedRevision: number | { readonly revision?: number }
  /** Called when the write is handed to the store; what it returns is told of the revision once it is made. */
  begin(): { revision?: number }
  /** Called when a write that has begun was not done. */
  fail(): void
}

/** The current objects. Shared: not to be changed. */
export interface ClusterView {
  get<T extends KubeObject>(resource: GroupResource, namespace: string, name: string): T | undefined
  list<T extends KubeObject>(resource: GroupResource, namespace?: string): readonly T[]
  /**
   * For an index that a plugin keeps: tells of each object there is, and then of each change as it is committed.
   * @param handler must not throw; `old` is the state before, `current` the one after
   */
  follow<T extends KubeObject>(resource: GroupResource, handler: (current: T | undefined, old: T | undefined) => void): void
  /** Resolves when the writes that have been handed to the store are stored or have failed. */
  idle(): Promise<void>
  readonly now: number
}

export interface AdmissionPlugin {
  /** As upstream's `--enable-admission-plugins` names it. */
  readonly name: string
  /** Only what a plugin handles reaches it. */
  handles(request: AdmissionRequest): boolean
  /** Changes `request.object` in place. @throws ApiError */
  mutate?(request: AdmissionRequest, cluster: ClusterView): void
  /** @throws ApiError */
  validate?(request: AdmissionRequest, cluster: ClusterView): void
  /** What the write takes from other objects. May be asked again for one request. @throws ApiError when there isn't enough */
  reserve?(request: AdmissionRequest, cluster: ClusterView): readonly Reservation[]
}

const NOTHING: readonly Reservation[] = []

/** Names are generated after admission. Upstream: admission/errors.go extractResourceName */
export function nameForMessages({ metadata }: KubeObject): string {
  return metadata.name || metadata.generateName || 'Unknown'
}

export class AdmissionChain {
  readonly #plugins: readonly AdmissionPlugin[]
  readonly #cluster: ClusterView

  constructor(plugins: readonly AdmissionPlugin[], cluster: ClusterView) {
    this.#plugins = plugins
    this.#cluster = cluster
  }

  mutate(request: AdmissionRequest): void {
    for (const plugin of this.#plugins) if (plugin.mutate !== undefined && plugin.handles(request)) plugin.mutate(request, this.#cluster)
  }

  validate(request: AdmissionRequest): void {
    for (const plugin of this.#plugins)
      if (plugin.validate !== undefined && plugin.handles(request)) plugin.validate(request, this.#cluster)
  }

  /** To be called in the same step of the event loop in which the write is handed to the store. */
  reserve(request: AdmissionRequest): readonly Reservation[] {
    let reservations = NOTHING
    for (const plugin of this.#plugins) {
      if (plugin.reserve === undefined || !plugin.handles(request)) continue
      const own = plugin.reserve(request, this.#cluster)
      if (own.length > 0) reservations = [...reservations, ...own]
    }
    return reservations
  }
}
