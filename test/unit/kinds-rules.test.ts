import { describe, expect, it } from 'vitest'
import { validateEphemeralContainersUpdate } from '../../src/api/core/v1/pod-ephemeral-update.ts'
import { fieldErrorText } from '../../src/api/meta/field-error.ts'
import type { EphemeralContainer, Pod } from '../../src/api/types.gen.ts'
import { created, statused, updated } from '../support/refusals.ts'
import { TEMPLATE } from '../support/samples.ts'

interface Row {
  readonly name: string
  readonly kind: string
  readonly given: object
  readonly expect: string[]
}

const AVOID = 'scheduler.alpha.kubernetes.io/preferAvoidPods'
const TAINTS = 'scheduler.alpha.kubernetes.io/taints'
const node = (name: string, key: string, value: unknown, expected: string[]): Row => ({
  name,
  kind: 'v1/nodes',
  given: { metadata: { annotations: { [key]: typeof value === 'string' ? value : JSON.stringify(value) } } },
  expect: expected,
})
const avoided = (podSignature: object) => ({ preferAvoidPods: [{ podSignature, reason: 'r', message: 'm' }] })

const NODES: Row[] = [
  node(
    'a controller to avoid',
    AVOID,
    avoided({ podController: { apiVersion: 'v1', kind: 'Job', name: 'a', uid: 'u', controller: true } }),
    [],
  ),
  node('an empty annotation', AVOID, '', []),
  node('nothing to avoid', AVOID, {}, []),
  node('no controller', AVOID, avoided({}), [`metadata.annotations.${AVOID}[0].PodSignature: Required value`]),
  node('an owner that controls nothing', AVOID, avoided({ podController: { kind: 'Job', controller: false } }), [
    `metadata.annotations.${AVOID}[0].PodSignature.PodController.Controller: Invalid value: false: must point to a controller`,
  ]),
  node('no JSON', AVOID, 'x', [
    `metadata.annotations.AvoidPods: Invalid value: "${AVOID}": invalid character 'x' looking for beginning of value`,
  ]),
  node(
    'JSON of another type',
    AVOID,
    [],
    [`metadata.annotations.AvoidPods: Invalid value: "${AVOID}": json: cannot unmarshal array into Go value of type v1.AvoidPods`],
  ),
  node('taints', TAINTS, [{ key: 'a', value: 'b', effect: 'NoSchedule' }], []),
  node('a taint without an effect', TAINTS, [{ key: 'a' }], [`metadata.annotations.${TAINTS}[0].effect: Required value`]),
  node('taints that are no list', TAINTS, {}, [
    `metadata.annotations: Invalid value: "${TAINTS}": json: cannot unmarshal object into Go value of type []core.Taint`,
  ]),
]

const volume = (name: string, source: object, expected: string[], metadata: object = {}): Row => ({
  name,
  kind: 'v1/persistentvolumes',
  given: { metadata, spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], ...source } },
  expect: expected,
})
const glusterfs = (endpointsNamespace: string) => ({ glusterfs: { endpoints: 'e', path: '/p', endpointsNamespace } })
const iscsi = (fields: object) => ({ iscsi: { targetPortal: '10.0.0.1:3260', iqn: 'iqn.2015-02.example.com:test', lun: 1, ...fields } })
const INITIATOR = 'iqn.2015-02.example.com:init'

const VOLUMES: Row[] = [
  volume('endpoints elsewhere', glusterfs('ns'), []),
  volume('endpoints nowhere', glusterfs(''), [
    'spec.glusterfs.endpointsNamespace: Invalid value: "": if the endpointnamespace is set, it must be a valid namespace name',
  ]),
  volume('endpoints where nothing can be', glusterfs('a.b'), [
    'spec.glusterfs.endpointsNamespace: Invalid value: "a.b": must not contain dots',
  ]),
  ...['cinder', 'storageos'].map((system) =>
    volume(`a secret of ${system} that isn't said where it is`, { [system]: { volumeID: 'v', volumeName: 'v', secretRef: {} } }, [
      `spec.${system}.secretRef.name: Required value`,
      `spec.${system}.secretRef.namespace: Required value`,
    ]),
  ),
  volume('a secret in no namespace', { azureFile: { secretName: 's', shareName: 's', secretNamespace: '' } }, [
    'spec.azureFile.secretNamespace: Required value',
  ]),
  volume('an initiator', iscsi({ initiatorName: INITIATOR }), []),
  volume(
    'an initiator and a long name',
    iscsi({ initiatorName: INITIATOR }),
    [
      'spec.iscsi.targetportal: Invalid value: "10.0.0.1:3260": Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.',
    ],
    { name: 'v'.repeat(60) },
  ),
  volume('an initiator of no known form', iscsi({ initiatorName: 'x' }), [
    'spec.iscsi.initiatorname: Invalid value: "x": must be valid format',
  ]),
  volume('a secret without a name', iscsi({ chapAuthSession: true, secretRef: {} }), ['spec.iscsi.secretRef.name: Required value']),
]

