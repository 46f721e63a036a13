import { describe, expect, it } from 'vitest'
import { podTemplateWarnings, podWarnings } from '../../src/api/core/v1/pod-warnings.ts'
import type { Container, Pod, PodSpec, Volume } from '../../src/api/types.gen.ts'

interface Row {
  readonly name: string
  readonly annotations?: Record<string, string>
  readonly given: Partial<PodSpec>
  readonly expect: string[]
}

const volume = (source: object): Partial<PodSpec> => ({ volumes: [{ name: 'v', ...source } as Volume] })
const projected = (...sources: object[]) => volume({ projected: { sources } })
const items = (...paths: string[]) => paths.map((path) => ({ key: 'k', path }))
const fields = (...paths: string[]) => paths.map((path) => ({ path, fieldRef: { fieldPath: 'metadata.name' } }))
const containers = (...given: Partial<Container>[]) => ({ containers: given.map((each, i) => ({ name: `c${i}`, ...each }) as Container) })
const ports = (...lists: object[][]) => containers(...lists.map((list) => ({ ports: list as Container['ports'] })))
const overlap = (what: string, body: string) => `volume "v" (${what}): overlapping paths: ${body}`
const term = (key: string, ...values: string[]) => ({ matchExpressions: [{ key, operator: 'In', values }] })

const VOLUMES: Row[] = [
  {
    name: 'photon',
    given: volume({ photonPersistentDisk: {} }),
    expect: ['photonPersistentDisk: deprecated in v1.11, non-functional in v1.16+'],
  },
  { name: 'gitRepo', given: volume({ gitRepo: {} }), expect: ['gitRepo: deprecated in v1.11, and disabled by default in v1.33+'] },
  { name: 'scaleIO', given: volume({ scaleIO: {} }), expect: ['scaleIO: deprecated in v1.16, non-functional in v1.22+'] },
  { name: 'flocker', given: volume({ flocker: {} }), expect: ['flocker: deprecated in v1.22, non-functional in v1.25+'] },
  { name: 'storageOS', given: volume({ storageos: {} }), expect: ['storageOS: deprecated in v1.22, non-functional in v1.25+'] },
  { name: 'quobyte', given: volume({ quobyte: {} }), expect: ['quobyte: deprecated in v1.22, non-functional in v1.25+'] },
  { name: 'glusterfs', given: volume({ glusterfs: {} }), expect: ['glusterfs: deprecated in v1.25, non-functional in v1.26+'] },
  { name: 'cephfs', given: volume({ cephfs: {} }), expect: ['cephfs: deprecated in v1.28, non-functional in v1.31+'] },
  { name: 'rbd', given: volume({ rbd: {} }), expect: ['rbd: deprecated in v1.28, non-functional in v1.31+'] },
  {
    name: 'a claim of its own for part of a byte',
    given: volume({
      ephemeral: { volumeClaimTemplate: { spec: { resources: { requests: { storage: '200m' }, limits: { storage: '1500m' } } } } },
    }),
    expect: [
      'ephemeral.volumeClaimTemplate.spec.resources.requests[storage]: fractional byte value "200m" is invalid, must be an integer',
      'ephemeral.volumeClaimTemplate.spec.resources.limits[storage]: fractional byte value "1500m" is invalid, must be an integer',
    ],
  },
  {
    name: 'a claim of its own',
    given: volume({ ephemeral: { volumeClaimTemplate: { spec: { resources: { requests: { storage: '200Mi' } } } } } }),
    expect: [],
  },
]

