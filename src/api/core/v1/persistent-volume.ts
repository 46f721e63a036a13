import { posix } from 'node:path'
import { deepEqual } from '../../../lib/deep-equal.ts'
import { defineResource } from '../../definition.ts'
import { type FieldError, forbidden, invalid, notSupported, required } from '../../meta/field-error.ts'
import { isDns1123Label, isDns1123Subdomain, nameIsDnsSubdomain } from '../../meta/names.ts'
import { compareQuantities, quantityValue } from '../../meta/quantity.ts'
import type {
  CSIPersistentVolumeSource,
  PersistentVolume,
  PersistentVolumeSpec,
  SecretReference,
  VolumeNodeAffinity,
} from '../../types.gen.ts'
import { checkNodeSelector } from './affinity-validation.ts'
import { checkAccessModes, checkVolumeMode } from './claim-validation.ts'
import { IMMUTABLE, NOT_POSITIVE, pushInvalid } from './formats.ts'
import { checkNoBacksteps } from './local-path.ts'
import { ageColumn, nameColumn } from './metadata-columns.ts'
import { persistentVolumeWarnings } from './persistent-volume-warnings.ts'
import { setResourceListDefaults } from './resource-list.ts'
import { semanticEqual } from './semantic-equal.ts'
import { structDiff } from './spec-diff.ts'
import { checkStorageSystem, STORAGE_SYSTEMS } from './storage-system-validation.ts'
import { accessModesText, storageClassOf } from './volume-cells.ts'
import { setStorageSystemDefaults } from './volume-defaults.ts'
import { checkCsiDriverName, checkHostPath } from './volume-validation.ts'

const RECLAIM_POLICIES = ['Delete', 'Recycle', 'Retain']

/** Everything in the spec that isn't the source of the storage. */
const NOT_SOURCES: ReadonlySet<string> = new Set([
  'accessModes',
  'capacity',
  'claimRef',
  'mountOptions',
  'nodeAffinity',
  'persistentVolumeReclaimPolicy',
  'storageClassName',
  'volumeAttributesClassName',
  'volumeMode',
])

