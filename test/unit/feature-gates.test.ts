import { expect, test } from 'vitest'
import { DEFAULT_FEATURE_GATES, FEATURE_GATE_NAMES, type FeatureGates } from '../../src/api/feature-gates.ts'
import { loadDefinitions } from '../../src/api/index.ts'
import type { StatefulSet, StatefulSetUpdateStrategy } from '../../src/api/types.gen.ts'
import { HELP, readConfig } from '../../src/config.ts'

const gatesOf = (args: string[], environment = {}) => {
  const config = readConfig(args, environment)
  return typeof config === 'string' ? config : config.featureGates
}
const on = { MaxUnavailableStatefulSet: true }
const off = { MaxUnavailableStatefulSet: false }

test.each<{ name: string; given: string; expect: FeatureGates | string }>([
  { name: 'nothing said', given: '', expect: off },
  { name: 'on', given: 'MaxUnavailableStatefulSet=true', expect: on },
  { name: 'off', given: 'MaxUnavailableStatefulSet=false', expect: off },
  { name: 'as Go reads booleans', given: 'MaxUnavailableStatefulSet=T', expect: on },
  { name: 'spaces and empty items', given: ' MaxUnavailableStatefulSet = 1 ,', expect: on },
  { name: 'said twice: the latter holds', given: 'MaxUnavailableStatefulSet=true,MaxUnavailableStatefulSet=false', expect: off },
  {
    name: 'one there is none of',
    given: 'MaxSurge=true',
    expect: 'there is no feature gate "MaxSurge". There are: MaxUnavailableStatefulSet.',
  },
  {
    name: 'names in another case',
    given: 'maxunavailablestatefulset=true',
    expect: 'there is no feature gate "maxunavailablestatefulset".',
  },
  {
    name: 'no value',
    given: 'MaxUnavailableStatefulSet',
    expect: '"MaxUnavailableStatefulSet" must say true or false: MaxUnavailableStatefulSet=true.',
  },
  { name: 'no boolean', given: 'MaxUnavailableStatefulSet=yes', expect: '"MaxUnavailableStatefulSet=yes" must be true or false.' },
])('--feature-gates: $name', ({ given, expect: expected }) => {
  if (typeof expected === 'string') expect(() => gatesOf([`--feature-gates=${given}`])).toThrow(`--feature-gates: ${expected}`)
  else expect(gatesOf([`--feature-gates=${given}`])).toEqual(expected)
})

test('gates can be given by the environment, and are listed', () => {
  expect(gatesOf([], { CORACLE_FEATURE_GATES: 'MaxUnavailableStatefulSet=true' })).toEqual(on)
  for (const name of FEATURE_GATE_NAMES) expect(HELP).toContain(`${name}=${DEFAULT_FEATURE_GATES[name]}`)
})

type Strategy = StatefulSetUpdateStrategy
const rolling = (maxUnavailable?: number | string): Strategy => ({
  type: 'RollingUpdate',
  rollingUpdate: { partition: 0, ...(maxUnavailable !== undefined && { maxUnavailable }) },
})

// Upstream: apps/v1 defaults_test.go TestSetDefaultStatefulSet, registry/apps/statefulset strategy_test.go.
test.each<{ name: string; gates: FeatureGates; given: Strategy | undefined; old?: Strategy; expect: Strategy }>([
  { name: 'off: dropped from a new set', gates: off, given: rolling(2), expect: rolling() },
  { name: 'off: dropped where it was not in use', gates: off, given: rolling(2), old: rolling(), expect: rolling() },
  { name: 'off: kept where it was in use', gates: off, given: rolling(2), old: rolling(3), expect: rolling(2) },
  { name: 'off: may be taken away', gates: off, given: rolling(), old: rolling(3), expect: rolling() },
  { name: 'off: no default', gates: off, given: undefined, expect: rolling() },
  { name: 'on: kept', gates: on, given: rolling('20%'), expect: rolling('20%') },
  { name: 'on: kept on update', gates: on, given: rolling(2), old: rolling(), expect: rolling(2) },
  { name: 'on: one by default', gates: on, given: rolling(), expect: rolling(1) },
  { name: 'on: one by default, without a strategy', gates: on, given: undefined, expect: rolling(1) },
  { name: 'on: nothing for OnDelete', gates: on, given: { type: 'OnDelete' }, expect: { type: 'OnDelete' } },
])('maxUnavailable of a StatefulSet, gate $name', ({ gates, given, old, expect: expected }) => {
  const definition = loadDefinitions(gates).find(({ resource }) => resource === 'statefulsets')!
  const setOf = (updateStrategy: Strategy | undefined) =>
    ({ metadata: {}, spec: structuredClone({ updateStrategy, template: {} }) }) as unknown as StatefulSet
  const next = setOf(given)
  definition.setDefaults!(next)
  if (old === undefined) definition.prepareForCreate!(next)
  else definition.prepareForUpdate!(next, setOf(old), '2026-01-01T00:00:00Z')
  expect(next.spec.updateStrategy).toEqual(expected)
})
