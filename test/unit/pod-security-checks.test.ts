/** Upstream: pod-security-admission/policy/check_*_test.go, registry_test.go. */
import { describe, expect, it } from 'vitest'
import { violationsOf, violationsText } from '../../src/admission/pod-security/evaluate.ts'
import type { Level } from '../../src/admission/pod-security/policy.ts'
import type { Json } from '../support/api.ts'

type Version = number | 'latest'
type Row = readonly [name: string, spec: Json, expected: string, version?: Version]

const c = (name: string, others: Json = {}) => ({ name, ...others })
const sc = (name: string, securityContext: Json) => c(name, { securityContext })
/** What of the pod one check says: by its reason. */
const told = (level: Level, reason: string, spec: Json, version: Version = 'latest', annotations: Json = {}) =>
  violationsOf({ level, version }, { annotations }, { containers: [], ...spec })
    .filter((violation) => violation.reason === reason)
    .map(({ detail }) => detail)
    .join(' / ')

function rows(level: Level, reason: string, cases: readonly Row[]): void {
  describe(`${level}: ${reason}`, () => {
    it.each(cases)('%s', (_name, spec, expected, version) => expect(told(level, reason, spec, version)).toBe(expected))
  })
}

rows('baseline', 'non-default capabilities', [
  [
    'one and many',
    {
      containers: [
        sc('a', { capabilities: { add: ['FOO', 'BAR'] } }),
        sc('b', { capabilities: { add: ['BAR', 'BAZ'] } }),
        sc('c', { capabilities: { add: ['NET_BIND_SERVICE', 'CHOWN', 'SYS_CHROOT'] } }),
      ],
    },
    'containers "a", "b" must not include "BAR", "BAZ", "FOO" in securityContext.capabilities.add',
  ],
  [
    'one',
    { containers: [sc('a', { capabilities: { add: ['NET_RAW'] } })] },
    'container "a" must not include "NET_RAW" in securityContext.capabilities.add',
  ],
  ['dropped', { containers: [sc('a', { capabilities: { drop: ['FOO'] } })] }, ''],
])

rows('baseline', 'host namespaces', [
  ['all', { hostNetwork: true, hostPID: true, hostIPC: true }, 'hostNetwork=true, hostPID=true, hostIPC=true'],
  ['one', { hostPID: true, hostNetwork: false }, 'hostPID=true'],
  ['none', {}, ''],
])

rows('baseline', 'hostPath volumes', [
  [
    'two of three',
    {
      volumes: [
        { name: 'a', hostPath: {} },
        { name: 'b', hostPath: {} },
        { name: 'c', emptyDir: {} },
      ],
    },
    'volumes "a", "b"',
  ],
  ['one', { volumes: [{ name: 'a', hostPath: {} }] }, 'volume "a"'],
])

rows('baseline', 'hostPort', [
  ['one', { containers: [c('a', { ports: [{ hostPort: 0 }] }), c('b', { ports: [{ hostPort: 80 }] })] }, 'container "b" uses hostPort 80'],
  [
    'several',
    {
      containers: [
        c('a', { ports: [{ hostPort: 0 }] }),
        c('b', { ports: [{ hostPort: 10 }, { hostPort: 20 }] }),
        c('c', { ports: [{ hostPort: 20 }] }),
      ],
    },
    'containers "b", "c" use hostPorts 10, 20',
  ],
  ['none', { containers: [c('a', { ports: [{ containerPort: 80 }] })] }, ''],
])

