/** Label selectors, as text (`app=web,tier in (a,b),!old`) and as objects (matchLabels, matchExpressions), and field selectors. */
import type { LabelSelector } from '../types.gen.ts'
import { badRequestError } from './api-error.ts'

export type Labels = Readonly<Record<string, string>>

export type Operator = '=' | '!=' | 'in' | 'notin' | 'exists' | '!' | 'gt' | 'lt'

export interface Requirement {
  readonly key: string
  readonly operator: Operator
  readonly values: readonly string[]
}

/** All requirements must hold; an empty selector selects everything. */
export type Selector = readonly Requirement[]

export function matchesSelector(selector: Selector, labels: Labels | undefined): boolean {
  return selector.every((requirement) => matches(requirement, labels?.[requirement.key]))
}

function matches({ operator, values }: Requirement, value: string | undefined): boolean {
  switch (operator) {
    case '=':
    case 'in':
      return value !== undefined && values.includes(value)
    case '!=':
    case 'notin':
      return value === undefined || !values.includes(value)
    case 'exists':
      return value !== undefined
    case '!':
      return value === undefined
    case 'gt':
      return value !== undefined && isInteger(value) && BigInt(value) > BigInt(values[0]!)
    case 'lt':
      return value !== undefined && isInteger(value) && BigInt(value) < BigInt(values[0]!)
  }
}

function isInteger(text: string): boolean {
  return /^-?\d+$/.test(text)
}

const OBJECT_OPERATORS: Readonly<Record<string, Operator>> = {
  In: 'in',
  NotIn: 'notin',
  Exists: 'exists',
  DoesNotExist: '!',
  Gt: 'gt',
  Lt: 'lt',
}

/** An absent selector selects nothing, an empty one everything. Upstream: metav1.LabelSelectorAsSelector. */
export function fromLabelSelector(selector: LabelSelector | undefined): Selector | undefined {
  if (selector === undefined) return undefined
  return [
    ...fromLabels(selector.matchLabels),
    ...(selector.matchExpressions ?? []).map(
      ({ key, operator, values }): Requirement => ({ key, operator: OBJECT_OPERATORS[operator] ?? 'in', values: values ?? [] }),
    ),
  ]
}

/** Each label must be present with its value. */
export function fromLabels(labels: Labels | undefined): Selector {
  return Object.entries(labels ?? {}).map(([key, value]) => ({ key, operator: '=', values: [value] }))
}

/** Does `selector` (of a spec) pick an object with these labels? */
export function selects(selector: LabelSelector | undefined, labels: Labels | undefined): boolean {
  const requirements = fromLabelSelector(selector)
  return requirements !== undefined && matchesSelector(requirements, labels)
}

/** The text form, keys in order, as Table cells and Scale status show it. `<none>` is the caller's. Upstream: FormatLabelSelector. */
export function selectorText(selector: Selector): string {
  return [...selector]
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ key, operator, values }) => {
      switch (operator) {
        case 'exists':
          return key
        case '!':
          return `!${key}`
        case '=':
        case '!=':
          return `${key}${operator}${values[0]}`
        case 'gt':
          return `${key}>${values[0]}`
        case 'lt':
          return `${key}<${values[0]}`
        default:
          return `${key} ${operator} (${[...values].sort().join(',')})`
      }
    })
    .join(',')
}

const KEY = /^(?:[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/
const VALUE = /^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/

/** Parses the `labelSelector` parameter. @throws ApiError 400 as upstream words it */
export function parseLabelSelector(text: string): Selector {
  const tokens = text.match(/\s+|[(),]|!=|==|[=!<>]|[^\s(),=!<>]+/g)?.filter((token) => token.trim() !== '') ?? []
  const requirements: Requirement[] = []
  let at = 0
  const fail = (found: string | undefined, expected: string): never => {
    throw badRequestError(`unable to parse requirement: found '${found ?? ''}', expected: ${expected}`)
  }
  const word = (): string => {
    const token = tokens[at]
    if (token === undefined || /^[(),=!<>]+$/.test(token)) return fail(token, 'identifier')
    at++
    return token
  }
  while (at < tokens.length) {
    const isNegated = tokens[at] === '!'
    if (isNegated) at++
    const key = word()
    if (!KEY.test(key)) {
      throw badRequestError(
        `unable to parse requirement: <nil>: Invalid value: ${JSON.stringify(key)}: name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')`,
      )
    }
    const operator = tokens[at]
    if (operator === undefined || operator === ',') {
      requirements.push({ key, operator: isNegated ? '!' : 'exists', values: [] })
    } else if (isNegated) {
      fail(operator, ", or 'end of string'")
    } else if (operator === 'in' || operator === 'notin') {
      at++
      if (tokens[at] !== '(') fail(tokens[at], "'('")
      at++
      const values: string[] = []
      let value = ''
      for (; tokens[at] !== ')'; at++) {
        if (tokens[at] === undefined) fail('', "',', or ')'")
        if (tokens[at] === ',') {
          values.push(value)
          value = ''
        } else value = tokens[at]!
      }
      at++
      values.push(value)
      requirements.push({ key, operator, values })
    } else {
      const comparison = operator === '==' ? '=' : operator
      if (!['=', '!=', '<', '>'].includes(comparison)) fail(operator, 'in, notin, =, ==, !=, gt, lt')
      at++
      const value = tokens[at] === undefined || tokens[at] === ',' ? '' : word()
      if (comparison === '<' || comparison === '>') {
        if (!isInteger(value)) {
          throw badRequestError(
            `unable to parse requirement: values[0][${key}]: Invalid value: ${JSON.stringify(value)}: for 'Gt', 'Lt' operators, the value must be an integer`,
          )
        }
        requirements.push({ key, operator: comparison === '>' ? 'gt' : 'lt', values: [value] })
      } else requirements.push({ key, operator: comparison as '=' | '!=', values: [value] })
    }
    for (const value of requirements.at(-1)!.values) {
      if (!VALUE.test(value) || value.length > 63) {
        throw badRequestError(
          `unable to parse requirement: values[0][${key}]: Invalid value: ${JSON.stringify(value)}: a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')`,
        )
      }
    }
    if (at < tokens.length) {
      if (tokens[at] !== ',') fail(tokens[at], "',' or 'end of string'")
      at++
      if (at >= tokens.length) fail('', "identifier after ','")
    }
  }
  return requirements
}

export interface FieldRequirement {
  readonly field: string
  readonly operator: '=' | '!='
  readonly value: string
}

/** Parses the `fieldSelector` parameter (`spec.nodeName=a,status.phase!=Failed`; `\` escapes). @throws ApiError 400 */
export function parseFieldSelector(text: string): FieldRequirement[] {
  const terms: string[] = []
  let term = ''
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '\\' && i + 1 < text.length) term += text[i]! + text[++i]!
    else if (text[i] === ',') {
      terms.push(term)
      term = ''
    } else term += text[i]
  }
  terms.push(term)
  return terms
    .filter((part) => part !== '')
    .map((part) => {
      const match = /^((?:\\.|[^\\=!])*?)(!=|==|=)((?:\\.|[^\\])*)$/s.exec(part)
      if (match === null) throw badRequestError(`invalid selector: '${text}'; can't understand '${part}'`)
      return { field: match[1]!, operator: match[2] === '!=' ? '!=' : '=', value: match[3]!.replace(/\\(.)/gs, '$1') }
    })
}
