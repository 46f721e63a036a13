/** The scheduler on informers in little, and short ways to say what nodes and pods are like. */
import type { KubeObject } from '../../src/api/object.ts'
import type { Container, Node, Pod, PodSpec, Taint } from '../../src/api/types.gen.ts'
import type { IndexFunction, Reader } from '../../src/runtime/controller.ts'
import type { Plan, ReconcileContext } from '../../src/runtime/plan.ts'
import { schedulerController } from '../../src/scheduler/controller.ts'
import { objectionOf } from '../../src/scheduler/filtering.ts'
import type { NodeInfo } from '../../src/scheduler/node-info.ts'
import { PLUGINS } from '../../src/scheduler/plugins/index.ts'
import type { Situation } from '../../src/scheduler/situation.ts'

export const NOW = Date.parse('2026-01-01T00:00:00Z')

/** Objects by resource and key, whose changes reach the controller. */
export class World {
  readonly objects = new Map<string, KubeObject>()
  readonly controller = schedulerController()
  /** Keys that were queued, other than for a pod's own change. */
  readonly queue: string[] = []
  now = NOW

  readonly reader = {
    get: (resource: string, namespace: string, name: string) => this.objects.get(`${resource}/${namespace}/${name}`),
    list: (resource: string) => this.#all(resource),
    controlledBy: (resource: string, uid: string) =>
      this.#all(resource).filter(({ metadata }) => metadata.ownerReferences?.some((owner) => owner.uid === uid)),
    indexed: (resource: string, index: string, value: string) => {
      const valuesOf = this.controller.indexes?.[resource]?.[index] as IndexFunction
      return this.#all(resource).filter((object) => valuesOf(object as never).includes(value))
    },
  } as unknown as Reader

  #all(resource: string): KubeObject[] {
    return [...this.objects].filter(([id]) => id.startsWith(`${resource}/`)).map(([, object]) => object)
  }

  set(resource: string, ...objects: readonly object[]): this {
    for (const current of objects as readonly KubeObject[]) {
      const id = `${resource}/${current.metadata.namespace ?? ''}/${current.metadata.name}`
      const old = this.objects.get(id)
      this.objects.set(id, current)
      this.queue.push(...(this.controller.watches[resource]?.(current, old, this.reader) ?? []))
    }
    return this
  }

  remove(resource: string, namespace: string, name: string): void {
    const id = `${resource}/${namespace}/${name}`
    const old = this.objects.get(id)
    this.objects.delete(id)
    this.queue.push(...(this.controller.watches[resource]?.(undefined, old, this.reader) ?? []))
  }

  run(key: string, lastFailure?: ReconcileContext['lastFailure']): Plan | undefined {
    const observed = this.controller.observe(this.reader, key)
    return observed && this.controller.reconcile(observed, { now: this.now, newName: (base) => base, lastFailure })
  }

  /** Schedules a pod that is there; returns its node, or why it has none. */
  schedule(key: string): string {
    const plan = this.run(key)
    const action = plan?.actions?.find(({ verb }) => verb === 'bind')
    if (action?.verb === 'bind') return action.node
    return plan?.events?.[0]?.message ?? plan?.waitingOn ?? 'nothing'
  }

  /** Tries the pod and writes what its status is to say. */
  park(key: string): Plan {
    const plan = this.run(key)!
    if (plan.status !== undefined) this.set('pods', plan.status)
    return plan
  }
}

export function worldOf(nodes: readonly Node[], placed: readonly Pod[] = []): World {
  return new World().set('nodes', ...nodes).set('pods', ...placed)
}

export interface NodeMore {
  readonly labels?: Record<string, string>
  /** `key=value:Effect` */
  readonly taints?: readonly string[]
  readonly unschedulable?: boolean
  readonly allocatable?: Record<string, string>
  /** Bytes by name. */
  readonly images?: Record<string, number>
}

/** Room for 4 cores, 8 GiB and 110 pods. */
export function node(name: string, { labels, taints, unschedulable, allocatable, images }: NodeMore = {}): Node {
  return {
    metadata: { name, namespace: '', uid: name, labels: { 'kubernetes.io/hostname': name, ...labels } },
    spec: { ...(taints && { taints: taints.map(taint) }), ...(unschedulable !== undefined && { unschedulable }) },
    status: {
      allocatable: { cpu: '4', memory: '8Gi', pods: '110', ...allocatable },
      ...(images && { images: Object.entries(images).map(([image, sizeBytes]) => ({ names: [image], sizeBytes })) }),
    },
  } as unknown as Node
}

/** `a zone=1 disk=ssd` for each node: its name and labels. */
export function nodes(...texts: readonly string[]): Node[] {
  return texts.map((text) => {
    const [name, ...labels] = text.split(' ')
    return node(name!, { labels: labelsOf(labels) })
  })
}

function taint(text: string): Taint {
  const [, key, value, effect] = /^([^=:]+)=?([^:]*):(.*)$/.exec(text)!
  return { key: key!, effect: effect!, ...(value && { value }) }
}

/** `app=web tier=db` */
export function labels(text: string): Record<string, string> {
  return labelsOf(text.split(' ').filter((part) => part !== ''))
}

function labelsOf(parts: readonly string[]): Record<string, string> {
  return Object.fromEntries(parts.map((part) => part.split('=') as [string, string]))
}

export interface PodMore extends Partial<PodSpec> {
  /** `app=web` */
  readonly is?: string
  /** The node it is on. */
  readonly on?: string
  readonly ns?: string
  /** Of its one container. */
  readonly asks?: Record<string, string>
  readonly metadata?: Record<string, unknown>
  readonly status?: Record<string, unknown>
}

