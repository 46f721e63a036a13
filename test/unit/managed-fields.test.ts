import { describe, expect, it } from 'vitest'
import { appliedFields, withNamedFields } from '../../src/api/meta/managed-fields/applied-fields.ts'
import { changedFields } from '../../src/api/meta/managed-fields/changed-fields.ts'
import { configurationErrors, errorsText } from '../../src/api/meta/managed-fields/configuration-errors.ts'
import { createdFields } from '../../src/api/meta/managed-fields/created-fields.ts'
import { difference, type FieldSet, intersection, NodeBuilder, pathsOf, union } from '../../src/api/meta/managed-fields/field-set.ts'
import { capUpdaters, decodeManagers, encodeManagers, type Manager, managersOf } from '../../src/api/meta/managed-fields/managers.ts'
import { mergeConfiguration } from '../../src/api/meta/managed-fields/merge-configuration.ts'
import { pathText } from '../../src/api/meta/managed-fields/path-element.ts'
import { removeFields } from '../../src/api/meta/managed-fields/remove-fields.ts'
import { managersAfterScale, scaleManagers } from '../../src/api/meta/managed-fields/scale-managers.ts'
import { Shapes } from '../../src/api/meta/managed-fields/shapes.ts'
import { completeObject } from '../../src/api/schema/decode-object.ts'
import { Schemas } from '../../src/api/schema.ts'

type Json = Record<string, unknown>

const schemas = new Schemas()
const shapes = new Shapes(schemas)
const STATUS = { status: true } as const
const CORE = 'io.k8s.api.core.v1.'
const typed = (type: string, object: Json) => completeObject(schemas, type, object)
const tracked = (type: string) => shapes.tracked(type, STATUS)

describe('field sets', () => {
  const a: FieldSet = { 'f:x': {}, 'f:y': { '.': {}, 'f:a': {} } }
  const b: FieldSet = { 'f:y': { 'f:a': {}, 'f:b': {} }, 'f:z': {} }
  const cases: [string, FieldSet, unknown][] = [
    ['union', union(a, b), { 'f:x': {}, 'f:y': { '.': {}, 'f:a': {}, 'f:b': {} }, 'f:z': {} }],
    ['difference', difference(a, b), { 'f:x': {}, 'f:y': {} }],
    ['a parent goes and its children stay', difference({ 'f:y': { '.': {}, 'f:a': {} } }, { 'f:y': {} }), { 'f:y': { 'f:a': {} } }],
    ['intersection', intersection(a, b), { 'f:y': { 'f:a': {} } }],
    ['nothing in common', intersection({ 'f:x': {} }, { 'f:y': {} }), undefined],
    ['difference with itself', difference(a, a), undefined],
    ['difference with an equal set', difference(a, structuredClone(a)), undefined],
  ]
  it.each(cases)('%s', (_name, actual, expected) => expect(actual).toEqual(expected))

  it('share what they leave as it is', () => {
    expect(difference(a, { 'f:q': {} })).toBe(a)
    expect(union(a, { 'f:x': {} })).toBe(a)
  })

  it('are in order: fields, keys, values; numbers by size', () => {
    const elements = ['v:"b"', 'k:{"port":443}', 'f:b', 'k:{"port":80,"protocol":"UDP"}', 'v:"a"', 'k:{"port":80,"protocol":"TCP"}', 'f:a']
    const builder = new NodeBuilder()
    for (const element of elements) builder.add(element, {})
    expect(Object.keys(builder.build(true)!)).toEqual([
      '.',
      'f:a',
      'f:b',
      'k:{"port":80,"protocol":"TCP"}',
      'k:{"port":80,"protocol":"UDP"}',
      'k:{"port":443}',
      'v:"a"',
      'v:"b"',
    ])
  })

  it('name their members', () => {
    const set = { 'f:spec': { 'f:l': { 'k:{"name":"a","port":80}': { '.': {}, 'f:image': {} }, 'v:"x"': {} } } }
    expect(pathsOf(set).map(pathText)).toEqual(['.spec.l[name="a",port=80]', '.spec.l[="x"]', '.spec.l[name="a",port=80].image'])
  })
})

const DEPLOYMENT = 'io.k8s.api.apps.v1.Deployment'

