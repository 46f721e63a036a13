/** Which names of resources there are, and what they may be used for. Upstream: pkg/apis/core/helper/helpers.go. */
import { type FieldError, invalid, notSupported } from '../../meta/field-error.ts'
import { isQualifiedName } from '../../meta/names.ts'
import { pushInvalid } from './formats.ts'

const CONTAINER_RESOURCES: ReadonlySet<string> = new Set(['cpu', 'memory', 'ephemeral-storage'])

/** In a quota. */
const QUOTA_RESOURCES: ReadonlySet<string> = new Set([
  'cpu',
  'memory',
  'ephemeral-storage',
  'requests.cpu',
  'requests.memory',
  'requests.storage',
  'requests.ephemeral-storage',
  'limits.cpu',
  'limits.memory',
  'limits.ephemeral-storage',
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'persistentvolumeclaims',
  'configmaps',
  'services.nodeports',
  'services.loadbalancers',
])

const COUNTED_RESOURCES: ReadonlySet<string> = new Set([
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'services.nodeports',
  'services.loadbalancers',
])

export function isHugePagesResource(name: string): boolean {
  return name.startsWith('hugepages-')
}

function isQuotaHugePages(name: string): boolean {
  return name.startsWith('hugepages-') || name.startsWith('requests.hugepages-')
}

/** Kubernetes' own: without a domain, or in kubernetes.io. */
export function isNativeResource(name: string): boolean {
  return !name.includes('/') || name.includes('kubernetes.io/')
}

/** A vendor's: `example.com/gpu`. */
export function isExtendedResource(name: string): boolean {
  return !isNativeResource(name) && !name.startsWith('requests.') && isQualifiedName(`requests.${name}`).length === 0
}

/** May requests be lower than limits? */
export function isOvercommitAllowed(name: string): boolean {
  return isNativeResource(name) && !isHugePagesResource(name)
}

export function isIntegerResource(name: string): boolean {
  return COUNTED_RESOURCES.has(name) || isExtendedResource(name)
}

export function isQuotaResource(name: string): boolean {
  return QUOTA_RESOURCES.has(name) || isQuotaHugePages(name)
}

/** What spec.resources of a pod may name. */
export function isPodLevelResource(name: string): boolean {
  return name === 'cpu' || name === 'memory' || isHugePagesResource(name)
}

export type CheckResourceName = (errors: FieldError[], name: string, path: string) => void

export const checkResourceName: CheckResourceName = (errors, name, path) => {
  const messages = isQualifiedName(name)
  if (messages.length > 0) pushInvalid(errors, path, name, messages)
  else if (!name.includes('/') && !isQuotaResource(name) && name !== 'storage') {
    errors.push(invalid(path, name, 'must be a standard resource type or fully qualified'))
  }
}

export const checkContainerResourceName: CheckResourceName = (errors, name, path) => {
  if (CONTAINER_RESOURCES.has(name)) return
  checkResourceName(errors, name, path)
  if (!name.includes('/')) {
    if (!isHugePagesResource(name)) errors.push(invalid(path, name, 'must be a standard resource for containers'))
  } else if (!isNativeResource(name) && !isExtendedResource(name)) {
    errors.push(invalid(path, name, "doesn't follow extended resource name standard"))
  }
}

export const checkPodResourceName: CheckResourceName = (errors, name, path) => {
  if (isPodLevelResource(name)) return
  const before = errors.length
  checkResourceName(errors, name, path)
  if (errors.length === before) errors.push(notSupported(path, name, ['cpu', 'hugepages-', 'memory']))
}

export const checkQuotaResourceName: CheckResourceName = (errors, name, path) => {
  if (QUOTA_RESOURCES.has(name)) return
  checkResourceName(errors, name, path)
  if (!name.includes('/') && !isQuotaResource(name)) errors.push(invalid(path, name, 'must be a standard resource for quota'))
}
