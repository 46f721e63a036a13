import { afterAll, beforeAll, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { ServerProcess } from '../support/server-process.ts'
import { table } from '../support/table.ts'

let server: ServerProcess
beforeAll(async () => {
  server = await ServerProcess.start()
  await eventually(async () => expect(await statuses()).toEqual({ 'node-1': 'Ready', 'node-2': 'Ready', 'node-3': 'Ready' }))
  await server.kubectl('apply', '-f', 'examples/log-collector.yaml')
  await server.kubectl('rollout', 'status', 'daemonset/log-collector', '--timeout=60s')
})
afterAll(() => server?.stop())

async function statuses(): Promise<Record<string, string>> {
  return Object.fromEntries(table(await server.kubectl('get', 'nodes')).map(({ NAME, STATUS }) => [NAME, STATUS]))
}

/** The nodes that run a log collector. */
async function collectors(): Promise<string[]> {
  const jsonpath = '{range .items[?(@.status.phase=="Running")]}{.spec.nodeName}{"\\n"}{end}'
  return (await server.kubectl('get', 'pods', '-l', 'app=log-collector', '-o', `jsonpath=${jsonpath}`)).split('\n').filter(Boolean).sort()
}

it('lists three Ready nodes', async () => {
  const text = await server.kubectl('get', 'nodes')
  expect(text.split('\n')[0]).toMatch(/^NAME +STATUS +ROLES +AGE +VERSION$/)
  expect(table(text).map(({ NAME, STATUS, ROLES, VERSION }) => [NAME, STATUS, ROLES, VERSION?.split('.', 2).join('.')])).toEqual(
    ['node-1', 'node-2', 'node-3'].map((name) => [name, 'Ready', '<none>', 'v1.36']),
  )
})

it('needs no kubeconfig', async () => {
  const result = await server.tryKubectl(['--server', server.url, '--kubeconfig', '/dev/null', 'get', 'nodes', '-o', 'name'])
  expect(result).toEqual({ stdout: 'node/node-1\nnode/node-2\nnode/node-3\n', stderr: '', code: 0 })
})

it('takes over a Node that is applied, and its daemon pods come with it', async () => {
  await server.apply({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'edge-1', labels: { site: 'edge' } } })
  await server.kubectl('wait', '--for=condition=Ready', 'node/edge-1', '--timeout=30s')
  await eventually(async () => expect(await collectors()).toEqual(['edge-1', 'node-1', 'node-2', 'node-3']))
  expect(await server.kubectl('delete', 'node', 'edge-1')).toBe('node "edge-1" deleted\n')
  // The pod garbage collector leaves a lost node's pods alone for 40 seconds, as upstream's does.
  await eventually(async () => {
    expect(await collectors()).toEqual(['node-1', 'node-2', 'node-3'])
    expect(table(await server.kubectl('get', 'pods', '-l', 'app=log-collector'))).toHaveLength(3)
  }, 90_000)
  expect((await server.tryKubectl(['get', 'node', 'edge-1'])).stderr).toBe('Error from server (NotFound): nodes "edge-1" not found\n')
})

it('lets nodes join, fail, recover and leave over REST', async () => {
  const post = (path: string, body?: object) =>
    server.json(`/simulation/nodes${path}`, { method: 'POST', ...(body ? { body: JSON.stringify(body) } : {}) })
  expect(await post('', { name: 'small-1', capacity: { cpu: '2' } })).toMatchObject({ kind: 'Node', metadata: { name: 'small-1' } })
  await server.kubectl('wait', '--for=condition=Ready', 'node/small-1', '--timeout=30s')
  expect(await server.kubectl('get', 'node', 'small-1', '-o', 'jsonpath={.status.capacity.cpu}')).toBe('2')
  expect(await post('/small-1/fail')).toMatchObject({ kind: 'Node' })
  expect(await post('/small-1/recover')).toMatchObject({ kind: 'Node', metadata: { name: 'small-1' } })
  await server.json('/simulation/nodes/small-1', { method: 'DELETE' })
  expect((await server.tryKubectl(['get', 'node', 'small-1'])).stderr).toBe('Error from server (NotFound): nodes "small-1" not found\n')
})

it('documents the simulation', async () => {
  const document = await server.json<{ paths: Record<string, object> }>('/docs/json')
  expect(Object.keys(document.paths)).toEqual(
    expect.arrayContaining([
      '/simulation/nodes',
      '/simulation/nodes/{name}',
      '/simulation/nodes/{name}/fail',
      '/simulation/nodes/{name}/recover',
    ]),
  )
  const { paths } = await server.json<{ paths: Record<string, { serverRelativeURL: string }> }>('/openapi/v3')
  expect(await server.json(paths.simulation!.serverRelativeURL)).toEqual(document)
  const page = await fetch(`${server.url}/docs/`)
  expect(page.headers.get('content-type')).toMatch('text/html')
  const setup = await (await fetch(`${server.url}/docs/static/swagger-initializer.js`)).text()
  expect(setup).toContain('/openapi/v3/apis/apps/v1?hash=')
})
