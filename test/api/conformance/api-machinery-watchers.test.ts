import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Json } from '../../support/api.ts'
import { Conformance, expectEvent, expectNoMoreEvents } from '../../support/conformance.ts'
import type { EventStream, ResourceClient } from '../../support/resource-client.ts'

const LABEL = 'watch-this-configmap'
/** Upstream waits ten seconds of the world's time to say that no event came; here a watch's end on the virtual clock says it. */
const LIMIT_SECONDS = 60

let e2e: Conformance
beforeAll(async () => {
  e2e = await Conformance.start()
})
afterAll(() => e2e.close())

const open = (client: ResourceClient, values: string[], resourceVersion?: string): Promise<EventStream> =>
  client.watch({ labelSelector: `${LABEL} in (${values.join(',')})`, resourceVersion, timeoutSeconds: LIMIT_SECONDS })
const labelled = (name: string, value: string) => ({ metadata: { name, labels: { [LABEL]: value } } })
const mutate = (client: ResourceClient, name: string, mutation: string): Promise<Json> =>
  client.change(name, (configMap) => {
    configMap.data = { ...configMap.data, mutation }
  })
const relabel = (client: ResourceClient, name: string, value: string): Promise<Json> =>
  client.change(name, ({ metadata }) => {
    metadata.labels[LABEL] = value
  })

it('[sig-api-machinery] Watchers should observe add, update, and delete watch notifications on configmaps', async () => {
  const client = e2e.client('v1/configmaps', await e2e.namespace('watch'))
  const [a, b, ab] = ['multiple-watchers-a', 'multiple-watchers-b']
    .map((value) => [value])
    .concat([['multiple-watchers-a', 'multiple-watchers-b']])
    .map((values) => open(client, values)) as [Promise<EventStream>, Promise<EventStream>, Promise<EventStream>]
  const watchers = { a: await a, b: await b, ab: await ab }

  const first = await client.create(labelled('e2e-watch-test-configmap-a', 'multiple-watchers-a'))
  for (const watcher of [watchers.a, watchers.ab]) await expectEvent(watcher, 'ADDED', first)
  for (const mutation of ['1', '2']) {
    const changed = await mutate(client, first.metadata.name, mutation)
    for (const watcher of [watchers.a, watchers.ab]) await expectEvent(watcher, 'MODIFIED', changed)
  }
  await client.delete(first.metadata.name)
  for (const watcher of [watchers.a, watchers.ab]) {
    expect((await expectEvent(watcher, 'DELETED')).data).toEqual({ mutation: '2' })
  }

  const second = await client.create(labelled('e2e-watch-test-configmap-b', 'multiple-watchers-b'))
  for (const watcher of [watchers.b, watchers.ab]) await expectEvent(watcher, 'ADDED', second)
  await client.delete(second.metadata.name)
  for (const watcher of [watchers.b, watchers.ab]) await expectEvent(watcher, 'DELETED')

  await e2e.seconds(LIMIT_SECONDS)
  for (const watcher of Object.values(watchers)) await expectNoMoreEvents(watcher)
})

it('[sig-api-machinery] Watchers should be able to start watching from a specific resource version', async () => {
  const client = e2e.client('v1/configmaps', await e2e.namespace('watch'))
  const { metadata } = await client.create(labelled('e2e-watch-test-resource-version', 'from-resource-version'))
  const first = await mutate(client, metadata.name, '1')
  const second = await mutate(client, metadata.name, '2')
  await client.delete(metadata.name)

  const watcher = await open(client, ['from-resource-version'], first.metadata.resourceVersion)
  await expectEvent(watcher, 'MODIFIED', second)
  const last = await expectEvent(watcher, 'DELETED')
  expect(last.data).toEqual(second.data)
  expect(Number(last.metadata.resourceVersion)).toBeGreaterThan(Number(second.metadata.resourceVersion))
})

it('[sig-api-machinery] Watchers should be able to restart watching from the last resource version observed by the previous watch', async () => {
  const client = e2e.client('v1/configmaps', await e2e.namespace('watch'))
  const broken = await open(client, ['watch-closed-and-restarted'])
  const created = await client.create(labelled('e2e-watch-test-watch-closed', 'watch-closed-and-restarted'))
  const { name } = created.metadata
  await mutate(client, name, '1')
  await expectEvent(broken, 'ADDED', created)
  const lastSeen = await expectEvent(broken, 'MODIFIED')
  broken.close()

  const second = await mutate(client, name, '2')
  const restarted = await open(client, ['watch-closed-and-restarted'], lastSeen.metadata.resourceVersion)
  await client.delete(name)
  await expectEvent(restarted, 'MODIFIED', second)
  await expectEvent(restarted, 'DELETED')
})

it('[sig-api-machinery] Watchers should observe an object deletion if it stops meeting the requirements of the selector', async () => {
  const client = e2e.client('v1/configmaps', await e2e.namespace('watch'))
  const watcher = await open(client, ['label-changed-and-restored'])
  const created = await client.create(labelled('e2e-watch-test-label-changed', 'label-changed-and-restored'))
  const { name } = created.metadata
  const first = await mutate(client, name, '1')
  await relabel(client, name, 'wrong-value')
  await expectEvent(watcher, 'ADDED', created)
  await expectEvent(watcher, 'MODIFIED', first)
  await expectEvent(watcher, 'DELETED')

  // What happens to it while it is out of sight isn't told: the next event is its return.
  await mutate(client, name, '2')
  const restored = await relabel(client, name, 'label-changed-and-restored')
  const third = await mutate(client, name, '3')
  await client.delete(name)
  await expectEvent(watcher, 'ADDED', restored)
  await expectEvent(watcher, 'MODIFIED', third)
  await expectEvent(watcher, 'DELETED')
})

it('[sig-api-machinery] Watchers should receive events on concurrent watches in same order', async () => {
  const ITERATIONS = 100
  const client = e2e.client('v1/configmaps', await e2e.namespace('watch'))
  let { resourceVersion } = (await client.list()).metadata
  let isOver = false
  // As upstream's producer: creates, updates and deletes a handful, whichever comes.
  const producer = (async () => {
    for (let turn = 0; !isOver; turn++) {
      const name = `cm-${turn % 5}`
      if (turn % 15 < 5) await client.create({ metadata: { name } })
      else if (turn % 15 < 10) await mutate(client, name, String(turn))
      else await client.delete(name)
    }
  })()
  const watchers: EventStream[] = []
  for (let round = 0; round < ITERATIONS; round++) {
    watchers.push(await client.watch({ resourceVersion }))
    const seen = new Set<string>()
    for (const watcher of watchers) seen.add((await watcher.next())!.object.metadata.resourceVersion)
    expect(seen.size).toBe(1)
    resourceVersion = [...seen][0]!
  }
  isOver = true
  await producer
  for (const watcher of watchers) watcher.close()
})
