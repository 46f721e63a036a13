import { describe, expect, it } from 'vitest'
import { ApiError } from '../../src/api/meta/api-error.ts'
import { applyStrategicMergePatch } from '../../src/api/meta/patches/strategic-merge-patch.ts'
import { Schemas } from '../../src/api/schema.ts'

type Json = Record<string, unknown>

const schemas = new Schemas()
const POD_SPEC = 'io.k8s.api.core.v1.PodSpec'
const META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta'
const DEPLOYMENT_SPEC = 'io.k8s.api.apps.v1.DeploymentSpec'

const names = (...all: string[]) => all.map((name) => ({ name }))
const containers = (...all: [name: string, image: string][]) => ({ containers: all.map(([name, image]) => ({ name, image })) })

describe('applyStrategicMergePatch', () => {
  it.each<[string, string, Json, unknown, Json]>([
    // maps
    ['an empty patch changes nothing', POD_SPEC, { hostname: 'a' }, {}, { hostname: 'a' }],
    ['null changes nothing', POD_SPEC, { hostname: 'a' }, null, { hostname: 'a' }],
    [
      'sets and removes fields',
      POD_SPEC,
      { hostname: 'a', subdomain: 'b' },
      { hostname: 'c', subdomain: null, nodeName: 'n' },
      { hostname: 'c', nodeName: 'n' },
    ],
    ['merges maps', META, { labels: { a: '1', b: '2' } }, { labels: { b: null, c: '3' } }, { labels: { a: '1', c: '3' } }],
    ['drops nulls of what is new', META, {}, { labels: { a: '1', b: null } }, { labels: { a: '1' } }],
    ['replaces a map', META, { labels: { a: '1' } }, { labels: { $patch: 'replace', b: '2' } }, { labels: { b: '2' } }],
    ['empties a map', META, { labels: { a: '1' } }, { labels: { $patch: 'delete' } }, { labels: {} }],
    ['a directive alone is nothing to add', META, {}, { labels: { $patch: 'delete' } }, {}],
    [
      'takes another type as it is',
      DEPLOYMENT_SPEC,
      { strategy: { rollingUpdate: { maxSurge: 1 } } },
      { strategy: { rollingUpdate: { maxSurge: '25%' } } },
      { strategy: { rollingUpdate: { maxSurge: '25%' } } },
    ],

    // lists with a merge key
    ['merges items by key', POD_SPEC, containers(['a', '1'], ['b', '1']), containers(['b', '2']), containers(['a', '1'], ['b', '2'])],
    [
      'adds items where the patch has them last',
      POD_SPEC,
      containers(['a', '1']),
      containers(['b', '2']),
      containers(['b', '2'], ['a', '1']),
    ],
    [
      'deletes an item',
      POD_SPEC,
      containers(['a', '1'], ['b', '1']),
      { containers: [{ name: 'a', $patch: 'delete' }] },
      containers(['b', '1']),
    ],
    [
      'deletes all items with the key',
      POD_SPEC,
      containers(['a', '1'], ['b', '1'], ['a', '2']),
      { containers: [{ name: 'a', $patch: 'delete' }] },
      containers(['b', '1']),
    ],
    [
      'deletes what is not there',
      POD_SPEC,
      containers(['a', '1']),
      { containers: [{ name: 'x', $patch: 'delete' }] },
      containers(['a', '1']),
    ],
    [
      'replaces the list',
      POD_SPEC,
      containers(['a', '1'], ['b', '1']),
      { containers: [{ name: 'c' }, { $patch: 'replace' }] },
      { containers: names('c') },
    ],
    ['empties the list', POD_SPEC, containers(['a', '1']), { containers: [{ $patch: 'replace' }] }, { containers: [] }],
    [
      'a new list loses its directives',
      POD_SPEC,
      {},
      { containers: [{ name: 'a' }, { name: 'b', $patch: 'delete' }] },
      { containers: names('a') },
    ],
    [
      'merges nested lists',
      POD_SPEC,
      { containers: [{ name: 'a', env: [{ name: 'x', value: '1' }] }] },
      {
        containers: [
          {
            name: 'a',
            env: [
              { name: 'y', value: '2' },
              { name: 'x', value: null },
            ],
          },
        ],
      },
      { containers: [{ name: 'a', env: [{ name: 'y', value: '2' }, { name: 'x' }] }] },
    ],
    [
      'by a key that is a number',
      POD_SPEC,
      { containers: [{ name: 'a', ports: [{ containerPort: 80, name: 'http' }, { containerPort: 90 }] }] },
      { containers: [{ name: 'a', ports: [{ containerPort: 80, name: null }] }] },
      { containers: [{ name: 'a', ports: [{ containerPort: 80 }, { containerPort: 90 }] }] },
    ],
    [
      'replaces lists without a strategy',
      POD_SPEC,
      { tolerations: [{ key: 'a' }, { key: 'b' }] },
      { tolerations: [{ key: 'c' }] },
      { tolerations: [{ key: 'c' }] },
    ],

    // lists of scalars
    ['unites scalars', META, { finalizers: ['a', 'b'] }, { finalizers: ['c', 'a'] }, { finalizers: ['c', 'a', 'b'] }],
    [
      'deletes scalars',
      META,
      { finalizers: ['a', 'b', 'a'] },
      { '$deleteFromPrimitiveList/finalizers': ['a', 'x'] },
      { finalizers: ['b'] },
    ],
    [
      'deletes from a list without strategy',
      POD_SPEC,
      { containers: [{ name: 'a', args: ['1', '2'] }] },
      { containers: [{ name: 'a', '$deleteFromPrimitiveList/args': ['1'] }] },
      { containers: [{ name: 'a', args: ['2'] }] },
    ],
    ['deletes from a list that is not there', META, {}, { '$deleteFromPrimitiveList/finalizers': ['a'] }, {}],
    [
      'deletes and adds scalars',
      META,
      { finalizers: ['a', 'b'] },
      { '$deleteFromPrimitiveList/finalizers': ['a'], finalizers: ['c'], '$setElementOrder/finalizers': ['c', 'b'] },
      { finalizers: ['c', 'b'] },
    ],

    // order
    [
      'puts items in the order asked for',
      POD_SPEC,
      containers(['a', '1'], ['b', '1']),
      { '$setElementOrder/containers': names('b', 'a') },
      containers(['b', '1'], ['a', '1']),
    ],
    [
      'adds an item in its place',
      POD_SPEC,
      containers(['a', '1'], ['c', '1']),
      { '$setElementOrder/containers': names('a', 'b', 'c'), ...containers(['b', '2']) },
      containers(['a', '1'], ['b', '2'], ['c', '1']),
    ],
    [
      'keeps what only the server has before what it came before',
      POD_SPEC,
      containers(['s', '0'], ['a', '1'], ['b', '1']),
      { '$setElementOrder/containers': names('b', 'a') },
      containers(['s', '0'], ['b', '1'], ['a', '1']),
    ],
    [
      'keeps what only the server has after what it came after',
      POD_SPEC,
      containers(['a', '1'], ['s', '0'], ['b', '1']),
      { '$setElementOrder/containers': names('a', 'b', 'c'), ...containers(['c', '2']) },
      containers(['a', '1'], ['s', '0'], ['b', '1'], ['c', '2']),
    ],
    [
      'deletes and orders',
      POD_SPEC,
      containers(['a', '1'], ['b', '1'], ['c', '1']),
      { '$setElementOrder/containers': names('c', 'a'), containers: [{ name: 'b', $patch: 'delete' }] },
      containers(['c', '1'], ['a', '1']),
    ],
    // The new item takes the place of the deleted one, behind what only the server has.
    [
      'deletes, adds and orders',
      POD_SPEC,
      containers(['a', '1'], ['b', '1'], ['s', '0']),
      {
        '$setElementOrder/containers': names('b', 'c'),
        containers: [
          { name: 'c', image: '2' },
          { name: 'a', $patch: 'delete' },
        ],
      },
      containers(['b', '1'], ['s', '0'], ['c', '2']),
    ],
    [
      'adds without deleting, before what only the server has',
      POD_SPEC,
      containers(['b', '1'], ['s', '0']),
      { '$setElementOrder/containers': names('b', 'c'), ...containers(['c', '2']) },
      containers(['b', '1'], ['c', '2'], ['s', '0']),
    ],
    [
      'deletes one and adds two, of which one has a place',
      POD_SPEC,
      containers(['a', '1'], ['s', '0']),
      {
        '$setElementOrder/containers': names('b', 'c'),
        containers: [
          { name: 'b', image: '1' },
          { name: 'c', image: '1' },
          { name: 'a', $patch: 'delete' },
        ],
      },
      containers(['s', '0'], ['b', '1'], ['c', '1']),
    ],
    [
      'orders a new list',
      POD_SPEC,
      {},
      { '$setElementOrder/containers': names('a', 'b'), ...containers(['a', '1'], ['b', '2']) },
      containers(['a', '1'], ['b', '2']),
    ],
    ['ignores the order of a list nobody has', POD_SPEC, {}, { '$setElementOrder/containers': names('a') }, {}],
    [
      'orders scalars',
      META,
      { finalizers: ['a', 'b', 's'] },
      { '$setElementOrder/finalizers': ['b', 'a'] },
      { finalizers: ['b', 'a', 's'] },
    ],
    [
      'merges while it orders',
      POD_SPEC,
      containers(['a', '1'], ['b', '1']),
      { '$setElementOrder/containers': names('b', 'a'), ...containers(['a', '2']) },
      containers(['b', '1'], ['a', '2']),
    ],

    // retainKeys
    [
      'clears what is not retained',
      DEPLOYMENT_SPEC,
      { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } } },
      { strategy: { $retainKeys: ['type'], type: 'Recreate' } },
      { strategy: { type: 'Recreate' } },
    ],
    [
      'retains in items too',
      POD_SPEC,
      { volumes: [{ name: 'v', hostPath: { path: '/' } }] },
      { volumes: [{ $retainKeys: ['name', 'emptyDir'], name: 'v', emptyDir: {} }] },
      { volumes: [{ name: 'v', emptyDir: {} }] },
    ],
    [
      'retained keys may stay as they are',
      POD_SPEC,
      { volumes: [{ name: 'v', hostPath: { path: '/' } }] },
      { volumes: [{ $retainKeys: ['name', 'hostPath'], name: 'v' }] },
      { volumes: [{ name: 'v', hostPath: { path: '/' } }] },
    ],
  ])('%s', (_, type, original, patch, expected) => {
    const before = structuredClone({ original, patch })
    expect(applyStrategicMergePatch(schemas, type, original, patch)).toEqual(expected)
    expect({ original, patch }).toEqual(before)
  })

  it.each<[string, string, Json, unknown, number, string]>([
    ['a list', POD_SPEC, {}, [], 400, 'json: cannot unmarshal array into Go value of type map[string]interface {}'],
    [
      'no merge key',
      POD_SPEC,
      containers(['a', '1']),
      { containers: [{ image: '2' }] },
      500,
      'map: map[image:2] does not contain declared merge key: name',
    ],
    [
      'deletion without the key',
      POD_SPEC,
      containers(['a', '1']),
      { containers: [{ $patch: 'delete' }] },
      500,
      'map: map[$patch:delete] does not contain declared merge key: name',
    ],
    [
      'unknown directive',
      META,
      { labels: { a: '1' } },
      { labels: { $patch: 'merge' } },
      500,
      'unknown patch type: merge in map: map[$patch:merge]',
    ],
    [
      'merge directive in a list',
      POD_SPEC,
      containers(['a', '1']),
      { containers: [{ name: 'a', $patch: 'merge' }] },
      500,
      'merging lists cannot yet be specified in the patch',
    ],
    ['types mixed', META, { finalizers: ['a'] }, { finalizers: [1] }, 500, 'list element types are not identical: [[a] [1]]'],
    ['list of lists', META, { finalizers: ['a'] }, { finalizers: [['a']] }, 500, 'list element types are not identical: [[a] [[a]]]'],
    [
      'order without an item',
      POD_SPEC,
      containers(['a', '1']),
      { '$setElementOrder/containers': names('a'), containers: names('b') },
      500,
      "The order in patch list:\n[map[name:b]]\n doesn't match $setElementOrder list:\n[map[name:a]]\n",
    ],
    [
      'other order',
      POD_SPEC,
      containers(['a', '1'], ['b', '1']),
      { '$setElementOrder/containers': names('a', 'b'), containers: names('b', 'a') },
      500,
      "The order in patch list:\n[map[name:b] map[name:a]]\n doesn't match $setElementOrder list:\n[map[name:a] map[name:b]]\n",
    ],
    [
      'order that is no list',
      POD_SPEC,
      {},
      { '$setElementOrder/containers': 'x' },
      500,
      'expected a []interface {}, but received a string',
    ],
    ['order of nothing', POD_SPEC, {}, { $setElementOrder: [] }, 400, 'invalid patch format of setElementOrder list'],
    ['deletion from nothing', META, {}, { $deleteFromPrimitiveList: ['a'] }, 400, 'invalid patch format of primitive list'],
    [
      'order of an unknown field',
      POD_SPEC,
      {},
      { '$setElementOrder/foo': [] },
      500,
      'unable to find api field in struct PodSpec for the json field "foo"',
    ],
    [
      'retainKeys that is no list',
      DEPLOYMENT_SPEC,
      { strategy: {} },
      { strategy: { $retainKeys: 'type' } },
      400,
      'invalid patch format of retainKeys',
    ],
    [
      'retainKeys without what is set',
      DEPLOYMENT_SPEC,
      { strategy: {} },
      { strategy: { $retainKeys: ['type'], rollingUpdate: {} } },
      400,
      'invalid patch format of retainKeys',
    ],
  ])('refuses %s', (_, type, original, patch, code, message) => {
    let thrown: unknown
    try {
      applyStrategicMergePatch(schemas, type, original, patch)
    } catch (error) {
      thrown = error
    }
    expect(thrown).toBeInstanceOf(ApiError)
    expect(thrown).toMatchObject({ code, message })
  })

  it('does not compare lists of lists', () => {
    expect(() => applyStrategicMergePatch(schemas, META, { finalizers: [[1]] }, { finalizers: [[2]] })).toThrow(
      'the server rejected our request due to an error in our request',
    )
  })
})
