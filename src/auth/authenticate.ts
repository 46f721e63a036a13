import type { User } from '../registry/context.ts'

/** Who everybody is, as long as the server listens on this machine alone and asks for no credentials. */
export const ADMIN: User = { name: 'kubernetes-admin', groups: ['system:masters', 'system:authenticated'] }

/** Who a controller of this process is. */
export function controllerUser(name: string): User {
  return { name: `system:serviceaccount:kube-system:${name}`, groups: ['system:serviceaccounts', 'system:authenticated', 'system:masters'] }
}
