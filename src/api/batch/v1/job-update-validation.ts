/** What a change of a Job's spec may not do. Upstream: pkg/apis/batch/validation ValidateJobSpecUpdate. */
import { isConditionTrue } from '../../meta/conditions.ts'
import { isSameValue, pushChanged } from '../../meta/field-checks.ts'
import { type FieldError, invalid } from '../../meta/field-error.ts'
import type { Container, Job, JobSpec, PodSpec, PodTemplateSpec } from '../../types.gen.ts'
import { validateJobSpec } from './job-spec-validation.ts'

export function validateJobUpdate(next: Job, old: Job): FieldError[] {
  // Upstream finds the faults of the spec here too, so that its causes come twice.
  const errors = validateJobSpec(next.spec, 'spec')
  pushCompletionsFaults(errors, next.spec, old.spec)
  pushChanged(errors, 'spec.selector', next.spec.selector, old.spec.selector)
  pushTemplateFaults(errors, next.spec.template, old)
  for (const field of ['completionMode', 'podFailurePolicy', 'backoffLimitPerIndex', 'managedBy', 'successPolicy'] as const) {
    pushChanged(errors, `spec.${field}`, next.spec[field], old.spec[field])
  }
  return errors
}

/** An Indexed Job is elastic: both numbers may change together. */
function pushCompletionsFaults(errors: FieldError[], next: JobSpec, old: JobSpec): void {
  if (next.completionMode !== 'Indexed') pushChanged(errors, 'spec.completions', next.completions, old.completions)
  else if (next.completions !== undefined && next.completions !== old.completions && next.completions !== next.parallelism) {
    errors.push(invalid('spec.completions', next.completions, 'can only be modified in tandem with spec.parallelism'))
  }
}

/** A Job that is suspended and has no pods may still change where they go and what they ask for. */
function pushTemplateFaults(errors: FieldError[], next: PodTemplateSpec, old: Job): void {
  const { status } = old
  const isAtRest =
    old.spec.suspend === true &&
    (status?.startTime === undefined || isConditionTrue(status.conditions, 'Suspended')) &&
    (status?.active ?? 0) === 0
  if (!isAtRest) {
    pushChanged(errors, 'spec.template', next, old.spec.template)
    return
  }
  const allowed = withSchedulingOf(old.spec.template.spec, next.spec)
  pushChanged(errors, 'spec.template.spec', next.spec, withResourcesOf(allowed, next.spec))
}

function withSchedulingOf(old: PodSpec | undefined, next: PodSpec | undefined): PodSpec | undefined {
  if (old === undefined || next === undefined) return old
  return {
    ...old,
    affinity: affinityOf(old, next),
    nodeSelector: next.nodeSelector,
    tolerations: next.tolerations,
    schedulingGates: next.schedulingGates,
  }
}

/** Node affinity may change, the other affinities may not. */
function affinityOf(old: PodSpec, next: PodSpec): PodSpec['affinity'] {
  const merged = { ...old.affinity, nodeAffinity: next.affinity?.nodeAffinity }
  return next.affinity === undefined && isSameValue(merged, {}) ? undefined : merged
}

function withResourcesOf(old: PodSpec | undefined, next: PodSpec | undefined): PodSpec | undefined {
  if (old === undefined || next === undefined) return old
  return {
    ...old,
    containers: resourcesOf(old.containers, next.containers) ?? [],
    initContainers: resourcesOf(old.initContainers, next.initContainers),
  }
}

function resourcesOf(old: Container[] | undefined, next: Container[] | undefined): Container[] | undefined {
  if (old === undefined || next === undefined || old.length !== next.length) return old
  return old.map((container, i) => (container.name === next[i]!.name ? { ...container, resources: next[i]!.resources } : container))
}
