/**
 * Runs controllers: informers feed keys to a queue a controller, and for each key the controller observes, decides and has its
 * plan carried out. Work is done a few keys a turn of the event loop, so that a burst of it doesn't hold up requests.
 */
import type { KubeObject } from '../api/object.ts'
import type { Client } from '../client/client.ts'
import type { Activity } from '../lib/activity.ts'
import type { Clock } from '../lib/clock.ts'
import type { LoopShare } from '../lib/loop-share.ts'
import type { Random } from '../lib/random.ts'
import type { ControllerDefinition, Key, KeysOf, Reader } from './controller.ts'
import { EventRecorder } from './event-recorder.ts'
import { executePlan, type Outcome } from './execute-plan.ts'
import { type ChangeHandler, Informers } from './informers.ts'
import { keyOf, splitKey } from './owner-keys.ts'
import type { Plan, ReconcileContext } from './plan.ts'
import { WorkQueue } from './work-queue.ts'

/** Keys of one controller whose plans are being carried out at a time. */
const MAX_IN_FLIGHT = 256
/** Keys of all controllers together in a turn of the event loop: enough to fill a commit, too few to hold up requests. */
const KEYS_A_TURN = 96
/** Upstream: names are cut for a suffix of five at 63 characters. */
const MAX_BASE_LENGTH = 58
const SUFFIX_LENGTH = 5

export interface ControllerManagerOptions {
  readonly client: Client
  /** Who carries out a controller's plans, where that isn't `client`. */
  readonly clientOf?: (controller: string) => Client | undefined
  readonly clock: Clock
  readonly random: Random
  readonly activity: Activity
  /** By which controllers give way to requests. */
  readonly loopShare: LoopShare
  /** A reconcile that threw: a defect, reported and tried again later. */
  readonly onError: (controller: string, key: Key, error: unknown) => void
}

export class ControllerManager {
  readonly #options: ControllerManagerOptions
  readonly #informers: Informers
  readonly #recorder: EventRecorder
  readonly #runs: ControllerRun[] = []
  #isTurnDue = false

  constructor(options: ControllerManagerOptions, definitions: readonly ControllerDefinition[]) {
    this.#options = options
    this.#informers = new Informers(options.client)
    this.#recorder = new EventRecorder(options)
    for (const definition of definitions) this.#add(definition)
  }

  async start(): Promise<void> {
    await this.#informers.start()
  }

  stop(): void {
    this.#informers.stop()
    for (const run of this.#runs) run.stop()
    this.#recorder.stop()
  }

  /** The controller looks at each object it reconciles again, as if all of them had changed. */
  requeueAll(controller: string): void {
    for (const run of this.#runs) if (run.name === controller) run.requeueAll()
  }

  /** The controller looks at that key again. */
  requeue(controller: string, key: Key): void {
    for (const run of this.#runs) if (run.name === controller) run.add(key)
  }

  #scheduleTurn(): void {
    if (this.#isTurnDue) return
    this.#isTurnDue = true
    this.#options.activity.begin()
    this.#options.loopShare.schedule(() => {
      this.#isTurnDue = false
      this.#takeTurn()
      this.#options.activity.end()
    })
  }

  /**
   * Those that are listed first come first, so that what is to be there is made before it is set to work; but none takes more
   * than half of what is left, so that all get on.
   */
  #takeTurn(): void {
    let left = KEYS_A_TURN
    for (const run of this.#runs) left -= run.take(Math.max(1, Math.ceil(left / 2)))
    if (this.#runs.some((run) => run.canTake)) this.#scheduleTurn()
  }

  #add(definition: ControllerDefinition): void {
    const reader = this.#informers.reader(definition.name)
    const run = new ControllerRun(definition, reader, this.#recorder, this.#options, () => this.#scheduleTurn())
    this.#runs.push(run)
    for (const [resource, indexes] of Object.entries(definition.indexes ?? {})) {
      for (const [name, index] of Object.entries(indexes)) this.#informers.addIndex(resource, `${definition.name}/${name}`, index)
    }
    if (definition.reconciles !== undefined) {
      this.#informers.watch(definition.reconciles, (current, old) => {
        const { metadata } = (current ?? old)!
        run.add(keyOf(metadata.namespace, metadata.name))
      })
    }
    const queueing = (keysOf: KeysOf, delayMs?: number): ChangeHandler => {
      return (current, old) => {
        for (const key of keysOf(current, old, reader)) run.add(key, delayMs)
      }
    }
    for (const [resource, keysOf] of Object.entries(definition.watches)) {
      this.#informers.watch(resource, queueing(keysOf, definition.watchDelaysMs?.[resource]))
    }
    for (const [resource, { keysOf, keep }] of Object.entries(definition.watchesDigests ?? {})) {
      this.#informers.watchDigests(resource, keep, queueing(keysOf))
    }
  }
}

