/** Upstream: pkg/quota/v1/evaluator/core/*_test.go, generic/evaluator_test.go, install/update_filter_test.go. */
import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../../src/api/object.ts'
import type { QuotaChange } from '../../src/api/quota/evaluator.ts'
import { evaluatorOf } from '../../src/api/quota/evaluators.ts'
import type { Json } from '../support/api.ts'

const NOW = Date.parse('2026-01-01T00:00:00Z')
const at = (seconds: number) => new Date(NOW + seconds * 1000).toISOString()

const container = (requests: Json, limits?: Json, name = 'c') => ({ name, resources: { requests, ...(limits && { limits }) } })
const pod = (spec: Json, others: Json = {}): KubeObject =>
  ({ metadata: {}, ...others, spec: { containers: [], ...spec } }) as unknown as KubeObject
const usageOf = (resource: string, object: KubeObject) => evaluatorOf(resource)!.usage(object, NOW)

interface Row {
  readonly name: string
  readonly given: KubeObject
  readonly expect: Json
}

describe('a pod counts for', () => {
  const COUNT = { 'count/pods': '1' }
  const ONE = { ...COUNT, pods: '1' }
  const both = (name: string, spec: (container: Json) => Json): Row[] => [
    {
      name: `${name}: cpu`,
      given: pod(spec(container({ cpu: '1m' }, { cpu: '2m' }))),
      expect: { ...ONE, cpu: '1m', 'requests.cpu': '1m', 'limits.cpu': '2m' },
    },
    {
      name: `${name}: memory`,
      given: pod(spec(container({ memory: '1Mi' }, { memory: '2Mi' }))),
      expect: { ...ONE, memory: '1Mi', 'requests.memory': '1Mi', 'limits.memory': '2Mi' },
    },
    {
      name: `${name}: ephemeral storage`,
      given: pod(spec(container({ 'ephemeral-storage': '32Mi' }, { 'ephemeral-storage': '64Mi' }))),
      expect: { ...ONE, 'ephemeral-storage': '32Mi', 'requests.ephemeral-storage': '32Mi', 'limits.ephemeral-storage': '64Mi' },
    },
    {
      name: `${name}: huge pages`,
      given: pod(spec(container({ 'hugepages-2Mi': '100Mi' }))),
      expect: { ...ONE, 'hugepages-2Mi': '100Mi', 'requests.hugepages-2Mi': '100Mi' },
    },
    {
      name: `${name}: extended resources, of which only requests count`,
      given: pod(spec(container({ 'example.com/dongle': '3' }, { 'example.com/dongle': '3' }))),
      expect: { ...ONE, 'requests.example.com/dongle': '3' },
    },
    {
      name: `${name}: devices of a class`,
      given: pod(spec(container({ 'deviceclass.resource.kubernetes.io/gpu': '3' }))),
      expect: { ...ONE, 'requests.deviceclass.resource.kubernetes.io/gpu': '3' },
    },
  ]
  const resized = (resources: Json, status: Json = {}) =>
    pod(
      { containers: [container({ cpu: '100m', memory: '200Mi' }, { cpu: '200m', memory: '400Mi' })] },
      { status: { containerStatuses: [{ name: 'c', resources }], ...status } },
    )
  const wanted = { ...ONE, cpu: '100m', 'requests.cpu': '100m', memory: '200Mi', 'requests.memory': '200Mi' }
  const wantedLimits = { 'limits.cpu': '200m', 'limits.memory': '400Mi' }

  it.each<Row>([
    ...both('a container', (c) => ({ containers: [c] })),
    ...both('an init container', (c) => ({ initContainers: [c] })),
    {
      name: 'an end that came: being stored',
      given: pod({ containers: [container({ cpu: '1m' })] }, { status: { phase: 'Succeeded' } }),
      expect: COUNT,
    },
    { name: 'a failure: being stored', given: pod({ containers: [] }, { status: { phase: 'Failed' } }), expect: COUNT },
    {
      name: 'the greediest init container or all the others',
      given: pod({
        initContainers: [
          container({ cpu: '4', memory: '100M' }, { cpu: '8', memory: '200M' }),
          container({ cpu: '1', memory: '50M' }, { cpu: '2', memory: '100M' }),
        ],
        containers: [
          container({ cpu: '1', memory: '50M' }, { cpu: '2', memory: '100M' }),
          container({ cpu: '2', memory: '25M' }, { cpu: '5', memory: '50M' }),
        ],
      }),
      expect: {
        ...ONE,
        cpu: '4',
        'requests.cpu': '4',
        'limits.cpu': '8',
        memory: '100M',
        'requests.memory': '100M',
        'limits.memory': '200M',
      },
    },
    {
      name: 'a sidecar beside the containers',
      given: pod({ initContainers: [{ ...container({ cpu: '1' }), restartPolicy: 'Always' }], containers: [container({ cpu: '2' })] }),
      expect: { ...ONE, cpu: '3', 'requests.cpu': '3' },
    },
    {
      name: 'being stored, where it should be gone by now',
      given: pod({ containers: [container({ cpu: '1' })] }, { metadata: { deletionTimestamp: at(-60), deletionGracePeriodSeconds: 30 } }),
      expect: COUNT,
    },
    {
      name: 'all it has, while it may still be going',
      given: pod({ containers: [container({ cpu: '1' })] }, { metadata: { deletionTimestamp: at(0), deletionGracePeriodSeconds: 30 } }),
      expect: { ...ONE, cpu: '1', 'requests.cpu': '1' },
    },
    {
      name: 'its overhead, of limits where there is one',
      given: pod({ overhead: { cpu: '1', memory: '10Mi' }, containers: [container({ cpu: '1' }, { cpu: '2' })] }),
      expect: { ...ONE, cpu: '2', 'requests.cpu': '2', 'limits.cpu': '3', memory: '10Mi', 'requests.memory': '10Mi' },
    },
    {
      name: 'cpu of the whole pod',
      given: pod({ resources: { requests: { cpu: '1' }, limits: { cpu: '2' } }, containers: [container({ cpu: '500m' })] }),
      expect: { ...ONE, cpu: '1', 'requests.cpu': '1', 'limits.cpu': '2' },
    },
    {
      name: 'memory of the whole pod, storage of its containers',
      given: pod({
        resources: { requests: { memory: '1Mi' }, limits: { memory: '2Mi' } },
        containers: [container({ 'ephemeral-storage': '32Mi' }, { 'ephemeral-storage': '64Mi' })],
      }),
      expect: {
        ...ONE,
        memory: '1Mi',
        'requests.memory': '1Mi',
        'limits.memory': '2Mi',
        'ephemeral-storage': '32Mi',
        'requests.ephemeral-storage': '32Mi',
        'limits.ephemeral-storage': '64Mi',
      },
    },
    {
      name: 'what it has, while that is more memory than it wants',
      given: resized({ requests: { cpu: '100m', memory: '500Mi' } }),
      expect: { ...wanted, ...wantedLimits, memory: '500Mi', 'requests.memory': '500Mi' },
    },
    {
      name: 'what it has, while that is more cpu than it wants',
      given: resized({ requests: { cpu: '150m', memory: '100Mi' }, limits: { cpu: '300m' } }),
      expect: { ...wanted, ...wantedLimits, cpu: '150m', 'requests.cpu': '150m', 'limits.cpu': '300m' },
    },
    { name: 'what it wants, where nothing is known of what it has', given: resized(undefined), expect: { ...wanted, ...wantedLimits } },
    {
      name: 'what it has, where it can never have what it wants',
      given: resized(
        { requests: { cpu: '50m', memory: '50Mi' }, limits: { cpu: '50m' } },
        { conditions: [{ type: 'PodResizePending', reason: 'Infeasible' }] },
      ),
      expect: { ...ONE, cpu: '50m', 'requests.cpu': '50m', memory: '50Mi', 'requests.memory': '50Mi', 'limits.cpu': '50m' },
    },
  ])('$name', ({ given, expect: expected }) => expect(usageOf('pods', given)).toEqual(expected))
})

