import { describe, expect, test } from 'vitest'
import { pod } from '../../src/api/core/v1/pod.ts'
import { setPodDefaults } from '../../src/api/core/v1/pod-defaults.ts'
import { setPodTemplateDefaults, validatePodTemplate } from '../../src/api/core/v1/pod-template.ts'
import { fieldErrorText } from '../../src/api/meta/field-error.ts'
import type { Pod, PodSpec } from '../../src/api/types.gen.ts'

const CONTAINER = { name: 'ctr', image: 'image:1' }
const LABEL =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"

function faults(spec: object, metadata: object = {}): string[] {
  const object: Pod = {
    metadata: { name: 'abc', namespace: 'ns', uid: '', resourceVersion: '', creationTimestamp: '', ...metadata },
    spec: { containers: [CONTAINER], ...(structuredClone(spec) as Partial<PodSpec>) },
  }
  setPodDefaults(object)
  return pod.validate!(object).map(fieldErrorText)
}

const ofContainer = (container: object): string[] => faults({ containers: [{ ...CONTAINER, ...container }] })

describe('pods that are fine', () => {
  test.each<[string, object]>([
    ['the least', {}],
    [
      'one with everything',
      {
        volumes: [
          { name: 'data', persistentVolumeClaim: { claimName: 'c' } },
          { name: 'conf', configMap: { name: 'c', items: [{ key: 'a', path: 'b/c' }] } },
          { name: 'tmp', emptyDir: {} },
          {
            name: 'all',
            projected: {
              sources: [
                { serviceAccountToken: { path: 'token' } },
                { configMap: { name: 'ca', items: [{ key: 'a', path: 'a' }] } },
                { downwardAPI: { items: [{ path: 'ns', fieldRef: { fieldPath: 'metadata.namespace' } }] } },
              ],
            },
          },
        ],
        serviceAccountName: 'acct',
        initContainers: [
          { name: 'init', image: 'a' },
          { name: 'sidecar', image: 'a', restartPolicy: 'Always', readinessProbe: { tcpSocket: { port: 1 } } },
        ],
        containers: [
          {
            ...CONTAINER,
            env: [
              { name: 'A.b-c', value: 'x' },
              { name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
              { name: 'L', valueFrom: { fieldRef: { fieldPath: "metadata.labels['a/b']" } } },
              { name: 'C', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '1m' } } },
            ],
            ports: [{ name: 'http', containerPort: 80 }],
            volumeMounts: [
              { name: 'data', mountPath: '/data', subPath: 'a/b' },
              { name: 'tmp', mountPath: '/tmp' },
            ],
            livenessProbe: { exec: { command: ['true'] } },
            lifecycle: { preStop: { sleep: { seconds: 3 } } },
            resources: { limits: { cpu: '1', 'example.com/gpu': '2' }, requests: { cpu: '500m', 'example.com/gpu': '2' } },
          },
        ],
        tolerations: [{ operator: 'Exists' }, { key: 'a', value: 'b', effect: 'NoExecute', tolerationSeconds: 3 }],
        affinity: {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: {
              nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'In', values: ['b'] }] }],
            },
          },
          podAntiAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: [
              { labelSelector: { matchLabels: { a: 'b' } }, topologyKey: 'kubernetes.io/hostname' },
            ],
          },
        },
        topologySpreadConstraints: [
          { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', labelSelector: { matchLabels: { a: 'b' } } },
        ],
        hostAliases: [{ ip: '1.2.3.4', hostnames: ['host1'] }],
        dnsConfig: { nameservers: ['127.0.0.1'], searches: ['svc.local.', '_a.b'], options: [{ name: 'ndots', value: '5' }] },
      },
    ],
    [
      'one whose containers restart by rules',
      {
        restartPolicy: 'Never',
        containers: [
          {
            ...CONTAINER,
            restartPolicy: 'Never',
            restartPolicyRules: [{ action: 'Restart', exitCodes: { operator: 'In', values: [3] } }],
          },
        ],
      },
    ],
  ])('%s', (_, spec) => {
    expect(faults(spec)).toEqual([])
  })
})

