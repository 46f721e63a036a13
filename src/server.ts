/** The composition root: the one file that knows every part, and puts a cluster together from them. */
import type { FastifyInstance } from 'fastify'
import { AdmissionChain, type ClusterView } from './admission/admission.ts'
import { admissionPlugins } from './admission/plugins.ts'
import { addressRange, firstAddress } from './api/core/v1/address-range.ts'
import { DEFAULT_FEATURE_GATES, type FeatureGates } from './api/feature-gates.ts'
import { loadDefinitions } from './api/index.ts'
import { ApiError, badRequestError } from './api/meta/api-error.ts'
import { parseQuantity } from './api/meta/quantity.ts'
import type { KubeObject } from './api/object.ts'
import { Schemas } from './api/schema.ts'
import type { Node } from './api/types.gen.ts'
import { VERSION } from './api/version.ts'
import { controllerUser } from './auth/authenticate.ts'
import { ServiceAccountTokens } from './auth/service-account-tokens.ts'
import { bootstrapObjects, descriptiveObjects } from './bootstrap.ts'
import type { Client } from './client/client.ts'
import { LocalClient } from './client/local-client.ts'
import { cronJobController } from './controllers/cronjob/controller.ts'
import { MinuteWakeUp } from './controllers/cronjob/minute-wake-up.ts'
import { controllers } from './controllers/index.ts'
import type { Advertised } from './controllers/kubernetes-service/reconcile.ts'
import type { ControllerName } from './controllers/switches.ts'
import { createApp } from './http/app.ts'
import type { NodeRequest, Simulation } from './http/routes/simulation.ts'
import { Activity } from './lib/activity.ts'
import { type Clock, RealClock, type Timer } from './lib/clock.ts'
import type { Random } from './lib/random.ts'
import { nodeAgentController } from './nodes/agent/controller.ts'
import { SimulatedRuntime } from './nodes/container-behaviour.ts'
import { SimulatedLogs } from './nodes/container-logs.ts'
import { kubeletController } from './nodes/kubelet/controller.ts'
import { failPatch, type NodeOptions, newNode, recoverPatch } from './nodes/node-objects.ts'
import { nodeStagesController } from './nodes/stages/controller.ts'
import type { RegistryContext } from './registry/context.ts'
import { Resources } from './registry/resources.ts'
import { signingKeyStore } from './registry/signing-key.ts'
import { ControllerManager } from './runtime/controller-manager.ts'
import { schedulerController } from './scheduler/controller.ts'
import { Cache } from './storage/cache.ts'
import type { Attributes } from './storage/entry.ts'
import { type Storage, splitStorageKey, storageKey } from './storage/storage.ts'

/** There is no TLS yet, so there is nothing to verify; the ConfigMap has to be there all the same. */
const ROOT_CERTIFICATE = ''

/** Changes kept for watches that resume and for consistent pages: this many, or this many bytes of superseded states. */
const MAX_CHANGES = 50_000
const MAX_CHANGE_BYTES = 48 << 20
/** Upstream: --etcd-compaction-interval. */
const COMPACTION_INTERVAL_MS = 5 * 60_000
/** The address before those of the simulated nodes. */
const CONTROL_PLANE_ADDRESS = '10.0.0.1'
/** Of a cluster that doesn't listen. */
const DEFAULT_SECURE_PORT = 6443
/** Until what a start doesn't need is loaded. */
const AFTER_START_MS = 1000

export interface ServerOptions {
  readonly storage: Storage
  readonly clock: Clock
  readonly random: Random
  /** Nodes there shall be at least; missing ones join as node-1, node-2, … */
  readonly nodes: number
  /** CIDRs that Services get their cluster IPs of, one a family, the default family's first. */
  readonly serviceRanges: readonly string[]
  /** Those that run. */
  readonly controllers: ReadonlySet<ControllerName>
  /** What is older than two of these is forgotten, as upstream does: history lasts between one and two. 0: for ever. 5 minutes when not given. */
  readonly compactionIntervalMs?: number
  /** Those of 1.36 when not given. */
  readonly featureGates?: FeatureGates
  /** A defect: reported, and the cluster goes on. */
  readonly onError: (where: string, error: unknown) => void
}

