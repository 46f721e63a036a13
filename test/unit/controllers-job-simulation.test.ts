/** Whole lives of Jobs on a pure loop: a map of pods, random outcomes, plans that are cut off anywhere. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { timestamp } from '../../src/api/meta/time.ts'
import type { Job, JobSpec, Pod } from '../../src/api/types.gen.ts'
import { isJobFinished, TRACKING_FINALIZER } from '../../src/controllers/job/job-state.ts'
import { reconcile } from '../../src/controllers/job/reconcile.ts'
import { deepEqual } from '../../src/lib/deep-equal.ts'
import { SeededRandom } from '../../src/lib/random.ts'

const START = Date.parse('2026-01-01T00:00:00Z')

class World {
  job: Job
  now = START
  readonly pods = new Map<string, Pod>()
  /** Every pod that ever was, by name: how it must be counted. */
  readonly fates = new Map<string, 'succeeded' | 'failed' | 'removed'>()
  readonly random: SeededRandom
  #revision = 1

  constructor(spec: Partial<JobSpec>, seed: number) {
    this.random = new SeededRandom(seed)
    const template = { metadata: { labels: { app: 'x' } }, spec: { containers: [{ name: 'c' }], restartPolicy: 'Never' } }
    this.job = {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'j', namespace: 'ns', uid: 'job-uid', creationTimestamp: timestamp(START) },
      spec: { selector: { matchLabels: { app: 'x' } }, backoffLimit: 6, parallelism: 1, ...spec, template },
    } as unknown as Job
  }

  /** Carries out the first `limit` writes of a plan, as a crash would leave it. Returns whether it changed anything. */
  step(limit = Number.POSITIVE_INFINITY): { changed: boolean; requeueAfterMs: number | undefined } {
    const plan = reconcile(
      { job: this.job, candidates: [...this.pods.values()], orphans: [] },
      { now: this.now, newName: (base) => base + this.random.suffix(5) },
    )
    let left = limit
    let changed = false
    for (const action of plan.actions ?? []) {
      if (left-- <= 0) return { changed: true, requeueAfterMs: undefined }
      changed = true
      if (action.verb === 'create') this.#create(action.object as Pod)
      else if (action.verb === 'patch') this.#patch(action.target.name, action.patch)
      else if (action.verb === 'delete') this.#delete(action.target.name)
    }
    if (plan.status !== undefined && !deepEqual(plan.status, this.job)) {
      if (left-- <= 0) return { changed: true, requeueAfterMs: undefined }
      changed = true
      this.job = plan.status as Job
    }
    return { changed, requeueAfterMs: plan.requeueAfterMs }
  }

  #create(object: Pod): void {
    expect(this.pods.has(object.metadata.name)).toBe(false)
    const metadata = { ...object.metadata, uid: `uid-${object.metadata.name}`, creationTimestamp: timestamp(this.now) }
    this.#put({ ...object, metadata, status: { phase: 'Running' } })
  }

  #put(pod: Pod): void {
    if (pod.metadata.deletionTimestamp !== undefined && !pod.metadata.finalizers?.length && pod.status?.phase !== 'Running') {
      this.pods.delete(pod.metadata.name)
      return
    }
    this.pods.set(pod.metadata.name, { ...pod, metadata: { ...pod.metadata, resourceVersion: String(this.#revision++) } })
  }

  #patch(name: string, { metadata }: { metadata?: { resourceVersion?: string; finalizers?: string[] | null } }): void {
    const pod = this.pods.get(name)!
    expect(metadata?.resourceVersion).toBe(pod.metadata.resourceVersion)
    if (!this.fates.has(name)) this.fates.set(name, this.#fateAtRelease(pod))
    this.#put({ ...pod, metadata: { ...pod.metadata, finalizers: metadata!.finalizers ?? undefined } })
  }

  /** A tracked pod may go only when the status has its outcome, or when the Job takes it away itself. */
  #fateAtRelease(pod: Pod): 'succeeded' | 'failed' | 'removed' {
    const { uncountedTerminatedPods, completedIndexes } = this.job.status ?? {}
    if (uncountedTerminatedPods?.failed?.includes(pod.metadata.uid)) return 'failed'
    if (uncountedTerminatedPods?.succeeded?.includes(pod.metadata.uid)) return 'succeeded'
    if (this.job.spec?.completionMode === 'Indexed' && pod.status?.phase === 'Succeeded') {
      expect(completedIndexes).toBeTruthy()
      return 'succeeded'
    }
    expect(pod.status?.phase).toBe('Running')
    return 'removed'
  }

  #delete(name: string): void {
    const pod = this.pods.get(name)!
    if (pod.metadata.deletionTimestamp === undefined) {
      this.#put({ ...pod, metadata: { ...pod.metadata, deletionTimestamp: timestamp(this.now), deletionGracePeriodSeconds: 0 } })
    }
  }

  /** Something happens to a running pod. */
  disturb(failureRate: number): void {
    const running = [...this.pods.values()].filter((pod) => pod.status?.phase === 'Running')
    const pod = running[Math.floor(this.random.next() * running.length)]
    if (pod === undefined) return
    const chance = this.random.next()
    if (chance < 0.2) {
      this.#delete(pod.metadata.name)
      // Of a node that is lost: somebody says for it that it has failed.
      if (chance < 0.1) this.#put({ ...this.pods.get(pod.metadata.name)!, status: { phase: 'Failed' } })
      return
    }
    const phase = this.random.next() < failureRate ? 'Failed' : 'Succeeded'
    const terminated = { exitCode: phase === 'Failed' ? 1 : 0, finishedAt: timestamp(this.now) }
    const containerStatuses = [{ name: 'c', ready: false, restartCount: 0, image: '', imageID: '', state: { terminated } }]
    this.#put({ ...pod, status: { phase, containerStatuses } })
  }

  edit(spec: Partial<JobSpec>): void {
    this.job = { ...this.job, spec: { ...this.job.spec!, ...spec } }
  }

  count(fate: string): number {
    return [...this.fates.values()].filter((value) => value === fate).length
  }
}

