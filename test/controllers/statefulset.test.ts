import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ControllerRevision, Pod, StatefulSet } from '../../src/index.ts'
import { isReady, namesOf, Scenario, statefulSet } from '../support/scenario.ts'

const STATEFUL_SETS = 'statefulsets.apps'
const PAUSE = 5
/** So slow to start and to stop that the order of things can be watched. */
const SLOW = { annotations: { 'coracle.dev/start-delay': `${PAUSE}s`, 'coracle.dev/stop-delay': '2s' } }

let cluster: Scenario
beforeEach(async () => {
  cluster = await Scenario.start({ nodes: 3 })
})
afterEach(() => cluster.close())

const set = () => cluster.get<StatefulSet>(STATEFUL_SETS, 'db')
const images = async () => (await cluster.pods('db')).map((pod) => pod.spec.containers[0]!.image)
const areReady = async (count: number) => {
  const pods = await cluster.pods('db')
  return pods.length === count && pods.every((pod) => isReady(pod) && pod.metadata.deletionTimestamp === undefined)
}
const revisions = async () => (await cluster.list<ControllerRevision>('controllerrevisions.apps')).map(({ revision }) => revision).sort()

/** What becomes of the pods while time passes: `+NAME` created, `=NAME` ready, `-NAME` gone. */
async function story(seconds: number): Promise<string[]> {
  const told: string[] = []
  const known = new Map((await cluster.pods('db')).map((pod) => [pod.metadata.uid, pod]))
  const { resourceVersion } = await cluster.client.list('pods')
  const watch = cluster.client.watch('pods', resourceVersion, {
    onEvents: (events) => {
      for (const { type, object } of events) {
        const { name, uid } = object.metadata
        const before = known.get(uid)
        if (type === 'DELETED') told.push(`-${name}`)
        else if (before === undefined) told.push(`+${name}`)
        else if (isReady(object as Pod) && !isReady(before)) told.push(`=${name}`)
        known.set(uid, object as Pod)
      }
    },
    onEnd: () => {},
  })
  await cluster.seconds(seconds)
  watch.stop()
  return told
}

