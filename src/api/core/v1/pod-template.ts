/** The template of a pod, as every workload kind holds one. */
import { type FieldError, forbidden } from '../../meta/field-error.ts'
import { validateAnnotations, validateLabels } from '../../meta/object-meta-validation.ts'
import type { PodSpec, PodTemplateSpec } from '../../types.gen.ts'
import { checkAnnotatedProfiles, checkPodAnnotations } from './pod-annotations.ts'
import { setPodSpecDefaults } from './pod-spec-defaults.ts'
import { checkPodSpec } from './pod-spec-validation.ts'

const TEMPLATE_RULES = { isPod: false, podName: '' }

/** In place; idempotent. */
export function setPodTemplateDefaults(template: PodTemplateSpec): void {
  // Not a pointer upstream: always shown, even when empty.
  template.metadata ??= {}
  if (template.spec) setPodSpecDefaults(template.spec)
}

/**
 * Every fault of a template, its labels and annotations included.
 * Upstream: validation.go ValidatePodTemplateSpec.
 * @param path where the template stands: `spec.template`
 */
export function validatePodTemplate(template: PodTemplateSpec, path: string): FieldError[] {
  const { labels, annotations } = template.metadata ?? {}
  const spec: PodSpec = template.spec ?? { containers: [] }
  const errors: FieldError[] = []
  if (labels) errors.push(...validateLabels(labels, `${path}.labels`))
  if (annotations) {
    errors.push(...validateAnnotations(annotations, `${path}.annotations`))
    checkPodAnnotations(errors, annotations, spec, `${path}.annotations`)
  }
  checkPodSpec(errors, spec, `${path}.spec`, TEMPLATE_RULES)
  if (annotations) checkAnnotatedProfiles(errors, annotations, spec, `${path}.spec`)
  if (spec.ephemeralContainers?.length) {
    errors.push(forbidden(`${path}.spec.ephemeralContainers`, 'ephemeral containers not allowed in pod template'))
  }
  return errors
}
