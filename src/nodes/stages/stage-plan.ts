/** What a stage does to an object: step by step, as kwok sends it to the API server. */
import { parse } from 'yaml'
import type { KubeObject, New, ObjectRef } from '../../api/object.ts'
import type { ImpersonationConfig, StageApply, StageEvent, StageFinalizers, StagePatch } from '../../api/types.gen.ts'
import type { TypedPatch } from '../../client/client.ts'
import type { Action, Plan, PlannedEvent } from '../../runtime/plan.ts'
import { type CompiledStage, StageFault } from './stage.ts'
import { compileTemplate } from './template.ts'
import type { TemplateFunction } from './template-functions.ts'

type Functions = Readonly<Record<string, TemplateFunction>>

/** Who plays stages. */
const SOURCE = { component: 'kwok_controller' } as const
/** Whose patches are strategic unless they say what they are. Upstream: kwok pkg/utils/lifecycle/next.go computePatch. */
const STRATEGIC_BY_DEFAULT: ReadonlySet<string> = new Set(['nodes', 'pods'])

/**
 * Templates see the object as it is when the stage begins, whatever the steps before have made of it.
 * @throws StageFault, TemplateFault
 */
export function planStage({ name, steps }: CompiledStage, object: KubeObject, resource: string, functions: Functions): Plan {
  const target: ObjectRef = { resource, namespace: object.metadata.namespace ?? '', name: object.metadata.name }
  const failureEvent = stageFailed(name, '')
  const actions: Action[] = []
  let isDeleted = false
  for (const { event, finalizers, delete: deletes, patch, apply } of steps) {
    if (event !== undefined) actions.push({ verb: 'record', event: plannedEvent(event) })
    if (isDeleted) continue
    if (finalizers !== undefined) {
      const body = finalizerOperations(object.metadata.finalizers ?? [], finalizers)
      if (body.length > 0) actions.push({ verb: 'patchAs', target, patch: { type: 'json', body }, failureEvent })
    }
    if (deletes === true) {
      isDeleted = true
      actions.push({ verb: 'delete', target, preconditions: { uid: object.metadata.uid }, gracePeriodSeconds: 0, failureEvent })
      continue
    }
    if (patch !== undefined) actions.push({ verb: 'patchAs', target, patch: typedPatch(object, patch, resource, functions), failureEvent })
    if (apply !== undefined) actions.push({ verb: 'apply', ...applied(object, apply, functions), failureEvent })
  }
  return { actions }
}

export function stageFailed(stage: string, message: string): PlannedEvent {
  return { type: 'Warning', reason: 'StageFailed', message: `Stage ${stage}: ${message}`, source: SOURCE }
}

function plannedEvent({ type, reason = '', message = '' }: StageEvent): PlannedEvent {
  return { type: type === 'Warning' ? 'Warning' : 'Normal', reason, message, source: SOURCE }
}

function typedPatch(object: KubeObject, patch: StagePatch, resource: string, functions: Functions): TypedPatch {
  const { template = '', root, subresource, impersonation } = patch
  const type = (patch.type ?? (STRATEGIC_BY_DEFAULT.has(resource) ? 'strategic' : 'merge')) as TypedPatch['type']
  const rendered = render(template, object, functions)
  const others = { ...(subresource ? { subresource } : {}), ...inTheNameOf(impersonation) }
  if (type === 'json') {
    if (!Array.isArray(rendered)) throw new StageFault('a JSON patch must be a list of operations')
    return { type, body: root ? rendered.map((each: object) => underRoot(each, root)) : rendered, ...others }
  }
  const body = root ? { [root]: rendered } : rendered
  return { type, body: isRecord(body) ? withUid(body, object) : body, ...others }
}

function underRoot(operation: object, root: string): object {
  return 'path' in operation ? { ...operation, path: `/${root}${operation.path}` } : operation
}

/** Of an object of the same name that has come meanwhile nothing is known. */
function withUid(body: Record<string, unknown>, { metadata: { uid } }: KubeObject): Record<string, unknown> {
  const metadata = body.metadata ?? {}
  return isRecord(metadata) ? { ...body, metadata: { ...metadata, uid } } : body
}

function applied(object: KubeObject, { template = '', type = 'apply', subresource, impersonation }: StageApply, functions: Functions) {
  const rendered = render(template, object, functions)
  if (!isRecord(rendered) || !rendered.apiVersion || !rendered.kind) throw new StageFault('template must include apiVersion and kind')
  const metadata = (isRecord(rendered.metadata) ? rendered.metadata : {}) as Partial<KubeObject['metadata']>
  const { namespace = object.metadata.namespace } = metadata
  const patch = { type: type as TypedPatch['type'], ...(subresource ? { subresource } : {}), ...inTheNameOf(impersonation) }
  return { object: { ...rendered, metadata: { ...metadata, ...(namespace && { namespace }) } } as New<KubeObject>, patch }
}

function inTheNameOf(impersonation: ImpersonationConfig | undefined): Pick<TypedPatch, 'impersonates'> {
  return impersonation?.username ? { impersonates: impersonation.username } : {}
}

function render(template: string, object: KubeObject, functions: Functions): unknown {
  return parse(compileTemplate(template.trim())(object, functions), { uniqueKeys: false })
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A JSON patch. Upstream: kwok pkg/utils/lifecycle/finalizers.go. */
export function finalizerOperations(current: readonly string[], { add = [], remove = [], empty }: StageFinalizers): object[] {
  const removed = new Set(remove.map(({ value }) => value))
  const added = add.map(({ value = '' }) => value)
  const path = '/metadata/finalizers'
  const kept = empty === true ? [] : current.filter((each) => !removed.has(each))
  // Where all go, or none was there, the list as a whole is made anew.
  if (kept.length === 0) {
    return [...(current.length > 0 ? [{ op: 'remove', path }] : []), ...(added.length > 0 ? [{ op: 'add', path, value: added }] : [])]
  }
  const removals = current.flatMap((each, index) => (removed.has(each) ? [{ op: 'remove', path: `${path}/${index}` }] : [])).reverse()
  return [...removals, ...added.filter((each) => !current.includes(each)).map((value) => ({ op: 'add', path: `${path}/-`, value }))]
}
