/** What must hold of a cluster whenever it has come to rest, whatever has happened to it before: a function for each part. */
import { isConditionTrue } from '../../src/api/meta/conditions.ts'
import { controllerOf } from '../../src/api/meta/owner-references.ts'
import { quantityMilliValue } from '../../src/api/meta/quantity.ts'
import { selects } from '../../src/api/meta/selectors.ts'
import type { KubeObject } from '../../src/api/object.ts'
import type {
  AutoscalingV2HorizontalPodAutoscaler,
  DaemonSet,
  Deployment,
  EndpointSlice,
  Job,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  PodDisruptionBudget,
  ReplicaSet,
  ResourceQuota,
  Service,
  StatefulSet,
} from '../../src/api/types.gen.ts'
import type { Mirror } from './mirror.ts'

/** Gives what is wrong, each a sentence. */
type Invariant = (mirror: Mirror) => string[]

export const isOver = ({ status }: Pod) => status?.phase === 'Succeeded' || status?.phase === 'Failed'
export const isActive = (pod: Pod) => !isOver(pod) && pod.metadata.deletionTimestamp === undefined
export const isReady = ({ status }: Pod) => isConditionTrue(status?.conditions, 'Ready')

export function requested(pods: readonly Pod[], resource: string): number {
  const containers = pods.flatMap(({ spec }) => spec.containers)
  return containers.reduce((sum, container) => sum + quantityMilliValue(container.resources?.requests?.[resource] ?? '0'), 0)
}

const twice = (texts: readonly (string | undefined)[]) =>
  texts.filter((text, i) => text !== undefined && text !== '' && text !== 'None' && texts.indexOf(text) !== i)

const nodesAreNotOverfull: Invariant = (mirror) =>
  mirror.all<Node>('nodes').flatMap((node) => {
    const there = mirror.all<Pod>('pods').filter((pod) => pod.spec.nodeName === node.metadata.name && !isOver(pod))
    return Object.entries(node.status?.allocatable ?? {}).flatMap(([resource, amount]) => {
      const used = resource === 'pods' ? there.length * 1000 : requested(there, resource)
      return used > quantityMilliValue(amount) ? [`${node.metadata.name} bears ${used / 1000} ${resource} of ${amount}`] : []
    })
  })

const addressesAreUnique: Invariant = (mirror) => {
  const ips = mirror
    .all<Pod>('pods')
    .filter((pod) => !isOver(pod))
    .map(({ status }) => status?.podIP)
  const clusterIPs = mirror.all<Service>('services').flatMap(({ spec }) => spec?.clusterIPs ?? [])
  const nodePorts = mirror.all<Service>('services').flatMap(({ spec }) => (spec?.ports ?? []).map(({ nodePort }) => nodePort?.toString()))
  return [...twice(ips), ...twice(clusterIPs), ...twice(nodePorts)].map((address) => `${address} belongs to two`)
}

const replicaSetsHaveTheirPods: Invariant = (mirror) =>
  mirror.all<ReplicaSet>('replicasets.apps').flatMap((set) => {
    const { replicas = 1 } = set.spec
    const pods = mirror.controlledBy<Pod>('pods', set).filter(isActive)
    const isShort = pods.length < replicas && !isConditionTrue(set.status?.conditions, 'ReplicaFailure')
    const counts = [set.status?.replicas, set.status?.readyReplicas ?? 0]
    const actual = [pods.length, pods.filter(isReady).length]
    return [
      ...(isShort || pods.length > replicas ? [`${set.metadata.name} has ${pods.length} of ${replicas} pods`] : []),
      ...(String(counts) === String(actual) ? [] : [`${set.metadata.name} tells of ${counts}, where ${actual} are`]),
    ]
  })

const deploymentsKeepToTheirSurge: Invariant = (mirror) =>
  mirror.all<Deployment>('deployments.apps').flatMap((deployment) => {
    const { replicas = 1, strategy } = deployment.spec
    const limit = replicas + Number(strategy?.rollingUpdate?.maxSurge ?? 0)
    const sets = mirror.controlledBy<ReplicaSet>('replicasets.apps', deployment)
    const wanted = sets.reduce((sum, set) => sum + (set.spec.replicas ?? 1), 0)
    return wanted > limit ? [`${deployment.metadata.name} wants ${wanted} pods of at most ${limit}`] : []
  })

