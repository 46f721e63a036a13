/** What becomes of a pod. Upstream: the admission_test.go of plugin/admission/{runtimeclass,priority,serviceaccount,defaulttolerationseconds,podresize,podtopologylabels}. */
import { describe, expect, it } from 'vitest'
import { defaultTolerationSeconds } from '../../src/admission/default-toleration-seconds.ts'
import { podResizeValidator } from '../../src/admission/pod-resize-validator.ts'
import { podTopologyLabels } from '../../src/admission/pod-topology-labels.ts'
import { priority } from '../../src/admission/priority.ts'
import { mergeTolerations, runtimeClass } from '../../src/admission/runtime-class.ts'
import { serviceAccount } from '../../src/admission/service-account.ts'
import { admit } from '../support/admit.ts'
import type { Json } from '../support/api.ts'

const pod = (spec: Json = {}, metadata: Json = {}) => ({
  metadata: { name: 'p', ...metadata },
  spec: { containers: [{ name: 'c' }], ...spec },
})
const FORBIDDEN = '403 pods "p" is forbidden: '

describe('RuntimeClass', () => {
  const run = (spec: Json, runtime: Json = {}) =>
    admit(runtimeClass, {
      resource: 'pods',
      object: pod({ runtimeClassName: 'runtime', ...spec }),
      cluster: { 'runtimeclasses.node.k8s.io': [{ metadata: { name: 'runtime' }, handler: 'h', ...runtime }] },
    })
  const overhead = { podFixed: { cpu: '100m', memory: '1Mi' } }
  const MISMATCH = `${FORBIDDEN}pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead`

  it.each<[string, Json, Json, Json]>([
    ['gives its overhead to a pod without requests', {}, { overhead }, overhead.podFixed],
    [
      'gives its overhead to a pod with requests',
      { containers: [{ resources: { requests: { cpu: '1' } } }] },
      { overhead },
      overhead.podFixed,
    ],
    ['takes an overhead that is its own', { overhead: { cpu: '0.1', memory: '1024Ki' } }, { overhead }, overhead.podFixed],
    ['may have no overhead', {}, {}, undefined],
    ['may have an overhead of nothing', {}, { overhead: {} }, undefined],
  ])('%s', (_name, spec, runtime, expected) => {
    const { object, refusal } = run(spec, runtime)
    expect([refusal, object.spec.overhead]).toEqual([undefined, expected])
  })

  it.each<[string, Json, Json, string]>([
    ['another overhead', { overhead: { cpu: '1' } }, { overhead }, MISMATCH],
    ['more overhead', { overhead: { cpu: '100m', memory: '1Mi', 'x.io/y': '1' } }, { overhead }, MISMATCH],
    [
      'an overhead it does not have',
      { overhead: { cpu: '1' } },
      {},
      `${FORBIDDEN}pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead`,
    ],
    ['a class that is not there', { runtimeClassName: 'gone' }, {}, `${FORBIDDEN}pod rejected: RuntimeClass "gone" not found`],
    [
      'another node',
      { nodeSelector: { foo: 'conflict' } },
      { scheduling: { nodeSelector: { foo: 'bar' } } },
      `${FORBIDDEN}conflict: runtimeClass.scheduling.nodeSelector[foo] = bar; pod.spec.nodeSelector[foo] = conflict`,
    ],
  ])('refuses %s', (_name, spec, runtime, expected) => expect(run(spec, runtime).refusal).toBe(expected))

  it('refuses an overhead of a pod without a class', () => {
    const { refusal } = admit(runtimeClass, { resource: 'pods', object: pod({ overhead: { cpu: '1' } }) })
    expect(refusal).toBe(`${FORBIDDEN}pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead`)
  })

  it.each<[string, Json, Json, Json]>([
    ['nothing where it says nothing', { nodeSelector: { foo: 'bar' } }, undefined, { foo: 'bar' }],
    ['all, of a pod that says nothing', {}, { nodeSelector: { foo: 'bar' } }, { foo: 'bar' }],
    ['what the pod says too', { nodeSelector: { foo: 'bar' } }, { nodeSelector: { foo: 'bar' } }, { foo: 'bar' }],
    [
      'what the pod does not say',
      { nodeSelector: { foo: 'bar' } },
      { nodeSelector: { foo: 'bar', fizz: 'buzz' } },
      { foo: 'bar', fizz: 'buzz' },
    ],
  ])('chooses nodes: %s', (_name, spec, scheduling, expected) => {
    expect(run(spec, scheduling && { scheduling }).object.spec.nodeSelector).toEqual(expected)
  })

  it('lets the pod tolerate what its nodes are tainted with', () => {
    const a = { key: 'foo', operator: 'Equal', value: 'bar', effect: 'NoSchedule' }
    const b = { key: 'fizz', operator: 'Equal', value: 'buzz', effect: 'NoSchedule' }
    expect(run({ tolerations: [a] }, { scheduling: { tolerations: [b] } }).object.spec.tolerations).toEqual([a, b])
    expect(run({}, { scheduling: { nodeSelector: {} } }).object.spec).not.toHaveProperty('tolerations')
  })

  const ANY = { operator: 'Exists' }
  const FOO = { key: 'foo', operator: 'Exists' }
  const BAR = { key: 'foo', operator: 'Equal', value: 'bar', effect: 'NoSchedule' }
  const seconds = (tolerationSeconds?: number) => ({
    key: 'foo',
    operator: 'Exists',
    effect: 'NoExecute',
    ...(tolerationSeconds !== undefined && { tolerationSeconds }),
  })
  it.each<[string, Json[], Json[], Json[]]>([
    ['the same twice', [BAR], [BAR], [BAR]],
    ['one that is in all', [BAR], [ANY], [ANY]],
    ['one that is in all, the other way round', [ANY], [BAR], [ANY]],
    ['one that is in its key', [BAR], [FOO], [FOO]],
    ['of another key', [BAR], [{ ...FOO, key: 'other' }], [BAR, { ...FOO, key: 'other' }]],
    ['of another effect', [{ ...FOO, effect: 'NoSchedule' }], [seconds()], [{ ...FOO, effect: 'NoSchedule' }, seconds()]],
    ['of another value', [BAR], [{ ...BAR, value: 'other' }], [BAR, { ...BAR, value: 'other' }]],
    ['shorter and longer', [seconds(10)], [seconds(20)], [seconds(20)]],
    ['for a time and for ever', [seconds(10)], [seconds()], [seconds()]],
  ])('merges tolerations: %s', (_name, first, second, expected) => expect(mergeTolerations(first, second)).toEqual(expected))
})