export interface Server {
  readonly app: FastifyInstance
  readonly client: Client
  readonly simulation: Simulation
  /** What is under way: a virtual clock waits for it. */
  readonly activity: Activity
  /** Makes the objects every cluster has, starts the controllers, and lets the first nodes join. */
  start(): Promise<void>
  /** Ends watches and controllers, commits what is under way, and lets go of the storage. */
  close(): Promise<void>
}

export async function createServer({
  storage,
  clock,
  random,
  nodes,
  serviceRanges,
  controllers: enabled,
  compactionIntervalMs = COMPACTION_INTERVAL_MS,
  featureGates = DEFAULT_FEATURE_GATES,
  onError,
}: ServerOptions): Promise<Server> {
  const definitions = loadDefinitions(featureGates)
  const resources = new Resources(definitions)
  const cache = new Cache(storage, { attributesOf: attributesBy(resources), maxChanges: MAX_CHANGES, maxChangeBytes: MAX_CHANGE_BYTES })
  const view = clusterView(cache, clock)
  const runtime = new SimulatedRuntime()
  const context: RegistryContext = {
    cache,
    resources,
    schemas: new Schemas(),
    admission: new AdmissionChain(admissionPlugins({ serviceRanges }), view),
    clock,
    random,
    tokens: new ServiceAccountTokens({ keys: signingKeyStore(cache), find: view.get, now: () => clock.now() }),
    logs: new SimulatedLogs(runtime),
  }
  const activity = new Activity()
  const stageTools = { schemas: context.schemas, random, version: VERSION.gitVersion }
  const clientOf = (manager: string) => new LocalClient(context, controllerUser('coracle'), manager)
  const client = clientOf('kube-apiserver')
  const kubelets = clientOf('kubelet')
  const otherClients: Readonly<Record<string, Client>> = {
    scheduler: clientOf('kube-scheduler'),
    kubelet: kubelets,
    'node-agent': kubelets,
  }
  const simulation = simulateNodes(kubelets)
  const manager = new ControllerManager(
    {
      client: clientOf('kube-controller-manager'),
      clientOf: (controller) => otherClients[controller],
      clock,
      random,
      activity,
      onError: (controller, key, error) => onError(`controller ${controller}, ${key}`, error),
    },
    [
      ...controllers({
        definitions: resources.all(),
        featureGates,
        startedAt: clock.now(),
        rootCertificate: ROOT_CERTIFICATE,
        advertised: () => advertisedBy(app, serviceRanges),
      }),
      schedulerController(),
      kubeletController(runtime, stageTools),
      nodeStagesController(stageTools),
      nodeAgentController(VERSION.gitVersion),
    ].filter(({ name, partOf = name }) => enabled.has(partOf as ControllerName)),
  )
  let isReady = false
  const app = createApp({
    context,
    simulation,
    health: { checks: () => ({ 'poststarthook/start-controllers': isReady ? undefined : 'not finished' }) },
    onError: (error) => onError('request', error),
  })
  app.addHook('onListen', async () => manager.requeue('kubernetes-service', 'kubernetes'))
  const background: Timer[] = []
  return {
    app,
    client,
    simulation,
    activity,
    start: async () => {
      await bootstrap(client, serviceRanges, nodes, simulation)
      await manager.start()
      if (compactionIntervalMs > 0) background.push(compactRegularly(cache, clock, compactionIntervalMs))
      if (clock instanceof RealClock) background.push(wakeCronJobs(manager, clock, onError))
      isReady = true
      await Promise.all(descriptiveObjects(definitions).map(({ resource, object }) => ifMissing(client.create(resource, object))))
    },
    close: async () => {
      for (const timer of background) timer.cancel()
      manager.stop()
      await app.close()
      await cache.close()
    },
  }
}

/** What pods would reach the API server by: where it listens, or an address beside those of the nodes when that is the machine's own. */
function advertisedBy({ server }: FastifyInstance, [range]: readonly string[]): Advertised {
  const bound = server.address()
  const clusterIP = firstAddress(addressRange(range!)!)
  if (bound === null || typeof bound === 'string') return { address: CONTROL_PLANE_ADDRESS, port: DEFAULT_SECURE_PORT, clusterIP }
  const isOthers = bound.family === 'IPv4' && !bound.address.startsWith('127.') && bound.address !== '0.0.0.0'
  return { address: isOthers ? bound.address : CONTROL_PLANE_ADDRESS, port: bound.port, clusterIP }
}

