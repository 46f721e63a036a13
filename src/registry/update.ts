import type { Reservation } from '../admission/admission.ts'
import { ApiError, badRequestError, conflictError, invalidError, notFoundError } from '../api/meta/api-error.ts'
import { invalid } from '../api/meta/field-error.ts'
import { timestamp } from '../api/meta/time.ts'
import type { KubeObject } from '../api/object.ts'
import { deepEqual } from '../lib/deep-equal.ts'
import { Entry } from '../storage/entry.ts'
import { writeReserved } from './alongside.ts'
import type { ObjectResult, RegistryContext, Target, WriteOptions } from './context.ts'
import { prepareNew, store } from './create.ts'
import { bytesOf, dryRunResult, encoder } from './encode.ts'
import { keyOf } from './get.ts'
import {
  admissionRequest,
  agreeOnNamespace,
  prepareForStatusUpdate,
  prepareForUpdate,
  validateStatusUpdate,
  validateUpdate,
} from './strategy.ts'
import { keepTimes, trackFields } from './track-fields.ts'
import { AFTER_ADMISSION, AS_ASKED, dropRepeatedOwners, warnOf, warnOfStatus } from './warnings.ts'

export interface UpdateOptions extends WriteOptions {
  /** '' for the resource itself; others than 'status' bring their own `prepare`. */
  readonly subresource?: string
  readonly preconditions?: { readonly uid?: string | undefined; readonly resourceVersion?: string | undefined }
  /** An apply may create what isn't there. */
  readonly mayCreate?: boolean
  /** The change is a server-side apply, which sees to managedFields itself: there is no `fieldManager`. */
  readonly isApply?: boolean
  /** In place of the rules of the main resource or of status, for the other subresources: in place on `next`. */
  readonly prepare?: (next: KubeObject, old: KubeObject) => void
  /** The outcome is judged by this instead of by the main resource's or status' validation. */
  readonly validate?: (next: KubeObject, old: KubeObject) => void
}

/**
 * Replaces an object by what `change` makes of it.
 * @param change gets a copy of the current object (undefined when there is none and the update may create it) and returns the
 *   next state, which becomes the registry's own. It is called again when another writer was faster and `next` did not insist
 *   on a resourceVersion.
 * @throws ApiError
 */
export async function update(
  context: RegistryContext,
  target: Target,
  change: (current: KubeObject | undefined) => KubeObject,
  options: UpdateOptions,
): Promise<ObjectResult> {
  for (;;) {
    const entry = context.cache.get(keyOf(target))
    const result =
      entry === undefined ? await createByUpdate(context, target, change, options) : await replace(context, target, entry, change, options)
    if (result !== undefined) return result
  }
}

async function createByUpdate(
  context: RegistryContext,
  target: Target,
  change: (current: undefined) => KubeObject,
  options: UpdateOptions,
): Promise<ObjectResult | undefined> {
  const { definition, name } = target
  const isAllowed = ((definition.createsOnUpdate && !options.isPatch) || options.mayCreate) && !options.subresource
  if (!isAllowed) throw notFoundError(definition, name)
  const object = change(undefined)
  checkIdentity(target, object)
  if (object.metadata.uid) throw uidConflictError(target, object.metadata.uid, '')
  // Upstream takes any resourceVersion here: it looks at it only where there is an object to compare with.
  delete (object.metadata as { resourceVersion?: string }).resourceVersion
  const request = prepareNew(context, target, object, options)
  return store(context, target, object, request, options)
}

/** undefined when another write came between. */
async function replace(
  context: RegistryContext,
  target: Target,
  entry: Entry,
  change: (current: KubeObject) => KubeObject,
  options: UpdateOptions,
): Promise<ObjectResult | undefined> {
  const { definition, name } = target
  const subresource = options.subresource ?? ''
  const old = definition.conversion === undefined ? entry.decoded() : definition.conversion.fromStored(entry.copy())
  checkPreconditions(target, old, options.preconditions)
  const next = change(definition.conversion === undefined ? entry.copy() : definition.conversion.fromStored(entry.copy()))
  checkIdentity(target, next, options.isPatch)
  const { uid } = next.metadata
  if (!options.isPatch && uid && uid !== old.metadata.uid) throw uidConflictError(target, uid, old.metadata.uid)
  const asked = next.metadata.resourceVersion
  if (asked && !/^\d+$/.test(asked)) throw new ApiError(500, '', `strconv.ParseUint: parsing ${JSON.stringify(asked)}: invalid syntax`)
  const hasRevision = Boolean(asked) && asked !== '0'
  // What a patch left as it was it didn't ask for: it is tried again when another writer was faster. Upstream: patch.go patchResource.
  const insists = hasRevision && !(options.isPatch && asked === old.metadata.resourceVersion)
  if (!hasRevision && definition.refusesUnconditionalUpdate) {
    throw invalidError({ group: definition.group, kind: definition.resource }, name, [
      invalid('metadata.resourceVersion', 0, 'must be specified for an update'),
    ])
  }
  if (insists && asked !== old.metadata.resourceVersion) throw conflictError(definition, name)
  next.metadata.resourceVersion = old.metadata.resourceVersion
  definition.setDefaults?.(next)
  if (!options.isPatch) dropRepeatedOwners(next, AS_ASKED, options.warn)
  if (options.fieldManager !== undefined) trackFields(context, definition, subresource, old, next, options.fieldManager)
  const request = admissionRequest('update', target, subresource, next, old, options)
  context.admission.mutate(request)
  dropRepeatedOwners(next, AFTER_ADMISSION, options.warn)
  const now = timestamp(context.clock.now())
  if (options.prepare !== undefined) options.prepare(next, old)
  else if (subresource === 'status') prepareForStatusUpdate(definition, next, old, now)
  else prepareForUpdate(definition, next, old, now)
  next.kind = definition.kind
  next.apiVersion = definition.apiVersion
  if (options.validate !== undefined) options.validate(next, old)
  else if (subresource === 'status') validateStatusUpdate(definition, next, old)
  else validateUpdate(definition, next, old)
  if (options.validate === undefined) {
    if (subresource === 'status') warnOfStatus(definition, next, options.warn)
    else warnOf(definition, next, old, options.warn)
  }
  context.admission.validate(request)
  const reservations = context.admission.reserve(request)

  const isDelete = isFinished(definition.holdsDeletion, next)
  keepTimes(next, old)
  if (!isDelete && deepEqual(next, old)) return { bytes: bytesOf(definition, entry), object: old, isCreated: false }
  if (options.dryRun) return dryRunResult(definition, next)
  const written = await writeState(context, target, isDelete ? 'delete' : 'update', entry, next, reservations)
  if (written === undefined && insists) {
    const current = context.cache.get(entry.key)
    if (current === undefined) throw notFoundError(definition, name)
    // The object itself may be as it was, and something that is written with it not.
    if (current.revision !== entry.revision) throw conflictError(definition, name)
  }
  return written
}

