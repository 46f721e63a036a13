import { defineResource } from '../../definition.ts'
import { findCondition } from '../../meta/conditions.ts'
import { pushInvalid } from '../../meta/field-checks.ts'
import { type FieldError, invalid, notSupported, required } from '../../meta/field-error.ts'
import { keepMetadata } from '../../meta/keep-metadata.ts'
import { isDns1035Label, isDns1123Subdomain, isPathSegmentName, isValidPortNumber } from '../../meta/names.ts'
import { ageColumn, column, nameColumn } from '../../table-columns.ts'
import type { APIService, APIServiceCondition } from '../../types.gen.ts'

const CONDITION_STATUSES = ['True', 'False', 'Unknown']

export const apiService = defineResource<APIService>('apiregistration.k8s.io/v1/apiservices', {
  refusesUnconditionalUpdate: true,
  validateName: isPathSegmentName,
  setDefaults: ({ spec }) => {
    if (spec?.service !== undefined) spec.service.port ??= 443
  },
  prepareForCreate: (object) => {
    object.status = {}
    // Upstream: strategy.go PrepareForCreate.
    if (object.spec?.service === undefined) object.status.conditions = [localAvailable(object.metadata.creationTimestamp)]
  },
  prepareForStatusUpdate: keepMetadata,
  validate: ({ metadata, spec }) => {
    const errors: FieldError[] = []
    const { group = '', version = '', service, groupPriorityMinimum: minimum = 0, versionPriority: priority = 0 } = spec ?? {}
    const expected = `${version}.${group}`
    if (metadata.name !== expected) {
      errors.push(invalid('metadata.name', metadata.name, `must be \`spec.version+"."+spec.group\`: ${JSON.stringify(expected)}`))
    }
    if (group === '') {
      if (version !== 'v1') errors.push(required('spec.group', 'only v1 may have an empty group and it better be legacy kube'))
    } else pushInvalid(errors, 'spec.group', group, isDns1123Subdomain(group))
    pushInvalid(errors, 'spec.version', version, isDns1035Label(version))
    if (minimum <= 0 || minimum > 20_000) {
      errors.push(invalid('spec.groupPriorityMinimum', minimum, 'must be positive and less than 20000'))
    }
    if (priority <= 0 || priority > 1000) errors.push(invalid('spec.versionPriority', priority, 'must be positive and less than 1000'))
    if (service === undefined) {
      if (spec?.insecureSkipTLSVerify) {
        errors.push(invalid('spec.insecureSkipTLSVerify', true, 'local APIServices may not have insecureSkipTLSVerify'))
      }
      return errors
    }
    if (!service.namespace) errors.push(required('spec.service.namespace'))
    if (!service.name) errors.push(required('spec.service.name'))
    const faults = isValidPortNumber(service.port ?? 0)
    if (faults.length > 0) errors.push(invalid('spec.service.port', service.port, `port is not valid: ${faults.join(', ')}`))
    if (spec?.insecureSkipTLSVerify && spec.caBundle) {
      errors.push(invalid('spec.insecureSkipTLSVerify', true, 'may not be true if caBundle is present'))
    }
    return errors
  },
  validateStatusUpdate: ({ status }) => {
    const errors: FieldError[] = []
    status?.conditions?.forEach(({ status: value = '' }, i) => {
      if (!CONDITION_STATUSES.includes(value)) errors.push(notSupported(`status.conditions[${i}].status`, value, CONDITION_STATUSES))
    })
    return errors
  },
  columns: [
    nameColumn,
    column('Service', 'string', 'Who serves the version.', ({ spec }) =>
      spec?.service === undefined ? 'Local' : `${spec.service.namespace ?? ''}/${spec.service.name ?? ''}`,
    ),
    column('Available', 'string', 'Is it served?', ({ status }) => {
      const condition = findCondition(status?.conditions, 'Available')
      if (condition === undefined) return 'Unknown'
      return condition.status === 'True' || !condition.reason ? condition.status : `${condition.status} (${condition.reason})`
    }),
    ageColumn,
  ],
})

function localAvailable(lastTransitionTime: string | undefined): APIServiceCondition {
  return { type: 'Available', status: 'True', lastTransitionTime, reason: 'Local', message: 'Local APIServices are always available' }
}
