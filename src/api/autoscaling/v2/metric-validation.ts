/** What a HorizontalPodAutoscaler may measure. Upstream: pkg/apis/autoscaling/validation validateMetricSpec. */
import { checkContainerResourceName } from '../../core/v1/resource-names.ts'
import { pushInvalid } from '../../meta/field-checks.ts'
import { type FieldError, forbidden, invalid, notSupported, required } from '../../meta/field-error.ts'
import { isDns1123Label, isPathSegmentName } from '../../meta/names.ts'
import { parseQuantity } from '../../meta/quantity.ts'
import type { AutoscalingV2CrossVersionObjectReference, MetricIdentifier, MetricSpec, MetricTarget } from '../../types.gen.ts'

/** In the order upstream looks at them. */
const SOURCES = {
  object: 'Object',
  external: 'External',
  pods: 'Pods',
  resource: 'Resource',
  containerResource: 'ContainerResource',
} as const
const TARGET_TYPES = ['Utilization', 'Value', 'AverageValue']
const TYPES = ['ContainerResource', 'External', 'Object', 'Pods', 'Resource']

/** What an apiVersion may be: of an old object it is borne as it is. */
export type ApiVersionRule = 'any' | 'empty group too' | 'with a group'

/** @param ofObjects the rule for the apiVersion of what `object` metrics describe */
export function pushMetricFaults(errors: FieldError[], spec: MetricSpec, path: string, ofObjects: ApiVersionRule): void {
  if (!spec.type) errors.push(required(`${path}.type`, 'must specify a metric source type'))
  const isKnown = TYPES.includes(spec.type)
  if (!isKnown) errors.push(notSupported(`${path}.type`, spec.type ?? '', TYPES))
  const present = (Object.keys(SOURCES) as Array<keyof typeof SOURCES>).filter((field) => spec[field] !== undefined)
  const [first] = present
  if (first !== undefined) pushSourceFaults(errors, spec, first, `${path}.${first}`, ofObjects)
  const expected = present.concat(Object.keys(SOURCES) as never[]).find((field) => SOURCES[field] === spec.type)
  if (expected !== undefined && spec[expected] === undefined) {
    errors.push(required(`${path}.${expected}`, 'must populate information for the given metric source'))
  }
  if (!isKnown) errors.push(notSupported(`${path}.type`, spec.type ?? '', TYPES))
  if (present.length === 1) return
  for (const field of present) {
    if (field !== expected) errors.push(forbidden(`${path}.${field}`, 'must populate the given metric source only'))
  }
}

function pushSourceFaults(
  errors: FieldError[],
  spec: MetricSpec,
  field: keyof typeof SOURCES,
  path: string,
  ofObjects: ApiVersionRule,
): void {
  const target = spec[field]!.target ?? ({} as MetricTarget)
  const at = `${path}.target`
  if (field === 'object') pushTargetReferenceFaults(errors, spec.object!.describedObject, `${path}.describedObject`, ofObjects)
  if (field === 'resource' || field === 'containerResource') {
    const { name } = spec[field]!
    if (!name) errors.push(required(`${path}.name`, 'must specify a resource name'))
    if (field === 'containerResource') {
      if (name) checkContainerResourceName(errors, name, `${path}.name`)
      const { container } = spec.containerResource!
      if (!container) errors.push(required(`${path}.container`, 'must specify a container'))
      else pushInvalid(errors, `${path}.container`, container, isDns1123Label(container))
    }
    pushTargetFaults(errors, target, at)
    if (target.averageUtilization === undefined && target.averageValue === undefined) {
      errors.push(required(`${at}.averageUtilization`, 'must set either a target raw value or a target utilization'))
    }
    if (target.averageUtilization !== undefined && target.averageValue !== undefined) {
      errors.push(forbidden(`${at}.averageValue`, 'may not set both a target raw value and a target utilization'))
    }
    return
  }
  pushMetricNameFaults(errors, spec[field]!.metric, `${path}.metric`)
  pushTargetFaults(errors, target, at)
  if (field === 'pods') {
    if (target.averageValue === undefined) errors.push(required(`${at}.averageValue`, 'must specify a positive target averageValue'))
    return
  }
  if (target.value === undefined && target.averageValue === undefined) {
    const detail =
      field === 'object'
        ? 'must set either a target value or averageValue'
        : 'must set either a target value for metric or a per-pod target'
    errors.push(required(`${at}.averageValue`, detail))
  }
  if (field === 'external' && target.value !== undefined && target.averageValue !== undefined) {
    errors.push(forbidden(`${at}.value`, 'may not set both a target value for metric and a per-pod target'))
  }
}

/** Upstream: ValidateCrossVersionObjectReference. */
export function pushTargetReferenceFaults(
  errors: FieldError[],
  reference: AutoscalingV2CrossVersionObjectReference | undefined,
  path: string,
  rule: ApiVersionRule,
): void {
  for (const field of ['kind', 'name'] as const) {
    const value = reference?.[field]
    if (!value) errors.push(required(`${path}.${field}`))
    else pushInvalid(errors, `${path}.${field}`, value, isPathSegmentName(value))
  }
  const apiVersion = reference?.apiVersion ?? ''
  const fault = apiVersionFault(apiVersion, rule)
  if (fault !== undefined) errors.push(invalid(`${path}.apiVersion`, apiVersion, fault))
}

/** Upstream: ValidateAPIVersion, schema.ParseGroupVersion. */
export function apiVersionFault(apiVersion: string, rule: ApiVersionRule): string | undefined {
  if (rule === 'any') return undefined
  const parts = apiVersion.split('/')
  if (parts.length > 2) return `unexpected GroupVersion string: ${apiVersion}`
  const group = parts.length === 2 ? parts[0] : ''
  return group === '' && rule === 'with a group' ? 'apiVersion must specify API group' : undefined
}

function pushMetricNameFaults(errors: FieldError[], metric: MetricIdentifier | undefined, path: string): void {
  if (!metric?.name) errors.push(required(`${path}.name`, 'must specify a metric name'))
  else pushInvalid(errors, `${path}.name`, metric.name, isPathSegmentName(metric.name))
}

function pushTargetFaults(errors: FieldError[], target: MetricTarget, path: string): void {
  if (!target.type) errors.push(required(`${path}.type`, 'must specify a metric target type'))
  if (!TARGET_TYPES.includes(target.type)) {
    errors.push(invalid(`${path}.type`, target.type ?? '', 'must be either Utilization, Value, or AverageValue'))
  }
  for (const field of ['value', 'averageValue'] as const) {
    const value = target[field]
    if (value !== undefined && (parseQuantity(value)?.nano ?? 0n) <= 0n) {
      errors.push(invalid(`${path}.${field}`, value, 'must be positive'))
    }
  }
  const { averageUtilization } = target
  if (averageUtilization !== undefined && averageUtilization < 1) {
    errors.push(invalid(`${path}.averageUtilization`, averageUtilization, 'must be greater than 0'))
  }
}
