import { hostNameWarnings, workloadWarnings } from '../../core/v1/pod-warnings.ts'
import { defineResource } from '../../definition.ts'
import { isSameValue, pushChanged, pushDecremented, pushNegative } from '../../meta/field-checks.ts'
import { type FieldError, forbidden, invalid, notSupported, required } from '../../meta/field-error.ts'
import { bareNumber, pushMoreThanWhole, pushNotIntOrPercent } from '../../meta/int-or-percent.ts'
import { keepField } from '../../meta/keep-metadata.ts'
import { fromLabelSelector, selectorText } from '../../meta/selectors.ts'
import { ageColumn, column, containerColumns, nameColumn, wideColumn } from '../../table-columns.ts'
import type { Deployment, DeploymentSpec, DeploymentStrategy } from '../../types.gen.ts'
import { pushReplicatedTemplateFaults, setTemplateDefaults } from './pod-template-rules.ts'
import { validateReplicaCounts } from './replica-status-validation.ts'
import { replicasScale } from './replicas-scale.ts'

const COUNTS = [
  'observedGeneration',
  'replicas',
  'updatedReplicas',
  'readyReplicas',
  'availableReplicas',
  'unavailableReplicas',
  'terminatingReplicas',
  'collisionCount',
]
const BOUNDED = ['updatedReplicas', 'readyReplicas', 'availableReplicas']

/** Where apps/v1 keeps what was a field once. Upstream: apps/v1/conversion.go. */
export const ROLLBACK_TO = 'deprecated.deployment.rollback.to'

export const deployment = defineResource<Deployment>('apps/v1/deployments', {
  countsGenerations: true,
  setDefaults: (object) => {
    object.spec ??= {} as DeploymentSpec
    const { spec } = object
    spec.replicas ??= 1
    spec.revisionHistoryLimit ??= 10
    spec.progressDeadlineSeconds ??= 600
    setStrategyDefaults(spec)
    setTemplateDefaults(spec)
  },
  prepareForCreate: (object) => {
    object.status = {}
  },
  prepareForUpdate: (next, old) => {
    // Annotations are copied to the ReplicaSets, so that a change of them is work for the controller.
    // Upstream: registry/apps/deployment/strategy.go PrepareForUpdate
    const isAnnotated = !isSameValue(next.metadata.annotations ?? {}, old.metadata.annotations ?? {})
    if (isAnnotated) next.metadata.generation = (old.metadata.generation ?? 0) + 1
  },
  prepareForStatusUpdate: (next, old) => keepField(next, old, 'labels'),
  validate: ({ metadata, spec }) => validateDeploymentSpec(spec, Number(metadata.annotations?.[ROLLBACK_TO] ?? 0)),
  validateUpdate: (next, old) => {
    const errors: FieldError[] = []
    pushChanged(errors, 'spec.selector', next.spec.selector, old.spec.selector)
    return errors
  },
  validateStatusUpdate: (next, old) => {
    const errors = validateReplicaCounts({ ...next.status }, COUNTS, BOUNDED, 'readyReplicas')
    pushDecremented(errors, 'status.collisionCount', next.status?.collisionCount, old.status?.collisionCount)
    return errors
  },
  warnings: (next, old) => [
    ...(old === undefined ? hostNameWarnings(next.metadata.name) : []),
    ...workloadWarnings(next, old, next.spec.template),
  ],
  columns: [
    nameColumn,
    column(
      'Ready',
      'string',
      'Pods that are ready, of those wanted.',
      ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec.replicas ?? 0}`,
    ),
    column('Up-to-date', 'string', 'Number of pods made from the current template.', ({ status }) => status?.updatedReplicas ?? 0),
    column('Available', 'string', 'Number of pods that have been ready for long enough.', ({ status }) => status?.availableReplicas ?? 0),
    ageColumn,
    ...containerColumns<Deployment>(({ spec }) => spec.template),
    wideColumn('Selector', 'Which pods belong to it.', ({ spec }) => selectorText(fromLabelSelector(spec.selector) ?? [])),
  ],
  scale: replicasScale,
})

function setStrategyDefaults(spec: DeploymentSpec): void {
  spec.strategy ??= {}
  const { strategy } = spec
  if (!strategy.type) strategy.type = 'RollingUpdate'
  if (strategy.type !== 'RollingUpdate') return
  strategy.rollingUpdate ??= {}
  strategy.rollingUpdate.maxUnavailable ??= '25%'
  strategy.rollingUpdate.maxSurge ??= '25%'
}

/** @param rollbackRevision what ROLLBACK_TO asks for */
function validateDeploymentSpec(spec: DeploymentSpec, rollbackRevision: number): FieldError[] {
  const errors: FieldError[] = []
  pushNegative(errors, 'spec.replicas', spec.replicas)
  pushReplicatedTemplateFaults(errors, spec, 'spec')
  pushStrategyFaults(errors, spec.strategy ?? {})
  pushNegative(errors, 'spec.minReadySeconds', spec.minReadySeconds)
  pushNegative(errors, 'spec.revisionHistoryLimit', spec.revisionHistoryLimit)
  pushNegative(errors, 'spec.rollback.version', rollbackRevision)
  pushNegative(errors, 'spec.progressDeadlineSeconds', spec.progressDeadlineSeconds)
  const deadline = spec.progressDeadlineSeconds
  if (deadline !== undefined && deadline <= (spec.minReadySeconds ?? 0)) {
    errors.push(invalid('spec.progressDeadlineSeconds', deadline, 'must be greater than minReadySeconds'))
  }
  return errors
}

function pushStrategyFaults(errors: FieldError[], { type, rollingUpdate }: DeploymentStrategy): void {
  const path = 'spec.strategy.rollingUpdate'
  if (type === 'Recreate') {
    if (rollingUpdate !== undefined) errors.push(forbidden(path, "may not be specified when strategy `type` is 'Recreate'"))
  } else if (type !== 'RollingUpdate') {
    // Upstream shows its internal struct here, in Go's own field names.
    const shown = { Type: type ?? '', RollingUpdate: rollingUpdate ?? null }
    errors.push(notSupported('spec.strategy', shown, ['Recreate', 'RollingUpdate']))
  } else if (rollingUpdate === undefined) {
    errors.push(required(path, 'this should be defaulted and never be nil'))
  } else {
    const { maxUnavailable, maxSurge } = rollingUpdate
    pushNotIntOrPercent(errors, `${path}.maxUnavailable`, maxUnavailable)
    pushNotIntOrPercent(errors, `${path}.maxSurge`, maxSurge)
    if (bareNumber(maxUnavailable) === 0 && bareNumber(maxSurge) === 0) {
      errors.push(invalid(`${path}.maxUnavailable`, maxUnavailable, 'may not be 0 when `maxSurge` is 0'))
    }
    pushMoreThanWhole(errors, `${path}.maxUnavailable`, maxUnavailable)
  }
}
