/** The containers `kubectl debug` adds to a running Pod: more may come, none may change or go. */

import { MIRROR_POD_ANNOTATION } from '../../api/core/v1/pod-annotations.ts'
import { semanticEqual } from '../../api/core/v1/semantic-equal.ts'
import { specDiff } from '../../api/core/v1/spec-diff.ts'
import { invalidError } from '../../api/meta/api-error.ts'
import { type FieldError, forbidden, NOWHERE } from '../../api/meta/field-error.ts'
import type { Pod } from '../../api/types.gen.ts'
import { bytesOf } from '../encode.ts'
import { getEntry } from '../get.ts'
import { update } from '../update.ts'
import { faultsOfPod, keepMetadata, setSpec } from './pod-parts.ts'
import type { Subresource } from './subresources.ts'

/** Upstream: pod/strategy.go podEphemeralContainersStrategy. */
export const podEphemeralContainers: Subresource = {
  get: (context, target) => bytesOf(target.definition, getEntry(context, target)),
  update: (context, target, change, options) =>
    update(context, target, (current) => change(current!), {
      ...options,
      prepare: (next, old) => prepare(next as Pod, old as Pod),
      validate: (next, old) => {
        const errors = faultsOf(next as Pod, old as Pod)
        if (errors.length > 0) throw invalidError(target.definition, target.name, errors)
      },
    }),
}

function prepare(next: Pod, old: Pod): void {
  const { ephemeralContainers } = next.spec
  keepMetadata(next, old)
  if (old.status === undefined) delete next.status
  else next.status = old.status
  const { ephemeralContainers: _old, ...others } = old.spec
  setSpec(next, old, ephemeralContainers === undefined ? others : { ...others, ephemeralContainers })
}

/** Upstream: validation.go ValidatePodEphemeralContainersUpdate. */
function faultsOf(next: Pod, old: Pod): FieldError[] {
  if (old.metadata.annotations?.[MIRROR_POD_ANNOTATION] !== undefined) {
    return [forbidden(NOWHERE, 'static pods do not support ephemeral containers')]
  }
  const errors = faultsOfPod(next, old)
  const path = 'spec.ephemeralContainers'
  for (const before of old.spec.ephemeralContainers ?? []) {
    const name = JSON.stringify(before.name)
    const after = next.spec.ephemeralContainers?.find((container) => container.name === before.name)
    if (after === undefined) errors.push(forbidden(path, `existing ephemeral containers ${name} may not be removed\n`))
    else if (!semanticEqual(before, after)) {
      const difference = specDiff('core.EphemeralContainer', before, after)
      errors.push(forbidden(path, `existing ephemeral containers ${name} may not be changed\n${difference}`))
    }
  }
  return errors
}