describe('Priority', () => {
  const CLASSES = 'priorityclasses.scheduling.k8s.io'
  const classOf = (name: string, value: number, others: Json = {}) => ({
    metadata: { name },
    value,
    preemptionPolicy: 'PreemptLowerPriority',
    ...others,
  })
  const classes = [
    classOf('high', 1000),
    classOf('quiet', 500, { preemptionPolicy: 'Never' }),
    classOf('plain', 2000, { preemptionPolicy: undefined }),
    classOf('system-cluster-critical', 2_000_000_000),
    classOf('system-node-critical', 2_000_001_000),
  ]
  const byDefault = classOf('default1', 1500, { globalDefault: true })
  const run = (spec: Json, known: Json[] = classes, metadata: Json = {}) =>
    admit(priority, { resource: 'pods', object: pod(spec, metadata), cluster: { [CLASSES]: known } })

  it.each<[string, Json, Json[], Json]>([
    [
      'of its class',
      { priorityClassName: 'high' },
      classes,
      { priorityClassName: 'high', priority: 1000, preemptionPolicy: 'PreemptLowerPriority' },
    ],
    ['without preemption', { priorityClassName: 'quiet' }, classes, { priority: 500, preemptionPolicy: 'Never' }],
    ['of no class', {}, classes, { priority: 0, preemptionPolicy: 'PreemptLowerPriority' }],
    ['of the default class', {}, [...classes, byDefault], { priorityClassName: 'default1', priority: 1500 }],
    ['of a class rather than the default', { priorityClassName: 'high' }, [...classes, byDefault], { priority: 1000 }],
    [
      'of the lower of two defaults',
      {},
      [byDefault, classOf('default2', 1000, { globalDefault: true })],
      { priorityClassName: 'default2', priority: 1000 },
    ],
    ['of the cluster', { priorityClassName: 'system-cluster-critical' }, classes, { priority: 2_000_000_000 }],
    ['of the nodes', { priorityClassName: 'system-node-critical' }, classes, { priority: 2_000_001_000 }],
    ['that it says itself rightly', { priorityClassName: 'high', priority: 1000 }, classes, { priority: 1000 }],
    ['of nothing, said rightly', { priority: 0 }, classes, { priority: 0 }],
    ['with the policy of its class', { priorityClassName: 'quiet', preemptionPolicy: 'Never' }, classes, { preemptionPolicy: 'Never' }],
    [
      'with a policy of its own, where its class has none',
      { priorityClassName: 'plain', preemptionPolicy: 'Never' },
      classes,
      { priority: 2000, preemptionPolicy: 'Never' },
    ],
  ])('a priority %s', (_name, spec, known, expected) => {
    const { object, refusal } = run(spec, known)
    expect(refusal).toBeUndefined()
    expect(object.spec).toMatchObject(expected)
  })

  it('of a mirror pod', () => {
    const mirror = { annotations: { 'kubernetes.io/config.mirror': '' } }
    expect(run({ priorityClassName: 'system-cluster-critical', priority: 2_000_000_000 }, classes, mirror).refusal).toBeUndefined()
    expect(run({ priorityClassName: 'high', priority: 5 }, classes, mirror).refusal).toMatch('the integer value of priority (5)')
  })

  it('that has no policy and whose class has none has none', () => {
    expect(run({ priorityClassName: 'plain' }).object.spec).not.toHaveProperty('preemptionPolicy')
  })

  it.each<[string, Json, string]>([
    ['a class that is not there', { priorityClassName: 'none' }, 'no PriorityClass with name none was found'],
    [
      'a number of its own',
      { priorityClassName: 'high', priority: 5 },
      'the integer value of priority (5) must not be provided in pod spec; priority admission controller computed 1000 from the given PriorityClass name',
    ],
    [
      'a policy of its own',
      { preemptionPolicy: 'Never' },
      'the string value of PreemptionPolicy (Never) must not be provided in pod spec; priority admission controller computed PreemptLowerPriority from the given PriorityClass name',
    ],
  ])('is refused: %s', (_name, spec, expected) => expect(run(spec).refusal).toBe(FORBIDDEN + expected))

  it.each<[string, Json, Json]>([
    ['stays where an update leaves it out', {}, { priority: 1000, preemptionPolicy: 'Never' }],
    [
      'is left to validation where an update changes it',
      { priority: 5, preemptionPolicy: 'Other' },
      { priority: 5, preemptionPolicy: 'Other' },
    ],
  ])('%s', (_name, spec, expected) => {
    const old = pod({ priorityClassName: 'high', priority: 1000, preemptionPolicy: 'Never' })
    expect(admit(priority, { resource: 'pods', object: pod(spec), old }).object.spec).toMatchObject(expected)
    expect(admit(priority, { resource: 'pods', subresource: 'status', object: pod({}), old }).object.spec).not.toHaveProperty('priority')
  })

  it.each<[string, Json, Json | undefined, Json[], string | undefined]>([
    ['the first default', byDefault, undefined, [], undefined],
    ['one that is no default', classOf('other', 1), undefined, [byDefault], undefined],
    [
      'a second default',
      classOf('other', 1, { globalDefault: true }),
      undefined,
      [byDefault],
      'PriorityClass default1 is already marked as default. Only one default can exist',
    ],
    ['a default that changes', { ...byDefault, description: 'new' }, byDefault, [byDefault], undefined],
    [
      'one that becomes a second default',
      classOf('other', 1, { globalDefault: true }),
      classOf('other', 1),
      [byDefault],
      'PriorityClass default1 is already marked as default. Only one default can exist',
    ],
    ['one that becomes the first', classOf('other', 1, { globalDefault: true }), classOf('other', 1), [classOf('other', 1)], undefined],
  ])('of classes: %s', (_name, object, old, known, expected) => {
    const { refusal } = admit(priority, { resource: CLASSES, namespace: '', object, old, cluster: { [CLASSES]: known } })
    expect(refusal).toBe(expected && `403 priorityclasses.scheduling.k8s.io "other" is forbidden: ${expected}`)
  })
})

