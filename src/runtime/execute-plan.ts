/** Carries out plans. The policy of what to do about each fault is here, once for all controllers. */
import { ApiError } from '../api/meta/api-error.ts'
import { controllerOf } from '../api/meta/owner-references.ts'
import type { KubeObject } from '../api/object.ts'
import type { Client } from '../client/client.ts'
import { deepEqual } from '../lib/deep-equal.ts'
import type { Action, CreateAction, Plan, PlannedEvent } from './plan.ts'

export type Outcome =
  | { readonly kind: 'done' }
  /** Somebody else wrote first: look again at once. */
  | { readonly kind: 'conflict' }
  | { readonly kind: 'failed'; readonly action: Action; readonly reason: string; readonly message: string }

const DONE: Outcome = { kind: 'done' }

/** Actions of one verb that run together at most: enough to fill a commit, too few to hold up requests. */
const MAX_TOGETHER = 256
/** Upstream: controller_utils.go slowStartBatch. */
const SLOW_START_GROWTH = 2

/**
 * @param resource of the reconciled object; undefined when the plan is about no one object and has no status
 * @param current the reconciled object as it was observed; undefined when it is gone
 * @param record writes an event about an object
 */
export async function executePlan(
  client: Client,
  plan: Plan,
  resource: string | undefined,
  current: KubeObject | undefined,
  record: (about: KubeObject, event: PlannedEvent) => void,
): Promise<Outcome> {
  const note = (event: PlannedEvent | undefined) => {
    const about = event?.about ?? current
    if (event !== undefined && about !== undefined) record(about, event)
  }
  for (const group of groupsOf(plan.actions ?? [])) {
    const outcomes = await Promise.all(group.map((action) => perform(client, action, note)))
    const failed = outcomes.find(({ kind }) => kind === 'failed') ?? outcomes.find(({ kind }) => kind === 'conflict')
    if (failed !== undefined) return failed
  }
  if (plan.status !== undefined && resource !== undefined && !deepEqual(statusOf(plan.status), statusOf(current))) {
    const outcome = await writeStatus(client, resource, plan.status)
    if (outcome.kind !== 'done') return outcome
  }
  for (const event of plan.events ?? []) note(event)
  return DONE
}

/** What waits for what comes before it. */
const IN_ORDER: ReadonlySet<Action['verb']> = new Set(['patchAs', 'apply', 'record'])

/** Neighbours of one verb, in slices: creates in growing ones, so that a create that must fail is tried once, not a thousand times. */
function* groupsOf(actions: readonly Action[]): Generator<readonly Action[]> {
  for (let start = 0; start < actions.length; ) {
    const verb = actions[start]!.verb
    let end = start
    do end++
    while (!IN_ORDER.has(verb) && end < actions.length && actions[end]!.verb === verb)
    for (let size = verb === 'create' ? 1 : MAX_TOGETHER; start < end; size = Math.min(MAX_TOGETHER, size * SLOW_START_GROWTH)) {
      yield actions.slice(start, Math.min(end, start + size))
      start += size
    }
    start = end
  }
}

async function perform(client: Client, action: Action, note: (event: PlannedEvent | undefined) => void): Promise<Outcome> {
  try {
    await request(client, action)
  } catch (error) {
    if (action.verb === 'create' && isAlreadyExists(error) && (await isOurs(client, action))) return DONE
    const outcome = judge(action, error)
    if (outcome.kind === 'failed' && action.failureEvent !== undefined) {
      note({ ...action.failureEvent, message: `${action.failureEvent.message}${outcome.message}` })
    }
    if (outcome.kind !== 'done') return outcome
  }
  note(action.event)
  return DONE
}

async function request(client: Client, action: Action): Promise<unknown> {
  switch (action.verb) {
    case 'create':
      return client.create(action.resource, action.object)
    case 'patch':
      return client.patch(action.target, action.patch, action.subresource)
    case 'patchAs':
      return client.patchAs(action.target, action.patch)
    case 'apply':
      return client.apply(action.object, action.patch)
    case 'record':
      return undefined
    case 'update':
      return client.update(action.resource, action.object, action.subresource)
    case 'delete':
      return client.delete(action.target, {
        preconditions: action.preconditions,
        ...(action.propagationPolicy === undefined ? {} : { propagationPolicy: action.propagationPolicy }),
        ...(action.gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds: action.gracePeriodSeconds }),
      })
    case 'bind':
      return client.bind(action.target, action.uid, action.node)
    case 'evict':
      return client.evict(action.target)
    case 'scale':
      return client.scale(action.target, action.uid, action.replicas)
  }
}

function isAlreadyExists(error: unknown): boolean {
  return error instanceof ApiError && error.reason === 'AlreadyExists'
}

/** What is there was made by the same owner: by a plan whose outcome got lost. */
async function isOurs(client: Client, { resource, object }: CreateAction): Promise<boolean> {
  const uid = controllerOf(object as KubeObject)?.uid
  if (uid === undefined || !object.metadata.name) return false
  try {
    const there = await client.get({ resource, namespace: object.metadata.namespace ?? '', name: object.metadata.name })
    return controllerOf(there)?.uid === uid
  } catch {
    return false
  }
}

function judge(action: Action, error: unknown): Outcome {
  if (!(error instanceof ApiError))
    return { kind: 'failed', action, reason: 'Unknown', message: error instanceof Error ? error.message : String(error) }
  if ((action.verb === 'delete' || action.verb === 'evict') && error.reason === 'NotFound') return DONE
  if (error.reason === 'Conflict' || (error.reason === 'NotFound' && action.verb !== 'create')) return { kind: 'conflict' }
  return { kind: 'failed', action, reason: error.reason, message: error.message }
}

async function writeStatus(client: Client, resource: string, status: KubeObject): Promise<Outcome> {
  const action: Action = { verb: 'update', resource, object: status, subresource: 'status' }
  try {
    await client.update(resource, status, 'status')
    return DONE
  } catch (error) {
    return judge(action, error)
  }
}

function statusOf(object: KubeObject | undefined): unknown {
  return (object as { status?: unknown } | undefined)?.status
}
