/** Containers of the three sorts. Upstream: validation.go validateContainerCommon and its callers. */
import { duplicate, type FieldError, forbidden, invalid, notFound, notSupported, required, tooMany } from '../../meta/field-error.ts'
import { isDns1123Label, isValidPortName, isValidPortNumber } from '../../meta/names.ts'
import type { Container, ContainerPort, ContainerResizePolicy, EphemeralContainer, PodSpec } from '../../types.gen.ts'
import { checkEnv, checkEnvFrom } from './env-validation.ts'
import { pushInvalid } from './formats.ts'
import { checkLifecycle, checkLivenessProbe, checkReadinessProbe, checkStartupProbe } from './handler-validation.ts'
import { checkVolumeDevices, checkVolumeMounts, type VolumesByName } from './mount-validation.ts'
import { checkContainerResourceName } from './resource-names.ts'
import { checkResourceRequirements } from './resource-validation.ts'
import { checkSecurityContext } from './security-context-validation.ts'

/** What containers are checked against. */
export interface PodContext {
  readonly spec: PodSpec
  readonly volumes: VolumesByName
  /** Names in spec.resourceClaims. */
  readonly claimNames: readonly string[]
  /** A template's image may have white space around it, a pod's may not. */
  readonly isPod: boolean
}

const PROTOCOLS: readonly string[] = ['SCTP', 'TCP', 'UDP']
const PULL_POLICIES: readonly string[] = ['Always', 'IfNotPresent', 'Never']
const RESTART_POLICIES: readonly string[] = ['Always', 'Never', 'OnFailure']

export function checkContainers(errors: FieldError[], context: PodContext, path: string): void {
  const { containers } = context.spec
  if (!containers?.length) {
    errors.push(required(path))
    return
  }
  for (let i = 0; i < containers.length; i++) {
    const container = containers[i]!
    const at = `${path}[${i}]`
    checkContainer(errors, container, context, at)
    if (isNameTaken(containers, container.name, i)) errors.push(duplicate(`${at}.name`, container.name))
    checkRunning(errors, container, context, at)
    checkRestartRules(errors, container, at)
  }
  checkHostPortConflicts(errors, containers, path)
}

export function checkInitContainers(errors: FieldError[], context: PodContext, path: string): void {
  const { containers = [], initContainers = [] } = context.spec
  for (let i = 0; i < initContainers.length; i++) {
    const container = initContainers[i]!
    const at = `${path}[${i}]`
    checkContainer(errors, container, context, at)
    checkRestartRules(errors, container, at)
    if (container.name && (isNameTaken(containers, container.name) || isNameTaken(initContainers, container.name, i))) {
      errors.push(duplicate(`${at}.name`, container.name))
    }
    // One by one: init containers don't run together. Upstream counts each as the first.
    checkHostPortConflicts(errors, [container], path)
    if (container.restartPolicy === 'Always') {
      checkRunning(errors, container, context, at)
      continue
    }
    for (const key of ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
      if (container[key]) errors.push(forbidden(`${at}.${key}`, 'may not be set for init containers without restartPolicy=Always'))
    }
    if (container.resizePolicy) checkNoRestart(errors, container.resizePolicy, `${at}.resizePolicy`)
  }
}

function checkNoRestart(errors: FieldError[], policies: ContainerResizePolicy[], path: string): void {
  policies.forEach(({ restartPolicy }, i) => {
    if (restartPolicy !== 'RestartContainer') return
    const detail = "must not be set to 'RestartContainer' for non-sidecar initContainers"
    errors.push(invalid(`${path}[${i}].restartPolicy`, restartPolicy, detail))
  })
}

const EPHEMERAL_FORBIDDEN = [
  'ports',
  'resources',
  'resizePolicy',
  'restartPolicy',
  'restartPolicyRules',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle',
] as const

