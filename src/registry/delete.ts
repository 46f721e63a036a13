import type { ResourceDefinition } from '../api/definition.ts'
import { conflictError, invalidError } from '../api/meta/api-error.ts'
import { type FieldError, invalid, notSupported } from '../api/meta/field-error.ts'
import { timestamp } from '../api/meta/time.ts'
import type { KubeObject } from '../api/object.ts'
import type { DeleteOptions, Status } from '../api/types.gen.ts'
import { deepEqual } from '../lib/deep-equal.ts'
import type { ObjectResult, RegistryContext, Target, WriteOptions } from './context.ts'
import { bytesOf, dryRunResult } from './encode.ts'
import { getEntry } from './get.ts'
import { admissionRequest } from './strategy.ts'
import { writeState } from './update.ts'
import { warnOfDelete } from './warnings.ts'

export interface DeleteResult extends ObjectResult {
  /** False when the object stays for now: finalizers, a grace period. */
  readonly isGone: boolean
  readonly code: 200 | 202
}

const POLICIES = ['Foreground', 'Background', 'Orphan']
export const ORPHAN_FINALIZER = 'orphan'
export const FOREGROUND_FINALIZER = 'foregroundDeletion'
const FINALIZERS: Readonly<Record<string, string | undefined>> = { Orphan: ORPHAN_FINALIZER, Foreground: FOREGROUND_FINALIZER }

/** @throws ApiError 422 or 400. Upstream: metav1/validation ValidateDeleteOptions */
export function validateDeleteOptions(options: DeleteOptions): void {
  const kind = { group: 'meta.k8s.io', kind: 'DeleteOptions' }
  const { propagationPolicy, orphanDependents, dryRun } = options
  const errors: FieldError[] = []
  if (propagationPolicy !== undefined && orphanDependents !== undefined) {
    errors.push(invalid('propagationPolicy', propagationPolicy, 'orphanDependents and deletionPropagation cannot be both set'))
  }
  if (propagationPolicy !== undefined && !POLICIES.includes(propagationPolicy)) {
    errors.push(notSupported('propagationPolicy', propagationPolicy, [...POLICIES, 'nil']))
  }
  if (dryRun?.some((value) => value !== 'All')) errors.push(notSupported('dryRun', dryRun, ['All']))
  if (errors.length > 0) throw invalidError(kind, '', errors)
}

/**
 * Deletes an object, or marks it as being deleted when finalizers or a grace period keep it.
 * Upstream: store.go Delete, rest/delete.go BeforeDelete.
 * @throws ApiError
 */
export async function deleteObject(
  context: RegistryContext,
  target: Target,
  asked: DeleteOptions,
  options: WriteOptions,
): Promise<DeleteResult> {
  const { definition } = target
  warnOfDelete(definition, asked, options.warn)
  for (;;) {
    const entry = getEntry(context, target)
    const old = definition.conversion === undefined ? entry.decoded() : definition.conversion.fromStored(entry.copy())
    checkPreconditions(target, old, asked.preconditions)
    const request = admissionRequest('delete', target, '', undefined, old, options)
    context.admission.mutate(request)
    context.admission.validate(request)

    const next = definition.conversion === undefined ? entry.copy() : definition.conversion.fromStored(entry.copy())
    const grace = setGracePeriod(context, definition, next, asked.gracePeriodSeconds)
    if (grace === 'pending') return { bytes: bytesOf(definition, entry), object: old, isCreated: false, isGone: false, code: codeOf(asked) }
    setPropagationFinalizers(definition, next, asked)
    const { metadata } = next
    const isGone =
      !metadata.finalizers?.length && !(grace === 'graceful' && metadata.deletionGracePeriodSeconds) && !definition.holdsDeletion?.(next)
    if (!isGone && grace === 'none') markDeleting(context, definition, next)

    const code = isGone ? 200 : codeOf(asked)
    if (!isGone && deepEqual(next, old)) return { bytes: bytesOf(definition, entry), object: old, isCreated: false, isGone, code }
    if (options.dryRun) return { ...dryRunResult(definition, next), isGone, code }
    const written = await writeState(context, target, isGone ? 'delete' : 'update', entry, next)
    if (written !== undefined) return { ...written, isGone, code }
  }
}

/** Of a delete that leaves the object for now: 202 only for the deprecated way to ask for a cascade. Upstream: handlers/delete.go */
function codeOf({ orphanDependents }: DeleteOptions): 200 | 202 {
  return orphanDependents === false ? 202 : 200
}

/** The answer to a delete of an object that is gone, where the kind doesn't answer with the object. */
export function deletedStatus({ definition, name }: Target, object: KubeObject): Status {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: { name, ...(definition.group ? { group: definition.group } : {}), kind: definition.resource, uid: object.metadata.uid },
  }
}

