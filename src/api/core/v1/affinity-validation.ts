/** `affinity` of pods, and node selectors wherever they stand. */
import { type FieldError, forbidden, invalid, required } from '../../meta/field-error.ts'
import { isQualifiedName, isValidLabelValue, nameIsDnsLabel, nameIsDnsSubdomain } from '../../meta/names.ts'
import { validateLabelSelector } from '../../meta/object-meta-validation.ts'
import type {
  Affinity,
  NodeAffinity,
  NodeSelector,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodAffinity,
  PodAffinityTerm,
} from '../../types.gen.ts'
import { pushInvalid } from './formats.ts'

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution'
const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution'

export function checkAffinity(errors: FieldError[], { nodeAffinity, podAffinity, podAntiAffinity }: Affinity, path: string): void {
  if (nodeAffinity) checkNodeAffinity(errors, nodeAffinity, `${path}.nodeAffinity`)
  if (podAffinity) checkPodAffinity(errors, podAffinity, `${path}.podAffinity`)
  if (podAntiAffinity) checkPodAffinity(errors, podAntiAffinity, `${path}.podAntiAffinity`)
}

function checkNodeAffinity(errors: FieldError[], affinity: NodeAffinity, path: string): void {
  if (affinity[REQUIRED]) checkNodeSelector(errors, affinity[REQUIRED], `${path}.${REQUIRED}`)
  affinity[PREFERRED]?.forEach(({ weight, preference }, i) => {
    const at = `${path}.${PREFERRED}[${i}]`
    checkWeight(errors, weight, at)
    // Values that can't be labels are let through where they are only wishes.
    checkNodeSelectorTerm(errors, preference ?? {}, true, `${at}.preference`)
  })
}

function checkWeight(errors: FieldError[], weight: number | undefined, path: string): void {
  if (weight === undefined || weight <= 0 || weight > 100) {
    errors.push(invalid(`${path}.weight`, weight ?? 0, 'must be in the range 1-100'))
  }
}

/** Upstream: validation.go ValidateNodeSelector. */
export function checkNodeSelector(errors: FieldError[], { nodeSelectorTerms }: NodeSelector, path: string): void {
  if (!nodeSelectorTerms?.length) {
    errors.push(required(`${path}.nodeSelectorTerms`, 'must have at least one node selector term'))
    return
  }
  nodeSelectorTerms.forEach((term, i) => {
    checkNodeSelectorTerm(errors, term, false, `${path}.nodeSelectorTerms[${i}]`)
  })
}

function checkNodeSelectorTerm(errors: FieldError[], term: NodeSelectorTerm, allowsAnyValue: boolean, path: string): void {
  term.matchExpressions?.forEach((requirement, i) => {
    checkLabelRequirement(errors, requirement, allowsAnyValue, `${path}.matchExpressions[${i}]`)
  })
  term.matchFields?.forEach((requirement, i) => {
    checkFieldRequirement(errors, requirement, `${path}.matchFields[${i}]`)
  })
}

