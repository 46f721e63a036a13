/** The generic endpoints of every resource: one route, whose meaning is worked out from the path and the method. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { User } from '../../registry/context.ts'
import { booleanOf, type Query } from '../query.ts'
import { parseRequestInfo } from '../request-info.ts'
import { NO_SUCH_PATH, UNKNOWN_PATH } from '../respond.ts'
import { WarningRecorder } from '../warning-recorder.ts'
import { apiVersionOf, type Call, methodNotAllowed, type ResourceServer } from './resource-call.ts'
import { deleteCall, deleteCollectionCall } from './resource-delete.ts'
import { getCall, listCall, watchCall } from './resource-read.ts'
import { subresourceCall } from './resource-subresource.ts'
import { createCall, patchCall, updateCall } from './resource-write.ts'

export interface ResourceRoutesOptions extends ResourceServer {
  readonly userOf: (request: FastifyRequest) => User
}

export function registerResourceRoutes(app: FastifyInstance, { userOf, ...server }: ResourceRoutesOptions): void {
  const handler = async (request: FastifyRequest, reply: FastifyReply) => answer(server, callOf(server, request, reply, userOf(request)))
  for (const url of ['/api/*', '/apis/*']) app.all(url, handler)
}

/** @throws ApiError 404 */
function callOf(server: ResourceServer, request: FastifyRequest, reply: FastifyReply, user: User): Call {
  const url = request.raw.url!
  const question = url.indexOf('?')
  const info = parseRequestInfo(question < 0 ? url : url.slice(0, question))
  const definition = info && server.context.resources.find(info.apiVersion, info.resource)
  if (info === undefined || definition === undefined) {
    const isServed = server.context.resources.hasVersion(apiVersionOf(url))
    throw isServed ? NO_SUCH_PATH : UNKNOWN_PATH
  }
  // A namespace in the path of a cluster-scoped resource, or none where an object needs one, is no path of upstream's.
  if (!definition.namespaced && info.namespace !== undefined) throw NO_SUCH_PATH
  if (definition.namespaced && info.namespace === undefined && info.name !== '' && !info.isWatchPath) throw NO_SUCH_PATH
  const { warn } = new WarningRecorder(reply.raw)
  if (definition.deprecation !== undefined) warn(definition.deprecation)
  return { request, reply, definition, info, query: request.query as Query, user, warn }
}

function answer(server: ResourceServer, call: Call): Promise<void> | void {
  if (call.info.subresource !== '') return subresourceCall(server, call)
  return call.info.name === '' ? answerForCollection(server, call) : answerForObject(server, call)
}

function answerForCollection(server: ResourceServer, call: Call): Promise<void> | void {
  const { definition, query, info } = call
  switch (call.request.method) {
    case 'GET':
      return booleanOf(query, 'watch') || info.isWatchPath ? watchCall(server, call) : listCall(server, call)
    case 'POST':
      if (definition.namespaced && info.namespace === undefined) throw methodNotAllowed()
      return createCall(server, call)
    case 'DELETE':
      return deleteCollectionCall(server, call)
    default:
      throw methodNotAllowed()
  }
}

function answerForObject(server: ResourceServer, call: Call): Promise<void> | void {
  switch (call.request.method) {
    case 'GET':
      return call.info.isWatchPath ? watchCall(server, call) : getCall(server, call)
    case 'PUT':
      return updateCall(server, call)
    case 'PATCH':
      return patchCall(server, call)
    case 'DELETE':
      return deleteCall(server, call)
    default:
      throw methodNotAllowed()
  }
}
