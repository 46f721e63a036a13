import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { ServerProcess } from '../support/server-process.ts'
import { readWatch, type WatchLine } from '../support/watch-lines.ts'

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps'
const WRITERS = 8

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'coracle-test-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Written {
  readonly name: string
  readonly resourceVersion: string
}

/** Creates as fast as answers come, until the server is gone; gives what was acknowledged. */
async function write(url: string, writer: number, acknowledged: Written[]): Promise<void> {
  for (let i = 0; ; i++) {
    const name = `load-${writer}-${i}`
    const body = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { text: 'x'.repeat(1000) } })
    try {
      const answer = await fetch(url + CONFIG_MAPS, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
      if (answer.status !== 201) throw new Error(await answer.text())
      const { metadata } = (await answer.json()) as { metadata: Written }
      acknowledged.push({ name, resourceVersion: metadata.resourceVersion })
    } catch (error) {
      // The answer didn't come, or not whole: nothing was promised.
      if (error instanceof TypeError || (error as { code?: string }).code === 'ECONNRESET') return
      throw error
    }
  }
}

it('loses nothing it acknowledged when it is killed, and everything goes on', async () => {
  const storage = `sqlite:${join(folder, 'cluster.db')}`
  const first = await ServerProcess.start({ storage })
  const port = Number(new URL(first.url).port)
  await first.kubectl('create', 'deployment', 'web', '--image=nginx', '--replicas=2')
  await first.kubectl('rollout', 'status', 'deployment/web', '--timeout=60s')

  const start = (await first.json<{ metadata: Written }>(CONFIG_MAPS)).metadata.resourceVersion
  const seen: WatchLine[] = []
  const watching = readWatch(`${first.url}${CONFIG_MAPS}?watch=1&resourceVersion=${start}`, (line) => seen.push(line))
  const acknowledged: Written[] = []
  const writing = Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(first.url, writer, acknowledged)))
  await eventually(() => expect(acknowledged.length).toBeGreaterThan(500))
  // In the middle of a rollout, so that controllers have something to carry on.
  await first.kubectl('scale', 'deployment/web', '--replicas=6')
  await first.kill()
  await Promise.all([writing, watching])

  const second = await ServerProcess.start({ storage, port })
  try {
    const { items } = await second.json<{ items: { metadata: Written }[] }>(CONFIG_MAPS)
    const stored = new Map(items.map(({ metadata }) => [metadata.name, metadata.resourceVersion]))
    expect(acknowledged.filter(({ name, resourceVersion }) => stored.get(name) !== resourceVersion)).toEqual([])

    // The watch goes on from the last revision it saw: what it saw before and after is every object once, in order.
    const last = seen.at(-1)?.object.metadata.resourceVersion ?? start
    const stop = new AbortController()
    const resumed = readWatch(`${second.url}${CONFIG_MAPS}?watch=1&resourceVersion=${last}`, (line) => seen.push(line), stop.signal)
    await second.kubectl('create', 'configmap', 'after')
    await eventually(() => expect(seen.at(-1)?.object.metadata.name).toBe('after'))
    stop.abort()
    await resumed
    expect(seen.filter(({ type }) => type !== 'ADDED')).toEqual([])
    const loaded = items.filter(({ metadata }) => metadata.name.startsWith('load-'))
    const inOrder = loaded.map(({ metadata }) => metadata).sort((a, b) => Number(a.resourceVersion) - Number(b.resourceVersion))
    expect(seen.map(({ object }) => object.metadata.name)).toEqual([...inOrder.map(({ name }) => name), 'after'])

    await second.kubectl('rollout', 'status', 'deployment/web', '--timeout=90s')
    await eventually(async () =>
      expect(await second.kubectl('get', 'deployment', 'web', '-o', 'jsonpath={.status.readyReplicas}')).toBe('6'),
    )
    const nodes = await second.kubectl('get', 'nodes', '-o', 'name')
    expect(nodes).toBe('node/node-1\nnode/node-2\nnode/node-3\n')
  } finally {
    await second.stop()
  }
})
