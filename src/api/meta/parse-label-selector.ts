/** The `labelSelector` parameter, read as upstream reads it, down to its messages. Upstream: apimachinery pkg/labels/selector.go. */
import { type ApiError, badRequestError } from './api-error.ts'
import { isQualifiedName, isValidLabelValue } from './names.ts'
import type { Operator, Requirement, Selector } from './selectors.ts'

const OPERATORS: Readonly<Record<string, Operator>> = {
  '=': '=',
  '==': '=',
  '!=': '!=',
  in: 'in',
  notin: 'notin',
  '>': 'gt',
  '<': 'lt',
}
const INT64_LIMIT = 2n ** 63n

/** @throws ApiError 400 */
export function parseLabelSelector(text: string): Selector {
  const tokens = new Tokens(text)
  const requirements: Requirement[] = []
  while (tokens.peek() !== '') {
    if (!tokens.isWord && tokens.peek() !== '!') throw expected(tokens.peek(), "!, identifier, or 'end of string'", '')
    requirements.push(parseRequirement(tokens))
    const separator = tokens.take()
    if (separator === '') break
    if (separator !== ',') throw expected(separator, "',' or 'end of string'", '')
    if (!tokens.isWord && tokens.peek() !== '!') throw expected(tokens.peek(), "identifier after ','", '')
  }
  return requirements
}

const IN_REQUIREMENT = 'unable to parse requirement: '

function expected(found: string, what: string, prefix = IN_REQUIREMENT): ApiError {
  return badRequestError(`${prefix}found '${found}', expected: ${what}`)
}

function parseRequirement(tokens: Tokens): Requirement {
  const isNegated = tokens.peek() === '!'
  if (isNegated) tokens.take()
  if (!tokens.isWord) throw expected(tokens.peek(), 'identifier')
  const key = tokens.take()
  const keyFaults = isQualifiedName(key)
  if (keyFaults.length > 0) {
    throw badRequestError(`${IN_REQUIREMENT}<nil>: Invalid value: ${JSON.stringify(key)}: ${keyFaults.join('; ')}`)
  }
  if (tokens.peek() === '' || tokens.peek() === ',') return { key, operator: isNegated ? '!' : 'exists', values: [] }
  const sign = tokens.take()
  const operator = Object.hasOwn(OPERATORS, sign) ? OPERATORS[sign] : undefined
  if (operator === undefined) throw expected(sign, 'in, notin, =, ==, !=, gt, lt')
  const values = operator === 'in' || operator === 'notin' ? parseValues(tokens) : [parseExactValue(tokens)]
  const faults = valueFaults(key, operator, values)
  if (faults.length > 0) throw badRequestError(`${IN_REQUIREMENT}${faults.length === 1 ? faults[0] : `[${faults.join(', ')}]`}`)
  return { key, operator, values }
}

function parseExactValue(tokens: Tokens): string {
  if (tokens.peek() === '' || tokens.peek() === ',') return ''
  if (!tokens.isWord) throw expected(tokens.peek(), 'identifier')
  return tokens.take()
}

/** `(a,b)`; what is left out between commas is the empty value. */
function parseValues(tokens: Tokens): string[] {
  // Upstream leaves out the comma here.
  if (tokens.peek() !== '(') throw badRequestError(`${IN_REQUIREMENT}found '${tokens.peek()}' expected: '('`)
  tokens.take()
  const values = new Set<string>()
  if (!tokens.isWord && tokens.peek() !== ',' && tokens.peek() !== ')') throw expected(tokens.peek(), "',', ')' or identifier")
  for (;;) {
    if (tokens.isWord) {
      values.add(tokens.take())
      if (tokens.peek() !== ',' && tokens.peek() !== ')') throw expected(tokens.peek(), "',' or ')'")
    } else if (tokens.peek() === ',' || tokens.peek() === ')') values.add('')
    else throw expected(tokens.peek(), "',', or identifier")
    if (tokens.take() === ')') return [...values].sort()
  }
}

function valueFaults(key: string, operator: Operator, values: readonly string[]): string[] {
  const faults: string[] = []
  const isNumeric = operator === 'gt' || operator === 'lt'
  for (const [i, value] of values.entries()) {
    const invalid = (path: string, why: string) => `${path}: Invalid value: ${JSON.stringify(value)}: ${why}`
    if (isNumeric && !isInt64(value)) faults.push(invalid(`values[${i}]`, "for 'Gt', 'Lt' operators, the value must be an integer"))
    const why = isValidLabelValue(value)
    if (why.length > 0) faults.push(invalid(`values[${i}][${key}]`, why.join('; ')))
  }
  return faults
}

function isInt64(text: string): boolean {
  if (!/^[+-]?\d+$/.test(text)) return false
  const number = BigInt(text.replace('+', ''))
  return number >= -INT64_LIMIT && number < INT64_LIMIT
}

/** Words and signs, one after the other; '' at the end. */
class Tokens {
  readonly #tokens: readonly string[]
  #at = 0

  constructor(text: string) {
    this.#tokens = text.match(/==|!=|[=!(),<>]|[^\s=!(),<>]+/g) ?? []
  }

  peek(): string {
    return this.#tokens[this.#at] ?? ''
  }

  get isWord(): boolean {
    return /^[^=!(),<>]/.test(this.peek())
  }

  take(): string {
    const next = this.peek()
    this.#at++
    return next
  }
}
