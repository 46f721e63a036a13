import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadDefinitions } from '../../src/api/index.ts'
import { type Cluster, createCluster } from '../../src/index.ts'
import { Api, JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH } from '../support/api.ts'
import { SAMPLES } from '../support/samples.ts'

const TABLE = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' }
const PARTIAL_LIST = { accept: 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io' }

/** A ServiceCIDR stays ten seconds. */
const GONE_MS = 11_000

let cluster: Cluster
let api: Api
beforeAll(async () => {
  cluster = await createCluster({ nodes: 0, clock: 'virtual' })
  api = new Api(cluster)
})
afterAll(() => cluster.close())

const definitions = loadDefinitions()
/** What a CustomResourceDefinition would serve elsewhere has no protobuf form. */
const CUSTOM_GROUP = 'kwok.x-k8s.io'

const stored = definitions.filter(({ verbs }) => verbs.includes('watch'))

it('has a sample of every resource that is stored', () => {
  expect(Object.keys(SAMPLES).sort()).toEqual(stored.map(({ apiVersion, resource }) => `${apiVersion}/${resource}`).sort())
})

describe.each(stored.map((definition) => [`${definition.apiVersion}/${definition.resource}`, definition] as const))(
  '%s',
  (path, definition) => {
    const root = definition.group === '' ? `/api/${definition.version}` : `/apis/${definition.apiVersion}`
    const collection = `${root}/${definition.namespaced ? 'namespaces/default/' : ''}${definition.resource}`
    const sample = SAMPLES[path]!
    const { name } = sample.metadata
    const own = `${collection}/${name}`
    /** Only what this test made: a cluster has some objects of its own. */
    const labelled = { ...sample, metadata: { ...sample.metadata, labels: { test: 'every-resource' } } }
    /** Takes off the finalizers that admission puts on, which a controller watches over. */
    const release = () => api.patch(own, { metadata: { finalizers: null } })

    it('takes every verb', async () => {
      const dryRun = await api.post(`${collection}?dryRun=All&fieldValidation=Strict`, labelled)
      expect(dryRun.text && dryRun.status, dryRun.text).toBe(201)
      expect((await api.get(own)).status).toBe(404)

      const created = await api.post(`${collection}?fieldValidation=Strict`, labelled)
      expect(created.status, created.text).toBe(201)
      const { body } = created
      expect([body.kind, body.apiVersion, body.metadata.name]).toEqual([definition.kind, definition.apiVersion, name])
      expect(body.metadata.uid).toMatch(/^[0-9a-f-]{36}$/)
      expect(body.metadata.creationTimestamp).toMatch(/^2026-01-01T00:\d\d:\d\dZ$/)
      expect(body.metadata.resourceVersion).toMatch(/^[1-9]\d*$/)
      expect(body.metadata.namespace).toBe(definition.namespaced ? 'default' : undefined)
      await cluster.settle()

      const again = await api.post(collection, labelled)
      const qualified = definition.group === '' ? definition.resource : `${definition.resource}.${definition.group}`
      expect(again.body).toEqual({
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Failure',
        message: `${qualified} "${name}" already exists`,
        reason: 'AlreadyExists',
        details: { name, ...(definition.group ? { group: definition.group } : {}), kind: definition.resource },
        code: 409,
      })

      const got = await api.get(own)
      expect(got.status).toBe(200)
      expect(got.headers['content-type']).toBe('application/json')
      expect(got.body.metadata.uid).toBe(body.metadata.uid)
      const list = await api.get(`${collection}?labelSelector=test=every-resource`)
      expect([list.body.kind, list.body.apiVersion]).toEqual([`${definition.kind}List`, definition.apiVersion])
      expect(list.body.items).toEqual([got.body])
      expect((await api.get(`${root}/${definition.resource}?fieldSelector=metadata.name=${name}`)).body.items).toEqual([got.body])

      const table = await api.get(`${collection}?labelSelector=test=every-resource`, TABLE)
      expect(table.body).toMatchObject({ kind: 'Table', apiVersion: 'meta.k8s.io/v1', rows: [{ object: { metadata: { name } } }] })
      expect(table.body.rows[0].cells).toHaveLength(table.body.columnDefinitions.length)
      const partial = await api.get(`${collection}?labelSelector=test=every-resource`, PARTIAL_LIST)
      expect(partial.body).toMatchObject({
        kind: 'PartialObjectMetadataList',
        apiVersion: 'meta.k8s.io/v1',
        items: [{ metadata: { name } }],
      })
      for (const accept of ['application/yaml', 'application/vnd.kubernetes.protobuf']) {
        const other = await api.get(own, { accept })
        const isServed = accept === 'application/yaml' || definition.group !== CUSTOM_GROUP
        expect([other.status, other.headers['content-type']]).toEqual([isServed ? 200 : 406, accept])
      }

      // A PUT of what was read changes nothing, and writes nothing.
      const same = await api.put(own, got.body)
      expect(same.status, same.text).toBe(200)
      expect(same.body).toEqual(got.body)

      const stale = { ...got.body, metadata: { ...got.body.metadata, resourceVersion: '1' } }
      expect((await api.put(own, stale)).body).toMatchObject({
        message: `Operation cannot be fulfilled on ${qualified} "${name}": the object has been modified; please apply your changes to the latest version and try again`,
        reason: 'Conflict',
        code: 409,
      })

      const updated = await api.put(own, {
        ...got.body,
        metadata: { ...got.body.metadata, labels: { ...got.body.metadata.labels, by: 'put' } },
      })
      expect(updated.status, updated.text).toBe(200)
      expect(updated.body.metadata.labels.by).toBe('put')
      const { generation } = got.body.metadata
      expect(updated.body.metadata.generation).toBe(path === 'discovery.k8s.io/v1/endpointslices' ? generation + 1 : generation)
      for (const [type, patch] of [
        [MERGE_PATCH, { metadata: { labels: { by: 'merge' } } }],
        [STRATEGIC_PATCH, { metadata: { labels: { by: 'strategic' } } }],
        [JSON_PATCH, [{ op: 'replace', path: '/metadata/labels/by', value: 'json' }]],
      ] as const) {
        const patched = await api.patch(own, patch, type)
        expect(patched.status, patched.text).toBe(200)
        expect(patched.body.metadata.labels.by).toBe(type.slice('application/'.length).split('-')[0])
      }

      if (definition.hasStatus) {
        const status = await api.get(`${own}/status`)
        expect(status.status).toBe(200)
        const put = await api.put(`${own}/status`, status.body)
        expect(put.status, put.text).toBe(200)
      } else expect((await api.get(`${own}/status`)).status).toBe(404)

      expect((await api.delete(`${own}?dryRun=All`)).status).toBe(200)
      await release()
      expect((await api.get(own)).status).toBe(200)
      const deleted = await api.delete(own, { gracePeriodSeconds: 0 })
      expect(deleted.status, deleted.text).toBe(200)
      await cluster.advance(GONE_MS)
      const after = await api.get(own)
      expect(after.body).toMatchObject({ reason: 'NotFound', message: `${qualified} "${name}" not found`, code: 404 })
    })

    it.runIf(definition.verbs.includes('deletecollection'))('deletes a collection', async () => {
      expect((await api.post(collection, labelled)).status).toBe(201)
      await release()
      const deleted = await api.delete(`${collection}?labelSelector=test=every-resource`, { gracePeriodSeconds: 0 })
      expect(deleted.status, deleted.text).toBe(200)
      expect(deleted.body.items.map(({ metadata }: { metadata: { name: string } }) => metadata.name)).toEqual([name])
      await cluster.advance(GONE_MS)
      expect((await api.get(`${collection}?labelSelector=test=every-resource`)).body.items).toEqual([])
    })
  },
)
