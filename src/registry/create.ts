import type { AdmissionRequest } from '../admission/admission.ts'
import { ApiError, alreadyExistsError, methodNotSupportedError } from '../api/meta/api-error.ts'
import type { KubeObject } from '../api/object.ts'
import { Entry } from '../storage/entry.ts'
import { writeReserved } from './alongside.ts'
import type { ObjectResult, RegistryContext, Target, WriteOptions } from './context.ts'
import { bytesOf, dryRunResult, encoder } from './encode.ts'
import { keyOf } from './get.ts'
import { admissionRequest, agreeOnNamespace, prepareForCreate, validateCreate } from './strategy.ts'
import { trackFields } from './track-fields.ts'
import { AFTER_ADMISSION, AS_ASKED, dropRepeatedOwners, warnOf } from './warnings.ts'

/**
 * Creates `object`, which becomes the registry's own.
 * @param target its name is '' unless the URL has one
 * @throws ApiError
 */
export async function create(context: RegistryContext, target: Target, object: KubeObject, options: WriteOptions): Promise<ObjectResult> {
  const { definition } = target
  if (!definition.verbs.includes('create')) throw methodNotSupportedError(definition, 'create')
  const request = prepareNew(context, { ...target, name: object.metadata.name ?? '' }, object, options)
  const result = await store(context, target, object, request, options)
  if (result === undefined) throw nameTakenError(context, target, object)
  return result
}

/** In place: everything up to the store, in upstream's order. Also for a PUT that creates. */
export function prepareNew(context: RegistryContext, target: Target, object: KubeObject, options: WriteOptions): AdmissionRequest {
  const { definition, namespace } = target
  agreeOnNamespace(definition, namespace, object)
  definition.setDefaults?.(object)
  dropRepeatedOwners(object, AS_ASKED, options.warn)
  // What admission adds is nobody's. Upstream: handlers/create.go
  if (options.fieldManager !== undefined) {
    delete object.metadata.deletionTimestamp
    delete object.metadata.deletionGracePeriodSeconds
    trackFields(context, definition, '', undefined, object, options.fieldManager)
  }
  const request = admissionRequest('create', target, '', object, undefined, options)
  context.admission.mutate(request)
  dropRepeatedOwners(object, AFTER_ADMISSION, options.warn)
  prepareForCreate(context, target, object, options)
  validateCreate(definition, object)
  warnOf(definition, object, undefined, options.warn)
  context.admission.validate(request)
  // Upstream's storage layer says so without a reason, and its HTTP layer makes a 500 of that.
  if (Number(object.metadata.resourceVersion) > 0) throw new ApiError(500, '', 'resourceVersion should not be set on objects to be created')
  delete (object.metadata as { resourceVersion?: string }).resourceVersion
  return request
}

/** undefined when the name is taken. */
export async function store(
  context: RegistryContext,
  { definition, namespace }: Target,
  object: KubeObject,
  request: AdmissionRequest,
  options: WriteOptions,
): Promise<ObjectResult | undefined> {
  const key = keyOf({ definition, namespace, name: object.metadata.name })
  for (;;) {
    const reservations = context.admission.reserve(request)
    if (context.cache.get(key) !== undefined) return undefined
    if (options.dryRun) return dryRunResult(definition, object, true)
    const storedDefinition = definition.conversion === undefined ? definition : context.resources.stored(definition.conversion.storedAs)
    const stored = definition.conversion === undefined ? object : definition.conversion.toStored(object)
    const write = { type: 'create', key, encode: encoder(storedDefinition, stored), decoded: stored } as const
    const entry = await writeReserved(context, write, reservations)
    if (entry === 'overtaken') continue
    if (!(entry instanceof Entry)) return undefined
    if (definition.conversion !== undefined) {
      return { bytes: bytesOf(definition, entry), object: definition.conversion.fromStored(entry.copy()), isCreated: true }
    }
    return { bytes: entry.bytes, object, isCreated: true }
  }
}

/** Upstream: store.go create, rest.CheckGeneratedNameError: whoever gave a generateName too may try again. */
function nameTakenError({ cache }: RegistryContext, { definition, namespace }: Target, { metadata }: KubeObject): ApiError {
  const { code, reason, message, details } = alreadyExistsError(definition, metadata.name)
  const holder = cache.get(keyOf({ definition, namespace, name: metadata.name }))?.decoded()
  const isGoing = holder?.metadata.deletionTimestamp !== undefined
  const text = metadata.generateName ? `${message}, the server was not able to generate a unique name for the object` : message
  return new ApiError(code, reason, isGoing ? `object is being deleted: ${text}` : text, {
    ...details,
    ...(metadata.generateName ? { retryAfterSeconds: 1 } : {}),
  })
}
