import { spawn } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type CommandResult, REPOSITORY, resultOf } from '../support/kubectl.ts'

/** A clone in miniature: the real script, and an npm and a compiler that only note that they were called. */
let clone: string
beforeEach(() => {
  clone = mkdtempSync(join(tmpdir(), 'coracle-clone-'))
  for (const folder of ['scripts', 'src', 'openapi', 'path']) mkdirSync(join(clone, folder))
  copyFileSync(join(REPOSITORY, 'scripts/run.mjs'), join(clone, 'scripts/run.mjs'))
  write('package.json', '{"type":"module"}')
  write('package-lock.json', '{"one":1}')
  write('tsconfig.json', '{}')
  write('src/main.ts', '')
  write('scripts/bundle.mjs', '')
  write('openapi/generate-descriptions.mjs', '')
  script('path/tsc', [
    'echo tsc >>calls',
    'mkdir -p dist',
    'echo "console.log(process.argv.slice(2).join()); process.exitCode = 7" >dist/main.js',
  ])
  // What `npm ci` leaves: packages, and last of all its own record of them.
  script('path/npm', [
    'echo "npm $*" >>calls',
    'if [ -e broken ]; then echo "no such package" >&2; exit 3; fi',
    'rm -rf node_modules && mkdir -p node_modules/.bin && cp path/tsc node_modules/.bin/tsc',
    'echo "{}" >node_modules/.package-lock.json',
  ])
})
afterEach(() => rmSync(clone, { recursive: true, force: true }))

const script = (file: string, lines: readonly string[]) =>
  writeFileSync(join(clone, file), ['#!/bin/sh', ...lines, ''].join('\n'), { mode: 0o755 })
const write = (file: string, text: string) => writeFileSync(join(clone, file), text)

function run(...args: string[]): Promise<CommandResult> {
  const env = { PATH: `${join(clone, 'path')}:${process.env.PATH}` }
  return resultOf(
    spawn(process.execPath, [join(clone, 'scripts/run.mjs'), ...args], { cwd: tmpdir(), env, stdio: ['ignore', 'pipe', 'pipe'] }),
  )
}

/** What was called since the last time. */
function calls(): string[] {
  const file = join(clone, 'calls')
  const lines = existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : []
  rmSync(file, { force: true })
  return lines.map((line) => line.split(' --')[0] ?? '')
}

it('installs and builds once, and hands over arguments, output and exit code', async () => {
  const first = await run('start', '--port', '9000')
  expect({ stdout: first.stdout, code: first.code }).toEqual({ stdout: '--port,9000\n', code: 7 })
  expect(first.stderr).toMatch(/^Installing packages .*\nInstalled in \d+ s\.\nBuilding …\nBuilt in \d+ s\.\n$/)
  expect(calls()).toEqual(['npm ci', 'tsc'])
  expect(await run('start')).toEqual({ stdout: '\n', stderr: '', code: 7 })
  expect(calls()).toEqual([])
})

it('builds again when a source changed, and installs again when the lock file did', async () => {
  await run('build')
  calls()
  write('src/main.ts', 'export {}')
  await run('build')
  expect(calls()).toEqual(['tsc'])
  write('src/other.ts', '')
  await run('build')
  expect(calls()).toEqual(['tsc'])
  write('package-lock.json', '{"two":2}')
  await run('build')
  expect(calls()).toEqual(['npm ci', 'tsc'])
})

it('trusts packages that were installed by hand', async () => {
  await resultOf(spawn(join(clone, 'path/npm'), ['ci'], { cwd: clone, stdio: 'ignore' }))
  calls()
  await run('build')
  expect(calls()).toEqual(['tsc'])
})

it('shows what npm said when it fails', async () => {
  write('broken', '')
  const { stdout, stderr, code } = await run('start')
  expect({ stdout, code }).toEqual({ stdout: '', code: 1 })
  expect(stderr).toMatch(/no such package\n`npm ci` failed, as shown above\.\n$/)
})

it('names its commands when it knows none of that name', async () => {
  expect(await run('sart')).toEqual({ stdout: '', stderr: expect.stringMatching(/^run\.mjs knows these commands: start, .*\n$/), code: 1 })
})
