/** The two courses that most of upstream's conformance tests of a kind's API take, told once. */
import { expect } from 'vitest'
import { type Json, MERGE_PATCH, STRATEGIC_PATCH } from './api.ts'
import { type Conformance, expectNewer, expectRefused, expectValidRevision, namesOf, until } from './conformance.ts'
import { type EventStream, type ResourceClient, uniqueName } from './resource-client.ts'

export interface ApiOperations {
  /** Upstream's name of the test. */
  readonly title: string
  readonly path: string
  readonly isNamespaced?: boolean
  /** What is created three times, but for its name and a label. */
  readonly object: Json
  /** Names, where the server isn't to make them from a prefix. */
  readonly names?: readonly [string, string, string]
  /** Goes into the merge patch beside an annotation. */
  readonly patch?: Json
  readonly update?: (object: Json) => void
  readonly status?: StatusOperations
  readonly otherSubresources?: readonly string[]
  /** What is asked of one kind alone, between its updates and its end. */
  readonly andThen?: (client: ResourceClient, name: string) => Promise<void>
}

interface StatusOperations {
  /** Merged into the status. */
  readonly patch: Json
  readonly update: (status: Json) => void
  /** A write of /status carries annotations too. */
  readonly takesMetadata?: boolean
}

/**
 * "should support X API operations": discovery, create, get, list, watch, patch, update, status, delete, deletecollection.
 * Upstream: flowcontrol.go, ingress.go, csistoragecapacity.go and others, which all are this.
 */
export async function checkApiOperations(e2e: Conformance, row: ApiOperations): Promise<void> {
  const { path, isNamespaced = false, object, names, patch = {}, update, status, otherSubresources = [], andThen } = row
  await e2e.expectDiscovered(path, [...(status === undefined ? [] : ['status']), ...otherSubresources])
  const base = path.split('/').at(-1)!
  const namespace = isNamespaced ? await e2e.namespace(base) : ''
  const client = e2e.client(path, namespace)
  const everywhere = e2e.client(path)
  const special = uniqueName(base)
  const labelSelector = `special-label=${special}`
  const listed = async () => namesOf(await client.list({ labelSelector }))

  let last: Json
  for (let i = 0; i < 3; i++) {
    const name = names === undefined ? { generateName: 'e2e-example-' } : { name: names[i] }
    last = await client.create({ ...object, metadata: { ...name, labels: { 'special-label': special } } })
  }
  const { name, uid } = last.metadata
  await expectRefused(client.create({ ...object, metadata: { name } }), 'AlreadyExists')

  const got = await client.get(name)
  expect(got).toEqual(last)
  expectValidRevision(got)
  const list = await client.list({ labelSelector })
  expect(list.items).toHaveLength(3)
  expect((await everywhere.list({ labelSelector })).items).toEqual(list.items)
  const { resourceVersion } = list.metadata
  const streams: EventStream[] = [
    await client.watch({ resourceVersion, labelSelector }),
    await everywhere.watch({ resourceVersion, labelSelector }),
    await e2e.dynamicClient(path, namespace).watch({ resourceVersion, labelSelector }),
  ]

  const patched = await client.patch(name, { metadata: { annotations: { patched: 'true' } }, ...patch })
  expect(patched).toMatchObject({ metadata: { annotations: { patched: 'true' } }, ...patch })
  expectNewer(patched, got)

  let sent: Json
  const updated = await client.change(name, (current) => {
    current.metadata.annotations.updated = 'true'
    update?.(current)
    sent = structuredClone(current)
  })
  expect(updated.metadata.annotations).toMatchObject({ patched: 'true', updated: 'true' })
  expect(updated.spec).toEqual(sent.spec)
  expectNewer(updated, patched)
  for (const stream of streams) {
    await until(stream, 'MODIFIED', ({ metadata }) => metadata.annotations?.patched === 'true')
    await until(stream, 'MODIFIED', ({ metadata }) => metadata.annotations?.updated === 'true')
  }

  if (status !== undefined) await checkStatus(e2e, client, namespace, updated, status)
  await andThen?.(client, name)

  await client.delete(name)
  await expectRefused(client.get(name), 'NotFound')
  expect(await listed()).toHaveLength(2)
  await client.deleteCollection({ labelSelector })
  expect(await listed()).toEqual([])
  for (const stream of streams) {
    const first = await until(stream, 'DELETED')
    expect(first.metadata.uid).toBe(uid)
    for (const _ of [1, 2]) await until(stream, 'DELETED')
    stream.close()
  }
}