const OVERLAPS: Row[] = [
  {
    name: 'two keys at one path',
    given: volume({ configMap: { name: 'foo', items: items('test', 'test/') } }),
    expect: [overlap('ConfigMap "foo"', '"test" with "test"')],
  },
  {
    name: 'a folder at a file',
    given: volume({ configMap: { name: 'foo', items: items('test', 'test/app') } }),
    expect: [overlap('ConfigMap "foo"', '"test/app" with "test"')],
  },
  {
    name: 'a file at a folder',
    given: volume({ configMap: { name: 'foo', items: items('test/app', 'test') } }),
    expect: [overlap('ConfigMap "foo"', '"test" with "test/app"')],
  },
  { name: 'names that begin alike', given: volume({ configMap: { name: 'foo', items: items('test', 'testing') } }), expect: [] },
  { name: 'no path at all', given: volume({ configMap: { name: 'foo', items: items('', '/') } }), expect: [] },
  {
    name: 'in a secret',
    given: volume({ secret: { secretName: 'foo', items: items('test', 'test') } }),
    expect: [overlap('Secret "foo"', '"test" with "test"')],
  },
  {
    name: 'of the pod itself',
    given: volume({ downwardAPI: { items: fields('test', 'test') } }),
    expect: [overlap('DownwardAPI', '"test" with "test"')],
  },
  {
    name: 'a config map and a token',
    given: projected({ configMap: { name: 'Test', items: items('test') } }, { serviceAccountToken: { path: 'test/file' } }),
    expect: [overlap('Projected', '"test/file" (ServiceAccountToken) with "test" (ConfigMap "Test")')],
  },
  {
    name: 'a secret and the pod itself',
    given: projected({ secret: { name: 'Test', items: items('test') } }, { downwardAPI: { items: fields('test') } }),
    expect: [overlap('Projected', '"test" (DownwardAPI) with "test" (Secret "Test")')],
  },
  {
    name: 'trust bundles by name and by signer',
    given: projected(
      { clusterTrustBundle: { name: 'Test', path: 'a' } },
      { clusterTrustBundle: { signerName: 'example.com/x', path: 'a' } },
    ),
    expect: [overlap('Projected', '"a" (ClusterTrustBundle "example.com/x") with "a" (ClusterTrustBundle "Test")')],
  },
  {
    name: 'the files of a pod certificate',
    given: projected(
      { secret: { name: 'Test', items: items('k', 'c') } },
      { podCertificate: { keyPath: 'k', certificateChainPath: 'c', credentialBundlePath: 'k' } },
    ),
    expect: [
      overlap('Projected', '"c" (PodCertificate chain) with "c" (Secret "Test")'),
      overlap('Projected', '"k" (PodCertificate key) with "k" (Secret "Test")'),
      overlap('Projected', '"k" (PodCertificate credential bundle) with "k" (Secret "Test")'),
      overlap('Projected', '"k" (PodCertificate credential bundle) with "k" (PodCertificate key)'),
    ],
  },
  {
    name: 'each with each',
    given: projected({ serviceAccountToken: { path: 'test/test2' } }, { downwardAPI: { items: fields('test', 'test') } }),
    expect: [
      overlap('Projected', '"test" (DownwardAPI) with "test/test2" (ServiceAccountToken)'),
      overlap('Projected', '"test" (DownwardAPI) with "test/test2" (ServiceAccountToken)'),
      overlap('Projected', '"test" (DownwardAPI) with "test" (DownwardAPI)'),
    ],
  },
  { name: 'all keys of two secrets', given: projected({ secret: { name: 'a' } }, { secret: { name: 'b' } }), expect: [] },
  { name: 'a source of nothing', given: projected({}), expect: ['volume "v" (Projected) has no sources provided'] },
]

