/** The endpoints that are Coracle's own, as an OpenAPI document (/docs/json) and a page to try them on (/docs). */
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'

export function registerDocsRoutes(app: FastifyInstance): void {
  app.register(swaggerUi, { routePrefix: '/docs' })
}
