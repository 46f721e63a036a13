import { defineResource } from '../../definition.ts'
import { pushNegative, pushUnsupported } from '../../meta/field-checks.ts'
import { type FieldError, forbidden, invalid, required } from '../../meta/field-error.ts'
import { parseQuantity } from '../../meta/quantity.ts'
import { ageColumn, column, nameColumn } from '../../table-columns.ts'
import type { AutoscalingV2HorizontalPodAutoscaler, HPAScalingRules } from '../../types.gen.ts'
import { type ApiVersionRule, apiVersionFault, pushMetricFaults, pushTargetReferenceFaults } from './metric-validation.ts'
import { metricsText } from './metrics-text.ts'

type Autoscaler = AutoscalingV2HorizontalPodAutoscaler

const LONGEST_PERIOD_SECONDS = 1800
const LONGEST_WINDOW_SECONDS = 3600
const PERCENT_POLICY = { type: 'Percent', value: 100, periodSeconds: 15 }

export const horizontalPodAutoscaler = defineResource<Autoscaler>('autoscaling/v2/horizontalpodautoscalers', {
  setDefaults: (object) => {
    object.spec ??= {} as Autoscaler['spec']
    const { spec } = object
    spec.minReplicas ??= 1
    if (!spec.metrics?.length) {
      spec.metrics = [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } }]
    }
    if (spec.behavior === undefined) return
    spec.behavior.scaleUp = {
      stabilizationWindowSeconds: 0,
      selectPolicy: 'Max',
      policies: [{ type: 'Pods', value: 4, periodSeconds: 15 }, { ...PERCENT_POLICY }],
      ...spec.behavior.scaleUp,
    }
    spec.behavior.scaleDown = { selectPolicy: 'Max', policies: [{ ...PERCENT_POLICY }], ...spec.behavior.scaleDown }
  },
  prepareForCreate: (object) => {
    object.status = { currentReplicas: 0, desiredReplicas: 0 }
  },
  validatesUpdateAlone: true,
  validate: (object) => validateAutoscaler(object, undefined),
  validateUpdate: validateAutoscaler,
  validateStatusUpdate: ({ status }) => {
    const errors: FieldError[] = []
    pushNegative(errors, 'status.currentReplicas', status?.currentReplicas)
    pushNegative(errors, 'status.desiredReplicas', status?.desiredReplicas)
    return errors
  },
  columns: [
    nameColumn,
    column('Reference', 'string', 'What it scales.', ({ spec }) => `${spec.scaleTargetRef.kind}/${spec.scaleTargetRef.name}`),
    column('Targets', 'string', 'What it measures, and what it aims at.', ({ spec, status }) =>
      metricsText(spec.metrics, status?.currentMetrics),
    ),
    column('MinPods', 'string', 'No fewer than these.', ({ spec }) => String(spec.minReplicas ?? '<unset>')),
    column('MaxPods', 'string', 'No more than these.', ({ spec }) => spec.maxReplicas),
    column('Replicas', 'string', 'What there are.', ({ status }) => status?.currentReplicas ?? 0),
    ageColumn,
  ],
})