describe('ServiceAccount', () => {
  const account = (others: Json = {}, name = 'default') => ({ metadata: { name, namespace: 'default' }, ...others })
  const run = (object: Json, accounts: Json[] = [account()], others: Json = {}) =>
    admit(serviceAccount, { resource: 'pods', object, cluster: { serviceaccounts: accounts }, ...others })
  const TOKEN_PATH = '/var/run/secrets/kubernetes.io/serviceaccount'
  const enforcing = (others: Json = {}, value = 'true') => [
    {
      ...account(others),
      metadata: { name: 'default', namespace: 'default', annotations: { 'kubernetes.io/enforce-mountable-secrets': value } },
    },
  ]

  it('gives a pod the default account, and a token in every container', () => {
    const { object } = run(pod({ initContainers: [{ name: 'i' }] }))
    expect([object.spec.serviceAccountName, object.spec.serviceAccount]).toEqual(['default', 'default'])
    const [volume] = object.spec.volumes
    expect(volume.name).toMatch(/^kube-api-access-[bcdfghjklmnpqrstvwxz2456789]{5}$/)
    expect(volume.projected).toEqual({
      defaultMode: 420,
      sources: [
        { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        { downwardAPI: { items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }] } },
      ],
    })
    for (const { volumeMounts } of [...object.spec.containers, ...object.spec.initContainers]) {
      expect(volumeMounts).toEqual([{ name: volume.name, readOnly: true, mountPath: TOKEN_PATH }])
    }
  })

  // Nine combinations: what the pod says counts, then what its account says.
  const SAYS = [undefined, false, true]
  it.each(SAYS.flatMap((ofPod) => SAYS.map((ofAccount) => [ofPod, ofAccount, ofPod ?? ofAccount ?? true] as const)))(
    'mounts a token where the pod says %s and the account %s: %s',
    (ofPod, ofAccount, expected) => {
      const { object } = run(pod({ automountServiceAccountToken: ofPod }), [account({ automountServiceAccountToken: ofAccount })])
      expect(object.spec.volumes !== undefined).toBe(expected)
    },
  )

  it('mounts nothing over what is mounted there', () => {
    const mount = { name: 'own', mountPath: TOKEN_PATH }
    const { object } = run(pod({ containers: [{ name: 'c', volumeMounts: [mount] }] }))
    expect(object.spec.containers[0].volumeMounts).toEqual([mount])
    expect(object.spec).not.toHaveProperty('volumes')
  })

  it('uses a volume of tokens that is there', () => {
    const volume = { name: 'kube-api-access-mine', projected: { sources: [] } }
    const { object } = run(pod({ volumes: [volume] }))
    expect(object.spec.volumes).toEqual([volume])
    expect(object.spec.containers[0].volumeMounts).toEqual([{ name: volume.name, readOnly: true, mountPath: TOKEN_PATH }])
  })

  it('gives a pod that pulls with no secrets those of its account', () => {
    const accounts = [account({ imagePullSecrets: [{ name: 'a' }, { name: 'b' }] })]
    expect(run(pod(), accounts).object.spec.imagePullSecrets).toEqual([{ name: 'a' }, { name: 'b' }])
    expect(run(pod({ imagePullSecrets: [{ name: 'own' }] }), accounts).object.spec.imagePullSecrets).toEqual([{ name: 'own' }])
  })

  it.each<[string, Json, string]>([
    ['by name', { name: 'p' }, 'p'],
    ['by what its name begins with', { name: '', generateName: 'p-' }, 'p-'],
  ])('refuses a pod, %s, whose account is not there', (_name, metadata, shown) => {
    expect(run(pod({ serviceAccountName: 'none' }, metadata)).refusal).toBe(
      `403 pods "${shown}" is forbidden: error looking up service account default/none: serviceaccount "none" not found`,
    )
  })

  it.each<[string, Json]>([
    ['updates', { old: pod() }],
    ['other resources', { resource: 'configmaps' }],
    ['other subresources', { subresource: 'binding' }],
    ['deletes', { operation: 'delete' }],
  ])('looks at no %s', (_name, others) => expect(run(pod(), [], others)).toMatchObject({ refusal: undefined, object: pod() }))

  describe('of a mirror pod', () => {
    const mirror = (spec: Json) => pod(spec, { annotations: { 'kubernetes.io/config.mirror': 'x' } })
    it('changes nothing', () => expect(run(mirror({}), []).object).toEqual(mirror({})))
    const SECRET = 'a mirror pod may not reference secrets'
    it.each<[string, Json, string]>([
      ['an account', { serviceAccountName: 'default' }, 'a mirror pod may not reference service accounts'],
      ['a volume of a secret', { volumes: [{ name: 'v', secret: { secretName: 's' } }] }, SECRET],
      ['a projected secret', { volumes: [{ name: 'v', projected: { sources: [{ secret: { name: 's' } }] } }] }, SECRET],
      ['a volume that needs a secret', { volumes: [{ name: 'v', csi: { driver: 'd', nodePublishSecretRef: { name: 's' } } }] }, SECRET],
      ['a file share', { volumes: [{ name: 'v', azureFile: { secretName: 's', shareName: 'x' } }] }, SECRET],
      ['a variable', { containers: [{ name: 'c', env: [{ name: 'E', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }] }] }, SECRET],
      ['variables', { initContainers: [{ name: 'i', envFrom: [{ secretRef: { name: 's' } }] }] }, SECRET],
      ['a pull secret', { imagePullSecrets: [{ name: 's' }] }, SECRET],
      [
        'a token',
        { volumes: [{ name: 'v', projected: { sources: [{ serviceAccountToken: { path: 't' } }] } }] },
        'a mirror pod may not use ServiceAccountToken volume projections',
      ],
    ])('refuses %s', (_name, spec, expected) => expect(run(mirror(spec), []).refusal).toBe(FORBIDDEN + expected))
  })

  describe('that lists the secrets of its pods', () => {
    const env = { env: [{ name: 'E', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }] }
    const envFrom = { envFrom: [{ secretRef: { name: 's' } }] }
    const is = 'is not allowed because service account default does not reference that secret'
    const ROWS: [string, Json, string][] = [
      ['a volume', { volumes: [{ name: 'v', secret: { secretName: 's' } }] }, `volume with secret.secretName="s" ${is}`],
      ['a variable', { containers: [{ name: 'c', ...env }] }, `container c with envVar E referencing secret.secretName="s" ${is}`],
      ['variables', { containers: [{ name: 'c', ...envFrom }] }, `container c with envFrom referencing secret.secretName="s" ${is}`],
      [
        'a variable of an init container',
        { initContainers: [{ name: 'i', ...env }] },
        `init container i with envVar E referencing secret.secretName="s" ${is}`,
      ],
      [
        'variables of an init container',
        { initContainers: [{ name: 'i', ...envFrom }] },
        `init container i with envFrom referencing secret.secretName="s" ${is}`,
      ],
      [
        'a pull secret',
        { imagePullSecrets: [{ name: 's' }] },
        'imagePullSecrets[0].name="s" is not allowed because service account default does not reference that imagePullSecret',
      ],
    ]
    it.each(ROWS)('refuses another: %s', (_name, spec, expected) => expect(run(pod(spec), enforcing()).refusal).toBe(FORBIDDEN + expected))
    it.each(ROWS)('allows those: %s', (_name, spec) => {
      expect(run(pod(spec), enforcing({ secrets: [{ name: 's' }], imagePullSecrets: [{ name: 's' }] })).refusal).toBeUndefined()
    })
    it.each(ROWS)('but does not insist: %s', (_name, spec) => {
      expect(run(pod(spec)).refusal).toBeUndefined()
      expect(run(pod(spec), enforcing({}, 'false')).refusal).toBeUndefined()
    })
    it.each([
      ['a variable', env, 'envVar E'],
      ['variables', envFrom, 'envFrom'],
    ])('holds ephemeral containers to it: %s', (_name, uses, by) => {
      const object = pod({ serviceAccountName: 'default', ephemeralContainers: [{ name: 'e', ...uses }] })
      const write = { subresource: 'ephemeralcontainers', old: pod() }
      expect(run(object, enforcing(), write).refusal).toBe(`500 ephemeral container e with ${by} referencing secret.secretName="s" ${is}`)
      expect(run(object, enforcing({ secrets: [{ name: 's' }] }), write).refusal).toBeUndefined()
      expect(run(object, [account()], write).refusal).toBeUndefined()
    })
  })
})

