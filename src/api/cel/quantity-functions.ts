import type { Environment } from '@marcbachmann/cel-js'
import { formatQuantity, type ParsedQuantity, parseQuantity } from '../meta/quantity.ts'

export const QUANTITY = 'kubernetes.Quantity'

/** A quantity as expressions see it. */
export class CelQuantity {
  readonly parsed: ParsedQuantity

  constructor(parsed: ParsedQuantity) {
    this.parsed = parsed
  }

  /** @throws Error for what is no quantity, in upstream's words */
  static of(text: string | number): CelQuantity {
    const parsed = parseQuantity(text)
    if (parsed !== undefined) return new CelQuantity(parsed)
    throw new Error("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")
  }

  toString(): string {
    return formatQuantity(this.parsed)
  }
}

const NANO = 1_000_000_000n
const MAX_INT = (1n << 63n) - 1n

/** Upstream: apiserver/pkg/cel/library/quantity.go. */
export function registerQuantities(environment: Environment): void {
  const isWhole = ({ parsed: { nano } }: CelQuantity) => nano % NANO === 0n && nano / NANO <= MAX_INT && nano / NANO >= -MAX_INT - 1n
  const compare = (a: CelQuantity, b: CelQuantity) => (a.parsed.nano < b.parsed.nano ? -1n : a.parsed.nano > b.parsed.nano ? 1n : 0n)
  const plus = ({ parsed }: CelQuantity, nano: bigint, format: ParsedQuantity['format']) =>
    new CelQuantity({ nano: parsed.nano + nano, format: parsed.nano === 0n ? format : parsed.format })
  environment
    .registerType(QUANTITY, { ctor: CelQuantity, fields: {} })
    .registerFunction(`quantity(string): ${QUANTITY}`, (text: string) => CelQuantity.of(text))
    .registerFunction('isQuantity(string): bool', (text: string) => parseQuantity(text) !== undefined)
    .registerFunction(`sign(${QUANTITY}): int`, ({ parsed: { nano } }: CelQuantity) => (nano > 0n ? 1n : nano < 0n ? -1n : 0n))
    .registerFunction(`${QUANTITY}.isGreaterThan(${QUANTITY}): bool`, (a: CelQuantity, b: CelQuantity) => compare(a, b) > 0n)
    .registerFunction(`${QUANTITY}.isLessThan(${QUANTITY}): bool`, (a: CelQuantity, b: CelQuantity) => compare(a, b) < 0n)
    .registerFunction(`${QUANTITY}.compareTo(${QUANTITY}): int`, compare)
    .registerFunction(`${QUANTITY}.asApproximateFloat(): double`, ({ parsed }: CelQuantity) => Number(parsed.nano) / 1e9)
    .registerFunction(`${QUANTITY}.isInteger(): bool`, isWhole)
    .registerFunction(`${QUANTITY}.asInteger(): int`, (quantity: CelQuantity) => {
      if (!isWhole(quantity)) throw new Error('cannot convert value to integer')
      return quantity.parsed.nano / NANO
    })
    .registerFunction(`${QUANTITY}.add(${QUANTITY}): ${QUANTITY}`, (a: CelQuantity, { parsed }: CelQuantity) =>
      plus(a, parsed.nano, parsed.format),
    )
    .registerFunction(`${QUANTITY}.add(int): ${QUANTITY}`, (a: CelQuantity, by: bigint) => plus(a, by * NANO, 'DecimalSI'))
    .registerFunction(`${QUANTITY}.sub(${QUANTITY}): ${QUANTITY}`, (a: CelQuantity, { parsed }: CelQuantity) =>
      plus(a, -parsed.nano, parsed.format),
    )
    .registerFunction(`${QUANTITY}.sub(int): ${QUANTITY}`, (a: CelQuantity, by: bigint) => plus(a, -by * NANO, 'DecimalSI'))
    .registerOperator(`${QUANTITY} == ${QUANTITY}`, (a: CelQuantity, b: CelQuantity) => compare(a, b) === 0n)
}
