/** What the subresources that change a part of a Pod's spec have in common. */
import { checkPodAnnotations, checkPodAnnotationUpdates } from '../../api/core/v1/pod-annotations.ts'
import { checkPodSpec } from '../../api/core/v1/pod-spec-validation.ts'
import { semanticEqual } from '../../api/core/v1/semantic-equal.ts'
import type { FieldError } from '../../api/meta/field-error.ts'
import { validateObjectMetaUpdate } from '../../api/meta/object-meta-validation.ts'
import type { Pod, PodSpec } from '../../api/types.gen.ts'

/** In place: of the metadata nothing changes. Upstream: meta/v1 ResetObjectMetaForStatus. */
export function keepMetadata(next: Pod, old: Pod): void {
  const { name, namespace, uid, creationTimestamp, resourceVersion } = next.metadata
  next.metadata = {
    ...old.metadata,
    name,
    ...(namespace === undefined ? {} : { namespace }),
    // Upstream refuses changed ones, and fills in absent ones.
    ...(uid ? { uid } : {}),
    ...(creationTimestamp ? { creationTimestamp } : {}),
    ...(resourceVersion ? { resourceVersion } : {}),
  }
}

/** In place: a changed spec is a new generation. Upstream: updatePodGeneration. */
export function setSpec(next: Pod, old: Pod, spec: PodSpec): void {
  next.spec = spec
  if (!semanticEqual(spec, old.spec)) next.metadata.generation = (old.metadata.generation ?? 0) + 1
}

/** What holds for any change of a Pod. Upstream: validation.go validatePodMetadataAndSpec. */
export function faultsOfPod(next: Pod, old: Pod): FieldError[] {
  const errors = validateObjectMetaUpdate(next.metadata, old.metadata)
  const { annotations, name } = next.metadata
  if (annotations) checkPodAnnotations(errors, annotations, next.spec, 'metadata.annotations')
  checkPodSpec(errors, next.spec, 'spec', { isPod: true, podName: name })
  checkPodAnnotationUpdates(errors, annotations, old.metadata.annotations, 'metadata.annotations')
  return errors
}
