import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AdmissionChain } from '../../src/admission/admission.ts'
import { admissionPlugins } from '../../src/admission/plugins.ts'
import { loadDefinitions } from '../../src/api/index.ts'
import { findCondition } from '../../src/api/meta/conditions.ts'
import { Schemas } from '../../src/api/schema.ts'
import type { Event, Node, Pod, PodSpec } from '../../src/api/types.gen.ts'
import { controllerUser } from '../../src/auth/authenticate.ts'
import { ServiceAccountTokens } from '../../src/auth/service-account-tokens.ts'
import { bootstrapObjects } from '../../src/bootstrap.ts'
import { LocalClient } from '../../src/client/local-client.ts'
import { defaultClusterRanges } from '../../src/controllers/nodeipam/cluster-range.ts'
import { nodeIpamController } from '../../src/controllers/nodeipam/controller.ts'
import { nodeLifecycleController } from '../../src/controllers/nodelifecycle/controller.ts'
import { taintEvictionController } from '../../src/controllers/nodelifecycle/taint-eviction.ts'
import { podGCController } from '../../src/controllers/podgc/controller.ts'
import { Activity } from '../../src/lib/activity.ts'
import { VirtualClock } from '../../src/lib/clock.ts'
import { LoopShare } from '../../src/lib/loop-share.ts'
import { SeededRandom } from '../../src/lib/random.ts'
import { nodeAgentController } from '../../src/nodes/agent/controller.ts'
import { SimulatedRuntime } from '../../src/nodes/container-behaviour.ts'
import { SimulatedLogs } from '../../src/nodes/container-logs.ts'
import { kubeletController } from '../../src/nodes/kubelet/controller.ts'
import { NODE_ACTIONS, newNode } from '../../src/nodes/node-objects.ts'
import { Resources } from '../../src/registry/resources.ts'
import { signingKeyStore } from '../../src/registry/signing-key.ts'
import { ControllerManager } from '../../src/runtime/controller-manager.ts'
import { schedulerController } from '../../src/scheduler/controller.ts'
import { Cache } from '../../src/storage/cache.ts'
import { MemoryStorage } from '../../src/storage/memory/memory-storage.ts'
import { splitStorageKey, storageKey } from '../../src/storage/storage.ts'

const TOOLS = { random: new SeededRandom(3), startedAt: 0 }

const SERVICE_RANGES = ['10.96.0.0/12']

/** Nodes, pods and what looks after them, on the real registry and a virtual clock. */
class Cluster {
  readonly clock = new VirtualClock()
  readonly errors: unknown[] = []
  readonly activity = new Activity()
  readonly storage = new MemoryStorage()
  readonly client: LocalClient
  manager: ControllerManager

  constructor() {
    const resources = new Resources(loadDefinitions())
    const cache = new Cache(this.storage, {
      attributesOf: (key, object) => {
        const fields = resources.stored(splitStorageKey(key).groupResource).selectableFields ?? {}
        return {
          labels: object.metadata.labels,
          fields: Object.fromEntries(Object.entries(fields).map(([name, read]) => [name, read(object)])),
        }
      },
      maxChanges: 50_000,
      maxChangeBytes: 1 << 26,
    })
    const { clock } = this
    const view = {
      get: (resource: string, namespace: string, name: string) => cache.get(storageKey(resource, namespace, name))?.decoded(),
      list: (resource: string, namespace?: string) => cache.list(resource, namespace).map((entry) => entry.decoded()),
      get now() {
        return clock.now()
      },
    }
    const admission = new AdmissionChain(
      admissionPlugins({ serviceRanges: SERVICE_RANGES }).filter(({ name }) => name !== 'ServiceAccount'),
      view as never,
    )
    const tokens = new ServiceAccountTokens({ keys: signingKeyStore(cache), find: view.get as never, now: () => clock.now() })
    const context = {
      cache,
      resources,
      schemas: new Schemas(),
      admission,
      clock,
      random: new SeededRandom(1),
      tokens,
      logs: new SimulatedLogs(new SimulatedRuntime()),
    }
    this.client = new LocalClient(context, controllerUser('test'), 'test')
    this.manager = this.#newManager()
  }