/** @throws ApiError 409. Upstream: rest/delete.go BeforeDelete, which names the kind here; a Namespace's own store says it like an update */
function checkPreconditions({ definition, name }: Target, { metadata }: KubeObject, preconditions: DeleteOptions['preconditions']): void {
  const { uid, resourceVersion } = preconditions ?? {}
  const { group, kind } = definition
  const refuse = (why: string) => conflictError({ group, resource: kind }, name, why)
  if (uid !== undefined && uid !== metadata.uid) {
    if (definition.holdsDeletion !== undefined) {
      throw conflictError(definition, name, `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${metadata.uid}`)
    }
    throw refuse(
      `the UID in the precondition (${uid}) does not match the UID in record (${metadata.uid}). The object might have been deleted and then recreated`,
    )
  }
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
    throw refuse(
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${metadata.resourceVersion}). The object might have been modified`,
    )
  }
}

/**
 * In place, for the kinds that go gracefully. `pending`: it is going already, and not sooner for this request.
 * Upstream: rest/delete.go BeforeDelete.
 */
function setGracePeriod(
  context: RegistryContext,
  definition: ResourceDefinition,
  object: KubeObject,
  asked: number | undefined,
): 'none' | 'graceful' | 'pending' {
  if (definition.gracePeriodSeconds === undefined) return 'none'
  const { metadata } = object
  let seconds = asked !== undefined && asked < 0 ? 1 : asked
  const now = context.clock.now()
  if (metadata.deletionTimestamp !== undefined) {
    const current = metadata.deletionGracePeriodSeconds ?? 0
    if (current === 0) return 'none'
    if (seconds === undefined || seconds >= current) return 'pending'
    let goesAt = Date.parse(metadata.deletionTimestamp) + (seconds - current) * 1000
    if (goesAt < now) {
      goesAt = now
      // Its time is over, yet it was to go gracefully: whoever runs it has the last word.
      if (seconds !== 0) seconds = 1
    }
    metadata.deletionTimestamp = timestamp(goesAt)
    metadata.deletionGracePeriodSeconds = seconds
    return 'graceful'
  }
  seconds = definition.gracePeriodSeconds(object, seconds)
  if (seconds === undefined) return 'none'
  metadata.deletionTimestamp = timestamp(now + seconds * 1000)
  metadata.deletionGracePeriodSeconds = seconds
  countDeletion(object)
  definition.markDeleting?.(object)
  return 'graceful'
}

/** In place. Upstream: store.go deletionFinalizersForGarbageCollection. */
function setPropagationFinalizers({ ownDependents }: ResourceDefinition, { metadata }: KubeObject, asked: DeleteOptions): void {
  const before = metadata.finalizers ?? []
  // Of the two finalizers of an earlier request, the one that comes first counts.
  const earlier = before.find((finalizer) => finalizer === ORPHAN_FINALIZER || finalizer === FOREGROUND_FINALIZER)
  let wanted: string | undefined
  if (ownDependents === 'none') wanted = undefined
  else if (asked.orphanDependents !== undefined) wanted = asked.orphanDependents ? ORPHAN_FINALIZER : undefined
  else if (asked.propagationPolicy !== undefined) wanted = FINALIZERS[asked.propagationPolicy]
  else wanted = earlier ?? (ownDependents === 'stay' ? ORPHAN_FINALIZER : undefined)
  const others = before.filter((finalizer) => finalizer !== ORPHAN_FINALIZER && finalizer !== FOREGROUND_FINALIZER)
  const finalizers = wanted === undefined ? others : [...others, wanted]
  if (finalizers.length === before.length && finalizers.every((finalizer) => before.includes(finalizer))) return
  if (finalizers.length > 0) metadata.finalizers = finalizers
  else delete metadata.finalizers
}

/** In place. Upstream: store.go markAsDeleting. */
function markDeleting(context: RegistryContext, definition: ResourceDefinition, object: KubeObject): void {
  const { metadata } = object
  const now = context.clock.now()
  const isNew = metadata.deletionTimestamp === undefined
  // A Namespace's own store counts nothing and gives no grace period.
  const isOwnWay = definition.holdsDeletion !== undefined
  if (isNew && !isOwnWay) countDeletion(object)
  if (metadata.deletionTimestamp === undefined || Date.parse(metadata.deletionTimestamp) > now) metadata.deletionTimestamp = timestamp(now)
  if (!isOwnWay) metadata.deletionGracePeriodSeconds = 0
  if (isNew) definition.markDeleting?.(object)
}

function countDeletion({ metadata }: KubeObject): void {
  if (metadata.generation !== undefined && metadata.generation > 0) metadata.generation++
}
