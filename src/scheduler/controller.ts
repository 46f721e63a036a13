/**
 * The scheduler: a controller over pods without a node. Its cache follows the informers and is rebuilt from them at start;
 * what it adds is only which pods were given a node a moment ago, so that two pods placed in a row see each other.
 */
import type { Namespace, Node, Pod, ResourceV1ResourceClaim as ResourceClaim } from '../api/types.gen.ts'
import type { ControllerDefinition, Key, KeysOf, Reader } from '../runtime/controller.ts'
import { keyOf, splitKey } from '../runtime/owner-keys.ts'
import type { Plan } from '../runtime/plan.ts'
import { BindingClaims } from './binding-claims.ts'
import type { Budget } from './budgets.ts'
import { CLAIMS, DEVICE_INDEXES, type DeviceReader, deviceReader, extendedClasses, podsWaitingWith } from './devices/device-reader.ts'
import { PodDevices } from './devices/pod-devices.ts'
import { removeSpecial, reservingFault, unreserve, waitForDevices } from './devices/reserve.ts'
import { Reserving } from './devices/reserving.ts'
import { LIKE_RESOURCES, likeSelector, SERVICE_INDEXES } from './like-pods.ts'
import { PLUGINS } from './plugins/index.ts'
import { isOver, isPlaced, priorityOf } from './pod-info.ts'
import { isTold } from './pod-status.ts'
import { bind, placePod, schedulerError } from './reconcile.ts'
import { RetryDelays } from './retry-delays.ts'
import { SchedulerCache } from './scheduler-cache.ts'
import { Situation } from './situation.ts'
import { LONGEST_WAIT_MS, UnschedulablePods } from './unschedulable-pods.ts'
import { VOLUME_INDEXES, volumeReader } from './volume-reader.ts'

export const SCHEDULER_NAME = 'default-scheduler'
/** How long the news that a pod was bound may take to arrive before it is placed anew. */
const ASSUMED_MS = 5_000
const BUDGETS = 'poddisruptionbudgets.policy'

export interface ObservedPod {
  readonly situation: Situation
  readonly devices: DeviceReader
  readonly budgets: () => readonly Budget[]
}

