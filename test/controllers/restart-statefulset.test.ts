import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type DaemonSet, type StatefulSet, VirtualClock } from '../../src/index.ts'
import { barePod, daemonSet, isReady, namesOf, replicaSet, Scenario, statefulSet } from '../support/scenario.ts'

const SLOW = { annotations: { 'coracle.dev/start-delay': '3s', 'coracle.dev/stop-delay': '1s' } }

let folder: string
let cluster: Scenario
const file = () => join(folder, 'cluster.db')

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'coracle-'))
  cluster = await open()
})
afterEach(async () => {
  await cluster.close()
  rmSync(folder, { recursive: true })
})

const open = (now?: number) => Scenario.start({ nodes: 3, storage: `sqlite:${file()}`, clock: new VirtualClock(now), seed: now ?? 1 })

/** @param afterSeconds how long it is down */
async function restart(afterSeconds = 0): Promise<void> {
  const now = cluster.cluster.clock.now()
  await cluster.close()
  cluster = await open(now + afterSeconds * 1000)
}

const images = async (owner: string) => (await cluster.pods(owner)).map(({ spec }) => spec.containers[0]!.image)
const isRolledOut = (owner: string, count: number, image: string) => async () => {
  const pods = await cluster.pods(owner)
  return pods.length === count && pods.every((pod) => isReady(pod) && pod.spec.containers[0]!.image === image)
}

describe('a cluster that is started again', () => {
  it('has what it had, and has nothing to do', async () => {
    await cluster.apply(daemonSet('agent'), statefulSet('db', { replicas: 2 }), replicaSet('web', 3))
    await cluster.seconds(60)
    const before = (await cluster.pods()).map(({ metadata }) => [metadata.name, metadata.uid, metadata.resourceVersion])
    await restart()
    await cluster.seconds(5)
    expect((await cluster.pods()).map(({ metadata }) => [metadata.name, metadata.uid, metadata.resourceVersion])).toEqual(before)
  })

  it('goes on with a rollout, wherever it was', async () => {
    const apply = (image: string) =>
      cluster.apply(statefulSet('db', { replicas: 3, template: { ...SLOW, image } }), daemonSet('agent', { template: { ...SLOW, image } }))
    await apply('app:1')
    await cluster.until('the first is rolled out', isRolledOut('db', 3, 'app:1'))
    await apply('app:2')
    let mostAway = 0
    for (let second = 0; second < 14; second++) {
      await restart()
      await cluster.seconds(1)
      mostAway = Math.max(mostAway, 3 - (await cluster.pods('db')).filter(isReady).length)
    }
    expect(await images('db')).toEqual(['app:2', 'app:2', 'app:2'])
    expect(await images('agent')).toEqual(['app:2', 'app:2', 'app:2'])
    expect((await cluster.pods()).every(isReady)).toBe(true)
    expect(mostAway).toBe(1)
    expect((await cluster.get<StatefulSet>('statefulsets.apps', 'db')).status).toMatchObject({ updatedReplicas: 3, readyReplicas: 3 })
    expect((await cluster.get<DaemonSet>('daemonsets.apps', 'agent')).status).toMatchObject({ updatedNumberScheduled: 3, numberReady: 3 })
    expect(await cluster.list('controllerrevisions.apps')).toHaveLength(4)
  })

  it('makes no pod twice when it was closed with everything under way', async () => {
    const { client } = cluster
    await client.create('replicasets.apps', { ...replicaSet('web', 100), metadata: { name: 'web', namespace: 'default' } } as never)
    await client.create('daemonsets.apps', { ...daemonSet('agent'), metadata: { name: 'agent', namespace: 'default' } } as never)
    const count = async () => (await client.list('pods')).items.length
    while ((await count()) < 20) await new Promise((resolve) => setImmediate(resolve))
    expect(await count()).toBeLessThan(103)
    await restart()
    await cluster.seconds(1)
    expect((await cluster.pods('web')).filter(isReady)).toHaveLength(100)
    expect((await cluster.pods('agent')).filter(isReady)).toHaveLength(3)
    expect(await cluster.pods()).toHaveLength(103)
  })

  it('goes on with containers as if it had not been away', async () => {
    await cluster.apply(barePod('task', { spec: { restartPolicy: 'Never' }, container: { command: ['sleep', '30'] } }))
    await cluster.apply(barePod('crash', { container: { command: ['false'] } }))
    await cluster.seconds(20)
    const { restartCount } = (await cluster.pod('crash')).status!.containerStatuses![0]!
    await restart(5)
    await cluster.seconds(6)
    const { status } = await cluster.pod('task')
    expect(status?.phase).toBe('Succeeded')
    const { startedAt, finishedAt } = status!.containerStatuses![0]!.state!.terminated!
    expect(Date.parse(finishedAt!) - Date.parse(startedAt!)).toBe(30_000)
    await cluster.seconds(120)
    expect((await cluster.pod('crash')).status!.containerStatuses![0]!.restartCount).toBeGreaterThan(restartCount)
  })

  it('does not take its nodes for dead after a long sleep', async () => {
    await cluster.apply(replicaSet('web', 3))
    const before = namesOf(await cluster.pods())
    await restart(86_400)
    await cluster.seconds(400)
    expect(namesOf(await cluster.pods())).toEqual(before)
    expect((await cluster.pods()).every(isReady)).toBe(true)
    expect(await cluster.events('node-1', 'NodeNotReady')).toEqual([])
  })

  it('carries an eviction that was due through', async () => {
    await cluster.apply(replicaSet('web', 3))
    await cluster.cluster.simulation.fail('node-1')
    await cluster.seconds(200)
    await restart(100)
    await cluster.seconds(60)
    const standing = (await cluster.pods('web')).filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    expect(standing.filter(isReady).map(({ spec }) => spec.nodeName)).not.toContain('node-1')
    expect(standing).toHaveLength(3)
  })
})

describe('heartbeats', () => {
  it('do not make the change log grow', async () => {
    // Less than the interval at which old changes are forgotten.
    await cluster.seconds(290)
    const { resourceVersion } = await cluster.client.list('pods')
    expect(Number(resourceVersion)).toBeGreaterThan(80)
    await cluster.close()
    const database = new Database(file(), { readonly: true })
    const count = (resource: string) =>
      (database.prepare('select count(*) as n from changes where key like ?').get(`${resource}/%`) as { n: number }).n
    // Of each its creation, and the last renewal.
    expect(count('leases.coordination.k8s.io')).toBeLessThanOrEqual(2 * 3)
    database.close()
    cluster = await open()
  })
})
