/** What a claim asks of its devices together: one value of an attribute for all, or a different one for each. */
import type { Device, DeviceAttribute, DeviceConstraint } from '../../api/types.gen.ts'
import type { WantedDevices } from './wanted-devices.ts'

export interface Constraint {
  /** Takes the device in, unless it doesn't go with the others. What doesn't go now won't go once there are more. */
  add(wanted: WantedDevices, driver: string, device: Device): boolean
  /** The last that was added, by the same request. */
  remove(wanted: WantedDevices): void
}

export function constraintOf({ requests = [], matchAttribute, distinctAttribute }: DeviceConstraint): Constraint {
  const concerns = ({ name, requestName }: WantedDevices) =>
    requests.length === 0 || requests.includes(requestName) || requests.includes(name)
  return matchAttribute === undefined ? new Distinct(distinctAttribute ?? '', concerns) : new Match(matchAttribute, concerns)
}

type Concerns = (wanted: WantedDevices) => boolean

class Match implements Constraint {
  readonly #attribute: string
  readonly #concerns: Concerns
  #count = 0
  #value: unknown

  constructor(attribute: string, concerns: Concerns) {
    this.#attribute = attribute
    this.#concerns = concerns
  }

  add(wanted: WantedDevices, driver: string, device: Device): boolean {
    if (!this.#concerns(wanted)) return true
    const value = valueText(attributeOf(driver, device, this.#attribute))
    if (value === undefined || (this.#count > 0 && value !== this.#value)) return false
    this.#value = value
    this.#count++
    return true
  }

  remove(wanted: WantedDevices): void {
    if (this.#concerns(wanted)) this.#count--
  }
}

class Distinct implements Constraint {
  readonly #attribute: string
  readonly #concerns: Concerns
  /** Of each request the last one. Upstream: distinctAttributeConstraint.attributes. */
  readonly #values = new Map<string, string>()

  constructor(attribute: string, concerns: Concerns) {
    this.#attribute = attribute
    this.#concerns = concerns
  }

  add(wanted: WantedDevices, driver: string, device: Device): boolean {
    if (!this.#concerns(wanted)) return true
    const value = valueText(attributeOf(driver, device, this.#attribute))
    if (value === undefined || [...this.#values.values()].includes(value)) return false
    this.#values.set(wanted.requestName, value)
    return true
  }

  remove(wanted: WantedDevices): void {
    if (this.#concerns(wanted)) this.#values.delete(wanted.requestName)
  }
}

/** By its full name; the driver's own are also under the short one. Upstream: lookupAttribute. */
function attributeOf(driver: string, { attributes = {} }: Device, name: string): DeviceAttribute | undefined {
  const slash = name.indexOf('/')
  return attributes[name] ?? (name.slice(0, slash) === driver ? attributes[name.slice(slash + 1)] : undefined)
}

/** Equal for equal values of one type. */
function valueText(attribute: DeviceAttribute | undefined): string | undefined {
  if (attribute === undefined) return undefined
  const { string, int, bool, version } = attribute
  if (string !== undefined) return `s${string}`
  if (int !== undefined) return `i${int}`
  if (bool !== undefined) return `b${bool}`
  return version === undefined ? undefined : `v${version}`
}
