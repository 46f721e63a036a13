import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { cidrWarnings, ipWarnings } from '../../src/api/core/v1/ip-warnings.ts'
import { keyPairFault } from '../../src/api/core/v1/key-pair.ts'
import { loadDefinitions } from '../../src/api/index.ts'

const definitions = new Map(loadDefinitions().map((definition) => [`${definition.apiVersion}/${definition.resource}`, definition]))

// biome-ignore lint/suspicious/noExplicitAny: the rows speak of many kinds
type Any = any

interface Row {
  readonly name: string
  readonly kind: string
  readonly given: object
  /** Absent on create; 'same' for an update of something else than the spec. */
  readonly old?: object | 'same'
  readonly expect: string[]
}

/** A template that is told of. */
const TEMPLATE = { metadata: {}, spec: { terminationGracePeriodSeconds: -1, containers: [] } }
const FINE = { metadata: {}, spec: { containers: [] } }
const told = (path: string) =>
  `${path}.spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1`
const NAME =
  'metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]'
const DOTTED = { metadata: { name: 'a.b' } }
const GENERATION = { metadata: { name: 'a.b', generation: 2 } }
const generation = (text: string) => ({ metadata: { name: 'a', annotations: { 'deprecated.daemonset.template.generation': text } } })

const WORKLOADS: Row[] = [
  ...['apps/v1/deployments', 'apps/v1/replicasets', 'v1/replicationcontrollers'].flatMap((kind): Row[] => [
    { name: 'on create', kind, given: { ...DOTTED, spec: { template: TEMPLATE } }, expect: [NAME, told('spec.template')] },
    { name: 'the spec is as it was', kind, given: { ...DOTTED, spec: { template: TEMPLATE } }, old: 'same', expect: [] },
  ]),
  ...['apps/v1/deployments', 'apps/v1/replicasets', 'apps/v1/statefulsets'].map(
    (kind): Row => ({
      name: 'on update',
      kind,
      given: { ...GENERATION, spec: { template: TEMPLATE } },
      old: { spec: { template: FINE } },
      expect: [told('spec.template')],
    }),
  ),
  {
    name: 'on update upstream looks at the old template',
    kind: 'v1/replicationcontrollers',
    given: { ...GENERATION, spec: { template: FINE } },
    old: { spec: { template: TEMPLATE } },
    expect: [told('spec.template')],
  },
  { name: 'on create', kind: 'apps/v1/daemonsets', given: { ...DOTTED, spec: { template: TEMPLATE } }, expect: [told('spec.template')] },
  {
    name: 'a new template',
    kind: 'apps/v1/daemonsets',
    given: { ...generation('2'), spec: { template: TEMPLATE } },
    old: { ...generation('1'), spec: { template: FINE } },
    expect: [told('spec.template')],
  },
  {
    name: 'the same template',
    kind: 'apps/v1/daemonsets',
    given: { ...generation('1'), spec: { template: TEMPLATE } },
    old: { ...generation('1'), spec: { template: TEMPLATE } },
    expect: [],
  },
  {
    name: 'claims and history',
    kind: 'apps/v1/statefulsets',
    given: {
      metadata: { name: 'a' },
      spec: {
        template: TEMPLATE,
        revisionHistoryLimit: -1,
        volumeClaimTemplates: [{ spec: { resources: { requests: { storage: '1m' } } } }],
      },
    },
    expect: [
      told('spec.template'),
      'spec.volumeClaimTemplates[0].resources.requests[storage]: fractional byte value "1m" is invalid, must be an integer',
      'spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended',
    ],
  },
  {
    name: 'claims on update, with a path of their own',
    kind: 'apps/v1/statefulsets',
    given: {
      metadata: { name: 'a' },
      spec: { template: FINE, volumeClaimTemplates: [{ spec: { resources: { limits: { storage: '1m' } } } }] },
    },
    old: 'same',
    expect: ['spec.volumeClaimTemplates[0].Spec.resources.limits[storage]: fractional byte value "1m" is invalid, must be an integer'],
  },
  { name: 'on create', kind: 'v1/podtemplates', given: { metadata: {}, template: TEMPLATE }, expect: [told('template')] },
  { name: 'the template is as it was', kind: 'v1/podtemplates', given: { metadata: {}, template: TEMPLATE }, old: 'same', expect: [] },
  { name: 'on create', kind: 'batch/v1/jobs', given: { ...DOTTED, spec: { template: TEMPLATE } }, expect: [NAME, told('spec.template')] },
  { name: 'the spec is as it was', kind: 'batch/v1/jobs', given: { ...DOTTED, spec: { template: TEMPLATE } }, old: 'same', expect: [] },
  ...[
    {
      name: 'more indexes than can be counted',
      spec: { completionMode: 'Indexed', completions: 100_001, parallelism: 10_001 },
      isTold: true,
    },
    { name: 'many indexes, few at once', spec: { completionMode: 'Indexed', completions: 100_001, parallelism: 10_000 }, isTold: false },
    { name: 'many at once of few indexes', spec: { completionMode: 'Indexed', completions: 100_000, parallelism: 10_001 }, isTold: false },
    { name: 'no indexes', spec: { completionMode: 'NonIndexed', completions: 100_001, parallelism: 10_001 }, isTold: false },
  ].map(
    ({ name, spec, isTold }): Row => ({
      name,
      kind: 'batch/v1/jobs',
      given: { metadata: { name: 'a' }, spec: { ...spec, template: FINE } },
      expect: isTold
        ? [
            'spec: In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail',
          ]
        : [],
    }),
  ),
  {
    name: 'on create',
    kind: 'batch/v1/cronjobs',
    given: { ...DOTTED, spec: { schedule: '@daily', jobTemplate: { spec: { template: TEMPLATE } } } },
    expect: [NAME, told('spec.jobTemplate.spec.template')],
  },
  {
    name: 'a time zone in an old schedule',
    kind: 'batch/v1/cronjobs',
    given: { metadata: { name: 'a' }, spec: { schedule: 'TZ=UTC 0 * * * *', jobTemplate: { spec: { template: TEMPLATE } } } },
    old: 'same',
    expect: [
      'cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details',
    ],
  },
]