export function pod(name: string, { is, on, ns = 'default', asks, metadata, status, ...spec }: PodMore = {}): Pod {
  return {
    metadata: {
      name,
      namespace: ns,
      uid: `uid-${name}`,
      generation: 1,
      creationTimestamp: '2026-01-01T00:00:00Z',
      ...(is && { labels: labels(is) }),
      ...metadata,
    },
    spec: { containers: [container(asks)], schedulerName: 'default-scheduler', ...(on && { nodeName: on }), ...spec },
    status: { ...status },
  } as unknown as Pod
}

export function container(requests?: Record<string, string>, more: Partial<Container> = {}): Container {
  return { name: 'main', ...(requests && { resources: { requests } }), ...more }
}

/** With one port on its host: `80`, `80/UDP`, `127.0.0.1:80`. */
export function withHostPort(...ports: readonly string[]): Container {
  return container(undefined, {
    ports: ports.map((text) => {
      const [, hostIP, port, protocol] = /^(?:(.+):)?(\d+)(?:\/(.+))?$/.exec(text)!
      return { containerPort: 8080, hostPort: Number(port), ...(hostIP && { hostIP }), ...(protocol && { protocol }) }
    }),
  })
}

/** A term of pod affinity about pods with these labels. */
export function near(text: string, topologyKey = 'kubernetes.io/hostname') {
  return { labelSelector: { matchLabels: labels(text) }, topologyKey }
}

type Term = ReturnType<typeof near>

export const wants = (...terms: readonly object[]) => ({
  affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms as Term[] } },
})
export const shuns = (...terms: readonly object[]) => ({
  affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms as Term[] } },
})
const weighted = (terms: readonly (readonly [number, object])[]) =>
  terms.map(([weight, podAffinityTerm]) => ({ weight, podAffinityTerm: podAffinityTerm as Term }))
export const likes = (...terms: readonly (readonly [number, object])[]) => ({
  affinity: { podAffinity: { preferredDuringSchedulingIgnoredDuringExecution: weighted(terms) } },
})
export const dislikes = (...terms: readonly (readonly [number, object])[]) => ({
  affinity: { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: weighted(terms) } },
})

/** Required node affinity: one term for each argument, with all its expressions. */
export const onNodes = (...terms: readonly object[]) => ({
  affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms as never[] } } },
})

/** A spread constraint: over this key, of pods with these labels. */
export function spread(topologyKey: string, text: string, more: object = {}) {
  return {
    maxSkew: 1,
    topologyKey,
    whenUnsatisfiable: 'DoNotSchedule',
    ...(text !== '' && { labelSelector: { matchLabels: labels(text) } }),
    ...more,
  }
}

/** The end of a message when no pod could be removed, for each count of a reason. */
export const afterPreemption = (count: number, reasons: string) =>
  `no new claims to deallocate, preemption: 0/${count} nodes are available: ${reasons}.`
export const NO_VICTIMS = 'No preemption victims found for incoming pod'
export const NOT_HELPFUL = 'Preemption is not helpful for scheduling'

/** Asks about one pod without scheduling it. */
export class Question {
  readonly situation: Situation
  readonly nodes: readonly NodeInfo[]

  constructor(world: World, asked: Pod) {
    world.set('pods', asked)
    const observed = world.controller.observe(world.reader, `${asked.metadata.namespace}/${asked.metadata.name}`)
    this.situation = observed!.situation
    this.nodes = this.situation.cache.nodes()
  }

  /** The names of the nodes that it fits on, in order. */
  get fits(): string {
    const names = this.nodes.filter((each) => objectionOf(this.situation, each) === undefined).map(({ name }) => name)
    return names.sort().join(' ')
  }

  /** Why it doesn't fit on a node, each reason once, those that pods could make way for with a `?`. */
  get why(): string[] {
    const objections = this.nodes.map((each) => objectionOf(this.situation, each)).filter((each) => each !== undefined)
    return [...new Set(objections.flatMap(({ reasons, isResolvable }) => reasons.map((reason) => (isResolvable ? `${reason}?` : reason))))]
  }

  /** A plugin's ratings of all nodes, or of those named, by node name; undefined when it has none. */
  rates(plugin: string, names?: string): Record<string, number> | undefined {
    const nodes = this.nodes.filter(({ name }) => names === undefined || names.split(' ').includes(name))
    const rates = PLUGINS.find(({ name }) => name === plugin)!.score!.rate(this.situation, nodes)
    return rates && Object.fromEntries(nodes.map(({ name }, index) => [name, rates[index]!]))
  }
}

/** Is the pod tried again, that a plugin refused, when the object changed? A pod that is given is placed. */
export function wakes(plugin: string, asked: Pod, resource: string, old: object | undefined, current: object | undefined): boolean {
  const hint = PLUGINS.find(({ name }) => name === plugin)!.hints[resource]
  return hint?.(asked, { old, current } as never, () => undefined) ?? false
}

/** Placed pods in short: `a a b:bar b:foo,bar` are four, on nodes a and b; the first two are labelled `foo`, as all of which nothing is said. */
export function pods(text: string, more: PodMore = {}): Pod[] {
  return text
    .split(' ')
    .filter((part) => part !== '')
    .map((part, index) => {
      const [on, tags = 'foo'] = part.split(':')
      const is = tags.split(',').map((tag) => `${tag}=`)
      return pod(`${on}-${index}`, { on: on!, is: tags === 'none' ? '' : is.join(' '), ...more })
    })
}
