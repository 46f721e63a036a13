import { afterAll, beforeAll, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { ServerProcess } from '../support/server-process.ts'
import { table } from '../support/table.ts'

let server: ServerProcess
beforeAll(async () => {
  server = await ServerProcess.start({ args: ['--nodes', '2'] })
  const container = (name: string, cpu: string) => ({ name, image: name, resources: { requests: { cpu, memory: '64Mi' } } })
  const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [container('web', '200m'), container('log', '100m')] } }
  const metadata = { name: 'web', annotations: { 'load.coracle.dev/cpu': '500m' } }
  const spec = { replicas: 2, selector: { matchLabels: { app: 'web' } }, template }
  await server.apply({ apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec })
  await server.kubectl('rollout', 'status', 'deployment/web', '--timeout=60s')
})
afterAll(() => server?.stop())

it('shows what pods use', async () => {
  const rows = table(await server.kubectl('top', 'pods'))
  expect(rows.map((row) => [row['CPU(cores)'], row['MEMORY(bytes)']])).toEqual([
    ['260m', '64Mi'],
    ['260m', '64Mi'],
  ])
  const containers = table(await server.kubectl('top', 'pods', '--containers', '--sort-by=cpu', '-l', 'app=web'))
  expect(containers.map(({ NAME, 'CPU(cores)': cpu }) => [NAME, cpu])).toEqual([
    ['web', '250m'],
    ['log', '10m'],
    ['web', '250m'],
    ['log', '10m'],
  ])
  const pod = rows[0]!.NAME!
  await server.kubectl('annotate', 'pod', pod, 'usage-cpu.coracle.dev/log=1')
  const sorted = table(await server.kubectl('top', 'pods', '--sort-by=cpu'))
  expect([sorted[0]!.NAME, sorted[0]!['CPU(cores)']]).toEqual([pod, '1250m'])
  await server.kubectl('annotate', 'pod', pod, 'usage-cpu.coracle.dev/log-')
  expect((await server.tryKubectl(['top', 'pods', '-l', 'app=none'])).stderr).toBe('No resources found in default namespace.\n')
})

it('shows what nodes use', async () => {
  const rows = table(await server.kubectl('top', 'nodes', '--sort-by=cpu'))
  expect(rows.map((row) => row.NAME).sort()).toEqual(['node-1', 'node-2'])
  for (const row of rows)
    expect([row['CPU(cores)'], row['CPU(%)'], row['MEMORY(bytes)'], row['MEMORY(%)']]).toEqual(['260m', '3%', '64Mi', '0%'])
})

it('still means pods by pods', async () => {
  expect(table(await server.kubectl('get', 'pods'))).toHaveLength(2)
  expect(table(await server.kubectl('get', 'pods.metrics.k8s.io'))[0]).toMatchObject({ CPU: '260m', MEMORY: '64Mi', WINDOW: '15s' })
})

it('scales a Deployment that kubectl autoscale was told of', async () => {
  await server.kubectl('autoscale', 'deployment', 'web', '--min=3', '--max=5', '--cpu=80%')
  await eventually(async () => {
    expect(await server.kubectl('get', 'deployment', 'web', '-o', 'jsonpath={.spec.replicas}')).toBe('3')
  }, 30_000)
  const described = await server.kubectl('describe', 'hpa', 'web')
  expect(described).toContain('New size: 3; reason: Current number of replicas below Spec.MinReplicas')
  expect(described).toMatch(/AbleToScale +True +SucceededRescale/)
}, 60_000)
