/** The StatefulSet `web` in a small cluster of its own, reconciled step by step. */
import type { FeatureGates } from '../../src/api/feature-gates.ts'
import type { ControllerRevision, PersistentVolumeClaim, Pod, StatefulSet, StatefulSetSpec } from '../../src/api/types.gen.ts'
import { statefulSetController } from '../../src/controllers/statefulset/controller.ts'
import type { Plan } from '../../src/runtime/plan.ts'
import { PlanWorld } from './plan-world.ts'

export const KEY = 'default/web'

export const template = (image: string) => ({
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'nginx', image }], volumes: [{ name: 'tmp', emptyDir: {} }] },
})

export const claimTemplate = {
  metadata: { name: 'www', labels: { disk: 'ssd' } },
  spec: { accessModes: ['ReadWriteOnce'] },
} as unknown as PersistentVolumeClaim

export class StatefulWorld extends PlanWorld {
  readonly controller

  constructor(gates?: FeatureGates) {
    super()
    this.controller = statefulSetController(gates)
  }

  putSet(spec: Partial<StatefulSetSpec> = {}, metadata: Partial<StatefulSet['metadata']> = {}): void {
    this.put<StatefulSet>('statefulsets.apps', {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 'web', namespace: 'default', generation: 1, ...metadata },
      spec: {
        replicas: 3,
        serviceName: 'nginx',
        podManagementPolicy: 'OrderedReady',
        revisionHistoryLimit: 10,
        updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
        selector: { matchLabels: { app: 'web' } },
        template: template('v1'),
        ...spec,
      },
    })
  }

  get set(): StatefulSet {
    return this.get<StatefulSet>('statefulsets.apps', 'web')!
  }

  changeSpec(change: (spec: StatefulSetSpec) => void): void {
    this.change<StatefulSet>('statefulsets.apps', 'web', (object) => {
      change(object.spec)
      object.metadata.generation = (object.metadata.generation ?? 0) + 1
    })
  }

  /** Another image in the template. */
  update(image = 'v2'): void {
    this.changeSpec((spec) => (spec.template = template(image)))
  }

  scale(replicas: number): void {
    this.changeSpec((spec) => (spec.replicas = replicas))
  }

  /** One look of the controller, whose plan is carried out. */
  sync(): Plan {
    return this.reconcile(this.controller, KEY)
  }

  pod(name: string): Pod {
    return this.get<Pod>('pods', name)!
  }

  imageOf(name: string): string | undefined {
    return this.pod(name).spec.containers[0]!.image
  }

  get pods(): readonly Pod[] {
    return this.list<Pod>('pods').sort((a, b) => a.metadata.name.localeCompare(b.metadata.name, 'en', { numeric: true }))
  }

  get names(): string[] {
    return this.pods.map(({ metadata }) => metadata.name)
  }

  /** Those that aren't being deleted. */
  get standing(): string[] {
    return this.pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined).map(({ metadata }) => metadata.name)
  }

  /** By name, of those that stand. */
  get images(): Record<string, string | undefined> {
    return Object.fromEntries(this.standing.map((name) => [name, this.imageOf(name)]))
  }

  get revisions(): readonly ControllerRevision[] {
    return this.list<ControllerRevision>('controllerrevisions.apps').sort((a, b) => a.revision - b.revision)
  }

  claim(name: string): PersistentVolumeClaim | undefined {
    return this.get<PersistentVolumeClaim>('persistentvolumeclaims', name)
  }

  /** As `Kind/name`. */
  ownersOf(claim: string): string[] {
    return this.claim(claim)!.metadata.ownerReferences?.map(({ kind, name }) => `${kind}/${name}`) ?? []
  }

  get messages(): string[] {
    return this.events.map(({ reason, message }) => `${reason}: ${message}`)
  }

  /** The pods are on a node, run and are ready. */
  run(...names: string[]): void {
    for (const name of names) {
      this.change<Pod>('pods', name, (pod) => (pod.spec.nodeName = 'n1'))
      this.setPod(name, 'Running')
    }
  }

  /** A pod is on its way out, and stays there until `finishDeletes`. */
  terminate(name: string): void {
    this.change<Pod>('pods', name, ({ metadata }) => (metadata.deletionTimestamp = '2026-01-01T00:00:00Z'))
  }

  /** One look; then everything that was made runs and everything that goes is gone. Whether nothing was left to do. */
  step(): boolean {
    const before = this.set.metadata.resourceVersion
    const plan = this.sync()
    const isGoing = this.standing.length < this.names.length
    this.finishDeletes()
    const starting = this.pods.filter(({ status }) => status?.phase === 'Pending')
    this.run(...starting.map(({ metadata }) => metadata.name))
    return (plan.actions?.length ?? 0) === 0 && !isGoing && starting.length === 0 && this.set.metadata.resourceVersion === before
  }

  /** Until nothing is planned. */
  settle(): void {
    for (let round = 0; round < 200; round++) if (this.step()) return
    throw new Error('does not settle')
  }
}