const service = (name: string, spec: object, expected: string[], annotations: object = {}): Row => ({
  name,
  kind: 'v1/services',
  given: { metadata: { annotations }, spec: { type: 'ClusterIP', sessionAffinity: 'None', ...spec } },
  expect: expected,
})
const DEPRECATED_IPS = 'spec.externalIPs is deprecated and may no longer be implemented in some clusters'
const headless = { clusterIP: 'None', clusterIPs: ['None'] }

const SERVICES: Row[] = [
  service('fine', { clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1', 'fd00::1'] }, []),
  service('topology mode', {}, [], { 'service.kubernetes.io/topology-mode': 'Auto' }),
  service(
    'topology hints',
    {},
    ['annotation service.kubernetes.io/topology-aware-hints is deprecated, please use service.kubernetes.io/topology-mode instead'],
    { 'service.kubernetes.io/topology-aware-hints': 'Auto' },
  ),
  service('external addresses', { externalIPs: ['1.2.3.4'] }, [DEPRECATED_IPS]),
  service('external addresses of a name', { type: 'ExternalName', externalName: 'a.b', externalIPs: ['1.2.3.4'] }, [
    'spec.externalIPs is ignored when spec.type is "ExternalName"',
  ]),
  service('a name of what is none', { externalName: 'a.b' }, ['spec.externalName is ignored when spec.type is not "ExternalName"']),
  service('headless', headless, []),
  service(
    'headless, with what is for addresses',
    { ...headless, loadBalancerIP: '1.2.3.4', externalIPs: ['1.2.3.4'], sessionAffinity: 'ClientIP' },
    [
      'spec.loadBalancerIP is ignored for headless services',
      'spec.externalIPs is ignored for headless services',
      'spec.SessionAffinity is ignored for headless services',
    ],
  ),
  service('traffic to what is close', { trafficDistribution: 'PreferClose' }, [
    'spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"',
  ]),
  service(
    'addresses and ranges',
    {
      clusterIP: '2001:db8:0:0::2',
      clusterIPs: ['2001:db8:0:0::2'],
      externalIPs: ['192.012.2.2'],
      loadBalancerIP: '::FFFF:1.2.3.4',
      loadBalancerSourceRanges: ['010.0.0.0/8'],
    },
    [
      'spec.clusterIPs[0]: IPv6 address "2001:db8:0:0::2" should be in RFC 5952 canonical format ("2001:db8::2")',
      'spec.externalIPs[0]: non-standard IP address "192.012.2.2" is invalid: use "192.12.2.2"',
      DEPRECATED_IPS,
      'spec.loadBalancerIP: non-standard IP address "::FFFF:1.2.3.4" is invalid: use "1.2.3.4"',
      'spec.loadBalancerSourceRanges[0]: non-standard CIDR value "010.0.0.0/8" is invalid: use "10.0.0.0/8"',
    ],
  ),
]

const ODD = '05.6.7.8'
const odd = (path: string) => `${path}: non-standard IP address "05.6.7.8" is invalid: use "5.6.7.8"`
const oddRange = (path: string) => `${path}: non-standard CIDR value "010.0.0.0/8" is invalid: use "10.0.0.0/8"`
const volume = (spec: object, annotations: object = {}) => ({ metadata: { annotations }, spec })
const quota = (name: string, hard: object, expected: string[]): Row => ({
  name,
  kind: 'v1/resourcequotas',
  given: { metadata: {}, spec: { hard } },
  expect: expected,
})
const STORAGE_CLASS = 'volume.beta.kubernetes.io/storage-class'
const BY_ATTRIBUTE = `metadata.annotations[${STORAGE_CLASS}]: deprecated since v1.8; use "storageClassName" attribute instead`
const MOUNTABLE = { metadata: { annotations: { 'kubernetes.io/enforce-mountable-secrets': 'true' } } }
const INGRESS = { metadata: { annotations: { 'kubernetes.io/ingress.class': 'x' } }, spec: {} }
const TOKENS = { metadata: {}, spec: { tokenRequests: [{ audience: 'a' }] } }
const TOKENS_TOLD = [
  'spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent possible logging of tokens in volume attributes',
]
const OLD_ZONE = 'failure-domain.beta.kubernetes.io/zone'
const ZONE_TOLD = 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead'
const STATIC = { metadata: { name: 'x.static.k8s.io' }, spec: {}, webhooks: [] }
const STATIC_TOLD = [
  'metadata.name: names ending with ".static.k8s.io" are reserved for static manifest-based configurations and cannot be managed via the API',
]
const ADMISSION = [
  'validatingadmissionpolicies',
  'validatingadmissionpolicybindings',
  'mutatingadmissionpolicies',
  'mutatingadmissionpolicybindings',
  'validatingwebhookconfigurations',
  'mutatingwebhookconfigurations',
]

const OTHERS: Row[] = [
  ...ADMISSION.map(
    (kind): Row => ({ name: 'a reserved name', kind: `admissionregistration.k8s.io/v1/${kind}`, given: STATIC, expect: STATIC_TOLD }),
  ),
  {
    name: 'addresses',
    kind: 'v1/endpoints',
    given: { metadata: {}, subsets: [{ addresses: [{ ip: ODD }], notReadyAddresses: [{ ip: '1.2.3.4' }, { ip: ODD }] }] },
    expect: [odd('subsets[0].addresses[0].ip'), odd('subsets[0].notReadyAddresses[1].ip')],
  },
  {
    name: "the controller's own",
    kind: 'v1/endpoints',
    given: {
      metadata: { labels: { 'endpoints.kubernetes.io/managed-by': 'endpoint-controller' } },
      subsets: [{ addresses: [{ ip: ODD }] }],
    },
    expect: [],
  },
  {
    name: 'addresses',
    kind: 'discovery.k8s.io/v1/endpointslices',
    given: { metadata: {}, addressType: 'IPv4', endpoints: [{ addresses: ['1.2.3.4', ODD] }] },
    expect: [odd('endpoints[0].addresses[1]')],
  },
  {
    name: "the controller's own",
    kind: 'discovery.k8s.io/v1/endpointslices',
    given: {
      metadata: { labels: { 'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io' } },
      addressType: 'IPv4',
      endpoints: [{ addresses: [ODD] }],
    },
    expect: [],
  },
  {
    name: 'names for addresses',
    kind: 'discovery.k8s.io/v1/endpointslices',
    given: { metadata: {}, addressType: 'FQDN', endpoints: [{ addresses: ['example.com'] }] },
    expect: ['spec.addressType: FQDN endpoints are deprecated'],
  },
  {
    name: 'names for addresses, which it has had before',
    kind: 'discovery.k8s.io/v1/endpointslices',
    given: { metadata: {}, addressType: 'FQDN', endpoints: [] },
    old: 'same',
    expect: [],
  },
  {
    name: 'what nodes had once',
    kind: 'v1/nodes',
    given: { metadata: {}, spec: { configSource: {}, externalID: 'x', podCIDRs: ['010.0.0.0/8'] } },
    expect: [
      'spec.configSource: the feature is removed',
      'spec.externalID: this field is deprecated, and is unused by Kubernetes',
      oddRange('spec.podCIDRs[0]'),
    ],
  },
  {
    name: 'annotations, recycling and old labels',
    kind: 'v1/persistentvolumes',
    given: volume(
      {
        persistentVolumeReclaimPolicy: 'Recycle',
        nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [{ key: OLD_ZONE }] }] } },
      },
      { [STORAGE_CLASS]: 'x', 'volume.beta.kubernetes.io/mount-options': 'ro' },
    ),
    expect: [
      BY_ATTRIBUTE,
      'metadata.annotations[volume.beta.kubernetes.io/mount-options]: deprecated since v1.31; use "mountOptions" attribute instead',
      'spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.',
      `spec.nodeAffinity.required.nodeSelectorTerms[0].matchExpressions[0].key: ${OLD_ZONE} is ${ZONE_TOLD}`,
    ],
  },
  ...(
    [
      ['cephfs', 'spec.cephfs: deprecated in v1.28, non-functional in v1.31+'],
      ['photonPersistentDisk', 'spec.photonPersistentDisk: deprecated in v1.11, non-functional in v1.16+'],
      ['scaleIO', 'spec.scaleIO: deprecated in v1.16, non-functional in v1.22+'],
      ['storageos', 'spec.storageOS: deprecated in v1.22, non-functional in v1.25+'],
      ['glusterfs', 'spec.glusterfs: deprecated in v1.25, non-functional in v1.26+'],
      ['rbd', 'spec.rbd: deprecated in v1.28, non-functional in v1.31+'],
    ] as const
  ).map(([source, text]): Row => ({ name: source, kind: 'v1/persistentvolumes', given: volume({ [source]: {} }), expect: [text] })),
  {
    name: 'an annotation and part of a byte',
    kind: 'v1/persistentvolumeclaims',
    given: volume({ resources: { requests: { storage: '1m' } } }, { [STORAGE_CLASS]: 'x' }),
    expect: [BY_ATTRIBUTE, 'spec.resources.requests[storage]: fractional byte value "1m" is invalid, must be an integer'],
  },
  quota('requests within limits', { 'requests.cpu': '1', 'limits.cpu': '1000m', 'requests.storage': '1Gi' }, []),
  quota(
    'requests past limits',
    { 'requests.cpu': '2', 'limits.cpu': '1500m', 'requests.memory': '2Gi', memory: '1', 'limits.memory': '1Gi' },
    [
      'ResourceQuota requests.cpu (2) should be less than limits.cpu (1500m)',
      'ResourceQuota requests.memory (2Gi) should be less than limits.memory (1Gi)',
    ],
  ),
  quota('by its short name', { cpu: '2', 'limits.cpu': '1', 'ephemeral-storage': '2', 'limits.ephemeral-storage': '1' }, [
    'ResourceQuota cpu (2) should be less than limits.cpu (1)',
  ]),
  {
    name: 'mountable secrets',
    kind: 'v1/serviceaccounts',
    given: MOUNTABLE,
    old: { metadata: {} },
    expect: [
      'metadata.annotations[kubernetes.io/enforce-mountable-secrets]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets',
    ],
  },
  { name: 'mountable secrets as before', kind: 'v1/serviceaccounts', given: MOUNTABLE, old: 'same', expect: [] },
  {
    name: 'a class by annotation',
    kind: 'networking.k8s.io/v1/ingresses',
    given: INGRESS,
    expect: [`annotation "kubernetes.io/ingress.class" is deprecated, please use 'spec.ingressClassName' instead`],
  },
  { name: 'a class both ways', kind: 'networking.k8s.io/v1/ingresses', given: { ...INGRESS, spec: { ingressClassName: 'x' } }, expect: [] },
  { name: 'a class as before', kind: 'networking.k8s.io/v1/ingresses', given: INGRESS, old: 'same', expect: [] },
  {
    name: 'ranges',
    kind: 'networking.k8s.io/v1/networkpolicies',
    given: {
      metadata: {},
      spec: {
        ingress: [{ from: [{ podSelector: {} }, { ipBlock: { cidr: '010.0.0.0/8' } }] }],
        egress: [{ to: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['010.0.0.0/8'] } }] }],
      },
    },
    expect: [oddRange('spec.ingress[0].from[1].ipBlock.cidr'), oddRange('spec.egress[0].to[0].ipBlock.except[0]')],
  },
  {
    name: 'old labels',
    kind: 'node.k8s.io/v1/runtimeclasses',
    given: { metadata: {}, scheduling: { nodeSelector: { [OLD_ZONE]: 'x' } } },
    expect: [`scheduling.nodeSelector: ${ZONE_TOLD}`],
  },
  {
    name: 'old labels',
    kind: 'storage.k8s.io/v1/storageclasses',
    given: { metadata: {}, allowedTopologies: [{ matchLabelExpressions: [{ key: 'fine' }, { key: OLD_ZONE }] }] },
    expect: [`allowedTopologies[0].matchLabelExpressions[1].key: ${ZONE_TOLD}`],
  },
  {
    name: 'old labels',
    kind: 'storage.k8s.io/v1/csistoragecapacities',
    given: { metadata: {}, nodeTopology: { matchExpressions: [{ key: OLD_ZONE }], matchLabels: { [OLD_ZONE]: 'x' } } },
    expect: [`nodeTopology.matchExpressions[0].key: ${OLD_ZONE} is ${ZONE_TOLD}`, `nodeTopology.matchLabels.${OLD_ZONE}: ${ZONE_TOLD}`],
  },
  { name: 'tokens in attributes', kind: 'storage.k8s.io/v1/csidrivers', given: TOKENS, expect: TOKENS_TOLD },
  { name: 'new tokens in attributes', kind: 'storage.k8s.io/v1/csidrivers', given: TOKENS, old: { spec: {} }, expect: TOKENS_TOLD },
  { name: 'tokens as before', kind: 'storage.k8s.io/v1/csidrivers', given: TOKENS, old: 'same', expect: [] },
  {
    name: 'tokens where the driver says',
    kind: 'storage.k8s.io/v1/csidrivers',
    given: { metadata: {}, spec: { ...TOKENS.spec, serviceAccountTokenInSecrets: false } },
    expect: [],
  },
  {
    name: 'a driver in capitals',
    kind: 'resource.k8s.io/v1/resourceslices',
    given: { metadata: {}, spec: { driver: 'Driver.example.com' } },
    expect: ['spec.driver: driver names should be lowercase; "Driver.example.com" contains uppercase characters'],
  },
]

