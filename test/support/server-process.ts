/** The built server as a process of its own, as a user runs it. Needs `npm run build`, which `npm test` does first. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type CommandResult, Kubectl, type KubectlOptions, REPOSITORY, resultOf } from './kubectl.ts'

const MAIN = join(REPOSITORY, 'dist/main.js')

/** Runs the server's command line to its end: for what it refuses and for `--help`. */
export function runMain(args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<CommandResult> {
  return resultOf(spawnMain(args, environment))
}

export interface ServerOptions {
  readonly args?: readonly string[]
  /** `memory:` when not given. */
  readonly storage?: string
  /** A free one when not given. */
  readonly port?: number
}

export class ServerProcess {
  readonly url: string
  /** A folder that goes when the server is stopped. */
  readonly folder: string
  readonly #child: ChildProcess
  readonly #exited: Promise<CommandResult>

  private constructor(child: ChildProcess, exited: Promise<CommandResult>, url: string, folder: string) {
    this.#child = child
    this.#exited = exited
    this.url = url
    this.folder = folder
  }

  /** Resolves when it is ready. */
  static async start({ args = [], storage = 'memory:', port = 0 }: ServerOptions = {}): Promise<ServerProcess> {
    const child = spawnMain(['--port', String(port), '--storage', storage, ...args], {})
    const exited = resultOf(child)
    const url = await new Promise<string>((resolve, reject) => {
      let output = ''
      child.stdout?.on('data', (text: string) => {
        output += text
        const match = /^Coracle is listening on (\S+)\n(?:.*\n)*?Ready/m.exec(output)
        if (match?.[1] !== undefined) resolve(match[1])
      })
      exited.then(({ stdout, stderr, code }) => reject(new Error(`the server ended with ${code}: ${stdout}${stderr}`)), reject)
    })
    return new ServerProcess(child, exited, url, mkdtempSync(join(tmpdir(), 'coracle-test-')))
  }

  /** What kubectl prints; throws with its stderr when it fails. */
  kubectl(...args: readonly string[]): Promise<string> {
    return this.kubectlOf().run(...args)
  }

  apply(manifest: object | string): Promise<string> {
    return this.kubectlOf().apply(manifest)
  }

  tryKubectl(args: readonly string[], stdin = ''): Promise<CommandResult> {
    return this.kubectlOf().try(args, stdin)
  }

  startKubectl(...args: readonly string[]): ChildProcess {
    return this.kubectlOf().start(...args)
  }

  /** The newest, in namespace `default`, when nothing else is said. */
  kubectlOf(choice: Omit<KubectlOptions, 'server' | 'home'> = {}): Kubectl {
    return new Kubectl({ ...this.kubectlOptions, ...choice })
  }

  get kubectlOptions(): { server: string; home: string } {
    return { server: this.url, home: join(this.folder, 'home') }
  }

  async json<T = Record<string, unknown>>(path: string, init?: RequestInit): Promise<T> {
    const response = await fetch(this.url + path, init)
    return (await response.json()) as T
  }

  /** As a power cut does it: nothing is written any more. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#exited
  }

  /** In good order; also after `kill`. */
  async stop(): Promise<CommandResult> {
    this.#child.kill('SIGTERM')
    const result = await this.#exited
    rmSync(this.folder, { recursive: true, force: true })
    return result
  }
}

function spawnMain(args: readonly string[], environment: NodeJS.ProcessEnv): ChildProcess {
  if (!existsSync(MAIN)) throw new Error('There is no build: run `npm run build`, or the tests by `npm test`.')
  return spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env.PATH, ...environment } })
}