describe('pods of a StatefulSet', () => {
  it('are created in order, each when its predecessor is ready', async () => {
    await cluster.apply(statefulSet('db', { replicas: 3, template: SLOW }))
    expect(namesOf(await cluster.pods())).toEqual(['db-0'])
    expect(await story(4 * PAUSE)).toEqual(['=db-0', '+db-1', '=db-1', '+db-2', '=db-2'])
    expect((await set()).status).toMatchObject({
      replicas: 3,
      readyReplicas: 3,
      availableReplicas: 3,
      currentReplicas: 3,
      updatedReplicas: 3,
    })
  })

  it('wait for minReadySeconds of their predecessor', async () => {
    await cluster.apply(statefulSet('db', { replicas: 2, minReadySeconds: 30 }))
    await cluster.seconds(29)
    expect(namesOf(await cluster.pods())).toEqual(['db-0'])
    expect((await set()).status).toMatchObject({ readyReplicas: 1, availableReplicas: 0 })
    await cluster.seconds(2)
    expect(namesOf(await cluster.pods())).toEqual(['db-0', 'db-1'])
  })

  it('are removed in reverse, one after the other', async () => {
    await cluster.apply(statefulSet('db', { replicas: 3, template: SLOW }))
    await cluster.until('all are ready', () => areReady(3))
    await cluster.patch(STATEFUL_SETS, 'db', { spec: { replicas: 0 } })
    const leaving = (await cluster.pods()).filter(({ metadata }) => metadata.deletionTimestamp !== undefined)
    expect(namesOf(leaving)).toEqual(['db-2'])
    expect(await story(10)).toEqual(['-db-2', '-db-1', '-db-0'])
    expect((await set()).status).toMatchObject({ replicas: 0 })
  })

  it('know who they are', async () => {
    await cluster.apply(statefulSet('db', { replicas: 2 }))
    await cluster.seconds(1)
    const pod = await cluster.pod('db-1')
    expect(pod.spec).toMatchObject({ hostname: 'db-1', subdomain: 'db' })
    expect(pod.metadata.labels).toMatchObject({
      app: 'db',
      'apps.kubernetes.io/pod-index': '1',
      'statefulset.kubernetes.io/pod-name': 'db-1',
    })
  })

  it('keep their names when they are replaced', async () => {
    await cluster.apply(statefulSet('db', { replicas: 3 }))
    await cluster.seconds(1)
    const before = await cluster.pod('db-1')
    await cluster.delete('pods', 'db-1')
    await cluster.until('it is back', () => areReady(3))
    const after = await cluster.pod('db-1')
    expect(after.metadata.uid).not.toBe(before.metadata.uid)
    expect(after.spec.hostname).toBe('db-1')
  })

  it('are replaced where they may run, also when that is elsewhere', async () => {
    await cluster.apply(statefulSet('db', { replicas: 3 }))
    await cluster.seconds(1)
    const { nodeName } = (await cluster.pod('db-1')).spec
    await cluster.patch('nodes', nodeName!, { spec: { unschedulable: true } })
    await cluster.delete('pods', 'db-1')
    await cluster.until('it is back', () => areReady(3))
    expect((await cluster.pod('db-1')).spec.nodeName).not.toBe(nodeName)
  })

  it('are never twice: on a node that is silent they hold their name', async () => {
    await cluster.apply(statefulSet('db', { replicas: 3 }))
    await cluster.seconds(1)
    const before = await cluster.pod('db-1')
    await cluster.cluster.simulation.fail(before.spec.nodeName!)
    await cluster.seconds(1000)
    const held = await cluster.pod('db-1')
    expect(held.metadata.uid).toBe(before.metadata.uid)
    expect(held.metadata.deletionTimestamp).toBeDefined()
    // Only a human knows that it is really gone.
    await cluster.delete('pods', 'db-1', { gracePeriodSeconds: 0 })
    await cluster.seconds(1)
    const after = await cluster.pod('db-1')
    expect(after.metadata.uid).not.toBe(before.metadata.uid)
    expect(after.spec.nodeName).not.toBe(before.spec.nodeName)
  })

  it('are replaced when they fail or end', async () => {
    await cluster.apply(statefulSet('db', { replicas: 2 }))
    await cluster.seconds(1)
    const before = await cluster.pod('db-0')
    await cluster.patch('pods', 'db-0', { status: { phase: 'Failed', reason: 'Evicted' } }, 'status')
    await cluster.until('it is back', () => areReady(2))
    expect((await cluster.pod('db-0')).metadata.uid).not.toBe(before.metadata.uid)
  })

  it('begin where ordinals.start says', async () => {
    await cluster.apply(statefulSet('db', { replicas: 2, ordinals: { start: 5 } }))
    await cluster.seconds(1)
    expect(namesOf(await cluster.pods())).toEqual(['db-5', 'db-6'])
    await cluster.patch(STATEFUL_SETS, 'db', { spec: { ordinals: { start: 4 } } })
    await cluster.seconds(1)
    expect(namesOf(await cluster.pods())).toEqual(['db-4', 'db-5'])
  })

  it('go with it', async () => {
    await cluster.apply(statefulSet('db', { replicas: 3 }))
    await cluster.seconds(1)
    await cluster.delete(STATEFUL_SETS, 'db')
    await cluster.seconds(1)
    expect(await cluster.pods()).toEqual([])
    expect(await revisions()).toEqual([])
  })

  it('stay without it when they are orphaned, and are taken up again', async () => {
    await cluster.apply(statefulSet('db', { replicas: 2 }))
    await cluster.seconds(1)
    const before = (await cluster.pods()).map(({ metadata }) => metadata.uid)
    await cluster.delete(STATEFUL_SETS, 'db', { propagationPolicy: 'Orphan' })
    await cluster.seconds(1)
    expect(await cluster.pods('db')).toEqual([])
    await cluster.apply(statefulSet('db', { replicas: 3 }))
    await cluster.seconds(1)
    const after = (await cluster.pods('db')).map(({ metadata }) => metadata.uid)
    expect(after).toHaveLength(3)
    expect(after.slice(0, 2)).toEqual(before)
  })

  it('are created and removed all at once with Parallel', async () => {
    await cluster.apply(statefulSet('db', { replicas: 3, podManagementPolicy: 'Parallel', template: SLOW }))
    expect(namesOf(await cluster.pods())).toEqual(['db-0', 'db-1', 'db-2'])
    await cluster.seconds(PAUSE)
    await cluster.patch(STATEFUL_SETS, 'db', { spec: { replicas: 0 } })
    expect((await cluster.pods()).every(({ metadata }) => metadata.deletionTimestamp !== undefined)).toBe(true)
  })
})

