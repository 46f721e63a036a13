/** What a status may say of single containers. Upstream: validation.go ValidateContainerStateTransition and what follows it. */
import { duplicate, type FieldError, forbidden, invalid, notSupported, required, tooLong } from '../../meta/field-error.ts'
import { isDns1123Label, nameIsDnsSubdomain } from '../../meta/names.ts'
import type {
  Container,
  ContainerStatus,
  LinuxContainerUser,
  PodExtendedResourceClaimStatus,
  PodSpec,
  PodStatus,
  ResourceStatus,
} from '../../types.gen.ts'
import { isUnixId, pushInvalid } from './formats.ts'

const HEALTHS = ['Healthy', 'Unhealthy', 'Unknown']
const MAX_MESSAGE_BYTES = 1024

/** A container that won't be restarted stays terminated. */
export function checkTransitions(errors: FieldError[], status: PodStatus, before: PodStatus, spec: PodSpec): void {
  const mayAllRestart = [...(spec.initContainers ?? []), ...(spec.containers ?? [])].some(({ restartPolicyRules }) =>
    restartPolicyRules?.some(({ action }) => action === 'RestartAllContainers'),
  )
  if (!mayAllRestart) {
    checkStay(errors, status, before, 'containerStatuses', (name, code) => isRestarted(spec, spec.containers, name, code))
    checkStay(errors, status, before, 'initContainerStatuses', (name, code) => isRestarted(spec, spec.initContainers, name, code))
  }
  // The kubelet never restarts ephemeral containers.
  checkStay(errors, status, before, 'ephemeralContainerStatuses', () => false)
}

type StatusList = 'containerStatuses' | 'initContainerStatuses' | 'ephemeralContainerStatuses'

function checkStay(
  errors: FieldError[],
  status: PodStatus,
  before: PodStatus,
  list: StatusList,
  mayRestart: (name: string, exitCode: number) => boolean,
): void {
  before[list]?.forEach((old, i) => {
    const exitCode = old.state?.terminated?.exitCode
    if (exitCode === undefined) return
    const next = status[list]?.find(({ name, state }) => name === old.name && !state?.terminated)
    if (!next || mayRestart(old.name, exitCode)) return
    errors.push(forbidden(`status.${list}[${i}].state`, 'may not be transitioned to non-terminated state'))
  })
}

/** By its rules, its own policy or its pod's. Upstream: pkg/api/v1/pod/util.go ContainerShouldRestart. */
function isRestarted(spec: PodSpec, containers: readonly Container[] | undefined, name: string, exitCode: number): boolean {
  const container = containers?.find((candidate) => candidate.name === name)
  if (container === undefined) return false
  if (container.restartPolicy !== undefined && matchesRule(container, exitCode)) return true
  const policy = container.restartPolicy ?? spec.restartPolicy
  return policy === 'OnFailure' ? exitCode !== 0 : policy !== 'Never'
}

function matchesRule({ restartPolicyRules }: Container, exitCode: number): boolean {
  const rule = restartPolicyRules?.find(({ exitCodes }) => {
    if (!exitCodes) return false
    const isListed = exitCodes.values?.includes(exitCode) ?? false
    return exitCodes.operator === 'In' ? isListed : exitCodes.operator === 'NotIn' && !isListed
  })
  return rule?.action === 'Restart'
}

/** The users that containers run as, and the health of their devices. */
export function checkContainerStatuses(errors: FieldError[], status: PodStatus, spec: PodSpec): void {
  const { containerStatuses, initContainerStatuses, ephemeralContainerStatuses } = status
  checkUsers(errors, containerStatuses, spec, 'status.containerStatuses')
  checkUsers(errors, initContainerStatuses, spec, 'status.initContainerStatuses')
  checkUsers(errors, ephemeralContainerStatuses, spec, 'status.ephemeralContainerStatuses')
  checkAllocated(errors, containerStatuses, spec.containers, 'status.containerStatuses')
  checkAllocated(errors, initContainerStatuses, spec.initContainers, 'status.initContainerStatuses')
  ephemeralContainerStatuses?.forEach(({ allocatedResourcesStatus }, i) => {
    if (!allocatedResourcesStatus?.length) return
    errors.push(forbidden(`status.ephemeralContainerStatuses[${i}].allocatedResourcesStatus`, 'must not be specified in container status'))
  })
}

function checkUsers(errors: FieldError[], statuses: readonly ContainerStatus[] | undefined, { os }: PodSpec, path: string): void {
  statuses?.forEach(({ user }, i) => {
    if (!user?.linux) return
    const at = `${path}[${i}].user.linux`
    if (os?.name === 'windows') errors.push(forbidden(at, 'cannot be set for a windows pod'))
    else checkLinuxUser(errors, user.linux, at)
  })
}

