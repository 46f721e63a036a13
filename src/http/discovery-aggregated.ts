import type { ResourceDefinition } from '../api/definition.ts'
import { foreignGroupVersion, subresourceVerbs } from './discovery-lists.ts'
import type { ServedGroup } from './group-order.ts'

interface ResponseKind {
  readonly group: string
  readonly version: string
  readonly kind: string
}

interface SubresourceDiscovery {
  readonly subresource: string
  readonly responseKind: ResponseKind
  readonly verbs: readonly string[]
}

interface ResourceDiscovery {
  readonly resource: string
  readonly responseKind: ResponseKind
  readonly scope: 'Namespaced' | 'Cluster'
  readonly singularResource: string
  readonly verbs: readonly string[]
  readonly shortNames?: readonly string[]
  readonly categories?: readonly string[]
  readonly subresources?: readonly SubresourceDiscovery[]
}

interface VersionDiscovery {
  readonly version: string
  readonly resources: readonly ResourceDiscovery[]
  readonly freshness: 'Current'
}

interface GroupDiscovery {
  readonly metadata: { readonly name?: string }
  readonly versions: readonly VersionDiscovery[]
}

export interface APIGroupDiscoveryList {
  readonly kind: 'APIGroupDiscoveryList'
  readonly apiVersion: string
  readonly metadata: Record<string, never>
  readonly items: readonly GroupDiscovery[]
}

/** Empty group and version mean: those that the resource is listed under. */
const OWN = { group: '', version: '' }

function describeResource(resource: ResourceDefinition): ResourceDiscovery {
  const subresources = Object.entries(resource.subresources).map(([name, facts]) => ({
    subresource: name,
    responseKind: { ...(foreignGroupVersion(resource, facts) ?? OWN), kind: facts.kind },
    verbs: subresourceVerbs(name, facts),
  }))
  return {
    resource: resource.resource,
    responseKind: { ...OWN, kind: resource.kind },
    scope: resource.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: resource.singular,
    verbs: resource.verbs,
    ...(resource.shortNames?.length ? { shortNames: resource.shortNames } : {}),
    ...(resource.categories?.length ? { categories: resource.categories } : {}),
    ...(subresources.length > 0 ? { subresources } : {}),
  }
}

/** All that /api or /apis has to say, in one document. */
export function apiGroupDiscoveryList(version: string, groups: readonly ServedGroup<ResourceDefinition>[]): APIGroupDiscoveryList {
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items: groups.map(({ group, versions }) => ({
      metadata: group === '' ? {} : { name: group },
      versions: versions.map(({ version: name, resources }) => ({
        version: name,
        resources: resources.map(describeResource),
        freshness: 'Current',
      })),
    })),
  }
}