const PORTS: Row[] = [
  { name: 'none', given: ports([]), expect: [] },
  {
    name: 'two numbers',
    given: ports([
      { containerPort: 80, protocol: 'TCP' },
      { containerPort: 81, protocol: 'TCP' },
    ]),
    expect: [],
  },
  {
    name: 'two protocols',
    given: ports([
      { containerPort: 80, protocol: 'TCP' },
      { containerPort: 80, protocol: 'UDP' },
    ]),
    expect: [],
  },
  {
    name: 'two ports of the host',
    given: ports([
      { containerPort: 80, hostPort: 80 },
      { containerPort: 80, hostPort: 81 },
    ]),
    expect: [],
  },
  {
    name: 'two addresses of the host',
    given: ports([{ containerPort: 80, hostPort: 80, hostIP: '10.0.0.1' }], [{ containerPort: 80, hostPort: 80, hostIP: '10.0.0.2' }]),
    expect: [],
  },
  {
    name: 'the same',
    given: ports([{ containerPort: 80 }, { containerPort: 80 }]),
    expect: ['spec.containers[0].ports[1]: duplicate port definition with spec.containers[0].ports[0]'],
  },
  {
    name: 'the same in three places',
    given: ports([{ containerPort: 80 }, { containerPort: 80 }], [{ containerPort: 80 }]),
    expect: [
      'spec.containers[0].ports[1]: duplicate port definition with spec.containers[0].ports[0]',
      'spec.containers[1].ports[0]: duplicate port definition with spec.containers[0].ports[0]',
      'spec.containers[1].ports[0]: duplicate port definition with spec.containers[0].ports[1]',
    ],
  },
  {
    name: 'one of them on the host',
    given: ports([{ containerPort: 80, hostPort: 80 }, { containerPort: 80 }]),
    expect: ['spec.containers[0].ports[1]: overlapping port definition with spec.containers[0].ports[0]'],
  },
  {
    name: 'one of them on every address of the host',
    given: ports([
      { containerPort: 80, hostPort: 80, hostIP: '10.0.0.1' },
      { containerPort: 80, hostPort: 80 },
      { containerPort: 80, hostPort: 80, hostIP: '10.0.0.2' },
    ]),
    expect: [
      'spec.containers[0].ports[1]: dangerously ambiguous port definition with spec.containers[0].ports[0]',
      'spec.containers[0].ports[2]: dangerously ambiguous port definition with spec.containers[0].ports[1]',
    ],
  },
  {
    name: 'an address of the host without its port',
    given: ports([{ containerPort: 80, protocol: 'UDP', hostIP: '10.0.0.1' }]),
    expect: ['spec.containers[0].ports[0]: hostIP set without hostPort: {Name: HostPort:0 ContainerPort:80 Protocol:UDP HostIP:10.0.0.1}'],
  },
  {
    name: 'two of one name',
    given: {
      initContainers: [{ name: 'side', ports: [{ containerPort: 80, name: 'web' }] }],
      ...ports([{ containerPort: 81, name: 'web' }]),
    },
    expect: [
      'spec.containers[0].ports[0]: duplicate port name "web" with spec.initContainers[0].ports[0], services and probes that select ports by name will use spec.initContainers[0].ports[0]',
    ],
  },
]

