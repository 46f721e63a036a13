/** Upstream: pkg/controller/resourcequota/resource_quota_controller_test.go. */
import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../../src/api/object.ts'
import type { Pod, ResourceQuota } from '../../src/api/types.gen.ts'
import { resourceQuotaController } from '../../src/controllers/resourcequota/controller.ts'
import type { Reader } from '../../src/runtime/controller.ts'
import type { UpdateAction } from '../../src/runtime/plan.ts'
import type { Json } from '../support/api.ts'
import { PlanWorld } from '../support/plan-world.ts'

const served = (groupResource: string, verbs = ['create', 'list', 'watch', 'delete'], namespaced = true) => ({
  groupResource,
  namespaced,
  verbs,
})
const controller = resourceQuotaController([
  served('pods'),
  served('services'),
  served('persistentvolumeclaims'),
  served('configmaps'),
  served('resourcequotas'),
  served('events'),
  served('nodes', undefined, false),
  served('widgets.example.com'),
  served('bindings', ['create']),
])
const FIVE_MINUTES = 5 * 60_000

const quota = (spec: Json, status?: Json): ResourceQuota =>
  ({ metadata: { name: 'quota', namespace: 'default', uid: 'q', resourceVersion: '7' }, spec, ...(status && { status }) }) as never
const running = (name: string, spec: Json = {}, phase = 'Running'): Json => ({
  metadata: { name, namespace: 'default' },
  spec: { containers: [{ name: 'c', resources: { requests: { cpu: '100m', memory: '1Gi' } } }], ...spec },
  status: { phase },
})
const bestEffort = (name: string, spec: Json = {}): Json => ({ ...running(name, { containers: [{ name: 'c' }], ...spec }) })
const PODS = [running('running'), running('pending', {}, 'Pending'), running('failed', {}, 'Failed')]
const ofClass = (operator: string, values?: string[]) => ({
  scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator, ...(values && { values }) }] },
})
const CLASSED = [running('a', { priorityClassName: 'high' }), running('b', { priorityClassName: 'low' }), running('c')]

interface Row {
  readonly name: string
  readonly given: {
    readonly quota: ResourceQuota
    readonly pods?: readonly Json[]
    readonly others?: Readonly<Record<string, readonly Json[]>>
  }
  /** The status that is written; undefined when none is. */
  readonly expect: Json
}

describe('a quota', () => {
  const hard = { cpu: '3', memory: '100Gi', pods: '5' }
  it.each<Row>([
    {
      name: 'that is new is measured; what has ended does not count',
      given: { quota: quota({ hard }), pods: PODS },
      expect: { hard, used: { cpu: '200m', memory: '2Gi', pods: '2' } },
    },
    {
      name: 'counts what is stored, ended or not',
      given: { quota: quota({ hard: { 'count/pods': '9' } }), pods: PODS },
      expect: { hard: { 'count/pods': '9' }, used: { 'count/pods': '3' } },
    },
    {
      name: 'of best effort counts nothing else',
      given: { quota: quota({ hard: { pods: '5' }, scopes: ['BestEffort'] }), pods: PODS },
      expect: { hard: { pods: '5' }, used: { pods: '0' } },
    },
    {
      name: 'of best effort counts that',
      given: { quota: quota({ hard: { pods: '5' }, scopes: ['BestEffort'] }), pods: [bestEffort('a'), ...PODS] },
      expect: { hard: { pods: '5' }, used: { pods: '1' } },
    },
    ...(
      [
        ['Exists', undefined, '2'],
        ['In', ['high', 'mid'], '1'],
        ['In', ['low', 'high'], '2'],
        ['In', ['mid'], '0'],
        ['NotIn', ['high'], '2'],
        ['NotIn', ['high', 'low'], '1'],
        ['DoesNotExist', undefined, '1'],
      ] as const
    ).map(([operator, values, pods]) => ({
      name: `of classes, ${operator} ${values ?? ''}`,
      given: { quota: quota({ hard: { pods: '9' }, ...ofClass(operator, values && [...values]) }), pods: CLASSED },
      expect: { hard: { pods: '9' }, used: { pods } },
    })),
    {
      name: 'whose limits change keeps what is used, and takes the new limits',
      given: {
        quota: quota({ hard: { cpu: '4' } }, { hard: { cpu: '3' }, used: { cpu: '0' } }),
      },
      expect: { hard: { cpu: '4' }, used: { cpu: '0' } },
    },
    {
      name: 'that loses a limit loses its usage',
      given: { quota: quota({ hard: { pods: '5' } }, { hard: { pods: '5', cpu: '1' }, used: { pods: '0', cpu: '0' } }) },
      expect: { hard: { pods: '5' }, used: { pods: '0' } },
    },
    {
      name: 'that is as it should be is left alone, however its amounts are written',
      given: { quota: quota({ hard: { cpu: '4', pods: '4' } }, { hard: { cpu: '4000m', pods: '4' }, used: { cpu: '0', pods: '0' } }) },
      expect: undefined,
    },
    { name: 'without limits is left alone', given: { quota: quota({}, {}) }, expect: undefined },
    {
      name: 'keeps what it says of what nobody can measure',
      given: {
        quota: quota({ hard: { 'count/gone.example.com': '4', pods: '4' } }, { hard: {}, used: { 'count/gone.example.com': '2' } }),
      },
      expect: { hard: { 'count/gone.example.com': '4', pods: '4' }, used: { 'count/gone.example.com': '2', pods: '0' } },
    },
    {
      name: 'counts objects of all kinds, under the old name and the new one',
      given: {
        quota: quota({
          hard: {
            configmaps: '9',
            'count/configmaps': '9',
            'count/widgets.example.com': '9',
            'requests.storage': '1Gi',
            resourcequotas: '1',
          },
        }),
        others: {
          configmaps: [{ metadata: { name: 'a', namespace: 'default' } }, { metadata: { name: 'b', namespace: 'other' } }],
          'widgets.example.com': [{ metadata: { name: 'a', namespace: 'default' } }],
        },
      },
      expect: {
        hard: {
          configmaps: '9',
          'count/configmaps': '9',
          'count/widgets.example.com': '9',
          'requests.storage': '1Gi',
          resourcequotas: '1',
        },
        used: { configmaps: '1', 'count/configmaps': '1', 'count/widgets.example.com': '1', 'requests.storage': '0', resourcequotas: '1' },
      },
    },
  ])('$name', ({ given, expect: expected }) => {
    const world = new PlanWorld()
    world.put('resourcequotas', given.quota)
    for (const pod of given.pods ?? []) world.put('pods', pod)
    for (const [resource, objects] of Object.entries(given.others ?? {}))
      for (const object of objects) world.put(resource, object as object)
    const observed = controller.observe(world.reader, 'default/quota')!
    const plan = controller.reconcile(observed, { now: world.now, newName: (base) => base })
    expect(plan.requeueAfterMs).toBe(FIVE_MINUTES)
    const [action] = (plan.actions ?? []) as readonly UpdateAction[]
    expect((action?.object as ResourceQuota | undefined)?.status).toEqual(expected)
    if (action !== undefined) {
      expect(action).toMatchObject({ verb: 'update', subresource: 'status', resource: 'resourcequotas' })
      // Whoever counts something meanwhile counts on what was measured.
      expect(action.object.metadata.resourceVersion).toBe(world.get('resourcequotas', 'quota')!.metadata.resourceVersion)
    }
  })

  it('that is gone is nothing to measure', () => {
    expect(controller.observe(new PlanWorld().reader, 'default/quota')).toBeUndefined()
  })
})

