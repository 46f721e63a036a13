/** Server-side apply: what a configuration makes of an object. Upstream: handlers/patch.go applyPatcher, managedfields/internal. */
import type { ResourceDefinition } from '../api/definition.ts'
import { ApiError, badRequestError, conflictError } from '../api/meta/api-error.ts'
import {
  type Applied,
  type ApplyRequest,
  applyConfiguration,
  type Conflict,
  conflictCauses,
  conflictMessage,
  conflictsOutside,
  fieldsLastApplied,
} from '../api/meta/managed-fields/apply-configuration.ts'
import { configurationErrors, errorsText } from '../api/meta/managed-fields/configuration-errors.ts'
import { managersOf } from '../api/meta/managed-fields/managers.ts'
import type { Json } from '../api/meta/managed-fields/owned-type.ts'
import { timestamp } from '../api/meta/time.ts'
import type { KubeObject } from '../api/object.ts'
import { decodeObject } from '../api/schema/decode-object.ts'
import type { RegistryContext } from './context.ts'
import { ownedTypeOf, setManagers } from './track-fields.ts'

export interface ApplyOptions {
  readonly fieldManager: string
  readonly isForced: boolean
  readonly subresource: string
}

/** Client-side apply's memory of what it applied. */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'
/** The one manager whose client-side and server-side applies are taken for the same. */
const KUBECTL = 'kubectl'
/** Upstream: apimachinery validation TotalAnnotationSizeLimitB. */
const MAX_ANNOTATION_BYTES = 256 << 10

/**
 * What applying the configuration makes of an object, with its managedFields: for `update`, which must not track them again.
 * @param definition of what is applied to, which may be a subresource's own kind
 */
export function applyChange(
  context: RegistryContext,
  definition: ResourceDefinition,
  configuration: unknown,
  options: ApplyOptions,
): (current: KubeObject | undefined) => KubeObject {
  const config = checkConfiguration(definition, configuration)
  const type = ownedTypeOf(context, definition, options.subresource)
  const errors = configurationErrors(type.shape, config)
  if (errors.length > 0) {
    const what = `${objectText(config, definition)}`
    throw new ApiError(500, '', `failed to create typed patch object (${what}): ${errorsText(errors)}`)
  }
  return (current) => {
    const request: ApplyRequest = {
      type,
      live: (current ?? {}) as Json,
      managers: managersOf(current?.metadata.managedFields),
      configuration: config,
      applier: { name: options.fieldManager, subresource: options.subresource },
      isForced: options.isForced,
      time: timestamp(context.clock.now()),
    }
    const applied = withTakeover(request, applyConfiguration(request))
    if (applied.conflicts !== undefined) throw applyConflictError(applied.conflicts)
    // Of a change of nothing `object` is `current`, in which nothing that others hold is.
    const { object, error } = decodeObject(context.schemas, definition.schema, applied.object, { fieldValidation: 'Ignore' })
    if (error !== undefined) throw new ApiError(500, '', `failed to convert new object (${objectText(config, definition)}): ${error}`)
    const next = object as unknown as KubeObject
    next.metadata ??= {} as KubeObject['metadata']
    checkIdentity(definition, current, next)
    setManagers(next, applied.managers)
    if (options.fieldManager === KUBECTL) updateLastApplied(next, config)
    return next
  }
}

/** @throws ApiError 400 */
function checkConfiguration(definition: ResourceDefinition, value: unknown): Json {
  if (value !== null && (typeof value !== 'object' || Array.isArray(value))) {
    const found = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value
    throw badRequestError(
      `error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ${found} into Go value of type map[string]interface {}`,
    )
  }
  const config = (value ?? {}) as Json
  if (config.apiVersion !== definition.apiVersion || config.kind !== definition.kind) {
    throw badRequestError(`invalid object type: ${kindText(config, '/')}`)
  }
  if (Array.isArray((config.metadata as Json | undefined)?.managedFields)) throw badRequestError('metadata.managedFields must be nil')
  return config
}

/** As Go prints a GroupVersionKind: `apps/v1, Kind=Deployment`, with the slash in the core group too. */
function kindText({ apiVersion, kind }: Json, corePrefix: string): string {
  const version = typeof apiVersion === 'string' ? apiVersion : ''
  return `${version.includes('/') ? '' : corePrefix}${version}, Kind=${typeof kind === 'string' ? kind : ''}`
}

function objectText(config: Json, definition: ResourceDefinition): string {
  const { name = '', namespace = '' } = (config.metadata ?? {}) as { name?: unknown; namespace?: unknown }
  return `${String(namespace)}/${String(name)}; ${kindText(definition as unknown as Json, '/')}`
}

/** Upstream: patch.go applyPatch. */
function checkIdentity(definition: ResourceDefinition, current: KubeObject | undefined, next: KubeObject): void {
  const { name, uid } = next.metadata
  if (current === undefined && uid) {
    throw conflictError(definition, name ?? '', `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`)
  }
}

/** What kubectl applied from its side it may take over on the server's. Upstream: lastappliedmanager.go */
function withTakeover(request: ApplyRequest, applied: Applied): Applied {
  if (applied.conflicts === undefined || request.applier.name !== KUBECTL) return applied
  const lastApplied = lastAppliedOf(request)
  if (lastApplied === undefined) return applied
  const conflicts = conflictsOutside(applied.conflicts, fieldsLastApplied(request.type, request.live, lastApplied))
  return conflicts.length > 0 ? { conflicts } : applyConfiguration({ ...request, isForced: true })
}

function lastAppliedOf({ live, type }: ApplyRequest): Json | undefined {
  const text = (live as unknown as KubeObject).metadata?.annotations?.[LAST_APPLIED]
  if (!text) return undefined
  try {
    const lastApplied = JSON.parse(text) as Json
    const isUsable = lastApplied.apiVersion === type.apiVersion && configurationErrors(type.shape, lastApplied).length === 0
    return isUsable ? lastApplied : undefined
  } catch {
    return undefined
  }
}

/** In place: client-side apply finds what server-side apply made of its annotation. Upstream: lastappliedupdater.go */
function updateLastApplied({ metadata }: KubeObject, config: Json): void {
  const { annotations } = metadata
  if (!annotations?.[LAST_APPLIED]) return
  const text = `${goJson(withoutLastApplied(config))}\n`
  annotations[LAST_APPLIED] = text
  let bytes = 0
  for (const [key, value] of Object.entries(annotations)) bytes += Buffer.byteLength(key) + Buffer.byteLength(value)
  if (bytes > MAX_ANNOTATION_BYTES) delete annotations[LAST_APPLIED]
}

function withoutLastApplied(config: Json): Json {
  const { metadata } = config as unknown as KubeObject
  if (metadata?.annotations === undefined) return config
  const { [LAST_APPLIED]: _last, ...annotations } = metadata.annotations
  return { ...config, metadata: { ...metadata, annotations } }
}

/** With keys in order, and what Go escapes for the sake of HTML escaped. */
function goJson(value: unknown): string {
  const sorted = (item: unknown): unknown => {
    if (Array.isArray(item)) return item.map(sorted)
    if (typeof item !== 'object' || item === null) return item
    return Object.fromEntries(
      Object.entries(item)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, each]) => [key, sorted(each)]),
    )
  }
  return JSON.stringify(sorted(value)).replace(/[<>&\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function applyConflictError(conflicts: readonly Conflict[]): ApiError {
  const causes = conflictCauses(conflicts).map(({ message, field }) => ({ reason: 'FieldManagerConflict', message, field }))
  return new ApiError(409, 'Conflict', conflictMessage(conflicts), { causes })
}