function attributesBy(resources: Resources): (key: string, object: KubeObject) => Attributes {
  return (key, object) => {
    const { selectableFields } = resources.stored(splitStorageKey(key).groupResource)
    const fields: Record<string, string> = {}
    for (const [field, read] of Object.entries(selectableFields ?? {})) fields[field] = read(object)
    return { labels: object.metadata.labels, fields }
  }
}

function clusterView(cache: Cache, clock: Clock): ClusterView {
  return {
    get: <T extends KubeObject>(resource: string, namespace: string, name: string) =>
      cache.get(storageKey(resource, namespace, name))?.decoded<T>(),
    list: <T extends KubeObject>(resource: string, namespace?: string) =>
      cache.list(resource, namespace).map((entry) => entry.decoded<T>()),
    follow: <T extends KubeObject>(resource: string, handler: (current: T | undefined, old: T | undefined) => void) => {
      for (const entry of cache.list(resource)) handler(entry.decoded<T>(), undefined)
      cache.watch({ groupResource: resource }, (changes) => {
        for (const { type, entry, previous } of changes) {
          handler(type === 'delete' ? undefined : entry.decoded<T>(), (previous ?? (type === 'delete' ? entry : undefined))?.decoded<T>())
        }
      })
    },
    idle: () => cache.idle(),
    get now() {
      return clock.now()
    },
  }
}

function compactRegularly(cache: Cache, clock: Clock, intervalMs: number): Timer {
  let boundary = cache.revision
  let timer: Timer
  const arm = (): Timer =>
    clock.setTimer(intervalMs, () => {
      cache.compact(boundary)
      boundary = cache.revision
      timer = arm()
    })
  timer = arm()
  return { cancel: () => timer.cancel() }
}

/** A virtual clock moves all timers with it; the real one may move without them. */
function wakeCronJobs(manager: ControllerManager, clock: Clock, onError: ServerOptions['onError']): Timer {
  const wakeUp = new MinuteWakeUp(() => manager.requeueAll(cronJobController.name))
  const start = clock.setTimer(AFTER_START_MS, () => {
    wakeUp.start().catch((error) => onError('node-cron', error))
  })
  return {
    cancel: () => {
      start.cancel()
      wakeUp.stop()
    },
  }
}

async function bootstrap(client: Client, serviceRanges: readonly string[], nodes: number, simulation: Simulation): Promise<void> {
  for (const { resource, object } of bootstrapObjects(serviceRanges)) await ifMissing(client.create(resource, object))
  const { items } = await client.list<Node>('nodes')
  if (items.length > 0) return
  await Promise.all(Array.from({ length: nodes }, (_, i) => ifMissing(simulation.join({ name: `node-${i + 1}` }))))
}

async function ifMissing(creation: Promise<unknown>): Promise<void> {
  try {
    await creation
  } catch (error) {
    if (!(error instanceof ApiError && error.reason === 'AlreadyExists')) throw error
  }
}

function simulateNodes(client: Client): Simulation {
  const nodeRef = (name: string) => ({ resource: 'nodes', namespace: '', name })
  return {
    join: async (request) => {
      for (const [resource, amount] of Object.entries(request.capacity ?? {})) {
        if (parseQuantity(String(amount)) === undefined)
          throw badRequestError(`capacity.${resource} must be a quantity such as "4" or "8Gi", not ${JSON.stringify(amount)}`)
      }
      return client.create('nodes', newNode(await nameOf(client, request), request as NodeOptions))
    },
    leave: (name) => client.delete(nodeRef(name), {}),
    fail: (name) => client.patch(nodeRef(name), failPatch),
    recover: (name) => client.patch(nodeRef(name), recoverPatch),
  }
}

async function nameOf(client: Client, { name }: NodeRequest): Promise<string> {
  if (name !== undefined) {
    if (typeof name !== 'string') throw badRequestError('name must be a string')
    return name
  }
  const { items } = await client.list('nodes')
  const taken = new Set(items.map(({ metadata }) => metadata.name))
  for (let i = 1; ; i++) if (!taken.has(`node-${i}`)) return `node-${i}`
}
