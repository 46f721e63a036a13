/**
 * The endpoints that are Coracle's own, and the page that documents them: an app of its own, made when it is first asked for, so
 * that a cluster's start doesn't pay for it.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import Fastify, { type FastifyInstance } from 'fastify'
import { VERSION } from '../api/version.ts'
import { NO_SUCH_PATH, sendError } from './respond.ts'
import { registerSimulationRoutes, type Simulation } from './routes/simulation.ts'
import { toApiError } from './to-api-error.ts'

export interface SimulationAppOptions {
  readonly simulation: Simulation
  readonly onError: (error: unknown) => void
  /** All documents by name, and where they are: /docs shows the Kubernetes API's too. */
  readonly locations: () => Promise<Readonly<Record<string, string>>>
}

/** Is the path one of this app's? */
export function isSimulationPath(url: string): boolean {
  return /^\/(simulation|docs)([/?]|$)/.test(url)
}

export class SimulationApp {
  readonly #options: SimulationAppOptions
  #app: Promise<FastifyInstance> | undefined

  constructor(options: SimulationAppOptions) {
    this.#options = options
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const app = await this.#made()
    app.routing(request, response)
  }

  /** The OpenAPI document of these endpoints. */
  async document(): Promise<Buffer> {
    return Buffer.from(JSON.stringify((await this.#made()).swagger()))
  }

  async close(): Promise<void> {
    await (await this.#app)?.close()
  }

  #made(): Promise<FastifyInstance> {
    this.#app ??= create(this.#options)
    return this.#app
  }
}

async function create({ simulation, onError, locations }: SimulationAppOptions): Promise<FastifyInstance> {
  const [{ default: swagger }, { default: swaggerUi }] = await Promise.all([import('@fastify/swagger'), import('@fastify/swagger-ui')])
  const app = Fastify()
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  app.setErrorHandler((error, _request, reply) => sendError(reply, toApiError(error, onError)))
  app.setNotFoundHandler((_request, reply) => sendError(reply, NO_SUCH_PATH))
  await app.register(swagger, {
    openapi: {
      info: { title: 'Coracle', version: VERSION.gitVersion, description: 'Simulated nodes: join, leave, fail and recover.' },
    },
  })
  const urls = Object.entries(await locations()).map(([name, url]) => ({ name, url }))
  await app.register(swaggerUi, { routePrefix: '/docs', uiConfig: { urls, 'urls.primaryName': 'simulation' } as object })
  registerSimulationRoutes(app, simulation)
  await app.ready()
  return app
}
