import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { appliedFields } from '../../src/api/meta/managed-fields/applied-fields.ts'
import { applyConfiguration } from '../../src/api/meta/managed-fields/apply-configuration.ts'
import { changedFields } from '../../src/api/meta/managed-fields/changed-fields.ts'
import { createdFields } from '../../src/api/meta/managed-fields/created-fields.ts'
import { difference, type FieldSet, hasPath, pathsOf, union } from '../../src/api/meta/managed-fields/field-set.ts'
import { decodeManagers, encodeManagers, type Manager } from '../../src/api/meta/managed-fields/managers.ts'
import type { Json, OwnedType } from '../../src/api/meta/managed-fields/owned-type.ts'
import { Shapes } from '../../src/api/meta/managed-fields/shapes.ts'
import { trackUpdate } from '../../src/api/meta/managed-fields/track-update.ts'
import { completeObject } from '../../src/api/schema/decode-object.ts'
import { Schemas } from '../../src/api/schema.ts'
import { objectOf } from '../support/arbitrary-object.ts'

const schemas = new Schemas()
const shapes = new Shapes(schemas)
const POD = 'io.k8s.api.core.v1.Pod'
const TIME = '2026-01-01T00:00:00Z'
const pods: OwnedType = {
  apiVersion: 'v1',
  shape: shapes.type(POD),
  tracked: shapes.tracked(POD, { status: true }),
  inVersion: () => undefined,
}

const value = fc.constantFrom('1', '2')
const list = fc.array(value, { minLength: 1, maxLength: 2 })

/** @param letters what its items and keys are called */
function configurationOf(letters: string, hasLeaves = true): fc.Arbitrary<Json> {
  const name = fc.constantFrom(...letters)
  const named = (fields: Record<string, fc.Arbitrary<unknown>>) =>
    fc.uniqueArray(fc.record({ name, ...fields }, { requiredKeys: ['name'] }), {
      selector: (item) => item.name,
      maxLength: 4,
      minLength: 1,
    })
  const labels = fc.dictionary(name, value, { maxKeys: 3, minKeys: 1, noNullPrototype: true })
  const volumes = named({ emptyDir: fc.record({ medium: value }) })
  const containers = named({ image: value, env: named({ value }), command: list })
  const atomic: Record<string, fc.Arbitrary<unknown>> = hasLeaves ? { nodeSelector: labels, nodeName: value } : {}
  return fc.record({
    apiVersion: fc.constant('v1'),
    kind: fc.constant('Pod'),
    metadata: fc.record(
      { name: fc.constant('pod'), labels, annotations: labels, finalizers: fc.uniqueArray(name, { maxLength: 3, minLength: 1 }) },
      { requiredKeys: ['name'] },
    ),
    spec: fc.record({ containers, volumes, ...atomic }, { requiredKeys: ['containers'] }),
  })
}
const configuration = configurationOf('abcd')

interface State {
  readonly object: Json
  readonly managers: readonly Manager[]
}
const NOTHING: State = { object: {}, managers: [] }

function apply(state: State, who: string, config: Json): State {
  const applied = applyConfiguration({
    type: pods,
    live: state.object,
    managers: state.managers,
    configuration: config,
    applier: { name: who, subresource: '' },
    isForced: true,
    time: TIME,
  })
  if (applied.conflicts !== undefined) throw new Error('a forced apply has no conflicts')
  return { object: completeObject(schemas, POD, applied.object), managers: applied.managers }
}

const all = ({ managers }: State): FieldSet => managers.map(({ fields }) => fields).reduce(union, undefined)
const fieldsOf = (managers: readonly Manager[], who: string) => managers.find((manager) => manager.name === who)?.fields
const entries = ({ managers }: State) => encodeManagers(managers)?.map(({ time: _time, ...entry }) => entry)

