/** An hour in the life of a cluster, told by a seed: what is done to it, and what is looked at all the while. */
import { ApiError } from '../../src/api/meta/api-error.ts'
import { isConditionTrue } from '../../src/api/meta/conditions.ts'
import { controllerOf } from '../../src/api/meta/owner-references.ts'
import type { GroupResource, KubeObject } from '../../src/api/object.ts'
import type { DaemonSet, Deployment, Job, JobStatus, Node, Pod, PodDisruptionBudget, ResourceQuota } from '../../src/api/types.gen.ts'
import { SeededRandom } from '../../src/lib/random.ts'
import * as objects from './hour-objects.ts'
import { isReady } from './invariants-at-rest.ts'
import type { Mirror } from './mirror.ts'
import { Watchman } from './watchman.ts'
import { CRON_JOBS, DEPLOYMENTS, JOBS, PODS, Scenario, SECOND } from './workloads.ts'

const QUOTAS = 'resourcequotas'
const CLAIMS = 'persistentvolumeclaims'
const BUDGETS = 'poddisruptionbudgets.policy'
const STATEFUL_SETS = 'statefulsets.apps'
const DAEMON_SETS = 'daemonsets.apps'
const AUTOSCALERS = 'horizontalpodautoscalers.autoscaling'

const NODES = ['node-1', 'node-2', 'node-3', 'node-4', 'node-5']
/** As long as `kubectl drain` waits between two tries. */
const DRAIN_RETRY = 5 * SECOND
const DRAIN_TRIES = 20

export class Hour {
  readonly watchman: Watchman
  readonly #scenario: Scenario
  readonly #random: SeededRandom
  readonly #story: string[] = []
  #count = 1

  private constructor(scenario: Scenario, watchman: Watchman, seed: number) {
    this.#scenario = scenario
    this.#random = new SeededRandom(seed)
    this.watchman = watchman
  }

  static async start(seed: number): Promise<Hour> {
    const scenario = await Scenario.start({ nodes: 0, seed })
    return new Hour(scenario, await Watchman.of(scenario.cluster), seed)
  }

  get mirror(): Mirror {
    return this.watchman.mirror
  }

  close(): Promise<void> {
    return this.#scenario.close()
  }

