/** Jobs to which all sorts of things happen, in whole clusters: each pod counts once, and they come to their end. */
import { describe, expect, it } from 'vitest'
import { controllerOf } from '../../src/api/meta/owner-references.ts'
import type { Job, JobStatus, Node, Pod } from '../../src/api/types.gen.ts'
import { SeededRandom } from '../../src/lib/random.ts'
import { type Change, conditionTexts, JOBS, job, MINUTE, PODS, Scenario, SECOND } from '../support/workloads.ts'

const NODES = ['node-1', 'node-2', 'node-3']
const FINALIZER = 'batch.kubernetes.io/job-tracking'
const LENIENT = { backoffLimit: 1000 }
/** `fixed` has so many completions, `queue` one success, `indexes` one of each index, `elastic` as many as it is told. */
const NAMES = ['fixed', 'queue', 'indexes', 'elastic'] as const

const isTracked = ({ metadata }: Pod) => metadata.finalizers?.includes(FINALIZER) === true

class Chaos {
  readonly scenario: Scenario
  readonly #random: SeededRandom
  readonly #pods: readonly Change<Pod>[]
  readonly #jobs: readonly Change<Job>[]

  private constructor(scenario: Scenario, seed: number, pods: readonly Change<Pod>[], jobs: readonly Change<Job>[]) {
    this.scenario = scenario
    this.#random = new SeededRandom(seed)
    this.#pods = pods
    this.#jobs = jobs
  }

  static async start(seed: number): Promise<Chaos> {
    const scenario = await Scenario.start({ nodes: NODES.length, seed })
    const chaos = new Chaos(scenario, seed, await scenario.record<Pod>(PODS), await scenario.record<Job>(JOBS))
    const behaviour = { command: 'sleep 20', annotations: { 'coracle.dev/stop-delay': '4', 'coracle.dev/start-delay': '1' } }
    const indexed = { ...LENIENT, completionMode: 'Indexed' }
    await scenario.create(JOBS, job('fixed', { ...LENIENT, completions: 8, parallelism: 3 }, behaviour))
    await scenario.create(JOBS, job('queue', { ...LENIENT, parallelism: 2 }, behaviour))
    await scenario.create(JOBS, job('indexes', { ...indexed, completions: 6, parallelism: 3, podReplacementPolicy: 'Failed' }, behaviour))
    await scenario.create(JOBS, job('elastic', { ...indexed, completions: 4, parallelism: 4 }, behaviour))
    return chaos
  }

