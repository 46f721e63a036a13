import type { ResourceDefinition, ScalePaths } from '../../api/definition.ts'
import type { GroupResource, KubeObject } from '../../api/object.ts'

/** What a definition says that matters for scaling. */
export type ScaledResource = Pick<ResourceDefinition, 'groupResource' | 'group' | 'apiVersion' | 'kind' | 'namespaced' | 'conversion'> & {
  readonly scale?: ScalePaths<KubeObject>
}

export interface ScaleKind {
  readonly resource: GroupResource
  readonly namespaced: boolean
  /** undefined for a kind without /scale. */
  readonly paths: ScalePaths<KubeObject> | undefined
}

/** The kinds that are served, as references name them, and how many replicas their objects have. */
export class ScaleKinds {
  readonly #byVersion = new Map<string, ScaleKind>()
  readonly #byGroup = new Map<string, ScaleKind>()
  /** The resources with /scale: whoever looks for scales has to watch them. */
  readonly resources: readonly GroupResource[]

  constructor(definitions: readonly ScaledResource[]) {
    const resources = new Set<GroupResource>()
    for (const { groupResource, group, apiVersion, kind, namespaced, conversion, scale } of definitions) {
      const found: ScaleKind = { resource: conversion?.storedAs ?? groupResource, namespaced, paths: scale }
      this.#byVersion.set(`${apiVersion}/${kind}`, found)
      if (!this.#byGroup.has(`${group}/${kind}`)) this.#byGroup.set(`${group}/${kind}`, found)
      if (scale !== undefined) resources.add(found.resource)
    }
    this.resources = [...resources]
  }

  /** undefined for a kind that isn't served in this version. Upstream: RESTMapper.RESTMapping */
  ofVersion(apiVersion: string, kind: string): ScaleKind | undefined {
    return this.#byVersion.get(`${apiVersion}/${kind}`)
  }

  /** Whatever the version. Upstream: RESTMapper.RESTMappings */
  ofGroup(group: string, kind: string): ScaleKind | undefined {
    return this.#byGroup.get(`${group}/${kind}`)
  }
}

/** `apps` of `apps/v1`, '' of `v1`. */
export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/')
  return slash < 0 ? '' : apiVersion.slice(0, slash)
}
