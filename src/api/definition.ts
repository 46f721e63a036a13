/**
 * What a kind is: one declarative record, from which routes, discovery, OpenAPI, Table columns, storage keys, clients and
 * informers follow. The facts every kind has come from openapi/resources.json; a kind with behaviour of its own adds it
 * here with `defineResource`. Everything in a record is pure.
 */
import type { FieldError } from './meta/field-error.ts'
import type { GroupResource, KubeObject } from './object.ts'
import type { UserInfo } from './types.gen.ts'

export interface SubresourceFacts {
  readonly verbs: readonly string[]
  readonly kind: string
  /** Where the subresource's kind lives when that is not the resource's own group and version. */
  readonly groupVersion?: string
}

/** A line of openapi/resources.json. */
export interface ResourceFacts {
  readonly group: string
  readonly version: string
  /** plural, as in paths */
  readonly resource: string
  readonly singular: string
  readonly kind: string
  readonly namespaced: boolean
  readonly verbs: readonly string[]
  readonly shortNames?: readonly string[]
  readonly categories?: readonly string[]
  /** DELETE of an object that goes at once answers with the object, not with a Status. Upstream: ReturnDeletedObject. */
  readonly returnsDeletedObject?: boolean
  /** The type in openapi/definitions.json. */
  readonly schema: string
  readonly subresources: Readonly<Record<string, SubresourceFacts>>
}

/** One column of a Table. Upstream: pkg/printers/internalversion. */
export interface Column<T> {
  readonly name: string
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date'
  /** Only the name column has one: 'name'. */
  readonly format?: string
  readonly description: string
  /** 0 is always shown, 1 with `-o wide`. */
  readonly priority: 0 | 1
  /** @param now milliseconds since the epoch, for ages */
  readonly cell: (object: T, now: number) => string | number | boolean | null
}

export interface RowCondition {
  readonly type: 'Completed'
  readonly status: 'True'
  readonly reason: string
  readonly message: string
}

/** Where /scale finds its numbers. Upstream: the kinds' ScaleREST. */
export interface ScalePaths<T> {
  readonly replicas: (object: T) => number
  readonly setReplicas: (object: T, replicas: number) => void
  readonly statusReplicas: (object: T) => number
  /** As Scale's status.selector has it: a string. */
  readonly selector: (object: T) => string
}

/** Takes a text for a Warning header of the answer. */
export type Warn = (text: string) => void

