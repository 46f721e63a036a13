/** What `test` and `$((…))` come to. */
import type { ShellFiles } from './shell-files.ts'

/** As test(1). @param look the files, when one is asked about */
export function isTrue(args: readonly string[], look: () => ShellFiles): boolean {
  if (args[0] === '!') return !isTrue(args.slice(1), look)
  const or = args.indexOf('-o')
  if (or > 0) return isTrue(args.slice(0, or), look) || isTrue(args.slice(or + 1), look)
  const and = args.indexOf('-a')
  if (and > 0) return isTrue(args.slice(0, and), look) && isTrue(args.slice(and + 1), look)
  const [a = '', operator = '', b = ''] = args
  if (args.length === 1) return a !== ''
  if (args.length === 2) {
    if (a === '-z') return operator === ''
    if (a === '-n') return operator !== ''
    if (a === '-s') return look().isThere(operator) && look().read(operator) !== ''
    return /^-[a-zA-Z]$/.test(a) && look().isThere(operator)
  }
  switch (operator) {
    case '=':
    case '==':
      return a === b
    case '!=':
      return a !== b
    case '-eq':
      return Number(a) === Number(b)
    case '-ne':
      return Number(a) !== Number(b)
    case '-lt':
      return Number(a) < Number(b)
    case '-le':
      return Number(a) <= Number(b)
    case '-gt':
      return Number(a) > Number(b)
    case '-ge':
      return Number(a) >= Number(b)
    default:
      return false
  }
}

/** Sums and products of integers and variables, left to right within their rank. */
export function arithmetic(text: string, variables?: ReadonlyMap<string, string>): number {
  const tokens = text.match(/\d+|[A-Za-z_]\w*|[-+*/%()]/g) ?? []
  let at = 0
  const factor = (): number => {
    const token = tokens[at++]
    if (token === '(') {
      const value = sum()
      at++
      return value
    }
    if (token === '-') return -factor()
    return token === undefined ? 0 : Number(/^\d/.test(token) ? token : (variables?.get(token) ?? 0)) || 0
  }
  const product = (): number => {
    let value = factor()
    for (let operator = tokens[at]; operator !== undefined && '*/%'.includes(operator); operator = tokens[at]) {
      at++
      const right = factor()
      value = operator === '*' ? value * right : right === 0 ? 0 : operator === '/' ? Math.trunc(value / right) : value % right
    }
    return value
  }
  const sum = (): number => {
    let value = product()
    for (let operator = tokens[at]; operator === '+' || operator === '-'; operator = tokens[at]) {
      at++
      value = operator === '+' ? value + product() : value - product()
    }
    return value
  }
  return sum()
}
