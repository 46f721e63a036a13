import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ControllerRevision, DaemonSet } from '../../src/index.ts'
import { daemonSet, isReady, namesOf, Scenario } from '../support/scenario.ts'

const DAEMON_SETS = 'daemonsets.apps'
/** So slow to start that a rollout can be watched. */
const SLOW = { annotations: { 'coracle.dev/start-delay': '5s' } }

let cluster: Scenario
const revisions = () => cluster.list<ControllerRevision>('controllerrevisions.apps')
const status = async (name = 'agent') => (await cluster.get<DaemonSet>(DAEMON_SETS, name)).status!
const nodesOf = async (name = 'agent') => [...(await cluster.podsByNode(name)).keys()].sort()
const imagesByNode = async (name = 'agent') =>
  Object.fromEntries([...(await cluster.podsByNode(name))].sort().map(([node, pod]) => [node, pod.spec.containers[0]!.image]))
const setImage = (image: string, name = 'agent') => cluster.apply(daemonSet(name, { template: { ...SLOW, image } }))

beforeEach(async () => {
  cluster = await Scenario.start({ nodes: 3 })
})
afterEach(() => cluster.close())

describe('a DaemonSet and the nodes', () => {
  it('has one ready pod on each node', async () => {
    await cluster.apply(daemonSet('agent'))
    expect(await nodesOf()).toEqual(['node-1', 'node-2', 'node-3'])
    expect((await cluster.pods('agent')).every(isReady)).toBe(true)
    expect(await status()).toEqual({
      currentNumberScheduled: 3,
      desiredNumberScheduled: 3,
      numberAvailable: 3,
      numberMisscheduled: 0,
      numberReady: 3,
      observedGeneration: 1,
      updatedNumberScheduled: 3,
    })
  })

  it('follows a node that joins', async () => {
    await cluster.apply(daemonSet('agent'))
    await cluster.cluster.simulation.join({ name: 'node-9' })
    await cluster.seconds(1)
    expect(await nodesOf()).toEqual(['node-1', 'node-2', 'node-3', 'node-9'])
    expect(await status()).toMatchObject({ desiredNumberScheduled: 4, numberReady: 4 })
  })

  it('covers a large cluster', async () => {
    const nodes = Array.from({ length: 197 }, (_, i) => cluster.cluster.simulation.join({ name: `large-${i}` }))
    await Promise.all(nodes)
    await cluster.apply(daemonSet('agent'))
    expect(new Set(await nodesOf()).size).toBe(200)
    expect(await status()).toMatchObject({ desiredNumberScheduled: 200, numberReady: 200 })
  })

  it('loses the pod of a node that leaves, which is collected', async () => {
    await cluster.apply(daemonSet('agent'))
    await cluster.cluster.simulation.leave('node-2')
    await cluster.seconds(39)
    expect(await status()).toMatchObject({ desiredNumberScheduled: 2, numberReady: 2 })
    expect(await cluster.until('the pod is collected', async () => (await cluster.pods()).length === 2)).toBeLessThan(60)
    expect(await nodesOf()).toEqual(['node-1', 'node-3'])
  })

  it('goes only to nodes of its nodeSelector, as labels come and go', async () => {
    await cluster.patch('nodes', 'node-1', { metadata: { labels: { disk: 'ssd' } } })
    await cluster.apply(daemonSet('agent', { template: { spec: { nodeSelector: { disk: 'ssd' } } } }))
    expect(await nodesOf()).toEqual(['node-1'])
    await cluster.patch('nodes', 'node-3', { metadata: { labels: { disk: 'ssd' } } })
    expect(await nodesOf()).toEqual(['node-1', 'node-3'])
    await cluster.patch('nodes', 'node-1', { metadata: { labels: { disk: null } } })
    await cluster.seconds(1)
    expect(await nodesOf()).toEqual(['node-3'])
  })

  it('goes only to nodes of its required affinity', async () => {
    const matchExpressions = [{ key: 'kubernetes.io/hostname', operator: 'NotIn', values: ['node-2'] }]
    const nodeAffinity = { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions }] } }
    await cluster.apply(daemonSet('agent', { template: { spec: { affinity: { nodeAffinity } } } }))
    expect(await nodesOf()).toEqual(['node-1', 'node-3'])
  })

  it('is kept out by a NoSchedule taint, unless it is there already', async () => {
    const taints = [{ key: 'dedicated', value: 'db', effect: 'NoSchedule' }]
    await cluster.patch('nodes', 'node-1', { spec: { taints } })
    await cluster.apply(daemonSet('agent'))
    await cluster.patch('nodes', 'node-2', { spec: { taints } })
    await cluster.seconds(60)
    expect(await nodesOf()).toEqual(['node-2', 'node-3'])
    expect(await status()).toMatchObject({ currentNumberScheduled: 1, desiredNumberScheduled: 1, numberMisscheduled: 1 })
    await cluster.delete('pods', (await cluster.podsByNode('agent')).get('node-2')!.metadata.name)
    await cluster.seconds(1)
    expect(await nodesOf()).toEqual(['node-3'])
  })

  it('is driven away by a NoExecute taint, and comes back when it goes', async () => {
    await cluster.apply(daemonSet('agent'))
    await cluster.patch('nodes', 'node-2', { spec: { taints: [{ key: 'maintenance', effect: 'NoExecute' }] } })
    await cluster.seconds(1)
    expect(await nodesOf()).toEqual(['node-1', 'node-3'])
    await cluster.patch('nodes', 'node-2', { spec: { taints: null } })
    await cluster.seconds(1)
    expect(await nodesOf()).toEqual(['node-1', 'node-2', 'node-3'])
  })

  it('tolerates what its template tolerates', async () => {
    await cluster.patch('nodes', 'node-1', { spec: { taints: [{ key: 'dedicated', value: 'db', effect: 'NoSchedule' }] } })
    await cluster.apply(daemonSet('agent', { template: { spec: { tolerations: [{ operator: 'Exists' }] } } }))
    expect(await nodesOf()).toEqual(['node-1', 'node-2', 'node-3'])
  })

  it('goes to cordoned nodes too', async () => {
    await cluster.patch('nodes', 'node-1', { spec: { unschedulable: true } })
    await cluster.apply(daemonSet('agent'))
    expect(await nodesOf()).toEqual(['node-1', 'node-2', 'node-3'])
  })

  it('stays on a node that fails, whatever the time', async () => {
    await cluster.apply(daemonSet('agent'))
    const before = namesOf(await cluster.pods('agent'))
    await cluster.cluster.simulation.fail('node-1')
    await cluster.seconds(1000)
    expect(namesOf(await cluster.pods('agent'))).toEqual(before)
    // Daemons tolerate its NoExecute taint, not the NoSchedule one that comes with it.
    expect(await status()).toMatchObject({ desiredNumberScheduled: 2, numberMisscheduled: 1, numberReady: 2 })
    await cluster.cluster.simulation.recover('node-1')
    await cluster.seconds(1)
    expect(await status()).toMatchObject({ desiredNumberScheduled: 3, numberMisscheduled: 0, numberReady: 3 })
    expect(namesOf(await cluster.pods('agent'))).toEqual(before)
  })

  it('keeps a pod that finds no room pending until there is some', async () => {
    await cluster.cluster.simulation.join({ name: 'tiny', capacity: { cpu: '1', memory: '1Gi', pods: '10' } })
    await cluster.apply(daemonSet('big', { template: { container: { resources: { requests: { cpu: '600m' } } } } }))
    await cluster.apply(daemonSet('agent', { template: { container: { resources: { requests: { cpu: '600m' } } } } }))
    expect(await status()).toMatchObject({ desiredNumberScheduled: 4, currentNumberScheduled: 4, numberReady: 3, numberUnavailable: 1 })
    const pending = (await cluster.pods('agent')).find((pod) => pod.status?.phase === 'Pending')!
    const [event] = await cluster.events(pending.metadata.name, 'FailedScheduling')
    expect(event?.message).toBe(
      "0/4 nodes are available: 1 Insufficient cpu, 3 node(s) didn't satisfy plugin(s) [NodeAffinity]. no new claims to deallocate, preemption: 0/4 nodes are available: 1 No preemption victims found for incoming pod, 3 Preemption is not helpful for scheduling.",
    )
    await cluster.delete(DAEMON_SETS, 'big')
    await cluster.seconds(1)
    expect(await status()).toMatchObject({ numberReady: 4 })
  })
})