/** Upstream: validateHorizontalPodAutoscalerSpec, validationOptionsForHorizontalPodAutoscaler. */
function validateAutoscaler({ spec }: Autoscaler, old: Autoscaler | undefined): FieldError[] {
  const errors: FieldError[] = []
  const { minReplicas, maxReplicas = 0, metrics = [], behavior } = spec
  // Scaling to zero is behind the gate HPAScaleToZero, which is off; who does already may go on.
  const fewest = old?.spec.minReplicas === 0 ? 0 : 1
  if (minReplicas !== undefined && minReplicas < fewest) {
    errors.push(invalid('spec.minReplicas', minReplicas, `must be greater than or equal to ${fewest}`))
  }
  if (maxReplicas === 0) errors.push(required('spec.maxReplicas', 'must be set and greater than 0'))
  else if (maxReplicas < 0) errors.push(invalid('spec.maxReplicas', maxReplicas, 'must be greater than or equal to 1'))
  if (minReplicas !== undefined && maxReplicas < minReplicas) {
    errors.push(invalid('spec.maxReplicas', maxReplicas, 'must be greater than or equal to `minReplicas`'))
  }
  pushTargetReferenceFaults(errors, spec.scaleTargetRef, 'spec.scaleTargetRef', ruleForTarget(spec, old?.spec))
  const ofObjects = ruleForObjects(old?.spec)
  metrics.forEach((metric, i) => {
    pushMetricFaults(errors, metric, `spec.metrics[${i}]`, ofObjects)
  })
  const isOfPodsOnly = !metrics.some(({ type }) => type === 'Object' || type === 'External')
  if (minReplicas === 0 && isOfPodsOnly) {
    errors.push(forbidden('spec.metrics', 'must specify at least one Object or External metric to support scaling to zero replicas'))
  }
  if (behavior?.scaleUp !== undefined) pushRulesFaults(errors, behavior.scaleUp, 'spec.behavior.scaleUp')
  if (behavior?.scaleDown !== undefined) pushRulesFaults(errors, behavior.scaleDown, 'spec.behavior.scaleDown')
  return errors
}

function ruleForTarget({ scaleTargetRef: next }: Autoscaler['spec'], old: Autoscaler['spec'] | undefined): ApiVersionRule {
  const before = old?.scaleTargetRef
  if (before !== undefined && (before.apiVersion ?? '') === (next?.apiVersion ?? '') && before.kind === next?.kind) return 'any'
  // The one kind of the core group that can be scaled.
  return next?.kind === 'ReplicationController' ? 'empty group too' : 'with a group'
}

function ruleForObjects(old: Autoscaler['spec'] | undefined): ApiVersionRule {
  const isBad = old?.metrics?.some(
    ({ type, object }) =>
      type === 'Object' &&
      object !== undefined &&
      apiVersionFault(object.describedObject?.apiVersion ?? '', 'empty group too') !== undefined,
  )
  return isBad ? 'any' : 'empty group too'
}

function pushRulesFaults(errors: FieldError[], rules: HPAScalingRules, path: string): void {
  const { stabilizationWindowSeconds: window, selectPolicy, policies = [], tolerance } = rules
  const at = `${path}.stabilizationWindowSeconds`
  if (window !== undefined && window < 0) errors.push(invalid(at, window, 'must be greater than or equal to zero'))
  if (window !== undefined && window > LONGEST_WINDOW_SECONDS) {
    errors.push(invalid(at, window, `must be less than or equal to ${LONGEST_WINDOW_SECONDS}`))
  }
  if (selectPolicy !== undefined) pushUnsupported(errors, `${path}.selectPolicy`, selectPolicy, ['Disabled', 'Max', 'Min'])
  if (policies.length === 0) errors.push(required(`${path}.policies`, 'must specify at least one Policy'))
  policies.forEach(({ type, value, periodSeconds }, i) => {
    const policyPath = `${path}.policies[${i}]`
    pushUnsupported(errors, `${policyPath}.type`, type, ['Percent', 'Pods'])
    if ((value ?? 0) <= 0) errors.push(invalid(`${policyPath}.value`, value ?? 0, 'must be greater than zero'))
    const period = periodSeconds ?? 0
    if (period <= 0) errors.push(invalid(`${policyPath}.periodSeconds`, period, 'must be greater than zero'))
    if (period > LONGEST_PERIOD_SECONDS) {
      errors.push(invalid(`${policyPath}.periodSeconds`, period, `must be less than or equal to ${LONGEST_PERIOD_SECONDS}`))
    }
  })
  if (tolerance !== undefined && (parseQuantity(tolerance)?.nano ?? 0n) < 0n)
    errors.push(invalid(`${path}.tolerance`, tolerance, 'must be greater than or equal to 0'))
}
