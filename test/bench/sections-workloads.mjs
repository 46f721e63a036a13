// How fast the controllers are: from the request to the last Pod.
import { heading, ms, row } from './report.mjs'
import { startServer, until } from './server.mjs'
import { deployment, job, json, podCount, post } from './workloads.mjs'

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