const host = (handler: 'httpGet' | 'tcpSocket', name = '8.8.8.8') => ({ [handler]: { port: 80, host: name } })
rows('baseline', 'probe or lifecycle host', [
  ...(['livenessProbe', 'readinessProbe', 'startupProbe'] as const).flatMap((probe) =>
    (['httpGet', 'tcpSocket'] as const).map(
      (handler): Row => [
        `${probe} ${handler}`,
        { containers: [c('a', { [probe]: host(handler) })] },
        'container "a" uses probe or lifecycle host "8.8.8.8"',
      ],
    ),
  ),
  ...(['postStart', 'preStop'] as const).flatMap((hook) =>
    (['httpGet', 'tcpSocket'] as const).map(
      (handler): Row => [
        `${hook} ${handler}`,
        { initContainers: [c('a', { lifecycle: { [hook]: host(handler) } })] },
        'container "a" uses probe or lifecycle host "8.8.8.8"',
      ],
    ),
  ),
  ['none', { containers: [c('a', { livenessProbe: { httpGet: { port: 80 } }, lifecycle: { preStop: { exec: {} } } })] }, ''],
  ['no host', { containers: [c('a', { livenessProbe: host('httpGet', '') })] }, ''],
  [
    'several',
    {
      containers: [
        c('b', { livenessProbe: host('httpGet', 'y'), readinessProbe: host('tcpSocket', 'x') }),
        c('a', { startupProbe: host('httpGet', 'y') }),
      ],
    },
    'containers "a", "b" use probe or lifecycle hosts "x", "y"',
  ],
  ['before 1.34', { containers: [c('a', { livenessProbe: host('httpGet') })] }, '', 33],
])

rows('baseline', 'privileged', [
  [
    'some',
    { containers: [c('a'), sc('b', {}), sc('c', { privileged: false }), sc('d', { privileged: true }), sc('e', { privileged: true })] },
    'containers "d", "e" must not set securityContext.privileged=true',
  ],
  [
    'one that joins later',
    { ephemeralContainers: [sc('e', { privileged: true })] },
    'container "e" must not set securityContext.privileged=true',
  ],
])

const unmasked = {
  containers: [c('a'), sc('b', { procMount: 'Default' }), sc('c', { procMount: 'Unmasked' }), sc('d', { procMount: 'other' })],
}
const UNMASKED = 'containers "c", "d" must not set securityContext.procMount to "Unmasked", "other"'
rows('baseline', 'procMount', [
  ['some', unmasked, UNMASKED],
  ['in a user namespace', { ...unmasked, hostUsers: false }, ''],
  ["in the host's users", { ...unmasked, hostUsers: true }, UNMASKED],
  ['in a user namespace before 1.35', { ...unmasked, hostUsers: false }, UNMASKED, 34],
])
rows('restricted', 'procMount', [
  ['some, told once', unmasked, UNMASKED],
  ['in a user namespace', { ...unmasked, hostUsers: false }, UNMASKED],
  ['before 1.35, told once', unmasked, UNMASKED, 34],
])

const selinux = (options: Json) => ({ seLinuxOptions: options })
rows('baseline', 'seLinuxOptions', [
  [
    'what is allowed',
    {
      securityContext: selinux({ type: 'container_t', level: 's0' }),
      containers: [sc('a', selinux({ type: 'container_kvm_t' })), sc('b', selinux({}))],
    },
    '',
  ],
  [
    'a type of the pod and of containers',
    {
      securityContext: selinux({ type: 'foo' }),
      containers: [sc('a', selinux({ type: 'bar' })), sc('b', selinux({ type: 'bar' })), sc('c', selinux({ type: '' }))],
    },
    'pod and containers "a", "b" set forbidden securityContext.seLinuxOptions: types "bar", "foo"',
  ],
  ['a type of the pod', { securityContext: selinux({ type: 'foo' }) }, 'pod set forbidden securityContext.seLinuxOptions: type "foo"'],
  [
    'a user',
    { containers: [sc('a', selinux({ user: 'u' }))] },
    'container "a" set forbidden securityContext.seLinuxOptions: user may not be set',
  ],
  [
    'a role',
    { containers: [sc('a', selinux({ role: 'r' }))] },
    'container "a" set forbidden securityContext.seLinuxOptions: role may not be set',
  ],
  [
    'all of them',
    { securityContext: selinux({ user: 'u', role: 'r', type: 't' }), containers: [sc('a', selinux({ user: 'u' }))] },
    'pod and container "a" set forbidden securityContext.seLinuxOptions: type "t"; user may not be set; role may not be set',
  ],
  ['engines since 1.31', { securityContext: selinux({ type: 'container_engine_t' }) }, '', 31],
  [
    'engines before 1.31',
    { securityContext: selinux({ type: 'container_engine_t' }) },
    'pod set forbidden securityContext.seLinuxOptions: type "container_engine_t"',
    30,
  ],
])

