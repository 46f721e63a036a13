/** The spec of a pod, in a Pod or in a template. Upstream: validation.go ValidatePodSpec, whose order this keeps. */
import { duplicate, type FieldError, forbidden, invalid, NOWHERE, notSupported, required, tooLong } from '../../meta/field-error.ts'
import {
  isDns1123Label,
  isDns1123Subdomain,
  isDns1123SubdomainWithUnderscore,
  isLongerThan,
  isQualifiedName,
  nameIsDnsSubdomain,
} from '../../meta/names.ts'
import { validateLabels } from '../../meta/object-meta-validation.ts'
import type { HostAlias, PodDNSConfig, PodResourceClaim, PodSpec } from '../../types.gen.ts'
import { checkAffinity } from './affinity-validation.ts'
import { checkContainers, checkEphemeralContainers, checkInitContainers, type PodContext } from './container-validation.ts'
import { checkFileKeyVolumes } from './env-validation.ts'
import { MAX_INT32, pushInvalid, rangeMessage } from './formats.ts'
import { checkIp } from './ip-address.ts'
import { checkHostProcess, checkOs } from './os-validation.ts'
import { checkPodLevelResources } from './pod-level-resources.ts'
import { checkContainerResourceName } from './resource-names.ts'
import { checkResourceRequirements } from './resource-validation.ts'
import { checkSchedulingGates, checkTolerations, checkTopologySpread } from './scheduling-validation.ts'
import { checkHostUsers, checkPodSecurityContext } from './security-context-validation.ts'
import { checkVolumes } from './volume-validation.ts'

const NO_NAMES: readonly string[] = []
const RESTART_POLICIES = ['Always', 'OnFailure', 'Never']
const DNS_POLICIES = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None']

/** What of the pod, beyond its spec, the rules depend on. */
export interface PodSpecRules {
  /** A real pod, not a template. */
  readonly isPod: boolean
  /** '' when not known, as in a template. */
  readonly podName: string
  /** The API's copy of a static pod. */
  readonly isMirror?: boolean
}

export function checkPodSpec(errors: FieldError[], spec: PodSpec, path: string, { isPod, podName, isMirror }: PodSpecRules): void {
  const { restartPolicy, dnsPolicy, resourceClaims } = spec
  if (spec.terminationGracePeriodSeconds === undefined) errors.push(required(`${path}.terminationGracePeriodSeconds`))
  const volumes = checkVolumes(errors, spec.volumes, { isPod, podName }, `${path}.volumes`)
  const claimNames = resourceClaims?.flatMap(({ name }) => (name ? [name] : [])) ?? NO_NAMES
  const context: PodContext = { spec, volumes, claimNames, isPod }
  if (isMirror) for (const _ of resourceClaims ?? []) errors.push(forbidden(NOWHERE, 'static pods do not support resource claims'))
  else if (resourceClaims) checkResourceClaims(errors, resourceClaims, `${path}.resourceClaims`)
  checkContainers(errors, context, `${path}.containers`)
  if (spec.initContainers) checkInitContainers(errors, context, `${path}.initContainers`)
  if (spec.ephemeralContainers) checkEphemeralContainers(errors, context, `${path}.ephemeralContainers`)
  if (spec.resources) checkPodLevelResources(errors, spec, claimNames, `${path}.resources`)
  if (spec.hostNetwork) checkHostNetworkPorts(errors, spec, isPod, `${path}.containers`)
  checkEnum(errors, restartPolicy, RESTART_POLICIES, `${path}.restartPolicy`)
  checkEnum(errors, dnsPolicy, DNS_POLICIES, `${path}.dnsPolicy`)
  if (spec.nodeSelector) errors.push(...validateLabels(spec.nodeSelector, `${path}.nodeSelector`))
  if (spec.securityContext) checkPodSecurityContext(errors, spec, `${path}.securityContext`)
  if (spec.affinity) checkAffinity(errors, spec.affinity, `${path}.affinity`)
  if (spec.dnsConfig || dnsPolicy === 'None') checkDnsConfig(errors, spec.dnsConfig, dnsPolicy, `${path}.dnsConfig`)
  spec.readinessGates?.forEach(({ conditionType }, i) => {
    pushInvalid(errors, `${path}.readinessGates[${i}].conditionType`, conditionType ?? '', isQualifiedName(conditionType ?? ''))
  })
  if (spec.schedulingGates) checkSchedulingGates(errors, spec.schedulingGates, `${path}.schedulingGates`)
  if (spec.topologySpreadConstraints) {
    checkTopologySpread(errors, spec.topologySpreadConstraints, `${path}.topologySpreadConstraints`)
  }
  checkHostProcess(errors, spec, path)
  checkHostUsers(errors, spec, path)
  if (spec.hostnameOverride !== undefined) checkHostnameOverride(errors, spec, path)
  checkNames(errors, spec, path)
  if (spec.tolerations) checkTolerations(errors, spec.tolerations, `${path}.tolerations`)
  if (spec.hostAliases) checkHostAliases(errors, spec.hostAliases, `${path}.hostAliases`)
  checkClassNames(errors, spec, path)
  if (spec.preemptionPolicy !== undefined) {
    checkEnum(errors, spec.preemptionPolicy, ['PreemptLowerPriority', 'Never'], `${path}.preemptionPolicy`)
  }
  if (spec.overhead) {
    // Upstream reuses the rules of a container's limits, with their path.
    checkResourceRequirements(errors, { limits: spec.overhead }, `${path}.overhead`, checkContainerResourceName, NO_NAMES)
  }
  if (spec.os) checkOs(errors, spec, path)
  checkFileKeyVolumes(errors, spec, path)
}