const specs: fc.Arbitrary<Partial<JobSpec>> = fc
  .record({
    parallelism: fc.integer({ min: 1, max: 5 }),
    completions: fc.option(fc.integer({ min: 1, max: 7 }), { nil: undefined }),
    isIndexed: fc.boolean(),
    backoffLimit: fc.integer({ min: 0, max: 12 }),
    backoffLimitPerIndex: fc.option(fc.integer({ min: 0, max: 2 }), { nil: undefined }),
    podReplacementPolicy: fc.constantFrom('TerminatingOrFailed', 'Failed'),
    hasSuccessPolicy: fc.boolean(),
  })
  .map(({ isIndexed, backoffLimitPerIndex, hasSuccessPolicy, completions, ...rest }) =>
    isIndexed
      ? {
          ...rest,
          completions: completions ?? 3,
          completionMode: 'Indexed',
          ...(backoffLimitPerIndex !== undefined && { backoffLimitPerIndex, backoffLimit: 0x7fffffff }),
          ...(hasSuccessPolicy && { successPolicy: { rules: [{ succeededCount: Math.ceil((completions ?? 3) / 2) }] } }),
        }
      : { ...rest, ...(completions !== undefined && { completions }), completionMode: 'NonIndexed' },
  )

it('counts every pod once, ends, and then plans nothing', () => {
  fc.assert(
    fc.property(specs, fc.integer(), fc.double({ min: 0, max: 0.9, noNaN: true }), (spec, seed, failureRate) => {
      const world = new World(spec, seed)
      let mostParallel = spec.parallelism!
      for (let round = 0; round < 600 && !isJobFinished(world.job); round++) {
        const isCutOff = world.random.next() < 0.3
        const { changed, requeueAfterMs } = world.step(isCutOff ? Math.floor(world.random.next() * 3) : undefined)
        if (world.random.next() < 0.5 || !changed) world.disturb(failureRate)
        if (world.random.next() < 0.1) world.edit({ suspend: !world.job.spec?.suspend })
        if (world.random.next() < 0.05) world.edit({ parallelism: 1 + Math.floor(world.random.next() * 5) })
        mostParallel = Math.max(mostParallel, world.job.spec!.parallelism!)
        world.now += requeueAfterMs !== undefined && !changed ? requeueAfterMs : 1000
        const active = [...world.pods.values()].filter((pod) => pod.status?.phase === 'Running' && !pod.metadata.deletionTimestamp)
        expect(active.length).toBeLessThanOrEqual(mostParallel)
      }
      const { job, pods } = world
      expect(isJobFinished(job)).toBe(true)
      expect(job.status?.failed ?? 0).toBe(world.count('failed'))
      if (spec.completionMode !== 'Indexed') expect(job.status?.succeeded ?? 0).toBe(world.count('succeeded'))
      expect(job.status?.uncountedTerminatedPods).toEqual({})
      expect(job.status?.active).toBeUndefined()
      expect(job.status?.terminating).toBe(0)
      expect([...pods.values()].filter((pod) => pod.metadata.finalizers?.includes(TRACKING_FINALIZER))).toEqual([])
      expect(world.step().changed).toBe(false)
    }),
    { numRuns: 300 },
  )
})