const env = (fieldPath: string) => ({ env: [{ name: 'a', valueFrom: { fieldRef: { fieldPath } } }] })
const podOf = (name: string, container: object, expected: string[]): Row => ({
  name,
  kind: 'v1/pods',
  given: { spec: { containers: [{ ...TEMPLATE.spec.containers[0], ...container }] } },
  expect: expected,
})
const FIELD = 'spec.containers[0].env[0].valueFrom.fieldRef.fieldPath'

const OTHERS: Row[] = [
  podOf('a label of its own', env("metadata.labels['a']"), []),
  podOf('a part of what has none', env("metadata.name['a']"), [
    `${FIELD}: Invalid value: "metadata.name['a']": error converting fieldPath: field label does not support subscript: metadata.name['a']`,
  ]),
  podOf('a part of nothing', env("nope['a']"), [
    `${FIELD}: Invalid value: "nope['a']": error converting fieldPath: field label does not support subscript: nope['a']`,
  ]),
  podOf('nothing', env('nope'), [`${FIELD}: Invalid value: "nope": error converting fieldPath: field label not supported: nope`]),
  ...[
    { name: 'a revision to go back to', to: '3', expect: [] },
    { name: 'the last revision', to: '0', expect: [] },
    {
      name: 'a revision before the first',
      to: '-3',
      expect: ['spec.rollback.version: Invalid value: -3: must be greater than or equal to 0'],
    },
  ].map(
    ({ name, to, expect }): Row => ({
      name,
      kind: 'apps/v1/deployments',
      given: {
        metadata: { annotations: { 'deprecated.deployment.rollback.to': to } },
        spec: { selector: { matchLabels: { app: 'sample' } }, template: TEMPLATE },
      },
      expect,
    }),
  ),
]

describe.each([
  ['nodes', NODES],
  ['volumes', VOLUMES],
  ['others', OTHERS],
] as const)('what a new object may say: %s', (_family, rows) => {
  it.each(rows)('$kind: $name', ({ kind, given, expect: expected }) => {
    expect(created(kind, given)).toEqual(expected)
  })
})

describe('annotations of nodes are looked at whenever a node changes', () => {
  const bad = { metadata: { annotations: { [AVOID]: JSON.stringify(avoided({})) } } }
  const told = `metadata.annotations.${AVOID}[0].PodSignature: Required value`
  it('through its status too', () => expect(statused('v1/nodes', bad, bad)).toEqual([told]))
  it('and by an update twice', () => expect(updated('v1/nodes', bad, bad)).toEqual([told, told]))
})

describe('the status of a Pod', () => {
  const pod = (status: object) => ({ spec: { ...TEMPLATE.spec, resourceClaims: [{ name: 'c', resourceClaimName: 'x' }] }, status })
  it.each([
    {
      name: 'a claim whose name is none',
      given: { resourceClaimStatuses: [{ name: 'c', resourceClaimName: 'a_b' }] },
      expect: [
        expect.stringMatching(
          /^status\.resourceClaimStatuses\[0\]\.resourceClaimName: Invalid value: "a_b": a lowercase RFC 1123 subdomain/,
        ),
      ],
    },
    {
      name: 'claims it has not, and twice',
      given: { resourceClaimStatuses: [{ name: 'x' }, { name: 'c' }, { name: 'c' }] },
      expect: [
        'status.resourceClaimStatuses[0].name: Invalid value: "x": must match the name of an entry in `spec.resourceClaims`',
        'status.resourceClaimStatuses[2].name: Duplicate value: "c"',
      ],
    },
    { name: 'a user of whom nothing is said is root', given: { containerStatuses: [{ name: 'main', user: { linux: {} } }] }, expect: [] },
    {
      name: 'a user there can not be',
      given: { containerStatuses: [{ name: 'main', user: { linux: { uid: -1, gid: 0 } } }] },
      expect: ['status.containerStatuses[0].user.linux.uid: Invalid value: -1: must be between 0 and 2147483647, inclusive'],
    },
  ])('$name', ({ given, expect: expected }) => {
    expect(statused('v1/pods', pod(given), pod({}))).toEqual(expected)
  })
})