  get minutes(): number {
    return (this.#scenario.now - Date.parse('2026-01-01T00:00:00Z')) / (60 * SECOND)
  }

  /** Lets time pass, and looks at everything each time the cluster has come to rest. */
  async seconds(count: number): Promise<void> {
    const { clock, cluster } = this.#scenario
    await clock.advance(count * SECOND, async () => {
      await cluster.settle()
      this.#look()
    })
  }

  /** Writes of each resource while time passes. */
  writesWithin(seconds: number): Promise<Record<string, number>> {
    return this.watchman.writesDuring(() => this.seconds(seconds))
  }

  /** What every hour begins with: workloads are set up, updated, and a node is drained. */
  async setUp(): Promise<void> {
    for (const name of NODES.slice(0, 3)) await this.#join(name)
    await this.#create('namespaces', { metadata: { name: 'team' } })
    await this.#create(QUOTAS, objects.quota())
    await this.#create(DAEMON_SETS, objects.agent('agent:1'))
    await this.#create(DEPLOYMENTS, objects.web('web:1'))
    await this.#create('services', objects.service('web'))
    await this.#create(BUDGETS, objects.budget('web', { maxUnavailable: 1 }))
    await this.#create(STATEFUL_SETS, objects.db('db:1'))
    await this.#create('services', objects.service('db'))
    await this.#create(BUDGETS, objects.budget('db', { minAvailable: 2 }))
    await this.#create(DEPLOYMENTS, objects.shop())
    await this.#create(AUTOSCALERS, objects.autoscaler('shop'))
    await this.#create(CRON_JOBS, objects.tick())
    await this.seconds(60)
    await this.rollOut()
    await this.seconds(60)
    await this.#create(JOBS, objects.batch('import', 1))
    await this.drain('node-1')
    await this.#patch('nodes', 'node-1', { spec: { unschedulable: null } }, '')
    await this.seconds(60)
  }

  async step(): Promise<void> {
    const steps = [this.#fail, this.#recover, this.#comeOrGo, this.#drain, this.rollOut, this.#scale, this.#runJob, this.#kill]
    const more = [this.#load, this.#useQuota, this.#useQuota, this.#freeQuota, this.#claim, this.#unready, this.#recover]
    const step = this.#oneOf([...steps, ...more])
    this.#story.push(`${this.minutes.toFixed(1)}: ${await step.call(this)}`)
    await this.seconds(this.#oneOf([5, 15, 60, 120]))
  }

  /** Everything is set right again, and has time to come to rest. */
  async mend(): Promise<void> {
    for (const name of NODES) {
      if (this.#node(name) === undefined) await this.#join(name)
      await this.#scenario.cluster.simulation.recover(name)
      await this.#patch('nodes', name, { spec: { unschedulable: null } }, '')
    }
    await this.#patch(CRON_JOBS, 'tick', { spec: { suspend: true } })
    await this.#patch(DEPLOYMENTS, 'shop', { metadata: { annotations: { 'load.coracle.dev/cpu': null } } })
    for (const { metadata } of this.mirror.all<Pod>(PODS)) {
      if (metadata.annotations?.['coracle.dev/ready'] === undefined) continue
      await this.#patch(PODS, metadata.name, { metadata: { annotations: { 'coracle.dev/ready': null } } })
    }
    await this.seconds(1200)
  }

  /** What isn't yet as its spec wants it. */
  unfinished(): string[] {
    const sets = [DEPLOYMENTS, STATEFUL_SETS].flatMap((resource) => this.mirror.all<Deployment>(resource))
    const short = sets.flatMap(({ metadata, spec, status }) => {
      const { replicas = 0, readyReplicas = 0, updatedReplicas = 0 } = status ?? {}
      const isDone = [replicas, readyReplicas, updatedReplicas].every((count) => count === spec.replicas)
      return isDone && status!.observedGeneration === metadata.generation ? [] : [`${metadata.name} of ${spec.replicas}`]
    })
    const daemons = this.mirror.all<DaemonSet>(DAEMON_SETS).flatMap(({ metadata, status }) => {
      const isDone = status!.numberReady === NODES.length && status!.updatedNumberScheduled === NODES.length
      return isDone ? [] : [metadata.name]
    })
    const jobs = this.mirror.all<Job>(JOBS).filter(({ status }) => status?.completionTime === undefined && !hasFailed(status))
    return [...short, ...daemons, ...jobs.map(({ metadata }) => metadata.name)]
  }

  #look(): void {
    try {
      this.watchman.look()
    } catch (error) {
      throw new Error(`${this.#scenario.time}: ${(error as Error).message}\nafter:\n${this.#story.join('\n')}`, { cause: error })
    }
  }

  #oneOf<T>(list: readonly T[]): T {
    return list[Math.floor(this.#random.next() * list.length)]!
  }

  #node(name: string): Node | undefined {
    return this.mirror.find<Node>('nodes', name, '')
  }

  /** One that is there, or undefined. */
  #anyNode(): string | undefined {
    return this.#oneOf(this.mirror.all('nodes'))?.metadata.name
  }

  async #join(name: string): Promise<string> {
    await this.#scenario.cluster.simulation.join({ name, capacity: objects.CAPACITY })
    await this.#rest()
    return `${name} joins`
  }

  async #fail(): Promise<string> {
    const name = this.#anyNode()
    if (name !== undefined) await this.#scenario.cluster.simulation.fail(name)
    return `${name} falls silent`
  }

  async #recover(): Promise<string> {
    const failed = this.mirror.all<Node>('nodes').filter(({ metadata }) => metadata.annotations?.['coracle.dev/state'] !== undefined)
    for (const { metadata } of failed) await this.#scenario.cluster.simulation.recover(metadata.name)
    return `${failed.length} nodes recover`
  }