const NO_SELECTOR = 'labelSelector: a null labelSelector results in matching no pod'
const OTHERS: Row[] = [
  {
    name: 'an alias twice',
    given: { hostAliases: [{ ip: '1.1.1.1' }, { ip: '1.1.1.1' }, { ip: '1.1.1.1' }] },
    expect: ['spec.hostAliases[1].ip: duplicate ip "1.1.1.1"', 'spec.hostAliases[2].ip: duplicate ip "1.1.1.1"'],
  },
  {
    name: 'a pull secret twice, or without a name',
    given: { imagePullSecrets: [{ name: 'a' }, { name: 'a' }, {}] },
    expect: ['spec.imagePullSecrets[1].name: duplicate name "a"', 'spec.imagePullSecrets[2].name: invalid empty name ""'],
  },
  {
    name: 'a variable that hides one, unless it builds on it',
    given: containers({
      env: [
        { name: 'a', value: 'x' },
        { name: 'a', value: 'y' },
        { name: 'a', value: '$(a)z' },
        { name: 'a', value: '$(a)' },
        { name: 'a', valueFrom: {} },
        { name: 'b' },
        { name: 'b' },
      ],
    }),
    expect: [1, 3, 4]
      .map((i) => `spec.containers[0].env[${i}]: hides previous definition of "a", which may be dropped when using apply`)
      .concat('spec.containers[0].env[6]: hides previous definition of "b", which may be dropped when using apply'),
  },
  {
    name: 'parts of bytes',
    given: {
      initContainers: [
        {
          name: 'i',
          resources: {
            limits: { memory: '4m', 'ephemeral-storage': '4m', cpu: '100m' },
            requests: { memory: '4m', 'ephemeral-storage': '4m' },
          },
        },
      ],
      overhead: { memory: '4m', 'ephemeral-storage': '1.5' },
    },
    expect: [
      'spec.overhead[memory]: fractional byte value "4m" is invalid, must be an integer',
      'spec.overhead[ephemeral-storage]: fractional byte value "1500m" is invalid, must be an integer',
      'spec.initContainers[0].resources.limits[memory]: fractional byte value "4m" is invalid, must be an integer',
      'spec.initContainers[0].resources.requests[memory]: fractional byte value "4m" is invalid, must be an integer',
      'spec.initContainers[0].resources.limits[ephemeral-storage]: fractional byte value "4m" is invalid, must be an integer',
      'spec.initContainers[0].resources.requests[ephemeral-storage]: fractional byte value "4m" is invalid, must be an integer',
    ],
  },
  {
    name: 'labels of old nodes in the selector',
    given: { nodeSelector: { 'beta.kubernetes.io/arch': 'a', 'app.kubernetes.io/created-by': 'b', fine: 'c', constructor: 'd' } },
    expect: [
      'spec.nodeSelector[beta.kubernetes.io/arch]: deprecated since v1.14; use "kubernetes.io/arch" instead',
      'spec.nodeSelector[app.kubernetes.io/created-by]: deprecated since v1.9',
    ],
  },
  {
    name: 'labels of old nodes in affinity, and values no node can have',
    given: {
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [term('fine', '-1'), term('node-role.kubernetes.io/master')],
          },
          preferredDuringSchedulingIgnoredDuringExecution: [
            { weight: 1, preference: term('failure-domain.beta.kubernetes.io/zone') },
            { weight: 1, preference: term('fine', '-1') },
          ],
        },
      },
    },
    expect: [
      'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[1].matchExpressions[0].key: node-role.kubernetes.io/master is use "node-role.kubernetes.io/control-plane" instead',
      'spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].preference.matchExpressions[0].key: failure-domain.beta.kubernetes.io/zone is deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
      "spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[1].preference.matchExpressions[0].values[0]: -1 is invalid, a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
    ],
  },
  {
    name: 'a spread over old labels, of no pods',
    given: { topologySpreadConstraints: [{ topologyKey: 'beta.kubernetes.io/os', maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule' }] },
    expect: [
      'spec.topologySpreadConstraints[0].topologyKey: beta.kubernetes.io/os is deprecated since v1.14; use "kubernetes.io/os" instead',
      `spec.topologySpreadConstraints[0].${NO_SELECTOR}`,
    ],
  },
  {
    name: 'affinity to no pods',
    given: {
      affinity: {
        podAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'x', labelSelector: {} }, { topologyKey: 'x' }],
          preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: { topologyKey: 'x' } }],
        },
        podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'x' }] },
      },
    },
    expect: [
      `spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[1].${NO_SELECTOR}`,
      `spec.affinity.podAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].podAffinityTerm.${NO_SELECTOR}`,
      `spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].${NO_SELECTOR}`,
    ],
  },
  {
    name: 'annotations that do nothing any more',
    annotations: {
      foo: 'bar',
      'scheduler.alpha.kubernetes.io/critical-pod': 'true',
      'security.alpha.kubernetes.io/sysctls': 'true',
      'security.alpha.kubernetes.io/unsafe-sysctls': 'true',
      'seccomp.security.alpha.kubernetes.io/pod': 'runtime/default',
      'container.seccomp.security.alpha.kubernetes.io/c0': 'runtime/default',
      'container.seccomp.security.alpha.kubernetes.io/other': 'runtime/default',
    },
    given: containers({}),
    expect: [
      'metadata.annotations[scheduler.alpha.kubernetes.io/critical-pod]: non-functional in v1.16+; use the "priorityClassName" field instead',
      'metadata.annotations[security.alpha.kubernetes.io/sysctls]: non-functional in v1.11+; use the "sysctls" field instead',
      'metadata.annotations[security.alpha.kubernetes.io/unsafe-sysctls]: non-functional in v1.11+; use the "sysctls" field instead',
      'metadata.annotations[seccomp.security.alpha.kubernetes.io/pod]: non-functional in v1.27+; use the "seccompProfile" field instead',
      'metadata.annotations[container.seccomp.security.alpha.kubernetes.io/c0]: non-functional in v1.27+; use the "seccompProfile" field instead',
    ],
  },
  {
    name: 'seccomp by annotation and field',
    annotations: { 'seccomp.security.alpha.kubernetes.io/pod': 'x', 'container.seccomp.security.alpha.kubernetes.io/c0': 'x' },
    given: {
      securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
      ...containers({ securityContext: { seccompProfile: { type: 'RuntimeDefault' } } }),
    },
    expect: [],
  },
  {
    name: 'less than no patience',
    given: { terminationGracePeriodSeconds: -1 },
    expect: ['spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1'],
  },
  {
    name: 'addresses that others read differently',
    given: { dnsConfig: { nameservers: ['1.2.3.4', '05.06.07.08'] }, hostAliases: [{ ip: '::ffff:1.2.3.4' }] },
    expect: [
      'spec.dnsConfig.nameservers[1]: non-standard IP address "05.06.07.08" is invalid: use "5.6.7.8"',
      'spec.hostAliases[0].ip: non-standard IP address "::ffff:1.2.3.4" is invalid: use "1.2.3.4"',
    ],
  },
]

