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

/** As selectors in objects name the operators. */
export const OBJECT_OPERATORS: Readonly<Record<string, Operator>> = {
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