  async #comeOrGo(): Promise<string> {
    const name = this.#oneOf(NODES)
    if (this.#node(name) === undefined) return this.#join(name)
    if (this.mirror.all('nodes').length < 3) return 'nothing'
    await this.#scenario.cluster.simulation.leave(name)
    return `${name} leaves`
  }

  /** As `kubectl drain --ignore-daemonsets --delete-emptydir-data --force` does, and uncordoned at its end. */
  async #drain(): Promise<string> {
    const name = this.#anyNode()
    if (name === undefined) return 'nothing'
    const said = await this.drain(name)
    await this.#patch('nodes', name, { spec: { unschedulable: null } }, '')
    return said
  }

  /** Cordons a node and evicts its pods, again every five seconds where a budget forbids it. */
  async drain(name: string): Promise<string> {
    await this.#patch('nodes', name, { spec: { unschedulable: true } }, '')
    let refusals = 0
    for (let tries = 0; tries < DRAIN_TRIES && this.#node(name) !== undefined; tries++) {
      const pods = this.mirror.all<Pod>(PODS).filter((pod) => pod.spec.nodeName === name && controllerOf(pod)?.kind !== 'DaemonSet')
      const left = pods.filter((pod) => pod.metadata.deletionTimestamp === undefined)
      if (left.length === 0) break
      for (const pod of left) if (!(await this.#evict(pod))) refusals++
      await this.seconds(DRAIN_RETRY / SECOND)
    }
    return `${name} is drained, ${refusals} evictions refused`
  }

  /** Whether it was granted; holds a grant to the budget. */
  async #evict({ metadata }: Pod): Promise<boolean> {
    const { name, namespace } = metadata
    const pod = this.mirror.find<Pod>(PODS, name, namespace)
    if (pod === undefined) return true
    const isHealthy = (each: Pod) => each.metadata.deletionTimestamp === undefined && isReady(each)
    const budget = this.mirror.find<PodDisruptionBudget>(BUDGETS, metadata.labels?.app ?? '', namespace)
    const peers = this.mirror.all<Pod>(PODS).filter((each) => each.metadata.labels?.app === metadata.labels?.app)
    const healthy = peers.filter(isHealthy).length
    const path = `/api/v1/namespaces/${namespace}/pods/${name}/eviction`
    const { code } = await this.#scenario.request('POST', path, { metadata: { name } })
    if (code !== 201 && code !== 429) this.watchman.tell(`the eviction of ${name} is answered with ${code}`)
    if (code === 201 && budget !== undefined && isHealthy(pod) && healthy - 1 < budget.status!.desiredHealthy!) {
      this.watchman.tell(`${name} is evicted, where ${healthy} are healthy and ${budget.status!.desiredHealthy} needed`)
    }
    this.#look()
    return code === 201
  }

  async rollOut(): Promise<string> {
    const version = ++this.#count
    for (const [resource, object] of [
      [DEPLOYMENTS, objects.web(`web:${version}`)],
      [STATEFUL_SETS, objects.db(`db:${version}`)],
      [DAEMON_SETS, objects.agent(`agent:${version}`)],
    ] as const) {
      const { template } = (object as unknown as { spec: { template: { spec: object } } }).spec
      await this.#patch(resource, (object as KubeObject).metadata.name, { spec: { template } })
    }
    return `all roll out version ${version}`
  }

  async #scale(): Promise<string> {
    const [resource, name] = this.#oneOf([
      [DEPLOYMENTS, 'web'],
      [STATEFUL_SETS, 'db'],
    ] as const)
    const replicas = this.#oneOf([0, 1, 2, 3, 4, 5])
    await this.#patch(resource, name, { spec: { replicas } })
    return `${name} is scaled to ${replicas}`
  }

  async #runJob(): Promise<string> {
    const [name, failures] = [`batch-${++this.#count}`, this.#oneOf([0, 1, 2])]
    await this.#create(JOBS, objects.batch(name, failures))
    return `${name} runs, with ${failures} failures`
  }

  async #kill(): Promise<string> {
    const pod = this.#oneOf(this.mirror.all<Pod>(PODS))
    if (pod === undefined) return 'nothing'
    const { name, namespace } = pod.metadata
    const options = this.#random.next() < 0.3 ? { gracePeriodSeconds: 0 } : {}
    await this.#scenario.cluster.client.delete({ resource: PODS, namespace: namespace!, name }, options)
    await this.#rest()
    return `${name} is deleted`
  }

  /** A pod gets unready or, if one is, ready again. */
  async #unready(): Promise<string> {
    const pod = this.#oneOf(this.mirror.all<Pod>(PODS).filter(({ metadata }) => metadata.labels?.app === 'web'))
    if (pod === undefined) return 'nothing'
    const value = pod.metadata.annotations?.['coracle.dev/ready'] === undefined ? 'false' : null
    await this.#patch(PODS, pod.metadata.name, { metadata: { annotations: { 'coracle.dev/ready': value } } })
    return `${pod.metadata.name} is said to be ready: ${value ?? 'true'}`
  }

  async #load(): Promise<string> {
    const load = this.#oneOf(['100m', '400m', '900m'])
    await this.#patch(DEPLOYMENTS, 'shop', { metadata: { annotations: { 'load.coracle.dev/cpu': load } } })
    return `the shop's load is ${load}`
  }

  /** What the quota refuses had no place, and what it grants had one. */
  async #useQuota(): Promise<string> {
    const name = `guest-${++this.#count}`
    const [resource, object, unit] = this.#oneOf([
      [PODS, objects.guest(name), 'pods'],
      ['configmaps', objects.settings(name), 'configmaps'],
      [CLAIMS, objects.claim(name), 'persistentvolumeclaims'],
    ] as const)
    const before = this.mirror.find<ResourceQuota>(QUOTAS, 'limits', 'team')!.status!
    const hasRoom = Number(before.used![unit]) < Number(before.hard![unit])
    const isGranted = await this.#isGranted(resource, object)
    if (isGranted !== hasRoom) this.watchman.tell(`${resource} ${name}: room is ${hasRoom}, granted is ${isGranted}`)
    this.#look()
    return `${resource} ${name} is granted: ${isGranted}`
  }

  async #isGranted(resource: GroupResource, object: object): Promise<boolean> {
    try {
      await this.#create(resource, object)
      return true
    } catch (error) {
      if (error instanceof ApiError && error.message.includes('exceeded quota: limits')) return false
      throw error
    }
  }

  async #freeQuota(): Promise<string> {
    const isGuest = ({ metadata }: KubeObject) => metadata.name.startsWith('guest-')
    const guest = this.#oneOf(
      ['configmaps', PODS, CLAIMS].flatMap((resource) =>
        this.mirror
          .all(resource)
          .filter(isGuest)
          .map((object) => ({ resource, object })),
      ),
    )
    if (guest === undefined) return 'nothing'
    const { name } = guest.object.metadata
    await this.#scenario.cluster.client.delete({ resource: guest.resource, namespace: 'team', name }, {})
    await this.#rest()
    return `${guest.resource} ${name} is deleted`
  }

  async #claim(): Promise<string> {
    const name = `spare-${++this.#count}`
    await this.#create(CLAIMS, objects.claim(name, 'default'))
    return `claim ${name} is made`
  }

  async #create(resource: GroupResource, object: object): Promise<void> {
    const { metadata } = object as KubeObject
    const isInCluster = resource === 'namespaces'
    const own = { ...object, metadata: { ...metadata, ...(!isInCluster && { namespace: metadata.namespace ?? 'default' }) } }
    await this.#scenario.cluster.client.create(resource, own as never)
    await this.#rest()
  }

  async #patch(resource: GroupResource, name: string, patch: Record<string, unknown>, namespace = 'default'): Promise<void> {
    await this.#scenario.cluster.client.patch({ resource, namespace, name }, patch)
    await this.#rest()
  }

  async #rest(): Promise<void> {
    await this.#scenario.cluster.settle()
    this.#look()
  }
}

function hasFailed(status: JobStatus | undefined): boolean {
  return isConditionTrue(status?.conditions, 'Failed')
}
