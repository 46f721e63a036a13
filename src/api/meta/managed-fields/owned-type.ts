import { type Changes, changedFields } from './changed-fields.ts'
import { createdFields } from './created-fields.ts'
import type { StructShape } from './shapes.ts'

export type Json = Record<string, unknown>

/** A version of a kind, as far as ownership of its fields goes. */
export interface OwnedType {
  /** `apps/v1` */
  readonly apiVersion: string
  /** All its fields. */
  readonly shape: StructShape
  /** Those that can have owners through the endpoint that is written to. */
  readonly tracked: StructShape
  /** The same kind in another version; undefined when it isn't served (any more). */
  readonly inVersion: (apiVersion: string) => OtherVersion | undefined
}

export interface OtherVersion {
  readonly shape: StructShape
  readonly tracked: StructShape
  /** Both give a new object or the one they were given. */
  readonly fromHere: (object: Json) => Json
  readonly toHere: (object: Json) => Json
}

/** What a write changed, in the terms of each version in which a manager's fields are kept. */
export class VersionedChanges {
  readonly #type: OwnedType
  readonly #before: Json | undefined
  readonly #after: Json
  readonly #others = new Map<string, Changes | undefined | 'unknown'>()
  /** In the version of the write. */
  readonly own: Changes | undefined

  /** @param before undefined for an object that is created */
  constructor(type: OwnedType, before: Json | undefined, after: Json) {
    this.#type = type
    this.#before = before
    this.#after = after
    this.own = changesOf(type.tracked, before, after)
  }

  /** 'unknown' for a version that the kind doesn't have. */
  in(apiVersion: string): Changes | undefined | 'unknown' {
    if (apiVersion === this.#type.apiVersion) return this.own
    if (!this.#others.has(apiVersion)) this.#others.set(apiVersion, this.#convert(apiVersion))
    return this.#others.get(apiVersion)
  }

  #convert(apiVersion: string): Changes | undefined | 'unknown' {
    const other = this.#type.inVersion(apiVersion)
    if (other === undefined) return 'unknown'
    const before = this.#before === undefined ? undefined : other.fromHere(this.#before)
    return changesOf(other.tracked, before, other.fromHere(this.#after))
  }
}

function changesOf(shape: StructShape, before: Json | undefined, after: Json): Changes | undefined {
  if (before !== undefined) return changedFields(shape, before, after)
  const changed = createdFields(shape, after)
  return changed === undefined ? undefined : { changed, removed: undefined }
}
