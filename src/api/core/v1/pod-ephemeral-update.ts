/** /ephemeralcontainers: containers for debugging, added to a pod that runs. Upstream: strategy.go podEphemeralContainersStrategy. */
import { deepEqual } from '../../../lib/deep-equal.ts'
import { type FieldError, forbidden, NOWHERE } from '../../meta/field-error.ts'
import type { Pod } from '../../types.gen.ts'
import { checkPodAnnotationUpdates, MIRROR_POD_ANNOTATION } from './pod-annotations.ts'
import { validatePodMetadataAndSpec } from './pod-validation.ts'
import { semanticEqual } from './semantic-equal.ts'
import { structDiff } from './spec-diff.ts'

/** The pod as it is, with the ephemeral containers of `next`. */
export function withEphemeralContainers(next: Pod, old: Pod): Pod {
  const { ephemeralContainers: _, ...spec } = old.spec
  const added = next.spec?.ephemeralContainers
  const isSame = deepEqual(added ?? [], old.spec.ephemeralContainers ?? [])
  const generation = (old.metadata.generation ?? 0) + (isSame ? 0 : 1)
  return { ...old, metadata: { ...old.metadata, generation }, spec: added === undefined ? spec : { ...spec, ephemeralContainers: added } }
}

/** They may only grow in number. Upstream: validation.go ValidatePodEphemeralContainersUpdate. */
export function validateEphemeralContainersUpdate(next: Pod, old: Pod): FieldError[] {
  if (old.metadata.annotations?.[MIRROR_POD_ANNOTATION] !== undefined) {
    return [forbidden(NOWHERE, 'static pods do not support ephemeral containers')]
  }
  const errors = validatePodMetadataAndSpec(next)
  checkPodAnnotationUpdates(errors, next.metadata.annotations, old.metadata.annotations, 'metadata.annotations')
  for (const container of old.spec.ephemeralContainers ?? []) {
    const { name } = container
    const what = `existing ephemeral containers ${JSON.stringify(name)} may not be`
    const kept = next.spec.ephemeralContainers?.findLast((candidate) => candidate.name === name)
    if (kept === undefined) errors.push(forbidden('spec.ephemeralContainers', `${what} removed\n`))
    else if (!semanticEqual(kept, container)) {
      errors.push(forbidden('spec.ephemeralContainers', `${what} changed\n${structDiff('EphemeralContainer', container, kept)}`))
    }
  }
  return errors
}
