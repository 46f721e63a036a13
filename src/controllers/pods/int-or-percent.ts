import type { IntOrString } from '../../api/types.gen.ts'

/**
 * A count given as a number or as a share of `total` ("25%"). An absent value is 0, and so is a malformed one, which
 * validation keeps out. Upstream: intstr.GetScaledValueFromIntOrPercent.
 */
export function intOrPercent(value: IntOrString | undefined, total: number, rounding: 'up' | 'down'): number {
  if (value === undefined || typeof value === 'number') return value ?? 0
  const match = /^([+-]?\d+)%$/.exec(value)
  if (match === null) return 0
  const share = (Number(match[1]) * total) / 100
  return rounding === 'up' ? Math.ceil(share) : Math.floor(share)
}