describe('a pod must say what it wants', () => {
  const named = (name: string, requests: Json, limits?: Json) => container(requests, limits, name)
  it.each<{ name: string; given: KubeObject; required: string[]; expect: string | undefined }>([
    {
      name: 'in an init container',
      given: pod({ initContainers: [named('a', { cpu: '1m' }, { cpu: '2m' })] }),
      required: ['memory'],
      expect: 'must specify memory for: a',
    },
    {
      name: 'in each init container',
      given: pod({ initContainers: [named('b', { cpu: '1m' }), named('a', { cpu: '2m' })] }),
      required: ['memory'],
      expect: 'must specify memory for: a,b',
    },
    {
      name: 'in a container',
      given: pod({ containers: [named('c', { cpu: '1m' })] }),
      required: ['memory'],
      expect: 'must specify memory for: c',
    },
    {
      name: 'in each container',
      given: pod({ containers: [named('c', {}), named('d', {})], initContainers: [named('a', {})] }),
      required: ['memory'],
      expect: 'must specify memory for: a,c,d',
    },
    {
      name: 'of each resource',
      given: pod({ containers: [named('c', {}), named('d', { cpu: '1' }, { memory: '1' })] }),
      required: ['limits.memory', 'cpu', 'pods', 'ephemeral-storage'],
      expect: 'must specify cpu for: c; limits.memory for: c',
    },
    {
      name: 'unless it does so for the whole',
      given: pod({ resources: { requests: { cpu: '1' } }, containers: [named('c', {})] }),
      required: ['cpu', 'memory'],
      expect: undefined,
    },
    {
      name: 'but not of other resources',
      given: pod({ containers: [named('c', {})] }),
      required: ['pods', 'requests.x.io/y'],
      expect: undefined,
    },
  ])('$name', ({ given, required, expect: expected }) => expect(evaluatorOf('pods')!.faultOf(required, given)).toBe(expected))
})

