/** What may be said of a claim's allocation, its users, and the devices it got. */

import { checkNodeSelector } from '../../core/v1/affinity-validation.ts'
import { checkInterfaceAddress } from '../../core/v1/ip-address.ts'
import { validateConditions } from '../../meta/condition-validation.ts'
import { isSameValue, pushInvalid } from '../../meta/field-checks.ts'
import { duplicate, type FieldError, forbidden, invalid, notSupported, required, tooLong, tooMany } from '../../meta/field-error.ts'
import { isDns1123Label, isLongerThan, isQualifiedName } from '../../meta/names.ts'
import type {
  AllocatedDeviceStatus,
  AllocationResult,
  DeviceRequestAllocationResult,
  NetworkDeviceData,
  ResourceV1ResourceClaim as ResourceClaim,
  ResourceClaimConsumerReference,
} from '../../types.gen.ts'
import {
  checkConfiguration,
  checkRawObject,
  checkRequestReference,
  checkRequestReferences,
  MAX_CONFIGS,
  MAX_REQUESTS,
  type RequestNames,
  requestNamesOf,
} from './claim-validation.ts'
import { checkDriverName, checkList, checkPoolName, checkSet, checkUid, itself } from './device-formats.ts'
import { showDeviceStruct } from './go-structs.ts'

const MAX_USERS = 256
const MAX_CONDITIONS = 8
const MAX_BINDING_CONDITIONS = 4
const MAX_IPS = 16
const MAX_INTERFACE_NAME = 256
const MAX_HARDWARE_ADDRESS = 128

interface DeviceId {
  readonly driver?: string
  readonly pool?: string
  readonly device?: string
  readonly shareID?: string | undefined
}

/** One of a device's shares, or all of it. */
const deviceKey = ({ driver = '', pool = '', device = '', shareID = '' }: DeviceId): string => `${driver}/${pool}/${device}/${shareID}`

const shownDevice = ({ driver = '', pool = '', device = '', shareID = '' }: DeviceId): object => ({
  Driver: driver,
  Pool: pool,
  Device: device,
  ShareID: shareID,
})

/** In place: what was said of devices that are given back goes with them. Upstream: strategy.go dropDeallocatedStatusDevices. */
export function dropDeallocatedDevices(next: ResourceClaim, old: ResourceClaim): void {
  const { status } = next
  if (!status?.devices) return
  const freed = new Set(old.status?.allocation?.devices?.results?.map(deviceKey))
  for (const result of status.allocation?.devices?.results ?? []) freed.delete(deviceKey(result))
  status.devices = status.devices.filter((device) => !freed.has(deviceKey(device)))
  if (status.devices.length === 0) delete status.devices
}

/** Upstream: validation.go ValidateResourceClaimStatusUpdate. */
export function validateClaimStatusUpdate({ metadata, spec, status = {} }: ResourceClaim, old: ResourceClaim): FieldError[] {
  const errors: FieldError[] = []
  const { reservedFor = [], allocation, devices } = status
  checkSet(errors, reservedFor, MAX_USERS, 'status.reservedFor', checkUser, ({ uid = '' }) => uid)
  const allocated = new Set(allocation?.devices?.results?.map(deviceKey))
  checkSet(
    errors,
    devices,
    Number.POSITIVE_INFINITY,
    'status.devices',
    (list, device, at) => checkDeviceStatus(list, device, at, allocated),
    deviceKey,
    shownDevice,
  )
  if (reservedFor.length > 0 && !allocation) {
    errors.push(forbidden('status.reservedFor', 'may not be specified when `allocated` is not set'))
  } else if (metadata.deletionTimestamp !== undefined) {
    const isNew = (user: object): boolean => !old.status?.reservedFor?.some((known) => isSameValue(known, user))
    if (reservedFor.some(isNew)) {
      const detail = 'new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set'
      errors.push(forbidden('status.reservedFor', detail))
    }
  }
  const before = old.status?.allocation
  if (allocation && !before) checkAllocation(errors, allocation, 'status.allocation', requestNamesOf(spec?.devices))
  else if (allocation && !isSameValue(allocation, before)) {
    errors.push(invalid('status.allocation', showDeviceStruct('AllocationResult', allocation), 'field is immutable'))
  }
  return errors
}

function checkUser(errors: FieldError[], { resource, name, uid }: ResourceClaimConsumerReference, path: string): void {
  if (!resource) errors.push(required(`${path}.resource`))
  if (!name) errors.push(required(`${path}.name`))
  if (!uid) errors.push(required(`${path}.uid`))
}

