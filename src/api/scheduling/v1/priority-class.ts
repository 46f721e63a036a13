import { defineResource } from '../../definition.ts'
import { pushChanged, pushUnsupportedOrMissing } from '../../meta/field-checks.ts'
import { type FieldError, forbidden } from '../../meta/field-error.ts'
import { ageColumn, column, nameColumn, wideColumn } from '../../table-columns.ts'
import type { PriorityClass } from '../../types.gen.ts'

const HIGHEST_OF_USERS = 1_000_000_000
const SYSTEM_PREFIX = 'system-'

/** The classes every cluster has. */
export const SYSTEM_PRIORITIES: Readonly<Record<string, number>> = {
  'system-node-critical': 2 * HIGHEST_OF_USERS + 1000,
  'system-cluster-critical': 2 * HIGHEST_OF_USERS,
}

export const priorityClass = defineResource<PriorityClass>('scheduling.k8s.io/v1/priorityclasses', {
  setDefaults: (object) => {
    object.value ??= 0
    object.preemptionPolicy ??= 'PreemptLowerPriority'
  },
  prepareForCreate: (object) => {
    // It stays 1: what could change is no desired state.
    object.metadata.generation = 1
  },
  validatesUpdateAlone: true,
  validate: (object) => {
    const errors: FieldError[] = []
    const { metadata, value = 0, preemptionPolicy } = object
    if (metadata.name?.startsWith(SYSTEM_PREFIX)) {
      const fault = systemFault(object)
      if (fault !== undefined) {
        const detail = `priority class names with '${SYSTEM_PREFIX}' prefix are reserved for system use only. error: ${fault}`
        errors.push(forbidden('metadata.name', detail))
      }
    } else if (value > HIGHEST_OF_USERS) {
      errors.push(forbidden('value', `maximum allowed value of a user defined priority is ${HIGHEST_OF_USERS}`))
    }
    if (preemptionPolicy !== undefined) {
      pushUnsupportedOrMissing(errors, 'preemptionPolicy', preemptionPolicy, ['PreemptLowerPriority', 'Never'])
    }
    return errors
  },
  validateUpdate: (next, old) => {
    const errors: FieldError[] = []
    if ((next.value ?? 0) !== (old.value ?? 0)) errors.push(forbidden('value', 'may not be changed in an update.'))
    pushChanged(errors, 'preemptionPolicy', next.preemptionPolicy, old.preemptionPolicy)
    return errors
  },
  columns: [
    nameColumn,
    column('Value', 'integer', 'Priority of its pods; higher goes first.', ({ value }) => value ?? 0),
    column('Global-Default', 'boolean', 'Do pods that name no class get it?', ({ globalDefault }) => globalDefault ?? false),
    ageColumn,
    {
      ...wideColumn<PriorityClass>('PreemptionPolicy', 'May its pods evict others?', ({ preemptionPolicy }) => preemptionPolicy ?? ''),
      priority: 0,
    },
  ],
})

/** Upstream: scheduling/v1/helpers.go IsKnownSystemPriorityClass. */
function systemFault({ metadata, value = 0, globalDefault = false }: PriorityClass): string | undefined {
  const known = SYSTEM_PRIORITIES[metadata.name]
  if (known === undefined) return `${metadata.name} is not a known system priority class`
  if (known !== value) return `value of ${metadata.name} PriorityClass must be ${known}`
  return globalDefault ? `globalDefault of ${metadata.name} PriorityClass must be false` : undefined
}