function checkLinuxUser(errors: FieldError[], { uid = 0, gid = 0, supplementalGroups }: LinuxContainerUser, path: string): void {
  pushInvalid(errors, `${path}.uid`, uid, isUnixId(uid))
  pushInvalid(errors, `${path}.gid`, gid, isUnixId(gid))
  supplementalGroups?.forEach((group, i) => {
    pushInvalid(errors, `${path}.supplementalGroups[${i}]`, group, isUnixId(group))
  })
}

function checkAllocated(
  errors: FieldError[],
  statuses: readonly ContainerStatus[] | undefined,
  containers: readonly Container[] | undefined,
  path: string,
): void {
  statuses?.forEach(({ name, allocatedResourcesStatus }, i) => {
    allocatedResourcesStatus?.forEach((resource, j) => {
      const at = `${path}[${i}].allocatedResourcesStatus[${j}]`
      const container = containers?.find((candidate) => candidate.name === name)
      // A container that isn't there is let pass, as upstream does.
      if (container) checkResourceName(errors, container, resource.name, `${at}.name`)
      checkHealths(errors, resource, at)
    })
  })
}

function checkResourceName(errors: FieldError[], { resources }: Container, name: string, path: string): void {
  if (name.startsWith('claim:')) {
    const isClaim = resources?.claims?.some((claim) => name === `claim:${claim.name}${claim.request ? `/${claim.request}` : ''}`)
    const form = "'claim:<claimName>/<request>' or 'claim:<claimName>' if request is empty"
    if (!isClaim) errors.push(invalid(path, name, `must match one of the container's resource claims in a format ${form}`))
  } else if (resources?.requests?.[name] === undefined) {
    errors.push(invalid(path, name, "must match one of the container's resource requests"))
  }
}

function checkHealths(errors: FieldError[], { resources }: ResourceStatus, path: string): void {
  resources?.forEach(({ health = '', message, resourceID }, i) => {
    const at = `${path}.resources[${i}]`
    if (!HEALTHS.includes(health)) errors.push(notSupported(`${at}.health`, health, HEALTHS))
    if (message === '') errors.push(required(`${at}.message`, 'must be non-empty if specified'))
    else if (message !== undefined && Buffer.byteLength(message) > MAX_MESSAGE_BYTES) {
      errors.push(tooLong(`${at}.message`, MAX_MESSAGE_BYTES))
    }
    if (resources.findIndex((other) => other.resourceID === resourceID) < i) errors.push(duplicate(`${at}.resourceID`, resourceID))
  })
}

/** Upstream: validation.go validatePodExtendedResourceClaimStatus. */
export function checkExtendedClaim(errors: FieldError[], status: PodExtendedResourceClaimStatus, spec: PodSpec): void {
  const path = 'status.extendedResourceClaimStatus'
  const { requestMappings = [], resourceClaimName } = status
  if (requestMappings.length === 0) errors.push(required(`${path}.requestMappings`, 'at least one request mapping is required'))
  const containers = new Map([...(spec.initContainers ?? []), ...(spec.containers ?? [])].map((container) => [container.name, container]))
  const seen = new Set<string>()
  requestMappings.forEach(({ containerName, resourceName, requestName }, i) => {
    const at = `${path}.requestMappings[${i}]`
    const container = containers.get(containerName)
    if (!container) {
      const detail = 'must match the name of an entry in spec.initContainers.name or spec.containers.name'
      errors.push(invalid(`${at}.containerName`, containerName, detail))
    } else if (container.resources?.requests?.[resourceName] === undefined) {
      const where = 'spec.initContainers.resources.requests or spec.containers.resources.requests'
      errors.push(invalid(`${at}.resourceName`, resourceName, `must match the extended resource name of an entry in ${where}`))
    }
    // Upstream leaves the index out here.
    pushInvalid(errors, `${path}.requestName`, requestName, isDns1123Label(requestName))
    const key = JSON.stringify([containerName, resourceName, requestName])
    if (seen.has(key)) {
      errors.push(duplicate(`${at}.containerName`, containerName))
      errors.push(duplicate(`${at}.resourceName`, resourceName))
      errors.push(duplicate(`${at}.requestName`, requestName))
    }
    seen.add(key)
  })
  if (!resourceClaimName) errors.push(required(`${path}.resourceClaimName`))
  else pushInvalid(errors, `${path}.resourceClaimName`, resourceClaimName, nameIsDnsSubdomain(resourceClaimName, false))
}
