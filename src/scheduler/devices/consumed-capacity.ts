/** How much of a device's capacity a request takes, by the device's own rules. Upstream: incubating/consumable_capacity.go. */
import { canonicalQuantity, formatQuantity } from '../../api/meta/quantity.ts'
import type { CapacityRequestPolicy, CapacityRequirements, Device, DeviceCapacity } from '../../api/types.gen.ts'
import { nanosOf, wholeOf } from './quantities.ts'

const NANO = 1_000_000_000n

/** By name; a request that says nothing of one takes its default, or all of it. */
export function consumedCapacity(requirements: CapacityRequirements | undefined, { capacity = {} }: Device): Map<string, string> {
  return new Map(Object.entries(capacity).map(([name, each]) => [name, amountOf(requirements?.requests?.[name], each)]))
}

/**
 * Is there enough left, in amounts that the device allows?
 * @param inUse in billionths, by name
 */
export function hasCapacity(requirements: CapacityRequirements | undefined, device: Device, inUse: (name: string) => bigint): boolean {
  const { capacity = {} } = device
  if (Object.keys(requirements?.requests ?? {}).some((name) => capacity[name] === undefined)) return false
  return [...consumedCapacity(requirements, device)].every(([name, amount]) => {
    const { value, requestPolicy } = capacity[name]!
    return isAllowed(amount, requestPolicy) && inUse(name) + nanosOf(amount) <= nanosOf(value)
  })
}

function amountOf(requested: string | number | undefined, { value, requestPolicy }: DeviceCapacity): string {
  if (requested === undefined) return canonicalQuantity(requestPolicy?.default ?? value)
  const { validRange, validValues } = requestPolicy ?? {}
  const wanted = nanosOf(requested)
  if (validRange?.min !== undefined) {
    if (wanted < nanosOf(validRange.min)) return canonicalQuantity(validRange.min)
    return validRange.step === undefined
      ? canonicalQuantity(requested)
      : upToStep(wanted, nanosOf(validRange.min), nanosOf(validRange.step))
  }
  const enough = validValues?.find((each) => wanted <= nanosOf(each))
  return canonicalQuantity(enough ?? requested)
}

function upToStep(wanted: bigint, min: bigint, step: bigint): string {
  const [from, by] = [wholeOf(min), wholeOf(step)]
  const steps = (wholeOf(wanted) - from + by - 1n) / by
  return formatQuantity({ nano: (from + by * steps) * NANO, format: 'BinarySI' })
}

function isAllowed(amount: string, policy: CapacityRequestPolicy | undefined): boolean {
  if (policy === undefined || (policy.default !== undefined && nanosOf(policy.default) === nanosOf(amount))) return true
  const nanos = nanosOf(amount)
  const { validRange, validValues = [] } = policy
  if (validRange === undefined) return validValues.length === 0 || validValues.some((each) => nanosOf(each) === nanos)
  if (validRange.max !== undefined && nanos > nanosOf(validRange.max)) return false
  return validRange.step === undefined || (wholeOf(nanos) - wholeOf(nanosOf(validRange.min))) % wholeOf(nanosOf(validRange.step)) === 0n
}