const seccomp = (type: string) => ({ seccompProfile: { type } })
rows('baseline', 'seccompProfile', [
  ['none', { containers: [c('a')] }, ''],
  ['allowed ones', { securityContext: seccomp('RuntimeDefault'), containers: [sc('a', seccomp('Localhost'))] }, ''],
  [
    'of the pod',
    { securityContext: seccomp('Unconfined'), containers: [c('a')] },
    'pod must not set securityContext.seccompProfile.type to "Unconfined"',
  ],
  [
    'of containers',
    { securityContext: seccomp('Localhost'), containers: [sc('a', seccomp('Unconfined')), sc('b', seccomp('Unknown'))] },
    'containers "a", "b" must not set securityContext.seccompProfile.type to "Unconfined", "Unknown"',
  ],
  [
    'of both',
    { securityContext: seccomp('Unconfined'), containers: [sc('a', seccomp('Unconfined'))] },
    'pod and container "a" must not set securityContext.seccompProfile.type to "Unconfined"',
  ],
  ['a field before 1.19', { securityContext: seccomp('Unconfined') }, '', 18],
])

describe('baseline: seccompProfile before 1.19', () => {
  const POD = 'seccomp.security.alpha.kubernetes.io/pod'
  const CONTAINER = 'container.seccomp.security.alpha.kubernetes.io/a'
  it.each<[string, Json, string]>([
    ['allowed', { [POD]: 'runtime/default', [CONTAINER]: 'localhost/foo' }, ''],
    ["docker's", { [POD]: 'docker/default' }, ''],
    ['of another container', { 'container.seccomp.security.alpha.kubernetes.io/z': 'unconfined' }, ''],
    ['of the pod', { [POD]: 'unconfined' }, `forbidden annotation ${POD}="unconfined"`],
    ['of both', { [POD]: 'unconfined', [CONTAINER]: 'unknown' }, `forbidden annotations ${CONTAINER}="unknown", ${POD}="unconfined"`],
  ])('%s', (_name, annotations, expected) => {
    expect(told('baseline', 'seccompProfile', { containers: [c('a')] }, 18, annotations)).toBe(expected)
    expect(told('baseline', 'seccompProfile', { containers: [c('a')] }, 19, annotations)).toBe('')
  })
})

const windows = { os: { name: 'windows' } }
const SECCOMP_MUST = 'must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"'
rows('restricted', 'seccompProfile', [
  ['none', { containers: [c('a')] }, `pod or container "a" ${SECCOMP_MUST}`],
  ['none of some', { containers: [c('a'), sc('b', {}), sc('c', seccomp('Localhost'))] }, `pod or containers "a", "b" ${SECCOMP_MUST}`],
  ['of the pod', { securityContext: seccomp('RuntimeDefault'), containers: [c('a')] }, ''],
  ['of all containers', { containers: [sc('a', seccomp('RuntimeDefault')), sc('b', seccomp('Localhost'))] }, ''],
  [
    'bad, of the pod',
    { securityContext: seccomp('Unconfined'), containers: [c('a')] },
    'pod must not set securityContext.seccompProfile.type to "Unconfined"',
  ],
  [
    'bad, of containers under a good pod',
    { securityContext: seccomp('Localhost'), containers: [sc('a', seccomp('Unconfined')), c('b')] },
    'container "a" must not set securityContext.seccompProfile.type to "Unconfined"',
  ],
  [
    'bad, rather than none',
    { containers: [sc('a', seccomp('Unconfined')), c('b')] },
    'container "a" must not set securityContext.seccompProfile.type to "Unconfined"',
  ],
  ['none on Windows', { ...windows, containers: [c('a')] }, ''],
  ['none on Windows before 1.25', { ...windows, containers: [c('a')] }, `pod or container "a" ${SECCOMP_MUST}`, 24],
  ['none on Linux', { os: { name: 'linux' }, containers: [c('a')] }, `pod or container "a" ${SECCOMP_MUST}`],
  ['none before 1.19', { containers: [c('a')] }, '', 18],
])

