/** A whole cluster on the virtual clock, told as a story: apply objects, let time pass, look at what became of them. */
import { isConditionTrue } from '../../src/api/meta/conditions.ts'
import { controllerOf } from '../../src/api/meta/owner-references.ts'
import type { DeleteOptions, Event, KubeObject, Node, ObjectRef, Pod } from '../../src/index.ts'
import { type Cluster, type ClusterOptions, createCluster } from '../../src/index.ts'

const RESOURCES: Readonly<Record<string, string>> = {
  DaemonSet: 'daemonsets.apps',
  Deployment: 'deployments.apps',
  DeviceClass: 'deviceclasses.resource.k8s.io',
  Job: 'jobs.batch',
  Namespace: 'namespaces',
  Node: 'nodes',
  PersistentVolumeClaim: 'persistentvolumeclaims',
  Pod: 'pods',
  PriorityClass: 'priorityclasses.scheduling.k8s.io',
  ReplicaSet: 'replicasets.apps',
  ResourceClaim: 'resourceclaims.resource.k8s.io',
  ResourceClaimTemplate: 'resourceclaimtemplates.resource.k8s.io',
  ResourceSlice: 'resourceslices.resource.k8s.io',
  Service: 'services',
  StatefulSet: 'statefulsets.apps',
}
const CLUSTER_SCOPED = new Set([
  'nodes',
  'namespaces',
  'deviceclasses.resource.k8s.io',
  'resourceslices.resource.k8s.io',
  'persistentvolumes',
  'volumeattachments.storage.k8s.io',
  'csidrivers.storage.k8s.io',
  'csinodes.storage.k8s.io',
  'priorityclasses.scheduling.k8s.io',
  'ipaddresses.networking.k8s.io',
  'servicecidrs.networking.k8s.io',
])

const SECOND_MS = 1000

export class Scenario {
  readonly cluster: Cluster

  private constructor(cluster: Cluster) {
    this.cluster = cluster
  }

  static async start(options: ClusterOptions = {}): Promise<Scenario> {
    return new Scenario(await createCluster({ clock: 'virtual', ...options }))
  }

  close(): Promise<void> {
    return this.cluster.close()
  }

  get client() {
    return this.cluster.client
  }

  /** Creates what isn't there and merges into what is; after each lets everything follow that follows at once. */
  async apply(...objects: readonly object[]): Promise<void> {
    for (const object of objects as readonly KubeObject[]) {
      const resource = RESOURCES[object.kind ?? '']
      if (resource === undefined) throw new Error(`what is the resource of kind ${object.kind}?`)
      const ref = refTo(resource, object.metadata.name)
      const own = structuredClone({ ...object, metadata: { ...object.metadata, ...(ref.namespace && { namespace: ref.namespace }) } })
      if ((await this.find(resource, ref.name)) === undefined) await this.client.create(resource, own)
      else await this.client.patch(ref, own as never)
      await this.cluster.settle()
    }
  }

  async patch(resource: string, name: string, patch: object, subresource?: 'status'): Promise<void> {
    await this.client.patch(refTo(resource, name), patch as never, subresource)
    await this.cluster.settle()
  }

  /** As `kubectl delete` does. */
  async delete(resource: string, name: string, options: DeleteOptions = {}): Promise<void> {
    await this.client.delete(refTo(resource, name), options)
    await this.cluster.settle()
  }

  async seconds(count: number): Promise<void> {
    await this.cluster.advance(count * SECOND_MS)
  }

  /** Lets time pass, a second at a time, until it holds; how many seconds that took. */
  async until(what: string, holds: () => Promise<boolean> | boolean, limitSeconds = 600): Promise<number> {
    for (let passed = 0; passed <= limitSeconds; passed++) {
      if (await holds()) return passed
      await this.seconds(1)
    }
    const pods = (await this.pods()).map((pod) => `${pod.metadata.name} ${pod.status?.phase} ${pod.spec.nodeName ?? '-'}`)
    throw new Error(`not within ${limitSeconds} s: ${what}\n${pods.join('\n')}`)
  }

  get<T extends KubeObject>(resource: string, name: string): Promise<T> {
    return this.client.get<T>(refTo(resource, name))
  }

  async find<T extends KubeObject>(resource: string, name: string): Promise<T | undefined> {
    return (await this.list<T>(resource)).find(({ metadata }) => metadata.name === name)
  }

