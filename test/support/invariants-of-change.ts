/** What must hold of every single change that a watch tells of. */
import { isConditionTrue } from '../../src/api/meta/conditions.ts'
import { controllerOf } from '../../src/api/meta/owner-references.ts'
import { quantityMilliValue } from '../../src/api/meta/quantity.ts'
import type { Job, Node, Pod, ResourceQuota, Service, StatefulSet } from '../../src/api/types.gen.ts'
import { isActive, isOver, isReady } from './invariants-at-rest.ts'
import type { Mirror, MirroredChange } from './mirror.ts'

/** What is wrong with one change, each a sentence. Keeps what it has to remember of earlier ones. */
export class ChangeCheck {
  /** Of each Job by uid: its pods that have been seen to succeed, and to fail or go. */
  readonly #succeeded = new Map<string, Set<string>>()
  readonly #ended = new Map<string, Set<string>>()
  readonly #jobNames = new Set<string>()

  faultsOf(change: MirroredChange, mirror: Mirror): string[] {
    return [...versionFaults(change), ...this.#faultsByResource(change, mirror)]
  }

  #faultsByResource(change: MirroredChange, mirror: Mirror): string[] {
    switch (change.resource) {
      case 'pods':
        this.#remember(change)
        return podFaults(change, mirror)
      case 'jobs.batch':
        return this.#jobFaults(change)
      case 'resourcequotas':
        return quotaFaults(change.object as ResourceQuota)
      case 'services':
        return serviceFaults(change)
      default:
        return []
    }
  }

  #remember({ type, object }: MirroredChange): void {
    const pod = object as Pod
    const owner = controllerOf(pod)
    if (owner?.kind !== 'Job') return
    const note = (sets: Map<string, Set<string>>) => {
      const uids = sets.get(owner.uid) ?? new Set<string>()
      sets.set(owner.uid, uids.add(pod.metadata.uid!))
    }
    if (pod.status?.phase === 'Succeeded') note(this.#succeeded)
    else if (pod.status?.phase === 'Failed' || type === 'DELETED' || pod.metadata.deletionTimestamp !== undefined) note(this.#ended)
  }

  /** A pod is counted once, a run has one Job, and what has been counted stays. */
  #jobFaults({ type, object, old }: MirroredChange): string[] {
    const job = object as Job
    const { uid, name } = job.metadata
    const { succeeded = 0, failed = 0 } = job.status ?? {}
    const before = (old as Job | undefined)?.status ?? {}
    const faults: string[] = []
    if (succeeded > (this.#succeeded.get(uid!)?.size ?? 0)) faults.push(`${name} counts ${succeeded} successes, fewer were seen`)
    if (failed > (this.#ended.get(uid!)?.size ?? 0)) faults.push(`${name} counts ${failed} failures, fewer were seen`)
    if (succeeded < (before.succeeded ?? 0) || failed < (before.failed ?? 0)) faults.push(`${name} counts backwards`)
    if (type === 'ADDED') {
      if (this.#jobNames.has(name)) faults.push(`${name} is made a second time`)
      this.#jobNames.add(name)
    }
    const ends = (job.status?.conditions ?? []).filter((each) => ['Complete', 'Failed'].includes(each.type) && each.status === 'True')
    if (ends.length > 1) faults.push(`${name} both completed and failed`)
    return faults
  }
}

function versionFaults({ object, old, type }: MirroredChange): string[] {
  const name = `${object.kind} ${object.metadata.name}`
  if (type === 'ADDED') return old === undefined ? [] : [`${name} is added twice`]
  if (old === undefined) return [`${name} is ${type}, and wasn't there`]
  const isNewer = Number(object.metadata.resourceVersion) > Number(old.metadata.resourceVersion)
  const isSame = object.metadata.uid === old.metadata.uid
  const isOlder = (object.metadata.generation ?? 0) < (old.metadata.generation ?? 0)
  return isNewer && isSame && !isOlder ? [] : [`${name} goes back in time`]
}

function podFaults({ type, object, old }: MirroredChange, mirror: Mirror): string[] {
  const [pod, before] = [object as Pod, old as Pod | undefined]
  const { name } = pod.metadata
  const faults: string[] = []
  const { nodeName } = pod.spec
  if (before?.spec.nodeName !== undefined && before.spec.nodeName !== nodeName) faults.push(`${name} moves`)
  if (before !== undefined && isOver(before) && before.status!.phase !== pod.status!.phase) faults.push(`${name} rises from the dead`)
  if (type === 'MODIFIED' && nodeName !== undefined && before?.spec.nodeName === undefined) faults.push(...bindingFaults(pod, mirror))
  if (type === 'ADDED' && controllerOf(pod)?.kind === 'StatefulSet') faults.push(...orderFaults(pod, mirror))
  return faults
}

/** A pod is given to a node that is there, and takes pods. */
function bindingFaults({ metadata, spec }: Pod, mirror: Mirror): string[] {
  const node = mirror.find<Node>('nodes', spec.nodeName!, '')
  if (node === undefined) return [`${metadata.name} is bound to ${spec.nodeName}, which isn't there`]
  const isTolerated = (key: string) => spec.tolerations?.some((each) => each.key === key && each.effect !== 'NoExecute')
  const averse = (node.spec.taints ?? []).filter(({ key, effect }) => effect === 'NoSchedule' && !isTolerated(key))
  const isUnready = !isConditionTrue(node.status?.conditions, 'Ready') && !isTolerated('node.kubernetes.io/not-ready')
  return averse.length > 0 || isUnready ? [`${metadata.name} is bound to ${spec.nodeName}, which takes no pods`] : []
}

/** The pods before it are there and ready. */
function orderFaults(pod: Pod, mirror: Mirror): string[] {
  const { name } = controllerOf(pod)!
  if (mirror.find<StatefulSet>('statefulsets.apps', name)?.spec.podManagementPolicy === 'Parallel') return []
  const ordinal = Number(pod.metadata.name.slice(name.length + 1))
  const before = Array.from({ length: ordinal }, (_, i) => mirror.find<Pod>('pods', `${name}-${i}`))
  return before.every((each) => each !== undefined && isActive(each) && isReady(each)) ? [] : [`${pod.metadata.name} comes before its turn`]
}

function quotaFaults({ metadata, status }: ResourceQuota): string[] {
  return Object.entries(status?.used ?? {}).flatMap(([resource, used]) =>
    quantityMilliValue(used) > quantityMilliValue(status!.hard![resource]!)
      ? [`quota ${metadata.name} has ${used} ${resource} of ${status!.hard![resource]}`]
      : [],
  )
}

function serviceFaults({ object, old, type }: MirroredChange): string[] {
  const [now, before] = [(object as Service).spec, (old as Service | undefined)?.spec]
  return type !== 'MODIFIED' || now?.clusterIP === before?.clusterIP ? [] : [`${object.metadata.name} changes its address`]
}
