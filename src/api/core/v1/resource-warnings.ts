import { canonicalQuantity, quantityMilliValue } from '../../meta/quantity.ts'
import type { PersistentVolumeClaimSpec } from '../../types.gen.ts'

/** Bytes that are no whole number. Upstream: pkg/api/pod/warnings.go, and pkg/api/persistentvolumeclaim/util.go for claims. */
export function fractionalByteWarnings(
  amounts: Readonly<Record<string, string>> | undefined,
  names: readonly string[],
  path: string,
): string[] {
  if (amounts === undefined) return []
  return names.flatMap((name) => {
    const value = amounts[name]
    if (value === undefined || quantityMilliValue(value) % 1000 === 0) return []
    return [`${path}[${name}]: fractional byte value "${canonicalQuantity(value)}" is invalid, must be an integer`]
  })
}

export function claimSpecWarnings(path: string, spec: PersistentVolumeClaimSpec | undefined): string[] {
  const { requests, limits } = spec?.resources ?? {}
  return [
    ...fractionalByteWarnings(requests, ['storage'], `${path}.resources.requests`),
    ...fractionalByteWarnings(limits, ['storage'], `${path}.resources.limits`),
  ]
}