describe('DefaultTolerationSeconds', () => {
  const READY = 'node.kubernetes.io/not-ready'
  const REACHABLE = 'node.kubernetes.io/unreachable'
  const toleration = (key: string, tolerationSeconds = 300, effect = 'NoExecute') => ({
    key,
    operator: 'Exists',
    effect,
    tolerationSeconds,
  })
  const other = { key: 'foo', operator: 'Equal', value: 'bar', effect: 'NoSchedule', tolerationSeconds: 700 }
  it.each<[string, Json[] | undefined, Json[]]>([
    ['none', undefined, [toleration(READY), toleration(REACHABLE)]],
    ['others', [other], [other, toleration(READY), toleration(REACHABLE)]],
    ['the first', [toleration(READY, 700)], [toleration(READY, 700), toleration(REACHABLE)]],
    ['the second', [toleration(REACHABLE, 700)], [toleration(REACHABLE, 700), toleration(READY)]],
    ['both', [toleration(READY, 700), toleration(REACHABLE, 700)], [toleration(READY, 700), toleration(REACHABLE, 700)]],
    [
      'of any effect',
      [{ key: REACHABLE, operator: 'Exists', tolerationSeconds: 700 }],
      [{ key: REACHABLE, operator: 'Exists', tolerationSeconds: 700 }, toleration(READY)],
    ],
    ['of everything', [{ operator: 'Exists' }], [{ operator: 'Exists' }]],
    [
      'of another effect',
      [toleration(READY, 1, 'NoSchedule')],
      [toleration(READY, 1, 'NoSchedule'), toleration(READY), toleration(REACHABLE)],
    ],
  ])('%s', (_name, tolerations, expected) => {
    expect(admit(defaultTolerationSeconds, { resource: 'pods', object: pod({ tolerations }) }).object.spec.tolerations).toEqual(expected)
  })

  it.each<[string, Json, boolean]>([
    ['creates', {}, true],
    ['updates', { old: pod() }, true],
    ['deletes', { operation: 'delete' }, false],
    ['subresources', { subresource: 'status', old: pod() }, false],
    ['other resources', { resource: 'deployments.apps' }, false],
  ])('handles %s: %s', (_name, write, expected) => {
    expect(admit(defaultTolerationSeconds, { resource: 'pods', object: pod(), ...write }).object.spec.tolerations !== undefined).toBe(
      expected,
    )
  })
})