function checkLabelRequirement(
  errors: FieldError[],
  { key, operator, values }: NodeSelectorRequirement,
  allowsAnyValue: boolean,
  path: string,
): void {
  const count = values?.length ?? 0
  switch (operator) {
    case 'In':
    case 'NotIn':
      if (count === 0) errors.push(required(`${path}.values`, "must be specified when `operator` is 'In' or 'NotIn'"))
      break
    case 'Exists':
    case 'DoesNotExist':
      if (count > 0) errors.push(forbidden(`${path}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"))
      break
    case 'Gt':
    case 'Lt':
      if (count !== 1) errors.push(required(`${path}.values`, "must be specified single value when `operator` is 'Lt' or 'Gt'"))
      break
    default:
      errors.push(invalid(`${path}.operator`, operator ?? '', 'not a valid selector operator'))
  }
  pushInvalid(errors, `${path}.key`, key ?? '', isQualifiedName(key ?? ''))
  if (allowsAnyValue) return
  values?.forEach((value, i) => {
    pushInvalid(errors, `${path}.values[${i}]`, value, isValidLabelValue(value))
  })
}

function checkFieldRequirement(errors: FieldError[], { key, operator, values }: NodeSelectorRequirement, path: string): void {
  if (operator !== 'In' && operator !== 'NotIn') {
    errors.push(invalid(`${path}.operator`, operator ?? '', 'not a valid selector operator'))
  } else if (values?.length !== 1) {
    errors.push(required(`${path}.values`, "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"))
  }
  if (key !== 'metadata.name') errors.push(invalid(`${path}.key`, key ?? '', 'not a valid field selector key'))
  else {
    values?.forEach((value, i) => {
      pushInvalid(errors, `${path}.values[${i}]`, value, nameIsDnsSubdomain(value, false))
    })
  }
}

/** The rules of anti-affinity are the same. */
function checkPodAffinity(errors: FieldError[], affinity: PodAffinity, path: string): void {
  affinity[REQUIRED]?.forEach((term, i) => {
    checkPodAffinityTerm(errors, term, `${path}.${REQUIRED}[${i}]`)
  })
  affinity[PREFERRED]?.forEach(({ weight, podAffinityTerm }, i) => {
    const at = `${path}.${PREFERRED}[${i}]`
    checkWeight(errors, weight, at)
    checkPodAffinityTerm(errors, podAffinityTerm ?? { topologyKey: '' }, `${at}.podAffinityTerm`)
  })
}

/** Upstream: validation.go validatePodAffinityTerm. */
function checkPodAffinityTerm(errors: FieldError[], term: PodAffinityTerm, path: string): void {
  const { labelSelector, namespaceSelector, namespaces, topologyKey } = term
  if (labelSelector) errors.push(...validateLabelSelector(labelSelector, `${path}.labelSelector`))
  if (namespaceSelector) errors.push(...validateLabelSelector(namespaceSelector, `${path}.namespaceSelector`))
  for (const name of namespaces ?? []) pushInvalid(errors, `${path}.namespace`, name, nameIsDnsLabel(name, false))
  checkMatchLabelKeys(errors, term, path)
  if (!topologyKey) errors.push(required(`${path}.topologyKey`, 'can not be empty'))
  pushInvalid(errors, `${path}.topologyKey`, topologyKey ?? '', isQualifiedName(topologyKey ?? ''))
}

/** Also of spread constraints. Upstream: validation.go ValidateMatchLabelKeysAndMismatchLabelKeys. */
export function checkMatchLabelKeys(
  errors: FieldError[],
  term: Pick<PodAffinityTerm, 'matchLabelKeys' | 'mismatchLabelKeys' | 'labelSelector'>,
  path: string,
): void {
  const { matchLabelKeys = [], mismatchLabelKeys = [], labelSelector } = term
  for (const [name, keys] of [
    ['matchLabelKeys', matchLabelKeys],
    ['mismatchLabelKeys', mismatchLabelKeys],
  ] as const) {
    if (keys.length === 0) continue
    if (!labelSelector) errors.push(forbidden(`${path}.${name}`, 'must not be specified when labelSelector is not set'))
    else {
      keys.forEach((key, i) => {
        pushInvalid(errors, `${path}.${name}[${i}]`, key, isQualifiedName(key))
      })
    }
  }
  // The server itself has put one expression for each of matchLabelKeys into the selector; a second is the client's.
  const seen = new Set(Object.keys(labelSelector?.matchLabels ?? {}))
  for (const { key } of labelSelector?.matchExpressions ?? []) {
    const i = matchLabelKeys.indexOf(key)
    if (i >= 0 && seen.has(key)) errors.push(invalid(`${path}[${i}]`, key, 'exists in both matchLabelKeys and labelSelector'))
    seen.add(key)
  }
  matchLabelKeys.forEach((key, i) => {
    if (!mismatchLabelKeys.includes(key)) return
    errors.push(invalid(`${path}.matchLabelKeys[${i}]`, key, 'exists in both matchLabelKeys and mismatchLabelKeys'))
  })
}
