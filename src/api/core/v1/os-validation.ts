/** What a pod may say depending on its operating system. */
import { type FieldError, forbidden, invalid, notSupported, required } from '../../meta/field-error.ts'
import type { Container, PodSpec } from '../../types.gen.ts'

/** Upstream: validation.go validateOS, validateLinux, validateWindows. */
export function checkOs(errors: FieldError[], spec: PodSpec, path: string): void {
  const name = spec.os!.name
  if (!name) errors.push(required(`${path}.os.name`, 'cannot be empty'))
  else if (name === 'linux') checkLinux(errors, spec, path)
  else if (name === 'windows') checkWindows(errors, spec, path)
  else errors.push(notSupported(`${path}.os`, name, ['linux', 'windows']))
}

function checkLinux(errors: FieldError[], spec: PodSpec, path: string): void {
  const reason = 'windows options cannot be set for a linux pod'
  if (spec.securityContext?.windowsOptions) errors.push(forbidden(`${path}.securityContext.windowsOptions`, reason))
  eachContainer(spec, path, (container, at) => {
    if (container.securityContext?.windowsOptions) errors.push(forbidden(`${at}.securityContext.windowsOptions`, reason))
  })
}

const LINUX_ONLY_OF_PODS = [
  'appArmorProfile',
  'seLinuxOptions',
  'seccompProfile',
  'fsGroup',
  'fsGroupChangePolicy',
  'sysctls',
  'runAsUser',
  'runAsGroup',
  'supplementalGroups',
  'supplementalGroupsPolicy',
  'seLinuxChangePolicy',
] as const

const LINUX_ONLY_OF_CONTAINERS = [
  'appArmorProfile',
  'seLinuxOptions',
  'seccompProfile',
  'capabilities',
  'readOnlyRootFilesystem',
  'privileged',
  'allowPrivilegeEscalation',
  'procMount',
  'runAsUser',
  'runAsGroup',
] as const

function checkWindows(errors: FieldError[], spec: PodSpec, path: string): void {
  const reason = 'cannot be set for a windows pod'
  for (const key of LINUX_ONLY_OF_PODS) {
    if (spec.securityContext?.[key] !== undefined) errors.push(forbidden(`${path}.securityContext.${key}`, reason))
  }
  if (spec.hostUsers !== undefined) errors.push(forbidden(`${path}.hostUsers`, reason))
  if (spec.hostPID) errors.push(forbidden(`${path}.hostPID`, reason))
  if (spec.hostIPC) errors.push(forbidden(`${path}.hostIPC`, reason))
  if (spec.shareProcessNamespace !== undefined) errors.push(forbidden(`${path}.shareProcessNamespace`, reason))
  eachContainer(spec, path, ({ securityContext }, at) => {
    for (const key of LINUX_ONLY_OF_CONTAINERS) {
      if (securityContext?.[key] !== undefined) errors.push(forbidden(`${at}.securityContext.${key}`, reason))
    }
  })
}

/** Upstream: validation.go validateWindowsHostProcessPod. */
export function checkHostProcess(errors: FieldError[], spec: PodSpec, path: string): void {
  const ofPod = spec.securityContext?.windowsOptions?.hostProcess
  let containers = 0
  let hostProcesses = 0
  eachContainer(spec, path, ({ securityContext }, at) => {
    const own = securityContext?.windowsOptions?.hostProcess
    containers++
    if (own ?? ofPod) hostProcesses++
    if (ofPod !== undefined && own !== undefined && ofPod !== own) {
      errors.push(
        invalid(
          `${at}.securityContext.windowsOptions.hostProcess`,
          own,
          `pod hostProcess value must be identical if both are specified, was ${ofPod}`,
        ),
      )
    }
  })
  if (hostProcesses === 0) return
  if (hostProcesses !== containers) {
    errors.push(invalid(path, '', 'If pod contains any hostProcess containers then all containers must be HostProcess containers'))
  }
  if (!spec.hostNetwork) {
    errors.push(invalid(`${path}.hostNetwork`, false, 'hostNetwork must be true if pod contains any hostProcess containers'))
  }
}

/** In upstream's order: init containers, containers, ephemeral containers. */
export function eachContainer(spec: PodSpec, path: string, visit: (container: Container, path: string) => void): void {
  for (const list of ['initContainers', 'containers', 'ephemeralContainers'] as const) {
    const containers = spec[list]
    if (containers) for (let i = 0; i < containers.length; i++) visit(containers[i]!, `${path}.${list}[${i}]`)
  }
}
