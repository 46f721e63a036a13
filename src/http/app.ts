/**
 * What clients see. One Fastify app whose hooks, in running order, are on this screen; routes are in routes/, a file a family.
 * Knows how requests and answers look, and nothing of storage or controllers.
 */
import swagger from '@fastify/swagger'
import Fastify, { type FastifyError, type FastifyInstance } from 'fastify'
import { ApiError, badRequestError, internalError, tooLargeError, unsupportedMediaTypeError } from '../api/meta/api-error.ts'
import { VERSION } from '../api/version.ts'
import { ADMIN } from '../auth/authenticate.ts'
import type { RegistryContext } from '../registry/context.ts'
import { Codecs } from './codecs/codecs.ts'
import { Discovery } from './discovery.ts'
import { OpenApi } from './openapi.ts'
import { NO_SUCH_PATH, sendError } from './respond.ts'
import { registerDocsRoutes } from './routes/docs.ts'
import { registerDocumentRoutes } from './routes/documents.ts'
import { type HealthSource, registerHealthRoutes } from './routes/health.ts'
import { registerResourceRoutes } from './routes/resources.ts'
import { registerSimulationRoutes, type Simulation } from './routes/simulation.ts'
import type { WatchStream } from './watch-stream.ts'

/** Upstream: MaxRequestBodyBytes. */
const MAX_BODY_BYTES = 3 * 1024 * 1024

export interface AppOptions {
  readonly context: RegistryContext
  readonly health: HealthSource
  readonly simulation: Simulation
  /** A defect behind an answer 500. */
  readonly onError: (error: unknown) => void
}

export async function createApp({ context, health, simulation, onError }: AppOptions): Promise<FastifyInstance> {
  const app = Fastify({
    bodyLimit: MAX_BODY_BYTES,
    // Resource names may be longer than Fastify's default of 100.
    routerOptions: { maxParamLength: 1024 },
    forceCloseConnections: true,
    exposeHeadRoutes: false,
  })
  const codecs = new Codecs(context.schemas)
  const streams = new Set<WatchStream>()

  // Bodies stay bytes until the resource they are for is known: Fastify's parsers and schemas would lose the field path.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  app.setErrorHandler((error, _request, reply) => sendError(reply, toApiError(error, onError)))
  app.setNotFoundHandler((_request, reply) => sendError(reply, NO_SUCH_PATH))
  app.addHook('preClose', async () => {
    for (const stream of streams) stream.end()
  })

  await app.register(swagger, {
    openapi: {
      info: { title: 'Coracle', version: VERSION.gitVersion, description: 'Simulated nodes: join, leave, fail and recover.' },
    },
  })
  registerHealthRoutes(app, health)
  const address = () => {
    const bound = app.server.address()
    return bound === null || typeof bound === 'string' ? '127.0.0.1' : `${bound.address}:${bound.port}`
  }
  let definitions = context.resources.all()
  let version = context.resources.version
  const current = () => {
    if (version !== context.resources.version) {
      definitions = context.resources.all()
      version = context.resources.version
    }
    return definitions
  }
  registerDocumentRoutes(app, new Discovery({ definitions: current, serverAddress: address }), new OpenApi({ clock: context.clock }))
  registerSimulationRoutes(app, simulation)
  registerDocsRoutes(app)
  registerResourceRoutes(app, { context, codecs, streams, authenticate: () => ADMIN })
  return app
}

/** Fastify's own errors, in Kubernetes' words. */
function toApiError(error: unknown, onError: (error: unknown) => void): ApiError {
  if (error instanceof ApiError) return error
  const { code, statusCode, message } = error as Partial<FastifyError>
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return tooLargeError(`Request entity too large: limit is ${MAX_BODY_BYTES}`)
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return unsupportedMediaTypeError('the body of the request was in an unknown format')
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return badRequestError('the request body is shorter or longer than Content-Length says')
  }
  if (error instanceof URIError) return badRequestError(`the path can't be decoded: ${message}`)
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) return new ApiError(statusCode, 'BadRequest', message ?? '')
  onError(error)
  return internalError(message ?? String(error))
}
