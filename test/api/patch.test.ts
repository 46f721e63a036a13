import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Cluster, createCluster } from '../../src/index.ts'
import { Api, JSON_PATCH, type Json, MERGE_PATCH, STRATEGIC_PATCH } from '../support/api.ts'

let cluster: Cluster
let api: Api
beforeAll(async () => {
  cluster = await createCluster({ nodes: 0, clock: 'virtual' })
  api = new Api(cluster)
})
afterAll(() => cluster.close())

const MAPS = '/api/v1/namespaces/default/configmaps'
const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments'

/** A paused Deployment, which its controller leaves alone. */
async function deployment(name: string): Promise<string> {
  await api.created(DEPLOYMENTS, {
    metadata: { name, labels: { a: '1', b: '2' } },
    spec: {
      replicas: 0,
      paused: true,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: {
          containers: [
            { name: 'web', image: 'web:1', ports: [{ containerPort: 80 }], env: [{ name: 'A', value: '1' }] },
            { name: 'side', image: 'side:1' },
          ],
        },
      },
    },
  })
  await cluster.settle()
  return `${DEPLOYMENTS}/${name}`
}

describe('the three patches', () => {
  const images = (body: Json) => body.spec.template.spec.containers.map(({ name, image }: Json) => `${name}=${image}`)

  it('strategic merge: lists by their merge keys, null and directives delete', async () => {
    const path = await deployment('strategic')
    const spec = {
      template: {
        spec: {
          containers: [
            { name: 'web', image: 'web:2' },
            { name: 'new', image: 'new:1' },
          ],
        },
      },
    }
    const merged = await api.patch(path, { metadata: { labels: { a: null } }, spec }, STRATEGIC_PATCH)
    expect(images(merged.body)).toEqual(['web=web:2', 'new=new:1', 'side=side:1'])
    expect(merged.body.metadata.labels).toEqual({ b: '2' })
    expect(merged.body.spec.template.spec.containers[0].ports[0].containerPort).toBe(80)
    const containers = [{ name: 'side', $patch: 'delete' }]
    const without = await api.patch(path, { spec: { template: { spec: { containers } } } }, STRATEGIC_PATCH)
    expect(images(without.body)).toEqual(['web=web:2', 'new=new:1'])
  })

  it('merge patch: lists as a whole', async () => {
    const path = await deployment('merge')
    const merged = await api.patch(path, { spec: { template: { spec: { containers: [{ name: 'web', image: 'web:3' }] } } } }, MERGE_PATCH)
    expect(images(merged.body)).toEqual(['web=web:3'])
  })

  it('JSON patch: operation by operation', async () => {
    const path = await deployment('json')
    const patched = await api.patch(
      path,
      [
        { op: 'test', path: '/spec/template/spec/containers/0/name', value: 'web' },
        { op: 'replace', path: '/spec/template/spec/containers/0/image', value: 'web:4' },
        { op: 'remove', path: '/metadata/labels/a' },
      ],
      JSON_PATCH,
    )
    expect(images(patched.body)[0]).toBe('web=web:4')
    expect(patched.body.metadata.labels).toEqual({ b: '2' })
  })

  it('give the outcome its defaults again', async () => {
    const path = await deployment('defaults')
    const patched = await api.patch(path, { spec: { strategy: null } })
    expect(patched.body.spec.strategy).toEqual({ type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } })
  })
})

describe('what a patch may not do', () => {
  const own = `${MAPS}/patched`
  beforeAll(() => api.created(MAPS, { metadata: { name: 'patched' }, data: { a: '1' } }))

  it.each<[string, Json, string, number, string, string]>([
    [
      'rename',
      { metadata: { name: 'x' } },
      MERGE_PATCH,
      400,
      'BadRequest',
      'the name of the object (x) does not match the name on the URL (patched)',
    ],
    [
      'move',
      { metadata: { namespace: 'x' } },
      MERGE_PATCH,
      400,
      'BadRequest',
      'the namespace of the object (x) does not match the namespace on the request (default)',
    ],
    [
      'insist on an old state',
      { metadata: { resourceVersion: '1' } },
      MERGE_PATCH,
      409,
      'Conflict',
      'Operation cannot be fulfilled on configmaps "patched": the object has been modified; please apply your changes to the latest version and try again',
    ],
    [
      'change the uid',
      { metadata: { uid: 'x' } },
      MERGE_PATCH,
      422,
      'Invalid',
      'ConfigMap "patched" is invalid: metadata.uid: Invalid value: "x": field is immutable',
    ],
    [
      'fail a test',
      [{ op: 'test', path: '/data/a', value: '2' }],
      JSON_PATCH,
      422,
      'Invalid',
      'the server rejected our request due to an error in our request',
    ],
  ])('%s', async (_what, patch, type, code, reason, message) => {
    const before = (await api.get(own)).body
    const { body } = await api.patch(own, patch, type)
    expect([body.code, body.reason, body.message]).toEqual([code, reason, message])
    expect((await api.get(own)).body).toEqual(before)
  })

  it('create what is not there', async () => {
    for (const [type, patch] of [
      [MERGE_PATCH, { data: { a: '1' } }],
      [STRATEGIC_PATCH, { data: { a: '1' } }],
      [JSON_PATCH, [{ op: 'add', path: '/data', value: {} }]],
    ] as const) {
      expect((await api.patch(`${MAPS}/none`, patch, type)).body).toMatchObject({ code: 404, message: 'configmaps "none" not found' })
    }
    const roles = '/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles/none'
    expect((await api.patch(roles, { rules: [] })).status).toBe(404)
  })

  it('come in another form', async () => {
    expect((await api.patch(own, {}, 'application/json')).body).toMatchObject({ code: 415, reason: 'UnsupportedMediaType' })
  })
})

it('patches of one object that meet are all done, each on what the others left', async () => {
  await api.created(MAPS, { metadata: { name: 'busy' }, data: {} })
  const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => api.patch(`${MAPS}/busy`, { data: { [`k${i}`]: 'v' } })))
  expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200))
  expect(Object.keys((await api.get(`${MAPS}/busy`)).body.data)).toHaveLength(20)
})

it('a patch of status leaves the rest', async () => {
  const path = await deployment('halves')
  const patched = await api.patch(`${path}/status`, { spec: { replicas: 9 }, status: { replicas: 4 } }, STRATEGIC_PATCH)
  expect([patched.body.spec.replicas, patched.body.status.replicas]).toEqual([0, 4])
})
