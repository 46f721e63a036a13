/** How many pods are in each domain of a topology, and the least of it, both kept up at no cost as pods come and go. */
export class DomainCounts {
  readonly #counts = new Map<string, number>()
  /** How many domains have so many. */
  readonly #domainsWith = new Map<number, number>()
  #least = 0

  /** How many domains there are, those without a pod included. */
  get size(): number {
    return this.#counts.size
  }

  /** Of the domain that has the fewest; 0 when there is none. */
  get least(): number {
    return this.#least
  }

  get(domain: string): number {
    return this.#counts.get(domain) ?? 0
  }

  /** The domain is there from now on, even with none. */
  add(domain: string, by: number): void {
    const before = this.#counts.get(domain)
    const after = (before ?? 0) + by
    const isFirst = this.#counts.size === 0
    this.#counts.set(domain, after)
    this.#domainsWith.set(after, (this.#domainsWith.get(after) ?? 0) + 1)
    if (before !== undefined) {
      const left = this.#domainsWith.get(before)! - 1
      if (left > 0) this.#domainsWith.set(before, left)
      else this.#domainsWith.delete(before)
    }
    if (isFirst || after < this.#least) this.#least = after
    else while (!this.#domainsWith.has(this.#least)) this.#least++
  }
}
