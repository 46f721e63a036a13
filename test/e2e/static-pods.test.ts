import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { ServerProcess } from '../support/server-process.ts'

const folder = mkdtempSync(join(tmpdir(), 'coracle-manifests-'))
let server: ServerProcess
beforeAll(async () => {
  mkdirSync(join(folder, 'node-1'))
  write('proxy:1')
  server = await ServerProcess.start({ args: ['--static-pods', folder] })
})
afterAll(async () => {
  await server?.stop()
  rmSync(folder, { recursive: true, force: true })
})

function write(image: string): void {
  const manifest = `apiVersion: v1\nkind: Pod\nmetadata: { name: proxy }\nspec: { containers: [{ name: main, image: "${image}" }] }\n`
  // As a careful editor does it: what is there is always whole.
  writeFileSync(join(folder, '.proxy.yaml'), manifest)
  renameSync(join(folder, '.proxy.yaml'), join(folder, 'node-1', 'proxy.yaml'))
}
const show = (jsonpath: string) => server.kubectl('get', 'pod', 'proxy-node-1', '-o', `jsonpath=${jsonpath}`)

it('runs, and comes back when it is deleted', async () => {
  await server.kubectl('wait', '--for=condition=Ready', 'pod/proxy-node-1', '--timeout=30s')
  const uid = await show('{.metadata.uid}')
  const gone = 'pod "proxy-node-1" deleted from default namespace\n'
  for (let round = 0; round < 10; round++) expect(await server.kubectl('delete', 'pod', 'proxy-node-1', '--timeout=30s')).toBe(gone)
  await eventually(async () => expect(await show('{.metadata.uid}')).not.toBe(uid))
  expect(await show('{.status.phase} {.status.containerStatuses[0].restartCount}')).toBe('Running 0')
})

it('is left alone by drain', async () => {
  await server.kubectl('drain', 'node-1', '--timeout=30s')
  expect(await show('{.status.phase}')).toBe('Running')
  await server.kubectl('uncordon', 'node-1')
})

it('follows its file at once', async () => {
  write('proxy:22')
  await eventually(async () => expect(await show('{.spec.containers[0].image}')).toBe('proxy:22'), 10_000)
  rmSync(join(folder, 'node-1', 'proxy.yaml'))
  await eventually(async () => expect(await server.kubectl('get', 'pods', '-o', 'name')).toBe(''), 10_000)
})
