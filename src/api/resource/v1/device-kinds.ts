/** The kinds of dynamic resource allocation: DeviceClass, ResourceClaim, ResourceClaimTemplate, ResourceSlice. */

import { isExtendedResource } from '../../core/v1/resource-names.ts'
import { checkTemplateMetadata } from '../../core/v1/volume-validation.ts'
import { defineResource } from '../../definition.ts'
import { isSameValue } from '../../meta/field-checks.ts'
import { type FieldError, invalid } from '../../meta/field-error.ts'
import { keepMetadata } from '../../meta/keep-metadata.ts'
import { ageColumn, column, nameColumn } from '../../table-columns.ts'
import type {
  DeviceClass,
  DeviceToleration,
  ResourceV1ResourceClaim as ResourceClaim,
  ResourceClaimSpec,
  ResourceClaimTemplate,
  ResourceSlice,
} from '../../types.gen.ts'
import { dropDeallocatedDevices, validateClaimStatusUpdate } from './claim-status.ts'
import { checkConfiguration, checkDeviceClaim, checkSelectors, MAX_CONFIGS } from './claim-validation.ts'
import { checkList } from './device-formats.ts'
import { showDeviceStruct } from './go-structs.ts'
import { validateSlice } from './slice-validation.ts'

export const deviceClass = defineResource<DeviceClass>('resource.k8s.io/v1/deviceclasses', {
  countsGenerations: true,
  setDefaults: (object) => {
    object.spec ??= {}
  },
  validate: ({ spec }) => {
    const errors: FieldError[] = []
    checkSelectors(errors, spec.selectors, 'spec.selectors')
    checkList(errors, spec.config, MAX_CONFIGS, 'spec.config', checkConfiguration)
    const { extendedResourceName: name } = spec
    if (name !== undefined && !isExtendedResource(name)) {
      errors.push(invalid('spec.extendedResourceName', name, 'must be a valid extended resource name'))
    }
    return errors
  },
  columns: [nameColumn, ageColumn],
})

export const resourceClaim = defineResource<ResourceClaim>('resource.k8s.io/v1/resourceclaims', {
  setDefaults: (object) => {
    object.spec ??= {}
    setRequestDefaults(object.spec)
    for (const { tolerations } of object.status?.allocation?.devices?.results ?? []) setTolerationDefaults(tolerations)
  },
  prepareForCreate: (object) => {
    object.status = {}
  },
  prepareForStatusUpdate: (next, old) => {
    keepMetadata(next, old)
    dropDeallocatedDevices(next, old)
  },
  validate: ({ spec }) => {
    const errors: FieldError[] = []
    checkDeviceClaim(errors, spec.devices, 'spec.devices')
    return errors
  },
  validatesUpdateAlone: true,
  validateUpdate: (next, old) => specChange('ResourceClaimSpec', next.spec, old.spec, next.spec),
  validateStatusUpdate: validateClaimStatusUpdate,
  columns: [nameColumn, column('State', 'string', 'Has it got what it asks for?', stateText), ageColumn],
})

export const resourceClaimTemplate = defineResource<ResourceClaimTemplate>('resource.k8s.io/v1/resourceclaimtemplates', {
  setDefaults: (object) => {
    object.spec ??= {} as ResourceClaimTemplate['spec']
    object.spec.spec ??= {}
    setRequestDefaults(object.spec.spec)
  },
  validate: ({ spec }) => {
    const errors: FieldError[] = []
    checkTemplateMetadata(errors, spec.metadata ?? {}, 'spec.metadata')
    checkDeviceClaim(errors, spec.spec.devices, 'spec.spec.devices')
    return errors
  },
  validateUpdate: ({ spec }, old) => specChange('ResourceClaimTemplateSpec', spec, old.spec, { ...spec.metadata, spec: spec.spec }),
  columns: [nameColumn, ageColumn],
})

export const resourceSlice = defineResource<ResourceSlice>('resource.k8s.io/v1/resourceslices', {
  countsGenerations: true,
  setDefaults: (object) => {
    object.spec ??= {} as ResourceSlice['spec']
  },
  prepareForCreate: (slice) => prepareSlice(slice, slice.metadata.creationTimestamp as string),
  prepareForUpdate: (slice, _, now) => prepareSlice(slice, now),
  validate: (slice) => validateSlice(slice),
  validatesUpdateAlone: true,
  validateUpdate: validateSlice,
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

/** A spec that never changes. @param shown it as upstream's struct has its fields */
function specChange(type: string, next: object, old: object, shown: object): FieldError[] {
  return isSameValue(next, old) ? [] : [invalid('spec', showDeviceStruct(type, shown), 'field is immutable')]
}

function setTolerationDefaults(tolerations: DeviceToleration[] | undefined): void {
  for (const toleration of tolerations ?? []) toleration.operator ||= 'Equal'
}

/**
 * In place. Lists as attributes, and devices that stand for resources of the node, are behind gates that are off
 * (DRAListTypeAttributes, DRANodeAllocatableResources). Taints have the time of the request they come with, unless they say another.
 */
function prepareSlice({ spec }: ResourceSlice, now: string): void {
  for (const device of spec.devices ?? []) {
    delete device.nodeAllocatableResourceMappings
    for (const attribute of Object.values(device.attributes ?? {})) {
      for (const list of ['bools', 'ints', 'strings', 'versions'] as const) delete attribute[list]
    }
    for (const taint of device.taints ?? []) taint.timeAdded ??= now
  }
}

/** A request is for one device unless it says otherwise. */
function setRequestDefaults(spec: ResourceClaimSpec): void {
  for (const request of spec.devices?.requests ?? []) {
    for (const exact of [request.exactly, ...(request.firstAvailable ?? [])]) {
      if (exact === undefined) continue
      exact.allocationMode ||= 'ExactCount'
      if (exact.allocationMode === 'ExactCount') exact.count ||= 1
      setTolerationDefaults(exact.tolerations)
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
