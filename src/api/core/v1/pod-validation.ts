import { type FieldError, forbidden } from '../../meta/field-error.ts'
import type { Pod } from '../../types.gen.ts'
import { checkPodAnnotations, MIRROR_POD_ANNOTATION } from './pod-annotations.ts'
import { checkPodSpec } from './pod-spec-validation.ts'

/** What is asked of a pod whenever it is written, beyond its ObjectMeta. Upstream: validation.go validatePodMetadataAndSpec. */
export function validatePodMetadataAndSpec(pod: Pod): FieldError[] {
  const errors: FieldError[] = []
  const { spec } = pod
  const { annotations, name = '' } = pod.metadata
  if (annotations) checkPodAnnotations(errors, annotations, spec, 'metadata.annotations')
  checkPodSpec(errors, spec, 'spec', { isPod: true, podName: name, isMirror: annotations?.[MIRROR_POD_ANNOTATION] !== undefined })
  if (!spec.serviceAccountName) checkNoTokens(errors, pod)
  return errors
}

function checkNoTokens(errors: FieldError[], { spec }: Pod): void {
  spec.volumes?.forEach(({ projected }, i) => {
    projected?.sources?.forEach(({ serviceAccountToken }, j) => {
      if (!serviceAccountToken) return
      const path = `spec.volumes[${i}].projected.sources[${j}].serviceAccountToken`
      errors.push(forbidden(path, 'must not be specified when serviceAccountName is not set'))
    })
  })
}
