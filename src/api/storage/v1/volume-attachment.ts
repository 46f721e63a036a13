import { persistentVolume } from '../../core/v1/persistent-volume.ts'
import { checkCsiDriverName } from '../../core/v1/volume-validation.ts'
import { defineResource } from '../../definition.ts'
import { isSameValue, pushInvalid } from '../../meta/field-checks.ts'
import { type FieldError, forbidden, invalid, required, tooLong } from '../../meta/field-error.ts'
import { type GoStruct, showGoStruct } from '../../meta/go-struct.ts'
import { keepMetadata } from '../../meta/keep-metadata.ts'
import { isDns1123Subdomain, isLongerThan } from '../../meta/names.ts'
import { ageColumn, column, nameColumn } from '../../table-columns.ts'
import type { PersistentVolumeSpec, VolumeAttachment, VolumeAttachmentStatus } from '../../types.gen.ts'

const EXACTLY_ONE = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName'
const MAX_MESSAGE_BYTES = 1024
const MAX_METADATA_BYTES = 256 * 1024
const GO_SPEC: GoStruct = { Attacher: '', Source: { PersistentVolumeName: null, InlineVolumeSpec: null }, NodeName: '' }

export const volumeAttachment = defineResource<VolumeAttachment>('storage.k8s.io/v1/volumeattachments', {
  refusesUnconditionalUpdate: true,
  setDefaults: (object) => {
    object.spec ??= {} as VolumeAttachment['spec']
    object.spec.source ??= {}
  },
  prepareForCreate: (object) => {
    object.status = { attached: false }
  },
  prepareForStatusUpdate: keepMetadata,
  validate: ({ spec }) => {
    const errors: FieldError[] = []
    checkCsiDriverName(errors, spec.attacher, 'spec.attacher')
    const { persistentVolumeName: volume, inlineVolumeSpec } = spec.source
    if (volume === undefined && inlineVolumeSpec === undefined) errors.push(required('spec.source', EXACTLY_ONE))
    else if (volume !== undefined && inlineVolumeSpec !== undefined) errors.push(forbidden('spec.source', EXACTLY_ONE))
    else if (inlineVolumeSpec !== undefined) errors.push(...inlineFaults(inlineVolumeSpec, 'spec.source.inlineVolumeSpec'))
    else if (volume === '') errors.push(required('spec.source.persistentVolumeName', 'must specify non empty persistentVolumeName'))
    pushInvalid(errors, 'spec.nodeName', spec.nodeName ?? '', isDns1123Subdomain(spec.nodeName ?? ''))
    if (volume !== undefined) pushInvalid(errors, 'spec.source.persistentVolumeName', volume, isDns1123Subdomain(volume))
    return errors
  },
  validateStatusUpdate: (next) => statusFaults(next.status),
  validateUpdate: (next, old) => {
    const errors = statusFaults(next.status)
    if (!isSameValue(next.spec, old.spec)) errors.push(invalid('spec', showGoStruct(next.spec, GO_SPEC), 'field is immutable'))
    return errors
  },
  columns: [
    nameColumn,
    { ...column<VolumeAttachment>('Attacher', 'string', 'The driver that attaches.', ({ spec }) => spec.attacher), format: 'name' },
    column('PV', 'string', 'The volume.', ({ spec }) => spec.source.persistentVolumeName ?? ''),
    column('Node', 'string', 'The node it is for.', ({ spec }) => spec.nodeName),
    column('Attached', 'boolean', 'Has it come to pass?', ({ status }) => status?.attached ?? false),
    ageColumn,
  ],
})

/** A volume's own rules, but for what makes no sense within a pod. Upstream: ValidatePersistentVolumeSpec. */
function inlineFaults(spec: PersistentVolumeSpec, path: string): FieldError[] {
  const { claimRef, capacity, persistentVolumeReclaimPolicy: policy, nodeAffinity, storageClassName, volumeMode, ...source } = spec
  const context = 'in the context of inline volumes'
  const errors: FieldError[] = []
  const forbid = (field: keyof PersistentVolumeSpec, detail: string) => errors.push(forbidden(`${path}.${field}`, `${detail} ${context}`))
  if (claimRef !== undefined) forbid('claimRef', 'may not be specified')
  if (Object.keys(capacity ?? {}).length > 0) forbid('capacity', 'may not be specified')
  if (spec.csi === undefined) errors.push(required(`${path}.csi`, `has to be specified ${context}`))
  const ofVolumes = (persistentVolume.validate?.({ metadata: {}, spec: source } as never) ?? [])
    .filter(({ field }) => !field.startsWith('spec.capacity'))
    .map((error) => ({ ...error, field: error.field.replace(/^spec/, path) }))
  const isOfModes = ({ field }: FieldError) => field === `${path}.accessModes`
  errors.push(...ofVolumes.filter(isOfModes))
  if (policy && policy !== 'Retain') forbid('persistentVolumeReclaimPolicy', 'may only be Retain')
  if (nodeAffinity !== undefined) forbid('nodeAffinity', 'may not be specified')
  errors.push(...ofVolumes.filter((error) => !isOfModes(error)))
  if (storageClassName) forbid('storageClassName', 'may not be specified')
  if (volumeMode !== undefined && volumeMode !== 'Filesystem') forbid('volumeMode', 'may not specify volumeMode other than Filesystem')
  return errors
}

/** Upstream: validateVolumeAttachmentStatus. */
function statusFaults(status: VolumeAttachmentStatus | undefined): FieldError[] {
  const errors: FieldError[] = []
  const metadata = Object.entries(status?.attachmentMetadata ?? {})
  const bytes = metadata.reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0)
  if (bytes > MAX_METADATA_BYTES) errors.push(tooLong('status.attachmentMetadata', MAX_METADATA_BYTES))
  for (const field of ['attachError', 'detachError'] as const) {
    const { message = '', errorCode = 0 } = status?.[field] ?? {}
    // Upstream says the wrong limit.
    if (isLongerThan(message, MAX_MESSAGE_BYTES)) errors.push(tooLong(`status.${field}.message`, MAX_METADATA_BYTES))
    if (errorCode < 0) errors.push(invalid(`status.${field}.errorCode`, errorCode, 'must be between 0 and 2147483647, inclusive'))
  }
  return errors
}
