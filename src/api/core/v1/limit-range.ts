import { defineResource } from '../../definition.ts'
import { duplicate, type FieldError, forbidden, invalid, required } from '../../meta/field-error.ts'
import { isQualifiedName } from '../../meta/names.ts'
import { compareQuantities, quantityMilliValue } from '../../meta/quantity.ts'
import type { LimitRange, LimitRangeItem } from '../../types.gen.ts'
import { pushInvalid } from './formats.ts'
import { setResourceListDefaults } from './resource-list.ts'
import { checkContainerResourceName, checkResourceName, isOvercommitAllowed } from './resource-names.ts'

const STANDARD_TYPES = ['Pod', 'Container', 'PersistentVolumeClaim']
const LISTS = ['max', 'min', 'default', 'defaultRequest', 'maxLimitRequestRatio'] as const

export const limitRange = defineResource<LimitRange>('v1/limitranges', {
  createsOnUpdate: true,
  setDefaults: ({ spec }) => {
    for (const limit of spec?.limits ?? []) setItemDefaults(limit)
  },
  prepareForCreate: ({ metadata }) => {
    metadata.name ||= metadata.uid
  },
  validate: ({ spec }) => {
    const errors: FieldError[] = []
    const { limits = [] } = spec ?? {}
    limits.forEach((limit, i) => {
      const path = `spec.limits[${i}]`
      checkType(errors, limit.type, `${path}.type`)
      if (limits.findIndex(({ type }) => type === limit.type) < i) errors.push(duplicate(`${path}.type`, limit.type))
      checkItem(errors, limit, path)
    })
    return errors
  },
})

/** For containers, one bound follows from the other. Upstream: defaults.go SetDefaults_LimitRangeItem. */
function setItemDefaults(limit: LimitRangeItem): void {
  for (const list of LISTS) setResourceListDefaults(limit[list])
  if (limit.type !== 'Container') return
  const defaults = { ...limit.max, ...limit.default }
  const requests = { ...limit.min, ...defaults, ...limit.defaultRequest }
  if (Object.keys(defaults).length > 0) limit.default = defaults
  if (Object.keys(requests).length > 0) limit.defaultRequest = requests
}

function checkType(errors: FieldError[], type: string | undefined, path: string): void {
  const messages = isQualifiedName(type ?? '')
  if (messages.length > 0) pushInvalid(errors, path, type ?? '', messages)
  else if (!type!.includes('/') && !STANDARD_TYPES.includes(type!)) {
    errors.push(invalid(path, type, 'must be a standard limit type or fully qualified'))
  }
}

/** Upstream: validation.go ValidateLimitRange. */
function checkItem(errors: FieldError[], limit: LimitRangeItem, path: string): void {
  const isPod = limit.type === 'Pod'
  const checkName = isPod || limit.type === 'Container' ? checkContainerResourceName : checkResourceName
  const names = new Set<string>()
  for (const list of LISTS) {
    if (isPod && (list === 'default' || list === 'defaultRequest')) {
      if (Object.keys(limit[list] ?? {}).length > 0) {
        errors.push(forbidden(`${path}.${list}`, "may not be specified when `type` is 'Pod'"))
      }
      continue
    }
    for (const name in limit[list]) {
      checkName(errors, name, `${path}.${list}[${name}]`)
      names.add(name)
    }
  }
  if (limit.type === 'PersistentVolumeClaim' && limit.min?.storage === undefined && limit.max?.storage === undefined) {
    errors.push(required(`${path}.limits`, 'either minimum or maximum storage value is required, but neither was provided'))
  }
  for (const name of names) checkBounds(errors, limit, name, path)
}

function checkBounds(errors: FieldError[], limit: LimitRangeItem, name: string, path: string): void {
  const isPod = limit.type === 'Pod'
  const min = limit.min?.[name]
  const max = limit.max?.[name]
  const value = isPod ? undefined : limit.default?.[name]
  const request = isPod ? undefined : limit.defaultRequest?.[name]
  const ratio = limit.maxLimitRequestRatio?.[name]
  const isGreater = (a: string | undefined, b: string | undefined): boolean =>
    a !== undefined && b !== undefined && compareQuantities(a, b) > 0
  if (isGreater(min, max)) errors.push(invalid(`${path}.min[${name}]`, min, `min value ${min} is greater than max value ${max}`))
  const failRequest = (detail: string): unknown => errors.push(invalid(`${path}.defaultRequest[${name}]`, request, detail))
  if (isGreater(min, request)) failRequest(`min value ${min} is greater than default request value ${request}`)
  if (isGreater(request, max)) failRequest(`default request value ${request} is greater than max value ${max}`)
  if (isGreater(request, value)) failRequest(`default request value ${request} is greater than default limit value ${value}`)
  if (isGreater(min, value)) {
    errors.push(invalid(`${path}.default[${name}]`, min, `min value ${min} is greater than default value ${value}`))
  }
  if (isGreater(value, max)) {
    errors.push(invalid(`${path}.default[${name}]`, max, `default value ${value} is greater than max value ${max}`))
  }
  if (ratio !== undefined) {
    const at = `${path}.maxLimitRequestRatio[${name}]`
    if (compareQuantities(ratio, '1') < 0) errors.push(invalid(at, ratio, `ratio ${ratio} is less than 1`))
    if (min !== undefined && max !== undefined) {
      const bound = quantityMilliValue(max) / quantityMilliValue(min)
      if (quantityMilliValue(ratio) / 1000 > bound) {
        errors.push(invalid(at, ratio, `ratio ${ratio} is greater than max/min = ${bound.toFixed(6)}`))
      }
    }
  }
  if (!isOvercommitAllowed(name) && value !== undefined && request !== undefined && compareQuantities(value, request) !== 0) {
    failRequest(`default value ${value} must equal to defaultRequest value ${request} in ${name}`)
  }
}
