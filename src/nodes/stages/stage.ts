/** A Stage, made ready to be asked: does an object match, how much does it weigh, how long does it take. Upstream: kwok pkg/utils/lifecycle. */
import type { KubeObject } from '../../api/object.ts'
import type { ExpressionFrom, MatchExpression, Stage, StageStep } from '../../api/types.gen.ts'
import { parseGoDuration } from '../../lib/go-duration.ts'
import { CelFault, compileCel } from './cel-query.ts'
import { compileQuery, JqFault, type Query } from './jq.ts'

export interface CompiledStage {
  readonly name: string
  readonly stage: Stage
  readonly matches: (object: KubeObject) => boolean
  /** undefined when the object doesn't say. */
  readonly weightOf: (object: KubeObject) => number | undefined
  /** @param chance in [0, 1) */
  readonly delayMsOf: (object: KubeObject, now: number, chance: number) => number
  readonly steps: readonly StageStep[]
}

/** A Stage that asks for what isn't known here. */
export class StageFault extends Error {}

/** undefined for a Stage without a selector, which matches nothing. @throws StageFault */
export function compileStage(stage: Stage): CompiledStage | undefined {
  const { selector, weight = 0, weightFrom, delay, next, steps } = stage.spec
  if (selector === undefined) return undefined
  const expressions = (selector.matchExpressions ?? []).map(compileExpression)
  const weighs = queryOf(weightFrom)
  const lasts = queryOf(delay?.durationFrom)
  const lastsAtMost = queryOf(delay?.jitterDurationFrom)
  return {
    name: stage.metadata.name,
    stage,
    matches: (object) =>
      hasAll(object.metadata.labels, selector.matchLabels) &&
      hasAll(object.metadata.annotations, selector.matchAnnotations) &&
      expressions.every((matches) => matches(object)),
    weightOf: (object) => {
      const [value] = weighs?.(object) ?? []
      if (typeof value === 'number') return Math.trunc(value)
      if (typeof value !== 'string') return weight
      return /^[+-]?\d+$/.test(value) ? Number(value) : undefined
    },
    delayMsOf: (object, now, chance) => {
      if (delay === undefined) return 0
      const shortest = durationOf(lasts, object, now, delay.durationMilliseconds ?? 0)
      if (shortest === undefined) return 0
      const longest = durationOf(lastsAtMost, object, now, delay.jitterDurationMilliseconds)
      if (longest === undefined) return Math.max(0, shortest)
      return Math.max(0, longest <= shortest ? longest : shortest + Math.floor(chance * (longest - shortest)))
    },
    steps: steps !== undefined && steps.length > 0 ? steps : stepsOf(next),
  }
}

/** Which of those that match comes next: by their weights, or each as likely as the others where none has any. */
export function chooseStage(stages: readonly CompiledStage[], object: KubeObject, chance: number): CompiledStage | undefined {
  const matching = stages.filter((stage) => stage.matches(object))
  if (matching.length < 2) return matching[0]
  const weights = matching.map((stage) => stage.weightOf(object))
  const total = weights.reduce<number>((sum, weight) => sum + (weight ?? 0), 0)
  if (total <= 0) {
    const said = matching.filter((_, index) => weights[index] !== undefined)
    const among = said.length === 0 ? matching : said
    return among[Math.floor(chance * among.length)]
  }
  let left = Math.floor(chance * total)
  for (const [index, weight = 0] of weights.entries()) {
    if (weight <= 0) continue
    left -= weight
    if (left < 0) return matching[index]
  }
  return matching.at(-1)
}

function hasAll(actual: Readonly<Record<string, string>> | undefined, wanted: Readonly<Record<string, string>> | undefined): boolean {
  return Object.entries(wanted ?? {}).every(([key, value]) => actual?.[key] === value)
}

function compileExpression({ key, operator, values, jq, cel }: MatchExpression): (object: KubeObject) => boolean {
  if (cel !== undefined) {
    const condition = compiledCel(cel.expression ?? '')
    return (object) => condition(object)[0] === true
  }
  const query = compiled(jq?.key ?? key ?? '')
  const wanted = new Set(jq?.values ?? values ?? [])
  const isIn = (object: KubeObject) =>
    query(object).some((value) => ['string', 'boolean', 'number'].includes(typeof value) && wanted.has(String(value)))
  switch (jq?.operator ?? operator) {
    case 'In':
      return isIn
    case 'NotIn':
      return (object) => !isIn(object)
    case 'Exists':
      return (object) => query(object).length > 0
    case 'DoesNotExist':
      return (object) => query(object).length === 0
    default:
      throw new StageFault(`operator ${JSON.stringify(jq?.operator ?? operator ?? '')} is not supported`)
  }
}

function queryOf(from: ExpressionFrom | undefined): Query | undefined {
  if (from?.cel !== undefined) return compiledCel(from.cel.expression ?? '')
  const text = from?.jq?.expression ?? from?.expressionFrom
  return text === undefined ? undefined : compiled(text)
}

function compiledCel(text: string): Query {
  try {
    return compileCel(text)
  } catch (error) {
    if (error instanceof CelFault) throw new StageFault(`${text}: ${error.message}`)
    throw error
  }
}

function compiled(text: string): Query {
  try {
    return compileQuery(text)
  } catch (error) {
    if (error instanceof JqFault) throw new StageFault(`${text}: ${error.message}`)
    throw error
  }
}

/** A time counts from now; an empty text is no duration at all. */
function durationOf(query: Query | undefined, object: KubeObject, now: number, otherwise: number | undefined): number | undefined {
  const [value] = query?.(object) ?? []
  if (typeof value !== 'string') return otherwise
  if (value === '') return undefined
  if (/^\d{4}-\d\d-\d\dT/.test(value)) return Date.parse(value) - now
  try {
    return parseGoDuration(value)
  } catch {
    return otherwise
  }
}

/** What `next` says, as steps. Upstream: kwok pkg/apis/internalversion/conversion.go; a status template counts where there are no patches. */
function stepsOf(next: Stage['spec']['next']): StageStep[] {
  if (next === undefined) return []
  const { event, finalizers, patches = [], statusTemplate, statusSubresource = 'status', statusPatchAs: impersonation } = next
  const status = { root: 'status', template: statusTemplate ?? '', subresource: statusSubresource, ...(impersonation && { impersonation }) }
  return [
    ...(event === undefined ? [] : [{ event }]),
    ...(finalizers === undefined ? [] : [{ finalizers }]),
    ...(patches.length > 0 ? patches : statusTemplate ? [status] : []).map((patch) => ({ patch })),
    ...(next.delete === true ? [{ delete: true }] : []),
  ]
}