async function checkStatus(
  e2e: Conformance,
  client: ResourceClient,
  namespace: string,
  object: Json,
  { patch, update, takesMetadata }: StatusOperations,
): Promise<void> {
  const { name, uid } = object.metadata
  const { apiVersion, kind, resource } = client.definition
  const dynamic = e2e.dynamicClient(`${apiVersion}/${resource}`, namespace)
  expect(await dynamic.get(name, 'status')).toMatchObject({ apiVersion, kind, metadata: { uid } })

  const annotations = { patchedstatus: 'true' }
  const patched = await client.patch(name, { metadata: { annotations }, status: patch }, { type: MERGE_PATCH, subresource: 'status' })
  expect(patched.metadata.annotations).toEqual({ ...object.metadata.annotations, ...(takesMetadata && annotations) })
  expect(patched.status).toMatchObject(patch)
  expect(patched.spec).toEqual(object.spec)

  let sent: Json
  const updated = await client.change(
    name,
    (current) => {
      current.status ??= {}
      update(current.status)
      sent = structuredClone(current.status)
    },
    'status',
  )
  expect(updated.status).toEqual(sent)
  expect((await dynamic.get(name, 'status')).status).toEqual((await dynamic.get(name)).status)
}

export interface Lifecycle {
  /** Upstream's name of the test. */
  readonly title: string
  readonly path: string
  readonly object: Json
  /** Another that takes the place of the first; the same again when not given. */
  readonly replacement?: Json
  readonly patchType?: string
}

/**
 * "should run through the lifecycle of X": one is patched and deleted, another is updated and goes with its collection.
 * Upstream: csi_node.go, storageclass.go, volumeattributesclass.go and others.
 */
export async function checkLifecycle(e2e: Conformance, { path, object, replacement = object, patchType }: Lifecycle): Promise<void> {
  const client = e2e.client(path)
  const common = uniqueName('e2e')
  const [first, second] = [uniqueName('e2e-first'), uniqueName('e2e-second')]
  const named = (body: Json, name: string) => ({ ...body, metadata: { name, labels: { common } } })
  const listed = async (labelSelector: string) => namesOf(await client.list({ labelSelector }))
  const isGone = (name: string) => expectRefused(client.get(name), 'NotFound')

  const created = await client.create(named(object, first))
  expectValidRevision(created)
  await expectRefused(client.create(named(object, first)), 'AlreadyExists')
  expect(await client.get(first)).toEqual(created)

  const patched = await client.patch(first, { metadata: { labels: { [first]: 'patched' } } }, { type: patchType ?? STRATEGIC_PATCH })
  expect(patched.metadata.labels).toEqual({ common, [first]: 'patched' })
  expectNewer(patched, created)
  expect(await listed(`${first}=patched`)).toEqual([first])

  await client.delete(first)
  await isGone(first)
  expect(await listed(`${first}=patched`)).toEqual([])

  const other = await client.create(named(replacement, second))
  expect(await client.get(second)).toEqual(other)
  const updated = await client.change(second, ({ metadata }) => {
    metadata.labels[second] = 'updated'
  })
  expect(updated.metadata.labels).toEqual({ common, [second]: 'updated' })
  const third = uniqueName('e2e-third')
  await client.create(named(replacement, third))
  expect(await listed(`common=${common}`)).toEqual([second, third])
  expect(await listed(`${second}=updated`)).toEqual([second])
  await client.deleteCollection({ labelSelector: `${second}=updated` })
  await isGone(second)
  expect(await listed(`common=${common}`)).toEqual([third])
  await client.deleteCollection({ labelSelector: `common=${common}` })
  expect(await listed(`common=${common}`)).toEqual([])
}
