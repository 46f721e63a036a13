import type { KubeObject } from '../api/object.ts'
import type { StorageKey, StoredValue } from './storage.ts'

/** What selectors look at. */
export interface Attributes {
  readonly labels: Readonly<Record<string, string>> | undefined
  /** The selectable fields of the kind, without metadata.name and metadata.namespace. */
  readonly fields: Readonly<Record<string, string>> | undefined
}

/**
 * One state of one object in memory: its encoded bytes, which every answer shares, and on demand its decoded form and what
 * selectors look at. Decoded forms are shared too: never change one.
 */
export class Entry implements StoredValue {
  readonly key: StorageKey
  readonly revision: number
  readonly bytes: Buffer
  #decoded: KubeObject | undefined
  #attributes: Attributes | undefined

  constructor(value: StoredValue, decoded?: KubeObject) {
    this.key = value.key
    this.revision = value.revision
    this.bytes = value.bytes
    this.#decoded = decoded
  }

  /** The shared decoded form; kept until `forget`. */
  decoded<T extends KubeObject>(): T {
    this.#decoded ??= JSON.parse(this.bytes.toString()) as KubeObject
    return this.#decoded as T
  }

  /** A decoded form of the caller's own, to change as it likes. */
  copy<T extends KubeObject>(): T {
    return JSON.parse(this.bytes.toString()) as T
  }

  attributes(attributesOf: (key: StorageKey, object: KubeObject) => Attributes): Attributes {
    this.#attributes ??= attributesOf(this.key, this.#decoded ?? (JSON.parse(this.bytes.toString()) as KubeObject))
    return this.#attributes
  }

  /** Lets the decoded form go: for entries that nobody reads decoded, whose bytes are enough. */
  forget(): void {
    this.#decoded = undefined
  }
}
