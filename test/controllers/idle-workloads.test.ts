import { afterEach, expect, test } from 'vitest'
import type { KubeObject } from '../../src/api/object.ts'
import {
  CRON_JOBS,
  cronJob,
  DEPLOYMENTS,
  deployment,
  HOUR,
  JOBS,
  job,
  MINUTE,
  podTemplate,
  REPLICA_SETS,
  replicaSet,
  Scenario,
} from '../support/workloads.ts'

let scenario: Scenario

afterEach(() => scenario.close())

const RESOURCES = [
  ...[CRON_JOBS, DEPLOYMENTS, JOBS, REPLICA_SETS, 'configmaps', 'controllerrevisions.apps', 'daemonsets.apps', 'endpoints'],
  ...['endpointslices.discovery.k8s.io', 'events', 'leases.coordination.k8s.io', 'namespaces', 'nodes', 'persistentvolumeclaims'],
  ...['persistentvolumes', 'pods', 'serviceaccounts', 'services', 'statefulsets.apps'],
]

/** Writes of each resource within an hour, by resource and name. */
const writesWithin = async (milliseconds: number): Promise<Record<string, number>> => {
  const writes: Record<string, number> = {}
  for (const resource of RESOURCES) {
    await scenario.record<KubeObject>(resource, ({ type, object }) => {
      const key = `${type} ${resource} ${object.metadata.name}`
      writes[key] = (writes[key] ?? 0) + 1
    })
  }
  await scenario.pass(milliseconds)
  return writes
}

const HEARTBEATS = Object.fromEntries(
  ['node-1', 'node-2', 'node-3'].flatMap((node) => [
    [`MODIFIED leases.coordination.k8s.io ${node}`, 360],
    [`MODIFIED nodes ${node}`, 12],
  ]),
)

test('when all has come to rest nothing is written but heartbeats', async () => {
  scenario = await Scenario.start()
  const image = (name: string) => ({ spec: { template: { spec: { containers: [{ name: 'main', image: name }] } } } })
  await scenario.create(DEPLOYMENTS, deployment('web', { minReadySeconds: 10 }))
  await scenario.create(DEPLOYMENTS, deployment('paused', { paused: true }))
  await scenario.create(DEPLOYMENTS, deployment('recreated', { strategy: { type: 'Recreate' } }))
  await scenario.create(
    DEPLOYMENTS,
    deployment('stuck', { progressDeadlineSeconds: 60 }, podTemplate({ app: 'stuck' }, { nodeSelector: { disk: 'ssd' } })),
  )
  await scenario.create(REPLICA_SETS, replicaSet('plain'))
  await scenario.create(JOBS, job('done', { completions: 3 }))
  await scenario.create(JOBS, job('failed', { backoffLimit: 1 }, { command: 'exit 1' }))
  await scenario.create(JOBS, job('endless', {}, { command: 'sleep 999999' }))
  await scenario.create(JOBS, job('suspended', { suspend: true }))
  await scenario.create(CRON_JOBS, cronJob('yearly', '@yearly'))
  await scenario.create(CRON_JOBS, cronJob('suspended', '* * * * *', { suspend: true }))
  await scenario.cluster.client.create('namespaces', { metadata: { name: 'shop' } } as never)
  await scenario.create('configmaps', { metadata: { name: 'held', namespace: 'shop', finalizers: ['example.com/hold'] } } as never)
  await scenario.pass(MINUTE)
  for (const name of ['web', 'recreated']) await scenario.patch(DEPLOYMENTS, name, image('nginx:2'))
  await scenario.pass(MINUTE)
  await scenario.cluster.client.delete({ resource: 'namespaces', namespace: '', name: 'shop' }, {})
  await scenario.delete(REPLICA_SETS, 'plain')
  // Events live for an hour.
  await scenario.pass(2 * HOUR)
  const writes = await writesWithin(HOUR)
  // A pod that fits nowhere is tried again every five minutes, and each try is told of.
  const others = Object.fromEntries(Object.entries(writes).filter(([key]) => !/events stuck-/.test(key)))
  expect(others).toEqual(HEARTBEATS)
})

test('a CronJob writes what each of its runs takes, and nothing between them', async () => {
  scenario = await Scenario.start()
  await scenario.create(CRON_JOBS, cronJob('tick', '0 * * * *', { successfulJobsHistoryLimit: 1 }))
  await scenario.pass(4 * HOUR + 30 * MINUTE)
  expect(await writesWithin(29 * MINUTE)).toEqual(
    Object.fromEntries(Object.entries(HEARTBEATS).map(([key, count]) => [key, Math.floor((count * 29) / 60)])),
  )
})
