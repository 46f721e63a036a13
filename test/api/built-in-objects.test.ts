import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Cluster, createCluster } from '../../src/index.ts'
import { Api, type Json } from '../support/api.ts'

const FLOWCONTROL = '/apis/flowcontrol.apiserver.k8s.io/v1'
const API_SERVICES = '/apis/apiregistration.k8s.io/v1/apiservices'
const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io'

let cluster: Cluster
let api: Api
beforeAll(async () => {
  cluster = await createCluster({ nodes: 1, clock: 'virtual' })
  api = new Api(cluster)
  await cluster.settle()
})
afterAll(() => cluster.close())

const rowsOf = async (path: string): Promise<Json[][]> => (await api.get(path, { accept: TABLE })).body.rows.map(({ cells }: Json) => cells)

describe('what a cluster has from the start', () => {
  it('the levels that requests queue at', async () => {
    const rows = await rowsOf(`${FLOWCONTROL}/prioritylevelconfigurations`)
    expect(rows.map((cells) => cells.slice(0, 6))).toEqual([
      ['catch-all', 'Limited', 5, '<none>', '<none>', '<none>'],
      ['exempt', 'Exempt', '<none>', '<none>', '<none>', '<none>'],
      ['global-default', 'Limited', 20, 128, 6, 50],
      ['leader-election', 'Limited', 10, 16, 4, 50],
      ['node-high', 'Limited', 40, 64, 6, 50],
      ['system', 'Limited', 30, 64, 6, 50],
      ['workload-high', 'Limited', 40, 128, 6, 50],
      ['workload-low', 'Limited', 100, 128, 6, 50],
    ])
  })

  it('which requests go to which of them', async () => {
    const rows = await rowsOf(`${FLOWCONTROL}/flowschemas`)
    expect(rows.map((cells) => cells.slice(0, 4))).toEqual([
      ['catch-all', 'catch-all', 10000, 'ByUser'],
      ['exempt', 'exempt', 1, '<none>'],
      ['global-default', 'global-default', 9900, 'ByUser'],
      ['kube-controller-manager', 'workload-high', 800, 'ByNamespace'],
      ['kube-scheduler', 'workload-high', 800, 'ByNamespace'],
      ['kube-system-service-accounts', 'workload-high', 900, 'ByNamespace'],
      ['probes', 'exempt', 2, '<none>'],
      ['service-accounts', 'workload-low', 9000, 'ByUser'],
      ['system-leader-election', 'leader-election', 100, 'ByUser'],
      ['system-node-high', 'node-high', 400, 'ByUser'],
      ['system-nodes', 'system', 500, 'ByUser'],
    ])
  })

  it('the mandatory ones stay as they are', async () => {
    const refused = await api.patch(`${FLOWCONTROL}/flowschemas/catch-all`, { spec: { matchingPrecedence: 9999 } })
    expect(refused.body.message).toContain("spec of 'catch-all' must equal the fixed value")
    const shares = { spec: { exempt: { nominalConcurrencyShares: 3 } } }
    expect((await api.patch(`${FLOWCONTROL}/prioritylevelconfigurations/exempt`, shares)).status).toBe(200)
  })

  it('a service for each version of each group', async () => {
    const rows = await rowsOf(API_SERVICES)
    expect(rows.map(([name, service, available]) => [name, service, available])).toContainEqual(['v2.autoscaling', 'Local', 'True'])
    expect(rows.map(([name]) => name)).not.toContain('v1.apiregistration.k8s.io')
    const { body } = await api.get(`${API_SERVICES}/v1.`)
    expect(body.spec).toEqual({ version: 'v1', groupPriorityMinimum: 18000, versionPriority: 1 })
  })
})

describe('rows of completed pods', () => {
  it.each([
    ['Succeeded', 'The pod has completed successfully.'],
    ['Failed', 'The pod failed.'],
  ])('say %s', async (phase, message) => {
    const name = phase.toLowerCase()
    const path = `/api/v1/namespaces/default/pods/${name}`
    await api.created('/api/v1/namespaces/default/pods', {
      metadata: { name },
      spec: { nodeName: 'nowhere', containers: [{ name: 'c', image: 'i' }] },
    })
    await api.patch(`${path}/status`, { status: { phase } })
    const { body } = await api.get(path, { accept: TABLE })
    expect(body.rows[0].conditions).toEqual([{ type: 'Completed', status: 'True', reason: phase, message }])
  })

  it('and nothing of pods that run', async () => {
    await api.created('/api/v1/namespaces/default/pods', { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }] } })
    const { body } = await api.get('/api/v1/namespaces/default/pods/p', { accept: TABLE })
    expect(body.rows[0]).not.toHaveProperty('conditions')
  })
})
