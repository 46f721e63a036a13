/** `securityContext` of pods and of containers. */
import { duplicate, type FieldError, forbidden, invalid, notSupported, required, tooLong } from '../../meta/field-error.ts'
import { isDns1123Subdomain } from '../../meta/names.ts'
import type { AppArmorProfile, PodSpec, SeccompProfile, SecurityContext, Sysctl, WindowsSecurityContextOptions } from '../../types.gen.ts'
import { isUnixId, pushInvalid } from './formats.ts'
import { checkDescendingPath } from './local-path.ts'
import { eachContainer } from './os-validation.ts'

const PROFILE_TYPES = ['Localhost', 'RuntimeDefault', 'Unconfined']

/** Upstream: validation.go ValidateSecurityContext. */
export function checkSecurityContext(errors: FieldError[], context: SecurityContext, hasHostUsers: boolean, path: string): void {
  const { runAsUser, runAsGroup, procMount, seccompProfile, privileged, capabilities, windowsOptions, appArmorProfile } = context
  if (runAsUser !== undefined) pushInvalid(errors, `${path}.runAsUser`, runAsUser, isUnixId(runAsUser))
  if (runAsGroup !== undefined) pushInvalid(errors, `${path}.runAsGroup`, runAsGroup, isUnixId(runAsGroup))
  if (procMount !== undefined) {
    if (procMount !== 'Default' && procMount !== 'Unmasked') {
      errors.push(notSupported(`${path}.procMount`, procMount, ['Default', 'Unmasked']))
    }
    if (hasHostUsers && procMount === 'Unmasked') {
      errors.push(invalid(`${path}.procMount`, procMount, '`hostUsers` must be false to use `Unmasked`'))
    }
  }
  if (seccompProfile) checkSeccompProfile(errors, seccompProfile, `${path}.seccompProfile`)
  if (context.allowPrivilegeEscalation === false) {
    if (privileged) errors.push(invalid(path, context, 'cannot set `allowPrivilegeEscalation` to false and `privileged` to true'))
    for (const capability of capabilities?.add ?? []) {
      if (capability === 'CAP_SYS_ADMIN') {
        errors.push(invalid(path, context, 'cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN'))
      }
    }
  }
  if (windowsOptions) checkWindowsOptions(errors, windowsOptions, `${path}.windowsOptions`)
  if (appArmorProfile) checkAppArmorProfile(errors, appArmorProfile, `${path}.appArmorProfile`)
}

/** Upstream: validation.go validatePodSpecSecurityContext. */
export function checkPodSecurityContext(errors: FieldError[], spec: PodSpec, path: string): void {
  const context = spec.securityContext!
  const { fsGroup, runAsUser, runAsGroup, supplementalGroups, sysctls, seccompProfile, windowsOptions, appArmorProfile } = context
  if (fsGroup !== undefined) pushInvalid(errors, `${path}.fsGroup`, fsGroup, isUnixId(fsGroup))
  if (runAsUser !== undefined) pushInvalid(errors, `${path}.runAsUser`, runAsUser, isUnixId(runAsUser))
  if (runAsGroup !== undefined) pushInvalid(errors, `${path}.runAsGroup`, runAsGroup, isUnixId(runAsGroup))
  supplementalGroups?.forEach((id, i) => {
    pushInvalid(errors, `${path}.supplementalGroups[${i}]`, id, isUnixId(id))
  })
  if (spec.shareProcessNamespace && spec.hostPID) {
    errors.push(invalid(`${path}.shareProcessNamespace`, true, 'ShareProcessNamespace and HostPID cannot both be enabled'))
  }
  if (sysctls) checkSysctls(errors, sysctls, spec, `${path}.sysctls`)
  checkOneOf(errors, context.fsGroupChangePolicy, ['Always', 'OnRootMismatch'], `${path}.fsGroupChangePolicy`)
  if (seccompProfile) checkSeccompProfile(errors, seccompProfile, `${path}.seccompProfile`)
  if (windowsOptions) checkWindowsOptions(errors, windowsOptions, `${path}.windowsOptions`)
  if (appArmorProfile) checkAppArmorProfile(errors, appArmorProfile, `${path}.appArmorProfile`)
  checkOneOf(errors, context.supplementalGroupsPolicy, ['Merge', 'Strict'], `${path}.supplementalGroupsPolicy`)
  checkOneOf(errors, context.seLinuxChangePolicy, ['MountOption', 'Recursive'], `${path}.seLinuxChangePolicy`)
}

function checkOneOf(errors: FieldError[], value: string | undefined, allowed: readonly string[], path: string): void {
  if (value !== undefined && !allowed.includes(value)) errors.push(notSupported(path, value, allowed))
}

function checkSeccompProfile(errors: FieldError[], profile: SeccompProfile, path: string): void {
  const { type, localhostProfile } = profile
  if (!type) errors.push(required(`${path}.type`, 'type is required when seccompProfile is set'))
  else checkOneOf(errors, type, PROFILE_TYPES, `${path}.type`)
  if (type !== 'Localhost') {
    if (localhostProfile !== undefined) {
      errors.push(invalid(`${path}.localhostProfile`, profile, 'can only be set when seccomp type is Localhost'))
    }
  } else if (localhostProfile === undefined) {
    errors.push(required(`${path}.localhostProfile`, 'must be set when seccomp type is Localhost'))
  } else checkDescendingPath(errors, localhostProfile, `${path}.localhostProfile`)
}

