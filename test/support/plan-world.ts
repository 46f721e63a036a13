/**
 * A cluster small enough for the tests of one controller: a store, a Reader over it, and plans carried out at once.
 * No server, no clock: `now` is what the test says.
 */
import { controllerOf } from '../../src/api/meta/owner-references.ts'
import { timestamp } from '../../src/api/meta/time.ts'
import type { KubeObject } from '../../src/api/object.ts'
import type { ObjectMeta, Pod } from '../../src/api/types.gen.ts'
import { deepEqual } from '../../src/lib/deep-equal.ts'
import { SeededRandom } from '../../src/lib/random.ts'
import type { ControllerDefinition, Key, Reader } from '../../src/runtime/controller.ts'
import { keyOf } from '../../src/runtime/owner-keys.ts'
import type { Action, Plan, PlannedEvent, ReconcileContext } from '../../src/runtime/plan.ts'

export class PlanWorld {
  now = Date.parse('2026-01-01T00:00:00Z')
  readonly events: PlannedEvent[] = []
  /** Every action that was carried out, as `verb resource/name`. */
  readonly log: string[] = []
  /** Says why the server refuses an action; the plan ends there, and the next one knows. */
  refuses: (action: Action) => string | undefined = () => undefined
  readonly #objects = new Map<string, Map<string, KubeObject>>()
  readonly #random = new SeededRandom(1)
  readonly #lastFailures = new Map<Key, NonNullable<ReconcileContext['lastFailure']>>()
  #revision = 0

