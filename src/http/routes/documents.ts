/** What the server says of itself: discovery, OpenAPI, version. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { VERSION } from '../../api/version.ts'
import type { Answer } from '../answer.ts'
import type { Discovery } from '../discovery.ts'
import type { OpenApi } from '../openapi.ts'
import { isWorthCompressing, NO_SUCH_PATH, sendCompressed, sendJson } from '../respond.ts'
import { methodNotAllowed } from './resource-call.ts'

const DISCOVERY_PATHS = ['/api', '/api/', '/api/:version', '/apis', '/apis/', '/apis/:group', '/apis/:group/:version']

export function registerDocumentRoutes(app: FastifyInstance, discovery: Discovery, openApi: OpenApi): void {
  for (const url of DISCOVERY_PATHS) {
    app.all(url, async (request, reply) => {
      checkIsGet(request)
      const path = request.raw.url!.split('?')[0]!
      send(reply, await discovery.answer(path, request.headers), true)
    })
  }
  const openApiHandler = async (request: FastifyRequest, reply: FastifyReply) => {
    const url = request.raw.url!
    send(reply, await openApi.answer(url, request.headers), url.startsWith('/openapi/v2'))
  }
  app.get('/openapi/v2', openApiHandler)
  app.get('/openapi/v3', openApiHandler)
  app.get('/openapi/v3/*', openApiHandler)
  app.all('/version', async (request, reply) => {
    checkIsGet(request)
    sendJson(reply, 200, VERSION)
  })
  app.get('/', (_request, reply) => {
    const paths = [
      '/.well-known/openid-configuration',
      '/api',
      '/apis',
      '/docs',
      '/healthz',
      '/livez',
      '/openapi/v2',
      '/openapi/v3',
      '/openid/v1/jwks',
      '/readyz',
      '/simulation',
      '/version',
    ]
    sendJson(reply, 200, { paths })
  })
}

/** Upstream serves these as it does resources: go-restful takes no HEAD for a GET. */
function checkIsGet({ method }: FastifyRequest): void {
  if (method !== 'GET') throw methodNotAllowed()
}

/** @param isCompressible upstream compresses all documents but those of OpenAPI v3 */
function send(reply: FastifyReply, answer: Answer | undefined, isCompressible: boolean): void {
  if (answer === undefined) throw NO_SUCH_PATH
  if (isCompressible && isWorthCompressing(reply, answer.body.length)) {
    return sendCompressed(reply, answer.status, answer.headers, [answer.body])
  }
  reply.hijack()
  reply.raw.writeHead(answer.status, { ...answer.headers, ...(answer.status === 304 ? {} : { 'content-length': answer.body.length }) })
  reply.raw.end(answer.body)
}
