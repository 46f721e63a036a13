import { createHash } from 'node:crypto'
import type { ResourceDefinition, ResourceFacts, SubresourceFacts } from '../api/definition.ts'
import type { APIGroup, APIGroupList, APIResource, APIResourceList, APIVersions } from '../api/types.gen.ts'
import type { ServedGroup, ServedVersion } from './group-order.ts'

export const groupVersion = (group: string, version: string): string => (group === '' ? version : `${group}/${version}`)

/** /api */
export function apiVersions(core: ServedGroup<ResourceDefinition>, serverAddress: string): APIVersions {
  return {
    kind: 'APIVersions',
    versions: core.versions.map(({ version }) => version),
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }],
  }
}

function describeGroup({ group, versions }: ServedGroup<ResourceDefinition>): APIGroup {
  const described = versions.map(({ version }) => ({ groupVersion: groupVersion(group, version), version }))
  return { name: group, versions: described, preferredVersion: described[0] }
}

/** /apis/GROUP */
export function apiGroup(group: ServedGroup<ResourceDefinition>): APIGroup {
  return { kind: 'APIGroup', apiVersion: 'v1', ...describeGroup(group) }
}

/** /apis. The core group has its own path and isn't in it. */
export function apiGroupList(groups: readonly ServedGroup<ResourceDefinition>[]): APIGroupList {
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: groups.filter(({ group }) => group !== '').map(describeGroup) }
}

const PROXY_VERBS = ['create', 'delete', 'get', 'patch', 'update']
const STREAM_VERBS = ['create', 'get']

/** Discovery knows no "connect": it names the verbs of the HTTP methods that a connection may be opened with. */
export function subresourceVerbs(name: string, { verbs }: SubresourceFacts): string[] {
  if (!verbs.includes('connect')) return [...verbs]
  return name === 'proxy' ? PROXY_VERBS : STREAM_VERBS
}

/** Group and version of a subresource's kind, when they aren't those of the resource. */
export function foreignGroupVersion(
  owner: ResourceFacts,
  { groupVersion: own }: SubresourceFacts,
): { group: string; version: string } | undefined {
  if (own === undefined || own === groupVersion(owner.group, owner.version)) return undefined
  const [version = '', group = ''] = own.split('/').reverse()
  return { group, version }
}

/** The definition that a resource's objects are stored in the form of. */
function storedDefinition(resource: ResourceDefinition, all: readonly ResourceDefinition[]): ResourceDefinition {
  const conversion = resource.conversion
  if (!conversion) return resource
  return all.find((other) => other.groupResource === conversion.storedAs && !other.conversion) ?? resource
}

/** Changes when the version does that objects are stored in. Upstream: storageversionhash.go. */
function storageVersionHash({ group, version, kind }: ResourceFacts): string {
  return createHash('sha256').update(`${group}/${version}/${kind}`).digest().subarray(0, 8).toString('base64')
}

function describeResource(resource: ResourceDefinition, all: readonly ResourceDefinition[]): APIResource[] {
  const { categories, kind, namespaced, shortNames, singular, verbs } = resource
  // What is only computed or only created isn't stored; all that is stored can be watched.
  const isStored = verbs.includes('watch')
  const main: APIResource = {
    name: resource.resource,
    singularName: singular,
    namespaced,
    kind,
    verbs: [...verbs],
    ...(shortNames?.length ? { shortNames: [...shortNames] } : {}),
    ...(categories?.length ? { categories: [...categories] } : {}),
    ...(isStored ? { storageVersionHash: storageVersionHash(storedDefinition(resource, all)) } : {}),
  }
  const subresources = Object.entries(resource.subresources).map(([name, facts]) => ({
    name: `${resource.resource}/${name}`,
    singularName: '',
    namespaced,
    ...foreignGroupVersion(resource, facts),
    kind: facts.kind,
    verbs: subresourceVerbs(name, facts),
  }))
  return [main, ...subresources]
}

/** /api/VERSION and /apis/GROUP/VERSION */
export function apiResourceList(
  group: string,
  { version, resources }: ServedVersion<ResourceDefinition>,
  all: readonly ResourceDefinition[],
): APIResourceList {
  return {
    kind: 'APIResourceList',
    // Upstream leaves it out in the core group, for clients older than API groups.
    ...(group === '' ? {} : { apiVersion: 'v1' }),
    groupVersion: groupVersion(group, version),
    resources: resources.flatMap((resource) => describeResource(resource, all)),
  }
}
