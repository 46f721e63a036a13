import { canonicalQuantity, formatQuantity, parseQuantity } from '../../meta/quantity.ts'

export type ResourceList = Record<string, string>

const MILLI_NANO = 1_000_000n

/** Texts that are their own canonical form; almost every quantity of a real manifest is one. */
const PLAIN = /^[1-9]\d{0,2}(?:m|Ki|Mi|Gi|Ti)?$/

/**
 * Brings the quantities of a list into the form the server stores, in place; finer ones than a thousandth are rounded up.
 * Upstream: defaults.go SetDefaults_ResourceList.
 */
export function setResourceListDefaults(list: ResourceList | undefined): void {
  if (list === undefined || list === null) return
  for (const name in list) {
    const text = list[name] as string | number
    if (typeof text === 'string' && PLAIN.test(text)) continue
    list[name] = roundedToMilli(text)
  }
}

function roundedToMilli(text: string | number): string {
  const quantity = parseQuantity(text)
  if (quantity === undefined || quantity.nano % MILLI_NANO === 0n) return canonicalQuantity(text)
  const floor = (quantity.nano / MILLI_NANO) * MILLI_NANO
  return formatQuantity({ ...quantity, nano: quantity.nano > 0n ? floor + MILLI_NANO : floor - MILLI_NANO })
}

/** Canonical quantities in the `resources` of a container or a volume claim. */
export function setResourceRequirementsDefaults(resources: {
  limits?: ResourceList | undefined
  requests?: ResourceList | undefined
}): void {
  setResourceListDefaults(resources.limits)
  setResourceListDefaults(resources.requests)
}
