import { afterAll, beforeAll, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { ServerProcess } from '../support/server-process.ts'

let server: ServerProcess
beforeAll(async () => {
  server = await ServerProcess.start({ args: ['--nodes', '2'] })
})
afterAll(() => server?.stop())

const jsonpath = (resource: string, name: string, path: string) => server.kubectl('get', resource, name, '-o', `jsonpath=${path}`)
const podsOn = async (node: string) =>
  (await server.kubectl('get', 'pods', '-l', 'app=web', '--field-selector', `spec.nodeName=${node}`, '-o', 'name'))
    .split('\n')
    .filter(Boolean)

it('drains a node no faster than a PodDisruptionBudget lets it', async () => {
  const containers = [{ name: 'web', image: 'nginx' }]
  await server.apply({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers } },
    },
  })
  await server.kubectl('create', 'poddisruptionbudget', 'web', '--selector=app=web', '--min-available=2')
  await server.kubectl('rollout', 'status', 'deployment/web', '--timeout=60s')
  await eventually(async () => expect(await jsonpath('poddisruptionbudget', 'web', '{.status.currentHealthy}')).toBe('2'))
  const [pod = ''] = await podsOn('node-1')
  expect(pod).toMatch(/^pod\/web-/)

  const refused = await server.tryKubectl(['drain', 'node-1', '--ignore-daemonsets', '--timeout=2s'])
  expect(refused.code).toBe(1)
  expect(refused.stdout).toContain('node/node-1 cordoned')
  expect(refused.stderr).toContain(
    `error when evicting pods/"${pod.slice(4)}" -n "default" (will retry after 5s): Cannot evict pod as it would violate the pod's disruption budget.`,
  )
  expect(await podsOn('node-1')).toEqual([pod])

  await server.kubectl('patch', 'poddisruptionbudget', 'web', '--type=merge', '-p', '{"spec":{"minAvailable":1}}')
  await eventually(async () => expect(await jsonpath('poddisruptionbudget', 'web', '{.status.disruptionsAllowed}')).toBe('1'))
  expect(await server.kubectl('drain', 'node-1', '--ignore-daemonsets', '--timeout=60s')).toContain('node/node-1 drained')
  expect(await podsOn('node-1')).toEqual([])
  await server.kubectl('rollout', 'status', 'deployment/web', '--timeout=60s')
  expect(await podsOn('node-2')).toHaveLength(2)
})