/** Upstream: pkg/registry/core/persistentvolume/strategy.go. */
export const persistentVolume = defineResource<PersistentVolume>('v1/persistentvolumes', {
  setDefaults,
  prepareForCreate: (volume) => {
    volume.status = { phase: 'Pending', lastPhaseTransitionTime: volume.metadata.creationTimestamp }
  },
  prepareForStatusUpdate: setTransitionTime,
  validate,
  validateUpdate,
  warnings: persistentVolumeWarnings,
  columns: [
    nameColumn,
    {
      name: 'Capacity',
      type: 'string',
      description: 'The size.',
      priority: 0,
      cell: ({ spec }) => spec.capacity?.storage ?? '0',
    },
    {
      name: 'Access Modes',
      type: 'string',
      description: 'How it can be mounted.',
      priority: 0,
      cell: ({ spec }) => accessModesText(spec.accessModes),
    },
    {
      name: 'Reclaim Policy',
      type: 'string',
      description: 'What becomes of it when its claim goes.',
      priority: 0,
      cell: ({ spec }) => spec.persistentVolumeReclaimPolicy ?? '',
    },
    {
      name: 'Status',
      type: 'string',
      description: 'Pending, Available, Bound, Released, Failed or Terminating.',
      priority: 0,
      cell: ({ metadata, status }) => (metadata.deletionTimestamp ? 'Terminating' : (status?.phase ?? '')),
    },
    {
      name: 'Claim',
      type: 'string',
      description: 'The claim it is bound to.',
      priority: 0,
      cell: ({ spec: { claimRef } }) => (claimRef ? `${claimRef.namespace ?? ''}/${claimRef.name ?? ''}` : ''),
    },
    { name: 'StorageClass', type: 'string', description: 'The class of storage it is of.', priority: 0, cell: storageClassOf },
    {
      name: 'VolumeAttributesClass',
      type: 'string',
      description: 'The class of attributes it has.',
      priority: 0,
      cell: ({ spec }) => spec.volumeAttributesClassName ?? '<unset>',
    },
    { name: 'Reason', type: 'string', description: 'Why it is in this state.', priority: 0, cell: ({ status }) => status?.reason ?? '' },
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

function setDefaults(volume: PersistentVolume): void {
  volume.spec ??= {}
  const { spec } = volume
  spec.persistentVolumeReclaimPolicy ||= 'Retain'
  spec.volumeMode ??= 'Filesystem'
  setResourceListDefaults(spec.capacity)
  if (spec.hostPath) spec.hostPath.type ??= ''
  setStorageSystemDefaults(spec)
  volume.status ??= {}
  volume.status.phase ||= 'Pending'
}

/** In place: whoever changes the phase need not say when. Upstream: strategy.go persistentvolumeStatusStrategy.PrepareForUpdate. */
function setTransitionTime({ status }: PersistentVolume, { status: old }: PersistentVolume, now: string): void {
  if (!status) return
  const before = old?.lastPhaseTransitionTime
  if (status.phase !== old?.phase) {
    if (!status.lastPhaseTransitionTime || status.lastPhaseTransitionTime === before) status.lastPhaseTransitionTime = now
  } else if (!status.lastPhaseTransitionTime && before) status.lastPhaseTransitionTime = before
}

/** Upstream: validation.go ValidatePersistentVolumeSpec. */
function validate(volume: PersistentVolume): FieldError[] {
  const errors: FieldError[] = []
  const { spec } = volume
  const { capacity = {}, persistentVolumeReclaimPolicy: policy, storageClassName } = spec
  checkAccessModes(errors, spec.accessModes, '', 'spec.accessModes')
  const names = Object.keys(capacity)
  if (names.length === 0) errors.push(required('spec.capacity'))
  if (capacity.storage === undefined || names.length > 1) errors.push(notSupported('spec.capacity', capacity, ['storage']))
  for (const name of names) {
    const value = quantityValue(capacity[name])
    if (value < 0) errors.push(invalid(`spec.capacity[${name}]`, value, 'must be a valid resource quantity'))
    if (compareQuantities(capacity[name], '0') <= 0) errors.push(invalid(`spec.capacity[${name}]`, capacity[name], NOT_POSITIVE))
  }
  if (policy && !RECLAIM_POLICIES.includes(policy)) {
    errors.push(notSupported('spec.persistentVolumeReclaimPolicy', policy, RECLAIM_POLICIES))
  }
  if (spec.nodeAffinity) {
    if (spec.nodeAffinity.required) checkNodeSelector(errors, spec.nodeAffinity.required, 'spec.nodeAffinity.required')
    else errors.push(required('spec.nodeAffinity.required', 'must specify required node constraints'))
  }
  checkSources(errors, volume)
  if (spec.hostPath && posix.normalize(spec.hostPath.path ?? '') === '/' && policy === 'Recycle') {
    const detail = "may not be 'recycle' for a hostPath mount of '/'"
    errors.push(forbidden('spec.persistentVolumeReclaimPolicy', detail))
  }
  if (storageClassName) pushInvalid(errors, 'spec.storageClassName', storageClassName, nameIsDnsSubdomain(storageClassName, false))
  checkVolumeMode(errors, spec.volumeMode, 'spec.volumeMode')
  checkAttributesClass(errors, spec)
  return errors
}

function checkSources(errors: FieldError[], { metadata, spec }: PersistentVolume): void {
  const keys = (['hostPath', ...Object.keys(STORAGE_SYSTEMS), 'local', 'csi'] as (keyof PersistentVolumeSpec)[]).filter((key) => spec[key])
  if (keys.length === 0) errors.push(required('spec', 'must specify a volume type'))
  keys.forEach((key, i) => {
    if (i > 0) errors.push(forbidden(`spec.${key}`, 'may not specify more than 1 volume type'))
    else if (key === 'hostPath') checkHostPath(errors, spec.hostPath!, 'spec.hostPath')
    else if (key === 'csi') checkCsi(errors, spec.csi!, 'spec.csi')
    else if (key === 'local') {
      const { path } = spec.local!
      if (!path) errors.push(required('spec.local.path'))
      else checkNoBacksteps(errors, path, 'spec.local.path')
      if (!spec.nodeAffinity) errors.push(required('spec.nodeAffinity', 'Local volume requires node affinity'))
    } else checkStorageSystem(errors, key, spec, 'spec', metadata.name)
  })
}

function checkCsi(errors: FieldError[], csi: CSIPersistentVolumeSource, path: string): void {
  checkCsiDriverName(errors, csi.driver, `${path}.driver`)
  if (!csi.volumeHandle) errors.push(required(`${path}.volumeHandle`))
  for (const key of ['controllerPublishSecretRef', 'controllerExpandSecretRef', 'nodePublishSecretRef', 'nodeExpandSecretRef'] as const) {
    const reference = csi[key]
    if (reference) checkSecretReference(errors, reference, `${path}.${key}`)
  }
}

function checkSecretReference(errors: FieldError[], { name, namespace }: SecretReference, path: string): void {
  if (!name) errors.push(required(`${path}.name`))
  else pushInvalid(errors, `${path}.name`, name, isDns1123Subdomain(name))
  if (!namespace) errors.push(required(`${path}.namespace`))
  else pushInvalid(errors, `${path}.namespace`, namespace, isDns1123Label(namespace))
}

function checkAttributesClass(errors: FieldError[], { volumeAttributesClassName: name, csi }: PersistentVolumeSpec): void {
  if (name === undefined) return
  if (name === '') errors.push(required('spec.volumeAttributesClassName', 'an empty string is disallowed'))
  else pushInvalid(errors, 'spec.volumeAttributesClassName', name, nameIsDnsSubdomain(name, false))
  if (!csi) errors.push(required('spec.csi', 'has to be specified when using volumeAttributesClassName'))
}

/** Upstream: validation.go ValidatePersistentVolumeUpdate. */
function validateUpdate(volume: PersistentVolume, { spec: old }: PersistentVolume): FieldError[] {
  const { spec } = volume
  // Upstream finds the faults of the volume here too, so that its causes come twice.
  const errors = validate(volume)
  const before = sourceOf(old)
  const next = sourceOf(spec)
  // The secret for growing may be added later.
  if (old.csi && !old.csi.controllerExpandSecretRef && spec.csi?.controllerExpandSecretRef) {
    const { controllerExpandSecretRef: _, ...csi } = spec.csi
    next.csi = csi
  }
  if (!semanticEqual(before, next)) {
    const diff = structDiff('PersistentVolumeSource', before, next)
    errors.push(forbidden('spec.persistentvolumesource', `spec.persistentvolumesource is immutable after creation\n${diff}`))
  }
  if (spec.volumeMode !== old.volumeMode) errors.push(invalid('volumeMode', spec.volumeMode ?? null, IMMUTABLE))
  if (old.nodeAffinity && !deepEqual(spec.nodeAffinity, withNewLabels(old.nodeAffinity, spec.nodeAffinity))) {
    errors.push(invalid('nodeAffinity', spec.nodeAffinity ?? null, `${IMMUTABLE}, except for updating from beta label to GA`))
  }
  if (old.volumeAttributesClassName !== undefined && spec.volumeAttributesClassName === undefined) {
    errors.push(forbidden('spec.volumeAttributesClassName', 'update from non-nil value to nil is forbidden'))
  }
  return errors
}

const LABELS_NOW: Readonly<Record<string, string>> = {
  'beta.kubernetes.io/arch': 'kubernetes.io/arch',
  'beta.kubernetes.io/os': 'kubernetes.io/os',
  'failure-domain.beta.kubernetes.io/zone': 'topology.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region': 'topology.kubernetes.io/region',
  'beta.kubernetes.io/instance-type': 'node.kubernetes.io/instance-type',
}

/** The old affinity, by the labels of today where the next one has them. Upstream: getMaskNodeSelectorLabelChangeEqualities. */
function withNewLabels(old: VolumeNodeAffinity, next: VolumeNodeAffinity | undefined): VolumeNodeAffinity {
  type Terms = NonNullable<VolumeNodeAffinity['required']>['nodeSelectorTerms']
  const nextTerms: Terms = next?.required?.nodeSelectorTerms ?? []
  if (!old.required) return old
  const nodeSelectorTerms = old.required.nodeSelectorTerms.map((term, i) => {
    if (!term.matchExpressions) return term
    const matchExpressions = term.matchExpressions.map((requirement, j) => {
      const key = nextTerms[i]?.matchExpressions?.[j]?.key
      return key !== undefined && LABELS_NOW[requirement.key] === key ? { ...requirement, key } : requirement
    })
    return { ...term, matchExpressions }
  })
  return { ...old, required: { ...old.required, nodeSelectorTerms } }
}

function sourceOf(spec: PersistentVolumeSpec): Partial<PersistentVolumeSpec> {
  return Object.fromEntries(Object.entries(spec).filter(([key]) => !NOT_SOURCES.has(key)))
}
