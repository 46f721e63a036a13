/** Expressions, compiled once and evaluated often. */
import { type CheckedNode, nodesOf } from './checked-node.ts'
import { compileFault, type Fault, unknownIndex } from './compile-fault.ts'
import { worstCost } from './cost.ts'
import type { Environment } from './environment.ts'
import { withGivenNames, withOwnNames } from './own-names.ts'
import { typeName } from './type-name.ts'

export interface CompiledExpression {
  /** As upstream writes it: `bool`, `int`, `map(string, int)`, or `unknownType`. */
  readonly type: string
  /** In units of CEL's, the more there may be. */
  readonly cost: number
  /** @throws Error whose message is as cel-go's where the same can go wrong */
  readonly evaluate: (variables: Readonly<Record<string, unknown>>) => unknown
}

export interface CompileFault {
  /** `ERROR: <input>:1:1: undeclared reference to 'x' (in container '')`, with the line below. */
  readonly fault: string
}

/** @param unknownType how a type is called that isn't known before the expression is evaluated: `dyn`, or `any` for the values of devices */
export function compileExpression(environment: Environment, expression: string, unknownType = 'dyn'): CompiledExpression | CompileFault {
  const own = withOwnNames(expression)
  try {
    const program = environment.parse(own)
    const checked = program.check()
    const functions = new Set(environment.getDefinitions().functions.map(({ name }) => name))
    if (!checked.valid) return { fault: compileFault(expression, checked.error!, functions, unknownType) }
    const fault = unknownIndex(expression, program.ast, unknownType)
    if (fault !== undefined) return { fault }
    for (const node of nodesOf(program.ast)) if (node.op === 'in') askWhetherMapsHave(node)
    return {
      type: typeName(checked.type!, unknownType),
      cost: worstCost(program.ast),
      evaluate: (variables) => {
        try {
          return program({ ...variables })
        } catch (error) {
          throw new Error(evaluationText(error))
        }
      },
    }
  } catch (error) {
    if (isFault(error)) return { fault: compileFault(expression, error, new Set(), unknownType) }
    throw error
  }
}

/**
 * The package asks a map for the value, and so believes that a map which has one for every key, as devices' attributes do by
 * domain, holds every key.
 */
function askWhetherMapsHave(node: CheckedNode): void {
  const { handle } = node
  node.handle = (key, container, ...rest) => (container instanceof Map ? container.has(key) : handle!(key, container, ...rest))
}

/** The package's errors of parsing, and of macros' types. */
function isFault(error: unknown): error is Fault {
  return error instanceof Error && 'summary' in error
}

function evaluationText(error: unknown): string {
  const { summary, message, code } = error as { summary?: string; message: string; code?: string }
  const text = withGivenNames(summary ?? message)
  if (code === 'no_such_key') return text.replace('No such key', 'no such key')
  return code === 'no_such_overload' || code === 'no_matching_overload' ? 'no such overload' : text
}
