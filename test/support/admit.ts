/** One admission plugin, one write, and a cluster of a few objects. */
import type { AdmissionPlugin, ClusterView, Operation } from '../../src/admission/admission.ts'
import type { ResourceDefinition } from '../../src/api/definition.ts'
import { ApiError } from '../../src/api/meta/api-error.ts'
import type { KubeObject } from '../../src/api/object.ts'
import type { Json } from './api.ts'

export interface AdmittedWrite {
  /** `pods`, `ingresses.networking.k8s.io` */
  readonly resource: string
  readonly kind?: string
  readonly operation?: Operation
  readonly subresource?: string
  readonly namespace?: string
  readonly object: Json
  readonly old?: Json
  readonly user?: string
  /** Objects by resource. */
  readonly cluster?: Readonly<Record<string, readonly Json[]>>
}

export interface Admitted {
  /** As the plugin leaves it. */
  readonly object: Json
  readonly warnings: readonly string[]
  /** `403 pods "p" is forbidden: …` */
  readonly refusal: string | undefined
  readonly error: ApiError | undefined
}

/** Runs both phases, as a request does; does nothing where the plugin doesn't handle the write. */
export function admit(plugin: AdmissionPlugin, write: AdmittedWrite): Admitted {
  const object = write.object && structuredClone(write.object)
  const [resource = '', ...group] = write.resource.split('.')
  const namespaced = write.namespace !== ''
  const warnings: string[] = []
  const definition = { group: group.join('.'), resource, groupResource: write.resource, kind: write.kind ?? resource, namespaced }
  const request = {
    operation: write.operation ?? (write.old === undefined ? 'create' : 'update'),
    definition: definition as unknown as ResourceDefinition,
    subresource: write.subresource ?? '',
    namespace: write.namespace ?? 'default',
    name: write.object?.metadata?.name ?? '',
    object,
    old: write.old,
    user: { name: write.user ?? 'somebody', groups: [] },
    isDryRun: false,
    warn: (text: string) => void warnings.push(text),
  }
  const cluster = viewOf(write.cluster ?? {})
  try {
    if (plugin.handles(request)) {
      plugin.mutate?.(request, cluster)
      plugin.validate?.(request, cluster)
    }
    return { object, warnings, refusal: undefined, error: undefined }
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    return { object, warnings, refusal: `${error.code} ${error.message}`, error }
  }
}

function viewOf(objects: Readonly<Record<string, readonly Json[]>>): ClusterView {
  const list = <T extends KubeObject>(resource: string, namespace?: string) =>
    (objects[resource] ?? [])
      .filter(({ metadata }: Json) => namespace === undefined || (metadata.namespace ?? 'default') === namespace)
      .sort((a: Json, b: Json) => (a.metadata.name < b.metadata.name ? -1 : 1)) as readonly T[]
  return {
    follow: (resource, handler) => {
      for (const each of objects[resource] ?? []) handler(each, undefined)
    },
    idle: async () => {},
    now: Date.parse('2026-01-01T00:00:00Z'),
    list,
    get: <T extends KubeObject>(resource: string, namespace: string, name: string) =>
      list<T>(resource, namespace === '' ? undefined : namespace).find(({ metadata }) => metadata.name === name),
  }
}
