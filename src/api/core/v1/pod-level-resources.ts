/** `spec.resources`: what all containers of a pod share. */
import { type FieldError, forbidden, invalid } from '../../meta/field-error.ts'
import { compareQuantities } from '../../meta/quantity.ts'
import type { PodSpec } from '../../types.gen.ts'
import { containerTotals } from './pod-resources.ts'
import { checkPodResourceName, isHugePagesResource, isOvercommitAllowed, isPodLevelResource } from './resource-names.ts'
import { checkResourceRequirements } from './resource-validation.ts'

/** Where a pod says something itself, what it leaves out follows from its containers. Only pods, not templates. */
export function setPodLevelResourceDefaults(spec: PodSpec): void {
  if (!spec.resources) return
  setHugePagesLimits(spec)
  setPodRequests(spec)
}

/** Upstream: defaults.go defaultHugePagePodLimits. */
function setHugePagesLimits(spec: PodSpec): void {
  const { limits, requests } = spec.resources!
  if (isEmpty(limits) && isEmpty(requests)) return
  const totals = containerTotals(spec, 'limits')
  for (const name in totals) {
    if (!isHugePagesResource(name) || requests?.[name] !== undefined || spec.resources!.limits?.[name] !== undefined) continue
    spec.resources!.limits ??= {}
    spec.resources!.limits[name] = totals[name]!
  }
}

/** Upstream: defaults.go defaultPodRequests. */
function setPodRequests(spec: PodSpec): void {
  const { limits } = spec.resources!
  if (isEmpty(limits)) return
  const requests = { ...spec.resources!.requests }
  const totals = containerTotals(spec, 'requests')
  for (const name in totals) if (isPodLevelResource(name) && isOvercommitAllowed(name)) requests[name] ??= totals[name]!
  for (const name in limits) if (isPodLevelResource(name)) requests[name] ??= limits[name]!
  if (!isEmpty(requests)) spec.resources!.requests = requests
}

function isEmpty(list: object | undefined): boolean {
  return list === undefined || Object.keys(list).length === 0
}

/** Upstream: validation.go validatePodResources. */
export function checkPodLevelResources(errors: FieldError[], spec: PodSpec, claimNames: readonly string[], path: string): void {
  const { requests, limits, claims } = spec.resources!
  if (spec.os?.name === 'windows') {
    errors.push(forbidden(path, 'may not be set for a windows pod'))
    return
  }
  if (claims) errors.push(forbidden(`${path}.claims`, 'claims may not be set for Resources at pod-level'))
  checkResourceRequirements(errors, spec.resources!, path, checkPodResourceName, claimNames)
  const totals = containerTotals(spec, 'requests')
  for (const name in totals) {
    const request = requests?.[name]
    if (request === undefined || compareQuantities(totals[name], request) <= 0) continue
    const detail = `must be greater than or equal to aggregate container requests of ${totals[name]}`
    errors.push(invalid(`${path}.requests[${name}]`, request, detail))
  }
  checkHugePagesLimits(errors, spec, path)
  spec.containers?.forEach(({ resources }, i) => {
    for (const name in resources?.limits) {
      const limit = limits?.[name]
      if (limit === undefined || compareQuantities(resources.limits[name], limit) <= 0) continue
      const at = `${path}.containers[${i}][${name}].limits`
      errors.push(invalid(at, resources.limits[name], `must be less than or equal to pod limits of ${limit}`))
    }
  })
}

function checkHugePagesLimits(errors: FieldError[], spec: PodSpec, path: string): void {
  const totals = containerTotals(spec, 'limits')
  for (const name in totals) {
    const limit = spec.resources!.limits?.[name]
    if (!isHugePagesResource(name) || limit === undefined || compareQuantities(totals[name], limit) <= 0) continue
    const detail = `must be greater than or equal to aggregate container limits of ${totals[name]}`
    errors.push(invalid(`${path}.limits[${name}]`, limit, detail))
  }
}
