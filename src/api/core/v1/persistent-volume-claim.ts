import { defineResource } from '../../definition.ts'
import { type FieldError, forbidden, invalid, notSupported, required } from '../../meta/field-error.ts'
import { isQualifiedName } from '../../meta/names.ts'
import { compareQuantities, quantityValue } from '../../meta/quantity.ts'
import type { PersistentVolumeClaim, PersistentVolumeClaimSpec } from '../../types.gen.ts'
import { checkClaimSpec } from './claim-validation.ts'
import { IMMUTABLE, pushInvalid } from './formats.ts'
import { ageColumn, nameColumn } from './metadata-columns.ts'
import { persistentVolumeClaimWarnings } from './persistent-volume-warnings.ts'
import { setResourceListDefaults } from './resource-list.ts'
import { isNativeResource } from './resource-names.ts'
import { semanticEqual } from './semantic-equal.ts'
import { structDiff } from './spec-diff.ts'
import { accessModesText, BETA_STORAGE_CLASS, storageClassOf } from './volume-cells.ts'
import { setPersistentVolumeClaimSpecDefaults } from './volume-defaults.ts'

const RESIZE_STATES = [
  'ControllerResizeInProgress',
  'ControllerResizeInfeasible',
  'NodeResizeInProgress',
  'NodeResizeInfeasible',
  'NodeResizePending',
]

/** Upstream: pkg/registry/core/persistentvolumeclaim/strategy.go. */
export const persistentVolumeClaim = defineResource<PersistentVolumeClaim>('v1/persistentvolumeclaims', {
  setDefaults: (claim) => {
    claim.spec ??= {}
    setPersistentVolumeClaimSpecDefaults(claim.spec)
    claim.status ??= {}
    claim.status.phase ||= 'Pending'
    setResourceListDefaults(claim.status.capacity)
    setResourceListDefaults(claim.status.allocatedResources)
  },
  prepareForCreate: (claim) => {
    claim.status = { phase: 'Pending' }
    dropSources(claim.spec, {})
    twinDataSources(claim.spec)
  },
  prepareForUpdate: ({ spec }, old) => {
    dropSources(spec, old.spec)
    twinDataSources(spec)
  },
  validate: ({ spec }) => {
    const errors: FieldError[] = []
    checkClaimSpec(errors, spec, 'spec')
    return errors
  },
  validateUpdate,
  validateStatusUpdate,
  warnings: persistentVolumeClaimWarnings,
  columns: [
    nameColumn,
    {
      name: 'Status',
      type: 'string',
      description: 'Pending, Bound, Lost or Terminating.',
      priority: 0,
      cell: ({ metadata, status }) => (metadata.deletionTimestamp ? 'Terminating' : (status?.phase ?? '')),
    },
    { name: 'Volume', type: 'string', description: 'The volume bound to.', priority: 0, cell: ({ spec }) => spec.volumeName ?? '' },
    {
      name: 'Capacity',
      type: 'string',
      description: 'The size of that volume.',
      priority: 0,
      cell: ({ spec, status }) => (spec.volumeName ? (status?.capacity?.storage ?? '0') : ''),
    },
    {
      name: 'Access Modes',
      type: 'string',
      description: 'How that volume can be mounted.',
      priority: 0,
      cell: ({ spec, status }) => (spec.volumeName ? accessModesText(status?.accessModes) : ''),
    },
    { name: 'StorageClass', type: 'string', description: 'The class of storage asked for.', priority: 0, cell: storageClassOf },
    {
      name: 'VolumeAttributesClass',
      type: 'string',
      description: 'The class of attributes asked for.',
      priority: 0,
      cell: ({ spec }) => spec.volumeAttributesClassName ?? '<unset>',
    },
    ageColumn,
    {
      name: 'VolumeMode',
      type: 'string',
      description: 'A file system or a block device.',
      priority: 1,
      cell: ({ spec }) => spec.volumeMode ?? '<unset>',
    },
  ],
})

/**
 * Sources in other namespaces are behind the gate CrossNamespaceVolumeDataSource, which is off; and old clients know two
 * kinds of source only, so that others were always ignored. Upstream: pvcutil.DropDisabledFields, EnforceDataSourceBackwardsCompatibility.
 */
function dropSources(spec: PersistentVolumeClaimSpec, old: PersistentVolumeClaimSpec): void {
  if (spec.dataSourceRef?.namespace && !old.dataSourceRef) delete spec.dataSourceRef
  if (old.dataSource || old.dataSourceRef || spec.dataSourceRef || !spec.dataSource) return
  const { apiGroup = '', kind } = spec.dataSource
  const isKnown =
    (apiGroup === '' && kind === 'PersistentVolumeClaim') || (apiGroup === 'snapshot.storage.k8s.io' && kind === 'VolumeSnapshot')
  if (!isKnown) delete spec.dataSource
}

/** dataSource and dataSourceRef say the same unless another namespace is named. Upstream: pvcutil.NormalizeDataSources. */
function twinDataSources(spec: PersistentVolumeClaimSpec): void {
  const { dataSource, dataSourceRef } = spec
  if (dataSource && !dataSourceRef) spec.dataSourceRef = { ...dataSource }
  else if (dataSourceRef && !dataSource && !dataSourceRef.namespace) {
    const { apiGroup, kind, name } = dataSourceRef
    spec.dataSource = apiGroup === undefined ? { kind, name } : { apiGroup, kind, name }
  }
}

