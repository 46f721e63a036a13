import { matchesSelector, type Selector } from '../../api/meta/selectors.ts'
import type { Pod } from '../../api/types.gen.ts'
import type { Key } from '../../runtime/controller.ts'
import { splitKey } from '../../runtime/owner-keys.ts'

/** Selectors that name no label's value are tried on every pod. */
const ANY = ''

/** Which pods each autoscaler was last seen to scale, found by the pods. Upstream: pkg/controller/util/selectors BiMultimap */
export class Claims {
  readonly #selectors = new Map<Key, Selector>()
  /** Keys by a label that a pod must have to be picked. */
  readonly #byLabel = new Map<string, Set<Key>>()

  set(key: Key, selector: Selector): void {
    this.delete(key)
    this.#selectors.set(key, selector)
    const bucket = bucketOf(key, selector)
    const keys = this.#byLabel.get(bucket)
    if (keys === undefined) this.#byLabel.set(bucket, new Set([key]))
    else keys.add(key)
  }

  delete(key: Key): void {
    const selector = this.#selectors.get(key)
    if (selector === undefined) return
    this.#selectors.delete(key)
    const bucket = bucketOf(key, selector)
    const keys = this.#byLabel.get(bucket)
    keys?.delete(key)
    if (keys?.size === 0) this.#byLabel.delete(bucket)
  }

  /** Names of autoscalers of `key`'s namespace, others than `key`, that scale one of the pods. */
  rivals(key: Key, pods: readonly Pod[]): readonly string[] {
    const { namespace } = splitKey(key)
    const found = new Set<Key>()
    for (const { metadata } of pods) {
      const labels = Object.entries(metadata.labels ?? {}).map(([name, value]) => `${name}=${value}`)
      for (const label of [ANY, ...labels]) {
        for (const other of this.#byLabel.get(`${namespace}/${label}`) ?? []) {
          if (other !== key && !found.has(other) && matchesSelector(this.#selectors.get(other)!, metadata.labels)) found.add(other)
        }
      }
    }
    return [...found].map((other) => splitKey(other).name).sort()
  }
}

function bucketOf(key: Key, selector: Selector): string {
  const required = selector.find(({ operator, values }) => (operator === '=' || operator === 'in') && values.length === 1)
  return `${splitKey(key).namespace}/${required === undefined ? ANY : `${required.key}=${required.values[0]}`}`
}
