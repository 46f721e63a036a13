/** Where what a script prints ends up: in the container's log, in a file, in a variable. */
import type { ShellFiles } from './shell-files.ts'

export interface Chunk {
  /** Since the command began. */
  readonly atMs: number
  readonly text: string
}

export type Sink = (text: string) => void

export const NOWHERE: Sink = () => {}

/** Files that are the log, or nothing. */
const DEVICES = new Set([
  '/dev/stdout',
  '/dev/stderr',
  '/proc/1/fd/1',
  '/proc/1/fd/2',
  '/proc/self/fd/1',
  '/proc/self/fd/2',
  '/dev/fd/1',
  '/dev/fd/2',
])
export class ShellOutput {
  readonly #now: () => number
  readonly #limitCharacters: number
  #chunks: Chunk[] = []
  #characters = 0
  readonly #files: ShellFiles
  readonly log: Sink = (text) => this.#print(text)

  /** @param limitCharacters of the log that are kept, the last ones, and up to as many again */
  constructor(now: () => number, limitCharacters: number, files: ShellFiles) {
    this.#now = now
    this.#files = files
    this.#limitCharacters = limitCharacters
  }

  get chunks(): readonly Chunk[] {
    return this.#chunks
  }

  /** How much was printed to the log up to now. */
  get printed(): number {
    return this.#characters
  }

  file(path: string, appends: boolean): Sink {
    if (path === '/dev/null') return NOWHERE
    if (DEVICES.has(path)) return this.log
    return this.#files.write(path, appends)
  }

  #kept = 0

  #print(text: string): void {
    if (text === '') return
    this.#chunks.push({ atMs: this.#now(), text })
    this.#characters += text.length
    this.#kept += text.length
    if (this.#kept <= 2 * this.#limitCharacters) return
    let dropped = 0
    while (dropped < this.#chunks.length - 1 && this.#kept > this.#limitCharacters) this.#kept -= this.#chunks[dropped++]!.text.length
    this.#chunks = this.#chunks.slice(dropped)
  }
}
