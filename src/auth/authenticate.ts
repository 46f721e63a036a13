import type { IncomingMessage } from 'node:http'
import type { Warn } from '../api/definition.ts'
import { ApiError } from '../api/meta/api-error.ts'
import type { User } from '../registry/context.ts'
import { impersonate, impersonates } from './impersonate.ts'
import { TokenError } from './service-account-claims.ts'
import type { ServiceAccountTokens } from './service-account-tokens.ts'

/** Who everybody is, as long as the server listens on this machine alone and asks for no credentials. */
export const ADMIN: User = { name: 'kubernetes-admin', groups: ['system:masters', 'system:authenticated'] }

/** Who a controller of this process is. */
export function controllerUser(name: string): User {
  return { name: `system:serviceaccount:kube-system:${name}`, groups: ['system:serviceaccounts', 'system:authenticated', 'system:masters'] }
}

/** Does the request say who it is from? Those that don't are the administrator's. */
export function hasCredentials({ headers }: IncomingMessage): boolean {
  return headers.authorization !== undefined || impersonates(headers)
}

/**
 * Who a request is from: the service account whose token it shows, or the administrator; in whose name, if it says so.
 * @throws ApiError 401 for a token that isn't good
 */
export async function authenticate(tokens: ServiceAccountTokens, { headers, headersDistinct }: IncomingMessage, warn: Warn): Promise<User> {
  const token = bearerToken(headers.authorization)
  if (token === '') warn('the provided Authorization header contains extra space before the bearer token, and is ignored')
  const user = token ? await userOfToken(tokens, token) : ADMIN
  return impersonate(headersDistinct) ?? user
}

/** '' when a space too many stands before it. Other schemes than Bearer are nobody's. Upstream: authentication/request/bearertoken. */
function bearerToken(authorization: string | undefined): string | undefined {
  const [scheme = '', token] = (authorization ?? '').trim().split(' ', 2)
  return scheme.toLowerCase() === 'bearer' ? token : undefined
}

async function userOfToken(tokens: ServiceAccountTokens, token: string): Promise<User> {
  try {
    return (await tokens.check(token)).user
  } catch (error) {
    if (!(error instanceof TokenError)) throw error
    throw new ApiError(401, 'Unauthorized', 'Unauthorized')
  }
}
