// How soon it is there, and how much memory it takes.

import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { load } from './http-client.mjs'
import { pod } from './objects.mjs'
import { heading, ms, row, share } from './report.mjs'
import { startServer, until } from './server.mjs'

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url))

/** From the start of the process; an empty database each time. */
export async function startSection(base) {
  heading('Start')
  row('', 'listening', '/readyz', '3 nodes Ready', 'of Fastify')
  const runs = []
  for (let run = 0; run < 5; run++) runs.push(await measureStart())
  const median = (key) => runs.map((each) => each[key]).sort((a, b) => a - b)[Math.floor(runs.length / 2)]
  row(
    'empty SQLite database, median of 5',
    ms(median('listening')),
    ms(median('ready')),
    ms(median('nodes')),
    share(base.fastify.startMs, median('listening')),
  )
}

async function measureStart() {
  const folder = mkdtempSync(join(tmpdir(), 'coracle-bench-'))
  const started = performance.now()
  const child = spawn(process.execPath, [MAIN, '--port', '0', '--storage', `sqlite:${join(folder, 'start.db')}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const url = await new Promise((resolve) =>
    child.stdout.on('data', (data) => {
      const match = /listening on (http:\S+)/.exec(String(data))
      if (match !== null) resolve(match[1])
    }),
  )
  const listening = performance.now() - started
  await until(async () => (await fetch(`${url}/readyz`)).ok)
  const ready = performance.now() - started
  await until(async () => {
    const { items } = await (await fetch(`${url}/api/v1/nodes`)).json()
    const isReady = (node) => node.status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True')
    return items.length === 3 && items.every(isReady)
  })
  const nodes = performance.now() - started
  child.kill('SIGKILL')
  await new Promise((resolve) => child.on('exit', resolve))
  rmSync(folder, { recursive: true, force: true })
  return { listening, ready, nodes }
}

export async function memorySection(base) {
  heading('Memory (resident)')
  row('', 'MiB', 'Fastify alone')
  const server = await startServer({ nodes: 3 })
  await new Promise((resolve) => setTimeout(resolve, 2000))
  row('idle, 3 nodes', server.rssMiB().toFixed(0), base.fastify.rssMiB.toFixed(0))
  const path = '/api/v1/namespaces/default/pods'
  await load(server.port, 16, 10_000, (i) => ['POST', path, pod(`m-${i}`)], 201)
  await new Promise((resolve) => setTimeout(resolve, 2000))
  row('with 10,000 Pods', server.rssMiB().toFixed(0))
  await load(server.port, 1, 5, () => ['GET', path], 200)
  row('after listing them five times', server.rssMiB().toFixed(0))
  await server.stop()
}
