/** The kinds by which CSI drivers are known: CSIDriver, CSINode, CSIStorageCapacity, VolumeAttributesClass. */
import { nodeSelectorWarnings } from '../../core/v1/node-label-warnings.ts'
import { defineResource } from '../../definition.ts'
import { isSameValue, pushChanged, pushInvalid, pushUnsupported } from '../../meta/field-checks.ts'
import { duplicate, type FieldError, required, tooLong } from '../../meta/field-error.ts'
import { isDns1123Subdomain, isLongerThan } from '../../meta/names.ts'
import { ageColumn, column, nameColumn } from '../../table-columns.ts'
import type { CSIDriver, CSINode, CSIStorageCapacity, VolumeAttributesClass } from '../../types.gen.ts'

const MAX_DRIVER_NAME_BYTES = 63

/** Upstream: pkg/apis/core/validation ValidateCSIDriverName. */
export function pushDriverNameFaults(errors: FieldError[], name: string | undefined, path: string): void {
  if (!name) {
    errors.push(required(path))
    return
  }
  if (isLongerThan(name, MAX_DRIVER_NAME_BYTES)) errors.push(tooLong(path, MAX_DRIVER_NAME_BYTES))
  pushInvalid(errors, path, name, isDns1123Subdomain(name.toLowerCase()))
}

export const csiDriver = defineResource<CSIDriver>('storage.k8s.io/v1/csidrivers', {
  refusesUnconditionalUpdate: true,
  setDefaults: (object) => {
    object.spec ??= {}
    const { spec } = object
    spec.attachRequired ??= true
    spec.podInfoOnMount ??= false
    spec.storageCapacity ??= false
    spec.fsGroupPolicy ??= 'ReadWriteOnceWithFSType'
    spec.requiresRepublish ??= false
    spec.seLinuxMount ??= false
    if (!spec.volumeLifecycleModes?.length) spec.volumeLifecycleModes = ['Persistent']
  },
  prepareForCreate: ({ spec }) => {
    // Behind the gate VolumeLimitScaling, which is off.
    delete spec.preventPodSchedulingIfMissing
  },
  prepareForUpdate: (next, old) => {
    if (old.spec.preventPodSchedulingIfMissing === undefined) delete next.spec.preventPodSchedulingIfMissing
    // Upstream counts its generations from the first change on.
    if (!isSameValue(next.spec, old.spec)) next.metadata.generation = (old.metadata.generation ?? 0) + 1
  },
  validate: ({ metadata, spec }) => {
    const errors: FieldError[] = []
    pushDriverNameFaults(errors, metadata.name, 'metadata.name')
    if (spec.fsGroupPolicy !== undefined) {
      pushUnsupported(errors, 'spec.fsGroupPolicy', spec.fsGroupPolicy, ['File', 'None', 'ReadWriteOnceWithFSType'])
    }
    const audiences = new Set<string>()
    spec.tokenRequests?.forEach(({ audience }, i) => {
      if (audiences.has(audience)) errors.push(duplicate(`spec.tokenRequests[${i}].audience`, audience))
      audiences.add(audience)
    })
    for (const mode of spec.volumeLifecycleModes ?? []) {
      pushUnsupported(errors, 'spec.volumeLifecycleModes', mode, ['Ephemeral', 'Persistent'])
    }
    return errors
  },
  validateUpdate: (next, old) => {
    const errors: FieldError[] = []
    pushChanged(errors, 'spec.attachRequired', next.spec.attachRequired, old.spec.attachRequired)
    pushChanged(errors, 'spec.volumeLifecycleModes', next.spec.volumeLifecycleModes, old.spec.volumeLifecycleModes)
    return errors
  },
  warnings: ({ spec }, old) => {
    const isNew = spec.tokenRequests?.length && !isSameValue(spec.tokenRequests, old?.spec.tokenRequests)
    if (!isNew || spec.serviceAccountTokenInSecrets !== undefined) return []
    const advice = 'if supported by this CSI driver, set to true to prevent possible logging of tokens in volume attributes'
    return [`spec.serviceAccountTokenInSecrets is unset; ${advice}`]
  },
  columns: [
    nameColumn,
    column('AttachRequired', 'boolean', 'Must volumes be attached?', ({ spec }) => spec.attachRequired ?? true),
    column('PodInfoOnMount', 'boolean', 'Is the driver told of the pod?', ({ spec }) => spec.podInfoOnMount ?? false),
    column('StorageCapacity', 'boolean', 'Does the scheduler ask for capacity?', ({ spec }) => spec.storageCapacity ?? false),
    column('TokenRequests', 'string', 'Audiences of the tokens it gets.', ({ spec }) =>
      spec.tokenRequests === undefined ? '<unset>' : spec.tokenRequests.map(({ audience }) => audience).join(','),
    ),
    column('RequiresRepublish', 'boolean', 'Is it asked again and again to publish?', ({ spec }) => spec.requiresRepublish ?? false),
    column('Modes', 'string', 'Which volumes it makes.', ({ spec }) => spec.volumeLifecycleModes?.join(',') || '<none>'),
    ageColumn,
  ],
})