  #newManager(): ControllerManager {
    const { client, clock, activity } = this
    const onError = (controller: string, key: string, error: unknown) => this.errors.push(controller, key, error)
    return new ControllerManager({ client, clock, random: new SeededRandom(2), activity, loopShare: new LoopShare(), onError }, [
      schedulerController(),
      kubeletController(new SimulatedRuntime(), TOOLS),
      nodeIpamController({ clusterRanges: defaultClusterRanges(['10.96.0.0/12']), serviceRanges: [] }),
      nodeAgentController('v1.36.0', TOOLS),
      nodeLifecycleController(clock.now()),
      taintEvictionController(),
      podGCController(),
    ])
  }

  async start(nodes: number): Promise<void> {
    for (const { resource, object } of bootstrapObjects(SERVICE_RANGES)) await this.client.create(resource, object)
    await this.manager.start()
    for (let i = 1; i <= nodes; i++) await this.client.create('nodes', newNode(`n${i}`))
    await this.advance(0)
  }

  /** As if the process had been killed and started again: only what is stored is left. */
  async restart(): Promise<void> {
    this.manager.stop()
    this.manager = this.#newManager()
    await this.manager.start()
    await this.advance(0)
  }

  advance(milliseconds: number): Promise<void> {
    return this.clock.advance(milliseconds, () => this.activity.settled())
  }

  async run(name: string, spec: Partial<PodSpec> = {}, annotations: Record<string, string> = {}): Promise<void> {
    await this.client.create('pods', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'default', annotations },
      spec: { containers: [{ name: 'main', image: 'nginx' }], ...spec },
    } as never)
    await this.advance(0)
  }

  async pod(name: string): Promise<Pod | undefined> {
    const { items } = await this.client.list<Pod>('pods', 'default')
    return items.find(({ metadata }) => metadata.name === name)
  }

  node(name: string): Promise<Node> {
    return this.client.get<Node>({ resource: 'nodes', namespace: '', name })
  }

  async events(reason: string): Promise<string[]> {
    const { items } = await this.client.list<Event>('events')
    return items.filter((event) => event.reason === reason).map(({ message }) => message ?? '')
  }
}

