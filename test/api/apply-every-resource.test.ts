import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadDefinitions } from '../../src/api/index.ts'
import { type Cluster, createCluster } from '../../src/index.ts'
import { Api, type Json } from '../support/api.ts'
import { SAMPLES } from '../support/samples.ts'

/** Their spec is set by creating them, not by applying. */
const CSRS = 'certificatesigningrequests.certificates.k8s.io'
const APPLY = 'application/apply-patch+yaml'

let cluster: Cluster
let api: Api
beforeAll(async () => {
  cluster = await createCluster({ nodes: 0, clock: 'virtual' })
  api = new Api(cluster)
})
afterAll(() => cluster.close())

const resources = loadDefinitions().filter(
  ({ verbs, apiVersion, resource }) => verbs.includes('patch') && SAMPLES[`${apiVersion}/${resource}`],
)

describe('applied twice, and then no more', () => {
  it.each(resources.map((definition) => [`${definition.apiVersion}/${definition.resource}`, definition] as const))(
    '%s',
    async (path, definition) => {
      const { apiVersion, kind, group, namespaced } = definition
      const { metadata, ...rest } = SAMPLES[path]!
      const configuration: Json = { apiVersion, kind, metadata: { ...metadata, labels: { applied: 'yes' } }, ...rest }
      const url = `/${group === '' ? 'api' : 'apis'}/${apiVersion}/${namespaced ? 'namespaces/default/' : ''}${definition.resource}/${metadata.name}?fieldManager=`
      const first = await api.patch(`${url}one`, configuration, APPLY)
      expect(first.status, first.text).toBe(201)
      const [entry] = first.body.metadata.managedFields
      expect(entry).toMatchObject({ manager: 'one', operation: 'Apply', apiVersion, fieldsType: 'FieldsV1' })
      expect(entry.fieldsV1['f:metadata']['f:labels']).toEqual({ 'f:applied': {} })
      expect(Object.keys(entry.fieldsV1).filter((field) => field !== 'f:metadata')).toEqual(
        Object.keys(definition.groupResource === CSRS ? {} : rest)
          .map((field) => `f:${field}`)
          .sort(),
      )
      await cluster.settle()
      const before = await api.get(url.slice(0, url.indexOf('?')))
      expect((await api.patch(`${url}one`, configuration, APPLY)).body).toEqual(before.body)
      // Another manager shares what it says, or takes what defaults and canonical forms made different; it stays for that one.
      expect((await api.patch(`${url}two&force=true`, configuration, APPLY)).status).toBe(200)
      const { body } = await api.patch(`${url}one`, { apiVersion, kind, metadata }, APPLY)
      expect(body.metadata.labels).toMatchObject({ applied: 'yes' })
      expect(
        body.metadata.managedFields.filter(({ operation }: Json) => operation === 'Apply').map(({ manager }: Json) => manager),
      ).toEqual(['two'])
      // Two versions of one kind share their objects.
      await api.delete(url.slice(0, url.indexOf('?')))
    },
  )
})