/** Upstream: validation.go ValidateAppArmorProfileField. */
export function checkAppArmorProfile(errors: FieldError[], { type, localhostProfile }: AppArmorProfile, path: string): void {
  const at = `${path}.localhostProfile`
  if (!type) errors.push(required(`${path}.type`, 'type is required when appArmorProfile is set'))
  else if (!PROFILE_TYPES.includes(type)) errors.push(notSupported(`${path}.type`, type, PROFILE_TYPES))
  else if (type !== 'Localhost') {
    if (localhostProfile !== undefined) {
      errors.push(invalid(at, localhostProfile, 'can only be set when AppArmor type is Localhost'))
    }
  } else if (localhostProfile === undefined || localhostProfile === '') {
    errors.push(required(at, 'must be set when AppArmor type is Localhost'))
  } else {
    if (localhostProfile.trim() !== localhostProfile) {
      errors.push(invalid(at, localhostProfile, 'must not be padded with whitespace'))
    }
    if (localhostProfile.length > 4095) errors.push(tooLong(at, 4095))
  }
}

const SYSCTL_NAME = /^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$/
const IPC_SYSCTL = /^(?:kernel\.(?:sem$|shm|msg)|fs\.mqueue\.)/

function checkSysctls(errors: FieldError[], sysctls: Sysctl[], spec: PodSpec, path: string): void {
  const seen = new Set<string>()
  sysctls.forEach(({ name }, i) => {
    const at = `${path}[${i}].name`
    if (!name) errors.push(required(at))
    else if (name.length > 253 || !SYSCTL_NAME.test(name)) {
      errors.push(
        invalid(
          at,
          name,
          'must have at most 253 characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$',
        ),
      )
    } else if (seen.has(name)) errors.push(duplicate(at, name))
    const dotted = (name ?? '').replaceAll('/', '.')
    if (spec.hostNetwork && dotted.startsWith('net.')) {
      errors.push(invalid(at, name, "may not be specified when 'hostNetwork' is true"))
    } else if (spec.hostIPC && IPC_SYSCTL.test(dotted)) {
      errors.push(invalid(at, name, "may not be specified when 'hostIPC' is true"))
    }
    seen.add(name)
  })
}

const NETBIOS_DOMAIN = /^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$/
const DNS_DOMAIN = /^[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$/

function checkWindowsOptions(errors: FieldError[], options: WindowsSecurityContextOptions, path: string): void {
  const { gmsaCredentialSpecName, gmsaCredentialSpec, runAsUserName } = options
  if (gmsaCredentialSpecName !== undefined) {
    pushInvalid(errors, `${path}.gmsaCredentialSpecName`, gmsaCredentialSpecName, isDns1123Subdomain(gmsaCredentialSpecName))
  }
  const fail = (key: 'gmsaCredentialSpec' | 'runAsUserName', message: string): void => {
    errors.push(invalid(`${path}.${key}`, options[key], message))
  }
  if (gmsaCredentialSpec === '') fail('gmsaCredentialSpec', 'gmsaCredentialSpec cannot be an empty string')
  else if ((gmsaCredentialSpec?.length ?? 0) > 64 * 1024) fail('gmsaCredentialSpec', 'gmsaCredentialSpec size must be under 64 KiB')
  if (runAsUserName === undefined) return
  const parts = runAsUserName.split('\\')
  const user = parts.at(-1)!
  const domain = parts.length === 2 ? parts[0]! : undefined
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  const hasControlCharacters = /[\x00-\x1f\x7f]/.test(runAsUserName)
  if (runAsUserName === '') fail('runAsUserName', 'runAsUserName cannot be an empty string')
  else if (hasControlCharacters) fail('runAsUserName', 'runAsUserName cannot contain control characters')
  else if (parts.length > 2) fail('runAsUserName', 'runAsUserName cannot contain more than one backslash')
  else {
    if ((domain?.length ?? 0) >= 256) fail('runAsUserName', "runAsUserName's Domain length must be under 256 characters")
    if (domain !== undefined && !NETBIOS_DOMAIN.test(domain) && !DNS_DOMAIN.test(domain)) {
      fail('runAsUserName', "runAsUserName's Domain doesn't match the NetBios nor the DNS format")
    }
    if (user === '') fail('runAsUserName', "runAsUserName's User cannot be empty")
    else if (user.length > 104) fail('runAsUserName', "runAsUserName's User length must not be longer than 104 characters")
    if (/^[. ]+$/.test(user)) fail('runAsUserName', "runAsUserName's User cannot contain only periods or spaces")
    if (/["/\\:;|=,+*?<>@[\]]/.test(user)) {
      fail('runAsUserName', 'runAsUserName\'s User cannot contain the following characters: "/\\:;|=,+*?<>@[]')
    }
  }
}

/** Linux's user namespaces don't go with the host's other namespaces. Upstream: validation.go validateHostUsers. */
export function checkHostUsers(errors: FieldError[], spec: PodSpec, path: string): void {
  if (spec.hostUsers !== false) return
  const reason = 'when `hostUsers` is false'
  if (spec.hostNetwork) errors.push(forbidden(`${path}.hostNetwork`, reason))
  if (spec.hostPID) errors.push(forbidden(`${path}.HostPID`, reason))
  if (spec.hostIPC) errors.push(forbidden(`${path}.HostIPC`, reason))
  eachContainer(spec, path, ({ volumeDevices }, at) => {
    if (volumeDevices?.length) errors.push(forbidden(`${at}.volumeDevices`, reason))
  })
}