/** Writes the next state over `entry`, or as the last one; undefined when another write came between. */
export async function writeState(
  context: RegistryContext,
  target: Target,
  type: 'update' | 'delete',
  entry: Entry,
  next: KubeObject,
  reservations: readonly Reservation[] = [],
): Promise<ObjectResult | undefined> {
  const { definition } = target
  const { conversion } = definition
  const storedDefinition = conversion === undefined ? definition : context.resources.stored(conversion.storedAs)
  const stored = conversion === undefined ? next : conversion.toStored(next)
  const write = {
    type,
    key: entry.key,
    expectedRevision: entry.revision,
    encode: encoder(storedDefinition, stored),
    decoded: stored,
    replacesLastChange: storedDefinition.keepsNoHistory === true,
  } as const
  const written = await writeReserved(context, write, reservations)
  if (!(written instanceof Entry)) return undefined
  if (conversion !== undefined)
    return { bytes: bytesOf(definition, written), object: conversion.fromStored(written.copy()), isCreated: false }
  return { bytes: written.bytes, object: next, isCreated: false }
}

/** An object that is being deleted goes with its last finalizer. Upstream: store.go ShouldDeleteDuringUpdate. */
function isFinished(holdsDeletion: ((object: KubeObject) => boolean) | undefined, { metadata, ...rest }: KubeObject): boolean {
  return (
    metadata.deletionTimestamp !== undefined &&
    !metadata.finalizers?.length &&
    !metadata.deletionGracePeriodSeconds &&
    !holdsDeletion?.({ metadata, ...rest })
  )
}

/** @throws ApiError 409 as upstream's storage.Preconditions words it */
function checkPreconditions(target: Target, { metadata }: KubeObject, preconditions: UpdateOptions['preconditions']): void {
  const { uid, resourceVersion } = preconditions ?? {}
  if (uid !== undefined && uid !== metadata.uid) throw uidConflictError(target, uid, metadata.uid)
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
    const why = `ResourceVersion in precondition: ${resourceVersion}, ResourceVersion in object meta: ${metadata.resourceVersion}`
    throw storageConflictError(target, why)
  }
}

function uidConflictError(target: Target, asked: string, actual: string): ApiError {
  return storageConflictError(target, `UID in precondition: ${asked}, UID in object meta: ${actual}`)
}

/** Where upstream's storage keeps the resources whose place isn't named after them. Upstream: SpecialDefaultResourcePrefixes. */
const STORAGE_PLACES: Readonly<Record<string, string>> = {
  replicationcontrollers: 'controllers',
  endpoints: 'services/endpoints',
  services: 'services/specs',
  nodes: 'minions',
  'ingresses.networking.k8s.io': 'ingress',
  'customresourcedefinitions.apiextensions.k8s.io': 'apiextensions.k8s.io/customresourcedefinitions',
  'apiservices.apiregistration.k8s.io': 'apiregistration.k8s.io/apiservices',
}

/** A failed precondition, whose message names the storage's key. Upstream: storage.NewInvalidObjError. */
function storageConflictError({ definition, namespace, name }: Target, why: string): ApiError {
  const place = STORAGE_PLACES[definition.groupResource] ?? definition.resource
  const key = `/registry/${place}/${namespace === '' ? '' : `${namespace}/`}${name}`
  return conflictError(
    definition,
    name,
    `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: ${why}`,
  )
}

/**
 * Does the object name itself as the request does? Fills in an absent namespace.
 * @throws ApiError 400. Upstream: handlers/rest.go checkName
 */
export function checkIdentity({ definition, namespace, name }: Target, object: KubeObject, isPatch = false): void {
  const theirs = object.metadata.namespace
  if (isPatch && definition.namespaced && theirs && theirs !== namespace) {
    throw badRequestError(`the namespace of the object (${theirs}) does not match the namespace on the request (${namespace})`)
  }
  agreeOnNamespace(definition, namespace, object)
  const own = object.metadata.name
  if (!own) throw badRequestError(`the name of the object (${name} based on URL) was undeterminable: name must be provided`)
  if (own !== name) throw badRequestError(`the name of the object (${own}) does not match the name on the URL (${name})`)
}
