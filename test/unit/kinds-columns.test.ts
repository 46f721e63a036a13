import { describe, expect, test } from 'vitest'
import { loadDefinitions } from '../../src/api/index.ts'
import type { KubeObject } from '../../src/api/object.ts'

const NOW = Date.parse('2026-01-01T00:05:00Z')
const definitions = new Map(loadDefinitions().map((definition) => [definition.groupResource, definition]))

/** What a client gets as a row; an object of defaults only where the test says no more. */
function rowOf(groupResource: string, fields: object): Record<string, unknown> | undefined {
  const { columns, setDefaults } = definitions.get(groupResource)!
  const metadata = { name: 'a', namespace: 'ns', uid: '', resourceVersion: '', creationTimestamp: '2026-01-01T00:00:00Z' }
  const object = { metadata, ...structuredClone(fields) } as KubeObject
  setDefaults?.(object)
  return columns && Object.fromEntries(columns.map(({ name, cell }) => [name, cell(object, NOW)]))
}

describe('rows of kinds', () => {
  test.each<[string, string, object, Record<string, unknown> | undefined]>([
    ['service accounts no longer count secrets', 'serviceaccounts', { secrets: [{ name: 's' }] }, { Name: 'a', Age: '5m' }],
    [
      'an address has no age',
      'ipaddresses.networking.k8s.io',
      { spec: { parentRef: { resource: 'services', namespace: 'default', name: 'kubernetes' } } },
      { Name: 'a', ParentRef: 'services/default/kubernetes' },
    ],
    ['storage capacities have no columns of their own', 'csistoragecapacities.storage.k8s.io', { storageClassName: 'x' }, undefined],
    ['roles neither', 'roles.rbac.authorization.k8s.io', {}, undefined],
    ['nor limit ranges', 'limitranges', { spec: { limits: [] } }, undefined],
  ])('%s', (_, groupResource, fields, expected) => {
    expect(rowOf(groupResource, fields)).toEqual(expected)
  })

  test('a node’s kernel is shown with its architecture', () => {
    const info = { kernelVersion: '6.8.0', architecture: 'arm64' }
    expect(rowOf('nodes', { status: { nodeInfo: info } })).toMatchObject({ 'Kernel-Version': '6.8.0 (arm64)' })
    expect(rowOf('nodes', { status: { nodeInfo: { architecture: 'amd64' } } })).toMatchObject({ 'Kernel-Version': '<unknown> (amd64)' })
    expect(rowOf('nodes', {})).toMatchObject({ 'Kernel-Version': '<unknown>' })
  })
})
