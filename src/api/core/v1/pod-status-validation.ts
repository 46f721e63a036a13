/** What may be written to a pod's status. Upstream: validation.go ValidatePodStatusUpdate. */
import { duplicate, type FieldError, forbidden, invalid } from '../../meta/field-error.ts'
import { isQualifiedName, nameIsDnsSubdomain } from '../../meta/names.ts'
import type { Pod, PodSpec, PodStatus } from '../../types.gen.ts'
import { IMMUTABLE, pushInvalid } from './formats.ts'
import { checkIp, isDualStack } from './ip-address.ts'
import { checkPodAnnotations, checkPodAnnotationUpdates } from './pod-annotations.ts'
import { checkContainerStatuses, checkExtendedClaim, checkTransitions } from './pod-status-containers.ts'

const SYSTEM_CONDITIONS: ReadonlySet<string> = new Set(['PodScheduled', 'Ready', 'Initialized', 'ContainersReady'])
const NEGATIVE_GENERATION = 'must be a non-negative integer'

export function validatePodStatusUpdate(pod: Pod, old: Pod): FieldError[] {
  const errors: FieldError[] = []
  const status: PodStatus = pod.status ?? {}
  const before: PodStatus = old.status ?? {}
  const { annotations } = pod.metadata
  checkPodAnnotationUpdates(errors, annotations, old.metadata.annotations, 'metadata.annotations')
  if (annotations) checkPodAnnotations(errors, annotations, pod.spec, 'metadata.annotations')
  status.conditions?.forEach(({ type, observedGeneration = 0 }, i) => {
    const path = `status.conditions[${i}]`
    if (observedGeneration < 0) errors.push(invalid(`${path}.observedGeneration`, observedGeneration, NEGATIVE_GENERATION))
    if (!SYSTEM_CONDITIONS.has(type)) pushInvalid(errors, `${path}.Type`, type, isQualifiedName(type))
  })
  const nominated = status.nominatedNodeName
  if (nominated && nominated !== before.nominatedNodeName) {
    const path = 'status.nominatedNodeName'
    pushInvalid(errors, path, nominated, nameIsDnsSubdomain(nominated, false))
    if (old.spec.nodeName) errors.push(forbidden(path, 'may not be set on pods that are already bound to a node'))
  }
  const { observedGeneration = 0 } = status
  if (observedGeneration < 0) errors.push(invalid('status.observedGeneration', observedGeneration, NEGATIVE_GENERATION))
  if ((status.qosClass ?? '') !== (before.qosClass ?? '')) errors.push(invalid('status.qosClass', status.qosClass ?? '', IMMUTABLE))
  checkTransitions(errors, status, before, old.spec)
  checkClaimStatuses(errors, status, pod.spec)
  if (status.extendedResourceClaimStatus) checkExtendedClaim(errors, status.extendedResourceClaimStatus, pod.spec)
  if (status.podIPs) checkIps(errors, status.podIPs, 'status.podIPs')
  if (status.hostIPs?.length) {
    if (status.hostIP !== status.hostIPs[0]!.ip) {
      errors.push(invalid('status.hostIPs[0].ip', status.hostIPs[0]!.ip, 'must be equal to `hostIP`'))
    }
    checkIps(errors, status.hostIPs, 'status.hostIPs')
  }
  checkContainerStatuses(errors, status, pod.spec)
  return errors
}

function checkClaimStatuses(errors: FieldError[], { resourceClaimStatuses }: PodStatus, { resourceClaims }: PodSpec): void {
  resourceClaimStatuses?.forEach(({ name, resourceClaimName }, i) => {
    const path = `status.resourceClaimStatuses[${i}]`
    const at = `${path}.name`
    if (!resourceClaims?.some((claim) => claim.name === name)) {
      errors.push(invalid(at, name, 'must match the name of an entry in `spec.resourceClaims`'))
    }
    if (resourceClaimStatuses.findIndex((other) => other.name === name) < i) errors.push(duplicate(at, name))
    if (resourceClaimName === undefined) return
    pushInvalid(errors, `${path}.resourceClaimName`, resourceClaimName, nameIsDnsSubdomain(resourceClaimName, false))
  })
}

function checkIps(errors: FieldError[], ips: readonly { ip: string }[], path: string): void {
  ips.forEach(({ ip }, i) => {
    checkIp(errors, ip, `${path}[${i}]`)
  })
  if (ips.length > 1 && (ips.length > 2 || !isDualStack(ips.map(({ ip }) => ip)))) {
    errors.push(invalid(path, ips, 'may specify no more than one IP for each IP family'))
  }
}