describe('a pod is in the scope', () => {
  const priority = (operator: string, ...values: string[]) => ({
    scopeName: 'PriorityClass',
    operator,
    ...(values.length > 0 && { values }),
  })
  const affinity = (kind: string, term: Json, isPreferred = false) =>
    pod({
      affinity: {
        [kind]: isPreferred
          ? { preferredDuringSchedulingIgnoredDuringExecution: [{ podAffinityTerm: term }] }
          : { requiredDuringSchedulingIgnoredDuringExecution: [term] },
      },
    })
  const scopes = (object: KubeObject) =>
    [
      'BestEffort',
      'NotBestEffort',
      'Terminating',
      'NotTerminating',
      'PriorityClass',
      'CrossNamespacePodAffinity',
      'VolumeAttributesClass',
    ].filter((scopeName) => evaluatorOf('pods')!.matchesScope({ scopeName, operator: 'Exists' }, object))

  it.each<Row>([
    { name: 'of nothing special', given: pod({}), expect: ['BestEffort', 'NotTerminating'] },
    { name: 'of a class', given: pod({ priorityClassName: 'high' }), expect: ['BestEffort', 'NotTerminating', 'PriorityClass'] },
    { name: 'of requests', given: pod({ containers: [container({ cpu: '1' })] }), expect: ['NotBestEffort', 'NotTerminating'] },
    { name: 'of a deadline', given: pod({ activeDeadlineSeconds: 30 }), expect: ['BestEffort', 'Terminating'] },
    { name: 'of a deadline at once', given: pod({ activeDeadlineSeconds: 0 }), expect: ['BestEffort', 'Terminating'] },
    {
      name: 'of affinity in its own namespace',
      given: affinity('podAffinity', { topologyKey: 'x' }),
      expect: ['BestEffort', 'NotTerminating'],
    },
    ...['podAffinity', 'podAntiAffinity'].flatMap((kind) =>
      [false, true].map((isPreferred) => ({
        name: `of ${isPreferred ? 'preferred' : 'required'} ${kind} across namespaces`,
        given: affinity(kind, isPreferred ? { namespaceSelector: {} } : { namespaces: ['other'] }, isPreferred),
        expect: ['BestEffort', 'NotTerminating', 'CrossNamespacePodAffinity'],
      })),
    ),
  ])('$name', ({ given, expect: expected }) => expect(scopes(given)).toEqual(expected))

  it.each<[Json, string | undefined, boolean]>([
    [priority('In', 'high', 'low'), 'high', true],
    [priority('In', 'high'), 'low', false],
    [priority('In', 'high'), undefined, false],
    [priority('NotIn', 'high'), 'low', true],
    [priority('NotIn', 'high'), 'high', false],
    [priority('NotIn', 'high'), undefined, true],
    [priority('Exists'), 'any', true],
    [priority('Exists'), undefined, false],
    [priority('DoesNotExist'), undefined, true],
    [priority('DoesNotExist'), 'any', false],
    [priority(''), 'any', false],
  ])('%j of the class %s: %s', (scope, priorityClassName, expected) => {
    expect(evaluatorOf('pods')!.matchesScope(scope, pod({ priorityClassName }))).toBe(expected)
  })
})

