/** The files of a script, as far as they are known: those it found, writes and removes. */

export interface Absence {
  readonly path: string
  readonly fromMs: number
  toMs: number
}

/** What a script found when it began. */
export interface FoundFiles {
  /** By path, what is in them. */
  readonly files: ReadonlyMap<string, string>
  /** Directories of which everything is known: what isn't among the files isn't there. */
  readonly roots: readonly string[]
}

export const NOTHING_FOUND: FoundFiles = { files: new Map(), roots: [] }

/** What a script writes to one file beyond this is lost. */
const FILE_LIMIT = 64 << 10

export class ShellFiles {
  readonly #now: () => number
  readonly #found: FoundFiles
  readonly #written = new Map<string, string>()
  readonly #removed = new Set<string>()
  readonly #directories = new Set<string>()
  readonly #missed = new Set<string>()
  readonly #expected = new Set<string>()
  readonly #absences: Absence[] = []
  #changedAt: number | undefined
  #changes = 0

  constructor(now: () => number, found: FoundFiles) {
    this.#now = now
    this.#found = found
  }

  get written(): ReadonlyMap<string, string> {
    return this.#written
  }

  /** Files that it found and that are gone. */
  get removed(): ReadonlySet<string> {
    return this.#removed
  }

  /** When files that the script removed were not there. */
  get absences(): readonly Absence[] {
    return this.#absences
  }

  /** How often it wrote or removed anything. */
  get changes(): number {
    return this.#changes
  }

  /** When it last did. */
  get changedAt(): number | undefined {
    return this.#changedAt
  }

  /** undefined for a file that isn't there, or that nobody knows. */
  read(path: string): string | undefined {
    return this.#written.get(path) ?? (this.#removed.has(path) ? undefined : this.#found.files.get(path))
  }

  /** Files of places that nobody knows count as there: a script that looks for one would wait for ever. */
  isThere(path: string): boolean {
    const bare = bareOf(path)
    if (this.read(bare) !== undefined || this.#directories.has(bare) || this.#expected.has(bare)) return true
    if (!this.isKnownPlace(bare) || this.#found.roots.includes(bare) || this.#below(bare).length > 0) return true
    this.#missed.add(bare)
    return false
  }

  /** What the script has looked for in vain is there from now on: it waits for others to make it. False when there is no such file. */
  expectMissed(): boolean {
    const hasMissed = this.#missed.size > 0
    for (const path of this.#missed) this.#expected.add(path)
    this.#missed.clear()
    return hasMissed
  }

  /** Is it known of this path whether something is there? */
  isKnownPlace(path: string): boolean {
    return this.#found.roots.some((root) => path === root || path.startsWith(`${root}/`))
  }

  /** Names in a directory, in order; undefined when they aren't known. */
  list(path: string): readonly string[] | undefined {
    const bare = bareOf(path)
    if (!this.isKnownPlace(bare)) return undefined
    const directories = [...this.#directories].filter((each) => each.startsWith(`${bare}/`))
    const names = [...this.#below(bare), ...directories].map((each) => each.slice(bare.length + 1).split('/')[0]!)
    return [...new Set(names)].sort()
  }

  /** @returns what takes in the text that goes into the file from now on */
  write(path: string, appends: boolean): (text: string) => void {
    this.#comesBack(path)
    const before = appends ? (this.read(path) ?? '') : ''
    this.#set(path, before)
    return (text) => {
      const held = this.#written.get(path) ?? ''
      if (held.length < FILE_LIMIT) this.#set(path, (held + text).slice(0, FILE_LIMIT))
    }
  }

  touch(path: string): void {
    this.#comesBack(path)
    if (this.isKnownPlace(path) && !this.isThere(path)) this.#set(path, '')
  }

  makeDirectory(path: string): void {
    if (this.isKnownPlace(path)) this.#directories.add(bareOf(path))
  }

  /** A file, or a directory with all that is in it; `PATH/*` is what is in it alone. */
  remove(path: string): void {
    const bare = bareOf(path.replace(/\/\*$/, ''))
    for (const each of [...(path.endsWith('/*') ? [] : [bare]), ...this.#below(bare)]) {
      this.#absences.push({ path: each, fromMs: this.#now(), toMs: Number.POSITIVE_INFINITY })
      if (this.read(each) === undefined) continue
      this.#written.delete(each)
      if (this.#found.files.has(each)) this.#removed.add(each)
      this.#change()
    }
    for (const each of this.#directories) if (each === bare || each.startsWith(`${bare}/`)) this.#directories.delete(each)
  }

  #below(directory: string): string[] {
    const found = [...this.#found.files.keys()].filter((path) => !this.#removed.has(path))
    return [...new Set([...found, ...this.#written.keys()])].filter((path) => path.startsWith(`${directory}/`))
  }

  #comesBack(path: string): void {
    const absence = this.#absences.findLast((each) => each.path === path && each.toMs === Number.POSITIVE_INFINITY)
    if (absence !== undefined) absence.toMs = this.#now()
  }

  #set(path: string, text: string): void {
    if (this.#written.get(path) === text) return
    this.#written.set(path, text)
    this.#removed.delete(path)
    this.#change()
  }

  #change(): void {
    this.#changedAt = this.#now()
    this.#changes++
  }
}

function bareOf(path: string): string {
  return path.length > 1 ? path.replace(/\/+$/, '') : path
}