describe.each([
  ['workloads', WORKLOADS],
  ['services', SERVICES],
  ['other kinds', OTHERS],
] as const)('warnings of %s', (_family, rows) => {
  it.each(rows)('$kind: $name', ({ kind, given, old, expect: expected }) => {
    const before = old === 'same' ? given : old && { metadata: { name: 'a', generation: 1 }, ...old }
    expect(definitions.get(kind)!.warnings?.(given as Any, before as Any)).toEqual(expected)
  })
})

describe('warnings of a status', () => {
  const ingress = { loadBalancer: { ingress: [{ hostname: 'x' }, { ip: ODD }] } }
  it.each([
    {
      kind: 'v1/pods',
      status: { podIPs: [{ ip: ODD }], hostIPs: [{ ip: ODD }] },
      expect: [odd('status.podIPs[0].ip'), odd('status.hostIPs[0].ip')],
    },
    { kind: 'v1/services', status: ingress, expect: [odd('status.loadBalancer.ingress[1]')] },
    { kind: 'networking.k8s.io/v1/ingresses', status: ingress, expect: [odd('status.loadBalancer.ingress[1]')] },
  ])('$kind', ({ kind, status, expect: expected }) => {
    expect(definitions.get(kind)!.statusWarnings?.({ metadata: {}, status } as Any)).toEqual(expected)
  })
})