describe('PodResizeValidator', () => {
  const node = { metadata: { name: 'n', labels: { 'kubernetes.io/os': 'linux' } }, status: { allocatable: { cpu: '2', memory: '1Gi' } } }
  const resized = (requests: Json, others: Json = {}, generation = 2) =>
    pod({ nodeName: 'n', containers: [{ name: 'c', resources: { requests } }], ...others }, { generation })
  const run = (object: Json, others: Json = {}, nodes: Json[] = [node]) =>
    admit(podResizeValidator, { resource: 'pods', subresource: 'resize', object, old: resized({}, {}, 1), cluster: { nodes }, ...others })
  const LACKS = `${FORBIDDEN}node didn't have enough allocatable resources: `
  const CPU = 'cpu, requested: 3000, allocatable: 2000'
  const MEMORY = 'memory, requested: 2147483648, allocatable: 1073741824'

  it.each<[string, Json, Json, string | undefined]>([
    ['cpu there is', resized({ cpu: '2' }), {}, undefined],
    ['memory there is', resized({ memory: '1Gi' }), {}, undefined],
    ['cpu there is not', resized({ cpu: '3' }), {}, LACKS + CPU],
    ['memory there is not', resized({ memory: '2Gi' }), {}, LACKS + MEMORY],
    ['neither there is', resized({ cpu: '3', memory: '2Gi' }), {}, `${LACKS}${CPU}; ${MEMORY}`],
    ['with overhead there is not', resized({ cpu: '1500m' }, { overhead: { cpu: '1500m' } }), {}, LACKS + CPU],
    ['with less for the whole', resized({ cpu: '3' }, { resources: { requests: { cpu: '1' } } }), {}, undefined],
    ['but nothing changed', resized({ cpu: '3' }, {}, 1), {}, undefined],
    ['on no node yet', resized({ cpu: '3' }, { nodeName: '' }), {}, undefined],
    ['by another subresource', resized({ cpu: '3' }), { subresource: 'status' }, undefined],
    ['on a node that is gone', resized({ cpu: '1' }, { nodeName: 'gone' }), {}, `${FORBIDDEN}node "gone" not found`],
  ])('%s', (_name, object, others, expected) => expect(run(object, others).refusal).toBe(expected))

  it('says in a cause what it is about', () => {
    expect(run(resized({ cpu: '3' })).error!.details!.causes).toEqual([{ reason: 'NodeCapacity' }])
    const windows = [{ ...node, metadata: { name: 'n', labels: { 'kubernetes.io/os': 'windows' } } }]
    const { refusal, error } = run(resized({ cpu: '1' }), {}, windows)
    expect(refusal).toBe(`${FORBIDDEN}pod resize is only supported on linux nodes, node "n" is "windows"`)
    expect(error!.details!.causes).toEqual([{ reason: 'UnsupportedPlatform' }])
  })

  it('takes a node that says nothing of its system for a linux one', () => {
    expect(run(resized({ cpu: '1' }), {}, [{ metadata: { name: 'n' }, status: node.status }]).refusal).toBeUndefined()
  })
})

