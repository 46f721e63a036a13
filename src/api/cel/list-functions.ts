import type { Environment } from '@marcbachmann/cel-js'

type Ordered = bigint | number | string | boolean

const ORDERED = ['int', 'double', 'string', 'bool']

/** Upstream: apiserver/pkg/cel/library/lists.go, cel-go/ext/sets.go. */
export function registerLists(environment: Environment): void {
  for (const type of ORDERED) {
    environment
      .registerFunction(`list<${type}>.isSorted(): bool`, (list: Ordered[]) => list.every((item, i) => i === 0 || list[i - 1]! <= item))
      .registerFunction(`list<${type}>.min(): ${type}`, (list: Ordered[]) => extreme(list, 'min', (a, b) => a < b))
      .registerFunction(`list<${type}>.max(): ${type}`, (list: Ordered[]) => extreme(list, 'max', (a, b) => a > b))
  }
  environment
    .registerFunction('list<int>.sum(): int', (list: bigint[]) => list.reduce((sum, item) => sum + item, 0n))
    .registerFunction('list<double>.sum(): double', (list: number[]) => list.reduce((sum, item) => sum + item, 0))
    .registerFunction('list.indexOf(dyn): int', (list: unknown[], item: unknown) => BigInt(list.indexOf(item)))
    .registerFunction('list.lastIndexOf(dyn): int', (list: unknown[], item: unknown) => BigInt(list.lastIndexOf(item)))
  const sets = new SetFunctions()
  environment
    .registerType('SetFunctions', { ctor: SetFunctions, fields: {} })
    .registerConstant('sets', 'SetFunctions', sets)
    .registerFunction('SetFunctions.contains(list, list): bool', (_, all: unknown[], some: unknown[]) => isWithin(some, all))
    .registerFunction('SetFunctions.equivalent(list, list): bool', (_, a: unknown[], b: unknown[]) => isWithin(a, b) && isWithin(b, a))
    .registerFunction('SetFunctions.intersects(list, list): bool', (_, a: unknown[], b: unknown[]) => a.some((item) => b.includes(item)))
}

/** Stands before the dot of `sets.contains`. */
class SetFunctions {}

function isWithin(some: readonly unknown[], all: readonly unknown[]): boolean {
  return some.every((item) => all.includes(item))
}

function extreme(list: readonly Ordered[], name: string, isBetter: (a: Ordered, b: Ordered) => boolean): Ordered {
  const [first, ...others] = list
  if (first === undefined) throw new Error(`${name} called on empty list`)
  return others.reduce((best, item) => (isBetter(item, best) ? item : best), first)
}