const pod = ({ annotations, given }: Pick<Row, 'annotations' | 'given'>, name = 'web') =>
  ({ metadata: { name, annotations }, spec: { containers: [], ...given } }) as unknown as Pod

describe('what a client is told of its Pod', () => {
  it.each(VOLUMES)('volume: $name', (row) => {
    expect(podWarnings(pod(row))).toEqual(row.expect.map((text) => `spec.volumes[0].${text}`))
  })
  it.each(OVERLAPS)('files in one place: $name', (row) => {
    expect(podWarnings(pod(row))).toEqual(row.expect)
  })
  it.each(PORTS)('ports: $name', (row) => {
    expect(podWarnings(pod(row))).toEqual(row.expect)
  })
  it.each(OTHERS)('$name', (row) => {
    expect(podWarnings(pod(row))).toEqual(row.expect)
  })
  it('and of a template the same, with its path', () => {
    const texts = podTemplateWarnings({ metadata: {}, spec: { containers: [], terminationGracePeriodSeconds: -1 } }, 'spec.template')
    expect(texts).toEqual([
      'spec.template.spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1',
    ])
  })
  it('its name is a host name', () => {
    const advice = "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended"
    expect(podWarnings(pod({ given: {} }, 'a.b'))).toEqual([`${advice}: [must not contain dots]`])
    expect(podWarnings(pod({ given: {} }, `${'a'.repeat(40)}.${'b'.repeat(40)}`))).toEqual([
      `${advice}: [must be no more than 63 characters must not contain dots]`,
    ])
  })
})

describe('AppArmor annotations of templates', () => {
  const key = 'container.apparmor.security.beta.kubernetes.io/c0'
  const told = [`template.metadata.annotations[${key}]: deprecated since v1.30; use the "appArmorProfile" field instead`]
  it.each<{ name: string; value: string; given: Partial<PodSpec>; expect: string[] }>([
    { name: 'alone', value: 'unconfined', given: containers({}), expect: told },
    {
      name: 'as the pod says',
      value: 'unconfined',
      given: { securityContext: { appArmorProfile: { type: 'Unconfined' } }, ...containers({}) },
      expect: [],
    },
    {
      name: 'other than the pod says',
      value: 'localhost/foo',
      given: { securityContext: { appArmorProfile: { type: 'Localhost', localhostProfile: 'bar' } }, ...containers({}) },
      expect: told,
    },
    {
      name: 'beside the field',
      value: 'unconfined',
      given: containers({ securityContext: { appArmorProfile: { type: 'Unconfined' } } }),
      expect: [],
    },
  ])('$name', ({ value, given, expect: expected }) => {
    const row = pod({ annotations: { [key]: value }, given })
    expect(podTemplateWarnings(row, 'template')).toEqual(expected)
    // Of a Pod it is said while its fields are filled in.
    expect(podWarnings(row)).toEqual([])
  })
})
