/** What volume claims count for. Upstream: pkg/quota/v1/evaluator/core/persistent_volume_claims.go. */
import { attributesClassesOf } from '../core/v1/claim-attributes-classes.ts'
import type { ResourceList } from '../core/v1/resource-list.ts'
import { compareQuantities, formatQuantity, parseQuantity } from '../meta/quantity.ts'
import type { PersistentVolumeClaim } from '../types.gen.ts'
import { countName, type Evaluator, matchesValues } from './evaluator.ts'

const NAMES = ['persistentvolumeclaims', 'requests.storage']
/** Between the name of a class and what is counted of its claims: `gold.storageclass.storage.k8s.io/requests.storage`. */
const CLASS_SUFFIX = '.storageclass.storage.k8s.io/'
const CLASS_ANNOTATION = 'volume.beta.kubernetes.io/storage-class'
const WHOLE_NANO = 1_000_000_000n

export const volumeClaimEvaluator: Evaluator = {
  handles: ({ subresource, object, old }) =>
    subresource === '' || (subresource === 'status' && changesUsage(object as PersistentVolumeClaim, old as PersistentVolumeClaim)),
  matching: (names) =>
    names.filter(
      (name) =>
        name === countName('persistentvolumeclaims') || NAMES.some((counted) => name === counted || name.endsWith(CLASS_SUFFIX + counted)),
    ),
  matchesScope: (scope, object) => {
    if (scope.scopeName !== 'VolumeAttributesClass') return false
    const classes = attributesClassesOf(object as PersistentVolumeClaim)
    return classes.length === 0 ? matchesValues(scope, undefined) : classes.some((name) => matchesValues(scope, name))
  },
  faultOf: () => undefined,
  usage: (object) => {
    const claim = object as PersistentVolumeClaim
    const className = claim.metadata.annotations?.[CLASS_ANNOTATION] ?? claim.spec.storageClassName
    const storage = storageOf(claim)
    const amounts: ResourceList = { persistentvolumeclaims: '1', [countName('persistentvolumeclaims')]: '1' }
    if (storage !== undefined) amounts['requests.storage'] = storage
    if (!className) return amounts
    amounts[`${className}${CLASS_SUFFIX}persistentvolumeclaims`] = '1'
    if (storage !== undefined) amounts[`${className}${CLASS_SUFFIX}requests.storage`] = storage
    return amounts
  },
  replenishes: (object, old) => changesUsage(object as PersistentVolumeClaim, old as PersistentVolumeClaim),
}

/** What is asked for, or was given beyond that, in whole bytes: a quota's status takes no fractions. */
function storageOf({ spec, status }: PersistentVolumeClaim): string | undefined {
  const asked = spec.resources?.requests?.storage
  if (asked === undefined) return undefined
  const allocated = status?.allocatedResources?.storage
  return wholeBytes(allocated !== undefined && compareQuantities(allocated, wholeBytes(asked)) > 0 ? allocated : asked)
}

function wholeBytes(text: string): string {
  const quantity = parseQuantity(text)
  if (quantity === undefined || quantity.nano % WHOLE_NANO === 0n) return text
  return formatQuantity({ ...quantity, nano: (quantity.nano / WHOLE_NANO + 1n) * WHOLE_NANO })
}

/** Upstream: RequiresQuotaReplenish. */
function changesUsage(claim: PersistentVolumeClaim, old: PersistentVolumeClaim): boolean {
  if (compareQuantities(claim.status?.allocatedResources?.storage, old.status?.allocatedResources?.storage) !== 0) return true
  const classes = attributesClassesOf(claim)
  const before = attributesClassesOf(old)
  return classes.length !== before.length || classes.some((name) => !before.includes(name))
}