describe('addresses', () => {
  it.each([
    { given: '192.12.2.2', expect: [] },
    { given: '2001:db8::2', expect: [] },
    { given: '192.012.2.2', expect: ['non-standard IP address "192.012.2.2" is invalid: use "192.12.2.2"'] },
    { given: '::ffff:192.12.2.2', expect: ['non-standard IP address "::ffff:192.12.2.2" is invalid: use "192.12.2.2"'] },
    { given: '2001:db8:0:0::2', expect: ['IPv6 address "2001:db8:0:0::2" should be in RFC 5952 canonical format ("2001:db8::2")'] },
    { given: '2001:DB8::2', expect: ['IPv6 address "2001:DB8::2" should be in RFC 5952 canonical format ("2001:db8::2")'] },
    { given: 'none at all', expect: [] },
    { given: '', expect: [] },
  ])('$given', ({ given, expect: expected }) => {
    expect(ipWarnings('ip', given)).toEqual(expected.map((text) => `ip: ${text}`))
  })
  it.each([
    { given: '192.12.2.0/24', expect: [] },
    { given: '0.0.0.0/0', expect: [] },
    { given: '2001:db8::/64', expect: [] },
    { given: '192.012.2.0/24', expect: ['non-standard CIDR value "192.012.2.0/24" is invalid: use "192.12.2.0/24"'] },
    { given: '192.12.2.0/024', expect: ['non-standard CIDR value "192.12.2.0/024" is invalid: use "192.12.2.0/24"'] },
    { given: '::ffff:192.12.2.0/120', expect: ['non-standard CIDR value "::ffff:192.12.2.0/120" is invalid: use "192.12.2.0/24"'] },
    {
      given: '192.12.2.8/24',
      expect: ['CIDR value "192.12.2.8/24" is ambiguous in this context (should be "192.12.2.0/24" or "192.12.2.8/32"?)'],
    },
    {
      given: '192.012.2.8/24',
      expect: [
        'CIDR value "192.012.2.8/24" is ambiguous in this context (should be "192.12.2.0/24" or "192.12.2.8/32"?)',
        'non-standard CIDR value "192.012.2.8/24" is invalid: use "192.12.2.0/24"',
      ],
    },
    {
      given: '2001:db8::8/64',
      expect: ['CIDR value "2001:db8::8/64" is ambiguous in this context (should be "2001:db8::/64" or "2001:db8::8/128"?)'],
    },
    {
      given: '2001:db8:0:0::/64',
      expect: ['IPv6 CIDR value "2001:db8:0:0::/64" should be in RFC 5952 canonical format ("2001:db8::/64")'],
    },
    { given: 'none at all', expect: [] },
  ])('$given', ({ given, expect: expected }) => {
    expect(cidrWarnings('cidr', given)).toEqual(expected.map((text) => `cidr: ${text}`))
  })
})

