import { defineResource } from '../../definition.ts'
import { pushChanged, pushInvalid } from '../../meta/field-checks.ts'
import { type FieldError, required } from '../../meta/field-error.ts'
import { keepMetadata } from '../../meta/keep-metadata.ts'
import { isDns1123Subdomain } from '../../meta/names.ts'
import { ageColumn, column, nameColumn } from '../../table-columns.ts'
import type { VolumeAttachment } from '../../types.gen.ts'
import { pushDriverNameFaults } from './csi.ts'

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
    pushDriverNameFaults(errors, spec.attacher, 'spec.attacher')
    const { persistentVolumeName: volume, inlineVolumeSpec } = spec.source
    if (volume === undefined && inlineVolumeSpec === undefined) {
      errors.push(required('spec.source', 'must specify exactly one of inlineVolumeSpec and persistentVolumeName'))
    }
    if (volume === '') errors.push(required('spec.source.persistentVolumeName', 'must specify non empty persistentVolumeName'))
    pushInvalid(errors, 'spec.nodeName', spec.nodeName, isDns1123Subdomain(spec.nodeName ?? ''))
    if (volume !== undefined) pushInvalid(errors, 'spec.source.persistentVolumeName', volume, isDns1123Subdomain(volume))
    return errors
  },
  validateUpdate: (next, old) => {
    const errors: FieldError[] = []
    pushChanged(errors, 'spec', next.spec, old.spec)
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