describe('the fields of a new object', () => {
  it('are as kube-apiserver records them for kubectl create deployment', () => {
    const object = typed(DEPLOYMENT, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', labels: { app: 'web' } },
      spec: {
        replicas: 1,
        selector: { matchLabels: { app: 'web' } },
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%' } },
        template: {
          metadata: { labels: { app: 'web' } },
          spec: {
            containers: [
              {
                name: 'web',
                image: 'nginx',
                ports: [
                  { containerPort: 443, protocol: 'TCP' },
                  { containerPort: 80, protocol: 'TCP' },
                ],
              },
            ],
            securityContext: {},
          },
        },
      },
      status: { replicas: 3 },
    })
    const template = {
      'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } },
      'f:spec': {
        'f:containers': {
          'k:{"name":"web"}': {
            '.': {},
            'f:image': {},
            'f:name': {},
            'f:ports': {
              '.': {},
              'k:{"containerPort":80,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {}, 'f:protocol': {} },
              'k:{"containerPort":443,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {}, 'f:protocol': {} },
            },
            'f:resources': {},
          },
        },
        'f:securityContext': {},
      },
    }
    const expected = {
      'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } },
      'f:spec': {
        'f:replicas': {},
        'f:selector': {},
        'f:strategy': { 'f:rollingUpdate': { '.': {}, 'f:maxSurge': {} }, 'f:type': {} },
        'f:template': template,
      },
    }
    expect(JSON.stringify(createdFields(tracked(DEPLOYMENT), object))).toBe(JSON.stringify(expected))
  })

  const cases: [string, string, Json, unknown][] = [
    ['nothing but a name', 'ConfigMap', { metadata: { name: 'a' } }, undefined],
    ['keys of any name', 'ConfigMap', { data: { constructor: '1' } }, { 'f:data': { '.': {}, 'f:constructor': {} } }],
    [
      'an owner as a whole',
      'ConfigMap',
      { metadata: { ownerReferences: [{ uid: 'u', name: 'n', kind: 'K', apiVersion: 'v1' }] } },
      { 'f:metadata': { 'f:ownerReferences': { '.': {}, 'k:{"uid":"u"}': {} } } },
    ],
    [
      'a set of values',
      'ConfigMap',
      { metadata: { finalizers: ['b', 'a'] } },
      { 'f:metadata': { 'f:finalizers': { '.': {}, 'v:"a"': {}, 'v:"b"': {} } } },
    ],
    [
      'items that share a key have one owner together',
      'Pod',
      {
        spec: {
          containers: [
            {
              name: 'c',
              env: [
                { name: 'A', value: '1' },
                { name: 'A', value: '2' },
              ],
            },
          ],
        },
      },
      {
        'f:spec': {
          'f:containers': { 'k:{"name":"c"}': { '.': {}, 'f:env': { '.': {}, 'k:{"name":"A"}': {} }, 'f:name': {}, 'f:resources': {} } },
        },
      },
    ],
  ]
  it.each(cases)('%s', (_name, type, object, expected) => {
    expect(createdFields(tracked(CORE + type), typed(CORE + type, object))).toEqual(expected)
  })
})