describe('a quota is looked at', () => {
  const hard = { cpu: '4' }
  const known = quota({ hard }, { hard, used: { cpu: '0' } })
  it.each<[string, ResourceQuota | undefined, ResourceQuota | undefined, boolean]>([
    ['when it is new', quota({ hard }), undefined, true],
    ['when it is there at the start', known, undefined, true],
    ['when its spec changes', quota({ hard: { cpu: '5' } }, known.status), known, true],
    ['when its status was never written', quota({ hard }, { hard: { cpu: '5' } }), quota({ hard }, {}), true],
    ['but not for what admission counted', quota({ hard }, { hard, used: { cpu: '1' } }), known, false],
    ['nor when it goes', undefined, known, false],
  ])('%s', (_name, current, old, expected) => {
    const keys = controller.watches.resourcequotas!(current, old, {} as Reader)
    expect(keys).toEqual(expected ? ['default/quota'] : [])
  })
})

describe('the quotas of a namespace are looked at', () => {
  const hard = { pods: '4', configmaps: '4' }
  const reader = (...quotas: ResourceQuota[]) => ({ list: () => quotas }) as unknown as Reader
  const object = { metadata: { name: 'a', namespace: 'default' } } as KubeObject
  const keysOf = (resource: string) => controller.watches[resource] ?? controller.watchesDigests![resource]!.keysOf
  const known = quota({ hard }, { hard, used: {} })
  it.each<[string, string, KubeObject | undefined, KubeObject | undefined, ResourceQuota[], number]>([
    ['when something counted goes', 'configmaps', undefined, object, [known], 1],
    ['but not when it comes', 'configmaps', object, undefined, [known], 0],
    ['nor when it changes', 'configmaps', object, object, [known], 0],
    ['nor when it is not counted', 'widgets.example.com', undefined, object, [known], 0],
    ['nor when there is none', 'configmaps', undefined, object, [], 0],
    ['when a pod ends', 'pods', running('a', {}, 'Failed') as Pod, running('a') as Pod, [known], 1],
    ['when a pod goes', 'pods', undefined, running('a') as Pod, [known], 1],
    ['but not when a pod starts', 'pods', running('a') as Pod, running('a', {}, 'Pending') as Pod, [known], 0],
  ])('%s', (_name, resource, current, old, quotas, expected) => {
    expect(keysOf(resource)(current, old, reader(...quotas))).toHaveLength(expected)
  })

  it('of what is in namespaces, can be listed, watched, made and deleted, and stays', () => {
    expect(Object.keys(controller.watches).sort()).toEqual(['persistentvolumeclaims', 'pods', 'resourcequotas', 'services'])
    expect(Object.keys(controller.watchesDigests!).sort()).toEqual(['configmaps', 'resourcequotas', 'widgets.example.com'])
  })
})
