import type { ResourceFacts } from '../api/definition.ts'

/**
 * Groups are listed by this priority, and those of equal priority by name. The group of a custom resource has 1000.
 * Upstream: pkg/controlplane/apiserver/aggregator.go DefaultGenericAPIServicePriorities.
 */
const GROUP_PRIORITIES: Readonly<Record<string, number>> = {
  'apiregistration.k8s.io': 20000,
  '': 18000,
  apps: 17800,
  'events.k8s.io': 17750,
  'authentication.k8s.io': 17700,
  'authorization.k8s.io': 17600,
  autoscaling: 17500,
  batch: 17400,
  'certificates.k8s.io': 17300,
  'networking.k8s.io': 17200,
  policy: 17100,
  'rbac.authorization.k8s.io': 17000,
  'storage.k8s.io': 16800,
  'admissionregistration.k8s.io': 16700,
  'apiextensions.k8s.io': 16700,
  'scheduling.k8s.io': 16600,
  'coordination.k8s.io': 16500,
  'node.k8s.io': 16300,
  'discovery.k8s.io': 16200,
  'flowcontrol.apiserver.k8s.io': 16100,
  'internal.apiserver.k8s.io': 16000,
  'resource.k8s.io': 15900,
  'storagemigration.k8s.io': 15800,
  // As the metrics server registers itself: behind all else, for its nodes and pods are namesakes.
  'metrics.k8s.io': 100,
}
const CUSTOM_GROUP_PRIORITY = 1000

const compareText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

const STABILITY: Readonly<Record<string, number>> = { alpha: 1, beta: 2 }

/** [is it a Kubernetes-like version, stability, major, minor] */
function versionRank(version: string): readonly number[] {
  const match = /^v([1-9]\d*)(?:(alpha|beta)([1-9]\d*))?$/.exec(version)
  if (!match) return [0, 0, 0, 0]
  const [, major, stability, minor] = match
  return [1, stability === undefined ? 3 : STABILITY[stability]!, Number(major), Number(minor ?? 0)]
}

/** The preferred version first: stable, then beta, then alpha, the newer first. Upstream: CompareKubeAwareVersionStrings. */
export function compareVersions(a: string, b: string): number {
  const ranks = versionRank(a)
  const others = versionRank(b)
  for (const [at, rank] of ranks.entries()) {
    if (rank !== others[at]) return others[at]! - rank
  }
  return compareText(a, b)
}

export interface ServedVersion<T> {
  readonly version: string
  readonly resources: readonly T[]
}

export interface ServedGroup<T> {
  readonly group: string
  /** The preferred one first. */
  readonly versions: readonly ServedVersion<T>[]
}

/** Sorts resources into groups and versions, all in the order in which discovery lists them; the core group is `''`. */
export function groupsInOrder<T extends Pick<ResourceFacts, 'group' | 'version' | 'resource'>>(resources: readonly T[]): ServedGroup<T>[] {
  const groups = new Map<string, Map<string, T[]>>()
  for (const resource of resources) {
    const versions = groups.get(resource.group) ?? new Map<string, T[]>()
    groups.set(resource.group, versions.set(resource.version, [...(versions.get(resource.version) ?? []), resource]))
  }
  const priority = (group: string) => GROUP_PRIORITIES[group] ?? CUSTOM_GROUP_PRIORITY
  return [...groups]
    .sort(([a], [b]) => priority(b) - priority(a) || compareText(a, b))
    .map(([group, versions]) => ({
      group,
      versions: [...versions]
        .sort(([a], [b]) => compareVersions(a, b))
        .map(([version, members]) => ({ version, resources: members.sort((a, b) => compareText(a.resource, b.resource)) })),
    }))
}