describe('PodTopologyLabels', () => {
  const ZONE = 'topology.kubernetes.io/zone'
  const REGION = 'topology.kubernetes.io/region'
  const binding = (labels?: Json, target: Json = { kind: 'Node', name: 'n' }) => ({
    metadata: { name: 'p', ...(labels && { labels }) },
    target,
  })
  const labelsOf = (labels: Json, object: Json, subresource = 'binding') =>
    admit(podTopologyLabels, { resource: 'pods', subresource, object, cluster: { nodes: [{ metadata: { name: 'n', labels } }] } }).object
      .metadata.labels
  const BOTH = { [ZONE]: 'z', [REGION]: 'r' }

  it.each<[string, Json, Json, Json]>([
    ['both', BOTH, binding(), BOTH],
    ['one', { [ZONE]: 'z' }, binding(), { [ZONE]: 'z' }],
    ['no others', { ...BOTH, 'topology.kubernetes.io/rack': 'x' }, binding(), BOTH],
    ['none of subdomains', { 'sub.topology.kubernetes.io/zone': 'x' }, binding(), undefined],
    ['none without a domain', { zone: 'x' }, binding(), undefined],
    ['in place of what is there', BOTH, binding({ [ZONE]: 'other', own: 'yes' }), { ...BOTH, own: 'yes' }],
    ['of no node that is gone', BOTH, binding(undefined, { kind: 'Node', name: 'gone' }), undefined],
    ['of nothing but nodes', BOTH, binding(undefined, { kind: 'Other', name: 'n' }), undefined],
  ])('a pod takes from its node: %s', (_name, labels, object, expected) => expect(labelsOf(labels, object)).toEqual(expected))

  it('also when it is made on a node', () => {
    expect(labelsOf(BOTH, pod({ nodeName: 'n' }), '')).toEqual(BOTH)
    expect(labelsOf(BOTH, pod(), '')).toBeUndefined()
  })
})
