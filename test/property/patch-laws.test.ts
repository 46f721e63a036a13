import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { applyMergePatch } from '../../src/api/meta/patches/merge-patch.ts'
import { applyStrategicMergePatch } from '../../src/api/meta/patches/strategic-merge-patch.ts'
import { Schemas } from '../../src/api/schema.ts'

type Json = Record<string, unknown>

const schemas = new Schemas()
const POD = 'io.k8s.api.core.v1.Pod'

const name = fc.constantFrom('a', 'b', 'c', 'd')
const named = (fields: Record<string, fc.Arbitrary<unknown>>) =>
  fc.uniqueArray(fc.record({ name, ...fields }, { requiredKeys: ['name'] }), { selector: (item) => item.name, maxLength: 4 })
const labels = fc.dictionary(name, fc.constantFrom('1', '2'), { maxKeys: 3, noNullPrototype: true })
const pod: fc.Arbitrary<Json> = fc.record(
  {
    metadata: fc.record({ labels, finalizers: fc.uniqueArray(name, { maxLength: 3 }) }, { requiredKeys: [] }),
    spec: fc.record(
      { containers: named({ image: name, env: named({ value: name }) }), volumes: named({ emptyDir: fc.constant({}) }), nodeName: name },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: [] },
)

const strategic = (original: Json, patch: unknown) => applyStrategicMergePatch(schemas, POD, original, patch)

describe('patches', () => {
  it('that are empty change nothing', () => {
    fc.assert(
      fc.property(pod, (original) => {
        expect(strategic(original, {})).toEqual(original)
        expect(applyMergePatch(original, {})).toEqual(original)
      }),
    )
  })

  it('change nothing the second time', () => {
    fc.assert(
      fc.property(pod, pod, (original, patch) => {
        const once = strategic(original, patch)
        expect(strategic(once, patch)).toEqual(once)
        const merged = applyMergePatch(original, patch)
        expect(applyMergePatch(merged, patch)).toEqual(merged)
      }),
    )
  })

  it('leave nothing out that they set, and no item twice', () => {
    fc.assert(
      fc.property(pod, pod, (original, patch) => {
        const { spec } = strategic(original, patch) as { spec?: { containers?: { name: string }[] } }
        const namesOf = (value: unknown) =>
          ((value as { spec?: { containers?: { name: string }[] } }).spec?.containers ?? []).map((item) => item.name)
        const after = (spec?.containers ?? []).map((item) => item.name)
        expect(new Set(after)).toEqual(new Set([...namesOf(original), ...namesOf(patch)]))
        expect(after.length).toBe(new Set(after).size)
        // What the patch names comes out in its order.
        expect(after.filter((item) => namesOf(patch).includes(item))).toEqual(namesOf(patch))
      }),
    )
  })

  it('of the whole object give the object, from nothing', () => {
    fc.assert(
      fc.property(pod, (wanted) => {
        expect(strategic({}, wanted)).toEqual(wanted)
        expect(applyMergePatch({}, wanted)).toEqual(wanted)
      }),
    )
  })
})
