// Clusters as large as they get: what nodes cost by themselves, and what pods cost on many nodes.
import { heading, ms, row } from './report.mjs'
import { startServer, until } from './server.mjs'
import { deployment, json, podCount, post } from './workloads.mjs'

const PODS = '/apis/apps/v1/namespaces/default/deployments'

/** Ready and open to pods. */
const isReady = ({ spec, status }) =>
  status.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') && !spec.taints?.length

const allReady = async (server, count) => (await json(server, '/api/v1/nodes')).items.filter(isReady).length === count
const allAvailable = async (server, name, count) => (await json(server, `${PODS}/${name}`)).status.availableReplicas === count

/** 20 s of nothing but leases and status reports. */
async function idleRow(server) {
  await new Promise((resolve) => setTimeout(resolve, 5_000))
  const before = server.cpuMs()
  const from = performance.now()
  await new Promise((resolve) => setTimeout(resolve, 20_000))
  row(
    'idle for 20 s',
    `${((100 * (server.cpuMs() - before)) / (performance.now() - from)).toFixed(1)} % of a core`,
    `${Math.round(server.rssMiB())} MiB`,
  )
}

export async function nodesSection() {
  const NODES = 5000
  heading(`${NODES} nodes`)
  row('', 'took', 'memory')
  const started = performance.now()
  const server = await startServer({ nodes: NODES })
  await until(() => allReady(server, NODES), 200)
  row('all nodes Ready, from the start of the process', ms(performance.now() - started), `${Math.round(server.rssMiB())} MiB`)
  await idleRow(server)
  await server.stop()
}

export async function clusterSection() {
  const NODES = 1000
  const DEPLOYMENTS = 100
  const COUNT = 10_000
  heading(`A cluster of ${NODES} nodes and ${COUNT} pods`)
  row('', 'took', 'memory')
  const server = await startServer({ nodes: NODES })
  let started = performance.now()
  const note = (what) => {
    row(what, ms(performance.now() - started), `${Math.round(server.rssMiB())} MiB`)
    started = performance.now()
  }
  await until(() => allReady(server, NODES), 200)
  note('all nodes Ready')
  for (let i = 0; i < DEPLOYMENTS; i++) await post(server, PODS, deployment(`app-${i}`, COUNT / DEPLOYMENTS))
  await until(async () => (await podCount(server)) === COUNT, 100)
  note('all pods created')
  await until(async () => {
    const { items } = await json(server, PODS)
    return items.every(({ status }) => status.availableReplicas === COUNT / DEPLOYMENTS)
  }, 250)
  note('all pods Running')
  await post(server, PODS, deployment('one-more', 1))
  await until(() => allAvailable(server, 'one-more', 1))
  note('one more pod, from request to Running')
  await idleRow(server)
  await server.stop()
}

/** What a pod costs, from its creation to Running, when few others have been placed and when many have. */
export async function placingSection() {
  const NODES = 1000
  const BATCH = 1000
  const BATCHES = 10
  heading(`Placing pods on ${NODES} nodes, ${BATCH} at a time (in memory)`)
  row('', 'took', 'CPU a pod')
  const server = await startServer({ nodes: NODES, storage: 'memory' })
  await until(() => allReady(server, NODES), 200)
  for (let i = 0; i < BATCHES; i++) {
    const started = performance.now()
    const before = server.cpuMs()
    await post(server, PODS, deployment(`batch-${i}`, BATCH))
    await until(() => allAvailable(server, `batch-${i}`, BATCH), 50)
    row(`with ${i * BATCH} pods placed`, ms(performance.now() - started), ms((server.cpuMs() - before) / BATCH))
  }
  await server.stop()
}
