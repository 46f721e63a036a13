/** Upstream: pod-security-admission/admission/admission_test.go, api/helpers_test.go. */
import { describe, expect, it } from 'vitest'
import { levelVersionText, policyOf } from '../../src/admission/pod-security/policy.ts'
import { type PodSecurityExemptions, podSecurity } from '../../src/admission/pod-security.ts'
import { admit } from '../support/admit.ts'
import type { Json } from '../support/api.ts'

const labels = (modes: Json) =>
  Object.fromEntries(Object.entries(modes).map(([mode, value]) => [`pod-security.kubernetes.io/${mode}`, value]))

describe('the labels of a namespace mean', () => {
  it.each<[string, Json, string, string[]]>([
    ['nothing', undefined, 'privileged:latest privileged:latest privileged:latest', []],
    ['nothing of others', { other: 'x' }, 'privileged:latest privileged:latest privileged:latest', []],
    ['that what is enforced is warned of', labels({ enforce: 'baseline' }), 'baseline:latest privileged:latest baseline:latest', []],
    [
      'so in that version',
      labels({ enforce: 'restricted', 'enforce-version': 'v1.22' }),
      'restricted:v1.22 privileged:latest restricted:v1.22',
      [],
    ],
    [
      'or in another',
      labels({ enforce: 'restricted', 'enforce-version': 'v1.22', 'warn-version': 'v1.23' }),
      'restricted:v1.22 privileged:latest restricted:v1.23',
      [],
    ],
    ['or less of it', labels({ enforce: 'restricted', warn: 'privileged' }), 'restricted:latest privileged:latest privileged:latest', []],
    ['nothing by a version alone', labels({ 'enforce-version': 'v1.0' }), 'privileged:v1.0 privileged:latest privileged:latest', []],
    [
      'each its own',
      labels({ enforce: 'privileged', audit: 'baseline', 'audit-version': 'v1.9', warn: 'restricted', 'warn-version': 'latest' }),
      'privileged:latest baseline:v1.9 restricted:latest',
      [],
    ],
    [
      'versions to come',
      labels({ enforce: 'baseline', 'enforce-version': 'v1.10000' }),
      'baseline:v1.10000 privileged:latest baseline:v1.10000',
      [],
    ],
    [
      'the strictest where what is enforced is wrong',
      labels({ enforce: 'foo' }),
      'restricted:latest privileged:latest privileged:latest',
      ['enforce'],
    ],
    [
      'nothing where what is warned of is wrong',
      labels({ warn: 'foo', audit: 'foo' }),
      'privileged:latest privileged:latest privileged:latest',
      ['audit', 'warn'],
    ],
    ...['foo', '', 'v2.0', 'v1', '1.1', 'v1.01', 'v1.-1'].map((version): [string, Json, string, string[]] => [
      `the latest where the version is ${JSON.stringify(version)}`,
      labels({ enforce: 'baseline', 'enforce-version': version }),
      'baseline:latest privileged:latest baseline:latest',
      ['enforce-version'],
    ]),
  ])('%s', (_name, given, expected, wrong) => {
    const { policy, errors } = policyOf(given)
    expect([policy.enforce, policy.audit, policy.warn].map(levelVersionText).join(' ')).toBe(expected)
    expect(errors.map(({ field }) => field)).toEqual(wrong.map((label) => `metadata.labels[pod-security.kubernetes.io/${label}]`))
  })
})

const EXEMPT: PodSecurityExemptions = { namespaces: ['exempt'], usernames: ['exempt'], runtimeClasses: ['exempt'] }
const plugin = podSecurity(EXEMPT)
const namespace = (modes: Json = {}, name = 'default') => ({ metadata: { name, labels: labels(modes) } })
const pod = (spec: Json = {}, name = 'p', metadata: Json = {}) => ({
  metadata: { name, ...metadata },
  spec: { containers: [{ name: 'c', image: 'i' }], ...spec },
})
const bad = (name = 'p', metadata: Json = {}) => pod({ hostNetwork: true }, name, metadata)