describe('pods of a DaemonSet', () => {
  it('are replaced on their node when deleted', async () => {
    await cluster.apply(daemonSet('agent'))
    const deleted = (await cluster.podsByNode('agent')).get('node-2')!
    await cluster.delete('pods', deleted.metadata.name)
    await cluster.seconds(1)
    const replacement = (await cluster.podsByNode('agent')).get('node-2')!
    expect(replacement.metadata.name).not.toBe(deleted.metadata.name)
    expect(await cluster.pods('agent')).toHaveLength(3)
  })

  it('are replaced when evicted, with growing pauses', async () => {
    await cluster.apply(daemonSet('agent'))
    const created: number[] = []
    for (let i = 0; i < 4; i++) {
      const pod = (await cluster.podsByNode('agent')).get('node-2')!
      created.push(Date.parse(pod.metadata.creationTimestamp!) / 1000)
      await cluster.patch('pods', pod.metadata.name, { status: { phase: 'Failed', reason: 'Evicted' } }, 'status')
      await cluster.until('a new one', async () => {
        const next = (await cluster.podsByNode('agent')).get('node-2')
        return next !== undefined && next.metadata.uid !== pod.metadata.uid
      })
    }
    expect(created.map((at) => at - created[0]!)).toEqual([0, 0, 1, 3])
    expect((await cluster.events('agent', 'FailedDaemonPod')).length).toBeGreaterThan(0)
  })

  it('go with it', async () => {
    await cluster.apply(daemonSet('agent'))
    await cluster.delete(DAEMON_SETS, 'agent')
    await cluster.seconds(1)
    expect(await cluster.pods()).toEqual([])
    expect(await revisions()).toEqual([])
  })

  it('go before it with foreground propagation', async () => {
    await cluster.apply(daemonSet('agent', { template: { annotations: { 'coracle.dev/stop-delay': '10s' } } }))
    await cluster.delete(DAEMON_SETS, 'agent', { propagationPolicy: 'Foreground' })
    await cluster.seconds(5)
    expect(await cluster.pods('agent')).toHaveLength(3)
    expect((await cluster.get(DAEMON_SETS, 'agent')).metadata.deletionTimestamp).toBeDefined()
    await cluster.seconds(6)
    expect(await cluster.pods()).toEqual([])
    expect(await cluster.find(DAEMON_SETS, 'agent')).toBeUndefined()
  })

  it('are orphaned, and adopted by the next of its kind', async () => {
    await cluster.apply(daemonSet('agent'))
    const before = namesOf(await cluster.pods())
    await cluster.delete(DAEMON_SETS, 'agent', { propagationPolicy: 'Orphan' })
    await cluster.seconds(1)
    expect(namesOf(await cluster.pods())).toEqual(before)
    expect(await cluster.pods('agent')).toEqual([])
    await cluster.apply(daemonSet('agent'))
    await cluster.seconds(1)
    expect(namesOf(await cluster.pods('agent'))).toEqual(before)
  })
})