describe('faults of the spec', () => {
  test.each<[string, object, string[]]>([
    ['no containers', { containers: [] }, ['spec.containers: Required value']],
    [
      'restart policy',
      { restartPolicy: 'Sometimes' },
      ['spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"'],
    ],
    [
      'DNS policy',
      { dnsPolicy: 'x' },
      ['spec.dnsPolicy: Unsupported value: "x": supported values: "ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"'],
    ],
    ['DNS of none', { dnsPolicy: 'None' }, ['spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None']],
    [
      'name servers',
      { dnsConfig: { nameservers: ['invalid'] } },
      ['spec.dnsConfig.nameservers[0]: Invalid value: "invalid": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'],
    ],
    [
      'deadline',
      { activeDeadlineSeconds: 0 },
      ['spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive'],
    ],
    ['host name', { hostname: 'A' }, [`spec.hostname: Invalid value: "A": ${LABEL}`]],
    [
      'toleration without key',
      { tolerations: [{ operator: 'Equal', value: 'a' }] },
      [
        'spec.tolerations[0].operator: Invalid value: "Equal": operator must be Exists when `key` is empty, which means "match all values and all keys"',
      ],
    ],
    [
      'toleration seconds',
      { tolerations: [{ key: 'a', operator: 'Exists', effect: 'NoSchedule', tolerationSeconds: 1 }] },
      ['spec.tolerations[0].effect: Invalid value: "NoSchedule": effect must be \'NoExecute\' when `tolerationSeconds` is set'],
    ],
    [
      'toleration operator',
      { tolerations: [{ key: 'a', operator: 'In' }] },
      ['spec.tolerations[0].operator: Unsupported value: "In": supported values: "Equal", "Exists"'],
    ],
    [
      'gates, twice and with a node',
      { nodeName: 'n', schedulingGates: [{ name: 'a' }, { name: 'a' }] },
      [
        'spec.schedulingGates[1]: Duplicate value: "a"',
        'spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared',
      ],
    ],
    [
      'spread',
      { topologySpreadConstraints: [{ maxSkew: 0, topologyKey: '', whenUnsatisfiable: 'x', minDomains: 1 }] },
      [
        'spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero',
        'spec.topologySpreadConstraints[0].topologyKey: Required value: can not be empty',
        'spec.topologySpreadConstraints[0].whenUnsatisfiable: Unsupported value: "x": supported values: "DoNotSchedule", "ScheduleAnyway"',
        'spec.topologySpreadConstraints[0].minDomains: Invalid value: 1: can only use minDomains if whenUnsatisfiable=DoNotSchedule, not x',
      ],
    ],
    [
      'node affinity',
      {
        affinity: {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] },
            preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 101, preference: { matchFields: [{ key: 'x', operator: 'In' }] } }],
          },
        },
      },
      [
        'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms: Required value: must have at least one node selector term',
        'spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight: Invalid value: 101: must be in the range 1-100',
        "spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].preference.matchFields[0].values: Required value: must be only one value when `operator` is 'In' or 'NotIn' for node field selector",
        'spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].preference.matchFields[0].key: Invalid value: "x": not a valid field selector key',
      ],
    ],
    [
      'host network ports',
      { hostNetwork: true, containers: [{ ...CONTAINER, ports: [{ containerPort: 80, hostPort: 81 }] }] },
      ['spec.containers[0].ports[0].hostPort: Invalid value: 81: must match `containerPort` when `hostNetwork` is true'],
    ],
    ['host users', { hostUsers: false, hostPID: true }, ['spec.HostPID: Forbidden: when `hostUsers` is false']],
    [
      'host users and block devices',
      {
        hostUsers: false,
        volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'c' } }],
        containers: [{ ...CONTAINER, volumeDevices: [{ name: 'v', devicePath: '/dev/v' }] }],
      },
      ['spec.containers[0].volumeDevices: Forbidden: when `hostUsers` is false'],
    ],
    [
      'a host name of its own',
      { hostnameOverride: `${'a'.repeat(60)}.bcde`, hostNetwork: true, setHostnameAsFQDN: true },
      [
        'spec.hostnameOverride: Forbidden: may not be specified when setHostnameAsFQDN is true',
        'spec.hostnameOverride: Forbidden: may not be specified when hostNetwork is true',
        'spec.hostnameOverride: Too long: may not be more than 64 bytes',
      ],
    ],
    [
      'no runtime class by name',
      { runtimeClassName: '' },
      [expect.stringMatching(/^spec\.runtimeClassName: Invalid value: "": a lowercase RFC 1123 subdomain/) as unknown as string],
    ],
    [
      'tolerations that compare',
      { tolerations: [{ key: 'a', operator: 'Gt', value: '1' }] },
      ['spec.tolerations[0].operator: Unsupported value: "Gt": supported values: "Equal", "Exists", "Lt", "Gt"'],
    ],
    [
      'label keys of a spread without a selector',
      { topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'z', whenUnsatisfiable: 'DoNotSchedule', matchLabelKeys: ['a b'] }] },
      ['spec.topologySpreadConstraints[0].matchLabelKeys: Forbidden: must not be specified when labelSelector is not set'],
    ],
    [
      'label keys of a spread that its selector has',
      {
        topologySpreadConstraints: [
          {
            maxSkew: 1,
            topologyKey: 'z',
            whenUnsatisfiable: 'DoNotSchedule',
            matchLabelKeys: ['a'],
            labelSelector: { matchLabels: { a: 'b' }, matchExpressions: [{ key: 'a', operator: 'In', values: ['b'] }] },
          },
        ],
      },
      ['spec.topologySpreadConstraints[0][0]: Invalid value: "a": exists in both matchLabelKeys and labelSelector'],
    ],
    [
      'an env file elsewhere than in an emptyDir',
      {
        volumes: [{ name: 'v', configMap: { name: 'c' } }],
        containers: [
          {
            ...CONTAINER,
            env: [
              { name: 'A', valueFrom: { fileKeyRef: { volumeName: 'v', path: '/f', key: 'K' } } },
              { name: 'B', valueFrom: { fileKeyRef: { volumeName: 'x', path: '../f', key: 'K' } } },
            ],
          },
        ],
      },
      [
        'spec.containers[0].env[1].valueFrom.fileKeyRef.path: Invalid value: "../f": must not contain \'..\'',
        'spec.containers[0].env[0].valueFrom.fileKeyRef.volumeName: Invalid value: "v": referenced volume must be of type emptyDir',
        'spec.containers[0].env[1].valueFrom.fileKeyRef.volumeName: Not found: "x"',
      ],
    ],
    [
      'an init container that a resize would restart',
      {
        initContainers: [
          { ...CONTAINER, name: 'i', resizePolicy: [{ resourceName: 'cpu', restartPolicy: 'RestartContainer' }] },
          { ...CONTAINER, name: 's', restartPolicy: 'Always', resizePolicy: [{ resourceName: 'cpu', restartPolicy: 'RestartContainer' }] },
        ],
      },
      [
        'spec.initContainers[0].resizePolicy[0].restartPolicy: Invalid value: "RestartContainer": must not be set to \'RestartContainer\' for non-sidecar initContainers',
      ],
    ],
    [
      'claims and huge pages of the pod',
      {
        resources: { claims: [], requests: { cpu: '1', 'hugepages-2Mi': '2Mi' }, limits: { cpu: '1', 'hugepages-2Mi': '2Mi' } },
        containers: [
          { ...CONTAINER, resources: { requests: { cpu: '1', 'hugepages-2Mi': '4Mi' }, limits: { cpu: '1', 'hugepages-2Mi': '4Mi' } } },
        ],
      },
      [
        'spec.resources.claims: Forbidden: claims may not be set for Resources at pod-level',
        'spec.resources.requests[hugepages-2Mi]: Invalid value: "2Mi": must be greater than or equal to aggregate container requests of 4Mi',
        'spec.resources.limits[hugepages-2Mi]: Invalid value: "2Mi": must be greater than or equal to aggregate container limits of 4Mi',
        'spec.resources.containers[0][hugepages-2Mi].limits: Invalid value: "4Mi": must be less than or equal to pod limits of 2Mi',
      ],
    ],
    [
      'resources of a Windows pod',
      { os: { name: 'windows' }, resources: { limits: { cpu: '1' } } },
      ['spec.resources: Forbidden: may not be set for a windows pod'],
    ],
    [
      'a value from nowhere',
      { containers: [{ ...CONTAINER, env: [{ name: 'A', valueFrom: {} }] }] },
      [
        'spec.containers[0].env[0].valueFrom: Invalid value: "": must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`',
      ],
    ],
    [
      'ephemeral containers',
      { ephemeralContainers: [{ name: 'e', image: 'i', terminationMessagePolicy: 'File' }] },
      ['spec.ephemeralContainers: Forbidden: cannot be set on create'],
    ],
    ['overhead', { overhead: { cpu: '-1' } }, ['spec.overhead.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0']],
    [
      'security context',
      { securityContext: { runAsUser: -1, seccompProfile: { type: 'Localhost' } } },
      [
        'spec.securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive',
        'spec.securityContext.seccompProfile.localhostProfile: Required value: must be set when seccomp type is Localhost',
      ],
    ],
    [
      'windows',
      { os: { name: 'windows' }, securityContext: { fsGroup: 1 } },
      ['spec.securityContext.fsGroup: Forbidden: cannot be set for a windows pod'],
    ],
    [
      'pod-level requests below the containers’',
      {
        resources: { requests: { cpu: '1' } },
        containers: [{ ...CONTAINER, resources: { requests: { cpu: '2' } } }],
      },
      ['spec.resources.requests[cpu]: Invalid value: "1": must be greater than or equal to aggregate container requests of 2'],
    ],
  ])('%s', (_, spec, expected) => {
    expect(faults(spec)).toEqual(expected)
  })
})

