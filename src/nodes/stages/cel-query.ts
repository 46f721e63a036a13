/** Expressions in CEL, as Stages have them: about `self`, the object. Upstream: kwok pkg/utils/cel. */
import { compileExpression } from '../../api/cel/compile.ts'
import { kubernetesEnvironment } from '../../api/cel/environment.ts'
import { CelQuantity, QUANTITY } from '../../api/cel/quantity-functions.ts'
import type { Query } from './jq.ts'

export class CelFault extends Error {}

/** @returns the value, nothing when it can't be had: of a field that isn't there, for one. @throws CelFault */
export function compileCel(expression: string): Query {
  const environment = kubernetesEnvironment()
    .registerVariable('self', 'dyn')
    .registerFunction(`Quantity(string): ${QUANTITY}`, (text: string) => CelQuantity.of(text))
  const compiled = compileExpression(environment, expression)
  if ('fault' in compiled) throw new CelFault(compiled.fault)
  return (object) => {
    try {
      return [plain(compiled.evaluate({ self: withIntegers(object) }))]
    } catch {
      return []
    }
  }
}

/** Numbers of JSON that are whole are integers to CEL. */
function withIntegers(value: unknown): unknown {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : value
  if (Array.isArray(value)) return value.map(withIntegers)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withIntegers(each)]))
}

/** As jq would give it. Durations of CEL become texts that Go reads. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value)
  const { seconds, nanos } = (typeof value === 'object' && value !== null ? value : {}) as { seconds?: bigint; nanos?: number }
  return typeof seconds === 'bigint' ? `${Number(seconds) * 1e9 + (nanos ?? 0)}ns` : value
}
