/** Every active namespace has a ServiceAccount `default`. Upstream: pkg/controller/serviceaccount/serviceaccounts_controller.go */
import type { KubeObject } from '../../api/object.ts'
import type { Namespace } from '../../api/types.gen.ts'
import type { ControllerDefinition, Key } from '../../runtime/controller.ts'
import type { Plan } from '../../runtime/plan.ts'

const SERVICE_ACCOUNTS = 'serviceaccounts'
const NAMESPACES = 'namespaces'
const NAME = 'default'

export interface ObservedServiceAccount {
  readonly namespace: Namespace
  readonly exists: boolean
}

export const serviceAccountController: ControllerDefinition<ObservedServiceAccount> = {
  name: 'serviceaccount',
  reconciles: NAMESPACES,
  watches: {},
  watchesDigests: { [SERVICE_ACCOUNTS]: { keysOf: (current, old) => (current === undefined ? goneFrom(old!) : []) } },
  observe(reader, key) {
    const namespace = reader.get<Namespace>(NAMESPACES, '', key)
    return namespace && { namespace, exists: reader.get(SERVICE_ACCOUNTS, key, NAME) !== undefined }
  },
  reconcile: reconcileServiceAccount,
}

function goneFrom({ metadata }: KubeObject): readonly Key[] {
  return metadata.name === NAME ? [metadata.namespace ?? ''] : []
}

export function reconcileServiceAccount({ namespace, exists }: ObservedServiceAccount): Plan {
  if (exists || namespace.metadata.deletionTimestamp !== undefined || namespace.status?.phase === 'Terminating') return {}
  const object = { metadata: { name: NAME, namespace: namespace.metadata.name } }
  return { actions: [{ verb: 'create', resource: SERVICE_ACCOUNTS, object }] }
}
