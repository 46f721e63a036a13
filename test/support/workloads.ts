/**
 * A whole cluster on the virtual clock, in the words of a scenario: what is applied, what is there, who wrote what when.
 * Every verb waits until the cluster has come to rest; time passes only by `pass`.
 */
import { isConditionTrue } from '../../src/api/meta/conditions.ts'
import type { GroupResource, KubeObject, New } from '../../src/api/object.ts'
import type { CronJob, Deployment, Event, Job, JobSpec, Pod, PodTemplateSpec, ReplicaSet } from '../../src/api/types.gen.ts'
import { type Cluster, type ClusterOptions, createCluster, type Storage } from '../../src/index.ts'
import { VirtualClock } from '../../src/lib/clock.ts'

export const SECOND = 1000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE

export const DEPLOYMENTS = 'deployments.apps'
export const REPLICA_SETS = 'replicasets.apps'
export const JOBS = 'jobs.batch'
export const CRON_JOBS = 'cronjobs.batch'
export const PODS = 'pods'

/** Where each resource is on the wire. */
const PATHS: Readonly<Record<GroupResource, string>> = {
  [DEPLOYMENTS]: '/apis/apps/v1',
  [REPLICA_SETS]: '/apis/apps/v1',
  [JOBS]: '/apis/batch/v1',
  [CRON_JOBS]: '/apis/batch/v1',
  [PODS]: '/api/v1',
}

export interface ScenarioOptions {
  readonly nodes?: number
  /** When the clock starts: an RFC 3339 text. */
  readonly start?: string
  readonly storage?: string | Storage
  /** Of names and other draws; another one after a restart. */
  readonly seed?: number
  readonly featureGates?: ClusterOptions['featureGates']
}

export interface Change<T extends KubeObject = KubeObject> {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly object: T
}

export type PropagationPolicy = 'Background' | 'Foreground' | 'Orphan'

export class Scenario {
  readonly cluster: Cluster
  readonly clock: VirtualClock

  private constructor(cluster: Cluster, clock: VirtualClock) {
    this.cluster = cluster
    this.clock = clock
  }

  static async start({
    nodes = 3,
    start = '2026-01-01T00:00:00Z',
    storage = 'memory:',
    seed,
    featureGates = {},
  }: ScenarioOptions = {}): Promise<Scenario> {
    const clock = new VirtualClock(start)
    return new Scenario(await createCluster({ nodes, clock, storage, featureGates, ...(seed !== undefined && { seed }) }), clock)
  }

  get now(): number {
    return this.clock.now()
  }

  /** RFC 3339, in whole seconds. */
  get time(): string {
    return timeText(this.now)
  }

  async pass(milliseconds: number): Promise<void> {
    await this.cluster.advance(milliseconds)
  }

  /** Passes time until `instant`. */
  async passUntil(instant: string): Promise<void> {
    await this.pass(Date.parse(instant) - this.now)
  }

  async create<T extends KubeObject>(resource: GroupResource, object: New<T>): Promise<T> {
    const namespace = object.metadata.namespace ?? 'default'
    const made = await this.cluster.client.create<T>(resource, { ...object, metadata: { ...object.metadata, namespace } } as New<T>)
    await this.cluster.settle()
    return made
  }

  get<T extends KubeObject>(resource: GroupResource, name: string, namespace = 'default'): Promise<T> {
    return this.cluster.client.get<T>({ resource, namespace, name })
  }

  async find<T extends KubeObject>(resource: GroupResource, name: string, namespace = 'default'): Promise<T | undefined> {
    return (await this.list<T>(resource, namespace)).find(({ metadata }) => metadata.name === name)
  }

  async list<T extends KubeObject>(resource: GroupResource, namespace = 'default'): Promise<readonly T[]> {
    return (await this.cluster.client.list<T>(resource, namespace)).items
  }

  /** @param patch a JSON merge patch */
  async patch<T extends KubeObject>(
    resource: GroupResource,
    name: string,
    patch: Record<string, unknown>,
    namespace = 'default',
  ): Promise<T> {
    const patched = await this.cluster.client.patch<T>({ resource, namespace, name }, patch)
    await this.cluster.settle()
    return patched
  }

  async patchStatus(resource: GroupResource, name: string, status: Record<string, unknown>, namespace = 'default'): Promise<void> {
    await this.cluster.client.patch({ resource, namespace, name }, { status }, 'status')
    await this.cluster.settle()
  }

  async delete(resource: GroupResource, name: string, propagationPolicy?: PropagationPolicy, namespace = 'default'): Promise<void> {
    await this.cluster.client.delete({ resource, namespace, name }, propagationPolicy === undefined ? {} : { propagationPolicy })
    await this.cluster.settle()
  }

  /** Over the wire, for what only clients see. */
  async request(method: 'GET' | 'POST' | 'PATCH' | 'DELETE' | 'PUT', path: string, body?: object, contentType = 'application/json') {
    const response = await this.cluster.app.inject({
      method,
      url: path,
      ...(body === undefined ? {} : { payload: JSON.stringify(body), headers: { 'content-type': contentType } }),
    })
    await this.cluster.settle()
    return { code: response.statusCode, body: response.json() as Record<string, never> }
  }

