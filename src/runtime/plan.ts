/**
 * What a controller wants done, as plain data. `reconcile` returns one; execute-plan.ts carries it out.
 *
 * Actions run in order; neighbours with the same `verb` run together (and are committed together), creates in slow-start
 * batches: 1, 2, 4, 8, … Upstream: controller_utils.go slowStartBatch. Of `patchAs`, `apply` and `record` each waits for the one
 * before it. `status` is written last, and only if it differs.
 * When an action fails, the rest of the plan is dropped and the key is tried again after a back-off, with the fault in
 * `context.lastFailure`; a conflict, a missing object on delete and an object of ours that is there already are no faults.
 */
import type { GroupResource, KubeObject, New, ObjectRef } from '../api/object.ts'
import type { TypedPatch } from '../client/client.ts'

export interface PlannedEvent {
  readonly type: 'Normal' | 'Warning'
  readonly reason: string
  readonly message: string
  /** When the event is about another object than the one being reconciled. */
  readonly about?: KubeObject
  /** The part of the object it is about, as involvedObject.fieldPath: `spec.containers{web}`. */
  readonly fieldPath?: string
  /** Who reports it, when that is not the controller by its own name. */
  readonly source?: { readonly component: string; readonly host?: string }
  /** What was done or tried, a word. With one the event is of events.k8s.io: as upstream's scheduler reports, and only it. */
  readonly action?: string
  /** Another object that has to do with it. Only with an action. */
  readonly related?: KubeObject
}

/** `finalize` is of Namespaces alone. */
export type UpdateSubresource = 'status' | 'finalize'

interface ActionBase {
  /** Recorded once the action is done. */
  readonly event?: PlannedEvent
  /** Recorded when it fails; the error's text is put after `message`. */
  readonly failureEvent?: PlannedEvent
}

export interface CreateAction extends ActionBase {
  readonly verb: 'create'
  readonly resource: GroupResource
  /** With its final name: take `context.newName(base)`. Namespaced by metadata.namespace. */
  readonly object: New<KubeObject>
}

export interface PatchAction extends ActionBase {
  readonly verb: 'patch'
  readonly target: ObjectRef
  /** A JSON merge patch (null deletes). Give metadata.uid to be sure of the object, metadata.resourceVersion of its state. */
  readonly patch: Record<string, unknown>
  readonly subresource?: 'status'
}

/** A patch as a client over the wire sends it. */
export interface PatchAsAction extends ActionBase {
  readonly verb: 'patchAs'
  readonly target: ObjectRef
  readonly patch: TypedPatch
}

/** Makes the object, or patches it when it is there already; a part of it is only patched. */
export interface ApplyAction extends ActionBase {
  readonly verb: 'apply'
  readonly object: New<KubeObject>
  readonly patch: Omit<TypedPatch, 'body'>
}

/** Nothing but its event. */
export interface RecordAction extends ActionBase {
  readonly verb: 'record'
}

export interface UpdateAction extends ActionBase {
  readonly verb: 'update'
  readonly resource: GroupResource
  /** Whole, with the resourceVersion it was read at. */
  readonly object: KubeObject
  readonly subresource?: UpdateSubresource
}

export interface DeleteAction extends ActionBase {
  readonly verb: 'delete'
  readonly target: ObjectRef
  readonly preconditions: { readonly uid: string; readonly resourceVersion?: string }
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan'
  readonly gracePeriodSeconds?: number
}

/** Puts a pod on a node: a create on pods/binding. The pod having a node already, or being gone, is no fault. */
export interface BindAction extends ActionBase {
  readonly verb: 'bind'
  readonly target: ObjectRef
  readonly node: string
  /** Of the pod, as a precondition. */
  readonly uid: string
}

/** Deletes a pod unless a PodDisruptionBudget objects, which is a fault (TooManyRequests). */
export interface EvictAction extends ActionBase {
  readonly verb: 'evict'
  readonly target: ObjectRef
}

/** Sets the replicas of any kind that has /scale. */
export interface ScaleAction extends ActionBase {
  readonly verb: 'scale'
  readonly target: ObjectRef
  readonly replicas: number
  /** Of the target, as a precondition. */
  readonly uid: string
}

export type Action =
  | CreateAction
  | PatchAction
  | PatchAsAction
  | ApplyAction
  | RecordAction
  | UpdateAction
  | DeleteAction
  | BindAction
  | EvictAction
  | ScaleAction

export interface Plan {
  readonly actions?: readonly Action[]
  /** The reconciled object as its status should be; written through /status when it differs from what was observed. */
  readonly status?: KubeObject
  /** About the reconciled object, recorded when everything else is done. */
  readonly events?: readonly PlannedEvent[]
  /** Something was left undone: the key is tried again after a back-off, as when an action fails. */
  readonly isIncomplete?: boolean
  /** Look again after this many milliseconds even if nothing changes. */
  readonly requeueAfterMs?: number
  /** Why nothing (more) is done now, for a user who asks why an object isn't progressing. */
  readonly waitingOn?: string
}

export interface ReconcileContext {
  /** Milliseconds since the epoch. */
  readonly now: number
  /** `base` and a random suffix of five characters, cut to fit a name: as the server's generateName. */
  readonly newName: (base: string) => string
  /** The fault that ended the previous plan for this key, if it was not carried out. */
  readonly lastFailure?: { readonly action: Action; readonly reason: string; readonly message: string } | undefined
}