const statefulSetsHaveTheirOrdinals: Invariant = (mirror) =>
  mirror.all<StatefulSet>('statefulsets.apps').flatMap((set) => {
    const { name } = set.metadata
    const pods = mirror.controlledBy<Pod>('pods', set).filter(isActive)
    const ordinals = pods.map(({ metadata }) => Number(metadata.name.slice(name.length + 1))).sort((a, b) => a - b)
    const { replicas = 1 } = set.spec
    // Beyond them are those that go one by one, from the last, unless they are evicted.
    const isNumbered = ordinals.every((ordinal) => Number.isInteger(ordinal) && ordinal >= 0)
    return isNumbered && twice(ordinals.map(String)).length === 0 ? [] : [`${name} has the pods ${ordinals} and wants ${replicas}`]
  })

const daemonsAreOneANode: Invariant = (mirror) =>
  mirror.all<DaemonSet>('daemonsets.apps').flatMap((set) => {
    const nodes = mirror
      .controlledBy<Pod>('pods', set)
      .filter(isActive)
      .map(({ spec }) => spec.nodeName)
    return twice(nodes).map((node) => `two pods of ${set.metadata.name} are on ${node}`)
  })

const jobsCountWhatIs: Invariant = (mirror) =>
  mirror.all<Job>('jobs.batch').flatMap((job) => {
    const { name } = job.metadata
    const { completions = 1, parallelism = 1, backoffLimit = 6 } = job.spec
    const { succeeded = 0, failed = 0 } = job.status ?? {}
    const there = mirror.controlledBy<Pod>('pods', job)
    const running = there.filter(isActive).length
    return [
      ...(succeeded > completions ? [`${name} succeeded ${succeeded} times of ${completions}`] : []),
      ...(failed > backoffLimit + parallelism ? [`${name} failed ${failed} times, ${backoffLimit} allowed`] : []),
      ...(running > parallelism ? [`${name} runs ${running} pods beside each other, ${parallelism} allowed`] : []),
    ]
  })

const quotasCountWhatIs: Invariant = (mirror) =>
  mirror.all<ResourceQuota>('resourcequotas').flatMap(({ metadata, status }) => {
    const isInside = ({ metadata: { namespace } }: KubeObject) => namespace === metadata.namespace
    const pods = mirror.all<Pod>('pods').filter((pod) => isInside(pod) && !isOver(pod))
    const counted = (each: readonly Pod[]): Record<string, number> => ({
      pods: each.length * 1000,
      'requests.cpu': requested(each, 'cpu'),
      configmaps: mirror.all('configmaps').filter(isInside).length * 1000,
      persistentvolumeclaims: mirror.all('persistentvolumeclaims').filter(isInside).length * 1000,
    })
    // Pods that outstay their grace period, as on a silent node, count no more. Upstream: quota core pods.go QuotaV1Pod
    const least = counted(pods.filter(({ metadata: { deletionTimestamp } }) => deletionTimestamp === undefined))
    const most = counted(pods)
    return Object.entries(status?.used ?? {}).flatMap(([resource, used]) => {
      const amount = quantityMilliValue(used)
      const isRight = amount >= least[resource]! && amount <= most[resource]!
      return isRight ? [] : [`quota ${metadata.name} counts ${used} ${resource}, there are ${least[resource]}m to ${most[resource]}m`]
    })
  })

const endpointsAreTheReadyPods: Invariant = (mirror) =>
  mirror.all<Service>('services').flatMap(({ metadata, spec }) => {
    if (spec?.selector === undefined) return []
    const { name, namespace } = metadata
    const slices = mirror
      .all<EndpointSlice>('endpointslices.discovery.k8s.io')
      .filter((slice) => slice.metadata.namespace === namespace && slice.metadata.labels?.['kubernetes.io/service-name'] === name)
    const listed = slices.flatMap(({ endpoints }) =>
      (endpoints ?? []).filter(({ conditions }) => conditions?.ready).flatMap(({ addresses }) => addresses),
    )
    const ready = mirror
      .all<Pod>('pods')
      .filter((pod) => pod.metadata.namespace === namespace && selects({ matchLabels: spec.selector! }, pod.metadata.labels))
      .filter((pod) => isActive(pod) && isReady(pod))
    const addressOf = ({ status }: Pod) => status!.podIP!
    // Pods of a Node that is gone drop out; when it is back before they are collected, a later try finds it. Upstream: reconciler.go
    const joined = new Map(mirror.all<Node>('nodes').map(({ metadata: { name, creationTimestamp } }) => [name, creationTimestamp!]))
    const hasKeptNode = ({ metadata, spec }: Pod) => (joined.get(spec.nodeName!) ?? '~') <= metadata.creationTimestamp!
    const missing = ready.filter(hasKeptNode).filter((pod) => !listed.includes(addressOf(pod)))
    const wrong = listed.filter((address) => !ready.some((pod) => addressOf(pod) === address))
    return missing.length + wrong.length + twice(listed).length === 0
      ? []
      : [`${name} leads to ${listed.sort()}, ready are ${ready.map(addressOf).sort()}`]
  })