describe('what is counted of a change', () => {
  const change = (operation: 'create' | 'update', subresource = '', object = pod({}), old?: KubeObject): QuotaChange => ({
    operation,
    subresource,
    object,
    old: operation === 'update' ? (old ?? pod({})) : undefined,
  })
  const deadline = (activeDeadlineSeconds: number) => pod({ activeDeadlineSeconds })
  const claim = (status: Json, spec: Json = {}) => ({ metadata: {}, spec, status }) as unknown as KubeObject
  it.each<[string, string, QuotaChange, boolean]>([
    ['pods', 'create', change('create'), true],
    ['pods', 'a deadline that goes', change('update', '', pod({}), deadline(1)), true],
    ['pods', 'a deadline that comes', change('update', '', deadline(1), pod({})), true],
    ['pods', 'another deadline', change('update', '', deadline(1), deadline(2)), false],
    ['pods', 'another update', change('update'), false],
    ['pods', 'create of a subresource', change('create', 'binding'), false],
    ['pods', 'update of a subresource', change('update', 'status'), false],
    ['pods', 'resize', change('update', 'resize'), true],
    ['services', 'create', change('create'), true],
    ['services', 'update', change('update'), true],
    ['services', 'update of a subresource', change('update', 'status'), false],
    ['persistentvolumeclaims', 'create', change('create'), true],
    ['persistentvolumeclaims', 'update', change('update'), true],
    ['persistentvolumeclaims', 'a status that says nothing new', change('update', 'status', claim({}), claim({})), false],
    [
      'persistentvolumeclaims',
      'more that was allocated',
      change('update', 'status', claim({ allocatedResources: { storage: '2Gi' } }), claim({})),
      true,
    ],
    [
      'persistentvolumeclaims',
      'another attributes class',
      change('update', 'status', claim({ currentVolumeAttributesClassName: 'gold' }), claim({})),
      true,
    ],
    ['resourceclaims.resource.k8s.io', 'update', change('update'), true],
    ['resourceclaims.resource.k8s.io', 'update of a subresource', change('update', 'status'), false],
    ['configmaps', 'create', change('create'), true],
    ['configmaps', 'update', change('update'), false],
    ['widgets.example.com', 'create', change('create'), true],
    ['widgets.example.com', 'create of a subresource', change('create', 'scale'), false],
  ])('%s: %s', (resource, _name, given, expected) => expect(evaluatorOf(resource)!.handles(given)).toBe(expected))

  it('is nothing of events', () => {
    expect(evaluatorOf('events')).toBeUndefined()
    expect(evaluatorOf('events.events.k8s.io')).toBeUndefined()
  })
})

describe('a service counts for', () => {
  const service = (spec: Json) => ({ metadata: {}, spec }) as unknown as KubeObject
  const usage = (loadBalancers: number, nodePorts: number) => ({
    'count/services': '1',
    services: '1',
    'services.loadbalancers': String(loadBalancers),
    'services.nodeports': String(nodePorts),
  })
  const ports = (...nodePorts: (number | undefined)[]) => nodePorts.map((nodePort) => ({ port: 80, ...(nodePort && { nodePort }) }))
  it.each<Row>([
    { name: 'a load balancer', given: service({ type: 'LoadBalancer' }), expect: usage(1, 0) },
    { name: 'a load balancer with a port', given: service({ type: 'LoadBalancer', ports: ports(undefined) }), expect: usage(1, 1) },
    {
      name: 'a load balancer with two ports',
      given: service({ type: 'LoadBalancer', ports: ports(undefined, undefined) }),
      expect: usage(1, 2),
    },
    { name: 'a cluster IP', given: service({ type: 'ClusterIP', ports: ports(undefined) }), expect: usage(0, 0) },
    { name: 'a node port', given: service({ type: 'NodePort', ports: ports(undefined) }), expect: usage(0, 1) },
    { name: 'node ports', given: service({ type: 'NodePort', ports: ports(undefined, undefined) }), expect: usage(0, 2) },
    {
      name: 'a load balancer without node ports',
      given: service({ type: 'LoadBalancer', allocateLoadBalancerNodePorts: false, ports: ports(undefined) }),
      expect: usage(1, 0),
    },
    {
      name: 'a load balancer with node ports',
      given: service({ type: 'LoadBalancer', allocateLoadBalancerNodePorts: true, ports: ports(undefined) }),
      expect: usage(1, 1),
    },
    {
      name: 'a load balancer without node ports but those it names',
      given: service({ type: 'LoadBalancer', allocateLoadBalancerNodePorts: false, ports: ports(31000, undefined) }),
      expect: usage(1, 1),
    },
  ])('$name', ({ given, expect: expected }) => expect(usageOf('services', given)).toEqual(expected))
})

