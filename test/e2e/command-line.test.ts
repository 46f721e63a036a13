import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runMain, ServerProcess } from '../support/server-process.ts'

describe('what the command line refuses, in one line', () => {
  let occupied: Server
  let port: number
  beforeAll(async () => {
    occupied = createServer()
    await new Promise<void>((resolve) => occupied.listen(0, '127.0.0.1', resolve))
    port = (occupied.address() as { port: number }).port
  })
  afterAll(() => {
    occupied.close()
  })

  const MEMORY = ['--storage', 'memory:']
  it.each([
    { name: 'a port in use', args: () => [...MEMORY, '--port', String(port)], says: /port \d+ is in use.*--port/i },
    { name: 'an unknown flag', args: () => ['--prot', '1'], says: /--prot.*--help/ },
    { name: 'a stray word', args: () => ['start'], says: /start.*--help/ },
    { name: 'a flag without its value', args: () => ['--port'], says: /--port/ },
    { name: 'a port that is no number', args: () => ['--port', 'http'], says: /--port must be a whole number from 0 to 65535, not "http"/ },
    { name: 'a port too high', args: () => ['--port', '65536'], says: /--port must be/ },
    { name: 'a negative number of nodes', args: () => ['--nodes=-1'], says: /--nodes must be/ },
    {
      name: 'a compaction interval without its unit',
      args: () => ['--compaction-interval', '5'],
      says: /--compaction-interval must be a duration like 90s, 5m or 1h30m, or 0, not "5"/,
    },
    { name: 'a negative compaction interval', args: () => ['--compaction-interval=-1s'], says: /--compaction-interval must be/ },
    { name: 'an unknown storage', args: () => ['--storage', 'etcd:2379'], says: /--storage must be sqlite:PATH or memory:/ },
    {
      name: 'a folder that does not exist',
      args: () => ['--port', '0', '--storage', 'sqlite:/nowhere/at/all.db'],
      says: /\/nowhere\/at.*--storage/,
    },
    {
      name: 'a path where no file can be',
      args: () => ['--port', '0', '--storage', 'sqlite:/proc/coracle.db'],
      says: /\/proc\/coracle\.db.*--storage/,
    },
    { name: 'a folder as the file', args: () => ['--port', '0', '--storage', `sqlite:${tmpdir()}`], says: /--storage/ },
    {
      name: 'a file that is no database',
      args: () => ['--port', '0', '--storage', 'sqlite:package.json'],
      says: /package\.json.*--storage/,
    },
  ])('$name', async ({ args, says }) => {
    const { stdout, stderr, code } = await runMain(args())
    expect({ stdout, code }).toEqual({ stdout: '', code: 1 })
    expect(stderr).toMatch(/^coracle: [^\n]+\n$/)
    expect(stderr).toMatch(says)
  })
})

it('takes settings from the environment, and flags over them', async () => {
  const { stderr } = await runMain([], { CORACLE_PORT: 'x' })
  expect(stderr).toMatch(/--port must be/)
  const { stderr: second } = await runMain(['--port', '0'], { CORACLE_PORT: 'x', CORACLE_NODES: 'many' })
  expect(second).toMatch(/--nodes must be/)
})

it('shows its flags and its version', async () => {
  const help = await runMain(['--help'])
  expect(help.code).toBe(0)
  for (const flag of ['--port', '--nodes', '--storage', '--help']) expect(help.stdout).toContain(flag)
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
  expect(await runMain(['--version'])).toEqual({ stdout: `${version}\n`, stderr: '', code: 0 })
})

it('ends in good order on a signal, and opens the same file again', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'coracle-test-'))
  const storage = `sqlite:${join(folder, 'cluster.db')}`
  try {
    const first = await ServerProcess.start({ storage, args: ['--nodes', '1'] })
    await first.kubectl('create', 'configmap', 'kept', '--from-literal=key=value')
    expect(await first.stop()).toMatchObject({ stderr: '', code: 0 })
    const second = await ServerProcess.start({ storage, args: ['--nodes', '1'] })
    expect(await second.kubectl('get', 'configmap', 'kept', '-o', 'jsonpath={.data.key}')).toBe('value')
    expect(await second.stop()).toMatchObject({ stderr: '', code: 0 })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
