/**
 * What is in a PersistentVolume: the files that scripts wrote to it, in an annotation of it, so that they belong to it and outlive
 * pods and the server. Anyone may put files there.
 */
import { createHash } from 'node:crypto'
import { FILES } from '../../api/core/v1/volume-annotations.ts'
import type { Container, PersistentVolume, Pod } from '../../api/types.gen.ts'
import type { FileChanges } from '../container-behaviour.ts'

/** Characters; what is written beyond them is lost. All annotations of an object together may have 256 KiB. */
const LIMIT = 128 << 10

interface StoredFile {
  readonly text: string
  /** The run that wrote it last. */
  readonly by?: string
  /** How much of it that run found: what it is to find again if it is asked about anew. */
  readonly found?: number
}

/** Names a run of a container for good. */
export function runOf({ metadata }: Pod, { name }: Pick<Container, 'name'>, restartCount: number): string {
  return createHash('sha256').update(`${metadata.uid}/${name}/${restartCount}`).digest('hex').slice(0, 12)
}

/** By path: the files as the run finds them, without what it has written itself. */
export function filesOfVolume(volume: PersistentVolume, run: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const [path, { text, by, found: length }] of storedFiles(volume)) {
    if (by !== run) found.set(path, text)
    else if (length !== undefined) found.set(path, text.slice(0, length))
  }
  return found
}

/** @returns what the annotation is to be; undefined when it is that already */
export function annotationAfter(
  volume: PersistentVolume,
  changes: readonly (FileChanges & { readonly run: string })[],
): string | undefined {
  const files = storedFiles(volume)
  let hasChanged = false
  for (const { run, written, removed } of changes) {
    for (const [path, text] of written) {
      const before = files.get(path)
      if (before?.text === text) continue
      const found =
        before?.by === run ? before.found : before !== undefined && text.startsWith(before.text) ? before.text.length : undefined
      files.set(path, { text, by: run, ...(found === undefined ? {} : { found }) })
      hasChanged = true
    }
    for (const path of removed) hasChanged = files.delete(path) || hasChanged
  }
  if (!hasChanged) return undefined
  const value = JSON.stringify(Object.fromEntries([...files].sort(([a], [b]) => (a < b ? -1 : 1))))
  return value.length > LIMIT ? undefined : value
}

function storedFiles({ metadata: { annotations } }: PersistentVolume): Map<string, StoredFile> {
  const files = new Map<string, StoredFile>()
  for (const [path, file] of Object.entries(parsed(annotations?.[FILES]))) {
    if (typeof file === 'string') files.set(path, { text: file })
    else if (typeof (file as StoredFile | null)?.text === 'string') files.set(path, file as StoredFile)
  }
  return files
}

/** Nothing, of what somebody wrote that isn't JSON. */
function parsed(text: string | undefined): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text ?? '{}')
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
