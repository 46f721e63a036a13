import { defineResource } from '../../definition.ts'
import { isSameValue, pushChanged, pushUnsupported } from '../../meta/field-checks.ts'
import { duplicate, type FieldError, invalid, notSupported } from '../../meta/field-error.ts'
import { ageColumn, column, nameColumn } from '../../table-columns.ts'
import type { CSIDriver, StorageV1TokenRequest } from '../../types.gen.ts'

const LIFECYCLE_MODES = ['Persistent', 'Ephemeral']
const SHORTEST_TOKEN_SECONDS = 600
const LONGEST_TOKEN_SECONDS = 2 ** 32
const SHORTEST_UPDATE_PERIOD_SECONDS = 10

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
  validate: ({ spec }) => {
    const errors: FieldError[] = []
    if (spec.fsGroupPolicy !== undefined) {
      pushUnsupported(errors, 'spec.fsGroupPolicy', spec.fsGroupPolicy, ['File', 'None', 'ReadWriteOnceWithFSType'])
    }
    pushTokenFaults(errors, spec.tokenRequests ?? [], 'spec.tokenRequests')
    for (const mode of spec.volumeLifecycleModes ?? []) {
      if (!LIFECYCLE_MODES.includes(mode)) errors.push(notSupported('spec.volumeLifecycleModes', mode, LIFECYCLE_MODES))
    }
    const period = spec.nodeAllocatableUpdatePeriodSeconds
    if (period !== undefined && period < SHORTEST_UPDATE_PERIOD_SECONDS) {
      const detail = `must be greater than or equal to ${SHORTEST_UPDATE_PERIOD_SECONDS} seconds`
      errors.push(invalid('spec.nodeAllocatableUpdatePeriodSeconds', period, detail))
    }
    if (spec.serviceAccountTokenInSecrets !== undefined && !spec.tokenRequests?.length) {
      const detail = 'serviceAccountTokenInSecrets is set but no tokenRequests are specified'
      errors.push(invalid('spec.serviceAccountTokenInSecrets', spec.serviceAccountTokenInSecrets, detail))
    }
    return errors
  },
  validateUpdate: (next, old) => {
    const errors: FieldError[] = []
    // So upstream calls the field here.
    pushChanged(errors, 'spec.attachedRequired', next.spec.attachRequired, old.spec.attachRequired)
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

/** One token an audience. Upstream: validateTokenRequests. */
function pushTokenFaults(errors: FieldError[], requests: readonly StorageV1TokenRequest[], path: string): void {
  const audiences = new Set<string>()
  requests.forEach(({ audience = '', expirationSeconds }, i) => {
    if (audiences.has(audience)) {
      errors.push(duplicate(`${path}[${i}].audience`, audience))
      return
    }
    audiences.add(audience)
    if (expirationSeconds === undefined) return
    const at = `${path}[${i}].expirationSeconds`
    if (expirationSeconds < SHORTEST_TOKEN_SECONDS) {
      errors.push(invalid(at, expirationSeconds, 'may not specify a duration less than 10 minutes'))
    }
    if (expirationSeconds > LONGEST_TOKEN_SECONDS) {
      errors.push(invalid(at, expirationSeconds, 'may not specify a duration larger than 2^32 seconds'))
    }
  })
}
