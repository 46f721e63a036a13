/** What a write tells its client beside its outcome: texts for Warning headers. */
import type { ResourceDefinition, Warn } from '../api/definition.ts'
import type { KubeObject } from '../api/object.ts'
import type { DeleteOptions, OwnerReference } from '../api/types.gen.ts'
import { deepEqual } from '../lib/deep-equal.ts'

/** Where repeated owners were found. A patch is only looked at after admission, and so are its words. */
export const AS_ASKED = ''
export const AFTER_ADMISSION = ' after mutating admission happens'

/**
 * In place: an owner that is there twice counts once.
 * Upstream: handlers/rest.go dedupOwnerReferencesAndAddWarning.
 */
export function dropRepeatedOwners({ metadata }: KubeObject, when: string, warn: Warn | undefined): void {
  const { ownerReferences: owners } = metadata
  if (owners === undefined || owners.length < 2) return
  const kept: OwnerReference[] = []
  const repeated: string[] = []
  for (const owner of owners) {
    if (kept.some((other) => deepEqual(owner, other))) repeated.push(owner.uid ?? '')
    else kept.push(owner)
  }
  if (repeated.length === 0) return
  metadata.ownerReferences = kept
  warn?.(
    `.metadata.ownerReferences contains duplicate entries${when}; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${repeated.join(', ')}`,
  )
}

/** Of what passed validation. */
export function warnOf({ warnings }: ResourceDefinition, object: KubeObject, old: KubeObject | undefined, warn: Warn | undefined): void {
  if (warnings !== undefined && warn !== undefined) for (const text of warnings(object, old)) warn(text)
}

export function warnOfStatus({ statusWarnings }: ResourceDefinition, object: KubeObject, warn: Warn | undefined): void {
  if (statusWarnings !== undefined && warn !== undefined) for (const text of statusWarnings(object)) warn(text)
}

/** Upstream: registry/batch/job/storage Delete. */
export function warnOfDelete({ dependentsWarning }: ResourceDefinition, asked: DeleteOptions, warn: Warn | undefined): void {
  if (dependentsWarning !== undefined && asked.propagationPolicy === undefined && asked.orphanDependents === undefined) {
    warn?.(dependentsWarning)
  }
}
