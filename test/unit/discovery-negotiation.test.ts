import { describe, expect, test } from 'vitest'
import { ApiError } from '../../src/api/meta/api-error.ts'
import { compareVersions } from '../../src/http/group-order.ts'
import { negotiateDiscovery } from '../../src/http/negotiate-discovery.ts'

const V2 = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'
const V2_BETA = 'application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList'
const TABLE = 'application/json;as=Table;g=meta.k8s.io;v=v1'

describe('negotiateDiscovery', () => {
  const ROWS: { name: string; accept: string | undefined; contentType: string }[] = [
    { name: 'no header', accept: undefined, contentType: 'application/json' },
    { name: 'anything', accept: '*/*', contentType: 'application/json' },
    { name: 'any application type', accept: 'application/*', contentType: 'application/json' },
    { name: 'what kubectl sends', accept: `${V2},${V2_BETA},application/json`, contentType: V2 },
    {
      name: 'parameters in another order',
      accept: 'application/json;as=APIGroupDiscoveryList;v=v2;g=apidiscovery.k8s.io',
      contentType: V2,
    },
    { name: 'what kubectl 1.28 sends', accept: `${V2_BETA},application/json`, contentType: V2_BETA },
    { name: 'a form that never was', accept: `${V2.replace('v2', 'v3')},application/json`, contentType: 'application/json' },
    { name: 'spaces', accept: 'application/json; g=apidiscovery.k8s.io; v=v2; as=APIGroupDiscoveryList', contentType: V2 },
    { name: 'the wish for a profile', accept: `${V2};profile=nopeer`, contentType: V2 },
    { name: 'YAML', accept: 'application/yaml', contentType: 'application/yaml' },
    { name: 'aggregated YAML', accept: V2.replace('json', 'yaml'), contentType: V2.replace('json', 'yaml') },
    { name: 'protobuf, else JSON', accept: 'application/vnd.kubernetes.protobuf,application/json', contentType: 'application/json' },
    { name: 'the better quality', accept: `application/json;q=0.5,${V2};q=0.9`, contentType: V2 },
    { name: 'exact before wide', accept: '*/*,application/yaml', contentType: 'application/yaml' },
    { name: 'a browser', accept: 'text/html,application/xhtml+xml,*/*;q=0.8', contentType: 'application/json' },
    { name: 'a Table, else JSON', accept: `${TABLE},application/json`, contentType: 'application/json' },
  ]
  test.each(ROWS)('$name', ({ accept, contentType }) => {
    expect(negotiateDiscovery(accept, true).contentType).toBe(contentType)
  })

  test('a document without an aggregated form is served plain', () => {
    expect(negotiateDiscovery(`${V2},application/json`, false)).toEqual({ mediaType: 'application/json', contentType: 'application/json' })
  })

  test.each([
    ['text/html', true],
    [TABLE, true],
    [V2.replace('v2', 'v3'), true],
    [V2_BETA, false],
    [V2, false],
    ['application/vnd.kubernetes.protobuf', true],
  ])('%s alone is not acceptable (aggregated form: %s)', (accept, canAggregate) => {
    const refused = () => negotiateDiscovery(accept, canAggregate)
    expect(refused).toThrow(ApiError)
    expect(refused).toThrow(
      'only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf',
    )
  })
})

test('versions: stable before beta before alpha, newer before older, names last', () => {
  const inOrder = ['v10', 'v2', 'v1', 'v11beta2', 'v10beta3', 'v3beta1', 'v12alpha1', 'v11alpha2', 'foo1', 'foo10', 'v0', 'v1gamma']
  expect([...inOrder].reverse().sort(compareVersions)).toEqual(inOrder)
})
