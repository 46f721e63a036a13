// How fast the controllers are: from the request to the last Pod.
import { heading, ms, row } from './report.mjs'
import { startServer, until } from './server.mjs'

const template = (name, restartPolicy) => ({
  metadata: { labels: { app: name } },
  spec: { ...(restartPolicy ? { restartPolicy } : {}), containers: [{ name: 'app', image: 'registry.example/app:1' }] },
})

const deployment = (name, replicas) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: { replicas, selector: { matchLabels: { app: name } }, template: template(name) },
})

const job = (name) => ({ apiVersion: 'batch/v1', kind: 'Job', metadata: { name }, spec: { template: template(name, 'Never') } })

const post = async (server, path, body) => {
  const answer = await fetch(`http://127.0.0.1:${server.port}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!answer.ok) throw new Error(await answer.text())
}
const json = async (server, path, accept = 'application/json') =>
  (await fetch(`http://127.0.0.1:${server.port}${path}`, { headers: { accept } })).json()
const podCount = async (server) => {
  const { items, metadata } = await json(server, '/api/v1/namespaces/default/pods?limit=1')
  return items.length + (metadata.remainingItemCount ?? 0)
}

export async function workloadSection() {
  heading('Workloads on 20 nodes')
  row('', 'Pods created', 'Available')
  let server = await startServer({ nodes: 20 })
  let started = performance.now()
  await post(server, '/apis/apps/v1/namespaces/default/deployments', deployment('large', 1000))
  await until(async () => (await podCount(server)) === 1000, 5)
  const created = performance.now() - started
  await until(async () => (await json(server, '/apis/apps/v1/namespaces/default/deployments/large')).status.availableReplicas === 1000, 10)
  row('a Deployment of 1,000', ms(created), ms(performance.now() - started))
  await server.stop()

  server = await startServer({ nodes: 20 })
  started = performance.now()
  await Promise.all(
    Array.from({ length: 600 }, (_, i) => post(server, '/apis/apps/v1/namespaces/default/deployments', deployment(`small-${i}`, 1))),
  )
  await until(async () => (await podCount(server)) === 600, 5)
  const many = performance.now() - started
  await until(
    async () =>
      (await json(server, '/apis/apps/v1/namespaces/default/deployments')).items.every(({ status }) => status.availableReplicas === 1),
    25,
  )
  row('600 Deployments of 1', ms(many), ms(performance.now() - started))
  await server.stop()

  server = await startServer({ nodes: 20 })
  started = performance.now()
  await Promise.all(Array.from({ length: 100 }, (_, i) => post(server, '/apis/batch/v1/namespaces/default/jobs', job(`job-${i}`))))
  await until(async () => (await podCount(server)) === 100, 5)
  row('100 Jobs', ms(performance.now() - started))
  await server.stop()
}

/** A cluster as large as they get: nodes first, then pods of Deployments until all of them run. */
export async function clusterSection() {
  const NODES = 1000
  const DEPLOYMENTS = 100
  const PODS = 10_000
  heading(`A cluster of ${NODES} nodes and ${PODS} pods`)
  row('', 'took', 'memory')
  const server = await startServer({ nodes: NODES })
  let started = performance.now()
  const note = (what) => {
    row(what, ms(performance.now() - started), `${Math.round(server.rssMiB())} MiB`)
    started = performance.now()
  }
  const isReady = ({ status }) => status.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True')
  await until(async () => (await json(server, '/api/v1/nodes')).items.filter(isReady).length === NODES, 200)
  note('all nodes Ready')
  for (let i = 0; i < DEPLOYMENTS; i++) {
    await post(server, '/apis/apps/v1/namespaces/default/deployments', deployment(`app-${i}`, PODS / DEPLOYMENTS))
  }
  await until(async () => (await podCount(server)) === PODS, 100)
  note('all pods created')
  await until(async () => {
    const { items } = await json(server, '/apis/apps/v1/namespaces/default/deployments')
    return items.every(({ status }) => status.availableReplicas === PODS / DEPLOYMENTS)
  }, 250)
  note('all pods Running')
  await post(server, '/apis/apps/v1/namespaces/default/deployments', deployment('one-more', 1))
  await until(async () => (await json(server, '/apis/apps/v1/namespaces/default/deployments/one-more')).status.availableReplicas === 1)
  note('one more pod, from request to Running')
  await new Promise((resolve) => setTimeout(resolve, 5_000))
  const before = server.cpuMs()
  const from = performance.now()
  await new Promise((resolve) => setTimeout(resolve, 20_000))
  row(
    'idle for 20 s',
    `${((100 * (server.cpuMs() - before)) / (performance.now() - from)).toFixed(1)} % of a core`,
    `${Math.round(server.rssMiB())} MiB`,
  )
  await server.stop()
}