describe('a certificate and its key', () => {
  const key = () =>
    generateKeyPairSync('ec', {
      namedCurve: 'P-256',
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    }).privateKey
  const pem = (type: string, body = 'AAAA') => `-----BEGIN ${type}-----\n${body}\n-----END ${type}-----\n`
  it.each([
    { name: 'no PEM', certificate: 'x', key: 'x', expect: 'tls: failed to find any PEM data in certificate input' },
    {
      name: 'switched',
      certificate: pem('RSA PRIVATE KEY'),
      key: pem('CERTIFICATE'),
      expect:
        'tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched',
    },
    {
      name: 'other blocks',
      certificate: pem('A') + pem('B'),
      key: '',
      expect: 'tls: failed to find "CERTIFICATE" PEM block in certificate input after skipping PEM blocks of the following types: [A B]',
    },
    { name: 'no key', certificate: pem('CERTIFICATE'), key: 'x', expect: 'tls: failed to find any PEM data in key input' },
    {
      name: 'a certificate for a key',
      certificate: pem('CERTIFICATE'),
      key: pem('CERTIFICATE'),
      expect: 'tls: found a certificate rather than a key in the PEM for the private key',
    },
    {
      name: 'other blocks for a key',
      certificate: pem('CERTIFICATE'),
      key: pem('A'),
      expect:
        'tls: failed to find PEM block with type ending in "PRIVATE KEY" in key input after skipping PEM blocks of the following types: [A]',
    },
    { name: 'no certificate in the block', certificate: pem('CERTIFICATE'), key: key(), expect: 'x509: malformed certificate' },
    { name: 'no key in the block', certificate: certificatePem(), key: pem('PRIVATE KEY'), expect: 'tls: failed to parse private key' },
    { name: "another's key", certificate: certificatePem(), key: key(), expect: 'tls: private key does not match public key' },
    { name: 'its own key', certificate: certificatePem(), key: keyPem(), expect: undefined },
  ])('$name', ({ certificate, key, expect: expected }) => {
    expect(keyPairFault(certificate, key)).toBe(expected)
  })
})