function checkEnum(errors: FieldError[], value: string | undefined, allowed: readonly string[], path: string): void {
  if (!value) errors.push(required(path))
  else if (!allowed.includes(value)) errors.push(notSupported(path, value, allowed))
}

function checkNames(errors: FieldError[], spec: PodSpec, path: string): void {
  const { activeDeadlineSeconds: deadline, hostname, subdomain } = spec
  for (const key of ['serviceAccountName', 'nodeName'] as const) {
    const name = spec[key]
    if (name) pushInvalid(errors, `${path}.${key}`, name, nameIsDnsSubdomain(name, false))
  }
  if (deadline !== undefined && (deadline < 1 || deadline > MAX_INT32)) {
    errors.push(invalid(`${path}.activeDeadlineSeconds`, deadline, rangeMessage(1, MAX_INT32)))
  }
  if (hostname) pushInvalid(errors, `${path}.hostname`, hostname, isDns1123Label(hostname))
  if (subdomain) pushInvalid(errors, `${path}.subdomain`, subdomain, isDns1123Label(subdomain))
}

function checkClassNames(errors: FieldError[], { priorityClassName: priority, runtimeClassName: runtime }: PodSpec, path: string): void {
  if (priority) pushInvalid(errors, `${path}.priorityClassName`, priority, nameIsDnsSubdomain(priority, false))
  if (runtime !== undefined) pushInvalid(errors, `${path}.runtimeClassName`, runtime, nameIsDnsSubdomain(runtime, false))
}

function checkHostnameOverride(
  errors: FieldError[],
  { hostnameOverride: name = '', setHostnameAsFQDN, hostNetwork }: PodSpec,
  path: string,
): void {
  const at = `${path}.hostnameOverride`
  if (setHostnameAsFQDN) errors.push(forbidden(at, 'may not be specified when setHostnameAsFQDN is true'))
  if (hostNetwork) errors.push(forbidden(at, 'may not be specified when hostNetwork is true'))
  if (isLongerThan(name, 64)) errors.push(tooLong(at, 64))
  pushInvalid(errors, at, name, isDns1123Subdomain(name))
}

/** Upstream: validation.go validatePodHostNetworkDeps. A template may leave the host port to the pod's defaults. */
function checkHostNetworkPorts(errors: FieldError[], { containers }: PodSpec, isPod: boolean, path: string): void {
  containers?.forEach(({ ports }, i) => {
    ports?.forEach(({ hostPort = 0, containerPort }, j) => {
      if (hostPort === containerPort || (!isPod && hostPort === 0)) return
      const detail = 'must match `containerPort` when `hostNetwork` is true'
      errors.push(invalid(`${path}[${i}].ports[${j}].hostPort`, hostPort, detail))
    })
  })
}

function checkDnsConfig(errors: FieldError[], config: PodDNSConfig | undefined, policy: string | undefined, path: string): void {
  const { nameservers = [], searches = [], options = [] } = config ?? {}
  if (policy === 'None') {
    if (!config) {
      errors.push(required(path, 'must provide `dnsConfig` when `dnsPolicy` is None'))
      return
    }
    if (nameservers.length === 0) {
      errors.push(required(`${path}.nameservers`, 'must provide at least one DNS nameserver when `dnsPolicy` is None'))
      return
    }
  }
  if (nameservers.length > 3) errors.push(invalid(`${path}.nameservers`, nameservers, 'must not have more than 3 nameservers'))
  nameservers.forEach((ip, i) => {
    checkIp(errors, ip, `${path}.nameservers[${i}]`)
  })
  if (searches.length > 32) errors.push(invalid(`${path}.searches`, searches, 'must not have more than 32 search paths'))
  if (searches.join(' ').length > 2048) {
    errors.push(invalid(`${path}.searches`, searches, 'must not have more than 2048 characters (including spaces) in the search list'))
  }
  searches.forEach((search, i) => {
    if (search === '.') return
    const name = search.replace(/\.$/, '')
    pushInvalid(errors, `${path}.searches[${i}]`, name, isDns1123SubdomainWithUnderscore(name))
  })
  options.forEach(({ name }, i) => {
    if (!name) errors.push(required(`${path}.options[${i}]`, 'must not be empty'))
  })
}

function checkHostAliases(errors: FieldError[], aliases: HostAlias[], path: string): void {
  aliases.forEach(({ ip, hostnames }, i) => {
    checkIp(errors, ip, `${path}[${i}].ip`)
    hostnames?.forEach((hostname, j) => {
      pushInvalid(errors, `${path}[${i}].hostnames[${j}]`, hostname, isDns1123Subdomain(hostname))
    })
  })
}

/** Upstream: validation.go validatePodResourceClaim. */
function checkResourceClaims(errors: FieldError[], claims: PodResourceClaim[], path: string): void {
  claims.forEach((claim, i) => {
    const { name, resourceClaimName, resourceClaimTemplateName } = claim
    const at = `${path}[${i}]`
    if (!name) errors.push(required(`${at}.name`))
    else if (claims.findIndex((other) => other.name === name) < i) errors.push(duplicate(`${at}.name`, name))
    else pushInvalid(errors, `${at}.name`, name, isDns1123Label(name))
    if (resourceClaimName !== undefined && resourceClaimTemplateName !== undefined) {
      errors.push(invalid(at, claim, 'at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified'))
    }
    if (resourceClaimName === undefined && resourceClaimTemplateName === undefined) {
      errors.push(invalid(at, claim, 'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`'))
    }
    for (const key of ['resourceClaimName', 'resourceClaimTemplateName'] as const) {
      const target = claim[key]
      if (target !== undefined) pushInvalid(errors, `${at}.${key}`, target, nameIsDnsSubdomain(target, false))
    }
  })
}