describe('a container for debugging', () => {
  const base = { name: 'd', image: 'i', imagePullPolicy: 'Always', terminationMessagePolicy: 'File' }
  const withContainer = (fields: object): Pod =>
    ({
      metadata: { name: 'a', namespace: 'ns' },
      spec: { ...SPEC, ephemeralContainers: [{ ...base, ...fields } as EphemeralContainer] },
    }) as Pod
  const SPEC = {
    containers: [{ name: 'main', image: 'i', imagePullPolicy: 'Always', terminationMessagePolicy: 'File' }],
    restartPolicy: 'Always',
    dnsPolicy: 'ClusterFirst',
    terminationGracePeriodSeconds: 30,
  }
  const none = { metadata: { name: 'a', namespace: 'ns' }, spec: SPEC } as Pod
  it.each([
    { field: 'resources', value: {}, isRefused: false },
    { field: 'resources', value: { limits: {} }, isRefused: true },
    { field: 'ports', value: [], isRefused: true },
    { field: 'lifecycle', value: {}, isRefused: true },
    { field: 'livenessProbe', value: { exec: { command: ['x'] } }, isRefused: true },
    { field: 'resizePolicy', value: [], isRefused: true },
    { field: 'env', value: [], isRefused: false },
  ])('may say $field: $value? refused: $isRefused', ({ field, value, isRefused }) => {
    const errors = validateEphemeralContainersUpdate(withContainer({ [field]: value }), none).map(fieldErrorText)
    expect(errors).toEqual(isRefused ? [`spec.ephemeralContainers[0].${field}: Forbidden: cannot be set for an Ephemeral Container`] : [])
  })
})

describe('the class of a load balancer', () => {
  const service = (type: string, loadBalancerClass?: string) => ({
    spec: {
      type,
      ports: [{ port: 80 }],
      clusterIP: '10.0.0.1',
      clusterIPs: ['10.0.0.1'],
      ...(loadBalancerClass ? { loadBalancerClass } : {}),
    },
  })
  const path = 'spec.loadBalancerClass'
  it.each([
    { name: 'stays', old: service('LoadBalancer', 'a.b/c'), next: service('LoadBalancer', 'a.b/c'), expect: [] },
    {
      name: 'is chosen once',
      old: service('LoadBalancer'),
      next: service('LoadBalancer', 'c'),
      expect: [`${path}: Invalid value: "c": may not change once set`],
    },
    {
      name: 'is for load balancers, which upstream says twice',
      old: service('ClusterIP'),
      next: service('ClusterIP', 'c'),
      expect: [
        `${path}: Forbidden: may only be used when \`type\` is 'LoadBalancer'`,
        `${path}: Forbidden: may only be used when \`type\` is 'LoadBalancer'`,
      ],
    },
  ])('$name', ({ old, next, expect: expected }) => {
    expect(updated('v1/services', next, old)).toEqual(expected)
  })
})

describe('what upstream looks at twice in an update it finds twice', () => {
  const uid = { metadata: { uid: 'u' } }
  const job = (parallelism: number) => ({
    ...uid,
    spec: {
      parallelism,
      manualSelector: true,
      selector: { matchLabels: { app: 'sample' } },
      template: { ...TEMPLATE, spec: { ...TEMPLATE.spec, restartPolicy: 'Never' } },
    },
  })
  const persistent = (storage: string) => ({
    spec: { capacity: { storage }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/data' } },
  })
  it.each([
    {
      kind: 'batch/v1/jobs',
      next: job(-1),
      old: job(1),
      told: 'spec.parallelism: Invalid value: -1: must be greater than or equal to 0',
    },
    {
      kind: 'v1/persistentvolumes',
      next: persistent('0'),
      old: persistent('1Gi'),
      told: 'spec.capacity[storage]: Invalid value: "0": must be greater than zero',
    },
  ])('$kind', ({ kind, next, old, told }) => {
    expect(updated(kind, next, old)).toEqual([told, told])
    expect(updated(kind, old, old)).toEqual([])
  })
})