describe('a cluster of simulated nodes', () => {
  let cluster: Cluster
  beforeEach(() => {
    cluster = new Cluster()
  })
  afterEach(() => {
    cluster.manager.stop()
    expect(cluster.errors).toEqual([])
  })

  it('has its nodes ready at once, each with addresses of its own', async () => {
    await cluster.start(3)
    const nodes = await Promise.all(['n1', 'n2', 'n3'].map((name) => cluster.node(name)))
    expect(nodes.map(({ status }) => findCondition(status?.conditions, 'Ready')?.status)).toEqual(['True', 'True', 'True'])
    expect(nodes.flatMap(({ spec }) => spec.taints ?? [])).toEqual([])
    expect(new Set(nodes.map(({ spec }) => spec.podCIDR)).size).toBe(3)
    expect((await cluster.client.list('leases.coordination.k8s.io', 'kube-node-lease')).items).toHaveLength(3)
  })

  it('runs pods, with addresses of their own', async () => {
    await cluster.start(2)
    for (let i = 0; i < 6; i++) await cluster.run(`p${i}`)
    const pods = (await cluster.client.list<Pod>('pods', 'default')).items
    expect(pods.map(({ status }) => status?.phase)).toEqual(Array(6).fill('Running'))
    expect(new Set(pods.map(({ status }) => status?.podIP)).size).toBe(6)
    expect(await cluster.events('Started')).toHaveLength(6)
    expect((await cluster.events('Scheduled'))[0]).toMatch(/^Successfully assigned default\/p\d to n\d$/)
    const started = (await cluster.client.list<Event>('events')).items.find(({ reason }) => reason === 'Started')
    expect(started).toMatchObject({ involvedObject: { fieldPath: 'spec.containers{main}' }, source: { component: 'kubelet' } })
  })

  it('lets a deleted pod go', async () => {
    await cluster.start(1)
    await cluster.run('p', {}, { 'coracle.dev/stop-delay': '5' })
    await cluster.client.delete({ resource: 'pods', namespace: 'default', name: 'p' }, {})
    await cluster.advance(4000)
    expect((await cluster.pod('p'))?.status?.phase).toBe('Running')
    await cluster.advance(1000)
    expect(await cluster.pod('p')).toBeUndefined()
  })

  it('carries on after it was killed', async () => {
    await cluster.start(1)
    await cluster.run('task', { restartPolicy: 'Never', containers: [{ name: 'main', image: 'busybox', command: ['sleep', '30'] }] })
    await cluster.run('loop', { containers: [{ name: 'main', image: 'busybox', command: ['false'] }] })
    await cluster.advance(12_000)
    const before = await cluster.pod('loop')
    await cluster.restart()
    expect(await cluster.pod('loop')).toEqual(before)
    await cluster.advance(18_000)
    expect((await cluster.pod('task'))?.status?.phase).toBe('Succeeded')
    expect((await cluster.pod('loop'))?.status?.containerStatuses?.[0]?.restartCount).toBe(3)
  })

  it('keeps a pod waiting until a node has room', async () => {
    await cluster.start(0)
    await cluster.run('p')
    expect(findCondition((await cluster.pod('p'))?.status?.conditions, 'PodScheduled')?.message).toBe('no nodes available to schedule pods')
    await cluster.client.create('nodes', newNode('late'))
    await cluster.advance(0)
    expect((await cluster.pod('p'))?.status?.phase).toBe('Running')
    expect((await cluster.events('FailedScheduling'))[0]).toBe('no nodes available to schedule pods')
  })

  it('gives up a node that fails, evicts its pods after five minutes, and takes it back', async () => {
    await cluster.start(3)
    await cluster.run('p')
    const on = (await cluster.pod('p'))!.spec.nodeName!
    await cluster.client.patch({ resource: 'nodes', namespace: '', name: on }, NODE_ACTIONS.fail)
    await cluster.advance(61_000)
    const failed = await cluster.node(on)
    expect(findCondition(failed.status?.conditions, 'Ready')).toMatchObject({ status: 'Unknown', reason: 'NodeStatusUnknown' })
    expect(failed.spec.taints?.map(({ key, effect }) => `${key}:${effect}`)).toEqual([
      'node.kubernetes.io/unreachable:NoSchedule',
      'node.kubernetes.io/unreachable:NoExecute',
    ])
    expect(findCondition((await cluster.pod('p'))?.status?.conditions, 'Ready')?.status).toBe('False')
    expect((await cluster.pod('p'))?.metadata.deletionTimestamp).toBeUndefined()
    await cluster.advance(300_000)
    expect((await cluster.pod('p'))?.metadata.deletionTimestamp).toBeDefined()
    expect(findCondition((await cluster.pod('p'))?.status?.conditions, 'DisruptionTarget')?.reason).toBe('DeletionByTaintManager')
    await cluster.client.patch({ resource: 'nodes', namespace: '', name: on }, NODE_ACTIONS.recover)
    await cluster.advance(1000)
    expect(await cluster.pod('p')).toBeUndefined()
    expect((await cluster.node(on)).spec.taints ?? []).toEqual([])
  })

  it('a pod that outlives a short failure is ready again', async () => {
    await cluster.start(2)
    await cluster.run('p')
    const target = { resource: 'nodes', namespace: '', name: (await cluster.pod('p'))!.spec.nodeName! }
    await cluster.client.patch(target, NODE_ACTIONS.fail)
    await cluster.advance(90_000)
    await cluster.client.patch(target, NODE_ACTIONS.recover)
    await cluster.advance(1000)
    expect(findCondition((await cluster.pod('p'))?.status?.conditions, 'Ready')?.status).toBe('True')
  })

  it('collects the pods of a node that left', async () => {
    await cluster.start(2)
    await cluster.run('p')
    const on = (await cluster.pod('p'))!.spec.nodeName!
    await cluster.client.delete({ resource: 'nodes', namespace: '', name: on }, {})
    await cluster.advance(39_000)
    expect(await cluster.pod('p')).toBeDefined()
    await cluster.advance(2000)
    expect(await cluster.pod('p')).toBeUndefined()
  })

  it('writes nothing but leases while nothing happens', async () => {
    await cluster.start(2)
    await cluster.run('p')
    await cluster.advance(20_000)
    const revision = async () => Number((await cluster.client.list('pods')).resourceVersion)
    const before = await revision()
    await cluster.advance(100_000)
    expect((await revision()) - before).toBe(20)
  })
})