describe('a namespace', () => {
  const run = (object: Json, old?: Json, pods: Json[] = []) =>
    admit(plugin, { resource: 'namespaces', kind: 'Namespace', namespace: '', object, old, cluster: { pods } })
  const LEVEL =
    '422 Namespace "default" is invalid: metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "foo": must be one of privileged, baseline, restricted'
  const VERSION =
    '422 Namespace "default" is invalid: metadata.labels[pod-security.kubernetes.io/enforce-version]: Invalid value: "foo": must be "latest" or "v1.x"'
  const WARNINGS = [
    'existing pods in namespace "default" violate the new PodSecurity enforce level "baseline:latest"',
    'p: host namespaces',
  ]
  const exempt = (modes: Json) => namespace(modes, 'exempt')

  it.each<[string, Json, Json | undefined, string | undefined, string[]]>([
    ['is made privileged', namespace({ enforce: 'privileged' }), undefined, undefined, []],
    ['is made baseline', namespace({ enforce: 'baseline' }), undefined, undefined, []],
    ['is made restricted', namespace({ enforce: 'restricted' }), undefined, undefined, []],
    ['is made with a wrong level', namespace({ enforce: 'foo' }), undefined, LEVEL, []],
    ['is made with a wrong version', namespace({ enforce: 'baseline', 'enforce-version': 'foo' }), undefined, VERSION, []],
    [
      'is made restricted, though exempt',
      exempt({ enforce: 'restricted', 'warn-version': 'v1.10', audit: 'baseline' }),
      undefined,
      undefined,
      [
        'namespace "exempt" is exempt from Pod Security, and the policy (enforce=restricted:latest, audit=baseline:latest, warn=restricted:v1.10) will be ignored',
      ],
    ],
    ['is made privileged, though exempt', exempt({ enforce: 'privileged' }), undefined, undefined, []],
    ['stays as it is', namespace({ enforce: 'baseline' }), namespace({ enforce: 'baseline' }), undefined, []],
    ['stays wrong in level', namespace({ enforce: 'foo' }), namespace({ enforce: 'foo' }), undefined, []],
    [
      'stays wrong in version',
      namespace({ enforce: 'baseline', 'enforce-version': 'foo' }),
      namespace({ enforce: 'baseline', 'enforce-version': 'foo' }),
      undefined,
      [],
    ],
    [
      'is relaxed in one version',
      namespace({ enforce: 'baseline', 'enforce-version': 'v1.2' }),
      namespace({ enforce: 'restricted', 'enforce-version': 'v1.2' }),
      undefined,
      [],
    ],
    ['is relaxed', namespace({ enforce: 'baseline' }), namespace({ enforce: 'restricted' }), undefined, []],
    [
      'is relaxed, latest said or not',
      namespace({ enforce: 'baseline', 'enforce-version': 'latest' }),
      namespace({ enforce: 'restricted' }),
      undefined,
      [],
    ],
    ['becomes privileged', namespace({ enforce: 'privileged' }), namespace({ enforce: 'restricted' }), undefined, []],
    ['becomes privileged by saying nothing', namespace(), namespace({ enforce: 'restricted' }), undefined, []],
    ['becomes baseline', namespace({ enforce: 'baseline' }), namespace(), undefined, WARNINGS],
    [
      'becomes baseline of another version',
      namespace({ enforce: 'baseline', 'enforce-version': 'v1.2' }),
      namespace({ enforce: 'restricted' }),
      undefined,
      ['existing pods in namespace "default" violate the new PodSecurity enforce level "baseline:v1.2"', 'p: host namespaces'],
    ],
    [
      'becomes restricted, though exempt',
      exempt({ enforce: 'restricted' }),
      exempt({}),
      undefined,
      ['namespace "exempt" is exempt from Pod Security, and the policy (enforce=restricted:latest) will be ignored'],
    ],
    ['becomes wrong in level', namespace({ enforce: 'foo' }), namespace({ enforce: 'baseline' }), LEVEL, []],
    ['becomes wrong in version', namespace({ enforce: 'baseline', 'enforce-version': 'foo' }), namespace(), VERSION, []],
    ['only warns', namespace({ warn: 'restricted' }), namespace(), undefined, []],
  ])('%s', (_name, object, old, refusal, warnings) => {
    const outcome = run(object, old, [bad()])
    expect([outcome.refusal, outcome.warnings]).toEqual([refusal, warnings])
  })

  it('is warned of faults, not of each pod', () => {
    const owned = (uid: string) => ({ ownerReferences: [{ uid, controller: true }] })
    const pods = [
      bad('d'),
      bad('b', owned('1')),
      bad('c', owned('1')),
      pod({ hostNetwork: true, hostPID: true, volumes: [{ name: 'v', hostPath: {} }] }, 'e'),
      pod({ volumes: [{ name: 'v', hostPath: {} }] }, 'g'),
      pod({ volumes: [{ name: 'v', hostPath: {} }] }, 'f'),
      pod({}, 'good'),
      pod({ hostNetwork: true, runtimeClassName: 'exempt' }, 'exempt'),
    ]
    expect(run(namespace({ enforce: 'baseline' }), namespace(), pods).warnings).toEqual([
      'existing pods in namespace "default" violate the new PodSecurity enforce level "baseline:latest"',
      'b (and 2 other pods): host namespaces',
      'e: host namespaces, hostPath volumes',
      'f (and 1 other pod): hostPath volumes',
    ])
  })

  it('with very many pods is looked at in part, one of each controller first', () => {
    const replicas = Array.from({ length: 3000 }, (_, i) => pod({}, `a${i}`, { ownerReferences: [{ uid: '1', controller: true }] }))
    expect(run(namespace({ enforce: 'baseline' }), namespace(), [...replicas, bad('z')]).warnings).toEqual([
      'new PodSecurity enforce level only checked against the first 3000 of 3001 existing pods',
      'existing pods in namespace "default" violate the new PodSecurity enforce level "baseline:latest"',
      'z: host namespaces',
    ])
  })
})