export function checkEphemeralContainers(errors: FieldError[], context: PodContext, path: string): void {
  const { containers = [], initContainers = [], ephemeralContainers = [] } = context.spec
  const reason = 'cannot be set for an Ephemeral Container'
  for (let i = 0; i < ephemeralContainers.length; i++) {
    const container: EphemeralContainer = ephemeralContainers[i]!
    const { name, targetContainerName: target } = container
    const at = `${path}[${i}]`
    checkContainer(errors, container, context, at)
    if (isNameTaken(containers, name) || isNameTaken(initContainers, name) || isNameTaken(ephemeralContainers, name, i)) {
      errors.push(duplicate(`${at}.name`, name))
    }
    if (target && !isNameTaken(containers, target) && !isNameTaken(initContainers, target)) {
      errors.push(notFound(`${at}.targetContainerName`, target))
    }
    for (const key of EPHEMERAL_FORBIDDEN) if (isSet(container, key)) errors.push(forbidden(`${at}.${key}`, reason))
    container.volumeMounts?.forEach(({ subPath, subPathExpr }, j) => {
      if (subPath) errors.push(forbidden(`${at}.volumeMounts[${j}].subPath`, reason))
      if (subPathExpr) errors.push(forbidden(`${at}.volumeMounts[${j}].subPathExpr`, reason))
    })
  }
}

/** All are pointers or lists upstream but `resources`, of which nothing is as good as none. Upstream: validateFieldAllowList. */
function isSet(container: EphemeralContainer, key: (typeof EPHEMERAL_FORBIDDEN)[number]): boolean {
  const value: unknown = container[key]
  return value !== undefined && value !== null && !(key === 'resources' && Object.keys(value).length === 0)
}

/** Is it the name of a container before `end`? */
function isNameTaken(containers: readonly { name: string }[], name: string, end = containers.length): boolean {
  for (let i = 0; i < end; i++) if (containers[i]!.name === name) return true
  return false
}

/** What all sorts have in common. */
function checkContainer(errors: FieldError[], container: Container, context: PodContext, path: string): void {
  const { name, image, ports, env, envFrom, volumeMounts, volumeDevices, imagePullPolicy, resources, securityContext } = container
  if (!name) errors.push(required(`${path}.name`))
  else pushInvalid(errors, `${path}.name`, name, isDns1123Label(name))
  if (!image) errors.push(required(`${path}.image`))
  else if (context.isPod && image.trim() !== image) {
    errors.push(invalid(`${path}.image`, image, 'must not have leading or trailing whitespace'))
  }
  const policy = container.terminationMessagePolicy
  if (policy !== 'File' && policy !== 'FallbackToLogsOnError') {
    if (!policy) errors.push(required(`${path}.terminationMessagePolicy`))
    else errors.push(notSupported(`${path}.terminationMessagePolicy`, policy, ['File', 'FallbackToLogsOnError']))
  }
  if (ports) checkPorts(errors, ports, `${path}.ports`)
  if (env) checkEnv(errors, env, `${path}.env`)
  if (envFrom) checkEnvFrom(errors, envFrom, `${path}.envFrom`)
  if (volumeMounts) checkVolumeMounts(errors, container, context.volumes, `${path}.volumeMounts`)
  if (volumeDevices) checkVolumeDevices(errors, volumeDevices, volumeMounts, context.volumes, `${path}.volumeDevices`)
  if (!imagePullPolicy) errors.push(required(`${path}.imagePullPolicy`))
  else if (!PULL_POLICIES.includes(imagePullPolicy)) {
    errors.push(notSupported(`${path}.imagePullPolicy`, imagePullPolicy, PULL_POLICIES))
  }
  if (resources) checkResourceRequirements(errors, resources, `${path}.resources`, checkContainerResourceName, context.claimNames)
  if (container.resizePolicy) checkResizePolicy(errors, container.resizePolicy, context.spec.restartPolicy, `${path}.resizePolicy`)
  if (securityContext) checkSecurityContext(errors, securityContext, context.spec.hostUsers !== false, `${path}.securityContext`)
}

/** What only containers that stay up may have. */
function checkRunning(errors: FieldError[], container: Container, { spec }: PodContext, path: string): void {
  const { lifecycle, livenessProbe, readinessProbe, startupProbe } = container
  if (lifecycle) checkLifecycle(errors, lifecycle, spec.terminationGracePeriodSeconds, `${path}.lifecycle`)
  if (livenessProbe) checkLivenessProbe(errors, livenessProbe, `${path}.livenessProbe`)
  if (readinessProbe) checkReadinessProbe(errors, readinessProbe, `${path}.readinessProbe`)
  if (startupProbe) checkStartupProbe(errors, startupProbe, `${path}.startupProbe`)
}

