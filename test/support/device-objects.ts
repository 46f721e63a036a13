/** Devices, the slices that tell of them and the claims that ask for them, in short; and what an allocator makes of them. */

import type { AllocationResult, Device, DeviceClass, Node, ResourceSlice, ResourceV1ResourceClaim } from '../../src/api/types.gen.ts'
import { AllocationFault, NodeFault } from '../../src/scheduler/devices/allocation-fault.ts'
import { allocate } from '../../src/scheduler/devices/allocator.ts'
import { type DeviceReader, poolId } from '../../src/scheduler/devices/device-reader.ts'
import { DeviceUses } from '../../src/scheduler/devices/device-uses.ts'

export const DRIVER = 'gpu.example.com'
export type Claim = ResourceV1ResourceClaim

export const device = (name: string, more: object = {}): Device => ({ name, ...more })
/** `a size=1 color=red`: whole numbers are numbers. */
export function devices(...texts: readonly string[]): Device[] {
  return texts.map((text) => {
    const [name, ...parts] = text.split(' ')
    const attributes = parts.map((part) => {
      const [key, value] = part.split('=') as [string, string]
      return [
        key,
        /^\d+$/.test(value) ? { int: Number(value) } : /^(true|false)$/.test(value) ? { bool: value === 'true' } : { string: value },
      ]
    })
    return device(name!, parts.length === 0 ? {} : { attributes: Object.fromEntries(attributes) })
  })
}

export interface SliceMore {
  readonly node?: string
  readonly pool?: string
  readonly driver?: string
  readonly generation?: number
  readonly count?: number
  readonly [field: string]: unknown
}
/** On node `w1` unless it says where. */
export function slice(name: string, list: readonly Device[], more: SliceMore = {}): ResourceSlice {
  const { node, pool = 'pool', driver = DRIVER, generation = 1, count = 1, ...spec } = more
  const isPlaced = 'allNodes' in spec || 'nodeSelector' in spec || 'perDeviceNodeSelection' in spec || 'sharedCounters' in spec
  return {
    metadata: { name, namespace: '', uid: name },
    spec: {
      driver,
      pool: { name: pool, generation, resourceSliceCount: count },
      ...(isPlaced && node === undefined ? {} : { nodeName: node ?? 'w1' }),
      ...(list.length > 0 && { devices: list }),
      ...spec,
    },
  } as unknown as ResourceSlice
}

export function deviceClass(name: string, spec: object = {}): DeviceClass {
  return { metadata: { name, namespace: '', uid: name }, spec } as unknown as DeviceClass
}
export const selecting = (...expressions: readonly string[]) => ({ selectors: expressions.map((expression) => ({ cel: { expression } })) })

/** One device of class `gpu` unless it says otherwise. */
export const request = (name: string, more: object = {}) => ({
  name,
  exactly: { deviceClassName: 'gpu', allocationMode: 'ExactCount', count: 1, ...more },
})
export const allOf = (name: string, more: object = {}) => ({ name, exactly: { deviceClassName: 'gpu', allocationMode: 'All', ...more } })
export const firstOf = (name: string, ...alternatives: readonly object[]) => ({
  name,
  firstAvailable: alternatives.map((each, index) => ({
    name: `${index}`,
    deviceClassName: 'gpu',
    allocationMode: 'ExactCount',
    count: 1,
    ...each,
  })),
})
export function claimOf(name: string, requests: readonly object[], devices: object = {}, more: object = {}): Claim {
  return {
    metadata: { name, namespace: 'default', uid: `uid-${name}`, resourceVersion: '1' },
    spec: { devices: { requests, ...devices } },
    status: {},
    ...more,
  } as unknown as Claim
}
/** A claim that has these already, as `driver/pool/device`, or with what it consumes. */
export function holding(name: string, ...results: readonly (string | object)[]): Claim {
  const read = (result: string | object) => {
    if (typeof result !== 'string') return { request: 'r', driver: DRIVER, pool: 'pool', ...result }
    const [driver, pool, held] = result.split('/')
    return { request: 'r', driver, pool, device: held }
  }
  return claimOf(name, [], {}, { status: { allocation: { devices: { results: results.map(read) } } } })
}

export interface Setting {
  readonly slices?: readonly ResourceSlice[]
  readonly classes?: readonly DeviceClass[]
  readonly held?: readonly Claim[]
  readonly claims: readonly Claim[]
  readonly node?: Node
}
export const W1 = { metadata: { name: 'w1', namespace: '', uid: 'w1', labels: { zone: 'a' } }, spec: {} } as unknown as Node

export function allocated({
  slices = [],
  classes = [deviceClass('gpu')],
  held = [],
  claims,
  node = W1,
}: Setting): AllocationResult[] | undefined {
  const uses = new DeviceUses()
  for (const claim of held) uses.setClaim(claim.metadata.name, claim)
  const reader: DeviceReader = {
    claim: () => undefined,
    deviceClass: (name) => classes.find(({ metadata }) => metadata.name === name),
    classOfResource: () => undefined,
    extendedClaim: () => undefined,
    slicesOfNode: (name) => slices.filter(({ spec }) => !spec.sharedCounters?.length && spec.nodeName === name),
    sharedSlices: () => slices.filter(({ spec }) => spec.sharedCounters?.length || !spec.nodeName),
    slicesOfPool: (driver, pool) => slices.filter(({ spec }) => poolId(spec.driver, spec.pool.name) === poolId(driver, pool)),
  }
  return allocate(reader, uses, node, claims)
}

/** `gpu=a gpu=b | net=c`: the devices of each claim by request; `none`, or what is wrong. */
export function taken(setting: Setting): string {
  try {
    const results = allocated(setting)
    if (results === undefined) return 'none'
    return results
      .map(({ devices }) => (devices?.results ?? []).map(({ request: of, device: got }) => `${of}=${got}`).join(' '))
      .join(' | ')
  } catch (error) {
    if (error instanceof AllocationFault) return `fault: ${error.message}`
    if (error instanceof NodeFault) return `node: ${error.message}`
    throw error
  }
}
