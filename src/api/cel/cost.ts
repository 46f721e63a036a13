/**
 * What an expression can cost at most, roughly in CEL's units: one a step, loops as often as their range is long. The package has
 * no limit while it evaluates, so what could go on for long is refused beforehand. Upstream: cel-go/checker/cost.go.
 */
import type { ASTNode } from '@marcbachmann/cel-js'
import { isNode } from './checked-node.ts'

const LOOPS = new Set(['all', 'exists', 'exists_one', 'map', 'filter'])
/** As many as a device may have attributes and capacities. */
const UNKNOWN_LENGTH = 32

export function worstCost(ast: ASTNode): number {
  return costOf(ast)
}

function costOf(value: unknown): number {
  if (Array.isArray(value)) return value.reduce((sum: number, each) => sum + costOf(each), 0)
  if (!isNode(value)) return 0
  if (value.op === 'value') return 0
  if (value.op !== 'rcall') return 1 + costOf(value.args)
  const [name, receiver, parameters] = value.args as [string, unknown, unknown[]]
  if (!LOOPS.has(name)) return 1 + costOf(receiver) + costOf(parameters)
  return 1 + costOf(receiver) + lengthOf(receiver) * (2 + costOf(parameters.slice(1)))
}

function lengthOf(value: unknown): number {
  return isNode(value) && value.op === 'list' ? (value.args as unknown[]).length : UNKNOWN_LENGTH
}