function checkPorts(errors: FieldError[], ports: ContainerPort[], path: string): void {
  for (let i = 0; i < ports.length; i++) {
    const { name, containerPort, hostPort, protocol } = ports[i]!
    const at = `${path}[${i}]`
    if (name) {
      const messages = isValidPortName(name)
      if (messages.length > 0) pushInvalid(errors, `${at}.name`, name, messages)
      else if (ports.findIndex((port) => port.name === name) < i) errors.push(duplicate(`${at}.name`, name))
    }
    if (!containerPort) errors.push(required(`${at}.containerPort`))
    else pushInvalid(errors, `${at}.containerPort`, containerPort, isValidPortNumber(containerPort))
    if (hostPort) pushInvalid(errors, `${at}.hostPort`, hostPort, isValidPortNumber(hostPort))
    if (!protocol) errors.push(required(`${at}.protocol`))
    else if (!PROTOCOLS.includes(protocol)) errors.push(notSupported(`${at}.protocol`, protocol, PROTOCOLS))
  }
}

function checkHostPortConflicts(errors: FieldError[], containers: readonly Container[], path: string): void {
  let taken: Set<string> | undefined
  for (let i = 0; i < containers.length; i++) {
    const ports = containers[i]!.ports
    if (!ports) continue
    for (let j = 0; j < ports.length; j++) {
      const { hostPort, hostIP = '', protocol } = ports[j]!
      if (!hostPort) continue
      const key = `${protocol}/${hostIP}/${hostPort}`
      taken ??= new Set()
      if (taken.has(key)) errors.push(duplicate(`${path}[${i}].ports[${j}].hostPort`, key))
      taken.add(key)
    }
  }
}

function checkResizePolicy(
  errors: FieldError[],
  policies: ContainerResizePolicy[],
  podRestartPolicy: string | undefined,
  path: string,
): void {
  policies.forEach(({ resourceName, restartPolicy }, i) => {
    if (policies.findIndex((policy) => policy.resourceName === resourceName) < i) errors.push(duplicate(`${path}[${i}]`, resourceName))
    if (!resourceName) errors.push(required(path))
    else if (resourceName !== 'cpu' && resourceName !== 'memory') errors.push(notSupported(path, resourceName, ['cpu', 'memory']))
    if (!restartPolicy) errors.push(required(path))
    else if (restartPolicy !== 'NotRequired' && restartPolicy !== 'RestartContainer') {
      errors.push(notSupported(path, restartPolicy, ['NotRequired', 'RestartContainer']))
    }
    if (podRestartPolicy === 'Never' && restartPolicy !== 'NotRequired') {
      errors.push(invalid(path, restartPolicy ?? '', "must be 'NotRequired' when `restartPolicy` is 'Never'"))
    }
  })
}

/** A container's own restart policy and its rules. */
function checkRestartRules(errors: FieldError[], { restartPolicy, restartPolicyRules: rules }: Container, path: string): void {
  if (restartPolicy === undefined) {
    if (rules?.length) errors.push(required(`${path}.restartPolicy`, 'must specify restartPolicy when restart rules are used'))
  } else if (!RESTART_POLICIES.includes(restartPolicy)) {
    errors.push(notSupported(`${path}.restartPolicy`, restartPolicy, RESTART_POLICIES))
  }
  if (!rules) return
  if (rules.length > 20) errors.push(tooMany(`${path}.restartPolicyRules`, rules.length, 20))
  rules.forEach(({ action, exitCodes }, i) => {
    const at = `${path}.restartPolicyRules[${i}]`
    if (action !== 'Restart' && action !== 'RestartAllContainers') {
      errors.push(notSupported(`${at}.action`, action ?? '', ['Restart', 'RestartAllContainers']))
    }
    if (!exitCodes) errors.push(required(`${at}.exitCodes`, 'must be specified'))
    else {
      const { operator, values } = exitCodes
      if (operator !== 'In' && operator !== 'NotIn') {
        errors.push(notSupported(`${at}.exitCodes.operator`, operator ?? '', ['In', 'NotIn']))
      }
      if (values && values.length > 255) errors.push(tooMany(`${at}.exitCodes.values`, values.length, 255))
    }
  })
}