describe('apply', () => {
  it('of the same configuration a second time changes nothing', () => {
    fc.assert(
      fc.property(configuration, configuration, (first, second) => {
        const once = apply(apply(NOTHING, 'one', first), 'two', second)
        const twice = apply(once, 'two', second)
        expect(twice.object).toEqual(once.object)
        expect(encodeManagers(twice.managers)).toEqual(encodeManagers(once.managers))
      }),
    )
  })

  it('by two managers who say nothing in common leads to the same in either order', () => {
    fc.assert(
      fc.property(configuration, configurationOf('efgh', false), (first, second) => {
        const one = apply(apply(NOTHING, 'one', first), 'two', second)
        const other = apply(apply(NOTHING, 'two', second), 'one', first)
        expect(sorted(one.object)).toEqual(sorted(other.object))
        expect(new Set(entries(one))).toEqual(new Set(entries(other)))
      }),
    )
  })

  it('makes the object say what the configuration says, and its applier the owner of just that', () => {
    fc.assert(
      fc.property(configuration, configuration, configuration, (first, second, third) => {
        const { object, managers } = apply(apply(apply(NOTHING, 'one', first), 'two', second), 'one', third)
        const said = appliedFields(pods.tracked, third)
        const changes = changedFields(pods.tracked, object, apply({ object, managers }, 'one', third).object)
        expect(changes).toBeUndefined()
        expect(fieldsOf(managers, 'one')).toEqual(said)
      }),
    )
  })

  it('removes what the applier says no more if, and only if, nobody else owns it', () => {
    fc.assert(
      fc.property(configuration, configuration, configuration, (first, second, third) => {
        const before = apply(apply(NOTHING, 'one', first), 'two', second)
        const after = apply(before, 'one', third)
        const left = appliedFields(pods.tracked, after.object)
        const dropped = difference(fieldsOf(before.managers, 'one'), appliedFields(pods.tracked, third))
        const owned = union(fieldsOf(after.managers, 'two'), fieldsOf(after.managers, 'one'))
        // An item that stays keeps what it is found by; a field stays for what is owned below it.
        const isNeeded = (path: readonly string[]): boolean =>
          isIn(owned, path) || (path.at(-1) === 'f:name' && path.at(-2)?.startsWith('k:') === true && isNeeded(path.slice(0, -1)))
        for (const path of pathsOf(dropped)) expect(isIn(left, path), path.join(' ')).toBe(isNeeded(path))
      }),
    )
  })

  it('leaves the managers together with just what the object has', () => {
    fc.assert(
      fc.property(configuration, configuration, configuration, (first, second, third) => {
        const state = apply(apply(apply(NOTHING, 'one', first), 'two', second), 'one', third)
        const has = appliedFields(pods.tracked, state.object)
        expect(pathsOf(difference(all(state), has))).toEqual([])
        expect(pathsOf(difference(has, all(state))).filter((path) => !isFilledIn(path))).toEqual([])
      }),
    )
  })
})

describe('updates', () => {
  const pod = objectOf(schemas, POD, 3).map((object) => withUniqueItems(completeObject(schemas, POD, object)) as Json)

  it('leave the managers together with what creating the object anew would give', () => {
    fc.assert(
      fc.property(pod, pod, pod, (first, second, third) => {
        let managers = trackUpdate(pods, undefined, first, [], { name: 'one', subresource: '' }, TIME)
        managers = trackUpdate(pods, first, second, managers, { name: 'two', subresource: '' }, TIME)
        managers = trackUpdate(pods, second, third, managers, { name: 'one', subresource: '' }, TIME)
        const anew = createdFields(pods.tracked, third)
        const owned = all({ object: third, managers })
        expect(pathsOf(difference(anew, owned))).toEqual([])
        // Fields set to their zero on the way are owned, and nothing else beyond.
        for (const path of pathsOf(difference(owned, anew)))
          expect(hasPath(appliedFields(pods.shape, third), path), path.join(' ')).toBe(true)
      }),
      { numRuns: 60 },
    )
  })

  it('that change nothing leave managers as they are, and sets survive the wire', () => {
    fc.assert(
      fc.property(pod, (object) => {
        const managers = trackUpdate(pods, undefined, object, [], { name: 'one', subresource: '' }, TIME)
        expect(trackUpdate(pods, object, structuredClone(object), managers, { name: 'two', subresource: '' }, TIME)).toBe(managers)
        const written = encodeManagers(managers)
        if (written === undefined) return
        expect(JSON.stringify(encodeManagers(decodeManagers(JSON.parse(JSON.stringify(written)))!))).toBe(JSON.stringify(written))
      }),
      { numRuns: 60 },
    )
  })
})

/** Structs and strings that Go writes even when they are zero stay, and are no one's. */
function isFilledIn(path: readonly string[]): boolean {
  return /^f:(resources|name|status)$/.test(path.at(-1)!)
}

/** Whether the set has it or anything below it. */
function isIn(set: FieldSet, path: readonly string[]): boolean {
  let node = set
  for (const element of path) node = node?.[element]
  return node !== undefined
}

/** Lists by their items' names: two orders of applying give two orders of items. */
function sorted(item: unknown): unknown {
  if (Array.isArray(item)) return item.map(sorted).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
  if (typeof item !== 'object' || item === null) return item
  return Object.fromEntries(Object.entries(item).map(([key, each]) => [key, sorted(each)]))
}

/** Lists cut to one item: what an arbitrary object repeats is another matter. */
function withUniqueItems(item: unknown): unknown {
  if (Array.isArray(item)) return item.slice(0, 1).map(withUniqueItems)
  if (typeof item !== 'object' || item === null) return item
  const copy: Json = {}
  for (const [key, each] of Object.entries(item)) if (key !== '__proto__') copy[key] = withUniqueItems(each)
  return copy
}
