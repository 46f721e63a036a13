/** Whole clusters to which all sorts of things happen: what must hold at every moment, and that they come to rest as told. */
import { describe, expect, it } from 'vitest'
import { controllerOf } from '../../src/api/meta/owner-references.ts'
import { quantityMilliValue } from '../../src/api/meta/quantity.ts'
import type { Node, Pod } from '../../src/index.ts'
import { SeededRandom } from '../../src/lib/random.ts'
import { daemonSet, isReady, replicaSet, Scenario, statefulSet } from '../support/scenario.ts'

const CPU = { container: { resources: { requests: { cpu: '500m' } } } }
const SLOW = { 'coracle.dev/start-delay': '2s', 'coracle.dev/stop-delay': '3s' }
const template = (image: string) => ({ ...CPU, image, annotations: SLOW })
const database = (replicas: number, image: string) =>
  statefulSet('db', { replicas, template: template(image), volumeClaimTemplates: [CLAIM] })
const CLAIM = { metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } }
const CAPACITY = { cpu: '4', memory: '8Gi', pods: '20' }
const NODES = ['node-1', 'node-2', 'node-3', 'node-4']

class Chaos {
  readonly cluster: Scenario
  readonly #random: SeededRandom
  #image = 1
  #replicas = { web: 4, db: 3 }

  constructor(cluster: Scenario, seed: number) {
    this.cluster = cluster
    this.#random = new SeededRandom(seed)
  }

  get #anyNode(): string {
    return this.#oneOf(NODES)
  }

  #oneOf<T>(list: readonly T[]): T {
    return list[Math.floor(this.#random.next() * list.length)]!
  }

  async step(): Promise<string> {
    const { cluster } = this
    const node = this.#anyNode
    const isThere = (await cluster.find('nodes', node)) !== undefined
    switch (
      this.#oneOf([
        'fail',
        'recover',
        'recover',
        'leave',
        'join',
        'join',
        'delete',
        'scale',
        'update',
        'cordon',
        'uncordon',
        'evict',
        'wait',
      ])
    ) {
      case 'fail':
        if (isThere) await cluster.cluster.simulation.fail(node)
        return `${node} fails`
      case 'recover':
        if (isThere) await cluster.cluster.simulation.recover(node)
        return `${node} recovers`
      case 'leave':
        if (isThere) await cluster.cluster.simulation.leave(node)
        return `${node} leaves`
      case 'join':
        if (!isThere) await cluster.cluster.simulation.join({ name: node, capacity: CAPACITY })
        return `${node} joins`
      case 'cordon':
      case 'uncordon': {
        const unschedulable = this.#random.next() < 0.5
        if (isThere) await cluster.patch('nodes', node, { spec: { unschedulable } })
        return `${node} cordoned: ${unschedulable}`
      }
      case 'delete': {
        const pod = this.#oneOf(await cluster.pods())
        if (pod !== undefined) await cluster.delete('pods', pod.metadata.name, this.#random.next() < 0.3 ? { gracePeriodSeconds: 0 } : {})
        return `delete ${pod?.metadata.name}`
      }
      case 'evict': {
        const pod = this.#oneOf(await cluster.pods())
        if (pod !== undefined) await cluster.patch('pods', pod.metadata.name, { status: { phase: 'Failed', reason: 'Evicted' } }, 'status')
        return `evict ${pod?.metadata.name}`
      }
      case 'scale': {
        const replicas = Math.floor(this.#random.next() * 6)
        const [name, resource] = this.#oneOf([
          ['web', 'replicasets.apps'],
          ['db', 'statefulsets.apps'],
        ] as const)
        this.#replicas[name] = replicas
        await cluster.patch(resource, name, { spec: { replicas } })
        return `scale ${name} to ${replicas}`
      }
      case 'update': {
        const image = `app:${++this.#image}`
        await cluster.apply(daemonSet('agent', { template: template(image) }), database(this.#replicas.db, image))
        return `update to ${image}`
      }
      default:
        await cluster.seconds(this.#oneOf([1, 10, 60, 400]))
        return 'time passes'
    }
  }

  /** What must hold whatever happens. */
  async check(): Promise<void> {
    const pods = await this.cluster.pods()
    const nodes = await this.cluster.list<Node>('nodes')
    for (const { metadata, status } of nodes) {
      const there = pods.filter((pod) => pod.spec.nodeName === metadata.name && !isOver(pod))
      const used = there.reduce((sum, pod) => sum + quantityMilliValue(pod.spec.containers[0]!.resources!.requests!.cpu), 0)
      expect(used, `cpu of ${metadata.name}`).toBeLessThanOrEqual(quantityMilliValue(status?.allocatable?.cpu ?? '0'))
      const daemons = there.filter((pod) => controllerOf(pod)?.name === 'agent')
      expect(daemons.length, `daemons on ${metadata.name}`).toBeLessThanOrEqual(1)
    }
  }

  /** All is well again: does it all come to be as it should? */
  async converge(): Promise<void> {
    const { cluster } = this
    for (const name of NODES) {
      if ((await cluster.find('nodes', name)) === undefined) await cluster.cluster.simulation.join({ name, capacity: CAPACITY })
      await cluster.cluster.simulation.recover(name)
      await cluster.patch('nodes', name, { spec: { unschedulable: null } })
    }
    await cluster.seconds(1200)
    const images = new Set(
      (await cluster.pods()).filter((pod) => controllerOf(pod)?.name !== 'web').map((pod) => pod.spec.containers[0]!.image),
    )
    const ready = (pods: readonly Pod[]) =>
      pods.filter((pod) => isReady(pod) && !isOver(pod) && pod.metadata.deletionTimestamp === undefined).length
    const live = (pods: readonly Pod[]) => pods.filter((pod) => !isOver(pod))
    const [agent, web, db] = [await cluster.pods('agent'), await cluster.pods('web'), await cluster.pods('db')]
    expect({
      nodes: (await cluster.list<Node>('nodes')).filter((node) => isReady(node) && node.spec.taints === undefined).length,
      agent: [agent.length, ready(agent)],
      web: [live(web).length, ready(web)],
      db: [db.map(({ metadata }) => metadata.name), ready(db)],
      images: [...images],
    }).toEqual({
      nodes: 4,
      agent: [4, 4],
      web: [this.#replicas.web, this.#replicas.web],
      db: [Array.from({ length: this.#replicas.db }, (_, i) => `db-${i}`), this.#replicas.db],
      images: [`app:${this.#image}`],
    })
    // Events, which live for an hour, go later.
    const { events: _, ...writes } = await cluster.writesDuring(() => cluster.seconds(300))
    expect(Object.keys(writes).sort()).toEqual(['leases.coordination.k8s.io', 'nodes'])
  }
}

function isOver({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed'
}

describe('whatever happens', () => {
  it.each([1, 2, 3])('nothing is lost or doubled (%i)', async (seed) => {
    const cluster = await Scenario.start({ nodes: 0, seed })
    const chaos = new Chaos(cluster, seed)
    for (const name of NODES) await cluster.cluster.simulation.join({ name, capacity: CAPACITY })
    await cluster.apply(daemonSet('agent', { template: template('app:1') }), replicaSet('web', 4, template('app:1')))
    await cluster.apply(database(3, 'app:1'))
    const story: string[] = []
    try {
      for (let step = 0; step < 40; step++) {
        story.push(await chaos.step())
        await cluster.seconds(2)
        await chaos.check()
      }
      await chaos.converge()
    } catch (error) {
      throw new Error(`${(error as Error).message}\nafter: ${story.join('; ')}`, { cause: error })
    } finally {
      await cluster.close()
    }
  })
})