describe('faults of volumes', () => {
  test.each<[object, string[]]>([
    [
      { name: 'v', emptyDir: {}, hostPath: { path: '/a' } },
      ['spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type'],
    ],
    [{ emptyDir: {} }, ['spec.volumes[0].name: Required value']],
    [{ name: 'a.b' }, ['spec.volumes[0].name: Invalid value: "a.b": must not contain dots']],
    [{ name: 'v', hostPath: { path: '/a/../b' } }, ['spec.volumes[0].hostPath.path: Invalid value: "/a/../b": must not contain \'..\'']],
    [
      { name: 'v', configMap: { name: '', defaultMode: 0o1000, items: [{ key: '', path: '/x' }] } },
      [
        'spec.volumes[0].configMap.name: Required value',
        'spec.volumes[0].configMap.defaultMode: Invalid value: 512: must be a number between 0 and 0777 (octal), both inclusive',
        'spec.volumes[0].configMap.items[0].key: Required value',
        'spec.volumes[0].configMap.items[0].path: Invalid value: "/x": must be a relative path',
      ],
    ],
    [{ name: 'v', persistentVolumeClaim: { claimName: '' } }, ['spec.volumes[0].persistentVolumeClaim.claimName: Required value']],
    [
      { name: 'v', projected: { sources: [{ serviceAccountToken: { path: 't', expirationSeconds: 5 } }] } },
      [
        'spec.volumes[0].projected.sources[0].serviceAccountToken.expirationSeconds: Invalid value: 5: may not specify a duration less than 10 minutes',
        'spec.volumes[0].projected.sources[0].serviceAccountToken: Forbidden: must not be specified when serviceAccountName is not set',
      ],
    ],
    [
      { name: 'v', nfs: { server: '', path: 'a' } },
      ['spec.volumes[0].nfs.server: Required value', 'spec.volumes[0].nfs.path: Invalid value: "a": must be an absolute path'],
    ],
    [
      { name: 'v', ephemeral: { volumeClaimTemplate: { metadata: { name: 'x' }, spec: { accessModes: ['ReadWriteOnce'] } } } },
      [
        'spec.volumes[0].ephemeral.volumeClaimTemplate.metadata.name: Forbidden: cannot be set',
        'spec.volumes[0].ephemeral.volumeClaimTemplate.spec.resources[storage]: Required value',
      ],
    ],
  ])('%j', (volume, expected) => {
    expect(faults({ volumes: [volume] })).toEqual(expected)
  })
})

