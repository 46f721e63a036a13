/** The course of upstream's newest conformance tests of an API: every verb and kind of patch, under informers' eyes. */
import { expect } from 'vitest'
import { JSON_PATCH, type Json, MERGE_PATCH, STRATEGIC_PATCH } from './api.ts'
import { type Conformance, expectNewer, expectRefused, expectValidRevision, namesOf } from './conformance.ts'
import { type EventStream, uniqueName } from './resource-client.ts'

const APPLY_PATCH = 'application/apply-patch+yaml'

export interface ResourceTestcase {
  readonly path: string
  readonly isNamespaced: boolean
  readonly initial: Json
  /** In place. */
  readonly update: (object: Json) => void
  readonly updateStatus?: (object: Json) => void
  /** Bodies that do what `update` does, by media type; strategic, apply and merge patches get apiVersion, kind and name. */
  readonly patches: Readonly<Record<string, Json>>
  readonly statusPatches?: Readonly<Record<string, Json>>
}

/** Upstream: test/e2e/framework/conformance TestResource */
export async function checkResource(e2e: Conformance, testcase: ResourceTestcase): Promise<void> {
  const { path, isNamespaced, initial, update, updateStatus, patches, statusPatches = {} } = testcase
  await e2e.expectDiscovered(path, updateStatus === undefined ? [] : ['status'])
  const namespace = isNamespaced ? await e2e.namespace('conformance') : ''
  const client = e2e.dynamicClient(path, namespace)
  const everywhere = e2e.dynamicClient(path)
  const unique = uniqueName('test')
  const labels = { 'e2e-test.kubernetes.io': unique }
  const labelSelector = `e2e-test.kubernetes.io=${unique}`
  const wanted = { ...initial, metadata: { name: unique, labels } }
  const { apiVersion, kind } = client.definition
  const name = unique

  const streams: EventStream[] = []
  for (const each of isNamespaced ? [client, everywhere] : [client]) {
    const list = await each.list({ labelSelector })
    expect(list.items).toEqual([])
    streams.push(await each.watch({ labelSelector, resourceVersion: list.metadata.resourceVersion }))
  }
  /** Both informers see these events in this order, the last with this object. */
  const seen = async (types: readonly string[], object?: Json) => {
    for (const stream of streams) {
      let last: Json
      for (const type of types) {
        const event = await stream.next()
        expect(event?.type).toBe(type)
        expectValidRevision(event!.object)
        last = event!.object
      }
      if (object !== undefined) expect(last).toEqual(object)
    }
  }

  const created = await client.create(wanted, { fieldValidation: 'Strict' })
  expect(created).toMatchObject(wanted)
  await seen(['ADDED'], created)
  expect(await client.get(name)).toEqual(created)

  const updated = await client.change(name, update)
  expectNewer(updated, created)
  await seen(['MODIFIED'], updated)
  const changed = specOf(updated)

  if (updateStatus !== undefined) {
    const withStatus = await client.change(name, updateStatus, 'status')
    await seen(['MODIFIED'], withStatus)
    expect(specOf(withStatus)).toEqual(changed)
    expect(await client.get(name, 'status')).toEqual(withStatus)
  }

  const startAgain = async () => {
    await client.delete(name)
    await expectRefused(client.get(name), 'NotFound')
    await seen(['DELETED'])
    await client.create(wanted)
    await seen(['ADDED'])
  }
  const patchWith = (type: string, body: Json, subresource?: string) => {
    const patch = type === JSON_PATCH ? body : { apiVersion, kind, ...body, metadata: { name, ...body.metadata } }
    const query = { fieldValidation: 'Strict', ...(type === APPLY_PATCH ? { fieldManager: 'test-apply', force: true } : {}) }
    return client.patch(name, patch, { type, query, ...(subresource && { subresource }) })
  }
  for (const [type, body] of Object.entries(patches)) {
    await startAgain()
    const patched = await patchWith(type, body)
    expect(specOf(patched), type).toEqual(changed)
    await seen(['MODIFIED'], patched)
  }
  for (const [type, body] of Object.entries(statusPatches)) {
    await startAgain()
    await client.change(name, update)
    const patched = await patchWith(type, body, 'status')
    expect(specOf(patched), type).toEqual(changed)
    expect(patched.status, type).toEqual((await client.get(name, 'status')).status)
    expect(patched.status, type).toBeDefined()
    await seen(['MODIFIED', 'MODIFIED'], patched)
  }

  for (const each of [client, everywhere]) expect(namesOf(await each.list({ labelSelector }))).toEqual([name])
  await client.deleteCollection({ labelSelector })
  await expectRefused(client.get(name), 'NotFound')
  await seen(['DELETED'])
}

/** What `update` is about: the labels, and all but metadata and status. */
function specOf({ metadata, status: _, ...rest }: Json): Json {
  return { ...rest, labels: metadata.labels }
}

/** The same body in every media type for which a client has to write no more than that. */
export function inEveryType(merged: Json, jsonPatch: Json): Readonly<Record<string, Json>> {
  return { [APPLY_PATCH]: merged, [STRATEGIC_PATCH]: merged, [MERGE_PATCH]: merged, [JSON_PATCH]: jsonPatch }
}