export const csiNode = defineResource<CSINode>('storage.k8s.io/v1/csinodes', {
  refusesUnconditionalUpdate: true,
  setDefaults: (object) => {
    object.spec ??= { drivers: [] }
    object.spec.drivers ??= []
  },
  validate: ({ spec }) => {
    const errors: FieldError[] = []
    const names = new Set<string>()
    spec.drivers.forEach(({ name, nodeID }, i) => {
      const path = `spec.drivers[${i}]`
      pushDriverNameFaults(errors, name, `${path}.name`)
      if (!nodeID) errors.push(required(`${path}.nodeID`, nodeID ?? ''))
      if (names.has(name)) errors.push(duplicate(`${path}.name`, name))
      names.add(name)
    })
    return errors
  },
  columns: [nameColumn, column('Drivers', 'integer', 'Number of drivers on the node.', ({ spec }) => spec.drivers?.length ?? 0), ageColumn],
})

/** Its table has the columns of kinds that define none, though upstream has a printer for it. */
export const csiStorageCapacity = defineResource<CSIStorageCapacity>('storage.k8s.io/v1/csistoragecapacities', {
  refusesUnconditionalUpdate: true,
  validate: ({ storageClassName }) => {
    const errors: FieldError[] = []
    pushInvalid(errors, 'storageClassName', storageClassName ?? '', isDns1123Subdomain(storageClassName ?? ''))
    return errors
  },
  warnings: ({ nodeTopology }) => nodeSelectorWarnings(nodeTopology, 'nodeTopology'),
  validateUpdate: (next, old) => {
    const errors: FieldError[] = []
    pushChanged(errors, 'nodeTopology', next.nodeTopology, old.nodeTopology)
    pushChanged(errors, 'storageClassName', next.storageClassName, old.storageClassName)
    return errors
  },
})

export const volumeAttributesClass = defineResource<VolumeAttributesClass>('storage.k8s.io/v1/volumeattributesclasses', {
  validate: ({ driverName, parameters }) => {
    const errors: FieldError[] = []
    pushDriverNameFaults(errors, driverName, 'driverName')
    if (Object.keys(parameters ?? {}).length === 0) errors.push(required('parameters', 'must contain at least one key/value pair'))
    return errors
  },
  validateUpdate: (next, old) => {
    const errors: FieldError[] = []
    pushChanged(errors, 'driverName', next.driverName, old.driverName)
    pushChanged(errors, 'parameters', next.parameters, old.parameters)
    return errors
  },
  columns: [nameColumn, column('DriverName', 'string', 'The driver that knows the attributes.', ({ driverName }) => driverName), ageColumn],
})
