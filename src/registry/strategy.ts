/** What create, update and their like have in common: the steps between a decoded object and the store. */
import type { AdmissionRequest, Operation } from '../admission/admission.ts'
import type { ResourceDefinition } from '../api/definition.ts'
import { badRequestError, invalidError } from '../api/meta/api-error.ts'
import { validateObjectMeta, validateObjectMetaUpdate } from '../api/meta/object-meta-validation.ts'
import { timestamp } from '../api/meta/time.ts'
import type { KubeObject } from '../api/object.ts'
import type { ObjectMeta } from '../api/types.gen.ts'
import { deepEqual } from '../lib/deep-equal.ts'
import { type RegistryContext, type Target, userInfoOf, type WriteOptions } from './context.ts'
import { keyOf } from './get.ts'

/** Upstream: names/generate.go. */
const MAX_NAME_LENGTH = 63
const SUFFIX_LENGTH = 5
/** Upstream: store.go maxNameGenerationCreateAttempts. */
const NAME_ATTEMPTS = 8

/** `base` cut to leave room for a suffix, as metadata.generateName makes a name. */
export function generateName(base: string, suffix: (length: number) => string): string {
  return base.slice(0, MAX_NAME_LENGTH - SUFFIX_LENGTH) + suffix(SUFFIX_LENGTH)
}

/** In place: the namespace of the request, or none. @throws ApiError 400 when the object speaks of another one */
export function agreeOnNamespace(definition: ResourceDefinition, namespace: string, object: KubeObject): void {
  if (!definition.namespaced) delete (object.metadata as Partial<ObjectMeta>).namespace
  else if (!object.metadata.namespace) object.metadata.namespace = namespace
  else if (object.metadata.namespace !== namespace) {
    throw badRequestError('the namespace of the provided object does not match the namespace sent on the request')
  }
}

export function admissionRequest(
  operation: Operation,
  target: Target,
  subresource: string,
  object: KubeObject | undefined,
  old: KubeObject | undefined,
  options: WriteOptions,
): AdmissionRequest {
  return {
    operation,
    definition: target.definition,
    subresource,
    namespace: target.namespace,
    name: target.name,
    object,
    old,
    user: options.user,
    isDryRun: options.dryRun === true,
    warn: options.warn ?? ignore,
  }
}

function ignore(): void {}

/** A generated name that no object has: upstream finds that out from the store, and tries as often. */
function freeName({ cache, random }: RegistryContext, { definition, namespace }: Target, base: string): string {
  let name = ''
  for (let attempt = 0; attempt < NAME_ATTEMPTS; attempt++) {
    name = generateName(base, (length) => random.suffix(length))
    if (cache.get(keyOf({ definition, namespace, name })) === undefined) break
  }
  return name
}

/** In place: what the server says of a new object, whatever the client said. Upstream: rest.BeforeCreate. */
export function prepareForCreate(context: RegistryContext, target: Target, object: KubeObject, { user, warn }: WriteOptions): void {
  const { definition } = target
  const { metadata } = object
  if (metadata.generateName && !metadata.name) metadata.name = freeName(context, target, metadata.generateName)
  metadata.uid = context.random.uuid()
  metadata.creationTimestamp = timestamp(context.clock.now())
  delete metadata.deletionTimestamp
  delete metadata.deletionGracePeriodSeconds
  delete metadata.selfLink
  if (definition.countsGenerations) metadata.generation = 1
  if (definition.hasStatus && !definition.keepsStatusOnCreate) delete (object as { status?: unknown }).status
  definition.prepareForCreate?.(object, userInfoOf(user), warn)
}

/** In place: what an update of the main resource can't change. Upstream: rest.BeforeUpdate and the kinds' strategies. */
export function prepareForUpdate(definition: ResourceDefinition, object: KubeObject, old: KubeObject, now: string): void {
  if (definition.hasStatus) setOrDelete(object, 'status', (old as { status?: unknown }).status)
  keepSystemMetadata(object, old)
  definition.prepareForUpdate?.(object, old, now)
  countGeneration(definition, object, old)
}

/** In place: an update through /status changes status and metadata, and nothing else. */
export function prepareForStatusUpdate(definition: ResourceDefinition, object: KubeObject, old: KubeObject, now: string): void {
  const next = object as unknown as Record<string, unknown>
  for (const key of Object.keys(next)) if (key !== 'status' && key !== 'metadata') delete next[key]
  for (const [key, value] of Object.entries(old)) if (key !== 'status' && key !== 'metadata') next[key] = value
  keepSystemMetadata(object, old)
  definition.prepareForStatusUpdate?.(object, old, now)
}

/** In place. */
export function keepSystemMetadata(object: KubeObject, old: KubeObject): void {
  const { metadata } = object
  const before = old.metadata
  // Upstream refuses a changed uid or creationTimestamp, and fills in absent ones.
  if (!metadata.uid) metadata.uid = before.uid
  if (!metadata.creationTimestamp) metadata.creationTimestamp = before.creationTimestamp
  if (before.generateName !== undefined && metadata.generateName === undefined) metadata.generateName = before.generateName
  // A deletion can't be taken back; one that is asked for this way is refused by validation.
  if (before.deletionTimestamp !== undefined) {
    metadata.deletionTimestamp = before.deletionTimestamp
    metadata.deletionGracePeriodSeconds = before.deletionGracePeriodSeconds
  }
  setOrDelete(metadata, 'generation', before.generation)
  delete metadata.selfLink
}

function countGeneration(definition: ResourceDefinition, object: KubeObject, old: KubeObject): void {
  if (!definition.countsGenerations) return
  const { metadata: _m, status: _s, ...after } = object as KubeObject & { status?: unknown }
  const { metadata: _om, status: _os, ...before } = old as KubeObject & { status?: unknown }
  if (!deepEqual(after, before)) object.metadata.generation = (old.metadata.generation ?? 0) + 1
}

/** @throws ApiError 422 with every fault */
export function validateCreate(definition: ResourceDefinition, object: KubeObject): void {
  const errors = validateObjectMeta(object.metadata, definition)
  if (definition.validate !== undefined) errors.push(...definition.validate(object))
  if (errors.length > 0) throw invalidError(definition, object.metadata.name ?? '', errors)
}

/** @throws ApiError 422 with every fault */
export function validateUpdate(definition: ResourceDefinition, object: KubeObject, old: KubeObject): void {
  const errors = validateObjectMeta(object.metadata, definition)
  errors.push(...validateObjectMetaUpdate(object.metadata, old.metadata))
  if (definition.validate !== undefined && !definition.validatesUpdateAlone) errors.push(...definition.validate(object))
  if (definition.validateUpdate !== undefined) errors.push(...definition.validateUpdate(object, old))
  if (errors.length > 0) throw invalidError(definition, object.metadata.name, errors)
}

/** @throws ApiError 422 with every fault */
export function validateStatusUpdate(definition: ResourceDefinition, object: KubeObject, old: KubeObject): void {
  const errors = validateObjectMetaUpdate(object.metadata, old.metadata)
  if (definition.validateStatusUpdate !== undefined) errors.push(...definition.validateStatusUpdate(object, old))
  if (errors.length > 0) throw invalidError(definition, object.metadata.name, errors)
}

function setOrDelete<T extends object, K extends keyof T>(object: T, key: K | string, value: unknown): void {
  const target = object as Record<string, unknown>
  if (value === undefined) delete target[key as string]
  else target[key as string] = value
}