export interface Behaviour<T extends KubeObject> {
  /** Fills in what the client left out, in place; must be idempotent. Runs on every decoded object, before validation. */
  readonly setDefaults?: (object: T) => void
  /**
   * In place, on create, after status was wiped: what clients may not set. Upstream: Strategy.PrepareForCreate.
   * @param warn for what can't be seen of the object any more when `warnings` is asked
   */
  readonly prepareForCreate?: (object: T, requester?: UserInfo, warn?: Warn) => void
  /**
   * In place, on update of the main resource, after status was restored from `old`. Upstream: Strategy.PrepareForUpdate.
   * @param now as metav1.Time has it
   */
  readonly prepareForUpdate?: (object: T, old: T, now: string) => void
  /**
   * In place, on update through /status, after all but status and some metadata was restored from `old`.
   * @param now as metav1.Time has it
   */
  readonly prepareForStatusUpdate?: (object: T, old: T, now: string) => void
  /** Every fault of the object but those of its ObjectMeta, which the registry checks for all kinds. */
  readonly validate?: (object: T) => FieldError[]
  /** What an update may not change. Runs after `validate` unless `validatesUpdateAlone`. */
  readonly validateUpdate?: (object: T, old: T) => FieldError[]
  /** `validateUpdate` is all that is asked of an update (Pods: an old pod may break today's rules). */
  readonly validatesUpdateAlone?: boolean
  readonly validateStatusUpdate?: (object: T, old: T) => FieldError[]
  /**
   * What to tell the client of an object that is fine, or was. Only asked when somebody listens.
   * Upstream: Strategy.WarningsOnCreate, WarningsOnUpdate.
   * @param old undefined on create
   */
  readonly warnings?: (object: T, old: T | undefined) => string[]
  /** The same on an update through /status. */
  readonly statusWarnings?: (object: T) => string[]
  /** Told with every answer: what is deprecated, since when, and what to use instead. Upstream: deprecation.WarningMessage. */
  readonly deprecation?: string
  /** The names this kind allows; DNS-1123 subdomain when not given. Returns messages. */
  readonly validateName?: (name: string, isPrefix: boolean) => string[]
  /** metadata.generation is 1 at birth and grows with each change outside metadata and status. */
  readonly countsGenerations?: boolean
  /** PUT of an object that isn't there creates it. Upstream: AllowCreateOnUpdate. */
  readonly createsOnUpdate?: boolean
  /** PUT without a resourceVersion is taken (the default) or refused. Upstream: AllowUnconditionalUpdate. */
  readonly refusesUnconditionalUpdate?: boolean
  /** Other versions that a body may be in, which differ from this one in nothing. Upstream: GroupVersionAcceptor. */
  readonly alsoTakes?: readonly string[]
  /** What is to be known of an object's row beyond its cells: clients may leave out what is completed. Upstream: TableRowCondition. */
  readonly rowConditions?: (object: T) => readonly RowCondition[] | undefined
  /** All columns; when not given: Name and Created At. */
  readonly columns?: readonly Column<T>[]
  /** Field selectors beyond metadata.name and metadata.namespace. */
  readonly selectableFields?: Readonly<Record<string, (object: T) => string>>
  /** What is said of a field selector the kind doesn't know, where it isn't said as of every kind. */
  readonly unknownFieldText?: (field: string) => string
  readonly scale?: ScalePaths<T>
  /**
   * Seconds until a deleted object may go; undefined when it goes at once. Only Pods have one.
   * @param requested DeleteOptions.gracePeriodSeconds
   */
  readonly gracePeriodSeconds?: (object: T, requested: number | undefined) => number | undefined
  /**
   * What becomes of dependents when a delete doesn't say: they go too unless they `stay`; `none`: it can have none.
   * Upstream: DefaultGarbageCollectionPolicy.
   */
  readonly ownDependents?: 'stay' | 'none'
  /** Told to whoever deletes without a word about dependents. */
  readonly dependentsWarning?: string
  /** Something other than metadata.finalizers keeps a deleted object in place: a Namespace's spec.finalizers. */
  readonly holdsDeletion?: (object: T) => boolean
  /** In place, when deletionTimestamp is first set. */
  readonly markDeleting?: (object: T) => void
  /** What the client says of status at creation is kept: kubelets register their nodes with it. */
  readonly keepsStatusOnCreate?: boolean
  /** Only the newest change of an object is kept in the change log: for heartbeats, which would push all else out. */
  readonly keepsNoHistory?: boolean
  /**
   * For a second version of a resource that is stored in another one.
   * Objects are stored in the form of the definition that has none.
   */
  readonly conversion?: {
    readonly toStored: (object: KubeObject) => KubeObject
    readonly fromStored: (object: KubeObject) => KubeObject
    /** The resource whose store it shares: `events` for `events.events.k8s.io`. */
    readonly storedAs: GroupResource
  }
}

export interface ResourceDefinition<T extends KubeObject = KubeObject> extends ResourceFacts, Behaviour<T> {
  readonly groupResource: GroupResource
  /** `v1`, `apps/v1` */
  readonly apiVersion: string
  readonly hasStatus: boolean
}

/** What a kind's file exports: which resource, and how it behaves. */
export interface ResourceBehaviour<T extends KubeObject = KubeObject> extends Behaviour<T> {
  /** `v1/pods`, `apps/v1/deployments` */
  readonly path: string
}

/** Ties behaviour to the resource at `path` ("apps/v1/deployments"). The facts are joined in api/index.ts. */
export function defineResource<T extends KubeObject>(path: string, behaviour: Behaviour<T>): ResourceBehaviour {
  // Each record is only ever given objects of its own kind, which its type can't say to those who hold them all.
  return { path, ...behaviour } as unknown as ResourceBehaviour
}
