import { afterAll, beforeAll, expect, it } from 'vitest'
import { JSON_PATCH, type Json } from '../../support/api.ts'
import { Conformance, expectRefused, namesOf } from '../../support/conformance.ts'
import { uniqueName } from '../../support/resource-client.ts'

const PATH = 'apiextensions.k8s.io/v1/customresourcedefinitions'

let e2e: Conformance
beforeAll(async () => {
  e2e = await Conformance.start()
})
afterAll(() => e2e.close())

/** Of a random name, that allows everything. Upstream: fixtures.NewRandomNameV1CustomResourceDefinition */
function definition(labels: Record<string, string> = {}): Json {
  const singular = uniqueName('foo').replace('-', '')
  const plural = `${singular}s`
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } }
  return {
    metadata: { name: `${plural}.mygroup.example.com`, labels },
    spec: {
      group: 'mygroup.example.com',
      scope: 'Cluster',
      names: { plural, singular, kind: singular, listKind: `${singular}List` },
      versions: [{ name: 'v1beta1', served: true, storage: true, schema }],
    },
  }
}

it('[sig-api-machinery] CustomResourceDefinition resources [Privileged:ClusterAdmin] Simple CustomResourceDefinition creating/deleting custom resource definition objects works (but for being established)', async () => {
  const client = e2e.client(PATH)
  const created = await client.create(definition())
  await client.delete(created.metadata.name)
  await e2e.cluster.settle()
  await expectRefused(client.get(created.metadata.name), 'NotFound')
})

it('[sig-api-machinery] CustomResourceDefinition resources [Privileged:ClusterAdmin] Simple CustomResourceDefinition listing custom resource definition objects works (but for being established)', async () => {
  const SIZE = 10
  const client = e2e.client(PATH)
  const uuid = uniqueName('list')
  const labelSelector = `e2e-list-test-uuid=${uuid}`
  const specs = new Map<string, Json>()
  for (let i = 0; i < SIZE; i++) {
    const { metadata, spec } = await client.create(definition({ 'e2e-list-test-uuid': uuid }))
    specs.set(metadata.name, spec)
  }
  const other = await client.create(definition())
  const { items } = await client.list({ labelSelector })
  expect(items).toHaveLength(SIZE)
  for (const { metadata, spec } of items) expect(spec).toEqual(specs.get(metadata.name))
  await client.deleteCollection({ labelSelector })
  await e2e.cluster.settle()
  expect(namesOf(await client.list({ labelSelector }))).toEqual([])
  expect((await client.get(other.metadata.name)).spec).toEqual(other.spec)
})

it('[sig-api-machinery] CustomResourceDefinition resources [Privileged:ClusterAdmin] Simple CustomResourceDefinition getting/updating/patching custom resource definition status sub-resource works (but for being established)', async () => {
  const client = e2e.client(PATH)
  const { metadata, spec } = await client.create(definition())
  const read = await e2e.dynamicClient(PATH).get(metadata.name, 'status')
  expect(read.spec).toEqual(spec)
  const messages = ({ status }: Json) => status.conditions.map(({ message }: Json) => message)
  const updated = await client.change(
    metadata.name,
    (object) => {
      object.status ??= {}
      object.status.conditions = [...(object.status.conditions ?? []), { type: '', status: '', message: 'updated' }]
    },
    'status',
  )
  expect(messages(updated)).toContain('updated')
  const patch = [{ op: 'add', path: '/status/conditions', value: [{ message: 'patched' }] }]
  const patched = await client.patch(metadata.name, patch, { type: JSON_PATCH, subresource: 'status' })
  expect(messages(patched)).toContain('patched')
  expect(messages(await client.get(metadata.name))).toContain('patched')
})
