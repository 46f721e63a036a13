// Behind every `npm run`: makes the command work on a fresh clone, then runs it with the arguments that follow.
//
//     node scripts/run.mjs start --port 9000
//
// Imports nothing but Node's own modules, since it runs before anything is installed.
// Says what it does on stderr: stdout belongs to the command.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { fileURLToPath, pathToFileURL } from 'node:url'

const OLDEST_NODE = [20, 19]
const path = (relative) => fileURLToPath(new URL(`../${relative}`, import.meta.url))
const bin = (name) => path(`node_modules/.bin/${name}`)

/** Sources of the build. When none of them has changed since, the last build is the build. */
const BUILD_INPUTS = ['src', 'openapi', 'scripts/bundle.mjs', 'tsconfig.json', 'package-lock.json']
const BUILD_STAMP = path('dist/.build-stamp')
const INSTALL_STAMP = path('node_modules/.install-stamp')

const commands = {
  async start(args) {
    await build()
    // In this process: signals, exit codes and the start-up time are the server's own.
    const main = path('dist/main.js')
    process.argv.splice(1, process.argv.length, main, ...args)
    await import(pathToFileURL(main).href)
  },
  async dev(args) {
    await build()
    // What the compiler leaves isn't the whole of a build.
    rmSync(BUILD_STAMP, { force: true })
    const compiler = spawn(bin('tsc'), ['--watch', '--preserveWatchOutput'], { cwd: path('.'), stdio: ['ignore', 2, 2] })
    process.on('exit', () => compiler.kill())
    await run(process.execPath, ['--watch-path', path('dist'), '--watch-preserve-output', path('dist/main.js'), ...args])
  },
  build: () => build(),
  async check() {
    await install()
    await run(bin('biome'), ['check', '--error-on-warnings'])
    await run(bin('tsc'), ['--noEmit', '-p', 'tsconfig.test.json'])
    await run(process.execPath, [path('openapi/generate.mjs'), '--check'])
    await run(bin('vitest'), ['run', '--project', 'fast', 'test/unit', 'test/api'])
  },
  async test(args) {
    await build()
    await run(bin('vitest'), ['run', ...args])
  },
  async bench(args) {
    await build()
    await run(process.execPath, [path('test/bench/main.mjs'), ...args])
  },
  async generate(args) {
    await install()
    await run(process.execPath, [path('openapi/generate.mjs'), ...args])
    if (!args.includes('--check')) await run(bin('drizzle-kit'), ['generate'])
  },
  async format(args) {
    await install()
    await run(bin('biome'), ['check', '--write', ...args])
  },
}

requireNode()
const [name, ...args] = process.argv.slice(2)
const command = Object.hasOwn(commands, name ?? '') ? commands[name] : undefined
if (command === undefined) fail(`run.mjs knows these commands: ${Object.keys(commands).join(', ')}`)
await command(args)

function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return
  fail(`Coracle needs Node ${OLDEST_NODE.join('.')} or newer, and this is ${process.versions.node}. Get one from https://nodejs.org/.`)
}

/** `npm ci` when node_modules is missing or of another package-lock.json. */
async function install() {
  const modules = path('node_modules')
  const wanted = createHash('sha256')
    .update(readFileSync(path('package-lock.json')))
    .digest('hex')
  if (existsSync(modules)) {
    // A link leads to packages that someone else looks after.
    if (lstatSync(modules).isSymbolicLink() || textOf(INSTALL_STAMP) === wanted) return
    // Installed by hand. npm writes this file when it has finished.
    if (mtimeOf(path('node_modules/.package-lock.json')) > mtimeOf(path('package-lock.json'))) return writeFileSync(INSTALL_STAMP, wanted)
  }
  const started = Date.now()
  const note = 'Installing packages (once; about two minutes where SQLite has to be compiled)'
  const ticker = process.stderr.isTTY ? setInterval(() => process.stderr.write(`\r${note} … ${seconds(started)}`), 1000).unref() : undefined
  process.stderr.write(process.stderr.isTTY ? `${note} …` : `${note} …\n`)
  const { code, output } = await runQuietly(process.platform === 'win32' ? 'npm.cmd' : 'npm', [
    'ci',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ])
  clearInterval(ticker)
  if (process.stderr.isTTY) process.stderr.write('\n')
  if (code !== 0) fail(`${output.trimEnd()}\n\`npm ci\` failed, as shown above.`)
  process.stderr.write(`Installed in ${seconds(started)}.\n`)
  writeFileSync(INSTALL_STAMP, wanted)
}

/** Compiles src/ to dist/ and writes the documents that `kubectl explain` reads, when a source has changed. */
async function build() {
  await install()
  const wanted = fingerprint(BUILD_INPUTS)
  if (textOf(BUILD_STAMP) === wanted) return
  const started = Date.now()
  process.stderr.write('Building …\n')
  // From nothing, so that no file outlives its source.
  rmSync(path('dist'), { recursive: true, force: true })
  await run(bin('tsc'), [])
  await run(process.execPath, [path('scripts/bundle.mjs')])
  await run(process.execPath, [path('openapi/generate-descriptions.mjs')], 'ignore')
  mkdirSync(path('dist'), { recursive: true })
  writeFileSync(BUILD_STAMP, wanted)
  process.stderr.write(`Built in ${seconds(started)}.\n`)
}

/** Changes when a file comes, goes, or changes in size or time. */
function fingerprint(inputs) {
  const hash = createHash('sha256')
  const add = (relative) => {
    const stat = statSync(path(relative))
    if (stat.isDirectory()) for (const entry of readdirSync(path(relative)).sort()) add(`${relative}/${entry}`)
    else hash.update(`${relative}\0${stat.size}\0${stat.mtimeMs}\n`)
  }
  for (const input of inputs) add(input)
  return hash.digest('hex')
}

/** Runs to the end, with signals passed on. Anything but success ends this process in the same way. */
function run(file, args, stdout = 'inherit') {
  return new Promise((resolve) => {
    const child = spawn(file, args, { cwd: path('.'), stdio: ['inherit', stdout, 'inherit'], shell: process.platform === 'win32' })
    // A terminal sends Ctrl-C to the whole group: the child has had it.
    const pass = (signal) => (signal === 'SIGINT' && process.stdin.isTTY ? undefined : child.kill(signal))
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
    for (const signal of signals) process.on(signal, pass)
    child.on('error', (error) => fail(`Can't run ${file}: ${error.message}`))
    child.on('exit', (code, signal) => {
      for (const signal of signals) process.off(signal, pass)
      if (code === 0) return resolve()
      process.exit(code ?? 128 + (constants.signals[signal] ?? 0))
    })
  })
}

function runQuietly(file, args) {
  return new Promise((resolve) => {
    const child = spawn(file, args, { cwd: path('.'), stdio: ['ignore', 'pipe', 'pipe'], shell: process.platform === 'win32' })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
    child.on('error', (error) => resolve({ code: 1, output: error.message }))
    child.on('close', (code) => resolve({ code: code ?? 1, output }))
  })
}

function textOf(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

function mtimeOf(file) {
  try {
    return statSync(file).mtimeMs
  } catch {
    return 0
  }
}

function seconds(started) {
  return `${Math.round((Date.now() - started) / 1000)} s`
}

function fail(message) {
  process.stderr.write(`${message}\n`)
  process.exit(1)
}
