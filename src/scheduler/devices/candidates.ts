/** The devices of a node in the order in which they are tried, and which of them a request can be about. */

import { matchesNodeSelectorTerms } from '../../api/core/v1/node-match.ts'
import { type CompiledSelector, compileSelector } from '../../api/resource/v1/device-selector.ts'
import type {
  Device,
  DeviceClass,
  DeviceSelector,
  DeviceTaint,
  Node,
  ResourceV1ResourceClaim as ResourceClaim,
} from '../../api/types.gen.ts'
import { AllocationFault } from './allocation-fault.ts'
import { deviceId } from './device-uses.ts'
import { isAt, type Pool } from './pools.ts'
import type { WantedDevices } from './wanted-devices.ts'

export interface Candidate {
  readonly id: string
  readonly device: Device
  readonly pool: Pool
  /** Where it can be used from. */
  readonly place: Pick<Device, 'nodeName' | 'nodeSelector' | 'allNodes'>
  readonly isPlacedAlone: boolean
}

export function candidatesOf(pools: readonly Pool[]): Candidate[] {
  return pools.flatMap((pool) =>
    pool.slices.flatMap(({ spec }) =>
      (spec.devices ?? []).map((device) => {
        const isPlacedAlone = spec.perDeviceNodeSelection === true
        return { id: deviceId(pool.driver, pool.name, device.name), device, pool, place: isPlacedAlone ? device : spec, isPlacedAlone }
      }),
    ),
  )
}

/** @throws AllocationFault when an expression can't be evaluated */
export function isSelectable(
  { device, pool, isPlacedAlone }: Candidate,
  wanted: WantedDevices,
  deviceClass: DeviceClass,
  claim: ResourceClaim,
  node: Node,
): boolean {
  const { namespace, name } = claim.metadata
  return (
    everySelects(deviceClass.spec.selectors ?? [], `class ${deviceClass.metadata.name}`, pool.driver, device) &&
    everySelects(wanted.selectors, `claim ${namespace}/${name}`, pool.driver, device) &&
    (!isPlacedAlone || isAt(device, node))
  )
}

function everySelects(selectors: readonly DeviceSelector[], whose: string, driver: string, device: Device): boolean {
  return selectors.every(({ cel }, index) => {
    const fault = (what: string, error: unknown) =>
      new AllocationFault(`${whose}: selector #${index}: CEL ${what} error: ${(error as Error).message}`)
    let selector: CompiledSelector
    try {
      selector = compileSelector(cel?.expression ?? '')
    } catch (error) {
      throw fault('compile', error)
    }
    try {
      return selector.matches(driver, device)
    } catch (error) {
      throw fault('runtime', error)
    }
  })
}

/** Only these effects keep devices from being taken. */
const EFFECTS = ['NoSchedule', 'NoExecute']

export function isTolerated({ taints = [] }: Device, { tolerations = [] }: WantedDevices): boolean {
  return taints.every((taint) => !EFFECTS.includes(taint.effect) || tolerations.some((each) => tolerates(each, taint)))
}

function tolerates(toleration: NonNullable<WantedDevices['tolerations']>[number], taint: DeviceTaint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false
  if (toleration.key && toleration.key !== taint.key) return false
  const operator = toleration.operator || 'Equal'
  return operator === 'Exists' || (operator === 'Equal' && (toleration.value ?? '') === (taint.value ?? ''))
}

/** Is what was allocated at hand on the node? */
export function isAvailable(claim: ResourceClaim, node: Node): boolean {
  const selector = claim.status?.allocation?.nodeSelector
  return selector === undefined || matchesNodeSelectorTerms(selector.nodeSelectorTerms, node)
}
