/** What may be written to a pod's status. Upstream: validation.go ValidatePodStatusUpdate. */
import { duplicate, type FieldError, forbidden, invalid } from '../../meta/field-error.ts'
import { isQualifiedName, nameIsDnsSubdomain } from '../../meta/names.ts'
import type { Container, Pod, PodSpec, PodStatus } from '../../types.gen.ts'
import { IMMUTABLE, pushInvalid } from './formats.ts'
import { checkIp, isDualStack } from './ip-address.ts'
import { checkPodAnnotations, checkPodAnnotationUpdates } from './pod-annotations.ts'

const SYSTEM_CONDITIONS: ReadonlySet<string> = new Set(['PodScheduled', 'Ready', 'Initialized', 'ContainersReady'])

export function validatePodStatusUpdate(pod: Pod, old: Pod): FieldError[] {
  const errors: FieldError[] = []
  const status: PodStatus = pod.status ?? {}
  const before: PodStatus = old.status ?? {}
  const { annotations } = pod.metadata
  checkPodAnnotationUpdates(errors, annotations, old.metadata.annotations, 'metadata.annotations')
  if (annotations) checkPodAnnotations(errors, annotations, pod.spec, 'metadata.annotations')
  status.conditions?.forEach(({ type }, i) => {
    if (!SYSTEM_CONDITIONS.has(type)) pushInvalid(errors, `metadata.conditions[${i}].Type`, type, isQualifiedName(type))
  })
  const nominated = status.nominatedNodeName
  if (nominated && nominated !== before.nominatedNodeName) {
    pushInvalid(errors, 'status.nominatedNodeName', nominated, nameIsDnsSubdomain(nominated, false))
  }
  if ((status.qosClass ?? '') !== (before.qosClass ?? '')) errors.push(invalid('status.qosClass', status.qosClass ?? '', IMMUTABLE))
  checkTransitions(errors, status, before, old.spec)
  checkClaimStatuses(errors, status, pod.spec)
  if (status.podIPs) checkIps(errors, status.podIPs, 'status.podIPs')
  if (status.hostIPs?.length) {
    if (status.hostIP !== status.hostIPs[0]!.ip) {
      errors.push(invalid('status.hostIPs[0].ip', status.hostIPs[0]!.ip, 'must be equal to `hostIP`'))
    }
    checkIps(errors, status.hostIPs, 'status.hostIPs')
  }
  return errors
}

/** A container that won't be restarted stays terminated. */
function checkTransitions(errors: FieldError[], status: PodStatus, before: PodStatus, spec: PodSpec): void {
  const check = (key: StatusList, policy: string | undefined, containers: Container[] | undefined): void => {
    if (policy === 'Always') return
    before[key]?.forEach((old, i) => {
      const exitCode = old.state?.terminated?.exitCode
      if (exitCode === undefined || (exitCode !== 0 && policy === 'OnFailure')) return
      // A container's own policy may restart it whatever the pod's is.
      if (containers?.some((container) => container.name === old.name && container.restartPolicy !== undefined)) return
      for (const next of status[key] ?? []) {
        if (next.name === old.name && !next.state?.terminated) {
          errors.push(forbidden(`status.${key}[${i}].state`, 'may not be transitioned to non-terminated state'))
        }
      }
    })
  }
  check('containerStatuses', spec.restartPolicy, spec.containers)
  check('initContainerStatuses', spec.restartPolicy, spec.initContainers)
  // The kubelet never restarts ephemeral containers.
  check('ephemeralContainerStatuses', 'Never', undefined)
}

type StatusList = 'containerStatuses' | 'initContainerStatuses' | 'ephemeralContainerStatuses'

function checkClaimStatuses(errors: FieldError[], { resourceClaimStatuses }: PodStatus, { resourceClaims }: PodSpec): void {
  resourceClaimStatuses?.forEach(({ name, resourceClaimName }, i) => {
    const at = `status.resourceClaimStatuses[${i}].name`
    if (!resourceClaims?.some((claim) => claim.name === name)) {
      errors.push(invalid(at, name, 'must match the name of an entry in `spec.resourceClaims`'))
    }
    if (resourceClaimStatuses.findIndex((other) => other.name === name) < i) errors.push(duplicate(at, name))
    if (resourceClaimName !== undefined) pushInvalid(errors, at, resourceClaimName, nameIsDnsSubdomain(resourceClaimName, false))
  })
}

function checkIps(errors: FieldError[], ips: readonly { ip: string }[], path: string): void {
  ips.forEach(({ ip }, i) => {
    checkIp(errors, ip, `${path}[${i}]`)
    if (ips.findIndex((other) => other.ip === ip) < i) errors.push(duplicate(`${path}[${i}]`, { ip }))
  })
  if (ips.length > 1 && (ips.length > 2 || !isDualStack(ips.map(({ ip }) => ip)))) {
    errors.push(invalid(path, ips, 'may specify no more than one IP for each IP family'))
  }
}