export function schedulerController(): ControllerDefinition<ObservedPod> {
  let read: Reader | undefined
  const labelsOf = (namespace: string) => read?.get<Namespace>('namespaces', '', namespace)?.metadata.labels
  const cache = new SchedulerCache(labelsOf)
  const unschedulable = new UnschedulablePods(labelsOf)
  const binding = new BindingClaims()
  const reserving = new Reserving(cache.devices)
  const delays = new RetryDelays()
  let start = 0

  const podChanged = (current: Pod | undefined, old: Pod | undefined): readonly Key[] => {
    const { namespace, name } = (current ?? old)!.metadata
    const key = keyOf(namespace, name)
    const displaced = old?.status?.nominatedNodeName !== undefined && old.status.nominatedNodeName !== current?.status?.nominatedNodeName
    cache.setPod(key, current)
    const isNowPlaced = current !== undefined && isPlaced(current)
    const wasPlaced = old !== undefined && isPlaced(old)
    if (current === undefined || current.spec.nodeName) {
      unschedulable.forget(key)
      binding.forget(key)
      reserving.forget(key)
      delays.forget(key)
    }
    if (isNowPlaced && !wasPlaced) return [...unschedulable.wake('pods', { current, old: undefined }), ...unschedulable.takeAfter(current)]
    if (isNowPlaced) return unschedulable.wake('pods', { current, old })
    // What was to come to a node leaves as much room there as what was on it.
    return wasPlaced || displaced ? unschedulable.wake('pods', { current: undefined, old }) : []
  }
  const waking = (resource: string): KeysOf => {
    return (current, old) => unschedulable.wake(resource, { current, old })
  }
  const claimChanged: KeysOf = (current, old) => [
    ...unschedulable.wake('persistentvolumeclaims', { current, old }),
    ...binding.podsOf(keyOf((current ?? old)!.metadata.namespace, (current ?? old)!.metadata.name)),
  ]

  return {
    name: 'scheduler',
    component: SCHEDULER_NAME,
    reconciles: 'pods',
    rank: (reader, key) => {
      const { namespace, name } = splitKey(key)
      const pod = reader.get<Pod>('pods', namespace, name)
      return pod === undefined ? 0 : priorityOf(pod)
    },
    indexes: { ...VOLUME_INDEXES, ...SERVICE_INDEXES, ...DEVICE_INDEXES },
    watches: {
      ...Object.fromEntries([BUDGETS, ...LIKE_RESOURCES].map((resource) => [resource, () => []])),
      ...Object.fromEntries(PLUGINS.flatMap(({ hints }) => Object.keys(hints)).map((resource) => [resource, waking(resource)])),
      pods: (current, old, reader) => {
        read = reader
        return podChanged(current as Pod | undefined, old as Pod | undefined)
      },
      nodes: (current, old) => {
        cache.setNode((current ?? old)!.metadata.name, current as Node | undefined)
        return unschedulable.wake('nodes', { current, old })
      },
      namespaces: (current, old) => {
        if (JSON.stringify(current?.metadata.labels) !== JSON.stringify(old?.metadata.labels)) cache.counts.namespacesChanged()
        return []
      },
      persistentvolumeclaims: claimChanged,
      [CLAIMS]: (current, old, reader) => {
        const claim = (current ?? old) as ResourceClaim
        cache.devices.setClaim(keyOf(claim.metadata.namespace, claim.metadata.name), current as ResourceClaim | undefined)
        return [...unschedulable.wake(CLAIMS, { current, old }), ...podsWaitingWith(claim, reader)]
      },
    },
    observe(reader, key) {
      read = reader
      const { namespace, name } = splitKey(key)
      const pod = reader.get<Pod>('pods', namespace, name)
      if (pod === undefined || pod.spec.nodeName || isOver(pod)) return undefined
      if ((pod.spec.schedulerName ?? SCHEDULER_NAME) !== SCHEDULER_NAME || pod.metadata.deletionTimestamp !== undefined) return undefined
      const devices = deviceReader(reader)
      const info = cache.info(pod)
      const extended = extendedClasses(devices, info.requests.keys())
      const hasDevices = pod.spec.resourceClaims?.length || extended.size > 0
      const findDevices = hasDevices ? (now: number) => new PodDevices(devices, cache.devices, pod, now, extended) : undefined
      const situation = new Situation(info, cache, volumeReader(reader), () => likeSelector(reader, pod), findDevices)
      return { situation, devices, budgets: () => reader.list<Budget>(BUDGETS) }
    },
    reconcile({ situation, devices, budgets }, { now, lastFailure, newName }): Plan {
      situation.now = now
      const { key, pod } = situation.pod
      const gates = pod.spec.schedulingGates ?? []
      // The API server has written the condition SchedulingGated when the pod was made.
      if (gates.length > 0) return { waitingOn: `scheduling gates: ${gates.map(({ name }) => name).join(', ')}` }
      const forget = () => {
        cache.forget(key)
        binding.forget(key)
        reserving.forget(key)
      }
      const failed = (message: string): Plan => {
        forget()
        const special = devices.extendedClaim(pod)
        const actions = [...unreserve(pod, situation.devices?.claims ?? []), ...(special === undefined ? [] : removeSpecial(special))]
        return { actions, ...schedulerError(pod, message, now), requeueAfterMs: delays.add(key, now) }
      }
      const claimFailure = lastFailure && reservingFault(lastFailure)
      if (claimFailure !== undefined) return failed(claimFailure)
      if (lastFailure?.action.verb === 'bind') return failed(`running Bind plugin "DefaultBinder": ${lastFailure.message}`)
      const delayMs = delays.left(key, now)
      if (delayMs > 0) return { requeueAfterMs: delayMs, waitingOn: 'the time to try again' }

      const assumed = cache.assumedFor(situation.pod)
      if (assumed !== undefined && lastFailure === undefined) {
        const progress = binding.progress(key, situation, assumed.node, now)
        if (progress === undefined && now - assumed.at < ASSUMED_MS) {
          return { requeueAfterMs: ASSUMED_MS - (now - assumed.at), waitingOn: 'the binding to be seen' }
        }
        if (progress?.kind === 'failed') return failed(`running PreBind plugin "VolumeBinding": binding volumes: ${progress.why}`)
        if (progress?.kind === 'waiting') return { requeueAfterMs: progress.leftMs, waitingOn: progress.on }
        const reserved = reserving.progress(key, pod, devices, now)
        if (reserved?.kind === 'failed') return failed(`running PreBind plugin "DynamicResources": ${reserved.why}`)
        if (reserved?.kind === 'waiting') return waitForDevices(assumed.node, reserved)
        if (progress?.kind === 'bound' && reserved?.kind !== 'lost') {
          binding.forget(key)
          reserving.forget(key)
          cache.assume(situation.pod, assumed.node, now)
          return bind(pod, assumed.node).plan
        }
      }
      forget()
      // Upstream: DynamicResources PreEnqueue, of which nothing is told.
      if (situation.devices?.gate !== undefined) return { waitingOn: situation.devices.gate }

      const told = unschedulable.toldTo(key, pod, now)
      if (told !== undefined && isTold(pod, 'Unschedulable', told)) return { waitingOn: 'a change that makes room for it' }
      const specialName = situation.devices?.extended.size ? newName(`${pod.metadata.name}-extended-resources-`) : ''
      const { verdict, tried } = placePod(situation, start, now, budgets, specialName)
      if (tried > 0) start = (start + tried) % cache.nodes().length
      if (verdict.kind === 'unschedulable') {
        if (verdict.told.nominatedNode === undefined) cache.nominations.remove(key)
        else cache.nominations.set(situation.pod, verdict.told.nominatedNode)
        unschedulable.park(key, pod, now, verdict.told, verdict.plugins)
        return { ...verdict.plan, requeueAfterMs: LONGEST_WAIT_MS }
      }
      unschedulable.forget(key)
      if (verdict.kind === 'failed') return failed(verdict.message)
      cache.assume(situation.pod, verdict.node, now)
      if (verdict.kind === 'binding-claims') binding.begin(situation, verdict.toProvision, now)
      if (situation.devices !== undefined) reserving.begin(key, situation.devices, cache.node(verdict.node)!.node!, specialName)
      return verdict.plan
    },
  }
}