/** For localhost, on P-256, made for this test alone. */
function certificatePem(): string {
  return `-----BEGIN CERTIFICATE-----
MIIBgDCCASWgAwIBAgIUfPF08mhi9Yz+92658OQTfe1U6VswCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNDAxMTI0OVoYDzIxMjYxMDMx
MDExMjQ5WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAQbqBjyruCYhdBMfdSZF93R7TCJtfupH8oxaYkASDZMLUT/UiP+Un8+
zrDvUpyEH0WJgfrp28YYjlO6rhObC9Mqo1MwUTAdBgNVHQ4EFgQUHZwS8i1Egt7H
SeyWw4glG4G1b0swHwYDVR0jBBgwFoAUHZwS8i1Egt7HSeyWw4glG4G1b0swDwYD
VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNJADBGAiEAyiXwGV8v65S8XGIIiJXr
xA4CpPIPGYqUQ+9qXZiQYicCIQDNhYLGlywmq0XxhSfGldPwg7FOYcTWjRKE5LRk
+NitMA==
-----END CERTIFICATE-----
`
}

function keyPem(): string {
  return `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgz8VL9YmoA1sf8ICa
yVUf/kwxdP0Gp7Lrd8ROSnnBIE+hRANCAAQbqBjyruCYhdBMfdSZF93R7TCJtfup
H8oxaYkASDZMLUT/UiP+Un8+zrDvUpyEH0WJgfrp28YYjlO6rhObC9Mq
-----END PRIVATE KEY-----
`
}
