/** The labels by which a Job knows its pods, made from its uid unless `manualSelector` is set. */
import { type FieldError, invalid, required } from '../../meta/field-error.ts'
import { selects } from '../../meta/selectors.ts'
import type { Job } from '../../types.gen.ts'

export const CONTROLLER_UID = 'batch.kubernetes.io/controller-uid'
export const JOB_NAME = 'batch.kubernetes.io/job-name'
export const LEGACY_CONTROLLER_UID = 'controller-uid'
export const LEGACY_JOB_NAME = 'job-name'

/**
 * In place; what the client set stays, for validation to refuse where it conflicts.
 * Upstream: registry/batch/job/strategy.go generateSelector.
 */
export function generateJobSelector({ metadata, spec }: Job): void {
  spec.template.metadata ??= {}
  spec.template.metadata.labels ??= {}
  const { labels } = spec.template.metadata
  labels[LEGACY_JOB_NAME] ??= metadata.name
  labels[JOB_NAME] ??= metadata.name
  labels[LEGACY_CONTROLLER_UID] ??= metadata.uid
  labels[CONTROLLER_UID] ??= metadata.uid
  spec.selector ??= {}
  spec.selector.matchLabels ??= {}
  spec.selector.matchLabels[CONTROLLER_UID] ??= metadata.uid
}

/** Upstream: pkg/apis/batch/validation validateGeneratedSelector. */
export function validateGeneratedSelector({ metadata, spec }: Job): FieldError[] {
  const errors: FieldError[] = []
  if (spec.manualSelector === true || spec.selector === undefined) return errors
  const labels = spec.template.metadata?.labels
  const expected: Record<string, string> = {
    [LEGACY_CONTROLLER_UID]: metadata.uid,
    [LEGACY_JOB_NAME]: metadata.name,
    [CONTROLLER_UID]: metadata.uid,
    [JOB_NAME]: metadata.name,
  }
  for (const [key, value] of Object.entries(expected)) {
    const path = `spec.template.metadata.labels[${key}]`
    const actual = labels?.[key]
    if (actual === undefined) errors.push(required(path, `must be '${value}'`))
    else if (actual !== value) errors.push(invalid(path, labels, `must be '${value}'`))
  }
  if (!selects(spec.selector, expected)) errors.push(invalid('spec.selector', spec.selector, '`selector` not auto-generated'))
  return errors
}