const claimsAndVolumesAgree: Invariant = (mirror) => {
  const volumes = mirror.all<PersistentVolume>('persistentvolumes')
  const claims = mirror.all<PersistentVolumeClaim>('persistentvolumeclaims')
  const dangling = claims.flatMap(({ metadata, spec, status }) => {
    if (status?.phase !== 'Bound') return []
    const volume = volumes.find((each) => each.metadata.name === spec?.volumeName)
    return volume?.spec?.claimRef?.uid === metadata.uid ? [] : [`claim ${metadata.name} has not the volume that it is bound to`]
  })
  const doubled = twice(volumes.map(({ spec }) => spec?.claimRef?.uid)).map((uid) => `claim ${uid} has two volumes`)
  const shared = twice(claims.map(({ spec }) => spec?.volumeName)).map((name) => `volume ${name} has two claims`)
  return [...dangling, ...doubled, ...shared]
}

/** Budgets that are up to date: what they give out leaves enough. */
const budgetsKeepEnough: Invariant = (mirror) =>
  mirror.all<PodDisruptionBudget>('poddisruptionbudgets.policy').flatMap(({ metadata, status }) => {
    const { disruptionsAllowed = 0, currentHealthy = 0, desiredHealthy = 0 } = status ?? {}
    return disruptionsAllowed <= Math.max(0, currentHealthy - desiredHealthy)
      ? []
      : [`${metadata.name} gives out ${disruptionsAllowed} of ${currentHealthy} pods and needs ${desiredHealthy}`]
  })

const autoscalersKeepTheirBounds: Invariant = (mirror) =>
  mirror.all<AutoscalingV2HorizontalPodAutoscaler>('horizontalpodautoscalers.autoscaling').flatMap(({ metadata, spec, status }) => {
    const desired = status?.desiredReplicas ?? 0
    return desired === 0 || (desired >= (spec?.minReplicas ?? 1) && desired <= spec!.maxReplicas)
      ? []
      : [`${metadata.name} desires ${desired} replicas`]
  })

/** An owner that has gone takes along what it owned. */
const nobodyIsLeftAlone: Invariant = (mirror) => {
  const owners = ['replicasets.apps', 'statefulsets.apps', 'daemonsets.apps', 'jobs.batch', 'deployments.apps', 'cronjobs.batch']
  const uids = new Set([...owners, 'nodes'].flatMap((resource) => mirror.all(resource)).map(({ metadata }) => metadata.uid))
  const owned = ['pods', 'replicasets.apps', 'jobs.batch'].flatMap((resource) => mirror.all(resource))
  return owned.flatMap((object) => {
    const owner = controllerOf(object)
    const isLost = owner !== undefined && !uids.has(owner.uid) && object.metadata.deletionTimestamp === undefined
    return isLost ? [`${object.metadata.name} has outlived ${owner.name}`] : []
  })
}

/** The names say what holds. */
export const INVARIANTS: readonly Invariant[] = [
  nodesAreNotOverfull,
  addressesAreUnique,
  replicaSetsHaveTheirPods,
  deploymentsKeepToTheirSurge,
  statefulSetsHaveTheirOrdinals,
  daemonsAreOneANode,
  jobsCountWhatIs,
  quotasCountWhatIs,
  endpointsAreTheReadyPods,
  claimsAndVolumesAgree,
  budgetsKeepEnough,
  autoscalersKeepTheirBounds,
  nobodyIsLeftAlone,
]
