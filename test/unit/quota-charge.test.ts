/** Upstream: plugin/admission/resourcequota/admission_test.go, apiserver/pkg/admission/plugin/resourcequota/admission_test.go. */
import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../../src/api/object.ts'
import { amountsText } from '../../src/api/quota/amounts.ts'
import { chargeQuotas } from '../../src/api/quota/charge.ts'
import { evaluatorOf } from '../../src/api/quota/evaluators.ts'
import type { ResourceQuota } from '../../src/api/types.gen.ts'
import type { Json } from '../support/api.ts'

const NOW = Date.parse('2026-01-01T00:00:00Z')

const quota = (hard: Json, used: Json, spec: Json = {}, name = 'quota'): ResourceQuota =>
  ({ metadata: { name }, spec: { hard, ...spec }, status: { hard, used } }) as never
const pod = (requests: Json = {}, limits: Json = {}, spec: Json = {}): KubeObject =>
  ({ metadata: { name: 'p' }, spec: { containers: [{ name: 'c', resources: { requests, limits } }], ...spec } }) as unknown as KubeObject
const service = (type: string, ...ports: number[]): KubeObject =>
  ({ metadata: { name: 's' }, spec: { type, ports: ports.map((port) => ({ port })) } }) as unknown as KubeObject
const claim = (storage: string, spec: Json = {}, status: Json = {}): KubeObject =>
  ({ metadata: { name: 'v' }, spec: { resources: { requests: { storage } }, ...spec }, status }) as unknown as KubeObject

interface Row {
  readonly name: string
  readonly given: {
    readonly quotas: readonly ResourceQuota[]
    readonly object: KubeObject
    readonly old?: KubeObject
    readonly resource?: string
    readonly subresource?: string
  }
  /** What is used of each quota that changes, or the refusal. */
  readonly expect: Json
}

const COMPUTE = { cpu: '3', memory: '100Gi', pods: '5' }
const COMPUTE_USED = { cpu: '1', memory: '50Gi', pods: '3' }
const SMALL = pod({ cpu: '100m', memory: '2Gi' })
const terminating = { scopes: ['Terminating'] }
const notTerminating = { scopes: ['NotTerminating'] }
const withDeadline = pod({ cpu: '100m' }, {}, { activeDeadlineSeconds: 30 })
const withoutDeadline = pod({ cpu: '100m' })
const ofClass = (operator: string, ...values: string[]) => ({
  scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator, values }] },
})
const ofAttributes = (operator: string, ...values: string[]) => ({
  scopeSelector: { matchExpressions: [{ scopeName: 'VolumeAttributesClass', operator, values }] },
})

