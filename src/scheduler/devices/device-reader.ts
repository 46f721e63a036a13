/** What the informers know about devices. */

import { claimKeys } from '../../api/resource/v1/claims-of-pod.ts'
import type { DeviceClass, Pod, ResourceV1ResourceClaim as ResourceClaim, ResourceSlice } from '../../api/types.gen.ts'
import type { IndexFunction, Key, Reader } from '../../runtime/controller.ts'
import { keyOf } from '../../runtime/owner-keys.ts'

export const CLAIMS = 'resourceclaims.resource.k8s.io'
export const CLASSES = 'deviceclasses.resource.k8s.io'
export const SLICES = 'resourceslices.resource.k8s.io'

const PODS = 'pods'
const BY_CLAIM = 'claim'
const BY_RESOURCE = 'resource'
/** Every class can be asked for by a resource of its own. Upstream: ResourceDeviceClassPrefix */
export const IMPLICIT = 'deviceclass.resource.kubernetes.io/'
const BY_NODE = 'node'
const BY_POOL = 'pool'
/** Of slices that aren't one node's alone. */
const SHARED = ''

export const DEVICE_INDEXES: Readonly<Record<string, Readonly<Record<string, IndexFunction>>>> = {
  [PODS]: { [BY_CLAIM]: (pod: Pod) => (pod.spec.nodeName ? [] : claimKeys(pod)) },
  [CLASSES]: {
    [BY_RESOURCE]: ({ metadata, spec }: DeviceClass) => [
      `${IMPLICIT}${metadata.name}`,
      ...(spec.extendedResourceName === undefined ? [] : [spec.extendedResourceName]),
    ],
  },
  [SLICES]: {
    // Counters count for devices on other nodes too.
    [BY_NODE]: ({ spec }: ResourceSlice) => [spec.sharedCounters?.length ? SHARED : (spec.nodeName ?? SHARED)],
    [BY_POOL]: ({ spec }: ResourceSlice) => [poolId(spec.driver, spec.pool.name)],
  },
}

/** Marks a claim that a pod has for its extended resources. */
export const EXTENDED_CLAIM = 'resource.kubernetes.io/extended-resource-claim'

function newestFirst(a: DeviceClass, b: DeviceClass): number {
  const age = String(b.metadata.creationTimestamp).localeCompare(String(a.metadata.creationTimestamp))
  return age || (a.metadata.name < b.metadata.name ? -1 : 1)
}

export function poolId(driver: string, pool: string): string {
  return `${driver}/${pool}`
}

/** The keys of those without a node that have the claim. */
export function podsWaitingWith({ metadata }: ResourceClaim, reader: Reader): Key[] {
  return reader
    .indexed<Pod>(PODS, BY_CLAIM, keyOf(metadata.namespace, metadata.name))
    .map((pod) => keyOf(pod.metadata.namespace, pod.metadata.name))
}

export interface DeviceReader {
  claim(namespace: string, name: string): ResourceClaim | undefined
  deviceClass(name: string): DeviceClass | undefined
  /** Of several that claim a resource for themselves the newest, and of those the first by name. */
  classOfResource(name: string): DeviceClass | undefined
  /** Claims that were made for the pod's extended resources. */
  extendedClaim(pod: Pod): ResourceClaim | undefined
  slicesOfNode(node: string): readonly ResourceSlice[]
  sharedSlices(): readonly ResourceSlice[]
  slicesOfPool(driver: string, pool: string): readonly ResourceSlice[]
}

export function deviceReader(reader: Reader): DeviceReader {
  return {
    claim: (namespace, name) => reader.get(CLAIMS, namespace, name),
    deviceClass: (name) => reader.get(CLASSES, '', name),
    classOfResource: (name) => [...reader.indexed<DeviceClass>(CLASSES, BY_RESOURCE, name)].sort(newestFirst)[0],
    extendedClaim: ({ metadata }) =>
      reader.controlledBy<ResourceClaim>(CLAIMS, metadata.uid).find((claim) => claim.metadata.annotations?.[EXTENDED_CLAIM] === 'true'),
    slicesOfNode: (node) => reader.indexed(SLICES, BY_NODE, node),
    sharedSlices: () => reader.indexed(SLICES, BY_NODE, SHARED),
    slicesOfPool: (driver, pool) => reader.indexed(SLICES, BY_POOL, poolId(driver, pool)),
  }
}

/** Of resources those that devices stand behind, with the classes that say so. */
export function extendedClasses(reader: DeviceReader, resources: Iterable<string>): Map<string, string> {
  const classes = new Map<string, string>()
  for (const name of resources) {
    const deviceClass = name.includes('/') ? reader.classOfResource(name) : undefined
    if (deviceClass !== undefined) classes.set(name, deviceClass.metadata.name)
  }
  return classes
}
