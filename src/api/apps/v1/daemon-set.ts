import { validatePodTemplate } from '../../core/v1/pod-template.ts'
import { podTemplateWarnings } from '../../core/v1/pod-warnings.ts'
import { defineResource } from '../../definition.ts'
import { isSameValue, pushChanged, pushDecremented, pushNegative } from '../../meta/field-checks.ts'
import { type FieldError, invalid, notSupported, required } from '../../meta/field-error.ts'
import { bareNumber, pushMoreThanWhole, pushNotIntOrPercent } from '../../meta/int-or-percent.ts'
import { validateLabelSelector } from '../../meta/object-meta-validation.ts'
import { ageColumn, column, containerColumns, formatLabelSelector, formatLabels, nameColumn, wideColumn } from '../../table-columns.ts'
import type { DaemonSet, DaemonSetSpec, DaemonSetUpdateStrategy } from '../../types.gen.ts'
import { isEmptySelector, pushLabelMismatch, pushRunsForeverFaults, setTemplateDefaults } from './pod-template-rules.ts'

/** Where apps/v1 keeps what was a field once. Upstream: apps/v1/conversion.go. */
const TEMPLATE_GENERATION = 'deprecated.daemonset.template.generation'

const COUNTS = [
  'currentNumberScheduled',
  'numberMisscheduled',
  'desiredNumberScheduled',
  'numberReady',
  'observedGeneration',
  'updatedNumberScheduled',
  'numberAvailable',
  'numberUnavailable',
  'collisionCount',
] as const

export const daemonSet = defineResource<DaemonSet>('apps/v1/daemonsets', {
  countsGenerations: true,
  setDefaults: (object) => {
    object.spec ??= {} as DaemonSetSpec
    const { spec } = object
    spec.revisionHistoryLimit ??= 10
    setStrategyDefaults(spec)
    setTemplateDefaults(spec)
  },
  prepareForCreate: (object) => {
    object.status = { currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0, numberReady: 0 }
    setTemplateGeneration(object, Math.max(1, templateGeneration(object)))
  },
  prepareForUpdate: (next, old) => {
    const isNewTemplate = !isSameValue(next.spec.template, old.spec.template)
    setTemplateGeneration(next, templateGeneration(old) + (isNewTemplate ? 1 : 0))
  },
  validate: ({ spec }) => validateDaemonSetSpec(spec),
  validateUpdate: (next, old) => {
    const errors: FieldError[] = []
    pushChanged(errors, 'spec.selector', next.spec.selector, old.spec.selector)
    return errors
  },
  validateStatusUpdate: (next, old) => {
    const errors: FieldError[] = []
    for (const name of COUNTS) pushNegative(errors, `status.${name}`, next.status?.[name])
    pushDecremented(errors, 'status.collisionCount', next.status?.collisionCount, old.status?.collisionCount)
    return errors
  },
  warnings: (next, old) =>
    old !== undefined && templateGeneration(next) === templateGeneration(old)
      ? []
      : podTemplateWarnings(next.spec.template, 'spec.template'),
  columns: [
    nameColumn,
    column('Desired', 'integer', 'Number of nodes that should run its pod.', ({ status }) => status?.desiredNumberScheduled ?? 0),
    column('Current', 'integer', 'Number of those nodes that have its pod.', ({ status }) => status?.currentNumberScheduled ?? 0),
    column('Ready', 'integer', 'Number of those nodes where its pod is ready.', ({ status }) => status?.numberReady ?? 0),
    column(
      'Up-to-date',
      'integer',
      'Number of nodes with a pod made from the current template.',
      ({ status }) => status?.updatedNumberScheduled ?? 0,
    ),
    column(
      'Available',
      'integer',
      'Number of nodes whose pod has been ready for long enough.',
      ({ status }) => status?.numberAvailable ?? 0,
    ),
    column('Node Selector', 'string', 'Labels a node must have.', ({ spec }) => formatLabels(spec.template.spec?.nodeSelector)),
    ageColumn,
    ...containerColumns<DaemonSet>(({ spec }) => spec.template),
    wideColumn('Selector', 'Which pods belong to it.', ({ spec }) => formatLabelSelector(spec.selector)),
  ],
})

function setStrategyDefaults(spec: DaemonSetSpec): void {
  spec.updateStrategy ??= {}
  const strategy = spec.updateStrategy
  if (!strategy.type) strategy.type = 'RollingUpdate'
  if (strategy.type !== 'RollingUpdate') return
  strategy.rollingUpdate ??= {}
  strategy.rollingUpdate.maxUnavailable ??= 1
  strategy.rollingUpdate.maxSurge ??= 0
}

/** The annotation's number; 0 when there is none or it isn't one. */
function templateGeneration({ metadata }: DaemonSet): number {
  const text = metadata.annotations?.[TEMPLATE_GENERATION] ?? ''
  return /^-?\d+$/.test(text) ? Number(text) : 0
}

function setTemplateGeneration({ metadata }: DaemonSet, generation: number): void {
  metadata.annotations = { ...metadata.annotations, [TEMPLATE_GENERATION]: String(generation) }
}

function validateDaemonSetSpec(spec: DaemonSetSpec): FieldError[] {
  const errors: FieldError[] = []
  const { selector, template } = spec
  const faults = validateLabelSelector(selector, 'spec.selector')
  errors.push(...faults)
  if (faults.length === 0) pushLabelMismatch(errors, selector, template, 'spec.template')
  // Unlike for the other kinds, an absent selector is only known by the labels it doesn't match.
  if (selector !== undefined && isEmptySelector(selector)) {
    errors.push(invalid('spec.selector', selector, 'empty selector is invalid for daemonset'))
  }
  errors.push(...validatePodTemplate(template, 'spec.template'))
  pushRunsForeverFaults(errors, template, 'spec.template', 'DaemonSet')
  pushNegative(errors, 'spec.minReadySeconds', spec.minReadySeconds)
  pushStrategyFaults(errors, spec.updateStrategy ?? {})
  pushNegative(errors, 'spec.revisionHistoryLimit', spec.revisionHistoryLimit)
  return errors
}

function pushStrategyFaults(errors: FieldError[], { type, rollingUpdate }: DaemonSetUpdateStrategy): void {
  if (type === 'OnDelete') return
  const path = 'spec.updateStrategy.rollingUpdate'
  if (type !== 'RollingUpdate') {
    const shown = { Type: type ?? '', RollingUpdate: rollingUpdate ?? null }
    errors.push(notSupported('spec.updateStrategy', shown, ['RollingUpdate', 'OnDelete']))
    return
  }
  if (rollingUpdate === undefined) {
    errors.push(required(path))
    return
  }
  const { maxUnavailable, maxSurge } = rollingUpdate
  pushNotIntOrPercent(errors, `${path}.maxUnavailable`, maxUnavailable)
  pushNotIntOrPercent(errors, `${path}.maxSurge`, maxSurge)
  pushMoreThanWhole(errors, `${path}.maxUnavailable`, maxUnavailable)
  pushMoreThanWhole(errors, `${path}.maxSurge`, maxSurge)
  const hasUnavailable = bareNumber(maxUnavailable) !== 0
  const hasSurge = bareNumber(maxSurge) !== 0
  if (hasUnavailable && hasSurge) errors.push(invalid(`${path}.maxSurge`, maxSurge, 'may not be set when maxUnavailable is non-zero'))
  if (!hasUnavailable && !hasSurge) errors.push(required(`${path}.maxUnavailable`, 'cannot be 0 when maxSurge is 0'))
}