describe('a volume claim counts for', () => {
  const claim = (spec: Json, others: Json = {}) => ({ metadata: {}, ...others, spec }) as unknown as KubeObject
  const storage = (amount: string) => ({ resources: { requests: { storage: amount } } })
  const ONE = { 'count/persistentvolumeclaims': '1', persistentvolumeclaims: '1' }
  const gold = (amount: string) => ({
    ...ONE,
    'requests.storage': amount,
    'gold.storageclass.storage.k8s.io/persistentvolumeclaims': '1',
    'gold.storageclass.storage.k8s.io/requests.storage': amount,
  })
  it.each<Row>([
    { name: 'itself', given: claim({}), expect: ONE },
    { name: 'its storage', given: claim(storage('10Gi')), expect: { ...ONE, 'requests.storage': '10Gi' } },
    { name: 'storage of its class', given: claim({ ...storage('10Gi'), storageClassName: 'gold' }), expect: gold('10Gi') },
    {
      name: 'storage of the class of its annotation',
      given: claim(storage('10Gi'), { metadata: { annotations: { 'volume.beta.kubernetes.io/storage-class': 'gold' } } }),
      expect: gold('10Gi'),
    },
    { name: 'whole bytes', given: claim(storage('1000.5m')), expect: { ...ONE, 'requests.storage': '2' } },
    { name: 'whole bytes of its class', given: claim({ ...storage('1000.5m'), storageClassName: 'gold' }), expect: gold('2') },
    {
      name: 'what it was given, where that is more',
      given: claim(storage('10Gi'), { status: { allocatedResources: { storage: '11Gi' } } }),
      expect: { ...ONE, 'requests.storage': '11Gi' },
    },
    {
      name: 'what it asks for, where that is more',
      given: claim(storage('10Gi'), { status: { allocatedResources: { storage: '9Gi' } } }),
      expect: { ...ONE, 'requests.storage': '10Gi' },
    },
  ])('$name', ({ given, expect: expected }) => expect(usageOf('persistentvolumeclaims', given)).toEqual(expected))

  it.each<[string, Json, Json, Json]>([
    ['none', {}, {}, [false, false, true, true]],
    ['the one it wants', { volumeAttributesClassName: 'gold' }, {}, [true, true, false, false]],
    ['the one it has', {}, { currentVolumeAttributesClassName: 'gold' }, [true, true, false, false]],
    ['the one it is to have', {}, { modifyVolumeStatus: { targetVolumeAttributesClassName: 'gold' } }, [true, true, false, false]],
    ['another', { volumeAttributesClassName: 'tin' }, {}, [true, false, true, false]],
  ])('in the scope of attributes classes: %s', (_name, spec, status, expected) => {
    const scope = (operator: string, ...values: string[]) => ({ scopeName: 'VolumeAttributesClass', operator, values })
    const given = claim(spec, { status })
    const scopes = [scope('Exists'), scope('In', 'gold'), scope('NotIn', 'gold'), scope('DoesNotExist')]
    expect(scopes.map((each) => evaluatorOf('persistentvolumeclaims')!.matchesScope(each, given))).toEqual(expected)
  })
})

