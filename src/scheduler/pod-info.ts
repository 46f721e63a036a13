/** What the scheduler needs to know of a pod, worked out once. */
import { asCounted, isSidecar, podRequests } from '../api/core/v1/pod-resources.ts'
import type { Container, Pod, PodAffinityTerm } from '../api/types.gen.ts'
import { type Amounts, amountsOf } from './amounts.ts'
import { affinityMatcher, type NamespaceLabels, type PodMatcher } from './pod-matcher.ts'

export interface HostPort {
  readonly ip: string
  readonly protocol: string
  readonly port: number
}

export interface AffinityTerm {
  readonly topologyKey: string
  readonly matcher: PodMatcher
}

export interface WeightedTerm {
  readonly term: AffinityTerm
  /** Negative for anti-affinity. */
  readonly weight: number
}

export interface PodAffinities {
  readonly required: readonly AffinityTerm[]
  readonly requiredAgainst: readonly AffinityTerm[]
  readonly preferred: readonly WeightedTerm[]
}

export interface PodInfo {
  readonly key: string
  readonly pod: Pod
  readonly requests: Amounts
  /** For scores: a container that asks for nothing still uses something. */
  readonly scoredCpu: number
  readonly scoredMemory: number
  readonly hostPorts: readonly HostPort[]
  readonly affinity: PodAffinities
}

/** Upstream: pkg/scheduler/util/pod_resources.go. */
const DEFAULT_REQUESTS = { cpu: '100m', memory: String(200 * 1024 * 1024) }

const NO_AFFINITIES: PodAffinities = { required: [], requiredAgainst: [], preferred: [] }

export function podInfo(pod: Pod, labelsOf: NamespaceLabels): PodInfo {
  const counted = asCounted(pod)
  const scored = amountsOf(podRequests({ spec: withDefaultRequests(counted.spec) }))
  return {
    key: `${pod.metadata.namespace}/${pod.metadata.name}`,
    pod,
    requests: amountsOf(podRequests(counted)),
    scoredCpu: scored.get('cpu') ?? 0,
    scoredMemory: scored.get('memory') ?? 0,
    hostPorts: hostPortsOf(pod),
    affinity: podAffinities(pod, labelsOf),
  }
}

function withDefaultRequests(spec: Pod['spec']): Pod['spec'] {
  const filled = (container: Container): Container => ({
    ...container,
    resources: { ...container.resources, requests: { ...DEFAULT_REQUESTS, ...container.resources?.requests } },
  })
  return {
    ...spec,
    containers: spec.containers.map(filled),
    ...(spec.initContainers && { initContainers: spec.initContainers.map(filled) }),
  }
}

/** Of containers and sidecars. Upstream: util.GetHostPorts. */
export function hostPortsOf({ spec }: Pod): readonly HostPort[] {
  return [...spec.containers, ...(spec.initContainers ?? []).filter(isSidecar)].flatMap(({ ports }) =>
    (ports ?? [])
      .filter(({ hostPort }) => hostPort !== undefined && hostPort > 0)
      .map(({ hostIP, hostPort, protocol }) => ({ ip: hostIP || '0.0.0.0', protocol: protocol || 'TCP', port: hostPort! })),
  )
}

export function isSamePort(a: HostPort, b: HostPort): boolean {
  return a.port === b.port && a.protocol === b.protocol && (a.ip === b.ip || a.ip === '0.0.0.0' || b.ip === '0.0.0.0')
}

export function podAffinities(pod: Pod, labelsOf: NamespaceLabels): PodAffinities {
  const { podAffinity, podAntiAffinity } = pod.spec.affinity ?? {}
  if (podAffinity === undefined && podAntiAffinity === undefined) return NO_AFFINITIES
  const term = (each: PodAffinityTerm): AffinityTerm => ({
    topologyKey: each.topologyKey,
    matcher: affinityMatcher(each, pod, labelsOf),
  })
  return {
    required: (podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).map(term),
    requiredAgainst: (podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).map(term),
    preferred: [
      ...(podAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ podAffinityTerm, weight }) => ({
        term: term(podAffinityTerm),
        weight,
      })),
      ...(podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ podAffinityTerm, weight }) => ({
        term: term(podAffinityTerm),
        weight: -weight,
      })),
    ],
  }
}

export function priorityOf({ spec }: Pod): number {
  return spec.priority ?? 0
}

/** Its resources are free again. */
export function isOver({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed'
}

/** Is it on a node and in need of room there? */
export function isPlaced(pod: Pod): boolean {
  return pod.spec.nodeName !== undefined && pod.spec.nodeName !== '' && !isOver(pod)
}