const sysctls = (...names: string[]) => ({ securityContext: { sysctls: names.map((name) => ({ name, value: '1' })) } })
const SYSCTLS: readonly (readonly [string, number])[] = [
  ['kernel.shm_rmid_forced', 0],
  ['net.ipv4.ip_local_port_range', 0],
  ['net.ipv4.tcp_syncookies', 0],
  ['net.ipv4.ping_group_range', 0],
  ['net.ipv4.ip_unprivileged_port_start', 0],
  ['net.ipv4.ip_local_reserved_ports', 27],
  ['net.ipv4.tcp_keepalive_time', 29],
  ['net.ipv4.tcp_fin_timeout', 29],
  ['net.ipv4.tcp_keepalive_intvl', 29],
  ['net.ipv4.tcp_keepalive_probes', 29],
  ['net.ipv4.tcp_rmem', 32],
  ['net.ipv4.tcp_wmem', 32],
]
rows('baseline', 'forbidden sysctls', [
  ['unknown ones, as they come', sysctls('b', 'a', 'net.ipv4.tcp_rmem'), 'b, a'],
  ...SYSCTLS.map(([name, since]): Row => [`${name} since 1.${since}`, sysctls(name), '', since]),
  ...SYSCTLS.filter(([, since]) => since > 0).map(([name, since]): Row => [`${name} before 1.${since}`, sysctls(name), name, since - 1]),
])

const hostProcess = (value: boolean) => ({ windowsOptions: { hostProcess: value } })
rows('baseline', 'hostProcess', [
  [
    'of the pod and containers',
    {
      securityContext: hostProcess(true),
      containers: [c('a'), sc('b', {}), sc('c', hostProcess(false)), sc('d', hostProcess(true)), sc('e', hostProcess(true))],
    },
    'pod and containers "d", "e" must not set securityContext.windowsOptions.hostProcess=true',
  ],
  ['of none', { securityContext: hostProcess(false) }, ''],
])

describe('baseline: AppArmor', () => {
  const armor = (type: string) => ({ appArmorProfile: { type } })
  const KEY = 'container.apparmor.security.beta.kubernetes.io/a'
  const both = (spec: Json, annotations: Json = {}) =>
    violationsText(violationsOf({ level: 'baseline', version: 'latest' }, { annotations }, { containers: [], ...spec }))
  it.each<[string, Json, Json, string]>([
    [
      'allowed ones',
      { securityContext: armor('RuntimeDefault'), containers: [sc('a', armor('Localhost')), sc('b', {})] },
      { [KEY]: 'runtime/default' },
      '',
    ],
    ['an annotation of nothing', {}, { [KEY]: '' }, ''],
    ['a local profile', {}, { [KEY]: 'localhost/foo' }, ''],
    [
      'of the pod',
      { securityContext: armor('Unconfined') },
      {},
      'forbidden AppArmor profile (pod must not set AppArmor profile type to "Unconfined")',
    ],
    [
      'of a container',
      { containers: [sc('a', armor('Unconfined'))] },
      {},
      'forbidden AppArmor profile (container "a" must not set AppArmor profile type to "Unconfined")',
    ],
    [
      'of containers',
      { containers: [sc('a', armor('Unconfined')), sc('b', armor('Other'))] },
      {},
      'forbidden AppArmor profiles (containers "a", "b" must not set AppArmor profile type to "Other", "Unconfined")',
    ],
    [
      'of an annotation',
      {},
      { [KEY]: 'unconfined' },
      `forbidden AppArmor profile (annotation must not set AppArmor profile type to "${KEY}="unconfined"")`,
    ],
    [
      'of all of them',
      { securityContext: armor('Unconfined'), containers: [sc('a', armor('Unconfined'))] },
      { [KEY]: 'unconfined', [`${KEY}b`]: 'x' },
      `forbidden AppArmor profiles (pod and container "a" and annotations must not set AppArmor profile type to "Unconfined", "${KEY}="unconfined"", "${KEY}b="x"")`,
    ],
  ])('%s', (_name, spec, annotations, expected) => expect(both(spec, annotations)).toBe(expected))
})