class ControllerRun {
  readonly #definition: ControllerDefinition
  readonly #reader: Reader
  readonly #recorder: EventRecorder
  readonly #options: ControllerManagerOptions
  readonly #queue: WorkQueue
  readonly #lastFailures = new Map<Key, NonNullable<ReconcileContext['lastFailure']>>()
  readonly #onReady: () => void
  #inFlight = 0
  #isStopped = false

  /** @param onReady called when there is a key to take */
  constructor(
    definition: ControllerDefinition,
    reader: Reader,
    recorder: EventRecorder,
    options: ControllerManagerOptions,
    onReady: () => void,
  ) {
    this.#definition = definition
    this.#reader = reader
    this.#recorder = recorder
    this.#options = options
    this.#onReady = onReady
    const { rank } = definition
    this.#queue = new WorkQueue(
      options.clock,
      () => {
        if (this.canTake) onReady()
      },
      rank && ((key) => rank(reader, key)),
      definition.retryDelays,
    )
  }

  get name(): string {
    return this.#definition.name
  }

  add(key: Key, delayMs = 0): void {
    this.#queue.addAfter(key, delayMs)
  }

  requeueAll(): void {
    const { reconciles } = this.#definition
    if (reconciles === undefined) return
    for (const { metadata } of this.#reader.list(reconciles)) this.#queue.add(keyOf(metadata.namespace, metadata.name))
  }

  stop(): void {
    this.#isStopped = true
    this.#queue.stop()
  }

  /** Is there a key that may be worked on now? */
  get canTake(): boolean {
    return this.#queue.length > 0 && this.#inFlight < MAX_IN_FLIGHT && !this.#isStopped
  }

  /** Begins to work on at most so many keys; on how many it did. */
  take(limit: number): number {
    let taken = 0
    for (; taken < limit && this.canTake; taken++) {
      this.#inFlight++
      void this.#options.activity.track(this.#process(this.#queue.take()!))
    }
    return taken
  }

  async #process(key: Key): Promise<void> {
    try {
      const observed = this.#definition.observe(this.#reader, key)
      if (observed === undefined) this.#settle(key, { kind: 'done' }, undefined)
      else {
        const plan = this.#definition.reconcile(observed, {
          now: this.#options.clock.now(),
          newName: (base) => base.slice(0, MAX_BASE_LENGTH) + this.#options.random.suffix(SUFFIX_LENGTH),
          lastFailure: this.#lastFailures.get(key),
        })
        this.#settle(key, await this.#execute(key, plan), plan)
      }
    } catch (error) {
      if (!this.#isStopped) this.#options.onError(this.#definition.name, key, error)
      this.#queue.addRateLimited(key)
    } finally {
      this.#inFlight--
      this.#queue.done(key)
      if (this.canTake) this.#onReady()
    }
  }

  #execute(key: Key, plan: Plan): Promise<Outcome> | Outcome {
    const isIdle = plan.status === undefined && !plan.actions?.length && !plan.events?.length
    if (isIdle) return { kind: 'done' }
    const { reconciles } = this.#definition
    const { namespace, name } = splitKey(key)
    const current = reconciles === undefined ? undefined : this.#reader.get<KubeObject>(reconciles, namespace, name)
    const component = this.#definition.component ?? `${this.#definition.name}-controller`
    const client = this.#options.clientOf?.(this.#definition.name) ?? this.#options.client
    return executePlan(client, plan, reconciles, current, (about, event) => this.#recorder.record(client, component, about, event))
  }

  #settle(key: Key, outcome: Outcome, plan: Plan | undefined): void {
    if (outcome.kind === 'done') {
      this.#lastFailures.delete(key)
      if (plan?.isIncomplete === true) return this.#queue.addRateLimited(key)
      this.#queue.forget(key)
      if (plan?.requeueAfterMs !== undefined) this.#queue.addAfter(key, plan.requeueAfterMs)
      return
    }
    if (outcome.kind === 'failed') this.#lastFailures.set(key, outcome)
    this.#queue.addRateLimited(key)
  }
}
