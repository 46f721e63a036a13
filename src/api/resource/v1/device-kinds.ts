/** The kinds of dynamic resource allocation: DeviceClass, ResourceClaim, ResourceClaimTemplate, ResourceSlice. */

import { defineResource } from '../../definition.ts'
import { pushChanged } from '../../meta/field-checks.ts'
import { type FieldError, required } from '../../meta/field-error.ts'
import { keepMetadata } from '../../meta/keep-metadata.ts'
import { ageColumn, column, nameColumn } from '../../table-columns.ts'
import type {
  DeviceClass,
  ResourceV1ResourceClaim as ResourceClaim,
  ResourceClaimSpec,
  ResourceClaimTemplate,
  ResourceSlice,
} from '../../types.gen.ts'

export const deviceClass = defineResource<DeviceClass>('resource.k8s.io/v1/deviceclasses', {
  countsGenerations: true,
  setDefaults: (object) => {
    object.spec ??= {}
  },
  columns: [nameColumn, ageColumn],
})

export const resourceClaim = defineResource<ResourceClaim>('resource.k8s.io/v1/resourceclaims', {
  setDefaults: (object) => {
    object.spec ??= {}
    setRequestDefaults(object.spec)
  },
  prepareForCreate: (object) => {
    object.status = {}
  },
  prepareForStatusUpdate: keepMetadata,
  validateUpdate: (next, old) => {
    const errors: FieldError[] = []
    pushChanged(errors, 'spec', next.spec, old.spec)
    return errors
  },
  columns: [nameColumn, column('State', 'string', 'Has it got what it asks for?', stateText), ageColumn],
})

export const resourceClaimTemplate = defineResource<ResourceClaimTemplate>('resource.k8s.io/v1/resourceclaimtemplates', {
  setDefaults: (object) => {
    object.spec ??= {} as ResourceClaimTemplate['spec']
    object.spec.spec ??= {}
    setRequestDefaults(object.spec.spec)
  },
  validateUpdate: (next, old) => {
    const errors: FieldError[] = []
    pushChanged(errors, 'spec', next.spec, old.spec)
    return errors
  },
  columns: [nameColumn, ageColumn],
})

export const resourceSlice = defineResource<ResourceSlice>('resource.k8s.io/v1/resourceslices', {
  countsGenerations: true,
  validate: ({ spec }) => {
    const errors: FieldError[] = []
    if (!spec?.driver) errors.push(required('spec.driver'))
    if (!spec?.pool?.name) errors.push(required('spec.pool.name'))
    return errors
  },
  validateUpdate: (next, old) => {
    const errors: FieldError[] = []
    pushChanged(errors, 'spec.pool.name', next.spec.pool?.name, old.spec.pool?.name)
    pushChanged(errors, 'spec.driver', next.spec.driver, old.spec.driver)
    pushChanged(errors, 'spec.nodeName', next.spec.nodeName, old.spec.nodeName)
    return errors
  },
  warnings: ({ spec: { driver } }) =>
    driver === driver.toLowerCase() ? [] : [`spec.driver: driver names should be lowercase; "${driver}" contains uppercase characters`],
  columns: [
    nameColumn,
    column('Node', 'string', 'The node that has the devices.', ({ spec }) => spec.nodeName ?? ''),
    column('Driver', 'string', 'The driver of the devices.', ({ spec }) => spec.driver),
    column('Pool', 'string', 'The pool they are from.', ({ spec }) => spec.pool.name),
    ageColumn,
  ],
  selectableFields: { 'spec.nodeName': ({ spec }) => spec.nodeName ?? '', 'spec.driver': ({ spec }) => spec.driver },
})

/** A request is for one device unless it says otherwise. */
function setRequestDefaults(spec: ResourceClaimSpec): void {
  for (const request of spec.devices?.requests ?? []) {
    for (const exact of [request.exactly, ...(request.firstAvailable ?? [])]) {
      if (exact === undefined) continue
      exact.allocationMode ||= 'ExactCount'
      if (exact.allocationMode === 'ExactCount') exact.count ||= 1
    }
  }
}

function stateText({ metadata, status }: ResourceClaim): string {
  const isDeleted = metadata.deletionTimestamp !== undefined
  const states = isDeleted ? ['deleted'] : []
  if (status?.allocation === undefined) return isDeleted ? 'deleted' : 'pending'
  states.push('allocated')
  if (status.reservedFor?.length) states.push('reserved')
  return states.join(',')
}
