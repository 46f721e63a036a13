/**
 * Whole clusters in which Deployments, DaemonSets and StatefulSets are edited and scaled while pods start at all speeds, get
 * unready, fail and lose their nodes: what their limits promise at every write, and that all comes to rest.
 */
import { describe, expect, it } from 'vitest'
import { controllerOf } from '../../src/api/meta/owner-references.ts'
import type { DaemonSet, Deployment, Pod, ReplicaSet, StatefulSet } from '../../src/api/types.gen.ts'
import { maxSurge, maxUnavailable } from '../../src/controllers/deployment/limits.ts'
import { SeededRandom } from '../../src/lib/random.ts'
import { DEPLOYMENTS, isGoing, isReady, MINUTE, PODS, podTemplate, REPLICA_SETS, Scenario, SECOND } from '../support/workloads.ts'

const NODES = ['node-1', 'node-2', 'node-3', 'node-4']
const DAEMON_SETS = 'daemonsets.apps'
const STATEFUL_SETS = 'statefulsets.apps'
const START_DELAYS = ['0s', '1s', '4s', '9s']
const LIMITS = [0, 1, 2, '25%', '50%']

const isOver = ({ status }: Pod) => status?.phase === 'Succeeded' || status?.phase === 'Failed'
const isLive = (pod: Pod) => !isOver(pod) && !isGoing(pod)

/** Quiet: nothing befalls the pods but what their controllers do. Rough: anything does. */
type Mood = 'quiet' | 'rough'

class Chaos {
  readonly #scenario: Scenario
  readonly #random: SeededRandom
  readonly #mood: Mood
  #image = 1
  /** By name, as it is now. */
  readonly #pods = new Map<string, Pod>()
  #fewestAvailable = Number.POSITIVE_INFINITY

  constructor(scenario: Scenario, seed: number, mood: Mood) {
    this.#scenario = scenario
    this.#random = new SeededRandom(seed)
    this.#mood = mood
  }

