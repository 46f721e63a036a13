/** The subresources, by resource: a line each. `status` and `scale` are every resource's that has them. */
import type { ResourceDefinition } from '../../api/definition.ts'
import type { KubeObject } from '../../api/object.ts'
import type { ObjectResult, RegistryContext, Target } from '../context.ts'
import type { UpdateOptions } from '../update.ts'
import { bindPodCreate } from './binding.ts'
import { certificateApproval, certificateStatus } from './certificate-signing-request.ts'
import { evict } from './eviction.ts'
import { finalizeNamespace } from './finalize.ts'
import { podLog } from './log.ts'
import { podEphemeralContainers, podResize } from './pod-changes.ts'
import { REVIEWS } from './reviews.ts'
import { scale } from './scale.ts'
import { status } from './status.ts'
import { serviceAccountToken } from './token.ts'

/** What a PUT or PATCH makes of the subresource as it is. May be called more than once. */
export type SubresourceChange = (current: KubeObject) => KubeObject

/** The parameters of a request. @throws ApiError 400 for a number that is none */
export interface QueryReader {
  text(name: string): string | undefined
  integer(name: string): number | undefined
  boolean(name: string): boolean | undefined
}

/** Text that is sent as it comes. */
export interface TextStream {
  /** Calls `end` when there will be no more, unless it is stopped before. */
  start(write: (text: string) => void, end: () => void): { stop(): void }
}

export interface Subresource {
  /** The definition of what goes in and out, when that isn't the resource's own kind. */
  readonly shownAs?: (context: RegistryContext, definition: ResourceDefinition) => ResourceDefinition
  readonly get?: (context: RegistryContext, target: Target) => Buffer
  /** A GET that answers plain text; undefined when there is nothing to tell yet. */
  readonly text?: (context: RegistryContext, target: Target, query: QueryReader) => string | TextStream | undefined
  readonly create?: (context: RegistryContext, target: Target, object: KubeObject, options: UpdateOptions) => Promise<ObjectResult>
  readonly update?: (context: RegistryContext, target: Target, change: SubresourceChange, options: UpdateOptions) => Promise<ObjectResult>
  /** False when only PUT is served. */
  readonly patches?: boolean
}

const BY_PATH: Readonly<Record<string, Subresource>> = {
  'pods/binding': bindPodCreate,
  'pods/ephemeralcontainers': podEphemeralContainers,
  'pods/eviction': evict,
  'pods/log': podLog,
  'pods/resize': podResize,
  'namespaces/finalize': finalizeNamespace,
  'certificatesigningrequests.certificates.k8s.io/approval': certificateApproval,
  'certificatesigningrequests.certificates.k8s.io/status': certificateStatus,
  'serviceaccounts/token': serviceAccountToken,
  ...REVIEWS,
}

/** @param name '' for a resource that is only ever created and never stored */
export function findSubresource(definition: ResourceDefinition, name: string): Subresource | undefined {
  const known = BY_PATH[name === '' ? definition.groupResource : `${definition.groupResource}/${name}`]
  if (known !== undefined || name === '') return known
  if (definition.subresources[name] === undefined) return undefined
  if (name === 'status') return status
  return name === 'scale' && definition.scale !== undefined ? scale : undefined
}