  readonly reader: Reader = {
    get: <T extends KubeObject>(resource: string, namespace: string, name: string) => this.#of(resource).get(keyOf(namespace, name)) as T,
    list: <T extends KubeObject>(resource: string, namespace?: string) =>
      [...this.#of(resource).values()].filter((object) => namespace === undefined || object.metadata.namespace === namespace) as T[],
    controlledBy: <T extends KubeObject>(resource: string, uid: string) =>
      this.list<T>(resource).filter((object) => controllerOf(object)?.uid === uid),
    orphans: <T extends KubeObject>(resource: string, namespace: string) =>
      this.list<T>(resource).filter((object) => object.metadata.namespace === namespace && controllerOf(object) === undefined),
    indexed: () => {
      throw new Error('no indexes here')
    },
  }

  list<T extends KubeObject>(resource: string): T[] {
    return this.reader.list<T>(resource) as T[]
  }

  get<T extends KubeObject>(resource: string, name: string, namespace = 'default'): T | undefined {
    return this.reader.get<T>(resource, namespace, name)
  }

  /** What the server would add is added. */
  put<T extends KubeObject>(resource: string, given: object): T {
    const object = given as { metadata: Partial<ObjectMeta> }
    const metadata = {
      uid: `uid-${++this.#revision}`,
      creationTimestamp: timestamp(this.now),
      ...object.metadata,
      resourceVersion: String(++this.#revision),
    } as KubeObject['metadata']
    const stored = { ...object, metadata } as unknown as T
    this.#of(resource).set(keyOf(metadata.namespace, metadata.name), freeze(stored))
    return stored
  }

  /** Changes an object in place of the old one. */
  change<T extends KubeObject>(resource: string, name: string, change: (object: T) => void, namespace = 'default'): void {
    const object = structuredClone(this.get<T>(resource, name, namespace)!)
    change(object)
    this.put(resource, object)
  }

  remove(resource: string, name: string, namespace = 'default'): void {
    this.#of(resource).delete(keyOf(namespace, name))
  }

  setPod(name: string, phase: string, isReady = phase === 'Running', since = this.now): void {
    this.change<Pod>('pods', name, (pod) => {
      const lastTransitionTime = timestamp(since)
      pod.status = { ...pod.status, phase, conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False', lastTransitionTime }] }
    })
  }

  /** Pods that are going are gone. */
  finishDeletes(): void {
    for (const { metadata } of this.list('pods')) {
      if (metadata.deletionTimestamp !== undefined) this.remove('pods', metadata.name, metadata.namespace)
    }
  }

  reconcile<O>(controller: ControllerDefinition<O>, key: Key): Plan {
    const observed = controller.observe(this.reader, key)
    if (observed === undefined) return {}
    const lastFailure = this.#lastFailures.get(key)
    const plan = controller.reconcile(observed, { now: this.now, newName: (base) => base + this.#random.suffix(5), lastFailure })
    for (const action of plan.actions ?? []) {
      const message = this.refuses(action)
      if (message !== undefined) {
        if (action.failureEvent) this.events.push({ ...action.failureEvent, message: `${action.failureEvent.message}${message}` })
        this.#lastFailures.set(key, { action, reason: 'Forbidden', message })
        return plan
      }
      if (!this.#carryOut(action)) return plan
    }
    this.#lastFailures.delete(key)
    this.events.push(...(plan.events ?? []))
    if (plan.status !== undefined) {
      const { namespace, name } = plan.status.metadata
      const current = this.reader.get<KubeObject & { status?: unknown }>(controller.reconciles!, namespace, name)!
      const { status } = plan.status as { status?: unknown }
      if (!deepEqual(current.status, status)) this.put(controller.reconciles!, { ...current, status })
    }
    return plan
  }

  /** @returns false when the name is taken, which ends the plan */
  #carryOut(action: Action): boolean {
    if (action.verb === 'create' || action.verb === 'update') {
      const { namespace, name } = action.object.metadata
      if (action.verb === 'create' && this.get(action.resource, name!, namespace) !== undefined) return false
      if (action.event) this.events.push(action.event)
      const status = action.resource === 'pods' && action.verb === 'create' ? { status: { phase: 'Pending' } } : {}
      this.put(action.resource, { ...action.object, ...status } as KubeObject)
      this.log.push(`${action.verb} ${action.resource}/${name}`)
      return true
    }
    if (action.verb === 'bind' || action.verb === 'evict') throw new Error('nothing is scheduled or drained here')
    if (action.verb === 'patchAs' || action.verb === 'apply' || action.verb === 'record') throw new Error('no Stages are played here')
    if (action.event) this.events.push(action.event)
    const { resource, namespace, name } = action.target
    this.log.push(`${action.verb} ${resource}/${name}`)
    const object = this.get(resource, name, namespace)
    if (object === undefined) throw new Error(`${resource}/${name} isn't there`)
    if (action.verb === 'patch') {
      const given = (action.patch.metadata ?? {}) as { uid?: string; resourceVersion?: string }
      if (given.uid !== undefined && given.uid !== object.metadata.uid) throw new Error(`${name} is another`)
      if (given.resourceVersion !== undefined && given.resourceVersion !== object.metadata.resourceVersion)
        throw new Error(`${name} changed`)
      this.put(resource, mergePatch(object, action.patch) as KubeObject)
    } else if (action.verb === 'scale') this.change(resource, name, (found) => setReplicas(found, action.replicas), namespace)
    else if (action.preconditions.uid !== object.metadata.uid) throw new Error(`${name} is another`)
    else if (resource === 'pods' && (object as Pod).spec.nodeName) {
      this.change(resource, name, ({ metadata }) => (metadata.deletionTimestamp = timestamp(this.now)), namespace)
    } else this.remove(resource, name, namespace)
    return true
  }

  #of(resource: string): Map<string, KubeObject> {
    let objects = this.#objects.get(resource)
    if (objects === undefined) {
      objects = new Map()
      this.#objects.set(resource, objects)
    }
    return objects
  }
}

function setReplicas(object: KubeObject, replicas: number): void {
  ;(object as { spec?: object }).spec = { ...(object as { spec?: object }).spec, replicas }
}

function mergePatch(target: unknown, patch: unknown): unknown {
  if (patch === null || typeof patch !== 'object' || Array.isArray(patch)) return patch
  const merged: Record<string, unknown> = { ...(target as Record<string, unknown> | undefined) }
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key]
    else merged[key] = mergePatch(merged[key], value)
  }
  return merged
}

/** What controllers see is shared: a change of it is a fault that a test must show. */
function freeze<T>(value: T): T {
  if (value !== null && typeof value === 'object' && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const part of Object.values(value)) freeze(part)
  }
  return value
}