describe('what a change changes', () => {
  const pod = (spec: Json) => ({ spec: { containers: [{ name: 'a', image: '1', ...spec }] } })
  const inContainer = (node: unknown) => ({ 'f:spec': { 'f:containers': { 'k:{"name":"a"}': node } } })
  const cases: [string, string, Json, Json, unknown][] = [
    ['nothing', 'Pod', pod({}), pod({}), undefined],
    ['system fields', 'Pod', { metadata: { uid: '1', resourceVersion: '1' } }, { metadata: { uid: '2', generation: 4 } }, undefined],
    ['status, which is not this endpoint’s', 'Pod', { status: { phase: 'A' } }, { status: { phase: 'B' } }, undefined],
    ['a value', 'Pod', pod({}), pod({ image: '2' }), { changed: inContainer({ 'f:image': {} }) }],
    ['a map that comes', 'ConfigMap', {}, { data: { a: '1' } }, { changed: { 'f:data': { '.': {}, 'f:a': {} } } }],
    ['a key more', 'ConfigMap', { data: { a: '1' } }, { data: { a: '1', b: '2' } }, { changed: { 'f:data': { 'f:b': {} } } }],
    ['a key less', 'ConfigMap', { data: { a: '1', b: '2' } }, { data: { a: '1' } }, { removed: { 'f:data': { 'f:b': {} } } }],
    ['a map that goes', 'ConfigMap', { data: { a: '1' } }, {}, { removed: { 'f:data': { '.': {}, 'f:a': {} } } }],
    [
      'a field of a struct that is always there',
      'Pod',
      pod({}),
      pod({ resources: { limits: { cpu: '1' } } }),
      {
        changed: inContainer({ 'f:resources': { 'f:limits': { '.': {}, 'f:cpu': {} } } }),
      },
    ],
    [
      'an item for another',
      'Pod',
      pod({ env: [{ name: 'A' }] }),
      pod({ env: [{ name: 'B' }] }),
      {
        changed: inContainer({ 'f:env': { 'k:{"name":"B"}': { '.': {}, 'f:name': {} } } }),
        removed: inContainer({ 'f:env': { 'k:{"name":"A"}': { '.': {}, 'f:name': {} } } }),
      },
    ],
    ['the order of items', 'Pod', pod({ env: [{ name: 'A' }, { name: 'B' }] }), pod({ env: [{ name: 'B' }, { name: 'A' }] }), undefined],
    ['an atomic list', 'Pod', pod({ command: ['a'] }), pod({ command: ['a', 'b'] }), { changed: inContainer({ 'f:command': {} }) }],
    [
      'an item that comes to be there twice',
      'Pod',
      pod({ env: [{ name: 'A' }] }),
      pod({ env: [{ name: 'A' }, { name: 'A', value: '2' }] }),
      {
        changed: inContainer({ 'f:env': { 'k:{"name":"A"}': {} } }),
        removed: inContainer({ 'f:env': { 'k:{"name":"A"}': { '.': {}, 'f:name': {} } } }),
      },
    ],
  ]
  it.each(cases)('%s', (_name, type, before, after, expected) => {
    const changes = changedFields(tracked(CORE + type), typed(CORE + type, before), typed(CORE + type, after))
    expect(changes && JSON.parse(JSON.stringify(changes))).toEqual(expected)
  })
})

