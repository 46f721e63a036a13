import fc from 'fast-check'
import { expect, it } from 'vitest'
import { AdmissionChain } from '../../src/admission/admission.ts'
import { loadDefinitions } from '../../src/api/index.ts'
import type { KubeObject } from '../../src/api/object.ts'
import { Schemas } from '../../src/api/schema.ts'
import { ServiceAccountTokens } from '../../src/auth/service-account-tokens.ts'
import { VirtualClock } from '../../src/lib/clock.ts'
import { type Random, SeededRandom } from '../../src/lib/random.ts'
import type { RegistryContext } from '../../src/registry/context.ts'
import { create } from '../../src/registry/create.ts'
import { deleteObject } from '../../src/registry/delete.ts'
import { list } from '../../src/registry/list.ts'
import { Resources } from '../../src/registry/resources.ts'
import { signingKeyStore } from '../../src/registry/signing-key.ts'
import { update } from '../../src/registry/update.ts'
import { type WatchEvent, watch } from '../../src/registry/watch.ts'
import { Cache } from '../../src/storage/cache.ts'
import { MemoryStorage } from '../../src/storage/memory/memory-storage.ts'

const definitions = loadDefinitions()
const schemas = new Schemas()

function newContext(random: Random = new SeededRandom(1)): RegistryContext {
  const attributesOf = (_key: string, { metadata }: KubeObject) => ({ labels: metadata.labels, fields: undefined })
  const cache = new Cache(new MemoryStorage(), { attributesOf, maxChanges: 1000, maxChangeBytes: 1 << 24 })
  return {
    cache,
    resources: new Resources(definitions),
    schemas,
    admission: new AdmissionChain([], { get: () => undefined, list: () => [], follow: () => {}, idle: async () => {}, now: 0 }),
    clock: new VirtualClock(),
    random,
    logs: { read: () => ({ lines: [], knownUntil: undefined }) },
    tokens: new ServiceAccountTokens({ keys: signingKeyStore(cache), find: () => undefined, now: () => 0 }),
  }
}

const options = { user: { name: 'test', groups: [] } }
const NAMESPACES = ['a', 'a-b', 'b']
const NAMES = ['x', 'y']

const step = fc.record({
  verb: fc.constantFrom('create', 'create', 'create', 'label', 'label', 'touch', 'hold', 'release', 'delete'),
  namespace: fc.constantFrom(...NAMESPACES),
  name: fc.constantFrom(...NAMES),
  color: fc.constantFrom('red', 'green', undefined),
})
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

/** Steps that fail, as there is or isn't such an object, are part of the game. */
async function run(context: RegistryContext, { verb, namespace, name, color }: Step, i: number): Promise<void> {
  const definition = context.resources.find('v1', 'configmaps')!
  const target = { definition, namespace, name }
  const labels = color === undefined ? {} : { color }
  const change = (apply: (object: KubeObject) => void) =>
    update(
      context,
      target,
      (current) => {
        apply(current!)
        return current!
      },
      { ...options, isPatch: true },
    )
  const work: Record<string, () => Promise<unknown>> = {
    create: () => create(context, { ...target, name: '' }, { metadata: { name, labels } } as KubeObject, options),
    label: () => change(({ metadata }) => Object.assign(metadata, { labels })),
    touch: () => change(({ metadata }) => Object.assign(metadata, { annotations: { i: `${i}` } })),
    hold: () => change(({ metadata }) => Object.assign(metadata, { finalizers: ['example.com/hold'] })),
    release: () => change(({ metadata }) => Object.assign(metadata, { finalizers: [] })),
    delete: () => deleteObject(context, target, {}, options),
  }
  await work[verb]!().catch(() => {})
}

const selector = fc.record({
  namespace: fc.constantFrom(undefined, ...NAMESPACES),
  labelSelector: fc.constantFrom(undefined, 'color', '!color', 'color=red', 'color!=red', 'color in (red,green)'),
  fieldSelector: fc.constantFrom(undefined, 'metadata.name=x', 'metadata.name!=x', 'metadata.namespace=b'),
})

/** A client's cache: what it listed, and what it was told since. */
function follow(state: Map<string, string>, { type, entry }: WatchEvent): void {
  const isThere = state.has(entry.key)
  // An ADDED for what is there, or a MODIFIED or DELETED for what isn't, would be a lie.
  expect(type === 'ADDED' ? !isThere : isThere).toBe(true)
  expect(JSON.parse(entry.bytes.toString()).metadata.resourceVersion).toBe(String(entry.revision))
  if (type === 'DELETED') state.delete(entry.key)
  else state.set(entry.key, entry.bytes.toString())
}

it('what is listed at a revision, and what a watch tells after it, are what is listed now', async () => {
  const batch = fc.array(step, { minLength: 1, maxLength: 4, size: 'max' })
  await fc.assert(
    fc.asyncProperty(
      fc.array(batch, { minLength: 2, maxLength: 14, size: 'max' }),
      selector,
      fc.nat(12),
      fc.nat(14),
      async (batches, { namespace, ...selectors }, back, live) => {
        const context = newContext()
        const definition = context.resources.find('v1', 'configmaps')!
        const listed = (more: object = {}) =>
          new Map(
            list(context, definition, namespace, { ...selectors, ...more }).entries.map((entry) => [entry.key, entry.bytes.toString()]),
          )
        const state = new Map<string, string>()
        let stop = () => {}
        for (const [i, steps] of batches.entries()) {
          if (i === live % batches.length) {
            const from = Math.max(0, context.cache.revision - back)
            if (from > 0)
              for (const [key, bytes] of listed({ resourceVersion: `${from}`, resourceVersionMatch: 'Exact' })) state.set(key, bytes)
            const started = watch(context, definition, namespace, {
              ...selectors,
              ...(from > 0 ? { resourceVersion: `${from}` } : {}),
            })
            for (const entry of started.initial) follow(state, { type: 'ADDED', entry, revision: entry.revision })
            for (const event of started.replay) follow(state, event)
            const subscription = started.start((events) => {
              for (const event of events) follow(state, event)
            })
            stop = () => subscription.stop()
          }
          // One turn of the event loop: the writes of a batch share a commit.
          await Promise.all(steps.map((each, j) => run(context, each, i * 10 + j)))
        }
        stop()
        stop()
        expect(state).toEqual(listed())
      },
    ),
    { numRuns: 300 },
  )
})

it('a generated name that is taken is drawn again, up to eight times', async () => {
  const draws = ['aaaaa', 'aaaaa', 'bbbbb']
  const random = new SeededRandom(1)
  random.suffix = () => draws.shift() ?? 'aaaaa'
  const context = newContext(random)
  const definition = context.resources.find('v1', 'configmaps')!
  const created = () =>
    create(context, { definition, namespace: 'a', name: '' }, { metadata: { generateName: 'n-' } } as KubeObject, options)
  expect((await created()).object.metadata.name).toBe('n-aaaaa')
  expect((await created()).object.metadata.name).toBe('n-bbbbb')
  await expect(created()).rejects.toMatchObject({ code: 409, reason: 'AlreadyExists', details: { retryAfterSeconds: 1 } })
})
