import { describe, expect, test } from 'vitest'
import type { ResourceDefinition } from '../../src/api/definition.ts'
import { loadDefinitions } from '../../src/api/index.ts'
import { fieldErrorText } from '../../src/api/meta/field-error.ts'
import type { KubeObject } from '../../src/api/object.ts'

const definitions = new Map(loadDefinitions().map((definition) => [definition.resource, definition]))
const NOW = Date.parse('2026-01-01T00:10:00Z')

function kind(resource: string): ResourceDefinition {
  return definitions.get(resource)!
}

// biome-ignore lint/suspicious/noExplicitAny: the tests speak of many kinds
type Any = any

function made(resource: string, spec: object, metadata: object = {}): Any {
  const object: Any = {
    metadata: { name: 'web', namespace: 'prod', uid: 'u1', creationTimestamp: '2026-01-01T00:00:00Z', ...metadata },
    spec: structuredClone(spec),
  }
  kind(resource).setDefaults?.(object)
  kind(resource).prepareForCreate?.(object)
  return object
}

function faults(resource: string, object: KubeObject): string[] {
  return (kind(resource).validate?.(object) ?? []).map(fieldErrorText)
}

function cells(resource: string, object: KubeObject): unknown[] {
  return kind(resource).columns!.map((column) => column.cell(object, NOW))
}

const TEMPLATE = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'nginx:1' }] } }
const SPEC = { selector: { matchLabels: { app: 'web' } }, template: TEMPLATE }
const ROLLING = 'spec.strategy.rollingUpdate'

describe('Deployment', () => {
  test('defaults', () => {
    const { spec, status } = made('deployments', SPEC)
    expect(spec).toMatchObject({
      replicas: 1,
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } },
      template: { spec: { restartPolicy: 'Always', dnsPolicy: 'ClusterFirst' } },
    })
    expect(status).toEqual({})
    const again = structuredClone(spec)
    kind('deployments').setDefaults?.({ metadata: {}, spec: again } as never)
    expect(again).toEqual(spec)
    expect(made('deployments', { ...SPEC, strategy: { type: 'Recreate' } }).spec.strategy).toEqual({ type: 'Recreate' })
  })

  test.each<[string, object, string[]]>([
    ['fine', {}, []],
    ['negative replicas', { replicas: -1 }, ['spec.replicas: Invalid value: -1: must be greater than or equal to 0']],
    [
      'no selector',
      { selector: undefined },
      [
        'spec.selector: Required value',
        'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`',
      ],
    ],
    ['empty selector', { selector: {} }, ['spec.selector: Invalid value: {}: empty selector is invalid for deployment']],
    [
      'a selector that is no selector',
      { selector: { matchExpressions: [{ key: 'a', operator: 'Is' }] } },
      [
        'spec.selector.matchExpressions[0].operator: Invalid value: "Is": not a valid selector operator',
        'spec.selector: Invalid value: {"matchExpressions":[{"key":"a","operator":"Is"}]}: invalid label selector',
      ],
    ],
    [
      'pods that end',
      { template: { ...TEMPLATE, spec: { ...TEMPLATE.spec, restartPolicy: 'Never', activeDeadlineSeconds: 5 } } },
      [
        'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
        'spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicaSet is not Supported',
      ],
    ],
    [
      'unknown strategy',
      { strategy: { type: 'Canary' } },
      ['spec.strategy: Unsupported value: {"Type":"Canary","RollingUpdate":null}: supported values: "Recreate", "RollingUpdate"'],
    ],
    [
      'numbers for a strategy without any',
      { strategy: { type: 'Recreate', rollingUpdate: {} } },
      [`${ROLLING}: Forbidden: may not be specified when strategy \`type\` is 'Recreate'`],
    ],
    [
      'no room to move',
      { strategy: { rollingUpdate: { maxUnavailable: '0%', maxSurge: 0 } } },
      [`${ROLLING}.maxUnavailable: Invalid value: "0%": may not be 0 when \`maxSurge\` is 0`],
    ],
    [
      'more than all',
      { strategy: { rollingUpdate: { maxUnavailable: '101%', maxSurge: '150%' } } },
      [`${ROLLING}.maxUnavailable: Invalid value: "101%": must not be greater than 100%`],
    ],
    [
      'not a share',
      { strategy: { rollingUpdate: { maxUnavailable: 'some' } } },
      [
        `${ROLLING}.maxUnavailable: Invalid value: "some": a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')`,
      ],
    ],
    [
      'deadline before readiness',
      { minReadySeconds: 600 },
      ['spec.progressDeadlineSeconds: Invalid value: 600: must be greater than minReadySeconds'],
    ],
  ])('%s', (_name, spec, expected) => {
    expect(faults('deployments', made('deployments', { ...SPEC, ...spec }))).toEqual(expected)
  })

  test('the selector stays, and annotations count as a generation', () => {
    const old = made('deployments', SPEC, { generation: 3 })
    const next = structuredClone(old)
    next.spec.selector = { matchLabels: { app: 'other' } }
    expect(kind('deployments').validateUpdate?.(next, old).map(fieldErrorText)).toEqual([
      'spec.selector: Invalid value: {"matchLabels":{"app":"other"}}: field is immutable',
    ])
    kind('deployments').prepareForUpdate?.(next, old, '')
    expect(next.metadata.generation).toBe(3)
    next.metadata.annotations = { note: 'x' }
    kind('deployments').prepareForUpdate?.(next, old, '')
    expect(next.metadata.generation).toBe(4)
  })

  test('status', () => {
    const check = (status: object, old: object = {}) =>
      kind('deployments')
        .validateStatusUpdate?.({ status } as never, { status: old } as never)
        .map(fieldErrorText)
    expect(check({ replicas: 2, readyReplicas: 2, updatedReplicas: 3, availableReplicas: 1 })).toEqual([
      'status.updatedReplicas: Invalid value: 3: cannot be greater than status.replicas',
    ])
    expect(check({ replicas: 2, readyReplicas: 1, availableReplicas: 2 })).toEqual([
      'status.availableReplicas: Invalid value: 2: cannot be greater than readyReplicas',
    ])
    expect(check({}, { collisionCount: 1 })).toEqual(['status.collisionCount: Invalid value: 0: cannot be decremented'])
  })

  test('columns and scale', () => {
    const object = made('deployments', { ...SPEC, replicas: 5 })
    object.status = { readyReplicas: 1, updatedReplicas: 2, availableReplicas: 3 }
    expect(cells('deployments', object)).toEqual(['web', '1/5', 2, 3, '10m', 'web', 'nginx:1', 'app=web'])
    kind('deployments').scale?.setReplicas(object, 9)
    expect(kind('deployments').scale?.replicas(object)).toBe(9)
    expect(kind('deployments').scale?.selector(object)).toBe('app=web')
  })
})