  #oneOf<T>(list: readonly T[]): T {
    return list[Math.floor(this.#random.next() * list.length)]!
  }

  #template(app: string) {
    const annotations = { 'coracle.dev/start-delay': this.#oneOf(START_DELAYS), 'coracle.dev/stop-delay': this.#oneOf(['0s', '3s']) }
    return podTemplate({ app }, { image: `app:${this.#image}`, annotations })
  }

  #limits() {
    const [surge, unavailable] = [this.#oneOf(LIMITS), this.#oneOf(LIMITS)]
    // The server refuses to have neither.
    return surge === 0 && unavailable === 0 ? { maxSurge: 1, maxUnavailable: 0 } : { maxSurge: surge, maxUnavailable: unavailable }
  }

  async start(): Promise<void> {
    const selector = (app: string) => ({ selector: { matchLabels: { app } } })
    const made = (name: string, spec: object) =>
      ({ metadata: { name }, spec: { ...selector(name), template: this.#template(name), ...spec } }) as never
    const strategy = { type: 'RollingUpdate', rollingUpdate: this.#limits() }
    await this.#scenario.create(DEPLOYMENTS, made('web', { replicas: 4, strategy, progressDeadlineSeconds: 2147483647 }))
    const updateStrategy = {
      type: 'RollingUpdate',
      rollingUpdate: this.#oneOf([{ maxSurge: 1, maxUnavailable: 0 }, { maxUnavailable: 1 }]),
    }
    await this.#scenario.create(DAEMON_SETS, made('agent', { updateStrategy }))
    const podManagementPolicy = this.#oneOf(['OrderedReady', 'Parallel'])
    await this.#scenario.create(STATEFUL_SETS, made('db', { replicas: 3, serviceName: 'db', podManagementPolicy }))
    await this.#scenario.pass(2 * MINUTE)
    for (const pod of await this.#scenario.pods()) this.#pods.set(pod.metadata.name, pod)
    await this.#scenario.record<Pod>(PODS, ({ type, object }) => {
      const before = this.#pods.get(object.metadata.name)
      if (type === 'DELETED') this.#pods.delete(object.metadata.name)
      else this.#pods.set(object.metadata.name, object)
      this.#fewestAvailable = Math.min(this.#fewestAvailable, this.#available)
      if (type === 'ADDED') expect(before, `two pods of the name ${object.metadata.name}`).toBeUndefined()
    })
  }

  /** Of the Deployment's pods, those that are ready and stay. */
  get #available(): number {
    return [...this.#pods.values()].filter((pod) => pod.metadata.labels?.app === 'web' && isLive(pod) && isReady(pod)).length
  }

  async step(): Promise<string> {
    const happening = this.#oneOf(this.#mood === 'quiet' ? QUIET : [...QUIET, ...ROUGH])
    const { cluster } = this.#scenario
    const node = this.#oneOf(NODES)
    const pod = this.#oneOf([...this.#pods.values()].filter(isLive))
    switch (happening) {
      case 'edit':
        this.#image++
        for (const [resource, name] of [
          [DEPLOYMENTS, 'web'],
          [DAEMON_SETS, 'agent'],
          [STATEFUL_SETS, 'db'],
        ] as const)
          await this.#scenario.patch(resource, name, { spec: { template: this.#template(name) } })
        return `edit to ${this.#image}`
      case 'wait':
        await this.#scenario.pass(this.#oneOf([1, 3, 10, 30]) * SECOND)
        return 'time passes'
      case 'scale':
        await this.#scenario.patch(STATEFUL_SETS, 'db', { spec: { replicas: this.#oneOf([0, 1, 3, 5]) } })
        if (this.#mood === 'rough') await this.#scenario.patch(DEPLOYMENTS, 'web', { spec: { replicas: this.#oneOf([1, 3, 6]) } })
        return 'scale'
      case 'unready':
        if (pod === undefined) return 'nothing'
        await this.#scenario.patch(PODS, pod.metadata.name, {
          metadata: { annotations: { 'coracle.dev/ready': this.#oneOf(['false', null]) } },
        })
        return `${pod.metadata.name} unready or not`
      case 'fail':
        if (pod !== undefined) await this.#scenario.patchStatus(PODS, pod.metadata.name, { phase: 'Failed', reason: 'Evicted' })
        return `${pod?.metadata.name} fails`
      case 'delete':
        if (pod !== undefined) await this.#scenario.delete(PODS, pod.metadata.name)
        return `${pod?.metadata.name} is deleted`
      case 'node fails':
        await cluster.simulation.fail(node)
        await cluster.settle()
        return `${node} fails`
      default:
        await cluster.simulation.recover(node)
        await cluster.settle()
        return `${node} recovers`
    }
  }

  async check(): Promise<void> {
    const pods = [...this.#pods.values()]
    const web = await this.#scenario.get<Deployment>(DEPLOYMENTS, 'web')
    const sizes = (await this.#scenario.list<ReplicaSet>(REPLICA_SETS)).map(({ spec }) => spec.replicas ?? 0)
    const size = web.spec.replicas!
    if (this.#mood === 'quiet') {
      expect(
        sizes.reduce((sum, one) => sum + one, 0),
        'pods of the Deployment',
      ).toBeLessThanOrEqual(size + maxSurge(web))
      expect(this.#fewestAvailable, 'available pods of the Deployment, at any write').toBeGreaterThanOrEqual(size - maxUnavailable(web))
    }
    const agent = await this.#scenario.get<DaemonSet>(DAEMON_SETS, 'agent')
    const most = agent.spec.updateStrategy!.rollingUpdate!.maxSurge === 1 ? 2 : 1
    for (const node of NODES) {
      const there = pods.filter((pod) => pod.spec.nodeName === node && isLive(pod) && controllerOf(pod)?.name === 'agent')
      expect(there.length, `daemons on ${node}`).toBeLessThanOrEqual(most)
    }
  }

  async converge(): Promise<void> {
    for (const node of NODES) await this.#scenario.cluster.simulation.recover(node)
    // Readiness that was taken from a pod stays away until its template changes or it goes.
    for (const { metadata } of await this.#scenario.pods()) {
      const isThere = (await this.#scenario.find(PODS, metadata.name)) !== undefined
      if (isThere && metadata.annotations?.['coracle.dev/ready'] === 'false') await this.#scenario.delete(PODS, metadata.name)
    }
    await this.#scenario.pass(30 * MINUTE)
    const of = async (app: string) => (await this.#scenario.pods({ app })).filter((pod) => !isOver(pod))
    const count = async (app: string) => {
      const pods = await of(app)
      const isRight = (pod: Pod) => isReady(pod) && !isGoing(pod) && pod.spec.containers[0]!.image === `app:${this.#image}`
      return [pods.length, pods.filter(isRight).length]
    }
    const web = await this.#scenario.get<Deployment>(DEPLOYMENTS, 'web')
    const db = await this.#scenario.get<StatefulSet>(STATEFUL_SETS, 'db')
    const [size, dbSize] = [web.spec.replicas!, db.spec.replicas!]
    expect({ web: await count('web'), agent: await count('agent'), db: await count('db') }).toEqual({
      web: [size, size],
      agent: [4, 4],
      db: [dbSize, dbSize],
    })
    const written: string[] = []
    for (const resource of [PODS, REPLICA_SETS, DEPLOYMENTS, DAEMON_SETS, STATEFUL_SETS, 'controllerrevisions.apps']) {
      await this.#scenario.record(resource, ({ type, object }) => void written.push(`${type} ${resource}/${object.metadata.name}`))
    }
    await this.#scenario.pass(10 * MINUTE)
    expect(written).toEqual([])
  }
}

const QUIET = ['edit', 'wait', 'wait', 'wait', 'scale'] as const
const ROUGH = ['unready', 'fail', 'delete', 'node fails', 'node recovers', 'node recovers'] as const

describe.each<{ mood: Mood; seeds: number[] }>([
  { mood: 'quiet', seeds: [1, 3] },
  { mood: 'rough', seeds: [126, 136] },
])('rollouts in $mood times', ({ mood, seeds }) => {
  it.each(seeds)('keep to their limits and come to rest (%i)', async (seed) => {
    const scenario = await Scenario.start({ nodes: NODES.length, seed })
    const chaos = new Chaos(scenario, seed, mood)
    const story: string[] = []
    try {
      await chaos.start()
      for (let step = 0; step < 40; step++) {
        story.push(await chaos.step())
        for (let second = 0; second < 2; second++) {
          await scenario.pass(SECOND)
          await chaos.check()
        }
      }
      await chaos.converge()
    } catch (error) {
      throw new Error(`${(error as Error).message}\nafter: ${story.join('; ')}`, { cause: error })
    } finally {
      await scenario.close()
    }
  })
})
