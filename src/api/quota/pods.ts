/** What pods count for. Upstream: pkg/quota/v1/evaluator/core/pods.go. */

import { deepEqual } from '../../lib/deep-equal.ts'
import { amountsDuringResize, hasPodLevelResources, podLimits, podRequests, qosClassOf } from '../core/v1/pod-resources.ts'
import type { ResourceList } from '../core/v1/resource-list.ts'
import { isExtendedResource, isHugePagesResource, isNativeResource } from '../core/v1/resource-names.ts'
import type { ContainerStatus, Pod, PodAffinityTerm, WeightedPodAffinityTerm } from '../types.gen.ts'
import { addAmounts } from './amounts.ts'
import { countName, type Evaluator, matchesValues } from './evaluator.ts'

const DEVICE_CLASS_PREFIX = 'deviceclass.resource.kubernetes.io/'
const COMPUTE = ['cpu', 'memory', 'ephemeral-storage'] as const
const NAMES: ReadonlySet<string> = new Set([
  countName('pods'),
  'pods',
  ...COMPUTE.flatMap((name) => [name, `requests.${name}`, `limits.${name}`]),
])
/** Where one of these is limited, each container must say what it wants. Upstream calls that a mistake, and keeps it. */
const MUST_BE_SAID = ['cpu', 'limits.cpu', 'limits.memory', 'memory', 'requests.cpu', 'requests.memory']

export const podEvaluator: Evaluator = {
  handles: ({ operation, subresource, object, old }) => {
    if (subresource === 'resize') return operation === 'update'
    if (subresource !== '') return false
    return operation === 'create' || hasDeadline(object as Pod) !== hasDeadline(old as Pod)
  },
  matching: (names) =>
    names.filter(
      (name) => NAMES.has(name) || isHugePagesResource(name) || name.startsWith('requests.hugepages-') || isExtendedQuotaName(name),
    ),
  matchesScope: (scope, object) => {
    const pod = object as Pod
    switch (scope.scopeName) {
      case 'Terminating':
        return hasDeadline(pod)
      case 'NotTerminating':
        return !hasDeadline(pod)
      case 'BestEffort':
        return qosClassOf(pod) === 'BestEffort'
      case 'NotBestEffort':
        return qosClassOf(pod) !== 'BestEffort'
      case 'PriorityClass':
        return matchesValues(scope, pod.spec.priorityClassName || undefined)
      case 'CrossNamespacePodAffinity':
        return looksAcrossNamespaces(pod)
      default:
        return false
    }
  },
  faultOf: (names, object) => {
    const { spec } = object as Pod
    if (hasPodLevelResources(spec)) return undefined
    const containers = [...spec.containers, ...(spec.initContainers ?? [])]
    const faults = MUST_BE_SAID.filter((name) => names.includes(name)).flatMap((name) => {
      const silent = containers.filter(({ resources }) => quotaAmounts(resources?.requests, resources?.limits)[name] === undefined)
      if (silent.length === 0) return []
      const theirNames = [...new Set(silent.map((container) => container.name))].sort()
      return [`${name} for: ${theirNames.join(',')}`]
    })
    return faults.length === 0 ? undefined : `must specify ${faults.join('; ')}`
  },
  usage: (object, now) => {
    const pod = object as Pod
    // What is stored is counted to its end; what it asks for only while it may be using it.
    const stored = { [countName('pods')]: '1' }
    if (isOver(pod, now)) return stored
    const own = amountsDuringResize(pod)
    return addAmounts(stored, { pods: '1', ...quotaAmounts(podRequests(pod, own), podLimits(pod, own)) })
  },
  replenishes: (object, old) => {
    const pod = object as Pod
    const before = old as Pod
    return (hasEnded(pod) && !hasEnded(before)) || hasDeadline(pod) !== hasDeadline(before) || haveContainersOtherResources(pod, before)
  },
}

/** What "Terminating" means to a quota: not on its way out, but bound to end. */
function hasDeadline({ spec }: Pod): boolean {
  return (spec.activeDeadlineSeconds ?? -1) >= 0
}

/** Upstream: QuotaV1Pod. A pod that should be long gone, as its node is lost, doesn't keep others out. */
function isOver(pod: Pod, now: number): boolean {
  if (hasEnded(pod)) return true
  const { metadata } = pod
  if (metadata.deletionTimestamp === undefined || metadata.deletionGracePeriodSeconds === undefined) return false
  return now > Date.parse(metadata.deletionTimestamp) + metadata.deletionGracePeriodSeconds * 1000
}

function hasEnded({ status }: Pod): boolean {
  return status?.phase === 'Failed' || status?.phase === 'Succeeded'
}

/** Requests and limits by the names quotas have for them. Upstream: podComputeUsageHelper. */
function quotaAmounts(requests: Readonly<ResourceList> | undefined, limits: Readonly<ResourceList> | undefined): ResourceList {
  const amounts: ResourceList = {}
  for (const name of COMPUTE) {
    const limit = limits?.[name]
    if (limit !== undefined) amounts[`limits.${name}`] = limit
  }
  for (const name in requests) {
    const isShared = (COMPUTE as readonly string[]).includes(name) || isHugePagesResource(name)
    if (isShared) amounts[name] = requests[name]!
    if (isShared || isExtendedResource(name) || name.startsWith(DEVICE_CLASS_PREFIX)) amounts[`requests.${name}`] = requests[name]!
  }
  return amounts
}

/** Of extended resources only requests are limited, as they can't be overcommitted. */
function isExtendedQuotaName(name: string): boolean {
  return name.startsWith('requests.') && (!isNativeResource(name) || name.startsWith(`requests.${DEVICE_CLASS_PREFIX}`))
}

function looksAcrossNamespaces({ spec }: Pod): boolean {
  const { podAffinity, podAntiAffinity } = spec.affinity ?? {}
  const isAcross = ({ namespaces, namespaceSelector }: PodAffinityTerm) => Boolean(namespaces?.length) || namespaceSelector !== undefined
  const isWeightedAcross = ({ podAffinityTerm }: WeightedPodAffinityTerm) => isAcross(podAffinityTerm)
  return [podAffinity, podAntiAffinity].some(
    (affinity) =>
      affinity?.requiredDuringSchedulingIgnoredDuringExecution?.some(isAcross) ||
      affinity?.preferredDuringSchedulingIgnoredDuringExecution?.some(isWeightedAcross),
  )
}

/** Upstream: update_filter.go hasResourcesChanged. */
function haveContainersOtherResources({ status }: Pod, { status: before }: Pod): boolean {
  const changed = (now: readonly ContainerStatus[] | undefined, then: readonly ContainerStatus[] | undefined) =>
    then?.some(({ name, resources }) => {
      const current = now?.find((each) => each.name === name)
      return current !== undefined && !deepEqual(current.resources, resources)
    }) === true
  return (
    changed(status?.containerStatuses, before?.containerStatuses) || changed(status?.initContainerStatuses, before?.initContainerStatuses)
  )
}
