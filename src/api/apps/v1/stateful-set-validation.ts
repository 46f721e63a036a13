/** What a StatefulSet's spec may say. Upstream: pkg/apis/apps/validation/validation.go ValidateStatefulSetSpec. */
import { checkClaimSpec } from '../../core/v1/claim-validation.ts'
import { validatePodTemplate } from '../../core/v1/pod-template.ts'
import { pushInvalid, pushNegative, pushUnsupported } from '../../meta/field-checks.ts'
import { type FieldError, invalid, required } from '../../meta/field-error.ts'
import { bareNumber, pushMoreThanWhole, pushNotIntOrPercent } from '../../meta/int-or-percent.ts'
import { isDns1123Label } from '../../meta/names.ts'
import { validateAnnotations, validateLabels } from '../../meta/object-meta-validation.ts'
import type { PodTemplateSpec, StatefulSetSpec, StatefulSetUpdateStrategy } from '../../types.gen.ts'
import { pushLabelMismatch, pushRunsForeverFaults, pushSelectorFaults } from './pod-template-rules.ts'

export interface StatefulSetRules {
  /** Service name and claims can't change, so that old ones are not judged again. */
  readonly isUpdate?: boolean
  /** The old object had faults already. */
  readonly toleratesTemplate?: boolean
}

export function validateStatefulSetSpec(spec: StatefulSetSpec, rules: StatefulSetRules): FieldError[] {
  const errors: FieldError[] = []
  pushPolicyFaults(errors, spec.podManagementPolicy)
  pushStrategyFaults(errors, spec.updateStrategy ?? {})
  const retention = spec.persistentVolumeClaimRetentionPolicy
  if (retention !== undefined) {
    const path = 'spec.persistentVolumeClaimRetentionPolicy'
    pushUnsupported(errors, `${path}.whenDeleted`, retention.whenDeleted, ['Retain', 'Delete'])
    pushUnsupported(errors, `${path}.whenScaled`, retention.whenScaled, ['Retain', 'Delete'])
  }
  if (!rules.isUpdate) {
    spec.volumeClaimTemplates?.forEach((claim, i) => {
      checkClaimSpec(errors, claim.spec ?? {}, `spec.volumeClaimTemplates[${i}].spec`)
    })
  }
  pushNegative(errors, 'spec.replicas', spec.replicas)
  pushNegative(errors, 'spec.minReadySeconds', spec.minReadySeconds)
  pushNegative(errors, 'spec.ordinals.start', spec.ordinals?.start)
  if (!rules.isUpdate && spec.serviceName) pushInvalid(errors, 'spec.serviceName', spec.serviceName, isDns1123Label(spec.serviceName))

  const isWellFormed = pushSelectorFaults(errors, spec.selector, 'spec.selector', 'statefulset')
  if (isWellFormed) pushTemplateFaults(errors, spec, rules.toleratesTemplate === true)
  else errors.push(invalid('spec.selector', spec.selector, ''))
  pushRunsForeverFaults(errors, spec.template, 'spec.template', 'StatefulSet')
  return errors
}

function pushPolicyFaults(errors: FieldError[], policy: string | undefined): void {
  const path = 'spec.podManagementPolicy'
  if (!policy) errors.push(required(path))
  else if (policy !== 'OrderedReady' && policy !== 'Parallel') errors.push(invalid(path, policy, "must be 'OrderedReady' or 'Parallel'"))
}

function pushStrategyFaults(errors: FieldError[], { type, rollingUpdate }: StatefulSetUpdateStrategy): void {
  const path = 'spec.updateStrategy'
  if (!type) errors.push(required(path))
  else if (type === 'OnDelete') {
    if (rollingUpdate !== undefined) {
      // Upstream shows its internal structs in both of these, in Go's own field names.
      const shown = { Partition: rollingUpdate.partition ?? 0, MaxUnavailable: rollingUpdate.maxUnavailable ?? null }
      errors.push(invalid(`${path}.rollingUpdate`, shown, "only allowed for updateStrategy 'RollingUpdate'"))
    }
  } else if (type !== 'RollingUpdate') {
    const shown = { Type: type, RollingUpdate: rollingUpdate ?? null }
    errors.push(invalid(path, shown, "must be 'RollingUpdate' or 'OnDelete'"))
  } else if (rollingUpdate !== undefined) {
    const at = `${path}.rollingUpdate`
    pushNegative(errors, `${at}.partition`, rollingUpdate.partition)
    const { maxUnavailable } = rollingUpdate
    if (maxUnavailable === undefined) return
    pushNotIntOrPercent(errors, `${at}.maxUnavailable`, maxUnavailable)
    if (bareNumber(maxUnavailable) === 0) errors.push(invalid(`${at}.maxUnavailable`, maxUnavailable, 'cannot be 0'))
    pushMoreThanWhole(errors, `${at}.maxUnavailable`, maxUnavailable)
  }
}

/** Upstream: ValidatePodTemplateSpecForStatefulSet. */
function pushTemplateFaults(errors: FieldError[], spec: StatefulSetSpec, toleratesTemplate: boolean): void {
  pushLabelMismatch(errors, spec.selector, spec.template, 'spec.template')
  if (!toleratesTemplate) errors.push(...validatePodTemplate(asPodsHaveIt(spec), 'spec.template'))
  const metadata = spec.template.metadata
  errors.push(...validateLabels(metadata?.labels, 'spec.template.labels'))
  errors.push(...validateAnnotations(metadata?.annotations, 'spec.template.annotations'))
}

/** The controller overwrites host name and subdomain, and adds a volume for each claim. */
function asPodsHaveIt({ template, volumeClaimTemplates }: StatefulSetSpec): PodTemplateSpec {
  if (template.spec === undefined) return template
  const claimed = (volumeClaimTemplates ?? []).map(({ metadata: { name } }) => ({ name, persistentVolumeClaim: { claimName: name } }))
  const names = new Set(claimed.map(({ name }) => name))
  const own = (template.spec.volumes ?? []).filter(({ name }) => !names.has(name))
  const { hostname: _hostname, subdomain: _subdomain, ...rest } = template.spec
  return { ...template, spec: { ...rest, volumes: [...claimed, ...own] } }
}
