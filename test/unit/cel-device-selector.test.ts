import { describe, expect, test } from 'vitest'
import { compileSelector, selectorFault } from '../../src/api/resource/v1/device-selector.ts'
import type { Device } from '../../src/api/types.gen.ts'

const DRIVER = 'gpu.example.com'

/** The device of most rows. */
const GPU: Device = {
  name: 'gpu-0',
  attributes: {
    healthy: { bool: true },
    cores: { int: 8 },
    model: { string: 'fish' },
    driverVersion: { version: '1.4.2' },
    'other.example.com/rack': { string: 'a1' },
  },
  capacity: { memory: { value: '8Gi' } },
}
const A = `device.attributes["${DRIVER}"]`
const C = `device.capacity["${DRIVER}"]`

describe('what a selector matches', () => {
  const rows: readonly { expression: string; expect: boolean; device?: Device; driver?: string }[] = [
    { expression: 'true', expect: true },
    { expression: 'false', expect: false },
    { expression: 'device.driver == ""', expect: true, driver: '' },
    { expression: `device.driver == "${DRIVER}"`, expect: true },
    { expression: 'device.driver == "other"', expect: false },
    { expression: '"no-such-domain" in device.attributes', expect: false },
    { expression: `"${DRIVER}" in device.attributes`, expect: true },
    { expression: `${A}.healthy`, expect: true },
    { expression: `${A}["healthy"]`, expect: true },
    { expression: `cel.bind(own, ${A}, own.healthy && own.cores == 8)`, expect: true },
    { expression: 'device.attributes["other.example.com"].rack == "a1"', expect: true },
    { expression: `${A}.cores > 0`, expect: true },
    { expression: `${A}.cores > 8`, expect: false },
    { expression: `${A}.model == "fish"`, expect: true },
    { expression: `${A}.model == 3`, expect: false },
    { expression: `${A}.model in ["fish", "bird"]`, expect: true },
    { expression: `${A}.driverVersion.isGreaterThan(semver("0.0.1"))`, expect: true },
    { expression: `${A}.driverVersion.isGreaterThan(semver("v1.4", true)) && isSemver("v1.0.0", true)`, expect: true },
    { expression: `${A}.driverVersion.isLessThan(semver("1.4.2-rc.1"))`, expect: false },
    { expression: `${A}.driverVersion.compareTo(semver("1.4.2+build")) == 0`, expect: true },
    { expression: `${A}.driverVersion.major() == 1 && ${A}.driverVersion.minor() == 4`, expect: true },
    { expression: 'isSemver("v1.0") || isSemver("1.0")', expect: false },
    { expression: `${C}.memory.isGreaterThan(quantity("1Ki"))`, expect: true },
    { expression: `${C}.memory.compareTo(quantity("8Gi")) == 0`, expect: true },
    { expression: `${C}.memory == quantity("8192Mi")`, expect: true },
    { expression: `${C}.memory.sub(quantity("7Gi")).asInteger() == 1073741824`, expect: true },
    { expression: `"memory" in ${C} && ${C}.memory.isGreaterThan(quantity("1Ki"))`, expect: true },
    { expression: `!("disk" in ${C}) || ${C}.disk.isGreaterThan(quantity("1Ki"))`, expect: true },
    { expression: `has(${A}.model)`, expect: true },
    { expression: `has(${A}.nothing)`, expect: false },
    { expression: `has(device.attributes["nowhere"].nothing) || "has(x)" == "has(x)"`, expect: true },
    { expression: `${A}.?nothing.orValue(true)`, expect: true },
    { expression: 'device.attributes.exists_one(domain, domain == "other.example.com")', expect: true },
    { expression: `${A}.exists(id, id == "model")`, expect: true },
    { expression: `${A}.model.split("i").size() == 2`, expect: true },
    { expression: `${A}.model.matches("^(?:f|b)i[^x]h$")`, expect: true },
    { expression: `${A}.model.matches("(?i)FISH")`, expect: true },
    { expression: `${A}.model.find("[hs]+") == "sh"`, expect: true },
    { expression: '[1, 2, 2].isSorted() && [3, 1].max() == 3 && sets.contains([1, 2], [2])', expect: true },
    { expression: 'device.allowMultipleAllocations == false', expect: true },
    { expression: 'device.allowMultipleAllocations', expect: true, device: { name: 'shared', allowMultipleAllocations: true } },
  ]
  test.each(rows)('$expression', ({ expression, expect: expected, device = GPU, driver = DRIVER }) => {
    expect(compileSelector(expression).matches(driver, device)).toBe(expected)
  })

  const faults: readonly { expression: string; device?: Device; message: string }[] = [
    { expression: 'device.attributes["nowhere"].nothing.isGreaterThan(quantity("0"))', message: 'no such key: nothing' },
    { expression: 'device.attributes["nowhere"]["nothing"].isGreaterThan(quantity("0"))', message: 'no such key: nothing' },
    { expression: `${A}.model.isGreaterThan(quantity("0"))`, message: 'no such overload' },
    { expression: `${A}.cores`, message: 'CEL result of type int could not be converted to bool' },
    { expression: `${A}.list`, device: { name: 'd', attributes: { list: {} } }, message: 'attribute list: unsupported attribute value' },
    { expression: `${A}.model == string(quantity("x"))`, message: 'no matching overload' },
  ]
  test.each(faults)('$expression: $message', ({ expression, device = GPU, message }) => {
    expect(() => compileSelector(expression).matches(DRIVER, device)).toThrow(message)
  })
})

