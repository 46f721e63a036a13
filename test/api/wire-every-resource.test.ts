/**
 * Every verb on every resource that is stored, in JSON and in protobuf, with what each write leaves in the object's metadata.
 * No controller runs: what is read is what was written.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { ResourceDefinition } from '../../src/api/definition.ts'
import { loadDefinitions } from '../../src/api/index.ts'
import { resetFields } from '../../src/api/meta/managed-fields/reset-fields.ts'
import { Schemas } from '../../src/api/schema.ts'
import { Protobuf } from '../../src/http/codecs/protobuf.ts'
import { type Answer, JSON_PATCH, type Json, MERGE_PATCH, STRATEGIC_PATCH } from '../support/api.ts'
import { type BareServer, createBareServer } from '../support/bare-server.ts'
import { fieldsOf, ownershipFaults } from '../support/owned-fields.ts'
import { SAMPLES } from '../support/samples.ts'
import { STATUSES } from '../support/statuses.ts'
import { JSON_TYPE, PROTOBUF_TYPE, Wire } from '../support/wire.ts'

const AT_ONCE = { gracePeriodSeconds: 0, propagationPolicy: 'Background' }
const APPLY_PATCH = 'application/apply-patch+yaml'

let server: BareServer
beforeAll(async () => {
  server = await createBareServer()
})
afterAll(() => server.close())

const stored = loadDefinitions().filter(({ verbs }) => verbs.includes('watch'))
const pathOf = ({ apiVersion, resource }: ResourceDefinition) => `${apiVersion}/${resource}`

it('has a status of every resource that has one', () => {
  expect(Object.keys(STATUSES).sort()).toEqual(
    stored
      .filter(({ subresources }) => subresources.status)
      .map(pathOf)
      .sort(),
  )
})

const protobuf = new Protobuf(new Schemas())
const inProtobuf = stored.filter(({ apiVersion, kind }) => protobuf.supports(apiVersion, kind))

describe.each([
  [JSON_TYPE, stored],
  [PROTOBUF_TYPE, inProtobuf],
] as const)('in %s', (mediaType, definitions) => {
  let wire: Wire
  beforeAll(() => {
    wire = new Wire(server.api, server.url, mediaType)
  })

  describe.each(definitions.map((definition) => [pathOf(definition), definition] as const))('%s', (path, definition) => {
    const { apiVersion, kind, group, resource, namespaced } = definition
    const qualified = group === '' ? resource : `${resource}.${group}`
    const { metadata: identity, ...fields } = SAMPLES[path]!
    const { name } = identity
    const collection = `/${group === '' ? 'api' : 'apis'}/${apiVersion}/${namespaced ? 'namespaces/default/' : ''}${resource}`
    const own = `${collection}/${name}`
    const selected = `${collection}?labelSelector=matrix`
    const sample = { apiVersion, kind, metadata: { ...identity, labels: { matrix: 'yes' } }, ...fields }

    /** The object as a client sends it, with the defaults that it owns just so. */
    function sampleWithDefaults(): Json {
      const object = structuredClone(sample) as Json
      definition.setDefaults?.(object)
      return object
    }
    const get = async () => (await wire.get(own)).body
    const modified = `Operation cannot be fulfilled on ${qualified} "${name}": the object has been modified; please apply your changes to the latest version and try again`
    const succeeded = ({ status, headers, body, text }: Answer, code = 200): Json => {
      expect([status, headers['content-type']], text).toEqual([code, mediaType])
      return body
    }

    /** A write that is first tried without effect, then done, a second later than whatever was before it. */
    async function write(send: (query: string) => Promise<Answer>, code = 200): Promise<Json> {
      const before = await wire.get(own)
      const dry = succeeded(await send('&dryRun=All'), code)
      const meanwhile = await wire.get(own)
      expect(meanwhile.body).toEqual(before.body)
      const done = succeeded(await send(''), code)
      expect(shapeOf(withoutRevision(dry))).toEqual(shapeOf(withoutRevision(done)))
      expect(await get()).toEqual(done)
      if (before.status === 200) expectSameObject(done, before.body)
      return done
    }

    afterEach(async () => {
      if ((await wire.get(own)).status === 404) return
      await release([])
      await wire.delete(own, AT_ONCE)
    })

    it('has every verb leave its mark', async () => {
      const { resourceVersion } = (await wire.get(collection)).body.metadata
      const watch = await wire.watch(`${selected}&watch=true&resourceVersion=${resourceVersion}`)
      const states: Json[] = []

      const created = await write((dry) => wire.post(`${collection}?fieldManager=creator${dry}`, sample), 201)
      states.push(created)
      expect(created.metadata).toMatchObject({ name, labels: { matrix: 'yes' }, creationTimestamp: '2026-01-01T00:00:00Z' })
      if (definition.countsGenerations) expect(created.metadata.generation).toBe(1)
      expect(created.metadata.managedFields).toHaveLength(1)
      const [creation] = created.metadata.managedFields
      expect(creation).toEqual({ ...update('creator'), fieldsV1: creation.fieldsV1 })
      const mine = ownedPart(sampleWithDefaults())
      expect(ownershipFaults(creation.fieldsV1, mine, { zerosAreUncovered: true })).toEqual([])

      const list = succeeded(await wire.get(selected))
      expect(list).toMatchObject({ kind: `${kind}List`, apiVersion })
      expect(list.items.map((item: Json) => ({ apiVersion, kind, ...item }))).toEqual([created])

      const stale = { ...created, metadata: { ...created.metadata, resourceVersion: '1' } }
      expect((await wire.put(`${own}?fieldManager=late`, stale)).body).toMatchObject({ message: modified, reason: 'Conflict', code: 409 })
      const wrongName = { ...created, metadata: { ...created.metadata, name: 'other' } }
      expect((await wire.put(own, wrongName)).body).toMatchObject({
        message: `the name of the object (other) does not match the name on the URL (${name})`,
        reason: 'BadRequest',
        code: 400,
      })
      // What changes nothing writes nothing, and makes nobody an owner.
      expect(succeeded(await wire.put(`${own}?fieldManager=idle`, created))).toEqual(created)
      expect(succeeded(await wire.patch(`${own}?fieldManager=idle`, {}, MERGE_PATCH))).toEqual(created)

      for (const [manager, send] of Object.entries(labellers())) {
        const state = await write((dry) => send(`?fieldManager=${manager}${dry}`, states.at(-1)!))
        states.push(state)
        expect(state.metadata.labels[manager]).toBe('yes')
        const entries = state.metadata.managedFields
        const entry = { ...update(manager), fieldsV1: fieldsOf({ metadata: { labels: { [manager]: 'yes' } } }) }
        expect(entries).toContainEqual(manager === 'applier' ? { ...entry, operation: 'Apply' } : entry)
        expect(entries).toContainEqual(creation)
        expect(entries).toHaveLength(states.length)
      }

      const unprecedented = { preconditions: { uid: 'another' }, ...AT_ONCE }
      expect((await wire.delete(own, unprecedented)).body).toMatchObject({ reason: 'Conflict', code: 409 })
      expect((await wire.delete(`${own}?dryRun=All`)).status).toBe(200)
      expect((await wire.delete(own, { dryRun: ['All'], ...AT_ONCE })).status).toBe(200)
      expect(await get()).toEqual(states.at(-1))
      await release(states)
      const { uid } = created.metadata
      const deleted = succeeded(await wire.delete(own, { preconditions: { uid }, ...AT_ONCE }))
      if (definition.returnsDeletedObject) expect(deleted.metadata.uid).toBe(uid)
      else expect(deleted).toMatchObject({ kind: 'Status', status: 'Success', details: { name, kind: resource, uid } })
      expect((await wire.get(own)).body).toMatchObject({ message: `${qualified} "${name}" not found`, reason: 'NotFound', code: 404 })

      const events = await watch.take(states.length + 1)
      watch.close()
      expect(events.map(({ type }) => type)).toEqual(['ADDED', ...states.slice(1).map(() => 'MODIFIED'), 'DELETED'])
      expect(events.slice(0, -1).map(({ object }) => object)).toEqual(states)
      expect(events.at(-1)!.object.metadata.uid).toBe(uid)
    })

    it.runIf(definition.subresources.status)('has a status of its own', async () => {
      succeeded(await wire.post(`${collection}?fieldManager=creator`, sample), 201)
      const before = await get()
      expect(succeeded(await wire.get(`${own}/status`))).toEqual(before)
      // The rest of what comes through /status isn't looked at, and what comes of status any other way isn't either.
      const { status: statusBefore, ...main } = before
      const meddling = { ...main, spec: {}, status: { ...statusBefore, ...STATUSES[path] } }
      const put = await write((dry) => wire.put(`${own}/status?fieldManager=reporter${dry}`, meddling))
      expect(put.spec).toEqual(before.spec)
      expect(put.status).toMatchObject(readBack(STATUSES[path]!))
      expect(put.metadata.generation).toBe(before.metadata.generation)
      const reported = put.metadata.managedFields.filter(({ subresource }: Json) => subresource === 'status')
      expect(reported).toEqual([{ ...update('reporter'), subresource: 'status', fieldsV1: reported[0]?.fieldsV1 }])
      expect(Object.keys(reported[0].fieldsV1)).toEqual(['f:status'])
      const overwritten = await write((dry) =>
        wire.patch(`${own}?fieldManager=meddler${dry}`, { status: null, metadata: { labels: { a: 'b' } } }, MERGE_PATCH),
      )
      expect(overwritten.status).toEqual(put.status)
    })

    it.runIf(definition.scale)('has a scale', async () => {
      const created = succeeded(await wire.post(`${collection}?fieldManager=creator`, sample), 201)
      const scale = succeeded(await wire.get(`${own}/scale`))
      const { namespace, uid, resourceVersion, creationTimestamp } = created.metadata
      expect(scale).toMatchObject({ kind: 'Scale', apiVersion: 'autoscaling/v1', status: { selector: 'app=sample' } })
      expect(scale.metadata).toEqual({ name, namespace, uid, resourceVersion, creationTimestamp })
      const sends = {
        putter: (query: string) => wire.put(`${own}/scale${query}`, { ...scale, spec: { replicas: 4 } }),
        patcher: (query: string) => wire.patch(`${own}/scale${query}`, { spec: { replicas: 5 } }, MERGE_PATCH),
      }
      let replicas = 4
      for (const [manager, send] of Object.entries(sends)) {
        const before = await get()
        const dry = succeeded(await send(`?fieldManager=${manager}&dryRun=All`))
        expect(dry.spec).toEqual({ replicas })
        expect(await get()).toEqual(before)
        expect(succeeded(await send(`?fieldManager=${manager}`)).spec).toEqual({ replicas })
        const after = await get()
        expect(after.spec.replicas).toBe(replicas++)
        expect(after.metadata.generation).toBe(before.metadata.generation + 1)
        const { time: _time, ...entry } = update(manager)
        expect(after.metadata.managedFields).toContainEqual({
          ...entry,
          subresource: 'scale',
          fieldsV1: fieldsOf({ spec: { replicas: 1 } }),
        })
        expect(after.metadata.managedFields).toHaveLength(2)
      }
      expect((await wire.put(`${own}/scale`, { ...scale, spec: { replicas: 6 } })).body).toMatchObject({ message: modified, code: 409 })
    })

    it.runIf(definition.verbs.includes('deletecollection'))('goes as a collection', async () => {
      succeeded(await wire.post(collection, sample), 201)
      await release([])
      expect(succeeded(await wire.delete(selected, { dryRun: ['All'] })).items).toHaveLength(1)
      expect((await wire.get(own)).status).toBe(200)
      const deleted = succeeded(await wire.delete(selected, AT_ONCE))
      expect([deleted.kind, deleted.items.length]).toEqual([`${kind}List`, 1])
      expect(succeeded(await wire.get(selected)).items ?? []).toEqual([])
    })

    function update(manager: string): Json {
      return { manager, operation: 'Update', apiVersion, time: '2026-01-01T00:00:00Z', fieldsType: 'FieldsV1' }
    }

    /** Each sets a label that is called after its manager. */
    function labellers(): Record<string, (query: string, state: Json) => Promise<Answer>> {
      const labelled = (manager: string) => ({ metadata: { labels: { [manager]: 'yes' } } })
      const replaced = ({ metadata, ...rest }: Json): Json => ({
        ...rest,
        metadata: { ...metadata, labels: { ...metadata.labels, putter: 'yes' } },
      })
      const applied = { apiVersion, kind, metadata: { name, labels: { applier: 'yes' } } }
      const added = [{ op: 'add', path: '/metadata/labels/json', value: 'yes' }]
      return {
        putter: (query, state) => wire.put(own + query, replaced(state)),
        json: (query) => wire.patch(own + query, added, JSON_PATCH),
        merge: (query) => wire.patch(own + query, labelled('merge'), MERGE_PATCH),
        strategic: (query) => wire.patch(own + query, labelled('strategic'), STRATEGIC_PATCH),
        applier: (query) => wire.patch(own + query, applied, APPLY_PATCH),
      }
    }

    /** What can have an owner: not what names the object, nor what only its subresources take. */
    function ownedPart({ metadata: { labels }, apiVersion: _version, kind: _kind, ...rest }: Json): Json {
      for (const field of Object.keys(resetFields(definition, ''))) delete rest[field]
      return { metadata: { labels }, ...rest }
    }

    /** What would keep it: finalizers that admission gave it, for controllers that don't run here. */
    async function release(states: Json[]): Promise<void> {
      const before = await get()
      const freed = succeeded(await wire.patch(own, { metadata: { finalizers: null } }, MERGE_PATCH))
      if (freed.metadata.resourceVersion !== before.metadata.resourceVersion) states.push(freed)
      if (before.spec?.finalizers) states.push(succeeded(await wire.put(`${own}/finalize`, { ...freed, spec: {} })))
    }
  })
})

function expectSameObject(after: Json, before: Json): void {
  const { uid, creationTimestamp, generation, resourceVersion } = before.metadata
  expect(after.metadata).toMatchObject({ uid, creationTimestamp })
  expect(after.metadata.generation ?? 0).toBeGreaterThanOrEqual(generation ?? 0)
  expect(Number(after.metadata.resourceVersion)).toBeGreaterThan(Number(resourceVersion))
}

/** What isn't written has none of its own. */
function withoutRevision({ metadata: { resourceVersion: _revision, ...metadata }, ...rest }: Json): Json {
  return { ...rest, metadata }
}

/** A value with what the server draws anew each time (a uid, a cluster IP) left out: the names of its fields. */
function shapeOf(value: Json): Json {
  if (typeof value !== 'object' || value === null) return typeof value
  if (Array.isArray(value)) return value.map(shapeOf)
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, shapeOf(item)]))
}

/** As an answer has it: without what is empty. */
function readBack(value: Readonly<Record<string, unknown>>): Json {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== 0 && !(Array.isArray(item) && item.length === 0)))
}