describe('what a configuration says', () => {
  const cases: [string, string, Json, unknown][] = [
    [
      'leaves and keys, not the fields they are in',
      'ConfigMap',
      { metadata: { name: 'x', labels: { a: '1' } }, data: { k: 'v' } },
      {
        'f:metadata': { 'f:labels': { 'f:a': {} } },
        'f:data': { 'f:k': {} },
      },
    ],
    [
      'an empty map, but no empty list',
      'Pod',
      { spec: { nodeSelector: {}, tolerations: [], containers: [] } },
      {
        'f:spec': { 'f:nodeSelector': {}, 'f:tolerations': {} },
      },
    ],
    ['null', 'Pod', { spec: { nodeName: null, affinity: null } }, { 'f:spec': { 'f:affinity': {}, 'f:nodeName': {} } }],
    [
      'a port whose protocol is the default',
      'Pod',
      { spec: { containers: [{ name: 'a', ports: [{ containerPort: 80 }] }] } },
      {
        'f:spec': {
          'f:containers': {
            'k:{"name":"a"}': {
              '.': {},
              'f:name': {},
              'f:ports': { 'k:{"containerPort":80,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {} } },
            },
          },
        },
      },
    ],
  ]
  it.each(cases)('%s', (_name, type, configuration, expected) => {
    expect(appliedFields(tracked(CORE + type), configuration)).toEqual(expected)
  })

  it('has the fields it is in, when they are asked for', () => {
    const set = { 'f:metadata': { 'f:labels': { 'f:a': {} } } }
    expect(withNamedFields(shapes.type(`${CORE}Pod`), set)).toEqual({ 'f:metadata': { '.': {}, 'f:labels': { '.': {}, 'f:a': {} } } })
  })
})

describe('a configuration laid over an object', () => {
  const envs = (names: string) => ({ spec: { containers: [{ name: 'c', env: [...names].map((name) => ({ name })) }] } })
  const namesOf = (pod: Json) => (pod as ReturnType<typeof envs>).spec.containers[0]!.env.map(({ name }) => name).join('')
  const cases: [string, string, string][] = [
    ['abc', 'abc', 'abc'],
    ['abc', 'b', 'abc'],
    ['abc', 'ca', 'bca'],
    ['abcd', 'cxa', 'bcdxa'],
    ['ab', 'xa', 'xab'],
    ['', 'ba', 'ba'],
    ['ba', '', 'ba'],
  ]
  it.each(cases)('%s and %s make %s', (live, applied, expected) => {
    expect(namesOf(mergeConfiguration(shapes.type(`${CORE}Pod`), envs(live), envs(applied)))).toBe(expected)
  })

  it('sets leaves to null, and leaves maps and structs that are null as they are', () => {
    const live = { metadata: { labels: { a: '1' } }, spec: { nodeName: 'n', dnsConfig: { options: [] } } }
    const configuration = { metadata: { labels: null }, spec: { nodeName: null, dnsConfig: null } }
    const merged = mergeConfiguration(shapes.type(`${CORE}Pod`), live, configuration)
    expect(merged).toEqual({ ...live, spec: { ...live.spec, nodeName: null } })
  })

  it('replaces atomic lists and structs', () => {
    const live = { spec: { containers: [{ name: 'c', command: ['a', 'b'] }], tolerations: [{ key: 'x' }] } }
    const merged = mergeConfiguration(shapes.type(`${CORE}Pod`), live, { spec: { containers: [{ name: 'c', command: ['z'] }] } })
    expect(merged).toEqual({ spec: { containers: [{ name: 'c', command: ['z'] }], tolerations: [{ key: 'x' }] } })
  })
})

it('what becomes empty stays when fields are removed', () => {
  const pod = { metadata: { labels: { a: '1' } }, spec: { containers: [{ name: 'a', env: [{ name: 'A' }, { name: 'B' }] }] } }
  const set = {
    'f:metadata': { 'f:labels': { 'f:a': {} } },
    'f:spec': { 'f:containers': { 'k:{"name":"a"}': { 'f:env': { 'k:{"name":"B"}': { '.': {}, 'f:name': {} } } } } },
  }
  expect(removeFields(shapes.type(`${CORE}Pod`), pod, set)).toEqual({
    metadata: { labels: {} },
    spec: { containers: [{ name: 'a', env: [{ name: 'A' }] }] },
  })
})

describe('what is wrong with a configuration', () => {
  const inSpec = (spec: unknown) => ({ spec })
  const cases: [Json, string][] = [
    [{ foo: 1 }, '.foo: field not declared in schema'],
    [inSpec({ containers: [{ name: 'a', foo: 1 }] }), '.spec.containers[name="a"].foo: field not declared in schema'],
    [inSpec({ containers: 'x' }), '.spec.containers: expected list, got &{x}'],
    [inSpec({ containers: ['x'] }), '.spec.containers: element 0: associative list with keys may not have non-map elements'],
    [inSpec({ nodeName: 5 }), '.spec.nodeName: expected string, got &value.valueUnstructured{Value:5}'],
    [inSpec({ hostNetwork: 'x' }), '.spec.hostNetwork: expected boolean, got &{x}'],
    [inSpec({ priority: 'x' }), '.spec.priority: expected numeric (int or float), got string'],
    [inSpec([]), '.spec: expected map, got &{[]}'],
    [inSpec({ containers: [{ name: 'a' }, { name: 'a' }] }), '.spec.containers: duplicate entries for key [name="a"]'],
    [
      inSpec({ containers: [{ name: 'a', command: [5] }] }),
      '.spec.containers[name="a"].command[0]: expected string, got &value.valueUnstructured{Value:5}',
    ],
    [
      inSpec({ nodeName: 5, hostNetwork: 'x' }),
      'errors:\n  .spec.nodeName: expected string, got &value.valueUnstructured{Value:5}\n  .spec.hostNetwork: expected boolean, got &{x}',
    ],
  ]
  it.each(cases)('%j', (configuration, expected) => {
    expect(errorsText(configurationErrors(shapes.type(`${CORE}Pod`), configuration))).toBe(expected)
  })

  it('is nothing where it is right, nulls included', () => {
    const configuration = inSpec({
      nodeName: null,
      containers: [{ name: 'a', resources: { limits: { cpu: 1 } }, livenessProbe: { httpGet: { port: 'http' } } }],
    })
    expect(configurationErrors(shapes.type(`${CORE}Pod`), configuration)).toEqual([])
  })
})

const manager = (name: string, more: Partial<Manager> = {}): Manager => ({
  name,
  operation: 'Update',
  apiVersion: 'v1',
  subresource: '',
  time: '2026-01-01T00:00:00Z',
  fields: { [`f:${name}`]: {} },
  ...more,
})

describe('managers', () => {
  it('are written appliers first, then by time and name; those of nothing not at all', () => {
    const written = encodeManagers([
      manager('b'),
      manager('a'),
      manager('old', { time: '2025-01-01T00:00:00Z' }),
      manager('z', { operation: 'Apply', subresource: 'status' }),
      manager('gone', { fields: undefined }),
    ])
    expect(written?.map(({ manager: name }) => name)).toEqual(['z', 'old', 'a', 'b'])
    expect(JSON.stringify(written?.[0])).toBe(
      '{"manager":"z","operation":"Apply","apiVersion":"v1","time":"2026-01-01T00:00:00Z","fieldsType":"FieldsV1","fieldsV1":{"f:z":{}},"subresource":"status"}',
    )
    expect(managersOf(written)).toHaveLength(4)
  })

  const entry = { manager: 'm', operation: 'Update', apiVersion: 'v1', fieldsType: 'FieldsV1' }
  const decoded: [string, Json, unknown][] = [
    ['another operation', { ...entry, operation: 'Delete' }, undefined],
    ['no version', { ...entry, apiVersion: '' }, undefined],
    ['another type of fields', { ...entry, fieldsType: 'FieldsV2' }, undefined],
    ['no path element', { ...entry, fieldsV1: { x: {} } }, undefined],
    ['a key that is no JSON', { ...entry, fieldsV1: { 'k:{': {} } }, undefined],
    [
      'fields out of order',
      { ...entry, fieldsV1: { 'f:b': {}, 'k:{"b":1,"a":2}': { 'f:x': {}, '.': {} }, 'f:a': {} } },
      ['f:a', 'f:b', 'k:{"a":2,"b":1}'],
    ],
  ]
  it.each(decoded)('that a client writes: %s', (_name, given, expected) => {
    const managers = decodeManagers([given])
    expect(managers && Object.keys(managers[0]!.fields ?? {})).toEqual(expected)
  })

  it('of updates are no more than ten: the oldest become one', () => {
    const updaters = Array.from({ length: 12 }, (_, i) => manager(`m${i}`, { time: `2026-01-${String(i + 10)}T00:00:00Z` }))
    const capped = capUpdaters([...updaters, manager('applier', { operation: 'Apply' })])
    const written = encodeManagers(capped)!
    expect(written).toHaveLength(11)
    expect(written[0]!.manager).toBe('applier')
    expect(written[1]).toMatchObject({
      manager: 'ancient-changes',
      time: '2026-01-12T00:00:00Z',
      fieldsV1: { 'f:m0': {}, 'f:m1': {}, 'f:m2': {} },
    })
  })

  it('of the replicas are the same in a Scale, and come back to the object', () => {
    const owner = manager('apply', {
      operation: 'Apply',
      apiVersion: 'apps/v1',
      fields: { 'f:spec': { 'f:paused': {}, 'f:replicas': {} } },
    })
    const other = manager('other', { apiVersion: 'apps/v1', fields: { 'f:spec': { 'f:paused': {} } } })
    const scaled = scaleManagers([owner, other])
    expect(scaled).toEqual([{ ...owner, apiVersion: 'autoscaling/v1', fields: { 'f:spec': { 'f:replicas': {} } } }])
    expect(managersAfterScale([owner, other], scaled, 'apps/v1')).toEqual([owner, other])
    const scaler = manager('hpa', { apiVersion: 'autoscaling/v1', subresource: 'scale', fields: { 'f:spec': { 'f:replicas': {} } } })
    expect(managersAfterScale([owner, other], [scaler], 'apps/v1')).toEqual([
      { ...owner, fields: { 'f:spec': { 'f:paused': {} } } },
      other,
      { ...scaler, apiVersion: 'apps/v1', time: undefined },
    ])
  })
})
