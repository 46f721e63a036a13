import { badRequestError, invalidError, notFoundError } from '../api/meta/api-error.ts'
import { invalid, notSupported } from '../api/meta/field-error.ts'
import { timestamp } from '../api/meta/time.ts'
import type { KubeObject } from '../api/object.ts'
import type { DeleteOptions, Status } from '../api/types.gen.ts'
import type { ObjectResult, RegistryContext, Target, WriteOptions } from './context.ts'
import { bytesOf, encodeUnstored } from './encode.ts'
import { getEntry, keyOf } from './get.ts'
import { admissionRequest } from './strategy.ts'
import { checkPreconditions, isFinished, writeState } from './update.ts'

export interface DeleteResult extends ObjectResult {
  /** False when the object stays for now: finalizers, a grace period. */
  readonly isGone: boolean
  readonly code: 200 | 202
}

const POLICIES = ['Foreground', 'Background', 'Orphan']
export const ORPHAN_FINALIZER = 'orphan'
export const FOREGROUND_FINALIZER = 'foregroundDeletion'

/** @throws ApiError 422 or 400. Upstream: metav1/validation ValidateDeleteOptions */
export function validateDeleteOptions(options: DeleteOptions): void {
  const kind = { group: 'meta.k8s.io', kind: 'DeleteOptions' }
  if (options.propagationPolicy !== undefined && options.orphanDependents !== undefined) {
    throw invalidError(kind, '', [
      invalid('propagationPolicy', options.propagationPolicy, 'orphanDependents and deletionPropagation cannot be both set'),
    ])
  }
  if (options.propagationPolicy !== undefined && !POLICIES.includes(options.propagationPolicy)) {
    throw invalidError(kind, '', [notSupported('propagationPolicy', options.propagationPolicy, [...POLICIES, 'nil'])])
  }
  for (const value of options.dryRun ?? [])
    if (value !== 'All') throw invalidError(kind, '', [notSupported('dryRun', options.dryRun, ['All'])])
  if (options.gracePeriodSeconds !== undefined && !Number.isInteger(options.gracePeriodSeconds))
    throw badRequestError('gracePeriodSeconds must be an integer')
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
  for (;;) {
    const entry = getEntry(context, target)
    const old = definition.conversion === undefined ? entry.decoded() : definition.conversion.fromStored(entry.copy())
    checkPreconditions(target, old, asked.preconditions)
    context.admission.validate(admissionRequest('delete', target, '', undefined, old, options))

    const next = definition.conversion === undefined ? entry.copy() : definition.conversion.fromStored(entry.copy())
    const isPending = !setGracePeriod(context, target, next, asked)
    if (!isPending) {
      setPropagationFinalizers(next, asked, definition.defaultPropagationPolicy)
      markDeleting(context, target, next)
    }
    const isGone = isFinished(definition.holdsDeletion, next)
    // 202 only for the deprecated way to ask for a cascade. Upstream: handlers/delete.go
    const code = !isGone && asked.orphanDependents === false && asked.propagationPolicy === undefined ? 202 : 200
    if (isPending && !isGone) return { bytes: bytesOf(definition, entry), object: old, isCreated: false, isGone, code }
    if (options.dryRun) return { bytes: encodeUnstored(next), object: next, isCreated: false, isGone, code }
    const written = await writeState(context, target, isGone ? 'delete' : 'update', entry, next)
    if (written !== undefined) return { ...written, isGone, code }
    if (context.cache.get(keyOf(target)) === undefined) throw notFoundError(definition, target.name)
  }
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

/** In place. False when it is being deleted already and nothing asks for it to be sooner. */
function setGracePeriod(context: RegistryContext, { definition }: Target, object: KubeObject, asked: DeleteOptions): boolean {
  if (definition.gracePeriodSeconds === undefined) return true
  const { metadata } = object
  const requested = definition.gracePeriodSeconds(object, asked.gracePeriodSeconds)
  if (requested === undefined) return true
  if (metadata.deletionTimestamp === undefined) {
    metadata.deletionTimestamp = timestamp(context.clock.now() + requested * 1000)
    metadata.deletionGracePeriodSeconds = requested
    countDeletion(object)
    definition.markDeleting?.(object)
    return true
  }
  const current = metadata.deletionGracePeriodSeconds
  if (current === undefined) return true
  if (asked.gracePeriodSeconds === undefined || asked.gracePeriodSeconds >= current) return current === 0
  const startedAt = Date.parse(metadata.deletionTimestamp) - current * 1000
  metadata.deletionTimestamp = timestamp(startedAt + requested * 1000)
  metadata.deletionGracePeriodSeconds = requested
  return true
}

/** In place. Upstream: store.go deletionFinalizersForGarbageCollection. */
function setPropagationFinalizers({ metadata }: KubeObject, asked: DeleteOptions, byDefault: 'Orphan' | undefined): void {
  const has = (finalizer: string) => metadata.finalizers?.includes(finalizer) === true
  const policy = asked.propagationPolicy
  const isOrphaning =
    asked.orphanDependents ??
    (policy === undefined ? has(ORPHAN_FINALIZER) || (byDefault === 'Orphan' && !has(FOREGROUND_FINALIZER)) : policy === 'Orphan')
  const isForeground = policy === undefined ? asked.orphanDependents === undefined && has(FOREGROUND_FINALIZER) : policy === 'Foreground'
  const finalizers = (metadata.finalizers ?? []).filter((finalizer) => finalizer !== ORPHAN_FINALIZER && finalizer !== FOREGROUND_FINALIZER)
  if (isOrphaning) finalizers.push(ORPHAN_FINALIZER)
  if (isForeground) finalizers.push(FOREGROUND_FINALIZER)
  if (finalizers.length > 0) metadata.finalizers = finalizers
  else delete metadata.finalizers
}

function markDeleting(context: RegistryContext, { definition }: Target, object: KubeObject): void {
  const { metadata } = object
  if (metadata.deletionTimestamp === undefined) {
    metadata.deletionTimestamp = timestamp(context.clock.now())
    countDeletion(object)
    definition.markDeleting?.(object)
  }
  metadata.deletionGracePeriodSeconds ??= 0
}

function countDeletion({ metadata }: KubeObject): void {
  if (metadata.generation !== undefined && metadata.generation > 0) metadata.generation++
}