const ESCALATION = 'must set securityContext.allowPrivilegeEscalation=false'
const escalating = {
  containers: [c('a'), sc('b', {}), sc('c', { allowPrivilegeEscalation: true }), sc('d', { allowPrivilegeEscalation: false })],
}
rows('restricted', 'allowPrivilegeEscalation != false', [
  ['some', escalating, `containers "a", "b", "c" ${ESCALATION}`],
  ['one', { containers: [c('a')] }, `container "a" ${ESCALATION}`],
  ['on Windows', { ...windows, ...escalating }, ''],
  ['on Windows before 1.25', { ...windows, containers: [c('a')] }, `container "a" ${ESCALATION}`, 24],
  ['on Linux', { os: { name: 'linux' }, containers: [c('a')] }, `container "a" ${ESCALATION}`],
  ['before 1.8', escalating, '', 7],
])

const DROP = 'must set securityContext.capabilities.drop=["ALL"]'
rows('restricted', 'unrestricted capabilities', [
  [
    'kept and added',
    {
      containers: [
        sc('a', { capabilities: { add: ['FOO', 'BAR'] } }),
        sc('b', { capabilities: { add: ['BAR', 'BAZ'] } }),
        sc('c', { capabilities: { add: ['NET_BIND_SERVICE', 'CHOWN'], drop: ['ALL', 'FOO'] } }),
      ],
    },
    `containers "a", "b" ${DROP}; containers "a", "b", "c" must not include "BAR", "BAZ", "CHOWN", "FOO" in securityContext.capabilities.add`,
  ],
  ['not said', { containers: [c('a')] }, `container "a" ${DROP}`],
  ['all dropped', { containers: [sc('a', { capabilities: { add: ['NET_BIND_SERVICE'], drop: ['ALL'] } })] }, ''],
  ['on Windows', { ...windows, containers: [c('a')] }, ''],
  ['on Windows before 1.25', { ...windows, containers: [c('a')] }, `container "a" ${DROP}`, 24],
  ['before 1.22', { containers: [c('a')] }, '', 21],
])

const TYPES = ['hostPath', 'gcePersistentDisk', 'awsElasticBlockStore', 'gitRepo', 'nfs', 'iscsi', 'glusterfs', 'rbd', 'flexVolume', 'cinder', 'cephfs', 'flocker', 'fc', 'azureFile', 'vsphereVolume', 'quobyte', 'azureDisk', 'portworxVolume', 'photonPersistentDisk', 'scaleIO', 'storageos'] // biome-ignore format: a list of names
const ALLOWED = ['configMap', 'csi', 'downwardAPI', 'emptyDir', 'ephemeral', 'image', 'persistentVolumeClaim', 'projected', 'secret']
rows('restricted', 'restricted volume types', [
  ...TYPES.map((type): Row => [type, { volumes: [{ name: 'v', [type]: {} }] }, `volume "v" uses restricted volume type "${type}"`]),
  ...ALLOWED.map((type): Row => [type, { volumes: [{ name: 'v', [type]: {} }] }, '']),
  ['of no type known', { volumes: [{ name: 'v' }] }, 'volume "v" uses restricted volume type "unknown"'],
  [
    'several',
    {
      volumes: [
        { name: 'a', nfs: {} },
        { name: 'b', iscsi: {} },
        { name: 'c', secret: {} },
      ],
    },
    'volumes "a", "b" use restricted volume types "iscsi", "nfs"',
  ],
])

