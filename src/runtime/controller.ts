/** How a controller is described: which objects it watches, what it reads, and its pure decision. run-controller.ts runs it. */
import type { GroupResource, KubeObject } from '../api/object.ts'
import type { KeepFunction } from './digest.ts'
import type { Plan, ReconcileContext } from './plan.ts'
import type { RetryDelays } from './work-queue.ts'

/** Namespace and name of the reconciled object: `prod/web`, or `worker-1` for cluster-scoped ones; the controller's own where it reconciles no one resource. */
export type Key = string

/**
 * The informers' view of the cluster, always at one revision. Objects are shared: never change one.
 * Lists come in no particular order.
 */
export interface Reader {
  get<T extends KubeObject>(resource: GroupResource, namespace: string, name: string): T | undefined
  list<T extends KubeObject>(resource: GroupResource, namespace?: string): readonly T[]
  /** Those whose controller owner reference has this uid. Costs as much as the answer is long. */
  controlledBy<T extends KubeObject>(resource: GroupResource, ownerUid: string): readonly T[]
  /** Those of the namespace without a controller owner: candidates for adoption. */
  orphans<T extends KubeObject>(resource: GroupResource, namespace: string): readonly T[]
  /** By one of the controller's own `indexes`. */
  indexed<T extends KubeObject>(resource: GroupResource, index: string, value: string): readonly T[]
}

/**
 * The keys that a change of one object concerns. `old` is the state before (undefined for a new object); `current` the state
 * after (undefined when it went).
 */
export type KeysOf = (current: KubeObject | undefined, old: KubeObject | undefined, reader: Reader) => readonly Key[]

/** Which index values an object has; objects are found again by `Reader.indexed`. */
export type IndexFunction = (object: never) => readonly string[]

export interface ControllerDefinition<Observed = unknown> {
  /** As in `--controllers` and logs: upstream's name without `-controller` where it has one. */
  readonly name: string
  /** The controller with which it is switched on and off, when that isn't itself. */
  readonly partOf?: string
  /** Who its events are from; NAME-controller when not given. */
  readonly component?: string
  /**
   * The resource whose objects are reconciled; every change of one queues its key. Without it keys are what `watches` make
   * them, plans have no `status`, and their events say what they are about.
   */
  readonly reconciles?: GroupResource
  /** Other resources that matter, with the keys their changes concern; `ownerKeys(kind)` of owner-keys.ts serves for owned objects. */
  readonly watches: Readonly<Record<GroupResource, KeysOf>>
  /**
   * As `watches`, for resources of whose objects a digest is enough (digest.ts: identity, owners, finalizers, and what `keep`
   * takes). Unless another controller watches them whole no more than that is in memory, so that it is cheap to watch everything.
   */
  readonly watchesDigests?: Readonly<Record<GroupResource, { readonly keysOf: KeysOf; readonly keep?: KeepFunction }>>
  /** Indexes over watched resources, by resource and index name. */
  readonly indexes?: Readonly<Record<GroupResource, Readonly<Record<string, IndexFunction>>>>
  /** How long after a change of such an object the keys it concerns are looked at, in milliseconds; at once when not given. */
  readonly watchDelaysMs?: Readonly<Record<GroupResource, number>>
  /** When a key is tried again whose plan failed; after 5 ms, 10 ms, … 1000 s when not given. */
  readonly retryDelays?: RetryDelays
  /** Of keys that are ready those of a higher rank are taken first, of one rank the one that waited longest; asked when a key is queued. */
  readonly rank?: (reader: Reader, key: Key) => number
  /** Gathers all that `reconcile` needs for one key; undefined when the object is gone or isn't ours. Reads only. */
  observe(reader: Reader, key: Key): Observed | undefined
  /** Pure, synchronous and total. */
  reconcile(observed: Observed, context: ReconcileContext): Plan
}
