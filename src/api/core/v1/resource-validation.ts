/** Quantities, and `resources` of containers and pods. */
import { duplicate, type FieldError, forbidden, invalid, required } from '../../meta/field-error.ts'
import { isDns1123Label } from '../../meta/names.ts'
import { canonicalQuantity, compareQuantities, parseQuantity } from '../../meta/quantity.ts'
import type { ResourceClaim, ResourceRequirements } from '../../types.gen.ts'
import { NOT_NEGATIVE, pushInvalid } from './formats.ts'
import { type CheckResourceName, isHugePagesResource, isIntegerResource, isOvercommitAllowed } from './resource-names.ts'

const NANO = 1_000_000_000n

/** Upstream: validation.go ValidateResourceQuantityValue. */
export function checkQuantity(errors: FieldError[], name: string, text: string, path: string): void {
  const quantity = parseQuantity(text)
  if (quantity === undefined) return
  if (quantity.nano < 0n) errors.push(invalid(path, text, NOT_NEGATIVE))
  if (quantity.nano % NANO !== 0n && isIntegerResource(name)) errors.push(invalid(path, text, 'must be an integer'))
}

/** Upstream: validation.go validateResourceRequirements. */
export function checkResourceRequirements(
  errors: FieldError[],
  { limits, requests, claims }: ResourceRequirements,
  path: string,
  checkName: CheckResourceName,
  podClaimNames: readonly string[],
): void {
  let hasHugePages = false
  let hasCpuOrMemory = false
  for (const name in limits) {
    const quantity = limits[name]!
    checkName(errors, name, `${path}.limits[${name}]`)
    checkQuantity(errors, name, quantity, `${path}.limits[${name}]`)
    if (isHugePagesResource(name)) hasHugePages = checkHugePages(errors, name, quantity, `${path}.limits[${name}]`)
    else if (name === 'cpu' || name === 'memory') hasCpuOrMemory = true
  }
  for (const name in requests) {
    const quantity = requests[name]!
    checkName(errors, name, `${path}.requests[${name}]`)
    checkQuantity(errors, name, quantity, `${path}.requests[${name}]`)
    const limit = limits?.[name]
    if (limit !== undefined) {
      const difference = compareQuantities(quantity, limit)
      if (difference !== 0 && !isOvercommitAllowed(name)) {
        errors.push(invalid(`${path}.requests`, quantity, `must be equal to ${name} limit of ${limit}`))
      } else if (difference > 0) {
        errors.push(invalid(`${path}.requests`, quantity, `must be less than or equal to ${name} limit of ${limit}`))
      }
    } else if (!isOvercommitAllowed(name)) {
      errors.push(required(`${path}.limits`, 'Limit must be set for non overcommitable resources'))
    }
    if (isHugePagesResource(name)) hasHugePages = checkHugePages(errors, name, quantity, `${path}.requests[${name}]`)
    else if (name === 'cpu' || name === 'memory') hasCpuOrMemory = true
  }
  if (hasHugePages && !hasCpuOrMemory) errors.push(forbidden(path, 'HugePages require cpu or memory'))
  if (claims) checkResourceClaims(errors, claims, `${path}.claims`, podClaimNames)
}

function checkHugePages(errors: FieldError[], name: string, text: string, path: string): true {
  const pageSize = parseQuantity(name.slice('hugepages-'.length))
  const quantity = parseQuantity(text)
  if (pageSize === undefined || pageSize.nano <= 0n || quantity === undefined || quantity.nano % pageSize.nano !== 0n) {
    errors.push(invalid(path, text, `${canonicalQuantity(text)} is not positive integer multiple of ${name}`))
  }
  return true
}

/** Upstream: validation.go validateResourceClaimNames. */
function checkResourceClaims(errors: FieldError[], claims: ResourceClaim[], path: string, podClaimNames: readonly string[]): void {
  const seen = new Set<string>()
  claims.forEach(({ name, request }, i) => {
    const at = `${path}[${i}]`
    if (!name) {
      errors.push(required(at))
      return
    }
    if (seen.has(name)) errors.push(duplicate(at, name))
    else {
      if (request) pushInvalid(errors, `${at}.request`, request, isDns1123Label(request))
      const key = request ? `${name}/${request}` : name
      if (seen.has(key)) errors.push(duplicate(at, key))
      else if (!request) for (const other of seen) if (other.startsWith(`${name}/`)) errors.push(duplicate(at, name))
      seen.add(key)
    }
    if (!podClaimNames.includes(name)) {
      const names = podClaimNames.length === 0 ? ' which is empty' : `: ${[...podClaimNames].sort().join(', ')}`
      errors.push({
        type: 'FieldValueNotFound',
        field: at,
        badValue: name,
        detail: `must be one of the names in pod.spec.resourceClaims${names}`,
      })
    }
  })
}