describe('ReplicaSet', () => {
  test('a selector of nothing is spoken of as a deployment’s', () => {
    expect(faults('replicasets', made('replicasets', { ...SPEC, selector: {} }))).toEqual([
      'spec.selector: Invalid value: {}: empty selector is invalid for deployment',
    ])
  })
  test('status and columns', () => {
    const object = made('replicasets', SPEC)
    expect(object.status).toEqual({ replicas: 0 })
    expect(cells('replicasets', object)).toEqual(['web', 1, 0, 0, '10m', 'web', 'nginx:1', 'app=web'])
    expect(kind('replicasets').selectableFields?.['status.replicas']?.(object)).toBe('0')
  })
})

describe('DaemonSet', () => {
  test('defaults and the generation of its template', () => {
    const old = made('daemonsets', SPEC)
    expect(old.spec).toMatchObject({
      revisionHistoryLimit: 10,
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } },
    })
    expect(old.metadata.annotations).toEqual({ 'deprecated.daemonset.template.generation': '1' })
    const next = structuredClone(old)
    delete next.metadata.annotations
    next.spec.template.spec.containers[0].image = 'nginx:2'
    kind('daemonsets').prepareForUpdate?.(next, old, '')
    expect(next.metadata.annotations).toEqual({ 'deprecated.daemonset.template.generation': '2' })
  })

  test.each<[string, object, string[]]>([
    ['empty selector', { selector: {} }, ['spec.selector: Invalid value: {}: empty selector is invalid for daemonset']],
    [
      'no selector',
      { selector: undefined },
      ['spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`'],
    ],
    [
      'nothing may move',
      { updateStrategy: { rollingUpdate: { maxUnavailable: 0 } } },
      ['spec.updateStrategy.rollingUpdate.maxUnavailable: Required value: cannot be 0 when maxSurge is 0'],
    ],
    [
      'both may move',
      { updateStrategy: { rollingUpdate: { maxSurge: '10%' } } },
      ['spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: "10%": may not be set when maxUnavailable is non-zero'],
    ],
    ['on delete', { updateStrategy: { type: 'OnDelete' } }, []],
  ])('%s', (_name, spec, expected) => {
    expect(faults('daemonsets', made('daemonsets', { ...SPEC, ...spec }))).toEqual(expected)
  })

  test('columns', () => {
    const object = made('daemonsets', { ...SPEC, template: { ...TEMPLATE, spec: { ...TEMPLATE.spec, nodeSelector: { b: '2', a: '1' } } } })
    object.status = { desiredNumberScheduled: 5, currentNumberScheduled: 4, numberReady: 3, updatedNumberScheduled: 2, numberAvailable: 1 }
    expect(cells('daemonsets', object)).toEqual(['web', 5, 4, 3, 2, 1, 'a=1,b=2', '10m', 'web', 'nginx:1', 'app=web'])
  })
})

