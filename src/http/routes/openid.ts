/** What relying parties need to check the tokens of service accounts. Upstream: pkg/routes/openidmetadata.go. */
import type { FastifyInstance, FastifyReply } from 'fastify'
import { ISSUER, type ServiceAccountTokens } from '../../auth/service-account-tokens.ts'

const HEADERS = { 'cache-control': 'public, max-age=3600' }

/** @param address `HOST:PORT` of this server: there the keys are, whatever host the issuer names */
export function registerOpenIdRoutes(app: FastifyInstance, tokens: ServiceAccountTokens, address: () => string): void {
  app.get('/.well-known/openid-configuration', async (_request, reply) => {
    const { keys } = await tokens.keySet()
    send(reply, 'application/json', {
      issuer: ISSUER,
      jwks_uri: `http://${address()}/openid/v1/jwks`,
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: keys.map(({ alg }) => alg),
    })
  })
  app.get('/openid/v1/jwks', async (_request, reply) => send(reply, 'application/jwk-set+json', await tokens.keySet()))
}

function send(reply: FastifyReply, contentType: string, body: object): void {
  const bytes = Buffer.from(JSON.stringify(body))
  reply.hijack()
  reply.raw.writeHead(200, { ...HEADERS, 'content-type': contentType, 'content-length': bytes.length })
  reply.raw.end(bytes)
}
