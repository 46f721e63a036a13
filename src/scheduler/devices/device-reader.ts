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
const BY_NODE = 'node'
const BY_POOL = 'pool'
/** Of slices that aren't one node's alone. */
const SHARED = ''

export const DEVICE_INDEXES: Readonly<Record<string, Readonly<Record<string, IndexFunction>>>> = {
  [PODS]: { [BY_CLAIM]: (pod: Pod) => (pod.spec.nodeName ? [] : claimKeys(pod)) },
  [SLICES]: {
    // Counters count for devices on other nodes too.
    [BY_NODE]: ({ spec }: ResourceSlice) => [spec.sharedCounters?.length ? SHARED : (spec.nodeName ?? SHARED)],
    [BY_POOL]: ({ spec }: ResourceSlice) => [poolId(spec.driver, spec.pool.name)],
  },
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
  slicesOfNode(node: string): readonly ResourceSlice[]
  sharedSlices(): readonly ResourceSlice[]
  slicesOfPool(driver: string, pool: string): readonly ResourceSlice[]
}

export function deviceReader(reader: Reader): DeviceReader {
  return {
    claim: (namespace, name) => reader.get(CLAIMS, namespace, name),
    deviceClass: (name) => reader.get(CLASSES, '', name),
    slicesOfNode: (node) => reader.indexed(SLICES, BY_NODE, node),
    sharedSlices: () => reader.indexed(SLICES, BY_NODE, SHARED),
    slicesOfPool: (driver, pool) => reader.indexed(SLICES, BY_POOL, poolId(driver, pool)),
  }
}