describe('an update of a StatefulSet', () => {
  const start = async (spec: object = {}) => {
    await cluster.apply(statefulSet('db', { replicas: 3, template: { ...SLOW, image: 'db:1' }, ...spec }))
    await cluster.until('all are ready', () => areReady(3))
  }
  const update = (image: string, annotations = {}) =>
    cluster.patch(STATEFUL_SETS, 'db', {
      spec: { template: { metadata: { annotations }, spec: { containers: [{ name: 'main', image }] } } },
    })

  it.each(['OrderedReady', 'Parallel'])('goes from the highest ordinal, one by one (%s)', async (podManagementPolicy) => {
    await start({ podManagementPolicy })
    await update('db:2')
    expect(await story(30)).toEqual(['-db-2', '+db-2', '=db-2', '-db-1', '+db-1', '=db-1', '-db-0', '+db-0', '=db-0'])
    const { status } = await set()
    expect(status).toMatchObject({ currentReplicas: 3, updatedReplicas: 3, readyReplicas: 3, observedGeneration: 2 })
    expect(status?.currentRevision).toBe(status?.updateRevision)
    expect(await images()).toEqual(['db:2', 'db:2', 'db:2'])
  })

  it('leaves the ordinals below the partition alone', async () => {
    await start({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 2 } } })
    await update('db:2')
    await cluster.seconds(60)
    expect(await images()).toEqual(['db:1', 'db:1', 'db:2'])
    expect((await set()).status).toMatchObject({ currentReplicas: 2, updatedReplicas: 1 })
    // Also when they have to be created anew.
    await cluster.delete('pods', 'db-0')
    await cluster.until('it is back', () => areReady(3))
    expect(await images()).toEqual(['db:1', 'db:1', 'db:2'])
    await cluster.patch(STATEFUL_SETS, 'db', { spec: { updateStrategy: { rollingUpdate: { partition: 0 } } } })
    await cluster.seconds(60)
    expect(await images()).toEqual(['db:2', 'db:2', 'db:2'])
  })

  it('OnDelete waits for pods to be deleted', async () => {
    await start({ updateStrategy: { type: 'OnDelete' } })
    await update('db:2')
    await cluster.seconds(60)
    expect(await images()).toEqual(['db:1', 'db:1', 'db:1'])
    await cluster.delete('pods', 'db-1')
    await cluster.until('it is back', () => areReady(3))
    expect(await images()).toEqual(['db:1', 'db:2', 'db:1'])
  })

  it('stops at a pod that does not become ready; undoing it takes a deletion by hand', async () => {
    await start()
    await update('db:broken', { 'coracle.dev/ready': 'false' })
    await cluster.seconds(600)
    expect(await images()).toEqual(['db:1', 'db:1', 'db:broken'])
    await update('db:1', { 'coracle.dev/ready': null })
    // Upstream documents it as "forced rollback": in order, the broken pod is waited for.
    await cluster.seconds(600)
    expect(await images()).toEqual(['db:1', 'db:1', 'db:broken'])
    await cluster.delete('pods', 'db-2')
    await cluster.until('all are ready', () => areReady(3))
    expect(await images()).toEqual(['db:1', 'db:1', 'db:1'])
    expect(await revisions()).toEqual([2, 3])
    const { status } = await set()
    expect(status?.currentRevision).toBe(status?.updateRevision)
  })

  it('keeps as many old revisions as the limit says', async () => {
    await start({ revisionHistoryLimit: 1, podManagementPolicy: 'Parallel' })
    for (const version of [2, 3, 4]) {
      await update(`db:${version}`)
      await cluster.seconds(30)
    }
    expect(await revisions()).toEqual([3, 4])
  })
})