  /** By name. */
  async list<T extends KubeObject>(resource: string): Promise<readonly T[]> {
    const { items } = await this.client.list<T>(resource, CLUSTER_SCOPED.has(resource) ? undefined : 'default')
    return items
  }

  /** All, or those whose controller has this name. */
  async pods(owner?: string): Promise<readonly Pod[]> {
    const pods = await this.list<Pod>('pods')
    return owner === undefined ? pods : pods.filter((pod) => controllerOf(pod)?.name === owner)
  }

  async pod(name: string): Promise<Pod> {
    return this.get<Pod>('pods', name)
  }

  /** The owner's pods as `node` → pod. */
  async podsByNode(owner: string): Promise<Map<string, Pod>> {
    return new Map((await this.pods(owner)).map((pod) => [pod.spec.nodeName ?? '', pod]))
  }

  async node(name: string): Promise<Node> {
    return this.get<Node>('nodes', name)
  }

  /** The reasons and messages of the events about one object, oldest first. */
  async events(name: string, reason?: string): Promise<readonly Event[]> {
    const { items } = await this.client.list<Event>('events')
    return items.filter((event) => event.involvedObject.name === name && (reason === undefined || event.reason === reason))
  }

  async revision(): Promise<number> {
    return Number((await this.client.list('pods')).resourceVersion)
  }

  /** Counts the writes of each resource while `act` runs. */
  async writesDuring(act: () => Promise<void>): Promise<Record<string, number>> {
    const counts: Record<string, number> = {}
    const from = String(await this.revision())
    const watches = WATCHED.map((resource) =>
      this.client.watch(resource, from, {
        onEvents: (events) => {
          counts[resource] = (counts[resource] ?? 0) + events.length
        },
        onEnd: () => {},
      }),
    )
    const before = await this.revision()
    await act()
    for (const watch of watches) watch.stop()
    const seen = Object.values(counts).reduce((sum, count) => sum + count, 0)
    const others = (await this.revision()) - before - seen
    return others === 0 ? counts : { ...counts, others }
  }
}

const WATCHED = [...Object.values(RESOURCES), 'events', 'leases.coordination.k8s.io', 'persistentvolumes', 'controllerrevisions.apps']

function refTo(resource: string, name: string): ObjectRef {
  return { resource, namespace: CLUSTER_SCOPED.has(resource) ? '' : 'default', name }
}

export function isReady(object: Pod | Node): boolean {
  return isConditionTrue(object.status?.conditions, 'Ready')
}

export const namesOf = (objects: readonly KubeObject[]): string[] => objects.map(({ metadata }) => metadata.name)

interface PodTemplateOptions {
  readonly app?: string
  readonly image?: string
  readonly annotations?: Record<string, string>
  readonly spec?: object
  readonly container?: object
}

/** A pod template with one container. */
export function podTemplate({ app = 'app', image = 'app:1', annotations, spec = {}, container = {} }: PodTemplateOptions = {}) {
  return {
    metadata: { labels: { app }, ...(annotations && { annotations }) },
    spec: { ...spec, containers: [{ name: 'main', image, ...container }] },
  }
}

export function daemonSet(
  name: string,
  { template = {}, ...spec }: { readonly template?: PodTemplateOptions; readonly [field: string]: unknown } = {},
) {
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name },
    spec: { selector: { matchLabels: { app: name } }, template: podTemplate({ app: name, ...template }), ...spec },
  }
}

/** With a headless Service's name; the Service itself matters to DNS alone. */
export function statefulSet(
  name: string,
  { template = {}, ...spec }: { readonly template?: PodTemplateOptions; readonly [field: string]: unknown } = {},
) {
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name },
    spec: { serviceName: name, selector: { matchLabels: { app: name } }, template: podTemplate({ app: name, ...template }), ...spec },
  }
}

export function replicaSet(name: string, replicas: number, template: PodTemplateOptions = {}) {
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name },
    spec: { replicas, selector: { matchLabels: { app: name } }, template: podTemplate({ app: name, ...template }) },
  }
}

export function barePod(name: string, options: PodTemplateOptions = {}) {
  const { metadata, spec } = podTemplate({ app: name, ...options })
  return { apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, name }, spec }
}
