/** Liveness and readiness, as load balancers, `docker compose` and `kubectl get --raw /readyz?verbose` ask for them. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { sendBytes } from '../respond.ts'

export interface HealthSource {
  /** Each check by name; a text says what is wrong. */
  checks(): Readonly<Record<string, string | undefined>>
}

export function registerHealthRoutes(app: FastifyInstance, health: HealthSource): void {
  for (const path of ['/healthz', '/livez', '/readyz']) {
    const handler = (request: FastifyRequest, reply: FastifyReply) => {
      const checks = Object.entries({ ping: undefined, ...(path === '/readyz' ? health.checks() : {}) })
      const failed = checks.filter(([, fault]) => fault !== undefined)
      const isVerbose = (request.query as Record<string, unknown>).verbose !== undefined || failed.length > 0
      const lines = checks.map(([name, fault]) => (fault === undefined ? `[+]${name} ok` : `[-]${name} failed: ${fault}`))
      const verdict = `${path.slice(1)} check ${failed.length === 0 ? 'passed' : 'failed'}`
      const text = isVerbose ? `${[...lines, verdict].join('\n')}\n` : 'ok'
      sendBytes(reply, failed.length === 0 ? 200 : 500, 'text/plain; charset=utf-8', Buffer.from(text))
    }
    app.get(path, handler)
  }
}
