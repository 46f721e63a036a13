import { expect, it, test } from 'vitest'
import type { KubeObject } from '../../src/api/object.ts'
import type { ConfigMap } from '../../src/api/types.gen.ts'
import type { Client, DigestFunction } from '../../src/client/client.ts'
import { digestOf } from '../../src/runtime/digest.ts'
import { Informers } from '../../src/runtime/informers.ts'
import { ObjectStore } from '../../src/runtime/object-store.ts'

const configMap = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'a', namespace: 'ns', uid: 'u', labels: { a: 'b' }, annotations: { long: 'text' }, finalizers: ['f'] },
  data: { big: 'content' },
} as unknown as ConfigMap

test.each([
  { name: 'identity, and what deletion depends on', keeps: [], expect: {} },
  { name: 'a field more', keeps: [({ data }: ConfigMap) => ({ data })], expect: { data: { big: 'content' } } },
])('a digest has $name', ({ keeps, expect: more }) => {
  const metadata = { name: 'a', namespace: 'ns', uid: 'u', finalizers: ['f'] }
  expect(digestOf(configMap, keeps as never)).toEqual({ apiVersion: 'v1', kind: 'ConfigMap', metadata, ...more })
})

it('has metadata beyond its own when that is kept', () => {
  expect(digestOf(configMap, [({ metadata }: KubeObject) => ({ metadata: { labels: metadata.labels } })]).metadata.labels).toEqual({
    a: 'b',
  })
})

/** Which resources were asked for by digest. */
function recordingClient(asked: Map<string, boolean>): Client {
  return {
    list: async (resource: string, _namespace: string | undefined, digest?: DigestFunction) => {
      asked.set(resource, digest !== undefined)
      return { items: [digest === undefined ? configMap : digest(configMap)], resourceVersion: '1' }
    },
    watch: () => ({ stop: () => {} }),
  } as unknown as Client
}

it('keeps whole objects only of what is watched whole', async () => {
  const asked = new Map<string, boolean>()
  const informers = new Informers(recordingClient(asked))
  informers.watchDigests('pods', undefined, () => {})
  informers.watch('pods', () => {})
  informers.watch('nodes', () => {})
  informers.watchDigests('nodes', undefined, () => {})
  informers.watchDigests('configmaps', undefined, () => {})
  await informers.start()
  expect(asked).toEqual(
    new Map([
      ['pods', false],
      ['nodes', false],
      ['configmaps', true],
    ]),
  )
  const reader = informers.reader('test')
  expect(reader.get('configmaps', 'ns', 'a')).not.toHaveProperty('data')
  expect(reader.get('pods', 'ns', 'a')).toBe(configMap)
  expect(reader.orphans('pods', 'ns')).toHaveLength(1)
})

it('keeps indexes as objects change', () => {
  const store = new ObjectStore()
  store.addIndex('label', ({ metadata }) => Object.values(metadata.labels ?? {}))
  const named = (labels: Record<string, string>) => ({ ...configMap, metadata: { ...configMap.metadata, labels } })
  store.set(named({ a: 'x', b: 'y' }))
  const next = named({ a: 'x', b: 'z' })
  store.set(next)
  expect([store.indexed('label', 'x'), store.indexed('label', 'y'), store.indexed('label', 'z')]).toEqual([[next], [], [next]])
  store.delete(next)
  expect(store.indexed('label', 'x')).toEqual([])
})
