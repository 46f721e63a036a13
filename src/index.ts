/**
 * The library: a whole cluster in the process of a test or a tool.
 *
 *     const cluster = await createCluster({ nodes: 3, clock: 'virtual' })
 *     await request(cluster.app.server).post('/api/v1/namespaces/default/pods').send(pod)
 *     await cluster.advance(60_000)
 *     await cluster.close()
 */
import type { FastifyInstance } from 'fastify'
import type { FeatureGates } from './api/feature-gates.ts'
import type { Client } from './client/client.ts'
import {
  clusterRangesConfig,
  controllersConfig,
  DEFAULT_SERVICE_RANGE,
  featureGatesConfig,
  serviceRangesConfig,
  storageConfig,
} from './config.ts'
import type { Simulation } from './http/routes/simulation.ts'
import { type Clock, RealClock, VirtualClock } from './lib/clock.ts'
import { SeededRandom, SystemRandom } from './lib/random.ts'
import { parseChurnRule } from './nodes/churn/rule.ts'
import { type ClusterBehaviour, parseBehaviour } from './nodes/inherited-behaviour.ts'
import type { NodePool } from './nodes/node-pool.ts'
import { openStorage } from './open-storage.ts'
import { createServer } from './server.ts'
import type { Storage } from './storage/storage.ts'

export { ApiError } from './api/meta/api-error.ts'
export type { KubeObject, New, ObjectRef } from './api/object.ts'
export type * from './api/types.gen.ts'
export type { Client } from './client/client.ts'
export { type Clock, RealClock, VirtualClock } from './lib/clock.ts'
export type { Storage } from './storage/storage.ts'

export interface ClusterOptions {
  /** Simulated nodes that join at the start; 3 when neither they nor pools are given. */
  readonly nodes?: number
  /** Pools of nodes that join at the start. */
  readonly nodePools?: readonly NodePool[]
  /** Rules by which nodes fail, leave and join, as --churn has them: `@hourly reboot node-2`. */
  readonly churn?: readonly string[]
  /** How nodes and containers behave when nobody nearer says, as --behaviour has it: `{ 'start-delay': '2s' }`. */
  readonly behaviour?: ClusterBehaviour
  /** 'real' (the default), 'virtual' (time stands still but for `advance`), or a clock of your own. */
  readonly clock?: 'real' | 'virtual' | Clock
  /** As --service-cluster-ip-range has them; `['10.96.0.0/12', 'fd00:10:96::/112']` makes Services that can be dual-stack. */
  readonly serviceRanges?: readonly string[]
  /** As --cluster-cidr has them: pods have an address of each. Of the families of `serviceRanges` when not given. */
  readonly clusterCIDRs?: readonly string[]
  /** `memory:` (the default), `sqlite:PATH`, or an engine of your own. */
  readonly storage?: string | Storage
  /** Makes names and other draws repeatable. Given by default with a virtual clock. */
  readonly seed?: number
  /** As --controllers has them: `['*', '-job']` leaves out the Job controller. All of them when not given. */
  readonly controllers?: readonly string[]
  /** What upstream has off in 1.36 and shall be on here: `{ MaxUnavailableStatefulSet: true }`. */
  readonly featureGates?: Partial<FeatureGates>
  /** A folder of manifests of static pods: FOLDER/<node>/<file>. A virtual clock looks into it every twenty seconds. */
  readonly staticPods?: string
}

export interface Cluster {
  /** For supertest: `request(cluster.app.server)`. Not listening until `listen`. */
  readonly app: FastifyInstance
  /** The API without the wire. */
  readonly client: Client
  /** Nodes that join, leave, fail and recover, alone and in pools. */
  readonly simulation: Simulation
  readonly clock: Clock
  /** Listens and says where: `http://127.0.0.1:PORT`. Port 0, the default, takes a free one. */
  listen(port?: number): Promise<string>
  /**
   * Moves a virtual clock on by so many milliseconds. Every timer on the way fires in order, and the cluster comes to rest
   * between two instants and at the end: what you read after it is what it is.
   */
  advance(milliseconds: number): Promise<void>
  /** Resolves when nothing is left to do without time passing. */
  settle(): Promise<void>
  close(): Promise<void>
}

/** Starts a cluster; resolves when its controllers run and, with a virtual clock, it has come to rest. */
export async function createCluster({
  nodePools = [],
  nodes = nodePools.length === 0 ? 3 : 0,
  churn = [],
  behaviour = {},
  clock = 'real',
  serviceRanges = [DEFAULT_SERVICE_RANGE],
  clusterCIDRs,
  storage = 'memory:',
  seed,
  controllers = ['*'],
  featureGates = {},
  staticPods,
}: ClusterOptions = {}): Promise<Cluster> {
  const enabled = controllersConfig(controllers)
  const chosen = clock === 'virtual' ? new VirtualClock() : clock === 'real' ? new RealClock() : clock
  const isVirtual = chosen instanceof VirtualClock
  const random = seed === undefined && !isVirtual ? new SystemRandom() : new SeededRandom(seed ?? 1)
  const server = await createServer({
    storage: typeof storage === 'string' ? await openStorage(storageConfig(storage)) : storage,
    clock: chosen,
    random,
    nodes,
    serviceRanges: serviceRangesConfig(serviceRanges),
    clusterRanges: clusterRangesConfig(clusterCIDRs, {}, serviceRanges),
    nodePools,
    churn: churn.map((rule) => {
      parseChurnRule(rule)
      return rule
    }),
    behaviour: parseBehaviour(Object.entries(behaviour).map(([key, value]) => `${key}=${value}`)),
    controllers: enabled,
    featureGates: featureGatesConfig(Object.entries(featureGates).map(([name, isOn]) => `${name}=${isOn}`)),
    staticPods,
    onError: (where, error) => {
      console.error(`${where}:`, error)
    },
  })
  await server.app.ready()
  await server.start()
  const settle = () => server.activity.settled()
  if (isVirtual) await settle()
  return {
    app: server.app,
    client: server.client,
    simulation: server.simulation,
    clock: chosen,
    listen: (port = 0) => server.app.listen({ host: '127.0.0.1', port }),
    advance: (milliseconds) => {
      if (!(chosen instanceof VirtualClock)) throw new Error("advance() needs a virtual clock: createCluster({ clock: 'virtual' })")
      return chosen.advance(milliseconds, settle)
    },
    settle,
    close: () => server.close(),
  }
}
