/** What is wrong with an expression, where and in which words cel-go says it. Of several faults only the first is found. */
import type { ASTNode } from '@marcbachmann/cel-js'
import { type CheckedNode, nodesOf } from './checked-node.ts'
import { withGivenNames } from './own-names.ts'
import { typeName } from './type-name.ts'

export interface Fault {
  readonly code: string
  readonly summary: string
  readonly node?: unknown
  readonly range?: { readonly start: number; readonly end: number }
}

/** @param functions the names of those there are */
export function compileFault(
  expression: string,
  { code, summary, node, range }: Fault,
  functions: ReadonlySet<string>,
  unknownType: string,
): string {
  const at = node as CheckedNode | undefined
  const start = range?.start ?? 0
  const nameOf = (each: unknown) => typeName((each as CheckedNode).checkedType?.name ?? 'dyn', unknownType)
  const overload = (name: string, operands: readonly unknown[]) =>
    `found no matching overload for '${name}' applied to '(${operands.map(nameOf).join(', ')})'`
  const found = (text: string, where: number) => located(expression, text, where)
  if (at === undefined || !Array.isArray(at.args)) {
    if (code === 'unknown_variable') return found(`undeclared reference to '${at?.args}' (in container '')`, start)
    if (at?.op === '!_' || at?.op === '-_') return found(overload(at.op, [at.args]), at.start)
    return found(code === 'invalid_macro_argument' ? 'invalid argument to has() macro' : `Syntax error: ${withGivenNames(summary)}`, start)
  }
  const { op, args } = at
  switch (code) {
    case 'no_such_key':
      return found(`undefined field '${args[1]}'`, expression.lastIndexOf('.', start))
    case 'cannot_index_type':
    case 'invalid_index_type':
      if (op === '.') return found(`type '${nameOf(args[0])}' does not support field selection`, expression.lastIndexOf('.', start))
      return found(overload('_[_]', args), expression.indexOf('[', (args[0] as CheckedNode).end))
    case 'no_such_overload':
      return found(overload(op === 'in' ? '@in' : `_${op}_`, args), operatorAt(expression, op, args[0]))
    case 'invalid_logical_operand':
      return found(overload(`_${op}_`, args), operatorAt(expression, op, args[0]))
    case 'incompatible_ternary_branches':
    case 'invalid_condition_type':
      return found(overload('_?_:_', args), operatorAt(expression, '?', args[0]))
    case 'no_matching_overload': {
      const [written, receiver, parameters] = op === 'rcall' ? args : [args[0], undefined, args[1]]
      const name = withGivenNames(written as string)
      const where = expression.indexOf('(', receiver === undefined ? at.start : (receiver as CheckedNode).end)
      if (!functions.has(written as string)) return found(`undeclared reference to '${name}' (in container '')`, where)
      const types = `(${(parameters as unknown[]).map(nameOf).join(', ')})`
      return found(
        `found no matching overload for '${name}' applied to '${receiver === undefined ? '' : `${nameOf(receiver)}.`}${types}'`,
        where,
      )
    }
    default:
      return found(withGivenNames(summary), start)
  }
}

/** Keys of maps are of one type, which the package doesn't look at. */
export function unknownIndex(expression: string, ast: ASTNode, unknownType: string): string | undefined {
  for (const node of nodesOf(ast)) {
    if (node.op !== '[]') continue
    const [left, right] = node.args as [CheckedNode, CheckedNode]
    const key = /^map<(\w+), /.exec(left.checkedType?.name ?? '')?.[1]
    const given = right.checkedType?.name ?? 'dyn'
    if (key === undefined || key === 'dyn' || given === 'dyn' || given === key) continue
    const types = [left, right].map(({ checkedType }) => typeName(checkedType!.name, unknownType)).join(', ')
    return located(expression, `found no matching overload for '_[_]' applied to '(${types})'`, expression.indexOf('[', left.end))
  }
  return undefined
}

/** Behind the first operand, and what parentheses are closed there. */
function operatorAt(expression: string, operator: string, first: unknown): number {
  return expression.indexOf(operator, (first as CheckedNode).end)
}

/** Upstream: cel-go/common/error.go ToDisplayString. */
function located(expression: string, text: string, position: number): string {
  const before = expression.slice(0, position)
  const line = before.split('\n').length
  const column = position - (before.lastIndexOf('\n') + 1)
  const shown = expression.split('\n')[line - 1]!
  return `ERROR: <input>:${line}:${column + 1}: ${text}\n | ${shown}\n | ${'.'.repeat(column)}^`
}