describe('StatefulSet', () => {
  const CLAIM = { metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } }

  test('defaults', () => {
    const { spec, status } = made('statefulsets', { ...SPEC, volumeClaimTemplates: [CLAIM] })
    expect(spec).toMatchObject({
      replicas: 1,
      revisionHistoryLimit: 10,
      podManagementPolicy: 'OrderedReady',
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
      persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
      volumeClaimTemplates: [
        { apiVersion: 'v1', kind: 'PersistentVolumeClaim', spec: { volumeMode: 'Filesystem' }, status: { phase: 'Pending' } },
      ],
    })
    expect(status).toEqual({ replicas: 0, availableReplicas: 0 })
    expect(made('statefulsets', { ...SPEC, updateStrategy: { type: 'RollingUpdate' } }).spec.updateStrategy).toEqual({
      type: 'RollingUpdate',
    })
  })

  test('maxUnavailable is dropped while its gate is off, unless it was in use', () => {
    const spec = { ...SPEC, updateStrategy: { rollingUpdate: { maxUnavailable: 2 }, type: 'RollingUpdate' } }
    const object = made('statefulsets', spec)
    expect(object.spec.updateStrategy.rollingUpdate).toEqual({ partition: 0 })
    const used = structuredClone(object)
    used.spec.updateStrategy.rollingUpdate.maxUnavailable = 2
    const next = structuredClone(used)
    kind('statefulsets').prepareForUpdate?.(next, used, '')
    expect(next.spec.updateStrategy.rollingUpdate.maxUnavailable).toBe(2)
  })

  test.each<[string, object, string[]]>([
    ['fine', { volumeClaimTemplates: [CLAIM] }, []],
    [
      'policy',
      { podManagementPolicy: 'Random' },
      ["spec.podManagementPolicy: Invalid value: \"Random\": must be 'OrderedReady' or 'Parallel'"],
    ],
    [
      'partition',
      { updateStrategy: { rollingUpdate: { partition: -1 }, type: 'RollingUpdate' } },
      ['spec.updateStrategy.rollingUpdate.partition: Invalid value: -1: must be greater than or equal to 0'],
    ],
    [
      'retention',
      { persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Keep' } },
      ['spec.persistentVolumeClaimRetentionPolicy.whenDeleted: Unsupported value: "Keep": supported values: "Retain", "Delete"'],
    ],
    ['ordinals', { ordinals: { start: -2 } }, ['spec.ordinals.start: Invalid value: -2: must be greater than or equal to 0']],
    ['service', { serviceName: 'a.b' }, ['spec.serviceName: Invalid value: "a.b": must not contain dots']],
    [
      'claim without size',
      { volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: { accessModes: ['Some'] } }] },
      [
        'spec.volumeClaimTemplates[0].spec.accessModes: Unsupported value: "Some": supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"',
        'spec.volumeClaimTemplates[0].spec.resources[storage]: Required value',
      ],
    ],
    ['empty selector', { selector: {} }, ['spec.selector: Invalid value: {}: empty selector is invalid for statefulset']],
  ])('%s', (_name, spec, expected) => {
    expect(faults('statefulsets', made('statefulsets', { ...SPEC, ...spec }))).toEqual(expected)
  })

  test.each<[string, object, boolean]>([
    ['replicas', { replicas: 4 }, true],
    ['ordinals', { ordinals: { start: 2 } }, true],
    ['minReadySeconds', { minReadySeconds: 9 }, true],
    ['revisionHistoryLimit', { revisionHistoryLimit: 2 }, true],
    ['serviceName', { serviceName: 'db' }, false],
    ['podManagementPolicy', { podManagementPolicy: 'Parallel' }, false],
    ['claims', { volumeClaimTemplates: [CLAIM] }, false],
  ])('may %s change?', (_name, change, isAllowed) => {
    const old = made('statefulsets', SPEC)
    const next = made('statefulsets', { ...SPEC, ...change })
    expect(kind('statefulsets').validateUpdate?.(next, old).map(fieldErrorText)).toEqual(
      isAllowed
        ? []
        : [
            "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
          ],
    )
  })

  test('names are labels of hosts', () => {
    expect(kind('statefulsets').validateName?.('a.b', false)).toEqual(['must not contain dots'])
  })
})

test('ControllerRevision', () => {
  const object: Any = {
    metadata: { name: 'web-1', ownerReferences: [{ apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'web', controller: true }] },
    revision: -1,
  }
  expect(faults('controllerrevisions', object)).toEqual([
    'data: Required value: data is mandatory',
    'revision: Invalid value: -1: must be greater than or equal to 0',
  ])
  expect(cells('controllerrevisions', object).slice(0, 3)).toEqual(['web-1', 'statefulset.apps/web', -1])
})
