/** What no pod may that isn't privileged. By id, which is the order of the messages. */

import type { Check, CheckedPod, CheckPod, Violation } from './check.ts'
import { containersText, exceptInUserNamespace, plural, quoted, settersOf, sortedSet } from './check.ts'
import { hostProbesAndHostLifecycle } from './probe-hosts.ts'
import { appArmorProfile, seccompAnnotations, seccompField, seLinuxOptions } from './profiles.ts'

const CAPABILITIES = [
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'MKNOD',
  'NET_BIND_SERVICE',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
]

const SYSCTLS_1_0 = [
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.ping_group_range',
  'net.ipv4.ip_unprivileged_port_start',
]
const SYSCTLS_1_27 = [...SYSCTLS_1_0, 'net.ipv4.ip_local_reserved_ports']
const SYSCTLS_1_29 = [
  ...SYSCTLS_1_27,
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
]
const SYSCTLS_1_32 = [...SYSCTLS_1_29, 'net.ipv4.tcp_rmem', 'net.ipv4.tcp_wmem']

const SELINUX_TYPES_1_0 = ['', 'container_t', 'container_init_t', 'container_kvm_t']

export const BASELINE_CHECKS: readonly Check[] = [
  { id: 'appArmorProfile', versions: [{ since: 0, check: appArmorProfile }] },
  { id: 'capabilities_baseline', versions: [{ since: 0, check: capabilities }] },
  { id: 'hostNamespaces', versions: [{ since: 0, check: hostNamespaces }] },
  { id: 'hostPathVolumes', versions: [{ since: 0, check: hostPathVolumes }] },
  { id: 'hostPorts', versions: [{ since: 0, check: hostPorts }] },
  { id: 'hostProbesAndHostLifecycle', versions: [{ since: 34, check: hostProbesAndHostLifecycle }] },
  { id: 'privileged', versions: [{ since: 0, check: privileged }] },
  {
    id: 'procMount',
    versions: [
      { since: 0, check: procMount },
      { since: 35, check: exceptInUserNamespace(procMount) },
    ],
  },
  {
    id: 'seLinuxOptions',
    versions: [
      { since: 0, check: seLinuxOptions(SELINUX_TYPES_1_0) },
      { since: 31, check: seLinuxOptions([...SELINUX_TYPES_1_0, 'container_engine_t']) },
    ],
  },
  {
    id: 'seccompProfile_baseline',
    versions: [
      { since: 0, check: seccompAnnotations },
      { since: 19, check: seccompField },
    ],
  },
  {
    id: 'sysctls',
    versions: [
      { since: 0, check: sysctls(SYSCTLS_1_0) },
      { since: 27, check: sysctls(SYSCTLS_1_27) },
      { since: 29, check: sysctls(SYSCTLS_1_29) },
      { since: 32, check: sysctls(SYSCTLS_1_32) },
    ],
  },
  { id: 'windowsHostProcess', versions: [{ since: 0, check: windowsHostProcess }] },
]

function capabilities({ containers }: CheckedPod): Violation | undefined {
  const badOnes = (added: readonly string[] | undefined) => (added ?? []).filter((name) => !CAPABILITIES.includes(name))
  const bad = containers.filter(({ securityContext }) => badOnes(securityContext?.capabilities?.add).length > 0)
  if (bad.length === 0) return undefined
  const names = sortedSet(bad.flatMap(({ securityContext }) => badOnes(securityContext?.capabilities?.add)))
  return {
    reason: 'non-default capabilities',
    detail: `${containersText(bad)} must not include ${quoted(names)} in securityContext.capabilities.add`,
  }
}

function hostNamespaces({ spec }: CheckedPod): Violation | undefined {
  const shared = (['hostNetwork', 'hostPID', 'hostIPC'] as const).filter((field) => spec[field])
  return shared.length === 0 ? undefined : { reason: 'host namespaces', detail: shared.map((field) => `${field}=true`).join(', ') }
}

function hostPathVolumes({ spec }: CheckedPod): Violation | undefined {
  const bad = (spec.volumes ?? []).filter(({ hostPath }) => hostPath !== undefined)
  if (bad.length === 0) return undefined
  return { reason: 'hostPath volumes', detail: `${plural(bad.length, 'volume')} ${quoted(bad.map(({ name }) => name))}` }
}

function hostPorts({ containers }: CheckedPod): Violation | undefined {
  const bad = containers.filter(({ ports }) => ports?.some(({ hostPort }) => hostPort))
  if (bad.length === 0) return undefined
  const ports = sortedSet(bad.flatMap((container) => container.ports!.flatMap(({ hostPort }) => (hostPort ? [String(hostPort)] : []))))
  return {
    reason: 'hostPort',
    detail: `${containersText(bad)} ${plural(bad.length, 'uses', 'use')} ${plural(ports.length, 'hostPort')} ${ports.join(', ')}`,
  }
}

function privileged({ containers }: CheckedPod): Violation | undefined {
  const bad = containers.filter(({ securityContext }) => securityContext?.privileged)
  if (bad.length === 0) return undefined
  return { reason: 'privileged', detail: `${containersText(bad)} must not set securityContext.privileged=true` }
}

export function procMount({ containers }: CheckedPod): Violation | undefined {
  const bad = containers.filter(({ securityContext }) => (securityContext?.procMount ?? 'Default') !== 'Default')
  if (bad.length === 0) return undefined
  const types = sortedSet(bad.map(({ securityContext }) => securityContext!.procMount!))
  return { reason: 'procMount', detail: `${containersText(bad)} must not set securityContext.procMount to ${quoted(types)}` }
}

function sysctls(allowed: readonly string[]): CheckPod {
  return ({ spec }) => {
    const bad = (spec.securityContext?.sysctls ?? []).map(({ name }) => name).filter((name) => !allowed.includes(name))
    return bad.length === 0 ? undefined : { reason: 'forbidden sysctls', detail: bad.join(', ') }
  }
}

function windowsHostProcess(pod: CheckedPod): Violation | undefined {
  const setters = settersOf(pod, ({ windowsOptions }) => windowsOptions?.hostProcess === true)
  return setters && { reason: 'hostProcess', detail: `${setters.text} must not set securityContext.windowsOptions.hostProcess=true` }
}
