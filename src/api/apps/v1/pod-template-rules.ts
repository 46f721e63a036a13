/** What ReplicaSet, Deployment, StatefulSet and DaemonSet ask of their selector and of the template for their pods. */
import { setPodTemplateDefaults, validatePodTemplate } from '../../core/v1/pod-template.ts'
import { type FieldError, forbidden, invalid, notSupported, required } from '../../meta/field-error.ts'
import { validateLabelSelector } from '../../meta/object-meta-validation.ts'
import { selects } from '../../meta/selectors.ts'
import type { LabelSelector, PodTemplateSpec } from '../../types.gen.ts'

/** In place. A template that was left out is one without containers, for validation to refuse. */
export function setTemplateDefaults(spec: { template?: PodTemplateSpec | undefined }): PodTemplateSpec {
  spec.template ??= {}
  spec.template.spec ??= { containers: [] }
  setPodTemplateDefaults(spec.template)
  return spec.template
}

/** Required, well formed, not empty. @returns is it well formed, so that it can be matched? */
export function pushSelectorFaults(errors: FieldError[], selector: LabelSelector | undefined, path: string, kind: string): boolean {
  if (selector === undefined) {
    errors.push(required(path))
    return true
  }
  const faults = validateLabelSelector(selector, path)
  errors.push(...faults)
  if (isEmptySelector(selector)) errors.push(invalid(path, selector, `empty selector is invalid for ${kind}`))
  return faults.length === 0
}

export function isEmptySelector({ matchLabels, matchExpressions }: LabelSelector): boolean {
  return Object.keys(matchLabels ?? {}).length + (matchExpressions?.length ?? 0) === 0
}

/** Pods made from the template must be the selector's own. An absent selector selects nothing, so it never matches. */
export function pushLabelMismatch(
  errors: FieldError[],
  selector: LabelSelector | undefined,
  template: PodTemplateSpec,
  path: string,
): void {
  const labels = template.metadata?.labels
  if (!selects(selector, labels ?? {})) {
    errors.push(invalid(`${path}.metadata.labels`, labels, '`selector` does not match template `labels`'))
  }
}

/** @param owner as upstream names the kind in its message */
export function pushRunsForeverFaults(errors: FieldError[], template: PodTemplateSpec, path: string, owner: string): void {
  const { restartPolicy, activeDeadlineSeconds } = template.spec ?? {}
  if (restartPolicy !== 'Always') errors.push(notSupported(`${path}.spec.restartPolicy`, restartPolicy ?? '', ['Always']))
  if (activeDeadlineSeconds !== undefined) {
    errors.push(forbidden(`${path}.spec.activeDeadlineSeconds`, `activeDeadlineSeconds in ${owner} is not Supported`))
  }
}

/** Selector and template together, as ReplicaSets have them. Upstream: ValidatePodTemplateSpecForReplicaSet. */
export function pushReplicatedTemplateFaults(
  errors: FieldError[],
  spec: { selector?: LabelSelector | undefined; template?: PodTemplateSpec | undefined },
  path: string,
): void {
  // Upstream says "deployment" for ReplicaSets too.
  const isWellFormed = pushSelectorFaults(errors, spec.selector, `${path}.selector`, 'deployment')
  if (!isWellFormed) {
    errors.push(invalid(`${path}.selector`, spec.selector, 'invalid label selector'))
    return
  }
  const template = spec.template ?? {}
  const at = `${path}.template`
  pushLabelMismatch(errors, spec.selector, template, at)
  errors.push(...validatePodTemplate(template, at))
  pushRunsForeverFaults(errors, template, at, 'ReplicaSet')
}
