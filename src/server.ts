/** The composition root: the one file that knows every part, and puts a cluster together from them. */
import type { FastifyInstance } from 'fastify'
import { AdmissionChain, type ClusterView } from './admission/admission.ts'
import { admissionPlugins } from './admission/plugins.ts'
import { addressRange, familyOfIp, firstAddress } from './api/core/v1/address-range.ts'
import { DEFAULT_FEATURE_GATES, type FeatureGates } from './api/feature-gates.ts'
import { loadDefinitions } from './api/index.ts'
import { ApiError } from './api/meta/api-error.ts'
import type { KubeObject, New } from './api/object.ts'
import { Schemas } from './api/schema.ts'
import type { ConfigMap, Namespace, Node } from './api/types.gen.ts'
import { VERSION } from './api/version.ts'
import { controllerUser } from './auth/authenticate.ts'
import { impersonate } from './auth/impersonate.ts'
import { ServiceAccountTokens } from './auth/service-account-tokens.ts'
import { bootstrapObjects, descriptiveObjects } from './bootstrap.ts'
import type { Client } from './client/client.ts'
import { LocalClient } from './client/local-client.ts'
import { MinuteWakeUp } from './controllers/cronjob/minute-wake-up.ts'
import { controllers } from './controllers/index.ts'
import type { Advertised } from './controllers/kubernetes-service/reconcile.ts'
import type { ClusterRange } from './controllers/nodeipam/cluster-range.ts'
import type { ControllerName } from './controllers/switches.ts'
import { createApp } from './http/app.ts'
import { decodeYaml } from './http/codecs/yaml.ts'
import type { Simulation } from './http/routes/simulation.ts'
import { Activity } from './lib/activity.ts'
import { type Clock, RealClock, type Timer } from './lib/clock.ts'
import { LoopShare } from './lib/loop-share.ts'
import type { Random } from './lib/random.ts'
import { nodeAgentController } from './nodes/agent/controller.ts'
import { CHURN_KEY, CHURN_LABEL, nodeChurnController } from './nodes/churn/controller.ts'
import { SimulatedRuntime } from './nodes/container-behaviour.ts'
import { SimulatedLogs } from './nodes/container-logs.ts'
import { drainController } from './nodes/drain.ts'
import { type ClusterBehaviour, clusterBehaviourOf, withInheritedBehaviour } from './nodes/inherited-behaviour.ts'
import { kubeletController } from './nodes/kubelet/controller.ts'
import { NodeImages } from './nodes/node-images.ts'
import { newNode } from './nodes/node-objects.ts'
import { type NodePool, nodesOfPool } from './nodes/node-pool.ts'
import { StagedKinds, stagedKindsController } from './nodes/stages/staged-kinds.ts'
import { problemKey, staticPodController } from './nodes/static-pods/controller.ts'
import { ManifestFolder } from './nodes/static-pods/manifest-folder.ts'
import { MirrorStatuses } from './nodes/static-pods/mirror-statuses.ts'
import { csiNodeController } from './nodes/volumes/csi-node.ts'
import { volumesInUseController } from './nodes/volumes/volumes-in-use.ts'
import type { RegistryContext } from './registry/context.ts'
import { Resources } from './registry/resources.ts'
import { signingKeyStore } from './registry/signing-key.ts'
import { ControllerManager } from './runtime/controller-manager.ts'
import { schedulerController } from './scheduler/controller.ts'
import { simulateNodes } from './simulate-nodes.ts'
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
/**
 * How long pods that are deleted stay at least. kubectl, and whoever else waits like it, gets the pod it has deleted, and then watches
 * the name: had another pod taken the name in between, as a StatefulSet's does, it would wait for that one to go. Containers that
 * really have to be stopped take longer.
 */
const TEARDOWN_MS = 250

