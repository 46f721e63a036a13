import type { ResourceFacts } from '../api/definition.ts'
import { GROUP_PRIORITIES } from '../api/group-priorities.ts'

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
