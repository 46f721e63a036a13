/**
 * The Impersonate- headers: a request in another's name. Everybody may, as nothing is forbidden to anybody yet.
 * Upstream: apiserver pkg/endpoints/filters/impersonation/impersonation.go.
 */
import type { IncomingHttpHeaders } from 'node:http'
import { badRequestError } from '../api/meta/api-error.ts'
import { isDns1123Label, isDns1123Subdomain } from '../api/meta/names.ts'
import type { User } from '../registry/context.ts'
import { serviceAccountGroups } from './service-account-claims.ts'

const AUTHENTICATED = 'system:authenticated'
const UNAUTHENTICATED = 'system:unauthenticated'
const ANONYMOUS = 'system:anonymous'
const EXTRA_PREFIX = 'impersonate-extra-'

export function impersonates(headers: IncomingHttpHeaders): boolean {
  for (const name in headers) if (name.startsWith('impersonate-')) return true
  return false
}

/**
 * @param headers each header with all its values
 * @throws ApiError 400 when a group, uid or extra is named but no user
 */
export function impersonate(headers: NodeJS.Dict<string[]>): User | undefined {
  const name = headers['impersonate-user']?.[0]
  const groups = headers['impersonate-group'] ?? []
  const uid = headers['impersonate-uid']?.[0]
  const extra = extraOf(headers)
  if (!name) {
    const asked = [
      ...groups.map((group) => reference('Group', '', group, '')),
      ...Object.entries(extra).flatMap(([key, values]) =>
        values.map((value) => reference('UserExtra', 'authentication.k8s.io/v1', value, key)),
      ),
      ...(uid ? [reference('UID', 'authentication.k8s.io/v1', uid, '')] : []),
    ]
    if (asked.length === 0) return undefined
    throw badRequestError(`requested [${asked.join(' ')}] without impersonating a user`)
  }
  return {
    name,
    groups: completeGroups(name, groups),
    ...(uid ? { uid } : {}),
    ...(Object.keys(extra).length > 0 ? { extra } : {}),
  }
}

function extraOf(headers: NodeJS.Dict<string[]>): Record<string, string[]> {
  const extra: Record<string, string[]> = {}
  for (const [header, values = []] of Object.entries(headers)) {
    if (!header.startsWith(EXTRA_PREFIX)) continue
    const key = unescaped(header.slice(EXTRA_PREFIX.length))
    extra[key] = [...(extra[key] ?? []), ...values]
  }
  return extra
}

/** Whoever names groups decides; only that the user is known, or isn't, goes without saying. */
function completeGroups(name: string, asked: readonly string[]): string[] {
  const account = namespaceOfServiceAccount(name)
  const groups = asked.length === 0 && account !== undefined ? serviceAccountGroups(account) : [...asked]
  if (name === ANONYMOUS) return groups.includes(UNAUTHENTICATED) ? groups : [...groups, UNAUTHENTICATED]
  return groups.includes(AUTHENTICATED) || groups.includes(UNAUTHENTICATED) ? groups : [...groups, AUTHENTICATED]
}

function namespaceOfServiceAccount(user: string): string | undefined {
  const match = /^system:serviceaccount:([^:]*):([^:]*)$/.exec(user)
  if (match === null) return undefined
  const [, namespace = '', name = ''] = match
  return isDns1123Label(namespace).length === 0 && isDns1123Subdomain(name).length === 0 ? namespace : undefined
}

function unescaped(key: string): string {
  try {
    return decodeURIComponent(key)
  } catch {
    return key
  }
}

/** An ObjectReference as Go prints one. */
function reference(kind: string, apiVersion: string, name: string, fieldPath: string): string {
  return `{${kind}  ${name}  ${apiVersion}  ${fieldPath}}`
}
