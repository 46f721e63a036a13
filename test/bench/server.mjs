// Starts the built server in a process of its own, on a database in a temporary folder.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url))
const running = new Set()

/** @returns {Promise<{ port: number, pid: number, stop: () => Promise<void>, rssMiB: () => number, cpuMs: () => number }>} ready to serve */
export async function startServer({ nodes = 0, storage = 'sqlite' } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'coracle-bench-'))
  const url = storage === 'sqlite' ? `sqlite:${join(folder, 'bench.db')}` : 'memory:'
  const child = spawn(process.execPath, [MAIN, '--port', '0', '--nodes', String(nodes), '--storage', url], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const port = await new Promise((resolve, reject) => {
    let output = ''
    child.on('exit', (code) => reject(new Error(`the server ended with code ${code}`)))
    child.stdout.on('data', (data) => {
      output += data
      const match = /listening on http:\/\/[^:]+:(\d+)/.exec(output)
      if (match !== null) resolve(Number(match[1]))
    })
  })
  const server = {
    port,
    pid: child.pid,
    rssMiB: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? 0) / 1024,
    /** Spent so far; a tick of the clock is 10 ms. */
    cpuMs: () => {
      const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1].split(' ')
      return (Number(fields[11]) + Number(fields[12])) * 10
    },
    stop: async () => {
      running.delete(server)
      if (child.exitCode === null) {
        child.kill('SIGKILL')
        await new Promise((resolve) => child.on('exit', resolve))
      }
      rmSync(folder, { recursive: true, force: true })
    },
  }
  running.add(server)
  await until(async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).ok)
  // Pods can be created once the namespace's ServiceAccount is there.
  await until(async () => (await fetch(`http://127.0.0.1:${port}/api/v1/namespaces/default/serviceaccounts/default`)).ok)
  return server
}

export async function until(condition, everyMs = 2) {
  while (!(await condition().catch(() => false))) await new Promise((resolve) => setTimeout(resolve, everyMs))
}

export async function cleanUp() {
  for (const server of [...running]) await server.stop()
}