  pathOf(resource: GroupResource, name: string, namespace = 'default'): string {
    return `${PATHS[resource]}/namespaces/${namespace}/${resource.split('.')[0]}/${name}`
  }

  async pods(selector: Readonly<Record<string, string>> = {}, namespace = 'default'): Promise<readonly Pod[]> {
    const pods = await this.list<Pod>(PODS, namespace)
    return pods.filter(({ metadata }) => Object.entries(selector).every(([key, value]) => metadata.labels?.[key] === value))
  }

  /** Reasons and messages of what was told about an object, as often as it was. */
  async events(name: string, reason?: string, namespace = 'default'): Promise<readonly Event[]> {
    const events = await this.list<Event>('events', namespace)
    return events.filter((event) => event.involvedObject.name === name && (reason === undefined || event.reason === reason))
  }

  /** All changes of a resource from now on, as they come. */
  async record<T extends KubeObject>(
    resource: GroupResource,
    onChange: (change: Change<T>) => void = () => {},
  ): Promise<readonly Change<T>[]> {
    const { resourceVersion } = await this.cluster.client.list(resource)
    const changes: Change<T>[] = []
    const onEvents = (events: readonly { type: Change['type']; object: KubeObject }[]) => {
      for (const { type, object } of events) {
        const change = { at: this.now, type, object: object as T }
        changes.push(change)
        onChange(change)
      }
    }
    this.cluster.client.watch(resource, resourceVersion, { onEvents, onEnd: () => {} })
    return changes
  }

  close(): Promise<void> {
    return this.cluster.close()
  }
}

/** Seconds from `start` at which each object of the record first appeared. */
export function creationsSince(changes: readonly Change[], start: number): number[] {
  return changes.filter(({ type }) => type === 'ADDED').map(({ at }) => (at - start) / SECOND)
}

export function timeText(instant: number): string {
  return `${new Date(instant).toISOString().slice(0, 19)}Z`
}

/** `Type=Status Reason`, in order of type. */
export function conditionTexts({
  status,
}: {
  readonly status?: { readonly conditions?: readonly ConditionLike[] | undefined } | undefined
}): string[] {
  return (status?.conditions ?? []).map(({ type, status: verdict, reason }) => `${type}=${verdict}${reason ? ` ${reason}` : ''}`).sort()
}

interface ConditionLike {
  readonly type: string
  readonly status: string
  readonly reason?: string | undefined
}

export function isReady(pod: Pod): boolean {
  return isConditionTrue(pod.status?.conditions, 'Ready')
}

export function isGoing({ metadata }: KubeObject): boolean {
  return metadata.deletionTimestamp !== undefined
}

export function namesOf(objects: readonly KubeObject[]): string[] {
  return objects.map(({ metadata }) => metadata.name).sort()
}

export function podTemplate(
  labels: Record<string, string>,
  { image = 'nginx:1', annotations, ...spec }: { image?: string; annotations?: Record<string, string> } & Record<string, unknown> = {},
): PodTemplateSpec {
  const { command, ...rest } = spec
  return {
    metadata: { labels, ...(annotations === undefined ? {} : { annotations }) },
    spec: { containers: [{ name: 'main', image, ...(command === undefined ? {} : { command }) }], ...rest },
  } as PodTemplateSpec
}

export function deployment(name: string, spec: Record<string, unknown> = {}, template = podTemplate({ app: name })): New<Deployment> {
  return {
    metadata: { name },
    spec: { replicas: 3, selector: { matchLabels: { app: name } }, template, ...spec },
  } as unknown as New<Deployment>
}

export function replicaSet(name: string, spec: Record<string, unknown> = {}, template = podTemplate({ app: name })): New<ReplicaSet> {
  return {
    metadata: { name },
    spec: { replicas: 3, selector: { matchLabels: { app: name } }, template, ...spec },
  } as unknown as New<ReplicaSet>
}

export interface JobOptions {
  /** The container's command; without one it ends well after a second. */
  readonly command?: string
  readonly restartPolicy?: 'Never' | 'OnFailure'
  readonly annotations?: Record<string, string>
}

export function jobSpec(spec: Record<string, unknown> = {}, { command, restartPolicy = 'Never', annotations }: JobOptions = {}): JobSpec {
  const shell = command === undefined ? {} : { command: ['sh', '-c', command] }
  const template = {
    ...(annotations === undefined ? {} : { metadata: { annotations } }),
    spec: { restartPolicy, containers: [{ name: 'main', image: 'busybox', ...shell }] },
  }
  return { template, ...spec } as unknown as JobSpec
}

export function job(name: string, spec: Record<string, unknown> = {}, options: JobOptions = {}): New<Job> {
  return { metadata: { name }, spec: jobSpec(spec, options) } as unknown as New<Job>
}

export function cronJob(name: string, schedule: string, spec: Record<string, unknown> = {}, template: JobSpec = jobSpec()): New<CronJob> {
  return { metadata: { name }, spec: { schedule, jobTemplate: { spec: template }, ...spec } } as unknown as New<CronJob>
}
