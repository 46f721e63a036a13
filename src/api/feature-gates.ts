/**
 * Behaviour that upstream has behind a feature gate which 1.36 leaves off: on when a cluster asks for it. What upstream has on
 * for good needs no gate here. Upstream: pkg/features/kube_features.go.
 */

/** Each with the value it has when nothing is said. */
export const DEFAULT_FEATURE_GATES = Object.freeze({
  /** A rolling update of a StatefulSet may take away several pods at once: spec.updateStrategy.rollingUpdate.maxUnavailable. */
  MaxUnavailableStatefulSet: false,
})

export type FeatureGate = keyof typeof DEFAULT_FEATURE_GATES

export type FeatureGates = Readonly<Record<FeatureGate, boolean>>

export const FEATURE_GATE_NAMES = Object.keys(DEFAULT_FEATURE_GATES) as readonly FeatureGate[]

/** Why an item of `--feature-gates` can't be. */
export type GateFault = 'unknown' | 'noValue' | 'noBoolean'

/**
 * @param list as `--feature-gates` has it, such as `['MaxUnavailableStatefulSet=true']`; of two for one gate the latter holds
 * @returns the value of every gate, or the first item that can't be
 */
export function featureGates(list: readonly string[]): FeatureGates | { readonly item: string; readonly fault: GateFault } {
  const gates: Record<FeatureGate, boolean> = { ...DEFAULT_FEATURE_GATES }
  for (const item of list) {
    const [name = '', value] = item.split('=', 2).map((part) => part.trim())
    const gate = FEATURE_GATE_NAMES.find((known) => known === name)
    if (value === undefined) return { item, fault: 'noValue' }
    if (gate === undefined) return { item: name, fault: 'unknown' }
    const isOn = BOOLEANS.get(value)
    if (isOn === undefined) return { item, fault: 'noBoolean' }
    gates[gate] = isOn
  }
  return gates
}

/** What Go's strconv.ParseBool takes. */
const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ...['1', 't', 'T', 'TRUE', 'true', 'True'].map((text) => [text, true] as const),
  ...['0', 'f', 'F', 'FALSE', 'false', 'False'].map((text) => [text, false] as const),
])
