/** Claims, volumes and classes in short, for worlds of the scheduler. */
import { nodes, type PodMore, type World, worldOf } from './scheduler-world.ts'

export const CLAIMS = 'persistentvolumeclaims'
export const VOLUMES = 'persistentvolumes'
export const CLASSES = 'storageclasses.storage.k8s.io'
export const BOUND = { 'pv.kubernetes.io/bind-completed': 'yes' }

export const using = (...names: readonly string[]): PodMore => ({
  volumes: names.map((name, index) => ({ name: `v${index}`, persistentVolumeClaim: { claimName: name } })),
})
export interface ClaimMore {
  readonly size?: string
  readonly annotations?: Record<string, string>
  readonly metadata?: object
  readonly spec?: object
  readonly status?: object
}
export const claim = (name: string, { size = '1G', annotations, metadata, spec, status }: ClaimMore = {}) => ({
  metadata: { name, namespace: 'default', uid: `uid-${name}`, ...(annotations && { annotations }), ...metadata },
  spec: { resources: { requests: { storage: size } }, accessModes: ['ReadWriteOnce'], storageClassName: 'wait', ...spec },
  status: { ...status },
})
export const bound = (name: string, volume = `pv-${name}`, more: ClaimMore = {}) =>
  claim(name, { annotations: BOUND, ...more, spec: { volumeName: volume, ...more.spec }, status: { phase: 'Bound' } })
export const on = (...names: readonly string[]) => ({
  nodeAffinity: {
    required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: names }] }] },
  },
})
export const volume = (
  name: string,
  { size = '1G', labels, ...spec }: { size?: string; labels?: Record<string, string> } & Record<string, unknown> = {},
) => ({
  metadata: { name, uid: name, resourceVersion: '7', ...(labels && { labels }) },
  spec: { capacity: { storage: size }, accessModes: ['ReadWriteOnce'], storageClassName: 'wait', ...spec },
  status: { phase: 'Available' },
})
export const storageClass = (name: string, more: object = {}) => ({
  metadata: { name },
  provisioner: 'example.com/maker',
  volumeBindingMode: 'WaitForFirstConsumer',
  ...more,
})
export const NO_PROVISIONER = { provisioner: 'kubernetes.io/no-provisioner' }
export type Objects = Record<string, readonly object[]>
export function worldWith(objects: Objects, cluster = nodes('a', 'b')): World {
  const world = worldOf(cluster)
  for (const [resource, list] of Object.entries({ [CLASSES]: [storageClass('wait')], ...objects })) world.set(resource, ...list)
  return world
}