const root = (runAsNonRoot: boolean) => ({ runAsNonRoot })
rows('restricted', 'runAsNonRoot != true', [
  ['not said', { containers: [c('a')] }, 'pod or container "a" must set securityContext.runAsNonRoot=true'],
  [
    'not said by some',
    { containers: [c('a'), sc('b', {}), sc('c', root(true))] },
    'pod or containers "a", "b" must set securityContext.runAsNonRoot=true',
  ],
  ['said by the pod', { securityContext: root(true), containers: [c('a')] }, ''],
  ['said by all', { containers: [sc('a', root(true))] }, ''],
  ['denied by the pod', { securityContext: root(false), containers: [c('a')] }, 'pod must not set securityContext.runAsNonRoot=false'],
  [
    'denied by both',
    { securityContext: root(false), containers: [sc('a', root(false)), sc('b', root(true))] },
    'pod and container "a" must not set securityContext.runAsNonRoot=false',
  ],
  [
    'denied by containers',
    { securityContext: root(true), containers: [sc('a', root(false)), sc('b', root(false))] },
    'containers "a", "b" must not set securityContext.runAsNonRoot=false',
  ],
  ['in a user namespace', { hostUsers: false, containers: [c('a')] }, ''],
  [
    'in a user namespace before 1.35',
    { hostUsers: false, containers: [c('a')] },
    'pod or container "a" must set securityContext.runAsNonRoot=true',
    34,
  ],
])

const user = (runAsUser: number) => ({ runAsUser })
rows('restricted', 'runAsUser=0', [
  ['not said', { containers: [c('a')] }, ''],
  ['another', { securityContext: user(1000), containers: [sc('a', user(1))] }, ''],
  ['of the pod', { securityContext: user(0), containers: [c('a')] }, 'pod must not set runAsUser=0'],
  ['of the pod, overridden', { securityContext: user(0), containers: [sc('a', user(1))] }, 'pod must not set runAsUser=0'],
  [
    'of containers',
    { securityContext: user(1), containers: [sc('a', user(0)), sc('b', user(0))] },
    'containers "a", "b" must not set runAsUser=0',
  ],
  ['of both', { securityContext: user(0), containers: [sc('a', user(0))] }, 'pod and container "a" must not set runAsUser=0'],
  ['in a user namespace', { hostUsers: false, securityContext: user(0) }, ''],
  ['in a user namespace before 1.35', { hostUsers: false, securityContext: user(0) }, 'pod must not set runAsUser=0', 34],
  ['before 1.23', { securityContext: user(0) }, '', 22],
])

describe('a level', () => {
  const bad = {
    hostNetwork: true,
    volumes: [{ name: 'v', hostPath: {} }],
    containers: [sc('a', { privileged: true, capabilities: { add: ['FOO'] } })],
  }
  const reasons = (level: Level, version: Version) => violationsOf({ level, version }, undefined, bad as never).map(({ reason }) => reason)
  it('privileged forbids nothing', () => expect(reasons('privileged', 'latest')).toEqual([]))
  it('baseline forbids its own, in order', () => {
    expect(reasons('baseline', 'latest')).toEqual(['non-default capabilities', 'host namespaces', 'hostPath volumes', 'privileged'])
  })
  it('restricted forbids those too, but says nothing twice', () => {
    expect(reasons('restricted', 'latest')).toEqual([
      'host namespaces',
      'privileged',
      'allowPrivilegeEscalation != false',
      'unrestricted capabilities',
      'restricted volume types',
      'runAsNonRoot != true',
      'seccompProfile',
    ])
    expect(reasons('restricted', 0)).toEqual([
      'non-default capabilities',
      'host namespaces',
      'privileged',
      'restricted volume types',
      'runAsNonRoot != true',
    ])
  })
  it('of a version to come is that of today', () => expect(reasons('restricted', 999)).toEqual(reasons('restricted', 'latest')))
  it('says all of it in one line', () => {
    expect(violationsText(violationsOf({ level: 'baseline', version: 'latest' }, undefined, bad as never))).toBe(
      'non-default capabilities (container "a" must not include "FOO" in securityContext.capabilities.add), host namespaces (hostNetwork=true), hostPath volumes (volume "v"), privileged (container "a" must not set securityContext.privileged=true)',
    )
  })
})