describe('faults of containers', () => {
  test.each<[string, object, string[]]>([
    ['no name', { name: '' }, ['spec.containers[0].name: Required value']],
    ['name', { name: 'Abc' }, [`spec.containers[0].name: Invalid value: "Abc": ${LABEL}`]],
    ['no image', { image: '' }, ['spec.containers[0].image: Required value']],
    ['padded image', { image: ' a' }, ['spec.containers[0].image: Invalid value: " a": must not have leading or trailing whitespace']],
    [
      'pull policy',
      { imagePullPolicy: 'Now' },
      ['spec.containers[0].imagePullPolicy: Unsupported value: "Now": supported values: "Always", "IfNotPresent", "Never"'],
    ],
    [
      'ports',
      { ports: [{ containerPort: 0 }, { containerPort: 65536 }, { name: '-a', containerPort: 1, protocol: 'x' }] },
      [
        'spec.containers[0].ports[0].containerPort: Required value',
        'spec.containers[0].ports[1].containerPort: Invalid value: 65536: must be between 1 and 65535, inclusive',
        'spec.containers[0].ports[2].name: Invalid value: "-a": must not begin or end with a hyphen',
        'spec.containers[0].ports[2].protocol: Unsupported value: "x": supported values: "SCTP", "TCP", "UDP"',
      ],
    ],
    [
      'host ports twice',
      {
        ports: [
          { containerPort: 1, hostPort: 5 },
          { containerPort: 2, hostPort: 5 },
        ],
      },
      ['spec.containers[0].ports[1].hostPort: Duplicate value: "TCP//5"'],
    ],
    [
      'env',
      {
        env: [
          { name: '' },
          { name: 'a=b' },
          { name: 'C', value: 'x', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } },
          { name: 'D', valueFrom: { fieldRef: { fieldPath: 'metadata.whoops' } } },
          { name: 'E', valueFrom: { fieldRef: { fieldPath: 'metadata.labels' } } },
        ],
      },
      [
        'spec.containers[0].env[0].name: Required value',
        'spec.containers[0].env[1].name: Invalid value: "a=b": a valid environment variable name must consist only of printable ASCII characters other than \'=\'',
        'spec.containers[0].env[2].valueFrom: Invalid value: "": may not be specified when `value` is not empty',
        'spec.containers[0].env[3].valueFrom.fieldRef.fieldPath: Invalid value: "metadata.whoops": error converting fieldPath: field label not supported: metadata.whoops',
        'spec.containers[0].env[4].valueFrom.fieldRef.fieldPath: Unsupported value: "metadata.labels": supported values: "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"',
      ],
    ],
    ['mount of nothing', { volumeMounts: [{ name: 'x', mountPath: '/x' }] }, ['spec.containers[0].volumeMounts[0].name: Not found: "x"']],
    [
      'requests above limits',
      { resources: { limits: { cpu: '1' }, requests: { cpu: '2' } } },
      ['spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1'],
    ],
    [
      'resource names',
      { resources: { limits: { disk: '1', 'example.com/a': '0.5' } } },
      [
        'spec.containers[0].resources.limits[disk]: Invalid value: "disk": must be a standard resource type or fully qualified',
        'spec.containers[0].resources.limits[disk]: Invalid value: "disk": must be a standard resource for containers',
        'spec.containers[0].resources.limits[example.com/a]: Invalid value: "500m": must be an integer',
        'spec.containers[0].resources.requests[disk]: Invalid value: "disk": must be a standard resource type or fully qualified',
        'spec.containers[0].resources.requests[disk]: Invalid value: "disk": must be a standard resource for containers',
        'spec.containers[0].resources.requests[example.com/a]: Invalid value: "500m": must be an integer',
      ],
    ],
    [
      'probes',
      { livenessProbe: { successThreshold: 2, tcpSocket: { port: 0 } }, readinessProbe: {} },
      [
        'spec.containers[0].livenessProbe.tcpSocket.port: Invalid value: 0: must be between 1 and 65535, inclusive',
        'spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1',
        'spec.containers[0].readinessProbe: Required value: must specify a handler type',
      ],
    ],
    [
      'two handlers',
      { livenessProbe: { exec: { command: ['a'] }, tcpSocket: { port: 1 } } },
      ['spec.containers[0].livenessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type'],
    ],
    [
      'a sleep beyond the grace period',
      { lifecycle: { preStop: { sleep: { seconds: 31 } } } },
      [
        'spec.containers[0].lifecycle.preStop.sleep: Invalid value: 31: must be non-negative and less than terminationGracePeriodSeconds (30)',
      ],
    ],
    [
      'restart rules without a policy',
      { restartPolicyRules: [{ action: 'x', exitCodes: { operator: 'In', values: [1] } }] },
      [
        'spec.containers[0].restartPolicy: Required value: must specify restartPolicy when restart rules are used',
        'spec.containers[0].restartPolicyRules[0].action: Unsupported value: "x": supported values: "Restart", "RestartAllContainers"',
      ],
    ],
    [
      'privilege',
      { securityContext: { privileged: true, allowPrivilegeEscalation: false } },
      [
        'spec.containers[0].securityContext: Invalid value: {"privileged":true,"allowPrivilegeEscalation":false}: cannot set `allowPrivilegeEscalation` to false and `privileged` to true',
      ],
    ],
  ])('%s', (_, container, expected) => {
    expect(ofContainer(container)).toEqual(expected)
  })

  test('names twice', () => {
    expect(faults({ containers: [CONTAINER, CONTAINER] })).toEqual(['spec.containers[1].name: Duplicate value: "ctr"'])
    expect(faults({ initContainers: [CONTAINER] })).toEqual(['spec.initContainers[0].name: Duplicate value: "ctr"'])
  })

  test('an init container stays up only as a sidecar', () => {
    const probe = { exec: { command: ['true'] } }
    expect(faults({ initContainers: [{ name: 'i', image: 'a', startupProbe: probe }] })).toEqual([
      'spec.initContainers[0].startupProbe: Forbidden: may not be set for init containers without restartPolicy=Always',
    ])
  })

  test('mounts', () => {
    const volumes = [{ name: 'v', emptyDir: {} }]
    const mounts = (volumeMounts: object[]): string[] => faults({ volumes, containers: [{ ...CONTAINER, volumeMounts }] })
    expect(
      mounts([
        { name: 'v', mountPath: '/a' },
        { name: 'v', mountPath: '/a' },
      ]),
    ).toEqual(['spec.containers[0].volumeMounts[1].mountPath: Invalid value: "/a": must be unique'])
    expect(mounts([{ name: 'v', mountPath: '/a', subPath: '../b' }])).toEqual([
      'spec.containers[0].volumeMounts.subPath: Invalid value: "../b": must not contain \'..\'',
    ])
    expect(mounts([{ name: 'v', mountPath: '/a', mountPropagation: 'Bidirectional' }])).toEqual([
      'spec.containers[0].volumeMounts.mountPropagation: Forbidden: Bidirectional mount propagation is available only to privileged containers',
    ])
  })
})

test('annotations that mean something', () => {
  expect(faults({}, { annotations: { 'controller.kubernetes.io/pod-deletion-cost': 'text' } })).toEqual([
    'metadata.annotations[controller.kubernetes.io/pod-deletion-cost]: Invalid value: "text": must be a 32bit integer',
  ])
  expect(faults({}, { annotations: { 'kubernetes.io/config.mirror': 'x' } })).toEqual([
    'metadata.annotations[kubernetes.io/config.mirror]: Invalid value: "x": must set spec.nodeName if mirror pod annotation is set',
  ])
})

test('a template is checked where it stands, labels included', () => {
  const template = {
    metadata: { labels: { 'a b': 'c' } },
    spec: {
      containers: [
        { name: 'a', image: ' padded ' },
        { name: 'a', image: 'b' },
      ],
    },
  }
  setPodTemplateDefaults(template)
  const texts = validatePodTemplate(template, 'spec.template').map(fieldErrorText)
  expect(texts[0]).toMatch(/^spec\.template\.labels: Invalid value: "a b": name part must consist of/)
  expect(texts.slice(1)).toEqual(['spec.template.spec.containers[1].name: Duplicate value: "a"'])
})
