/**
 * The manifests of static pods: FOLDER/<node>/<file>, read when they change and every twenty seconds. What is in it is kept in
 * memory; what changed is told by key. Upstream: pkg/kubelet/config/file.go, file_linux.go, of one folder a node.
 */
import { type FSWatcher, watch } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Pod } from '../../api/types.gen.ts'
import type { Activity } from '../../lib/activity.ts'
import type { Clock, Timer } from '../../lib/clock.ts'
import type { Key } from '../../runtime/controller.ts'
import { keyOf } from '../../runtime/owner-keys.ts'
import { type ManifestRules, staticPod } from './manifest.ts'

/** Upstream: fileCheckFrequency. */
const RESCAN_MS = 20_000
/** Editors write in several steps. */
const GATHER_MS = 50
/** Upstream: maxConfigLength. */
const MAX_BYTES = 10 * 2 ** 20

/** A manifest that can't be run. */
export interface Problem {
  readonly node: string
  readonly message: string
}

interface ReadFile {
  readonly node: string
  /** Changes when the file does. */
  readonly stamp: string
  readonly result: Pod | string
}

export interface ManifestFolderOptions {
  readonly folder: string
  readonly rules: ManifestRules
  readonly clock: Clock
  readonly activity: Activity
  /** Ask the system to tell of changes. Without it they are found every twenty seconds. */
  readonly isWatched: boolean
  /** Pods that came, changed or went, and files with new problems (by their paths). */
  readonly onChange: (pods: readonly Key[], problems: readonly string[]) => void
  readonly onProblem: (message: string) => void
}

export class ManifestFolder {
  readonly #options: ManifestFolderOptions
  #files: ReadonlyMap<string, ReadFile> = new Map()
  #pods: ReadonlyMap<Key, Pod> = new Map()
  readonly #watchers = new Map<string, FSWatcher>()
  #timer: Timer | undefined
  #isStarted = false
  #isStopped = false
  #isScanning = false
  /** Why the folder couldn't be read when it was last looked at. */
  #unreadable: string | undefined

  constructor(options: ManifestFolderOptions) {
    this.#options = options
  }

  get(key: Key): Pod | undefined {
    return this.#pods.get(key)
  }

  /** Of a file, by its path. */
  problem(path: string): Problem | undefined {
    const file = this.#files.get(path)
    return file !== undefined && typeof file.result === 'string' ? { node: file.node, message: file.result } : undefined
  }

  podsOf(node: string): Key[] {
    return [...this.#pods].flatMap(([key, { spec }]) => (spec.nodeName === node ? [key] : []))
  }

  problemsOf(node: string): string[] {
    return [...this.#files].flatMap(([path, file]) => (file.node === node && typeof file.result === 'string' ? [path] : []))
  }

  /** Resolves when all of it was read once. Of that `onChange` isn't told. */
  async start(): Promise<void> {
    await this.#scan()
    this.#isStarted = true
  }

  stop(): void {
    this.#isStopped = true
    this.#timer?.cancel()
    for (const watcher of this.#watchers.values()) watcher.close()
    this.#watchers.clear()
  }

  #scanIn(delayMs: number): void {
    this.#timer?.cancel()
    if (this.#isStopped) return
    this.#timer = this.#options.clock.setTimer(delayMs, () => {
      this.#timer = undefined
      if (this.#isScanning) this.#scanIn(GATHER_MS)
      else void this.#options.activity.track(this.#scan())
    })
  }

  async #scan(): Promise<void> {
    this.#isScanning = true
    const files = new Map<string, ReadFile>()
    const isReadable = await this.#readNodes(files)
    this.#isScanning = false
    if (this.#isStopped) return
    // A folder that can't be read says nothing about what is in it. One that isn't there does.
    if (isReadable) this.#replace(files)
    // A change that was told of meanwhile has set an earlier time.
    if (this.#timer === undefined) this.#scanIn(RESCAN_MS)
  }

  async #readNodes(files: Map<string, ReadFile>): Promise<boolean> {
    const { folder, onProblem } = this.#options
    // Before it is read: what changes in between is told.
    this.#watch(folder)
    try {
      const nodes = (await readdir(folder)).filter(isVisible).sort()
      this.#unreadable = undefined
      for (const node of nodes) await this.#readNode(node, files)
      return true
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      const why = code === 'ENOENT' ? 'path does not exist, ignoring' : message
      if (why !== this.#unreadable) onProblem(`Unable to read config path ${folder}: ${why}`)
      this.#unreadable = why
      return code === 'ENOENT'
    }
  }

  async #readNode(node: string, files: Map<string, ReadFile>): Promise<void> {
    const folder = join(this.#options.folder, node)
    const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
      // A file beside the nodes' folders, or a folder that is just going.
      if (error.code === 'ENOTDIR' || error.code === 'ENOENT') return undefined
      throw error
    })
    if (names === undefined) return
    this.#watch(folder)
    for (const name of names.filter(isVisible).sort()) {
      const path = join(folder, name)
      const file = await this.#readFile(node, path)
      if (file !== undefined) files.set(path, file)
    }
  }

  async #readFile(node: string, path: string): Promise<ReadFile | undefined> {
    try {
      const found = await stat(path)
      const stamp = `${found.mtimeMs}/${found.ctimeMs}/${found.size}/${found.ino}`
      const known = this.#files.get(path)
      if (known?.stamp === stamp) return known
      const failed = (result: string): ReadFile => ({ node, stamp, result })
      if (found.isDirectory()) return failed(`${path} is a directory, not recursing into it`)
      if (!found.isFile()) return failed(`${path} is not a directory or file`)
      if (found.size > MAX_BYTES) return failed(`${path}: incoming data is larger than ${MAX_BYTES} bytes`)
      try {
        return { node, stamp, result: staticPod(this.#options.rules, await readFile(path, 'utf8'), node, path, this.#options.clock.now()) }
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
        const { message } = error as Error
        return failed(message.startsWith(path) ? message : `${path}: ${message}`)
      }
    } catch {
      // It went while it was looked at.
      return undefined
    }
  }

  #replace(files: ReadonlyMap<string, ReadFile>): void {
    const pods = new Map<Key, Pod>()
    const problems: string[] = []
    for (const [path, { result }] of files) {
      if (typeof result !== 'string') pods.set(keyOf(result.metadata.namespace, result.metadata.name), result)
      else if (this.#files.get(path)?.result !== result) problems.push(path)
    }
    const before = this.#pods
    const changed = new Set([...before.keys(), ...pods.keys()].filter((key) => before.get(key) !== pods.get(key)))
    this.#files = files
    this.#pods = pods
    for (const path of problems) this.#options.onProblem(`Could not process manifest file ${files.get(path)!.result}`)
    if (this.#isStarted && (changed.size > 0 || problems.length > 0)) this.#options.onChange([...changed], problems)
  }

  #watch(folder: string): void {
    if (!this.#options.isWatched || this.#isStopped || this.#watchers.has(folder)) return
    try {
      const watcher = watch(folder, { persistent: false }, (event, name) => {
        // The folder itself went; another one may get its name.
        if (event === 'rename' && name === basename(folder)) forget()
        this.#scanIn(GATHER_MS)
      })
      const forget = () => {
        watcher.close()
        this.#watchers.delete(folder)
      }
      watcher.on('error', forget)
      this.#watchers.set(folder, watcher)
    } catch {
      // It isn't there (yet), or the system has no watches left: the regular look finds what there is.
    }
  }
}

function isVisible(name: string): boolean {
  return !name.startsWith('.')
}