export interface ServerOptions {
  readonly storage: Storage
  readonly clock: Clock
  readonly random: Random
  /** Nodes there shall be at least; missing ones join as node-1, node-2, … */
  readonly nodes: number
  /** CIDRs that Services get their cluster IPs of, one a family, the default family's first. */
  readonly serviceRanges: readonly string[]
  /** What nodes get the ranges of their pods of, one a family, the default family's first. */
  readonly clusterRanges: readonly ClusterRange[]
  /** Pools of nodes that join a new cluster. */
  readonly nodePools?: readonly NodePool[]
  /** Rules by which nodes fail, leave and join from now on. */
  readonly churn?: readonly string[]
  /** How nodes and containers behave when nobody nearer says; from now on. */
  readonly behaviour?: ClusterBehaviour
  /** Those that run. */
  readonly controllers: ReadonlySet<ControllerName>
  /** A folder of manifests: FOLDER/<node>/<file>. */
  readonly staticPods?: string | undefined
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
  clusterRanges,
  nodePools = [],
  churn = [],
  behaviour = {},
  controllers: enabled,
  staticPods,
  compactionIntervalMs = COMPACTION_INTERVAL_MS,
  featureGates = DEFAULT_FEATURE_GATES,
  onError,
}: ServerOptions): Promise<Server> {
  const definitions = loadDefinitions(featureGates)
  const resources = new Resources(definitions)
  const cache = new Cache(storage, { attributesOf: attributesBy(resources), maxChanges: MAX_CHANGES, maxChangeBytes: MAX_CHANGE_BYTES })
  const view = clusterView(cache, clock)
  const runtime = new SimulatedRuntime(view)
  const context: RegistryContext = {
    cache,
    resources,
    schemas: new Schemas(),
    admission: new AdmissionChain(admissionPlugins({ serviceRanges }), view),
    clock,
    random,
    tokens: new ServiceAccountTokens({ keys: signingKeyStore(cache), find: view.get, now: () => clock.now() }),
    logs: new SimulatedLogs(runtime, (pod) =>
      withInheritedBehaviour(pod, {
        namespace: view.get<Namespace>('namespaces', '', pod.metadata.namespace!),
        node: view.get<Node>('nodes', '', pod.spec.nodeName ?? ''),
        cluster: clusterBehaviourOf(view),
      }),
    ),
  }
  const activity = new Activity()
  const loopShare = new LoopShare()
  const stageTools = { random, startedAt: clock.now() }
  const clientOf = (manager: string) =>
    new LocalClient(context, controllerUser('coracle'), manager, (name) => impersonate({ 'impersonate-user': [name] })!)
  const client = clientOf('kube-apiserver')
  const kubelets = clientOf('kubelet')
  const otherClients: Readonly<Record<string, Client>> = {
    scheduler: clientOf('kube-scheduler'),
    kubelet: kubelets,
    'node-agent': kubelets,
    'volumes-in-use': kubelets,
    'csi-node': kubelets,
    'static-pods': kubelets,
    'node-churn': kubelets,
  }
  const simulation = simulateNodes(kubelets)
  const manifests =
    staticPods === undefined || !enabled.has('kubelet')
      ? undefined
      : new ManifestFolder({
          folder: staticPods,
          rules: { parse: (text) => decodeYaml(text).value, schemas: context.schemas, definition: resources.stored('pods') },
          clock,
          activity,
          // A virtual clock finds what is there when it looks, whatever the system tells in real time.
          isWatched: clock instanceof RealClock,
          onChange: (pods, problems) => {
            for (const key of [...pods, ...problems.map(problemKey)]) manager.requeue('static-pods', key)
          },
          onProblem: (message) => onError('static pods', message),
        })
  const mirrors = new MirrorStatuses()
  const images = new NodeImages()
  // On a virtual clock nothing takes time by itself.
  const teardownMs = clock instanceof RealClock ? TEARDOWN_MS : 0
  const managerOptions = {
    client: clientOf('kube-controller-manager'),
    clientOf: (controller: string) => otherClients[controller],
    clock,
    random,
    activity,
    loopShare,
    onError: (controller: string, key: string, error: unknown) => onError(`controller ${controller}, ${key}`, error),
  }
  const stagedKinds = new StagedKinds({
    ...stageTools,
    resourceOf: ({ apiVersion, kind }) => {
      const definition = resources.findKind(apiVersion, kind)
      return definition?.verbs.includes('watch') ? definition.groupResource : undefined
    },
    run: (definition) => {
      const own = new ControllerManager({ ...managerOptions, client: clientOf('kwok') }, [definition])
      activity.track(own.start()).catch((error) => onError(`controller ${definition.name}`, error))
      return own
    },
  })
  const manager = new ControllerManager(
    managerOptions,
    [
      ...controllers({
        definitions: resources.all(),
        featureGates,
        startedAt: clock.now(),
        rootCertificate: ROOT_CERTIFICATE,
        addresses: { clusterRanges, serviceRanges },
        advertised: () => advertisedBy(app, serviceRanges),
      }),
      schedulerController(),
      kubeletController(runtime, stageTools, mirrors, images, view, teardownMs),
      stagedKindsController(stagedKinds),
      staticPodController(manifests, mirrors, teardownMs),
      nodeAgentController(
        VERSION.gitVersion,
        stageTools,
        images,
        clusterRanges.map(({ cidr }) => familyOfIp(cidr.split('/')[0]!)),
      ),
      volumesInUseController,
      csiNodeController,
      drainController(),
      nodeChurnController(),
    ].filter(({ name, partOf = name }) => enabled.has(partOf as ControllerName)),
  )
  let isReady = false
  const app = createApp({
    context,
    simulation,
    health: { checks: () => ({ 'poststarthook/start-controllers': isReady ? undefined : 'not finished' }) },
    onError: (error) => onError('request', error),
  })
  for (const event of ['connection', 'request']) app.server.on(event, () => loopShare.arrive())
  app.addHook('onListen', async () => manager.requeue('kubernetes-service', 'kubernetes'))
  const background: Timer[] = []
  return {
    app,
    client,
    simulation,
    activity,
    start: async () => {
      await bootstrap(client, serviceRanges, [...nodesNamed(nodes), ...nodePools.flatMap(nodesOfPool)])
      await storeChurn(client, churn)
      if (Object.keys(behaviour).length > 0) await simulation.setBehaviour(behaviour)
      // Read before the controllers start: a mirror must not go because its manifest isn't known yet.
      await manifests?.start()
      await manager.start()
      if (compactionIntervalMs > 0) background.push(compactRegularly(cache, clock, compactionIntervalMs))
      if (clock instanceof RealClock) background.push(wakeByTheClock(manager, clock, onError))
      isReady = true
      await Promise.all(descriptiveObjects(definitions).map(({ resource, object }) => ifMissing(client.create(resource, object))))
    },
    close: async () => {
      for (const timer of background) timer.cancel()
      manifests?.stop()
      manager.stop()
      stagedKinds.stop()
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
function wakeByTheClock(manager: ControllerManager, clock: Clock, onError: ServerOptions['onError']): Timer {
  const cronJobs: ControllerName = 'cronjob'
  const churn: ControllerName = 'node-churn'
  const wakeUp = new MinuteWakeUp(() => {
    manager.requeueAll(cronJobs)
    manager.requeue(churn, CHURN_KEY)
  })
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

/** @param nodes those of a new cluster */
async function bootstrap(client: Client, serviceRanges: readonly string[], nodes: readonly New<Node>[]): Promise<void> {
  const objects = bootstrapObjects(serviceRanges)
  const make = (isNamespace: boolean) =>
    Promise.all(
      objects
        .filter(({ resource }) => (resource === 'namespaces') === isNamespace)
        .map(({ resource, object }) => ifMissing(client.create(resource, object))),
    )
  // A namespace before what is in it; the rest in as few commits as may be.
  await make(true)
  await make(false)
  const { items } = await client.list<Node>('nodes')
  if (items.length === 0) await Promise.all(nodes.map((node) => ifMissing(client.create('nodes', node))))
}

function nodesNamed(count: number): New<Node>[] {
  return Array.from({ length: count }, (_, i) => newNode(`node-${i + 1}`))
}

/** The rules given at the start take the place of those given at the last. */
async function storeChurn(client: Client, rules: readonly string[]): Promise<void> {
  if (rules.length === 0) return
  const metadata = { name: 'coracle-churn', namespace: 'kube-system', labels: { [CHURN_LABEL]: 'true' } }
  const data = Object.fromEntries(rules.map((rule, i) => [`rule-${i + 1}`, rule]))
  const stored = (await client.list<ConfigMap>('configmaps', 'kube-system')).items.find((each) => each.metadata.name === metadata.name)
  if (stored === undefined) await client.create('configmaps', { apiVersion: 'v1', kind: 'ConfigMap', metadata, data } as New<ConfigMap>)
  else await client.update('configmaps', { ...stored, metadata: { ...stored.metadata, labels: metadata.labels }, data })
}

async function ifMissing(creation: Promise<unknown>): Promise<void> {
  try {
    await creation
  } catch (error) {
    if (!(error instanceof ApiError && error.reason === 'AlreadyExists')) throw error
  }
}
