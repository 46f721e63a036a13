/** A cluster of one Deployment in memory: what the controllers plan is done at once, and pods live as the test says. */
import { timestamp } from '../../src/api/meta/time.ts'
import type { KubeObject } from '../../src/api/object.ts'
import type { Deployment, ObjectMeta, Pod, ReplicaSet } from '../../src/api/types.gen.ts'
import { deploymentController } from '../../src/controllers/deployment/controller.ts'
import { replicaSetController } from '../../src/controllers/replicaset/controller.ts'
import { deepEqual } from '../../src/lib/deep-equal.ts'
import { SeededRandom } from '../../src/lib/random.ts'
import type { ControllerDefinition, Reader } from '../../src/runtime/controller.ts'
import type { Action } from '../../src/runtime/plan.ts'
import { NOW } from './replica-objects.ts'

const DEPLOYMENT = 'default/web'

export class ReplicaCluster {
  readonly #objects = new Map<string, Map<string, KubeObject>>()
  readonly #random = new SeededRandom(1)
  #now = NOW
  #uids = 0

  constructor(deployment: Deployment) {
    this.#store('deployments.apps').set('web', deployment)
  }

  get deployment(): Deployment {
    return this.#store('deployments.apps').get('web') as Deployment
  }

  /** A user's change of the spec. */
  change(spec: Partial<Deployment['spec']>): void {
    const { deployment } = this
    const metadata = { ...deployment.metadata, generation: deployment.metadata.generation! + 1 }
    this.#store('deployments.apps').set('web', { ...deployment, metadata, spec: { ...deployment.spec, ...spec } } as Deployment)
  }

  get replicaSets(): ReplicaSet[] {
    return [...this.#store('replicasets.apps').values()] as ReplicaSet[]
  }

  get pods(): Pod[] {
    return [...this.#store('pods').values()] as Pod[]
  }

  /** One look of the Deployment controller; whether anything changed. */
  reconcileDeployment(): boolean {
    return this.#reconcile(deploymentController, 'deployments.apps', DEPLOYMENT)
  }

  reconcileReplicaSet(replicaSet: ReplicaSet): boolean {
    return this.#reconcile(replicaSetController, 'replicasets.apps', `default/${replicaSet.metadata.name}`)
  }

  /** Until every ReplicaSet tells of its pods as they are. */
  reconcileReplicaSets(): void {
    while (this.replicaSets.map((replicaSet) => this.reconcileReplicaSet(replicaSet)).includes(true));
  }

  setReady(pod: Pod, isReady: boolean): void {
    const ready = { type: 'Ready', status: isReady ? 'True' : 'False', lastTransitionTime: timestamp(this.#now) }
    this.#store('pods').set(pod.metadata.name, { ...pod, status: { phase: 'Running', conditions: [ready] } } as Pod)
  }

  fail(pod: Pod): void {
    this.#store('pods').set(pod.metadata.name, { ...pod, status: { phase: 'Failed' } } as Pod)
  }

  /** A pod that is being deleted is gone now. */
  remove(pod: Pod): void {
    this.#store('pods').delete(pod.metadata.name)
  }

  /** Until nothing changes any more: all pods get ready, those that go are gone. False when it never ends. */
  settle(): boolean {
    for (let round = 0; round < 500; round++) {
      let hasChanged = this.reconcileDeployment()
      for (const replicaSet of this.replicaSets) hasChanged = this.reconcileReplicaSet(replicaSet) || hasChanged
      for (const pod of this.pods) {
        if (pod.metadata.deletionTimestamp !== undefined) this.remove(pod)
        else if (pod.status?.phase !== 'Failed' && !isReady(pod)) this.setReady(pod, true)
        else continue
        hasChanged = true
      }
      if (!hasChanged) return true
    }
    return false
  }

  #store(resource: string): Map<string, KubeObject> {
    const store = this.#objects.get(resource) ?? new Map<string, KubeObject>()
    this.#objects.set(resource, store)
    return store
  }

  #reader(): Reader {
    const all = (resource: string): readonly never[] => [...this.#store(resource).values()] as never[]
    const owner = (object: KubeObject) => object.metadata.ownerReferences?.find(({ controller }) => controller)?.uid
    return {
      get: (resource, _namespace, name) => this.#store(resource).get(name) as never,
      list: all,
      controlledBy: (resource, uid) => all(resource).filter((object) => owner(object) === uid),
      orphans: (resource) => all(resource).filter((object) => owner(object) === undefined),
      indexed: () => [],
    }
  }

  #reconcile<Observed>(controller: ControllerDefinition<Observed>, resource: string, key: string): boolean {
    this.#now += 1000
    const observed = controller.observe(this.#reader(), key)
    if (observed === undefined) return false
    const plan = controller.reconcile(observed, { now: this.#now, newName: (base) => base + this.#random.suffix(5) })
    for (const action of plan.actions ?? []) this.#execute(action)
    const name = key.slice(key.indexOf('/') + 1)
    const current = this.#store(resource).get(name)
    if (current === undefined || plan.status === undefined) return (plan.actions ?? []).length > 0
    const { status, metadata } = plan.status as ReplicaSet
    const next = { ...current, metadata: { ...current.metadata, annotations: metadata.annotations }, status } as KubeObject
    const isNews = !deepEqual(next, current)
    if (isNews) this.#store(resource).set(name, JSON.parse(JSON.stringify(next)))
    return isNews || (plan.actions ?? []).length > 0
  }

  #execute(action: Action): void {
    if (action.verb === 'create') {
      const metadata = {
        ...action.object.metadata,
        uid: `uid-${++this.#uids}`,
        resourceVersion: '1',
        generation: 1,
        creationTimestamp: timestamp(this.#now),
      } as ObjectMeta
      this.#store(action.resource).set(metadata.name, { ...action.object, metadata })
    } else if (action.verb === 'delete') {
      const store = this.#store(action.target.resource)
      const object = store.get(action.target.name)
      if (object === undefined) return
      if (action.target.resource !== 'pods') store.delete(action.target.name)
      else store.set(action.target.name, { ...object, metadata: { ...object.metadata, deletionTimestamp: timestamp(this.#now) } })
    } else if (action.verb === 'patch') {
      const store = this.#store(action.target.resource)
      const object = store.get(action.target.name) as ReplicaSet
      const patch = action.patch as { metadata?: Partial<ObjectMeta>; spec?: Partial<ReplicaSet['spec']> }
      const annotations = { ...object.metadata.annotations, ...patch.metadata?.annotations }
      const generation = object.metadata.generation! + (patch.spec ? 1 : 0)
      const metadata = { ...object.metadata, ...patch.metadata, annotations, generation }
      store.set(action.target.name, { ...object, metadata, spec: { ...object.spec, ...patch.spec } } as ReplicaSet)
    }
  }
}

export function isReady(pod: Pod): boolean {
  return pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true
}
