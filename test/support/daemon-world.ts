/** The DaemonSet `logs` in a small cluster of its own, reconciled step by step. */
import type { ControllerRevision, DaemonSet, DaemonSetSpec, Node, Pod, PodSpec, Taint } from '../../src/api/types.gen.ts'
import { daemonSetController } from '../../src/controllers/daemonset/controller.ts'
import { targetNode } from '../../src/controllers/daemonset/daemon-pod.ts'
import type { Plan } from '../../src/runtime/plan.ts'
import { PlanWorld } from './plan-world.ts'

export const KEY = 'default/logs'

const GENERATION = 'deprecated.daemonset.template.generation'

export const template = (image = 'v1', spec: Partial<PodSpec> = {}) => ({
  metadata: { labels: { app: 'logs' } },
  spec: { containers: [{ name: 'agent', image }], ...spec },
})

export const taint = (key: string, effect: string): Taint => ({ key, effect })

export const inPlace = (maxUnavailable: number | string) => ({ type: 'RollingUpdate', rollingUpdate: { maxUnavailable, maxSurge: 0 } })
export const surging = (maxSurge: number | string) => ({ type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge } })

export class DaemonWorld extends PlanWorld {
  readonly controller = daemonSetController()

  putSet(spec: Partial<DaemonSetSpec> = {}): void {
    this.put('daemonsets.apps', {
      metadata: { name: 'logs', namespace: 'default', generation: 1, annotations: { [GENERATION]: '1' } },
      spec: {
        selector: { matchLabels: { app: 'logs' } },
        revisionHistoryLimit: 10,
        updateStrategy: inPlace(1),
        template: template(),
        ...spec,
      },
    })
  }

  putNode(name: string, labels: Record<string, string> = {}, taints?: Taint[]): Node {
    return this.put<Node>('nodes', { metadata: { name, namespace: '', labels }, spec: { ...(taints && { taints }) } })
  }

  /** n1, n2, … */
  putNodes(count: number): void {
    for (let i = 1; i <= count; i++) this.putNode(`n${i}`)
  }

  changeNode(name: string, change: (node: Node) => void): void {
    this.change<Node>('nodes', name, change, '')
  }

  /** One look of the controller, whose plan is carried out. */
  sync(): Plan {
    return this.reconcile(this.controller, KEY)
  }

  get set(): DaemonSet {
    return this.get<DaemonSet>('daemonsets.apps', 'logs')!
  }

  changeSpec(change: (spec: DaemonSetSpec) => void): void {
    this.change<DaemonSet>('daemonsets.apps', 'logs', (object) => {
      change(object.spec)
      object.metadata.generation = (object.metadata.generation ?? 0) + 1
    })
  }

  /** Another template, which the server counts. */
  update(image = 'v2', spec: Partial<PodSpec> = {}): void {
    this.change<DaemonSet>('daemonsets.apps', 'logs', (object) => {
      object.spec.template = template(image, spec)
      object.metadata.generation! += 1
      object.metadata.annotations![GENERATION] = String(Number(object.metadata.annotations![GENERATION]) + 1)
    })
  }

  get pods(): readonly Pod[] {
    return this.list<Pod>('pods')
  }

  /** Those that aren't being deleted. */
  get standing(): readonly Pod[] {
    return this.pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined)
  }

  get nodesOfPods(): (string | undefined)[] {
    return this.pods.map((pod) => targetNode(pod)).sort()
  }

  podOn(node: string): Pod {
    return this.standing.find((pod) => targetNode(pod) === node)!
  }

  /** Of the pods that stand. */
  get imagesByNode(): Record<string, string | undefined> {
    return Object.fromEntries(this.standing.map((pod) => [targetNode(pod), pod.spec.containers[0]!.image]))
  }

  get revisions(): readonly ControllerRevision[] {
    return this.list<ControllerRevision>('controllerrevisions.apps').sort((a, b) => a.revision - b.revision)
  }

  get messages(): string[] {
    return this.events.map(({ reason, message }) => `${reason}: ${message}`)
  }

  /** A pod of the set beside those it made itself. */
  putPod(name: string, node: string, change: { readonly labels?: object; readonly metadata?: object; readonly image?: string } = {}): Pod {
    const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'logs', uid: this.set.metadata.uid, controller: true }]
    return this.put<Pod>('pods', {
      metadata: { name, namespace: 'default', labels: { app: 'logs', ...change.labels }, ownerReferences, ...change.metadata },
      spec: { nodeName: node, containers: [{ name: 'agent', image: change.image ?? 'v1' }] },
      status: { phase: 'Running' },
    })
  }

  setReady(node: string, isReady: boolean): void {
    this.setPod(this.podOn(node).metadata.name, 'Running', isReady)
  }

  /** A pod is on its way out, and stays there until `finishDeletes`. */
  terminate(node: string): void {
    const { name } = this.podOn(node).metadata
    this.change<Pod>('pods', name, ({ metadata }) => (metadata.deletionTimestamp = '2026-01-01T00:00:00Z'))
  }

  /** The scheduler binds what is new, and it runs. */
  run(): void {
    for (const pod of this.pods) {
      if (pod.status?.phase !== 'Pending') continue
      this.change<Pod>('pods', pod.metadata.name, ({ spec }) => (spec.nodeName = targetNode(pod)))
      this.setPod(pod.metadata.name, 'Running')
    }
  }

  settle(): void {
    for (let round = 0; round < 100; round++) {
      const before = this.set.metadata.resourceVersion
      const plan = this.sync()
      const isGoing = this.standing.length < this.pods.length
      this.finishDeletes()
      this.run()
      if ((plan.actions?.length ?? 0) === 0 && !isGoing && this.set.metadata.resourceVersion === before) return
    }
    throw new Error('does not settle')
  }
}

export function deletesOf({ actions }: Plan): number {
  return actions?.filter(({ verb }) => verb === 'delete').length ?? 0
}
