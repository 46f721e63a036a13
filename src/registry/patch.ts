import { badRequestError } from '../api/meta/api-error.ts'
import { applyJsonPatch } from '../api/meta/patches/json-patch.ts'
import { applyMergePatch } from '../api/meta/patches/merge-patch.ts'
import { applyStrategicMergePatch } from '../api/meta/patches/strategic-merge-patch.ts'
import type { KubeObject } from '../api/object.ts'
import type { FieldValidation } from '../api/schema/decode-object.ts'
import type { ObjectResult, RegistryContext, Target } from './context.ts'
import { type DecodeTarget, decodeAs } from './decode.ts'
import { type UpdateOptions, update } from './update.ts'

export interface Patch {
  readonly type: 'json' | 'merge' | 'strategic'
  /** The parsed body: an array of operations for `json`. */
  readonly patch: unknown
}

export interface PatchOptions extends UpdateOptions {
  readonly fieldValidation?: FieldValidation
}

/** Patches an object, or what a subresource makes of it. Tried again when another writer was faster. @throws ApiError */
export function patchObject(context: RegistryContext, target: Target, patch: Patch, options: PatchOptions): Promise<ObjectResult> {
  const { definition } = target
  return update(context, target, (current) => patched(context, definition, current!, patch, options), options)
}

/** The patched form of `current`, read as its kind again. */
export function patched(
  context: RegistryContext,
  { schema, kind, version }: DecodeTarget,
  current: KubeObject,
  { type, patch }: Patch,
  { fieldValidation = 'Warn', warnings = [] }: PatchOptions,
): KubeObject {
  const before = current.metadata.resourceVersion
  const value = apply(context, schema, type, current, patch)
  const next = decodeAs(context.schemas, { schema, kind, version }, { value } as never, fieldValidation, warnings)
  // Only a patch that names a resourceVersion insists on it.
  if (next.metadata.resourceVersion === before && !namesResourceVersion(patch)) delete (next.metadata as { resourceVersion?: string }).resourceVersion
  return next
}

function apply(context: RegistryContext, schema: string, type: Patch['type'], current: KubeObject, patch: unknown): unknown {
  if (type === 'json') return applyJsonPatch(current, patch)
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) throw badRequestError('error decoding patch: expected an object')
  if (type === 'merge') return applyMergePatch(current, patch)
  return applyStrategicMergePatch(context.schemas, schema, current as unknown as Record<string, unknown>, patch)
}

function namesResourceVersion(patch: unknown): boolean {
  return typeof (patch as { metadata?: { resourceVersion?: unknown } } | null)?.metadata?.resourceVersion === 'string'
}