describe('a claim of devices counts for', () => {
  const claim = (...requests: Json[]) => ({ metadata: {}, spec: { devices: { requests } } }) as unknown as KubeObject
  const gpus = (allocationMode: string, count?: number, deviceClassName = 'gpu') => ({ deviceClassName, allocationMode, count })
  const ONE = { 'count/resourceclaims.resource.k8s.io': '1' }
  const GPU = 'gpu.deviceclass.resource.k8s.io/devices'
  it.each<Row>([
    { name: 'itself', given: claim(), expect: ONE },
    { name: 'devices of a class', given: claim({ exactly: gpus('ExactCount', 2) }), expect: { ...ONE, [GPU]: '2' } },
    { name: 'the most there may be', given: claim({ exactly: gpus('All') }), expect: { ...ONE, [GPU]: '32' } },
    {
      name: 'all its requests',
      given: claim({ exactly: gpus('ExactCount', 2) }, { exactly: gpus('ExactCount', 3) }),
      expect: { ...ONE, [GPU]: '5' },
    },
    {
      name: 'the greatest of alternatives, a class',
      given: claim({ firstAvailable: [gpus('ExactCount', 2), gpus('ExactCount', 4), gpus('ExactCount', 1, 'fpga')] }),
      expect: { ...ONE, [GPU]: '4', 'fpga.deviceclass.resource.k8s.io/devices': '1' },
    },
    { name: 'nothing where the mode is not known', given: claim({ exactly: gpus('Later', 2) }), expect: { ...ONE, [GPU]: '0' } },
  ])('$name', ({ given, expect: expected }) => expect(usageOf('resourceclaims.resource.k8s.io', given)).toEqual(expected))
})

describe('of a quota, it knows', () => {
  const NAMES = [
    'count/pods',
    'pods',
    'cpu',
    'requests.cpu',
    'limits.memory',
    'hugepages-2Mi',
    'requests.hugepages-2Mi',
    'requests.example.com/gpu',
    'example.com/gpu',
    'limits.example.com/gpu',
    'requests.deviceclass.resource.kubernetes.io/gpu',
    'requests.storage',
    'persistentvolumeclaims',
    'count/persistentvolumeclaims',
    'gold.storageclass.storage.k8s.io/requests.storage',
    'gold.storageclass.storage.k8s.io/other',
    'services',
    'services.nodeports',
    'count/services',
    'configmaps',
    'count/configmaps',
    'count/deployments.apps',
    'count/resourceclaims.resource.k8s.io',
    'gpu.deviceclass.resource.k8s.io/devices',
  ]
  it.each<[string, string[]]>([
    [
      'pods',
      [
        'count/pods',
        'pods',
        'cpu',
        'requests.cpu',
        'limits.memory',
        'hugepages-2Mi',
        'requests.hugepages-2Mi',
        'requests.example.com/gpu',
        'requests.deviceclass.resource.kubernetes.io/gpu',
      ],
    ],
    [
      'persistentvolumeclaims',
      ['requests.storage', 'persistentvolumeclaims', 'count/persistentvolumeclaims', 'gold.storageclass.storage.k8s.io/requests.storage'],
    ],
    ['services', ['services', 'services.nodeports', 'count/services']],
    ['configmaps', ['configmaps', 'count/configmaps']],
    ['deployments.apps', ['count/deployments.apps']],
    ['resourceclaims.resource.k8s.io', ['count/resourceclaims.resource.k8s.io', 'gpu.deviceclass.resource.k8s.io/devices']],
    ['widgets.example.com', []],
  ])('%s', (resource, expected) => expect(evaluatorOf(resource)!.matching(NAMES)).toEqual(expected))
})

describe('something is free after an update of', () => {
  const status = (phase: string, others: Json = {}) => pod({}, { status: { phase, ...others } })
  const service = (type: string) => ({ metadata: {}, spec: { type } }) as unknown as KubeObject
  const cpu = (amount: string) => ({ containerStatuses: [{ name: 'c', resources: { requests: { cpu: amount } } }] })
  it.each<[string, string, KubeObject, KubeObject, boolean]>([
    ['pods', 'that ended', status('Running'), status('Succeeded'), true],
    ['pods', 'that failed', status('Pending'), status('Failed'), true],
    ['pods', 'that began', status('Pending'), status('Running'), false],
    ['pods', 'that had ended', status('Failed'), status('Failed'), false],
    ['pods', 'that got a deadline', pod({}), pod({ activeDeadlineSeconds: 5 }), true],
    ['pods', 'that were resized', status('Running', cpu('2')), status('Running', cpu('1')), true],
    ['services', 'that give up their load balancer', service('LoadBalancer'), service('ClusterIP'), true],
    ['services', 'that give up their node ports', service('NodePort'), service('ClusterIP'), true],
    ['services', 'that become external', service('ClusterIP'), service('ExternalName'), false],
    ['configmaps', 'of any kind', pod({}), pod({}), false],
  ])('%s %s', (resource, _name, old, object, expected) => expect(evaluatorOf(resource)!.replenishes(object, old)).toBe(expected))
})
