import { afterEach, beforeEach, expect, it } from 'vitest'
import { Api } from '../support/api.ts'
import { barePod, Scenario } from '../support/scenario.ts'

let cluster: Scenario
let api: Api
beforeEach(async () => {
  cluster = await Scenario.start({ nodes: 1 })
  api = new Api(cluster.cluster)
  await cluster.apply(barePod('app', { container: { command: ['sh', '-c', 'echo hello; sleep 1000'] } }))
})
afterEach(() => cluster.close())

const PATH = '/api/v1/namespaces/default/pods/app/log'

it.each([
  ['fail', '', '', 'connect: connection refused'],
  ['disconnect', '?tailLines=2&follow=true&previous=true', '?follow=true&previous=true&tailLines=2', 'i/o timeout'],
  [
    'crash',
    '?sinceTime=2026-01-01T00:00:00Z&timestamps=1',
    '?sinceTime=2026-01-01T00%3A00%3A00Z&timestamps=true',
    'connect: no route to host',
  ],
] as const)('no log comes from a kubelet that nobody hears: %s', async (action, query, asked, fault) => {
  await cluster.cluster.simulation[action]('node-1')
  await cluster.cluster.settle()
  const { status, body } = await api.get(PATH + query)
  expect([status, body]).toEqual([
    500,
    {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: `Get "https://10.0.0.2:10250/containerLogs/default/app/main${asked}": dial tcp 10.0.0.2:10250: ${fault}`,
      code: 500,
    },
  ])
  await cluster.cluster.simulation.recover('node-1')
  await cluster.seconds(5)
  expect((await api.get(PATH)).text).toBe('hello\n')
})

it('asks nobody for a container that there is none of', async () => {
  await cluster.cluster.simulation.fail('node-1')
  expect(await api.get(`${PATH}?container=other`)).toMatchObject({
    status: 400,
    body: { message: 'container other is not valid for pod app' },
  })
})