const ROWS: Row[] = [
  {
    name: 'counts what fits',
    given: { quotas: [quota(COMPUTE, COMPUTE_USED)], object: SMALL },
    expect: { quota: { cpu: '1100m', memory: '52Gi', pods: '4' } },
  },
  { name: 'needs no quota', given: { quotas: [], object: SMALL }, expect: {} },
  {
    name: 'refuses what does not fit, in the words of upstream',
    given: { quotas: [quota(COMPUTE, COMPUTE_USED)], object: pod({ cpu: '3', memory: '2Gi' }) },
    expect: 'exceeded quota: quota, requested: cpu=3, used: cpu=1, limited: cpu=3',
  },
  {
    name: 'names all that does not fit, by name',
    given: {
      quotas: [quota({ pods: '1', memory: '1Gi', cpu: '1' }, { pods: '1', memory: '0', cpu: '0' })],
      object: pod({ cpu: '2', memory: '2Gi' }),
    },
    expect: 'exceeded quota: quota, requested: cpu=2,memory=2Gi,pods=1, used: cpu=0,memory=0,pods=1, limited: cpu=1,memory=1Gi,pods=1',
  },
  {
    name: 'insists that requests are said',
    given: {
      quotas: [quota({ ...COMPUTE, 'limits.memory': '200Gi' }, { ...COMPUTE_USED, 'limits.memory': '1Gi' })],
      object: pod({}, { memory: '2Gi' }),
    },
    expect: 'failed quota: quota: must specify cpu for: c; memory for: c',
  },
  {
    name: 'refuses what it does not know the usage of',
    given: { quotas: [quota({ cpu: '3', pods: '5' }, {})], object: SMALL },
    expect: 'status unknown for quota: quota, resources: cpu,pods',
  },
  {
    name: 'does not ask for the usage of what is not its own',
    given: { quotas: [quota({ pods: '5', services: '1' }, { pods: '1' })], object: SMALL },
    expect: { quota: { pods: '2' } },
  },
  {
    name: 'passes over what has no limits yet',
    given: { quotas: [{ metadata: { name: 'new' }, spec: { hard: { pods: '0' } } } as never], object: SMALL },
    expect: {},
  },
  {
    name: 'passes over quotas of other resources, be they exceeded',
    given: { quotas: [quota({ services: '3' }, { services: '10' })], object: SMALL },
    expect: {},
  },
  {
    name: 'lets a pod in though another resource of the quota is exceeded',
    given: { quotas: [quota({ services: '3', pods: '4' }, { services: '10', pods: '1' })], object: SMALL },
    expect: { quota: { services: '10', pods: '2' } },
  },
  {
    name: 'refuses negative usage',
    given: {
      quotas: [quota({ 'requests.storage': '100Gi' }, { 'requests.storage': '1Gi' })],
      object: claim('-5Gi'),
      resource: 'persistentvolumeclaims',
    },
    expect: 'quota usage is negative for resource(s): requests.storage',
  },
  {
    name: 'counts in each quota',
    given: { quotas: [quota({ pods: '5' }, { pods: '1' }, {}, 'a'), quota({ cpu: '1' }, { cpu: '0' }, {}, 'b')], object: SMALL },
    expect: { a: { pods: '2' }, b: { cpu: '100m' } },
  },
  {
    name: 'is refused by the first that has no room',
    given: { quotas: [quota({ pods: '5' }, { pods: '1' }, {}, 'a'), quota({ cpu: '1' }, { cpu: '950m' }, {}, 'b')], object: SMALL },
    expect: 'exceeded quota: b, requested: cpu=100m, used: cpu=950m, limited: cpu=1',
  },
  {
    name: 'counts objects by their full name',
    given: {
      quotas: [
        quota({ 'count/widgets.example.com': '2', 'count/widgets': '0' }, { 'count/widgets.example.com': '1', 'count/widgets': '0' }),
      ],
      object: pod(),
      resource: 'widgets.example.com',
    },
    expect: { quota: { 'count/widgets.example.com': '2', 'count/widgets': '0' } },
  },
  {
    name: 'charges the difference of an update',
    given: {
      quotas: [
        quota(
          { services: '10', 'services.loadbalancers': '10', 'services.nodeports': '10' },
          { services: '1', 'services.loadbalancers': '1', 'services.nodeports': '0' },
        ),
      ],
      object: service('NodePort', 1),
      old: service('LoadBalancer'),
      resource: 'services',
    },
    expect: { quota: { services: '1', 'services.loadbalancers': '1', 'services.nodeports': '1' } },
  },
  {
    name: 'charges all of what an update creates',
    given: {
      quotas: [quota({ services: '10', 'services.nodeports': '10' }, { services: '1', 'services.nodeports': '2' })],
      object: service('NodePort', 1),
      resource: 'services',
    },
    expect: { quota: { services: '2', 'services.nodeports': '3' } },
  },
  {
    name: 'does not release what an update gives back: the controller does',
    given: {
      quotas: [quota({ 'services.loadbalancers': '1' }, { 'services.loadbalancers': '1' })],
      object: service('ClusterIP'),
      old: service('LoadBalancer'),
      resource: 'services',
    },
    expect: {},
  },
  {
    name: 'charges a claim that grows',
    given: {
      quotas: [
        quota({ 'requests.storage': '100Gi', persistentvolumeclaims: '3' }, { 'requests.storage': '10Gi', persistentvolumeclaims: '1' }),
      ],
      object: claim('15Gi'),
      old: claim('10Gi'),
      resource: 'persistentvolumeclaims',
    },
    expect: { quota: { 'requests.storage': '15Gi', persistentvolumeclaims: '1' } },
  },
  {
    name: 'refuses a claim that grows too much',
    given: {
      quotas: [quota({ 'requests.storage': '12Gi' }, { 'requests.storage': '10Gi' })],
      object: claim('15Gi'),
      old: claim('10Gi'),
      resource: 'persistentvolumeclaims',
    },
    expect: 'exceeded quota: quota, requested: requests.storage=5Gi, used: requests.storage=10Gi, limited: requests.storage=12Gi',
  },
  {
    name: 'lets a claim shrink, be the quota exceeded',
    given: {
      quotas: [quota({ 'requests.storage': '5Gi' }, { 'requests.storage': '10Gi' })],
      object: claim('5Gi'),
      old: claim('10Gi'),
      resource: 'persistentvolumeclaims',
    },
    expect: {},
  },
  {
    name: 'counts what a status says was allocated, though it exceed the quota',
    given: {
      quotas: [quota({ 'requests.storage': '12Gi' }, { 'requests.storage': '10Gi' })],
      object: claim('10Gi', {}, { allocatedResources: { storage: '15Gi' } }),
      old: claim('10Gi'),
      resource: 'persistentvolumeclaims',
      subresource: 'status',
    },
    expect: { quota: { 'requests.storage': '15Gi' } },
  },
  {
    name: 'charges a pod that is resized',
    given: {
      quotas: [quota({ cpu: '1', pods: '1' }, { cpu: '100m', pods: '1' })],
      object: pod({ cpu: '600m' }),
      old: pod({ cpu: '100m' }),
      subresource: 'resize',
    },
    expect: { quota: { cpu: '600m', pods: '1' } },
  },
  {
    name: 'refuses a resize that does not fit',
    given: {
      quotas: [quota({ cpu: '1' }, { cpu: '600m' })],
      object: pod({ cpu: '600m' }),
      old: pod({ cpu: '100m' }),
      subresource: 'resize',
    },
    expect: 'exceeded quota: quota, requested: cpu=500m, used: cpu=600m, limited: cpu=1',
  },
  {
    name: 'looks at no other subresource of a pod',
    given: { quotas: [quota({ cpu: '0' }, { cpu: '0' })], object: SMALL, old: pod(), subresource: 'status' },
    expect: {},
  },
  {
    name: 'counts a pod with a deadline where it belongs',
    given: {
      quotas: [quota({ pods: '5' }, { pods: '3' }, terminating, 'ending'), quota({ pods: '5' }, { pods: '3' }, notTerminating, 'lasting')],
      object: withDeadline,
    },
    expect: { ending: { pods: '4' } },
  },
  {
    name: 'counts a pod without a deadline where it belongs',
    given: {
      quotas: [quota({ pods: '5' }, { pods: '3' }, terminating, 'ending'), quota({ pods: '5' }, { pods: '3' }, notTerminating, 'lasting')],
      object: withoutDeadline,
    },
    expect: { lasting: { pods: '4' } },
  },
  {
    name: 'counts a pod that gets a deadline in full where it comes to',
    given: {
      quotas: [quota({ pods: '5' }, { pods: '3' }, terminating, 'ending'), quota({ pods: '5' }, { pods: '3' }, notTerminating, 'lasting')],
      object: withDeadline,
      old: withoutDeadline,
    },
    expect: { ending: { pods: '4' } },
  },
  {
    name: 'does not let a pod into a scope without room',
    given: { quotas: [quota({ pods: '3' }, { pods: '3' }, terminating, 'ending')], object: withDeadline, old: withoutDeadline },
    expect: 'exceeded quota: ending, requested: pods=1, used: pods=3, limited: pods=3',
  },
  {
    name: 'counts a pod of best effort where it belongs',
    given: {
      quotas: [
        quota({ pods: '5' }, { pods: '3' }, { scopes: ['BestEffort'] }, 'free'),
        quota({ pods: '5' }, { pods: '3' }, { scopes: ['NotBestEffort'] }, 'paid'),
      ],
      object: pod(),
    },
    expect: { free: { pods: '4' } },
  },
  {
    name: 'passes over best effort for a burstable pod',
    given: { quotas: [quota({ pods: '5' }, { pods: '5' }, { scopes: ['BestEffort'] })], object: SMALL },
    expect: {},
  },
  {
    name: 'is counted only where all scopes hold',
    given: {
      quotas: [
        quota({ pods: '5' }, { pods: '1' }, { scopes: ['BestEffort', 'Terminating'] }, 'both'),
        quota({ pods: '5' }, { pods: '1' }, { scopes: ['BestEffort', 'NotTerminating'] }, 'one'),
      ],
      object: pod(),
    },
    expect: { one: { pods: '2' } },
  },
  ...(
    [
      ['In', ['high'], 'high', true],
      ['In', ['high'], 'low', false],
      ['NotIn', ['high'], 'low', true],
      ['Exists', [], 'low', true],
      ['Exists', [], undefined, false],
      ['DoesNotExist', [], undefined, true],
    ] as const
  ).map(([operator, values, priorityClassName, isCounted]) => ({
    name: `counts the class ${priorityClassName} ${isCounted ? '' : 'not '}by ${operator}`,
    given: { quotas: [quota({ pods: '2' }, { pods: '1' }, ofClass(operator, ...values))], object: pod({}, {}, { priorityClassName }) },
    expect: isCounted ? { quota: { pods: '2' } } : {},
  })),
  {
    name: 'counts a claim by its attributes class',
    given: {
      quotas: [
        quota({ persistentvolumeclaims: '5' }, { persistentvolumeclaims: '1' }, ofAttributes('In', 'gold'), 'gold'),
        quota({ persistentvolumeclaims: '5' }, { persistentvolumeclaims: '1' }, ofAttributes('In', 'tin'), 'tin'),
      ],
      object: claim('1Gi', { volumeAttributesClassName: 'gold' }),
      resource: 'persistentvolumeclaims',
    },
    expect: { gold: { persistentvolumeclaims: '2' } },
  },
  {
    name: 'counts a claim in full in the class it changes to',
    given: {
      quotas: [
        quota({ persistentvolumeclaims: '5' }, { persistentvolumeclaims: '1' }, ofAttributes('In', 'gold'), 'gold'),
        quota({ persistentvolumeclaims: '5' }, { persistentvolumeclaims: '1' }, ofAttributes('In', 'tin'), 'tin'),
      ],
      object: claim('1Gi', { volumeAttributesClassName: 'tin' }, { currentVolumeAttributesClassName: 'gold' }),
      old: claim('1Gi', { volumeAttributesClassName: 'gold' }, { currentVolumeAttributesClassName: 'gold' }),
      resource: 'persistentvolumeclaims',
    },
    expect: { tin: { persistentvolumeclaims: '2' } },
  },
  {
    name: 'has no scopes for objects that are only counted',
    given: { quotas: [quota({ configmaps: '0' }, { configmaps: '0' }, { scopes: ['BestEffort'] })], object: pod(), resource: 'configmaps' },
    expect: {},
  },
]

describe('chargeQuotas', () => {
  it.each(ROWS)('$name', ({ given: { quotas, object, old, resource = 'pods', subresource = '' }, expect: expected }) => {
    const change = { operation: old === undefined ? ('create' as const) : ('update' as const), subresource, object, old }
    const outcome = chargeQuotas(quotas, change, evaluatorOf(resource)!, NOW)
    const told =
      'refusal' in outcome ? outcome.refusal : Object.fromEntries(outcome.map((charge) => [charge.quota.metadata.name, charge.used]))
    expect(told).toEqual(expected)
  })
})

describe('amountsText', () => {
  it.each<[Json, string]>([
    [{}, ''],
    [{ cpu: '100m' }, 'cpu=100m'],
    [{ pods: '10', cpu: '100m', memory: '1Gi', services: '12' }, 'cpu=100m,memory=1Gi,pods=10,services=12'],
  ])('%j', (amounts, text) => expect(amountsText(amounts)).toBe(text))
})
