/**
 * Which values of a pool (addresses, ports) have an owner: those of stored objects, and those of writes that are under way.
 * Of stored objects several may have one, by some mishap of the past.
 */
export class HeldValues<T> {
  readonly #stored = new Map<T, Set<string>>()
  readonly #promised = new Map<T, { owner: string; writes: number }>()

  /** Does somebody else have it? @param owner undefined for one that has nothing yet */
  isTaken(value: T, owner?: string): boolean {
    const promise = this.#promised.get(value)
    if (promise !== undefined && promise.owner !== owner) return true
    const stored = this.#stored.get(value)
    return stored !== undefined && (stored.size > 1 || owner === undefined || !stored.has(owner))
  }

  store(owner: string, values: readonly T[]): void {
    for (const value of values) {
      const owners = this.#stored.get(value)
      if (owners === undefined) this.#stored.set(value, new Set([owner]))
      else owners.add(owner)
    }
  }

  remove(owner: string, values: readonly T[]): void {
    for (const value of values) {
      const owners = this.#stored.get(value)
      if (owners?.delete(owner) && owners.size === 0) this.#stored.delete(value)
    }
  }

  /** Nobody else gets the values until the function returned is called: the write was done, and is stored, or wasn't. */
  promise(owner: string, values: readonly T[]): () => void {
    for (const value of values) {
      const writes = this.#promised.get(value)?.writes ?? 0
      this.#promised.set(value, { owner, writes: writes + 1 })
    }
    return () => {
      for (const value of values) {
        const promise = this.#promised.get(value)!
        if (--promise.writes === 0) this.#promised.delete(value)
      }
    }
  }
}
