import request from 'supertest'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Cluster, createCluster } from '../../src/index.ts'

let cluster: Cluster
beforeAll(async () => {
  cluster = await createCluster({ nodes: 1, clock: 'virtual' })
  await cluster.app.ready()
})
afterAll(() => cluster.close())

const api = () => request(cluster.app.server)

it('pools grow, shrink and go', async () => {
  const put = (body: object) => api().put('/simulation/node-pools/gpu').send(body)
  const grown = await put({
    count: 3,
    zones: ['a', 'b'],
    capacity: { 'nvidia.com/gpu': '2' },
    taints: [{ key: 'gpu', effect: 'NoSchedule' }],
  })
  expect([grown.status, grown.body]).toEqual([200, { name: 'gpu', count: 3, nodes: ['gpu-1', 'gpu-2', 'gpu-3'] }])
  await cluster.settle()
  const { body: node } = await api().get('/api/v1/nodes/gpu-2')
  expect(node).toMatchObject({
    metadata: { labels: { 'coracle.dev/node-pool': 'gpu', 'topology.kubernetes.io/zone': 'b' } },
    spec: { taints: [{ key: 'gpu', effect: 'NoSchedule' }] },
    status: { capacity: { 'nvidia.com/gpu': '2', cpu: '8' }, allocatable: { 'nvidia.com/gpu': '2' } },
  })
  expect((await put({ count: 1 })).body).toEqual({ name: 'gpu', count: 1, nodes: ['gpu-1'] })
  expect((await api().get('/simulation/node-pools')).body).toEqual({ items: [{ name: 'gpu', count: 1, nodes: ['gpu-1'] }] })
  expect((await api().delete('/simulation/node-pools/gpu')).body).toMatchObject({
    status: 'Success',
    details: { name: 'gpu', kind: 'node-pools' },
  })
  expect((await api().get('/simulation/node-pools')).body).toEqual({ items: [] })
})

it.each([
  [{}, 400, 'count must be a whole number from 0 to 32768, not undefined'],
  [{ count: 1.5 }, 400, 'count must be a whole number from 0 to 32768, not 1.5'],
  [{ count: 1, capacity: { cpu: 'x' } }, 400, 'capacity.cpu must be a quantity such as "4" or "8Gi", not "x"'],
  [{ count: 1, taints: [{ key: 'a', effect: 'Maybe' }] }, 422, /Unsupported value: "Maybe"/],
])('refuses %j', async (body, code, message) => {
  const answer = await api().put('/simulation/node-pools/bad').send(body)
  expect([answer.status, answer.body.kind]).toEqual([code, 'Status'])
  expect(answer.body.message).toEqual(typeof message === 'string' ? message : expect.stringMatching(message))
})

it.each(['cordon', 'uncordon', 'drain', 'fail', 'disconnect', 'crash', 'reboot', 'recover'])(
  'a node can be asked to %s',
  async (action) => {
    const answer = await api().post(`/simulation/nodes/node-1/${action}`)
    expect([answer.status, answer.body.kind, answer.body.metadata.name]).toEqual([200, 'Node', 'node-1'])
    expect((await api().post(`/simulation/nodes/none/${action}`)).body).toMatchObject({ code: 404, message: 'nodes "none" not found' })
  },
)

it('documents it all', async () => {
  const { body } = await api().get('/docs/json')
  expect(Object.keys(body.paths)).toEqual(
    expect.arrayContaining(['/simulation/node-pools', '/simulation/node-pools/{name}', '/simulation/nodes/{name}/reboot']),
  )
})