function checkDeviceStatus(errors: FieldError[], status: AllocatedDeviceStatus, path: string, allocated: ReadonlySet<string>): void {
  const { driver, pool, device = '', shareID, conditions = [], data, networkData } = status
  checkDriverName(errors, driver, `${path}.driver`)
  checkPoolName(errors, pool, `${path}.pool`)
  pushInvalid(errors, `${path}.device`, device, isDns1123Label(device))
  if (shareID !== undefined) checkUid(errors, shareID, `${path}.shareID`)
  if (!allocated.has(deviceKey(status))) errors.push(invalid(path, shownDevice(status), 'must be an allocated device in the claim'))
  if (conditions.length > MAX_CONDITIONS) errors.push(tooMany(`${path}.conditions`, conditions.length, MAX_CONDITIONS))
  errors.push(...validateConditions(conditions, `${path}.conditions`))
  if (data !== undefined) checkRawObject(errors, data, `${path}.data`)
  if (networkData) checkNetworkData(errors, networkData, `${path}.networkData`)
}

function checkNetworkData(errors: FieldError[], { interfaceName = '', hardwareAddress = '', ips }: NetworkDeviceData, path: string): void {
  if (isLongerThan(interfaceName, MAX_INTERFACE_NAME)) errors.push(tooLong(`${path}.interfaceName`, MAX_INTERFACE_NAME))
  if (isLongerThan(hardwareAddress, MAX_HARDWARE_ADDRESS)) errors.push(tooLong(`${path}.hardwareAddress`, MAX_HARDWARE_ADDRESS))
  checkSet(errors, ips, MAX_IPS, `${path}.ips`, checkInterfaceAddress, itself)
}

function checkAllocation(errors: FieldError[], { devices, nodeSelector }: AllocationResult, path: string, names: RequestNames): void {
  checkList(errors, devices?.results, MAX_REQUESTS, `${path}.devices.results`, (list, result, at) => checkResult(list, result, at, names))
  checkList(errors, devices?.config, 2 * MAX_CONFIGS, `${path}.devices.config`, (list, config, at) => {
    const { source, requests } = config
    if (!source) list.push(required(`${at}.source`))
    else if (source !== 'FromClass' && source !== 'FromClaim') list.push(notSupported(`${at}.source`, source, ['FromClaim', 'FromClass']))
    checkRequestReferences(list, requests, `${at}.requests`, names)
    checkConfiguration(list, config, at)
  })
  if (nodeSelector) checkNodeSelector(errors, nodeSelector, `${path}.nodeSelector`)
}

function checkResult(errors: FieldError[], result: DeviceRequestAllocationResult, path: string, names: RequestNames): void {
  const { request = '', driver, pool, device = '', shareID } = result
  checkRequestReference(errors, request, `${path}.request`, names)
  checkDriverName(errors, driver, `${path}.driver`)
  checkPoolName(errors, pool, `${path}.pool`)
  pushInvalid(errors, `${path}.device`, device, isDns1123Label(device))
  checkBindingConditions(errors, result, path)
  if (shareID !== undefined) checkUid(errors, shareID, `${path}.shareID`)
}

interface BindingConditions {
  readonly bindingConditions?: string[] | undefined
  readonly bindingFailureConditions?: string[] | undefined
}

/** What a device waits for, and what says that it waits in vain: either both or none, and nothing twice. */
export function checkBindingConditions(errors: FieldError[], given: BindingConditions, path: string): void {
  const { bindingConditions: good = [], bindingFailureConditions: bad = [] } = given
  const [goodPath, badPath] = [`${path}.bindingConditions`, `${path}.bindingFailureConditions`]
  const checkName = (list: FieldError[], name: string, at: string): void => pushInvalid(list, at, name, isQualifiedName(name))
  checkList(errors, good, MAX_BINDING_CONDITIONS, goodPath, checkName)
  checkList(errors, bad, MAX_BINDING_CONDITIONS, badPath, checkName)
  const ignore = (): void => {}
  checkSet(errors, good, Number.POSITIVE_INFINITY, goodPath, ignore, itself)
  bad.forEach((name, i) => {
    if (bad.indexOf(name) < i) errors.push(duplicate(`${badPath}[${i}]`, name))
    if (good.includes(name)) {
      errors.push(invalid(`${badPath}[${i}]`, name, 'bindingFailureConditions must not overlap with bindingConditions'))
    }
  })
  if (good.length === 0 && bad.length > 0) {
    errors.push(invalid(goodPath, given.bindingConditions, 'bindingConditions are required to use bindingFailureConditions'))
  }
  if (bad.length === 0 && good.length > 0) {
    errors.push(invalid(badPath, given.bindingFailureConditions, 'bindingFailureConditions are required to use bindingConditions'))
  }
}
