import { ApiError, alreadyExistsError, methodNotSupportedError } from '../api/meta/api-error.ts'
import type { KubeObject } from '../api/object.ts'
import { Entry } from '../storage/entry.ts'
import { storageKey } from '../storage/storage.ts'
import type { ObjectResult, RegistryContext, Target, WriteOptions } from './context.ts'
import { bytesOf, encoder, encodeUnstored } from './encode.ts'
import { admissionRequest, agreeOnNamespace, prepareForCreate, validateCreate } from './strategy.ts'

/** Upstream: store.go maxNameGenerationCreateAttempts. */
const NAME_ATTEMPTS = 8

/**
 * Creates `object`, which becomes the registry's own.
 * @param target its name is '' unless the URL has one
 * @throws ApiError
 */
export async function create(context: RegistryContext, target: Target, object: KubeObject, options: WriteOptions): Promise<ObjectResult> {
  const { definition, namespace } = target
  if (!definition.verbs.includes('create')) throw methodNotSupportedError(definition, 'create')
  const generates = !object.metadata.name && Boolean(object.metadata.generateName)
  for (let attempt = 1; ; attempt++) {
    prepareNew(context, { ...target, name: object.metadata.name ?? '' }, object, options)
    const result = await store(context, target, object, options)
    if (result !== undefined) return result
    const error = alreadyExistsError(definition, object.metadata.name)
    if (!generates) throw error
    if (attempt === NAME_ATTEMPTS) throw generatedNameError(error, definition, namespace)
    object.metadata.name = ''
  }
}

/** In place: everything up to the store, in upstream's order. Also for a PUT that creates. */
export function prepareNew(context: RegistryContext, target: Target, object: KubeObject, options: WriteOptions): void {
  const { definition, namespace } = target
  agreeOnNamespace(definition, namespace, object)
  if (object.metadata.resourceVersion && object.metadata.resourceVersion !== '0') {
    // Upstream's storage layer says so without a reason, and its HTTP layer makes a 500 of that.
    throw new ApiError(500, '', 'resourceVersion should not be set on objects to be created')
  }
  definition.setDefaults?.(object)
  const request = admissionRequest('create', target, '', object, undefined, options)
  context.admission.mutate(request)
  prepareForCreate(context, definition, object)
  validateCreate(definition, object)
  context.admission.validate(request)
}

/** undefined when the name is taken. */
export async function store(
  context: RegistryContext,
  { definition, namespace }: Target,
  object: KubeObject,
  options: WriteOptions,
): Promise<ObjectResult | undefined> {
  const key = storageKey(definition.conversion?.storedAs ?? definition.groupResource, namespace, object.metadata.name)
  if (context.cache.get(key) !== undefined) return undefined
  if (options.dryRun) {
    object.kind = definition.kind
    object.apiVersion = definition.apiVersion
    return { bytes: encodeUnstored(object), object, isCreated: true }
  }
  const storedDefinition = definition.conversion === undefined ? definition : context.resources.stored(definition.conversion.storedAs)
  const stored = definition.conversion === undefined ? object : definition.conversion.toStored(object)
  const entry = await context.cache.write({ type: 'create', key, encode: encoder(storedDefinition, stored), decoded: stored })
  if (!(entry instanceof Entry)) return undefined
  if (definition.conversion !== undefined) {
    return { bytes: bytesOf(definition, entry), object: definition.conversion.fromStored(entry.copy()), isCreated: true }
  }
  return { bytes: entry.bytes, object, isCreated: true }
}

/** Upstream: rest.CheckGeneratedNameError. */
function generatedNameError(error: ApiError, definition: { group: string; resource: string }, _namespace: string): ApiError {
  const { name: _name, ...details } = error.details ?? {}
  return new ApiError(409, 'AlreadyExists', `${error.message}, the server was not able to generate a unique name for the object`, {
    ...details,
    kind: definition.resource,
  })
}
