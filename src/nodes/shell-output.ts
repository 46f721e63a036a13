/** Where what a script prints ends up: in the container's log, in a file, in a variable. */
export interface Chunk {
  /** Since the command began. */
  readonly atMs: number
  readonly text: string
}

export interface Absence {
  readonly path: string
  readonly fromMs: number
  toMs: number
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
/** What a script writes to one file beyond this is lost. */
const FILE_LIMIT = 64 << 10

export class ShellOutput {
  readonly #now: () => number
  readonly #limitCharacters: number
  #chunks: Chunk[] = []
  #characters = 0
  readonly #files = new Map<string, string>()
  readonly #absences: Absence[] = []
  readonly log: Sink = (text) => this.#print(text)

  /** @param limitCharacters of the log that are kept, the last ones, and up to as many again */
  constructor(now: () => number, limitCharacters: number) {
    this.#now = now
    this.#limitCharacters = limitCharacters
  }

  get chunks(): readonly Chunk[] {
    return this.#chunks
  }

  get files(): ReadonlyMap<string, string> {
    return this.#files
  }

  /** When files that the script removed were not there. */
  get absences(): readonly Absence[] {
    return this.#absences
  }

  remove(path: string): void {
    this.#files.delete(path)
    this.#absences.push({ path, fromMs: this.#now(), toMs: Number.POSITIVE_INFINITY })
  }

  touch(path: string): void {
    const absence = this.#absences.findLast((each) => each.path === path && each.toMs === Number.POSITIVE_INFINITY)
    if (absence !== undefined) absence.toMs = this.#now()
  }

  /** How much was printed to the log up to now. */
  get printed(): number {
    return this.#characters
  }

  file(path: string, appends: boolean): Sink {
    if (path === '/dev/null') return NOWHERE
    if (DEVICES.has(path)) return this.log
    this.touch(path)
    if (!appends || !this.#files.has(path)) this.#files.set(path, '')
    return (text) => {
      const before = this.#files.get(path) ?? ''
      if (before.length < FILE_LIMIT) this.#files.set(path, (before + text).slice(0, FILE_LIMIT))
    }
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
