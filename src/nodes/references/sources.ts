/**
 * What a kubelet looks up in the API for a pod of its node: as it is now, without a watch. Nothing is kept of what no pod refers
 * to, and a change of an object wakes nobody: whoever missed one looks again when its next try is due, as upstream.
 */
import type { KubeObject } from '../../api/object.ts'
import type {
  ConfigMap,
  CSIDriver,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  Secret,
  Service,
  ServiceAccount,
} from '../../api/types.gen.ts'

/** The current objects, by key. Those that come back are shared: never change one. */
export interface ObjectReader {
  get<T extends KubeObject>(resource: string, namespace: string, name: string): T | undefined
  list<T extends KubeObject>(resource: string, namespace?: string): readonly T[]
}

/** Objects as a pod may refer to them: those of its namespace, by name. */
export interface Sources {
  configMap(name: string): ConfigMap | undefined
  secret(name: string): Secret | undefined
  serviceAccount(name: string): ServiceAccount | undefined
  claim(name: string): PersistentVolumeClaim | undefined
  volume(name: string): PersistentVolume | undefined
  /** Of the pod's namespace, and `kubernetes` of `default`. */
  services(): readonly Service[]
  /** What the pod's node has for pods. */
  allocatable(): Readonly<Record<string, string>>
  csiDriver(name: string): CSIDriver | undefined
  node(): Node | undefined
}

export function sourcesOf(pod: Pod, objects: ObjectReader): Sources {
  const { namespace } = pod.metadata
  const node = () => objects.get<Node>('nodes', '', pod.spec.nodeName ?? '')
  return {
    configMap: (name) => objects.get('configmaps', namespace, name),
    secret: (name) => objects.get('secrets', namespace, name),
    serviceAccount: (name) => objects.get('serviceaccounts', namespace, name),
    claim: (name) => objects.get('persistentvolumeclaims', namespace, name),
    volume: (name) => objects.get('persistentvolumes', '', name),
    services: () => {
      const master = namespace === 'default' ? undefined : objects.get<Service>('services', 'default', 'kubernetes')
      return [...(master === undefined ? [] : [master]), ...objects.list<Service>('services', namespace)]
    },
    allocatable: () => node()?.status?.allocatable ?? {},
    csiDriver: (name) => objects.get('csidrivers.storage.k8s.io', '', name),
    node,
  }
}