  #oneOf<T>(list: readonly T[]): T {
    return list[Math.floor(this.#random.next() * list.length)]!
  }

  async step(): Promise<string> {
    const { simulation } = this.scenario.cluster
    // What nodes do by themselves is not waited for.
    await this.scenario.cluster.settle()
    const node = this.#oneOf(NODES)
    const name = this.#oneOf(NAMES)
    const isThere = (await this.scenario.list<Node>('nodes', '')).some(({ metadata }) => metadata.name === node)
    const isOver = (await this.scenario.get<Job>(JOBS, name)).status?.conditions?.some(({ type }) => /^(Complete|Failed)$/.test(type))
    const pod = this.#oneOf(await this.scenario.pods())
    switch (
      this.#oneOf(['fail', 'recover', 'recover', 'leave', 'join', 'delete', 'force', 'exit', 'exit', 'evict', 'suspend', 'edit', 'wait'])
    ) {
      case 'fail':
        if (isThere) await simulation.fail(node)
        return `${node} fails`
      case 'recover':
        if (isThere) await simulation.recover(node)
        return `${node} recovers`
      case 'leave':
        if (isThere) await simulation.leave(node)
        return `${node} leaves`
      case 'join':
        if (!isThere) await simulation.join({ name: node })
        return `${node} joins`
      case 'delete':
        if (pod !== undefined) await this.scenario.delete(PODS, pod.metadata.name)
        return `delete ${pod?.metadata.name}`
      case 'force':
        if (pod !== undefined) {
          const ref = { resource: PODS, namespace: 'default', name: pod.metadata.name }
          await this.scenario.cluster.client.delete(ref, { gracePeriodSeconds: 0 })
        }
        return `delete ${pod?.metadata.name} by force`
      case 'exit': {
        const annotations = { 'coracle.dev/exit-code': this.#oneOf(['0', '1']), 'coracle.dev/run-for': '1' }
        if (pod !== undefined) await this.scenario.patch(PODS, pod.metadata.name, { metadata: { annotations } })
        return `${pod?.metadata.name} exits with ${annotations['coracle.dev/exit-code']}`
      }
      case 'evict':
        if (pod?.status?.phase === 'Running')
          await this.scenario.patchStatus(PODS, pod.metadata.name, { phase: 'Failed', reason: 'Evicted' })
        return `evict ${pod?.metadata.name}`
      case 'suspend': {
        const suspend = this.#random.next() < 0.5
        if (!isOver) await this.scenario.patch(JOBS, name, { spec: { suspend } })
        return `suspend ${name}: ${suspend}`
      }
      case 'edit': {
        const count = Math.floor(this.#random.next() * 5)
        const spec = name === 'elastic' ? { completions: count + 1, parallelism: count + 1 } : { parallelism: count }
        if (!isOver) await this.scenario.patch(JOBS, name, { spec })
        return `edit ${name}: ${JSON.stringify(spec)}`
      }
      default:
        await this.scenario.pass(this.#oneOf([1, 10, 60, 400]) * SECOND)
        return 'time passes'
    }
  }

  /** Holds of everything that was ever seen. */
  check(): void {
    for (const name of NAMES) {
      const statuses = this.#jobs.filter(({ object }) => object.metadata.name === name).map(({ object }) => object.status ?? {})
      this.#checkCounters(name, statuses)
      for (const status of statuses) expect(status.ready ?? 0, `${name} ready`).toBeLessThanOrEqual(status.active ?? 0)
    }
  }

  /** A uid is named once; each that was named, and isn't any more, is in the counter. */
  #checkCounters(name: string, statuses: readonly JobStatus[]): void {
    const named = { succeeded: new Set<string>(), failed: new Set<string>() }
    let before: JobStatus = {}
    for (const status of statuses) {
      for (const kind of ['succeeded', 'failed'] as const) {
        const now = status.uncountedTerminatedPods?.[kind] ?? []
        const old = new Set(before.uncountedTerminatedPods?.[kind])
        for (const uid of now) {
          if (!old.has(uid)) expect(named[kind].has(uid), `${name}: ${uid} is named as ${kind} again`).toBe(false)
          named[kind].add(uid)
        }
        const isByIndex = kind === 'succeeded' && (name === 'indexes' || name === 'elastic')
        if (!isByIndex) expect(status[kind] ?? 0, `${name}: ${kind}`).toBe(named[kind].size - now.length)
        if (name !== 'elastic') expect(status[kind] ?? 0, `${name}: ${kind} goes back`).toBeGreaterThanOrEqual(before[kind] ?? 0)
      }
      before = status
    }
    for (const uid of named.failed) expect(named.succeeded.has(uid), `${name}: ${uid} counts as both`).toBe(false)
    if (name === 'fixed' || name === 'queue') this.#checkNoneLost(name, named)
  }

  /** A pod that has ended may be let go only when its outcome is on record. */
  #checkNoneLost(name: string, named: { readonly succeeded: ReadonlySet<string>; readonly failed: ReadonlySet<string> }): void {
    const ended = new Map<string, string>()
    for (const { object } of this.#pods) {
      const { uid } = object.metadata
      if (controllerOf(object)?.name !== name) continue
      if (isTracked(object) && /^(Succeeded|Failed)$/.test(object.status?.phase ?? '')) ended.set(uid, object.status!.phase!)
      else if (!isTracked(object) && ended.has(uid)) {
        expect(named.succeeded.has(uid) || named.failed.has(uid), `${name}: ${uid} ${ended.get(uid)}, and is lost`).toBe(true)
      }
    }
  }

  /** All is well again: do they come to their end? */
  async converge(): Promise<void> {
    const { scenario } = this
    for (const node of NODES) {
      const isThere = (await scenario.list<Node>('nodes', '')).some(({ metadata }) => metadata.name === node)
      if (!isThere) await scenario.cluster.simulation.join({ name: node })
      await scenario.cluster.simulation.recover(node)
    }
    for (const name of NAMES) {
      const { status } = await scenario.get<Job>(JOBS, name)
      if (status?.conditions?.some(({ type }) => /^(Complete|Failed)$/.test(type))) continue
      const spec = name === 'elastic' ? { completions: 3, parallelism: 3 } : { parallelism: 3 }
      await scenario.patch(JOBS, name, { spec: { suspend: false, ...spec } })
    }
    await scenario.pass(45 * MINUTE)
    for (const name of NAMES) {
      const found = await scenario.get<Job>(JOBS, name)
      expect(conditionTexts(found), name).toContain('Complete=True CompletionsReached')
      const { active, terminating, ready, uncountedTerminatedPods, completedIndexes, succeeded } = found.status!
      expect({ active, terminating, ready, uncountedTerminatedPods }, name).toEqual({
        terminating: 0,
        ready: 0,
        uncountedTerminatedPods: {},
      })
      if (name === 'indexes') expect([completedIndexes, succeeded]).toEqual(['0-5', 6])
      if (name === 'fixed') expect(succeeded).toBeGreaterThanOrEqual(8)
    }
    expect((await scenario.pods()).filter(isTracked)).toEqual([])
    this.check()
    const changes = [await scenario.record(JOBS), await scenario.record(PODS)]
    await scenario.pass(5 * MINUTE)
    expect(changes.flat(), 'nothing is written any more').toEqual([])
  }
}

describe('whatever happens to Jobs', () => {
  it.each([1, 2, 3, 4, 5, 6])('each pod counts once, and they end (seed %i)', async (seed) => {
    const chaos = await Chaos.start(seed)
    const story: string[] = []
    try {
      for (let step = 0; step < 60; step++) {
        story.push(await chaos.step())
        chaos.check()
      }
      await chaos.converge()
    } catch (error) {
      ;(error as Error).message += `\n${story.join('\n')}`
      throw error
    } finally {
      await chaos.scenario.close()
    }
  })
})