describe('what is no selector', () => {
  const rows: readonly { expression: string; detail: string }[] = [
    { expression: '1', detail: 'must evaluate to bool or the unknown type, not int' },
    { expression: '[true]', detail: 'must evaluate to bool or the unknown type, not list(bool)' },
    {
      expression: 'nothing',
      detail: "compilation failed: ERROR: <input>:1:1: undeclared reference to 'nothing' (in container '')\n | nothing\n | ^",
    },
    {
      expression: 'device.attributes[true].healthy',
      detail:
        "compilation failed: ERROR: <input>:1:18: found no matching overload for '_[_]' applied to '(map(string, map(string, any)), bool)'\n | device.attributes[true].healthy\n | .................^",
    },
    {
      expression: 'true &&\n device.size == 1',
      detail: "compilation failed: ERROR: <input>:2:8: undefined field 'size'\n |  device.size == 1\n | .......^",
    },
    {
      expression: 'device.driver + 1 == ""',
      detail:
        "compilation failed: ERROR: <input>:1:15: found no matching overload for '_+_' applied to '(string, int)'\n | device.driver + 1 == \"\"\n | ..............^",
    },
    {
      expression: '1 && true',
      detail:
        "compilation failed: ERROR: <input>:1:3: found no matching overload for '_&&_' applied to '(int, bool)'\n | 1 && true\n | ..^",
    },
    {
      expression: 'quantity(1).isInteger()',
      detail:
        "compilation failed: ERROR: <input>:1:9: found no matching overload for 'quantity' applied to '(int)'\n | quantity(1).isInteger()\n | ........^",
    },
    {
      expression: 'device.driver.matches(1)',
      detail:
        "compilation failed: ERROR: <input>:1:22: found no matching overload for 'matches' applied to 'string.(int)'\n | device.driver.matches(1)\n | .....................^",
    },
    {
      expression: `${A}.model.includes("fish")`,
      detail: `compilation failed: ERROR: <input>:1:52: undeclared reference to 'includes' (in container '')\n | ${A}.model.includes("fish")\n | ...................................................^`,
    },
  ]
  test.each(rows)('$expression', ({ expression, detail }) => {
    expect(selectorFault(expression)?.detail).toBe(detail)
    expect(() => compileSelector(expression)).toThrow(detail)
  })

  test('what cannot be read at all', () => {
    expect(selectorFault('?!')?.detail).toContain('compilation failed: ERROR: <input>:1:1: Syntax error')
    expect(selectorFault('device.driver ==')?.detail).toContain('Syntax error')
  })

  test('what may go on for too long', () => {
    const loops = (depth: number): string => (depth === 0 ? 'true' : `[1, 2, 3, 4, 5, 6, 7, 8, 9, 10].all(x${depth}, ${loops(depth - 1)})`)
    expect(selectorFault(loops(3))).toBeUndefined()
    expect(selectorFault(loops(7))).toEqual({ detail: 'too complex, exceeds cost limit', isTooCostly: true })
  })
})
