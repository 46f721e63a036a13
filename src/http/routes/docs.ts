/** The endpoints that are Coracle's own, as an OpenAPI document and a page to try them on. */
import type { FastifyInstance } from 'fastify'
import { sendJson } from '../respond.ts'

export function registerDocsRoutes(app: FastifyInstance): void {
  const hidden = { schema: { hide: true } } as object
  app.get('/docs/json', hidden, (_request, reply) => sendJson(reply, 200, app.swagger()))
  app.register(
    async (docs) => {
      const { default: swaggerUi } = await import('@fastify/swagger-ui')
      await docs.register(swaggerUi, { routePrefix: '/docs' })
    },
  )
}
