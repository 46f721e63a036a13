import { hostNameWarnings, workloadWarnings } from '../../core/v1/pod-warnings.ts'
import { defineResource } from '../../definition.ts'
import { pushChanged, pushNegative } from '../../meta/field-checks.ts'
import type { FieldError } from '../../meta/field-error.ts'
import { ageColumn, column, containerColumns, formatLabelSelector, nameColumn, wideColumn } from '../../table-columns.ts'
import type { ReplicaSet } from '../../types.gen.ts'
import { pushReplicatedTemplateFaults, setTemplateDefaults } from './pod-template-rules.ts'
import { validateReplicaCounts } from './replica-status-validation.ts'
import { replicasScale } from './replicas-scale.ts'

const COUNTS = ['replicas', 'fullyLabeledReplicas', 'readyReplicas', 'availableReplicas', 'observedGeneration', 'terminatingReplicas']
const BOUNDED = ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas']

export const replicaSet = defineResource<ReplicaSet>('apps/v1/replicasets', {
  countsGenerations: true,
  setDefaults: (object) => {
    object.spec ??= {} as ReplicaSet['spec']
    object.spec.replicas ??= 1
    setTemplateDefaults(object.spec)
  },
  prepareForCreate: setEmptyStatus,
  validate: ({ spec }) => {
    const errors: FieldError[] = []
    pushNegative(errors, 'spec.replicas', spec.replicas)
    pushNegative(errors, 'spec.minReadySeconds', spec.minReadySeconds)
    pushReplicatedTemplateFaults(errors, spec, 'spec')
    return errors
  },
  validateUpdate: (next, old) => {
    const errors: FieldError[] = []
    pushChanged(errors, 'spec.selector', next.spec.selector, old.spec.selector)
    return errors
  },
  validateStatusUpdate: ({ status }) => validateReplicaCounts({ ...status }, COUNTS, BOUNDED, 'readyReplicas'),
  warnings: (next, old) => [
    ...(old === undefined ? hostNameWarnings(next.metadata.name) : []),
    ...workloadWarnings(next, old, next.spec.template),
  ],
  columns: [
    nameColumn,
    column('Desired', 'integer', 'Number of pods that are wanted.', ({ spec }) => spec.replicas ?? 0),
    column('Current', 'integer', 'Number of pods there are.', ({ status }) => status?.replicas ?? 0),
    column('Ready', 'integer', 'Number of pods that are ready.', ({ status }) => status?.readyReplicas ?? 0),
    ageColumn,
    ...containerColumns<ReplicaSet>(({ spec }) => spec.template),
    wideColumn('Selector', 'Which pods belong to it.', ({ spec }) => formatLabelSelector(spec.selector)),
  ],
  selectableFields: { 'status.replicas': ({ status }) => String(status?.replicas ?? 0) },
  scale: replicasScale,
})

/** Its status has a number that is always shown. */
function setEmptyStatus(object: ReplicaSet): void {
  object.status = { replicas: 0 }
}
