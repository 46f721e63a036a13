import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { type CommandResult, kubectlEnvironment, REPOSITORY, resultOf } from '../support/kubectl.ts'
import { ServerProcess } from '../support/server-process.ts'

const README = readFileSync(join(REPOSITORY, 'README.md'), 'utf8')
const blocks = (language: string) =>
  [...README.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map((match) => match[1] ?? '')

interface Step {
  readonly command: string
  readonly output: readonly string[]
}

/** `$ command` and the lines that it prints. */
function stepsOf(block: string): Step[] {
  return block
    .split(/^\$ /m)
    .slice(1)
    .map((step) => {
      const [command = '', ...output] = step.trimEnd().split('\n')
      return { command, output }
    })
}

/** Of a table its columns and how many rows it has: ages, addresses and who runs where differ from run to run. */
function shapeOf(lines: readonly string[]): unknown {
  const [heading = ''] = lines
  return /^NAME {2,}/.test(heading) ? { columns: heading.split(/ {2,}/), rows: lines.length - 1 } : lines
}

describe('console blocks, one after the other on one server', () => {
  let server: ServerProcess
  beforeAll(async () => {
    server = await ServerProcess.start({ storage: 'memory:' })
    await eventually(async () => expect((await server.kubectl('get', 'nodes')).match(/ Ready /g)).toHaveLength(3))
  })
  afterAll(() => server?.stop())

  const run = (command: string): Promise<CommandResult> => {
    const here = command.replaceAll('localhost:8080', new URL(server.url).host)
    return resultOf(spawn('bash', ['-c', here], { cwd: REPOSITORY, env: kubectlEnvironment(server.kubectlOptions), stdio: 'pipe' }))
  }

  it.each(blocks('console').flatMap(stepsOf))('$command', async ({ command, output }) => {
    const { stdout, stderr, code } = await run(command)
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 })
    const printed = stdout.trimEnd().split('\n')
    // A rollout says what it waits for first, if it has to.
    const lines = command.includes('rollout status') ? printed.slice(-1) : printed.filter(Boolean)
    expect(shapeOf(lines)).toEqual(shapeOf(output))
  })
})

describe('programs', () => {
  const file = join(REPOSITORY, `.cache/readme-${process.pid}.mjs`)
  afterAll(() => rmSync(file, { force: true }))

  it.each(blocks('js'))('%#', async (program) => {
    // Inside the repository, so that it finds this package by its own name.
    mkdirSync(join(REPOSITORY, '.cache'), { recursive: true })
    writeFileSync(file, program)
    expect(await resultOf(spawn(process.execPath, [file], { stdio: 'pipe' }))).toEqual({ stdout: '', stderr: '', code: 0 })
  })
})

describe('what it promises', () => {
  it('has the flags of --help', async () => {
    const help = await resultOf(spawn(process.execPath, [join(REPOSITORY, 'dist/main.js'), '--help'], { stdio: 'pipe' }))
    const flagsOf = (text: string) =>
      new Set([...text.matchAll(/--(port|host|nodes|storage|[a-z]+-[a-z]+)\b(?= |`)/g)].map(([flag]) => flag.trim()))
    const section = README.slice(README.indexOf('## Flags'), README.indexOf('## In a test'))
    expect([...flagsOf(section)].sort()).toEqual([...flagsOf(help.stdout)].sort())
  })

  it('links to files that are there', () => {
    for (const [, target = ''] of README.matchAll(/\]\((?!https?:)([^)#]+)\)/g))
      expect(() => readFileSync(join(REPOSITORY, target))).not.toThrow()
  })

  it('runs npm scripts that are there', () => {
    const { scripts } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as { scripts: Record<string, string> }
    for (const [, script = ''] of README.matchAll(/`npm run ([a-z]+)/g)) expect(scripts).toHaveProperty(script)
  })
})
