/** What a stage does to an object, worked out in memory: the plan writes what has become of it. */
import { parse } from 'yaml'
import { applyJsonPatch } from '../../api/meta/patches/json-patch.ts'
import { applyMergePatch } from '../../api/meta/patches/merge-patch.ts'
import { applyStrategicMergePatch } from '../../api/meta/patches/strategic-merge-patch.ts'
import type { KubeObject, ObjectRef } from '../../api/object.ts'
import type { Schemas } from '../../api/schema.ts'
import type { StageFinalizers, StagePatch } from '../../api/types.gen.ts'
import { deepEqual } from '../../lib/deep-equal.ts'
import type { Action, Plan, PlannedEvent } from '../../runtime/plan.ts'
import { type CompiledStage, StageFault } from './stage.ts'
import { compileTemplate } from './template.ts'
import type { TemplateFunction } from './template-functions.ts'

export interface StagedKind {
  readonly resource: string
  /** The type in openapi/definitions.json. */
  readonly schema: string
}

/** @throws StageFault, TemplateFault, ApiError for a patch that can't be applied */
export function planStage(
  { steps }: CompiledStage,
  object: KubeObject,
  kind: StagedKind,
  schemas: Schemas,
  functions: Readonly<Record<string, TemplateFunction>>,
): Plan {
  const events: PlannedEvent[] = []
  let isDeleted = false
  let next = object
  for (const { event, finalizers, delete: deletes, patch, apply } of steps) {
    if (event !== undefined) {
      const type = event.type === 'Warning' ? 'Warning' : 'Normal'
      events.push({ type, reason: event.reason ?? '', message: event.message ?? '', source: { component: 'kwok' } })
    }
    if (isDeleted) continue
    if (apply !== undefined) throw new StageFault('steps that apply other objects are not supported')
    if (finalizers !== undefined) next = withFinalizers(next, finalizers)
    if (deletes === true) isDeleted = true
    else if (patch !== undefined) next = patched(next, patch, kind, schemas, functions)
  }
  const target: ObjectRef = { resource: kind.resource, namespace: object.metadata.namespace ?? '', name: object.metadata.name }
  return { actions: [...changesOf(object, next, target), ...(isDeleted ? [deletionOf(object, target)] : [])], events }
}

function patched(
  object: KubeObject,
  { template = '', root, type, subresource }: StagePatch,
  { schema }: StagedKind,
  schemas: Schemas,
  functions: Readonly<Record<string, TemplateFunction>>,
): KubeObject {
  if (subresource !== undefined && subresource !== '' && subresource !== 'status') {
    throw new StageFault(`patches of the subresource ${subresource} are not supported`)
  }
  const rendered = parse(compileTemplate(template.trim())(object, functions), { uniqueKeys: false }) as unknown
  if (type === 'json') {
    const operations = (rendered as { path: string }[]).map((each) => (root ? { ...each, path: `/${root}${each.path}` } : each))
    return applyJsonPatch(object, operations) as KubeObject
  }
  const patch = root ? { [root]: rendered } : rendered
  if (type === 'merge') return applyMergePatch(object, patch) as KubeObject
  return applyStrategicMergePatch(schemas, schema, structuredClone(object) as never, patch) as unknown as KubeObject
}

/** Upstream: kwok pkg/utils/lifecycle/finalizers.go. */
function withFinalizers(object: KubeObject, { add = [], remove = [], empty }: StageFinalizers): KubeObject {
  const removed = new Set(remove.map(({ value }) => value))
  const kept = empty === true ? [] : (object.metadata.finalizers ?? []).filter((each) => !removed.has(each))
  const finalizers = [...new Set([...kept, ...add.map(({ value = '' }) => value)])]
  return { ...object, metadata: { ...object.metadata, finalizers } }
}

function changesOf(before: KubeObject, after: KubeObject, target: ObjectRef): Action[] {
  const actions: Action[] = []
  const { status: oldStatus = {}, ...old } = before as KubeObject & { status?: Record<string, unknown> }
  const { status = {}, ...rest } = after as KubeObject & { status?: Record<string, unknown> }
  if (!deepEqual(old, rest))
    actions.push({ verb: 'update', resource: target.resource, object: { ...rest, status: oldStatus } as KubeObject })
  if (!deepEqual(oldStatus, status)) {
    // A merge patch replaces lists as they are; what is gone is said to be.
    const gone = Object.fromEntries(Object.keys(oldStatus).flatMap((key) => (status[key] === undefined ? [[key, null]] : [])))
    const patch = { metadata: { uid: before.metadata.uid }, status: { ...status, ...gone } }
    actions.push({ verb: 'patch', target, subresource: 'status', patch })
  }
  return actions
}

function deletionOf({ metadata }: KubeObject, target: ObjectRef): Action {
  return { verb: 'delete', target, preconditions: { uid: metadata.uid }, gracePeriodSeconds: 0 }
}
