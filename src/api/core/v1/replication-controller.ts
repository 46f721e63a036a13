import { defineResource } from '../../definition.ts'
import { type FieldError, forbidden, invalid, notSupported, required } from '../../meta/field-error.ts'
import { fromLabels, selectorText } from '../../meta/selectors.ts'
import type { ReplicationController } from '../../types.gen.ts'
import { containerImages, containerNames } from './container-cells.ts'
import { checkNotNegative } from './formats.ts'
import { ageColumn, labelsText, nameColumn } from './metadata-columns.ts'
import { setPodTemplateDefaults, validatePodTemplate } from './pod-template.ts'
import { hostNameWarnings, workloadWarnings } from './pod-warnings.ts'

const COUNTS = ['replicas', 'fullyLabeledReplicas', 'readyReplicas', 'availableReplicas', 'observedGeneration'] as const

export const replicationController = defineResource<ReplicationController>('v1/replicationcontrollers', {
  // For clients of the first days: kubectl always says which. Upstream: strategy.go DefaultGarbageCollectionPolicy.
  ownDependents: 'stay',
  countsGenerations: true,
  setDefaults,
  prepareForCreate: (controller) => {
    controller.status = { replicas: 0 }
  },
  validate,
  validateStatusUpdate,
  // On update upstream looks at the old template. Upstream: strategy.go WarningsOnUpdate
  warnings: (next, old) => [
    ...(old === undefined ? hostNameWarnings(next.metadata.name) : []),
    ...workloadWarnings(next, old, (old ?? next).spec.template),
  ],
  scale: {
    replicas: ({ spec }) => spec.replicas ?? 0,
    setReplicas: ({ spec }, replicas) => {
      spec.replicas = replicas
    },
    statusReplicas: ({ status }) => status?.replicas ?? 0,
    selector: ({ spec }) => selectorText(fromLabels(spec.selector)),
  },
  columns: [
    nameColumn,
    { name: 'Desired', type: 'integer', description: 'How many pods are wanted.', priority: 0, cell: ({ spec }) => spec.replicas ?? 0 },
    { name: 'Current', type: 'integer', description: 'How many pods there are.', priority: 0, cell: ({ status }) => status?.replicas ?? 0 },
    {
      name: 'Ready',
      type: 'integer',
      description: 'How many pods are ready.',
      priority: 0,
      cell: ({ status }) => status?.readyReplicas ?? 0,
    },
    ageColumn,
    {
      name: 'Containers',
      type: 'string',
      description: 'The names of the containers.',
      priority: 1,
      cell: ({ spec }) => containerNames(spec.template),
    },
    {
      name: 'Images',
      type: 'string',
      description: 'The images of the containers.',
      priority: 1,
      cell: ({ spec }) => containerImages(spec.template),
    },
    {
      name: 'Selector',
      type: 'string',
      description: 'The labels its pods have.',
      priority: 1,
      cell: ({ spec }) => labelsText(spec.selector),
    },
  ],
  selectableFields: { 'status.replicas': ({ status }) => String(status?.replicas ?? 0) },
})

/** Labels and selector come from the template where they are left out. Upstream: defaults.go SetDefaults_ReplicationController. */
function setDefaults({ metadata, spec }: ReplicationController): void {
  if (!spec) return
  spec.replicas ??= 1
  if (!spec.template) return
  setPodTemplateDefaults(spec.template)
  const { labels } = spec.template.metadata ?? {}
  if (!labels) return
  if (!spec.selector || Object.keys(spec.selector).length === 0) spec.selector = { ...labels }
  if (!metadata.labels || Object.keys(metadata.labels).length === 0) metadata.labels = { ...labels }
}

function validate({ spec }: ReplicationController): FieldError[] {
  const errors: FieldError[] = []
  const { template, selector = {} } = spec
  checkNotNegative(errors, spec.minReadySeconds, 'spec', 'minReadySeconds')
  if (Object.keys(selector).length === 0) errors.push(required('spec.selector'))
  checkNotNegative(errors, spec.replicas, 'spec', 'replicas')
  if (!template) return [...errors, required('spec.template')]
  const labels = template.metadata?.labels
  if (Object.entries(selector).some(([key, value]) => labels?.[key] !== value)) {
    errors.push(invalid('spec.template.metadata.labels', labels, '`selector` does not match template `labels`'))
  }
  errors.push(...validatePodTemplate(template, 'spec.template'))
  const { restartPolicy, activeDeadlineSeconds } = template.spec ?? {}
  if (restartPolicy !== 'Always') errors.push(notSupported('spec.template.spec.restartPolicy', restartPolicy ?? '', ['Always']))
  if (activeDeadlineSeconds !== undefined) {
    const detail = 'activeDeadlineSeconds in ReplicationController is not Supported'
    errors.push(forbidden('spec.template.spec.activeDeadlineSeconds', detail))
  }
  return errors
}

/** Upstream: validation.go ValidateReplicationControllerStatus. */
function validateStatusUpdate({ status }: ReplicationController): FieldError[] {
  const errors: FieldError[] = []
  if (!status) return errors
  for (const key of COUNTS) checkNotNegative(errors, status[key], 'status', key)
  const { replicas = 0, readyReplicas = 0, availableReplicas = 0 } = status
  for (const key of ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'] as const) {
    if ((status[key] ?? 0) > replicas) errors.push(invalid(`status.${key}`, status[key], 'cannot be greater than status.replicas'))
  }
  if (availableReplicas > readyReplicas) {
    errors.push(invalid('status.availableReplicas', availableReplicas, 'cannot be greater than readyReplicas'))
  }
  return errors
}
