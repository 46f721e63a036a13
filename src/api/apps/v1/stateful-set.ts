import { workloadWarnings } from '../../core/v1/pod-warnings.ts'
import { claimSpecWarnings } from '../../core/v1/resource-warnings.ts'
import { setPersistentVolumeClaimSpecDefaults } from '../../core/v1/volume-defaults.ts'
import { defineResource } from '../../definition.ts'
import type { FeatureGates } from '../../feature-gates.ts'
import { isSameValue, pushDecremented } from '../../meta/field-checks.ts'
import { type FieldError, forbidden } from '../../meta/field-error.ts'
import { nameIsDnsLabel } from '../../meta/names.ts'
import { ageColumn, column, containerColumns, nameColumn } from '../../table-columns.ts'
import type { StatefulSet, StatefulSetSpec } from '../../types.gen.ts'
import { setTemplateDefaults } from './pod-template-rules.ts'
import { validateReplicaCounts } from './replica-status-validation.ts'
import { replicasScale } from './replicas-scale.ts'
import { validateStatefulSetSpec } from './stateful-set-validation.ts'

const COUNTS = [
  'replicas',
  'readyReplicas',
  'currentReplicas',
  'updatedReplicas',
  'availableReplicas',
  'observedGeneration',
  'collisionCount',
]
const BOUNDED = ['readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas']

const MUTABLE = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
] as const

export const statefulSet = ({ MaxUnavailableStatefulSet }: FeatureGates) =>
  defineResource<StatefulSet>('apps/v1/statefulsets', {
    countsGenerations: true,
    validateName: nameIsDnsLabel,
    setDefaults: (object) => {
      object.spec ??= {} as StatefulSetSpec
      setSpecDefaults(object.spec)
      if (MaxUnavailableStatefulSet) setMaxUnavailableDefault(object.spec)
    },
    prepareForCreate: (object) => {
      object.status = { replicas: 0, availableReplicas: 0 }
      if (!MaxUnavailableStatefulSet) dropMaxUnavailable(object.spec)
    },
    prepareForUpdate: (next, old) => {
      const isInUse = old.spec.updateStrategy?.rollingUpdate?.maxUnavailable !== undefined
      if (!MaxUnavailableStatefulSet && !isInUse) dropMaxUnavailable(next.spec)
    },
    validatesUpdateAlone: true,
    validate: ({ spec }) => validateStatefulSetSpec(spec, {}),
    validateUpdate: (next, old) => {
      const toleratesTemplate = validateStatefulSetSpec(old.spec, { isUpdate: true }).length > 0
      const errors = validateStatefulSetSpec(next.spec, { isUpdate: true, toleratesTemplate })
      pushForbiddenChange(errors, next.spec, old.spec)
      return errors
    },
    validateStatusUpdate: (next, old) => {
      const errors = validateReplicaCounts({ ...next.status }, COUNTS, BOUNDED, 'status.readyReplicas')
      pushDecremented(errors, 'status.collisionCount', next.status?.collisionCount, old.status?.collisionCount)
      return errors
    },
    warnings,
    columns: [
      nameColumn,
      column(
        'Ready',
        'string',
        'Pods that are ready, of those wanted.',
        ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec.replicas ?? 0}`,
      ),
      ageColumn,
      ...containerColumns<StatefulSet>(({ spec }) => spec.template),
    ],
    scale: replicasScale,
  })

/** Upstream: strategy.go WarningsOnCreate, WarningsOnUpdate, which differ in the path of claims. */
function warnings(next: StatefulSet, old: StatefulSet | undefined): string[] {
  const { template, volumeClaimTemplates = [], revisionHistoryLimit = 0 } = next.spec
  const claim = old === undefined ? '' : '.Spec'
  const texts = workloadWarnings(next, old, template)
  texts.push(...volumeClaimTemplates.flatMap(({ spec }, i) => claimSpecWarnings(`spec.volumeClaimTemplates[${i}]${claim}`, spec)))
  if (revisionHistoryLimit < 0) {
    texts.push('spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended')
  }
  return texts
}

function setSpecDefaults(spec: StatefulSetSpec): void {
  if (!spec.podManagementPolicy) spec.podManagementPolicy = 'OrderedReady'
  spec.replicas ??= 1
  spec.revisionHistoryLimit ??= 10
  spec.updateStrategy ??= {}
  const strategy = spec.updateStrategy
  if (!strategy.type) {
    strategy.type = 'RollingUpdate'
    strategy.rollingUpdate ??= {}
  }
  if (strategy.type === 'RollingUpdate' && strategy.rollingUpdate) strategy.rollingUpdate.partition ??= 0
  spec.persistentVolumeClaimRetentionPolicy ??= {}
  const retention = spec.persistentVolumeClaimRetentionPolicy
  if (!retention.whenDeleted) retention.whenDeleted = 'Retain'
  if (!retention.whenScaled) retention.whenScaled = 'Retain'
  setTemplateDefaults(spec)
  for (const claim of spec.volumeClaimTemplates ?? []) {
    // Upstream: apps/v1/conversion.go, so that clients can decode a template alone.
    claim.apiVersion = 'v1'
    claim.kind = 'PersistentVolumeClaim'
    claim.status ??= {}
    if (!claim.status.phase) claim.status.phase = 'Pending'
    if (claim.spec) setPersistentVolumeClaimSpecDefaults(claim.spec)
  }
}

/** Where the gate is on the field always has a value. */
function setMaxUnavailableDefault({ updateStrategy }: StatefulSetSpec): void {
  if (updateStrategy?.type === 'RollingUpdate' && updateStrategy.rollingUpdate) updateStrategy.rollingUpdate.maxUnavailable ??= 1
}

/** Where it is off the field goes, unless it was in use before: by a cluster that had it on. */
function dropMaxUnavailable(spec: StatefulSetSpec): void {
  if (spec.updateStrategy?.rollingUpdate) delete spec.updateStrategy.rollingUpdate.maxUnavailable
}

function pushForbiddenChange(errors: FieldError[], next: StatefulSetSpec, old: StatefulSetSpec): void {
  const fixed: StatefulSetSpec = { ...next }
  for (const field of MUTABLE) (fixed as unknown as Record<string, unknown>)[field] = old[field]
  if (isSameValue(fixed, old)) return
  errors.push(
    forbidden(
      'spec',
      "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
    ),
  )
}
