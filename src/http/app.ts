/**
 * What clients see. One Fastify app whose hooks, in running order, are on this screen; routes are in routes/, a file a family.
 * Knows how requests and answers look, and nothing of storage or controllers.
 */

import type { IncomingMessage } from 'node:http'
import Fastify, { type FastifyInstance } from 'fastify'
import { ADMIN, authenticate, hasCredentials } from '../auth/authenticate.ts'
import type { RegistryContext, User } from '../registry/context.ts'
import { Codecs } from './codecs/codecs.ts'
import { Discovery } from './discovery.ts'
import { OpenApi } from './openapi.ts'
import { type Encode, sendError, UNKNOWN_PATH } from './respond.ts'
import { registerDocumentRoutes } from './routes/documents.ts'
import { type HealthSource, registerHealthRoutes } from './routes/health.ts'
import { registerOpenIdRoutes } from './routes/openid.ts'
import type { OpenAnswer } from './routes/resource-call.ts'
import { registerResourceRoutes } from './routes/resources.ts'
import { SIMULATION_HASH, type Simulation } from './routes/simulation.ts'
import { isSimulationPath, SimulationApp } from './simulation-app.ts'
import { MAX_BODY_BYTES, toApiError } from './to-api-error.ts'
import { WarningRecorder } from './warning-recorder.ts'

export interface AppOptions {
  readonly context: RegistryContext
  readonly health: HealthSource
  readonly simulation: Simulation
  /** A defect behind an answer 500. */
  readonly onError: (error: unknown) => void
}

export function createApp({ context, health, simulation, onError }: AppOptions): FastifyInstance {
  const app = Fastify({
    bodyLimit: MAX_BODY_BYTES,
    // Resource names may be longer than Fastify's default of 100.
    routerOptions: { maxParamLength: 1024 },
    forceCloseConnections: true,
    exposeHeadRoutes: false,
  })
  const codecs = new Codecs(context.schemas)
  const streams = new Set<OpenAnswer>()
  const simulationApp = new SimulationApp({ simulation, onError, locations: () => openApi.locations() })
  const openApi = new OpenApi({
    clock: context.clock,
    assembled: [{ name: 'simulation', hash: SIMULATION_HASH, read: () => simulationApp.document() }],
  })

  app.addHook('onRequest', (request, reply, done) => {
    if (!isSimulationPath(request.raw.url!)) return done()
    reply.hijack()
    simulationApp.handle(request.raw, reply.raw).catch((error) => sendError(reply, toApiError(error, onError)))
  })
  const users = new WeakMap<IncomingMessage, User>()
  app.addHook('onRequest', (request, reply, done) => {
    if (!hasCredentials(request.raw)) return done()
    authenticate(context.tokens, request.raw, new WarningRecorder(reply.raw).warn).then(
      (user) => {
        users.set(request.raw, user)
        done()
      },
      (error) => done(error),
    )
  })
  // Bodies stay bytes until the resource they are for is known: Fastify's parsers and schemas would lose the field path.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  const encode: Encode = (mediaType, value) => codecs.encode(mediaType, value)
  app.setErrorHandler((error, _request, reply) => sendError(reply, toApiError(error, onError), encode))
  app.setNotFoundHandler((_request, reply) => sendError(reply, UNKNOWN_PATH))
  app.addHook('preClose', async () => {
    for (const stream of streams) stream.end()
    await simulationApp.close()
  })

  const discovery = new Discovery({ definitions: () => context.resources.all(), serverAddress: () => addressOf(app) })
  registerHealthRoutes(app, health)
  registerDocumentRoutes(app, discovery, openApi)
  registerOpenIdRoutes(app, context.tokens, () => addressOf(app))
  registerResourceRoutes(app, { context, codecs, streams, userOf: ({ raw }) => users.get(raw) ?? ADMIN })
  return app
}

function addressOf(app: FastifyInstance): string {
  const bound = app.server.address()
  return bound === null || typeof bound === 'string' ? '127.0.0.1' : `${bound.address}:${bound.port}`
}