describe('a pod', () => {
  const run = (object: Json, modes: Json, others: Json = {}) =>
    admit(plugin, { resource: 'pods', object, cluster: { namespaces: [namespace(modes), namespace(modes, 'exempt')] }, ...others })
  const VIOLATES = '403 pods "p" is forbidden: violates PodSecurity "baseline:latest": host namespaces (hostNetwork=true)'
  const WARNING = 'would violate PodSecurity "baseline:latest": host namespaces (hostNetwork=true)'
  const enforce = { enforce: 'baseline' }

  it.each<[string, Json, Json, Json, string | undefined, string[]]>([
    ['that is good', pod(), enforce, {}, undefined, []],
    ['that is bad', bad(), enforce, {}, VIOLATES, []],
    [
      'that is bad by an older policy',
      bad(),
      { enforce: 'baseline', 'enforce-version': 'v1.9' },
      {},
      VIOLATES.replace('latest', 'v1.9'),
      [],
    ],
    ['that is only warned of', bad(), { warn: 'baseline' }, {}, undefined, [WARNING]],
    ['that is only noted', bad(), { audit: 'baseline' }, {}, undefined, []],
    ['that is bad where nothing is asked', bad(), {}, {}, undefined, []],
    [
      'that is good enough but warned of more',
      pod({
        containers: [
          { name: 'c', securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] }, runAsNonRoot: true } },
        ],
      }),
      { enforce: 'baseline', warn: 'restricted' },
      {},
      undefined,
      [
        'would violate PodSecurity "restricted:latest": seccompProfile (pod or container "c" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
      ],
    ],
    ['that is refused is not warned of too', bad(), { enforce: 'baseline', warn: 'restricted' }, {}, VIOLATES, []],
    ['of a wrong label', bad(), { enforce: 'foo' }, {}, expect.stringContaining('violates PodSecurity "restricted:latest"') as never, []],
    ['in an exempt namespace', bad(), enforce, { namespace: 'exempt' }, undefined, []],
    ['of an exempt user', bad(), enforce, { user: 'exempt' }, undefined, []],
    ['of an exempt class', pod({ hostNetwork: true, runtimeClassName: 'exempt' }), enforce, {}, undefined, []],
    ['that is bad, and updated', bad(), enforce, { old: bad() }, undefined, []],
    ['that is bad, and gets labels', bad('p', { labels: { a: 'b' } }), enforce, { old: bad() }, undefined, []],
    [
      'that is bad, and gets another image',
      bad(),
      enforce,
      { old: pod({ hostNetwork: true, containers: [{ name: 'c', image: 'old' }] }) },
      VIOLATES,
      [],
    ],
    [
      'that is bad, and gets another init container',
      pod({ hostNetwork: true, initContainers: [{ name: 'i' }] }),
      enforce,
      { old: bad() },
      VIOLATES,
      [],
    ],
    [
      'that is bad, and gets an ephemeral container',
      pod({ hostNetwork: true, ephemeralContainers: [{ name: 'e', image: 'i' }] }),
      enforce,
      { old: bad(), subresource: 'ephemeralcontainers' },
      VIOLATES,
      [],
    ],
    [
      'that is bad, and keeps an ephemeral container',
      pod({ hostNetwork: true, ephemeralContainers: [{ name: 'e', image: 'i' }] }),
      enforce,
      { old: pod({ hostNetwork: true, ephemeralContainers: [{ name: 'e', image: 'i' }] }) },
      undefined,
      [],
    ],
    ...['exec', 'attach', 'binding', 'eviction', 'log', 'portforward', 'proxy', 'status'].map(
      (subresource): [string, Json, Json, Json, undefined, string[]] => [
        `at ${subresource}`,
        bad(),
        enforce,
        { subresource },
        undefined,
        [],
      ],
    ),
    ['that is deleted', bad(), enforce, { operation: 'delete' }, undefined, []],
  ])('%s', (_name, object, modes, others, refusal, warnings) => {
    const outcome = run(object, modes, others)
    expect([outcome.refusal, outcome.warnings]).toEqual([refusal, warnings])
  })
})

