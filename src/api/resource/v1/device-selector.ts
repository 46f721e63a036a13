/** What a selector's expression says of devices. Upstream: dynamic-resource-allocation/cel/compile.go. */
import { type CompiledExpression, type CompileFault, compileExpression } from '../../cel/compile.ts'
import { type Environment, kubernetesEnvironment } from '../../cel/environment.ts'
import { CelQuantity, QUANTITY } from '../../cel/quantity-functions.ts'
import { parseSemanticVersion } from '../../cel/semantic-version.ts'
import type { Device, DeviceAttribute } from '../../types.gen.ts'

/** Upstream: CELSelectorExpressionMaxCost. */
export const MAX_COST = 1_000_000

/** The values of attributes may be of any type. */
const ANY = 'any'

/** Domains that a device has nothing of are empty, not missing. */
type Values = Map<string, Map<string, unknown>>

class SeenDevice {
  readonly driver: string
  readonly allowMultipleAllocations: boolean
  readonly attributes: Values
  readonly capacity: Values

  constructor(driver: string, { allowMultipleAllocations, attributes = {}, capacity = {} }: Device) {
    this.driver = driver
    this.allowMultipleAllocations = allowMultipleAllocations ?? false
    this.attributes = byDomain(driver, attributes, attributeValue)
    this.capacity = byDomain(driver, capacity, ({ value = '0' }) => CelQuantity.of(value))
  }
}

/** `device` is what they speak of. Built once: half of what compiling costs. */
let environment: Environment | undefined

function deviceEnvironment(): Environment {
  environment ??= kubernetesEnvironment()
    .registerType('kubernetes.DRADevice', {
      ctor: SeenDevice,
      fields: {
        driver: 'string',
        allowMultipleAllocations: 'bool',
        attributes: 'map<string, map<string, dyn>>',
        capacity: `map<string, map<string, ${QUANTITY}>>`,
      },
    })
    .registerVariable('device', 'kubernetes.DRADevice')
  return environment
}

export interface CompiledSelector {
  /** @throws Error when the device hasn't what is asked about, or a value that can't be read */
  readonly matches: (driver: string, device: Device) => boolean
}

type Compiled = CompiledExpression | CompileFault

const compiled = new Map<string, Compiled>()
const COMPILED_LIMIT = 256

function compile(expression: string): Compiled {
  const known = compiled.get(expression)
  if (known !== undefined) return known
  const result = compileExpression(deviceEnvironment(), expression, ANY)
  if (compiled.size >= COMPILED_LIMIT) compiled.clear()
  compiled.set(expression, result)
  return result
}

/** Why the expression can't be a selector, in upstream's words. */
export function selectorFault(expression: string): { readonly detail: string; readonly isTooCostly: boolean } | undefined {
  const result = compile(expression)
  if ('fault' in result) return { detail: `compilation failed: ${result.fault}`, isTooCostly: false }
  if (result.type !== 'bool' && result.type !== ANY) {
    return { detail: `must evaluate to bool or the unknown type, not ${result.type}`, isTooCostly: false }
  }
  return result.cost > MAX_COST ? { detail: 'too complex, exceeds cost limit', isTooCostly: true } : undefined
}

/** @throws Error for what `selectorFault` finds: a selector that was stored before it was refused */
export function compileSelector(expression: string): CompiledSelector {
  const fault = selectorFault(expression)
  if (fault !== undefined) throw new Error(fault.detail)
  const { evaluate } = compile(expression) as CompiledExpression
  return {
    matches(driver, device) {
      const result = evaluate({ device: new SeenDevice(driver, device) })
      if (typeof result === 'boolean') return result
      throw new Error(
        `CEL result of type ${resultType(result)} could not be converted to bool: type conversion error from '${resultType(result)}' to 'bool'`,
      )
    },
  }
}

function byDomain<T>(driver: string, given: Readonly<Record<string, T>>, read: (value: T) => unknown): Values {
  const values: Values = new Map()
  for (const [name, value] of Object.entries(given)) {
    const [domain, id] = splitName(name, driver)
    const ids = values.get(domain) ?? new Map<string, unknown>()
    values.set(
      domain,
      ids.set(
        id,
        at(name, () => read(value)),
      ),
    )
  }
  const none = new Map<string, unknown>()
  values.get = (domain) => Map.prototype.get.call(values, domain) ?? none
  return values
}

/** A name without a domain is the driver's. Upstream: parseQualifiedName. */
export function splitName(name: string, driver: string): [domain: string, id: string] {
  const slash = name.indexOf('/')
  return slash === -1 ? [driver, name] : [name.slice(0, slash), name.slice(slash + 1)]
}

function attributeValue({ int, bool, string, version }: DeviceAttribute): unknown {
  if (int !== undefined) return BigInt(int)
  if (bool !== undefined) return bool
  if (string !== undefined) return string
  if (version === undefined) throw new Error('unsupported attribute value')
  const read = parseSemanticVersion(version)
  if (read === undefined) throw new Error(`parse semantic version: ${version}`)
  return read
}

function at<T>(name: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw new Error(`attribute ${name}: ${(error as Error).message}`)
  }
}

function resultType(value: unknown): string {
  if (typeof value === 'bigint') return 'int'
  return typeof value === 'string' ? 'string' : 'any'
}
