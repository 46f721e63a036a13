import { deepEqual } from '../../../lib/deep-equal.ts'
import { compareQuantities } from '../../meta/quantity.ts'

/** Fields where zero, false or '' says something else than nothing: pointers upstream. */
const POINTERS: ReadonlySet<string> = new Set([
  'activeDeadlineSeconds',
  'allowPrivilegeEscalation',
  'automountServiceAccountToken',
  'defaultMode',
  'enableServiceLinks',
  'fsGroup',
  'hostProcess',
  'hostUsers',
  'mode',
  'optional',
  'priority',
  'privileged',
  'readOnlyRootFilesystem',
  'runAsGroup',
  'runAsNonRoot',
  'runAsUser',
  'setHostnameAsFQDN',
  'shareProcessNamespace',
  'storageClassName',
  'terminationGracePeriodSeconds',
  'tolerationSeconds',
  'volumeAttributesClassName',
])

/** Maps, for which empty is the same as absent. */
const MAPS: ReadonlySet<string> = new Set(['annotations', 'labels', 'limits', 'matchLabels', 'nodeSelector', 'overhead', 'requests'])

/** Maps whose values are quantities: `1` is `1000m`. */
const QUANTITIES: ReadonlySet<string> = new Set(['limits', 'requests', 'overhead', 'capacity'])

/**
 * Are two specs the same to Kubernetes? A client that writes out zero values has changed nothing.
 * Upstream: equality.Semantic.DeepEqual on Go structs.
 */
export function semanticEqual(a: unknown, b: unknown): boolean {
  return deepEqual(a, b) || equal(a, b, '')
}

function equal(a: unknown, b: unknown, key: string): boolean {
  if (a === b) return true
  if (isNothing(a, key) && isNothing(b, key)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) || Array.isArray(b)) {
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, i) => equal(item, b[i], key))
  }
  const left = a as Record<string, unknown>
  const right = b as Record<string, unknown>
  if (QUANTITIES.has(key)) {
    return Object.keys({ ...left, ...right }).every(
      (name) =>
        left[name] !== undefined && right[name] !== undefined && compareQuantities(left[name] as string, right[name] as string) === 0,
    )
  }
  for (const name in left) if (!equal(left[name], right[name], name)) return false
  for (const name in right) if (left[name] === undefined && !equal(undefined, right[name], name)) return false
  return true
}

function isNothing(value: unknown, key: string): boolean {
  if (value === undefined || value === null) return true
  if (Array.isArray(value)) return value.length === 0
  if (typeof value === 'object') return MAPS.has(key) && Object.keys(value).length === 0
  return !POINTERS.has(key) && (value === '' || value === 0 || value === false)
}