describe('an update of a DaemonSet', () => {
  it('rolls node by node', async () => {
    await setImage('agent:1')
    await cluster.seconds(5)
    await setImage('agent:2')
    let mostAway = 0
    const seconds = await cluster.until('all are new and ready', async () => {
      const pods = await cluster.pods('agent')
      mostAway = Math.max(mostAway, 3 - pods.filter(isReady).length)
      return pods.length === 3 && pods.every((pod) => isReady(pod) && pod.spec.containers[0]!.image === 'agent:2')
    })
    expect({ mostAway, seconds }).toEqual({ mostAway: 1, seconds: 15 })
    expect(await status()).toMatchObject({ updatedNumberScheduled: 3, numberAvailable: 3, observedGeneration: 2 })
  })

  it('takes as many nodes at a time as maxUnavailable says', async () => {
    const updateStrategy = { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '50%' } }
    await cluster.apply(daemonSet('agent', { template: SLOW, updateStrategy }))
    await cluster.seconds(5)
    await cluster.apply(daemonSet('agent', { template: { ...SLOW, image: 'agent:2' }, updateStrategy }))
    expect(await status()).toMatchObject({ numberAvailable: 1, numberUnavailable: 2 })
    await cluster.seconds(5)
    expect(await status()).toMatchObject({ numberAvailable: 2, updatedNumberScheduled: 3 })
  })

  it('with maxSurge brings the new pod before the old one goes', async () => {
    const updateStrategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } }
    await cluster.apply(daemonSet('agent', { template: SLOW, updateStrategy }))
    await cluster.seconds(5)
    await cluster.apply(daemonSet('agent', { template: { ...SLOW, image: 'agent:2' }, updateStrategy }))
    let [fewestReady, most] = [3, 3]
    await cluster.until('all are new', async () => {
      const pods = await cluster.pods('agent')
      fewestReady = Math.min(fewestReady, pods.filter(isReady).length)
      most = Math.max(most, pods.length)
      return pods.length === 3 && pods.every((pod) => isReady(pod) && pod.spec.containers[0]!.image === 'agent:2')
    })
    expect({ fewestReady, most }).toEqual({ fewestReady: 3, most: 4 })
  })

  it('stops at a node where the new pod does not become ready, and is undone', async () => {
    await setImage('agent:1')
    await cluster.seconds(5)
    const broken = { image: 'agent:broken', annotations: { ...SLOW.annotations, 'coracle.dev/ready': 'false' } }
    await cluster.apply(daemonSet('agent', { template: broken }))
    await cluster.seconds(600)
    expect(Object.values(await imagesByNode()).sort()).toEqual(['agent:1', 'agent:1', 'agent:broken'])
    expect(await status()).toMatchObject({ numberAvailable: 2, numberUnavailable: 1, updatedNumberScheduled: 1 })
    const [first] = await revisions()
    // As `kubectl rollout undo` does.
    const template = (first!.data as { spec: { template: object } }).spec.template
    await cluster.patch(DAEMON_SETS, 'agent', {
      spec: {
        template: { ...template, metadata: { labels: { app: 'agent' }, annotations: { ...SLOW.annotations, 'coracle.dev/ready': null } } },
      },
    })
    await cluster.seconds(10)
    expect(await imagesByNode()).toEqual({ 'node-1': 'agent:1', 'node-2': 'agent:1', 'node-3': 'agent:1' })
    expect((await cluster.pods('agent')).every(isReady)).toBe(true)
    expect((await revisions()).map(({ revision }) => revision).sort()).toEqual([2, 3])
  })

  it('OnDelete waits for pods to be deleted', async () => {
    const updateStrategy = { type: 'OnDelete' }
    await cluster.apply(daemonSet('agent', { updateStrategy }))
    await cluster.apply(daemonSet('agent', { updateStrategy, template: { image: 'agent:2' } }))
    await cluster.seconds(600)
    expect(new Set(Object.values(await imagesByNode()))).toEqual(new Set(['app:1']))
    const pod = (await cluster.podsByNode('agent')).get('node-2')!
    await cluster.delete('pods', pod.metadata.name)
    await cluster.seconds(1)
    expect(await imagesByNode()).toEqual({ 'node-1': 'app:1', 'node-2': 'agent:2', 'node-3': 'app:1' })
    expect(await status()).toMatchObject({ updatedNumberScheduled: 1, numberAvailable: 3 })
  })

  it('keeps as many old revisions as the limit says', async () => {
    for (let version = 1; version <= 5; version++) {
      await cluster.apply(daemonSet('agent', { revisionHistoryLimit: 2, template: { image: `agent:${version}` } }))
      await cluster.seconds(1)
    }
    expect((await revisions()).map(({ revision }) => revision).sort()).toEqual([3, 4, 5])
  })
})