/** Upstream: validation.go ValidatePersistentVolumeClaimUpdate. */
function validateUpdate(claim: PersistentVolumeClaim, old: PersistentVolumeClaim): FieldError[] {
  const errors: FieldError[] = []
  const isBound = claim.status?.phase === 'Bound'
  const munged: PersistentVolumeClaimSpec = { ...claim.spec }
  const before: PersistentVolumeClaimSpec = { ...old.spec }
  // The binder sets it, once.
  if (!before.volumeName) before.volumeName = munged.volumeName
  allowClassOnce(errors, claim, old, munged)
  const { requests } = claim.spec.resources ?? {}
  if (isBound && requests) {
    const storage = old.spec.resources?.requests?.storage
    munged.resources = { ...claim.spec.resources, requests: storage === undefined ? requests : { ...requests, storage } }
  }
  if (isBound) munged.volumeAttributesClassName = before.volumeAttributesClassName
  if (!semanticEqual(munged, before)) {
    const what = 'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims'
    errors.push(forbidden('spec', `${what}\n${structDiff('PersistentVolumeClaimSpec', before, munged)}`))
  }
  const size = requests?.storage
  if (compareQuantities(size, old.spec.resources?.requests?.storage) < 0) {
    // Down to what it really has, so that a growth that failed can be taken back.
    if (compareQuantities(size, old.status?.capacity?.storage) <= 0) {
      errors.push(forbidden('spec.resources.requests.storage', 'field can not be less than status.capacity'))
    }
  }
  if (claim.spec.volumeMode !== old.spec.volumeMode) errors.push(invalid('volumeMode', claim.spec.volumeMode ?? null, IMMUTABLE))
  checkAttributesClass(errors, claim, old)
  return errors
}

/** A class may be filled in where none was asked for. */
function allowClassOnce(
  errors: FieldError[],
  claim: PersistentVolumeClaim,
  old: PersistentVolumeClaim,
  munged: PersistentVolumeClaimSpec,
): void {
  const annotation = claim.metadata.annotations?.[BETA_STORAGE_CLASS]
  const before = old.metadata.annotations?.[BETA_STORAGE_CLASS]
  const { storageClassName } = claim.spec
  const wasUnset = old.spec.storageClassName === undefined
  const isMoved = before !== undefined && wasUnset && storageClassName === before && (annotation ?? before) === before
  if (isMoved) delete munged.storageClassName
  else {
    if ((annotation ?? '') !== (before ?? '')) {
      errors.push(invalid(`metadata.annotations.${BETA_STORAGE_CLASS}`, annotation ?? '', IMMUTABLE))
    }
    if (wasUnset && storageClassName !== undefined && (before === undefined || before === storageClassName)) delete munged.storageClassName
  }
}

/** What a volume has got, its claim can't forget. */
function checkAttributesClass(
  errors: FieldError[],
  { spec }: PersistentVolumeClaim,
  { spec: before, status }: PersistentVolumeClaim,
): void {
  const { volumeAttributesClassName: next } = spec
  if (next === before.volumeAttributesClassName || status?.currentVolumeAttributesClassName === undefined || next) return
  const what = next === undefined ? 'nil' : 'empty string'
  const detail = `update to ${what} is forbidden when status.currentVolumeAttributesClassName is not nil`
  errors.push(forbidden('spec.volumeAttributesClassName', detail))
}

/** Upstream: validation.go ValidatePersistentVolumeClaimStatusUpdate. */
function validateStatusUpdate({ spec, status }: PersistentVolumeClaim): FieldError[] {
  const errors: FieldError[] = []
  if (!spec.accessModes?.length) errors.push(required('Spec.accessModes'))
  for (const name in status?.capacity) checkAmount(errors, status.capacity[name]!, `status.capacity[${name}]`)
  const path = 'status.allocatedResourceStatuses'
  for (const name in status?.allocatedResourceStatuses) {
    checkClaimResource(errors, name, path)
    if (!RESIZE_STATES.includes(status.allocatedResourceStatuses[name]!)) errors.push(notSupported(path, name, RESIZE_STATES))
  }
  for (const name in status?.allocatedResources) {
    const before = errors.length
    checkClaimResource(errors, name, 'status.allocatedResources')
    if (errors.length === before) checkAmount(errors, status.allocatedResources[name]!, `status.allocatedResources[${name}]`)
  }
  return errors
}

function checkAmount(errors: FieldError[], amount: string, path: string): void {
  const value = quantityValue(amount)
  if (value < 0) errors.push(invalid(path, value, 'must be a valid resource quantity'))
}

function checkClaimResource(errors: FieldError[], name: string, path: string): void {
  const messages = isQualifiedName(name)
  if (messages.length > 0) pushInvalid(errors, path, name, messages)
  else if (isNativeResource(name) && name !== 'storage') errors.push(notSupported(path, name, ['storage']))
}
