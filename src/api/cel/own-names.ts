/**
 * Functions of CEL that Kubernetes' expressions need to be other than the package has them, under names as long as theirs, so that
 * positions stay what they are: `has` of what an index leads to, and patterns as Go reads them.
 */
import type { Environment } from '@marcbachmann/cel-js'
import { goRegExp } from './go-regexp.ts'

const OWN = { has: 'h_s', matches: 'm_tches' } as const
const WORDS =
  /("""|''')[\s\S]*?\1|[rR](?:"[^"\n]*"|'[^'\n]*')|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|\/\/[^\n]*|(?<![\w])(has|matches)(?=\s*\()/g

export function withOwnNames(expression: string): string {
  return expression.replace(WORDS, (whole, _, name: keyof typeof OWN | undefined) => (name === undefined ? whole : OWN[name]))
}

/** What a message of the package says of a function is said of the one that was written. */
export function withGivenNames(text: string): string {
  return text.replaceAll(/h_s|m_tches/g, (own) => (own === OWN.has ? 'has' : 'matches'))
}

interface Checker {
  check(node: unknown, context: unknown): unknown
  getType(name: string): unknown
}
interface Evaluator {
  run(node: unknown, context: unknown): unknown
}
interface Selection {
  readonly op: string
  readonly args: readonly [unknown, string]
}

export function registerOwnNames(environment: Environment): void {
  const has = ({ args }: { args: readonly Selection[] }) => ({
    selection: args[0]!,
    typeCheck(checker: Checker, { selection }: { selection: Selection }, context: unknown) {
      if (selection.op !== '.') throw new Error('invalid argument to has() macro')
      checker.check(selection, context)
      return checker.getType('bool')
    },
    evaluate(evaluator: Evaluator, { selection }: { selection: Selection }, context: unknown) {
      return holds(evaluator.run(selection.args[0], context), selection.args[1])
    },
  })
  environment
    .registerFunction(`${OWN.has}(ast): bool`, has as never)
    .registerFunction(`string.${OWN.matches}(string): bool`, (text: string, pattern: string) => goRegExp(pattern).test(text))
}

function holds(value: unknown, key: string): boolean {
  if (value instanceof Map) return value.has(key)
  return typeof value === 'object' && value !== null && (value as Record<string, unknown>)[key] !== undefined
}