describe('a template', () => {
  const template = { spec: { containers: [{ name: 'c' }], hostNetwork: true } }
  const OBJECTS: readonly (readonly [string, Json])[] = [
    ['podtemplates', { metadata: { name: 'x' }, template }],
    ...['replicationcontrollers', 'replicasets.apps', 'deployments.apps', 'statefulsets.apps', 'daemonsets.apps', 'jobs.batch'].map(
      (resource) => [resource, { metadata: { name: 'x' }, spec: { template } }] as const,
    ),
    ['cronjobs.batch', { metadata: { name: 'x' }, spec: { jobTemplate: { spec: { template } } } }],
  ]
  const run = (resource: string, object: Json, modes: Json, others: Json = {}) =>
    admit(plugin, { resource, object, cluster: { namespaces: [namespace(modes), namespace(modes, 'exempt')] }, ...others })
  const WARNING = 'would violate PodSecurity "baseline:latest": host namespaces (hostNetwork=true)'

  it.each(OBJECTS)('of %s is warned of, and not refused', (resource, object) => {
    for (const others of [{}, { old: object }]) {
      expect(run(resource, object, { enforce: 'baseline' }, others)).toMatchObject({ refusal: undefined, warnings: [WARNING] })
    }
    expect(run(resource, object, { enforce: 'baseline', warn: 'privileged' }).warnings).toEqual([])
    expect(run(resource, object, { enforce: 'baseline' }, { subresource: 'status' }).warnings).toEqual([])
    expect(run(resource, object, { enforce: 'baseline' }, { namespace: 'exempt' }).warnings).toEqual([])
    expect(run(resource, object, { enforce: 'baseline' }, { user: 'exempt' }).warnings).toEqual([])
  })

  it('that is not there is nothing to warn of', () => {
    expect(run('replicationcontrollers', { metadata: { name: 'x' }, spec: {} }, { warn: 'restricted' }).warnings).toEqual([])
  })

  it("is no other object's", () => expect(run('configmaps', { metadata: { name: 'x' } }, { warn: 'restricted' }).warnings).toEqual([]))
})
