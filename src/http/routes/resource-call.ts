/** One request for a resource on its way, and what its URL, headers and body ask for. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ResourceDefinition, Warn } from '../../api/definition.ts'
import { ApiError, invalidError } from '../../api/meta/api-error.ts'
import type { DeleteOptions } from '../../api/types.gen.ts'
import type { RegistryContext, Target, User, WriteOptions } from '../../registry/context.ts'
import { validateDeleteOptions } from '../../registry/delete.ts'
import type { UpdateOptions } from '../../registry/update.ts'
import type { Codecs } from '../codecs/codecs.ts'
import { APPLY_PATCH_TYPE, bodyMediaType, type PatchType, patchMediaType } from '../codecs/negotiate.ts'
import { fieldManagerErrors, fieldManagerOf } from '../field-manager.ts'
import { booleanOf, dryRunOf, integerOf, type Query, textOf, writeOptionErrors } from '../query.ts'
import type { RequestInfo } from '../request-info.ts'

/** What answering needs of the server. */
export interface ResourceServer {
  readonly context: RegistryContext
  readonly codecs: Codecs
  /** Answers that go on, to be ended when the server closes. */
  readonly streams: Set<OpenAnswer>
}

export interface OpenAnswer {
  end(): void
}

export interface Call {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly definition: ResourceDefinition
  readonly info: RequestInfo
  readonly query: Query
  readonly user: User
  /** Adds a Warning header to the answer. */
  readonly warn: Warn
}

/**
 * @param optionsKind as the error names it: `CreateOptions`. @param isApply undefined for what is no patch
 * @throws ApiError 422 with every fault
 */
export function writeOptions({ query, user, warn, request }: Call, optionsKind: string, isApply?: boolean): WriteOptions {
  const errors = [...fieldManagerErrors(query, isApply), ...writeOptionErrors(query)]
  if (errors.length > 0) throw invalidError({ group: 'meta.k8s.io', kind: optionsKind }, '', errors)
  const fieldManager = fieldManagerOf(query, request.headers['user-agent'])
  return { user, dryRun: dryRunOf(query).length > 0, fieldManager, warn }
}

export type PatchWriteOptions = UpdateOptions & { readonly isApply: boolean }

/** @throws ApiError 415, 422 */
export function patchOptions(call: Call): PatchWriteOptions {
  const isApply = patchTypeOf(call) === APPLY_PATCH_TYPE
  const options = { ...writeOptions(call, 'PatchOptions', isApply), isPatch: true, isApply }
  // An apply sees to managedFields itself.
  return isApply ? { ...options, fieldManager: undefined, mayCreate: true } : options
}

export function patchTypeOf({ request }: Call): PatchType {
  return patchMediaType(request.headers['content-type'])
}

export function targetOf({ definition, info }: Call): Target {
  return { definition, namespace: info.namespace ?? '', name: info.name }
}

export function bodyOf(request: FastifyRequest): Buffer {
  return (request.body as Buffer | undefined) ?? NO_BYTES
}

const NO_BYTES = Buffer.alloc(0)

function optional<T>(key: string, value: T | undefined): Record<string, T> {
  return value === undefined ? {} : { [key]: value }
}

export function methodNotAllowed(): ApiError {
  return new ApiError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {})
}

/** From the body, or from the query when there is no body. */
export function deleteOptions(call: Call, codecs: Codecs): { asked: DeleteOptions; options: WriteOptions } {
  const { query, request } = call
  const body = bodyOf(request)
  let asked: DeleteOptions
  if (body.length > 0) asked = codecs.decodeDeleteOptions(body, bodyMediaType(request.headers['content-type']))
  else {
    asked = {
      ...optional('gracePeriodSeconds', integerOf(query, 'gracePeriodSeconds')),
      ...optional('orphanDependents', booleanOf(query, 'orphanDependents')),
      ...optional('propagationPolicy', textOf(query, 'propagationPolicy')),
      dryRun: dryRunOf(query),
    } as DeleteOptions
  }
  validateDeleteOptions(asked)
  return { asked, options: { user: call.user, dryRun: (asked.dryRun?.length ?? 0) > 0, warn: call.warn } }
}

/** `v1` of `/api/v1/…`, `apps/v1` of `/apis/apps/v1/…`. */
export function apiVersionOf(url: string): string {
  const [path = ''] = url.split('?')
  const [, root, ...rest] = path.split('/')
  return rest.slice(0, root === 'api' ? 1 : 2).join('/')
}
