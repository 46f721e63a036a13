/** Watches everything in a cluster, and holds each change and each rest to what must be. */
import type { GroupResource } from '../../src/api/object.ts'
import type { Event } from '../../src/api/types.gen.ts'
import type { Cluster } from '../../src/index.ts'
import { INVARIANTS } from './invariants-at-rest.ts'
import { ChangeCheck } from './invariants-of-change.ts'
import { Mirror, type MirroredChange } from './mirror.ts'

const LEASES = 'leases.coordination.k8s.io'
const WATCHED: readonly GroupResource[] = [
  ...['nodes', 'pods', 'services', 'configmaps', 'persistentvolumeclaims', 'persistentvolumes', 'resourcequotas', 'events', LEASES],
  ...['deployments.apps', 'replicasets.apps', 'statefulsets.apps', 'daemonsets.apps', 'controllerrevisions.apps', 'jobs.batch'],
  ...['cronjobs.batch', 'poddisruptionbudgets.policy', 'horizontalpodautoscalers.autoscaling', 'endpoints', 'namespaces'],
  ...['endpointslices.discovery.k8s.io', 'serviceaccounts'],
]

export class Watchman {
  readonly mirror: Mirror
  /** As they were written, oldest first; one that is told of again comes again. */
  readonly events: Event[] = []
  readonly #writes = new Map<string, number>()
  readonly #faults: string[] = []
  readonly #check = new ChangeCheck()
  /** Whether anything but leases has changed since the last look. */
  #isNews = true

  private constructor(mirror: Mirror) {
    this.mirror = mirror
  }

  static async of(cluster: Cluster): Promise<Watchman> {
    const mirror = await Mirror.of(cluster, WATCHED, (change) => watchman.#see(change))
    const watchman = new Watchman(mirror)
    return watchman
  }

  /** Writes of each resource while `act` runs. */
  async writesDuring(act: () => Promise<void>): Promise<Record<string, number>> {
    this.#writes.clear()
    await act()
    return Object.fromEntries(this.#writes)
  }

  tell(fault: string): void {
    this.#faults.push(fault)
  }

  /** To be called when the cluster has come to rest; throws what is wrong by now. */
  look(): void {
    if (this.#isNews) this.#faults.push(...INVARIANTS.flatMap((invariant) => invariant(this.mirror)))
    this.#isNews = false
    if (this.#faults.length > 0) throw new Error(this.#faults.join('\n'))
  }

  #see(change: MirroredChange): void {
    const { resource, type, object } = change
    this.#isNews ||= resource !== LEASES
    this.#writes.set(resource, (this.#writes.get(resource) ?? 0) + 1)
    if (resource === 'events' && type !== 'DELETED') this.events.push(object as Event)
    this.#faults.push(...this.#check.faultsOf(change, this.mirror))
  }
}
