/** What holds whatever the way to update. Upstream: daemon_controller_test.go, which runs most of its tests for each. */
import { beforeEach, describe, expect, it } from 'vitest'
import type { DaemonSet, Pod, PodSpec, Taint } from '../../src/api/types.gen.ts'
import { DaemonWorld, deletesOf, inPlace, surging, taint, template } from '../support/daemon-world.ts'

const STRATEGIES = [
  { name: 'OnDelete', updateStrategy: { type: 'OnDelete' } },
  { name: 'RollingUpdate', updateStrategy: inPlace(1) },
  { name: 'RollingUpdate with surge', updateStrategy: surging(1) },
]

const nodeAffinity = (...values: string[]): Partial<PodSpec> => ({
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: 'type', operator: 'In', values }] }],
      },
    },
  },
})
const port = { containers: [{ name: 'agent', image: 'v1', ports: [{ containerPort: 666, hostPort: 666 }] }] }
const large = { containers: [{ name: 'agent', image: 'v1', resources: { requests: { memory: '200Gi' } } }] }
const selected = { nodeSelector: { type: 'production' } }

describe.each(STRATEGIES)('$name', ({ updateStrategy }) => {
  let logs: DaemonWorld
  beforeEach(() => {
    logs = new DaemonWorld()
  })
  const started = (nodes: number, spec: Partial<PodSpec> = {}) => {
    logs.putSet({ updateStrategy, template: template('v1', spec) })
    logs.putNodes(nodes)
    logs.settle()
  }

  // Upstream: TestNodeShouldRunDaemonPod, and the tests of single reasons.
  it.each<{
    name: string
    spec?: Partial<PodSpec>
    taints?: Taint[]
    unschedulable?: boolean
    other?: boolean
    stays: boolean
    runs?: boolean
  }>([
    { name: 'any node', stays: true },
    { name: 'more memory than it has is the scheduler’s affair', spec: large, stays: true },
    { name: 'the name of another node', spec: { nodeName: 'other' }, stays: false },
    { name: 'its own name', spec: { nodeName: 'n1' }, stays: true },
    { name: 'a host port that another pod has is the scheduler’s affair', spec: port, other: true, stays: true },
    { name: 'labels it has', spec: selected, stays: true },
    { name: 'labels it has not', spec: { nodeSelector: { type: 'test' } }, stays: false },
    { name: 'labels of which it has some', spec: { nodeSelector: { type: 'production', zone: 'a' } }, stays: false },
    { name: 'affinity to it', spec: nodeAffinity('production'), stays: true },
    { name: 'affinity to others', spec: nodeAffinity('test'), stays: false },
    { name: 'affinity to it among others', spec: nodeAffinity('test', 'production'), stays: true },
    { name: 'its own name and labels', spec: { ...selected, nodeName: 'n1' }, stays: true },
    { name: 'its own name and other labels', spec: { nodeSelector: { type: 'test' }, nodeName: 'n1' }, stays: false },
    { name: 'that it is closed', unschedulable: true, stays: true },
    { name: 'taints nobody tolerates', taints: [taint('own', 'NoSchedule')], runs: false, stays: true },
    { name: 'taints that drive away', taints: [taint('own', 'NoExecute')], stays: false },
    {
      name: 'taints that are tolerated',
      taints: [taint('own', 'NoSchedule')],
      spec: { tolerations: [{ key: 'own', operator: 'Exists' }] },
      stays: true,
    },
    {
      name: 'one of two taints tolerated',
      taints: [taint('own', 'NoSchedule'), taint('other', 'NoExecute')],
      spec: { tolerations: [{ key: 'own', operator: 'Exists' }] },
      stays: false,
    },
    {
      name: 'that all taints are tolerated',
      taints: [taint('own', 'NoExecute')],
      spec: { tolerations: [{ operator: 'Exists' }] },
      stays: true,
    },
    {
      name: 'several pressures',
      taints: [taint('node.kubernetes.io/disk-pressure', 'NoSchedule'), taint('node.kubernetes.io/memory-pressure', 'NoSchedule')],
      stays: true,
    },
  ])('a node is judged by $name', ({ spec = {}, taints, unschedulable, other, stays, runs = stays }) => {
    logs.putSet({ updateStrategy, template: template('v1', spec) })
    logs.putNode('n1', { type: 'production' }, taints)
    if (unschedulable) logs.changeNode('n1', (node) => (node.spec.unschedulable = true))
    if (other) logs.put('pods', { metadata: { name: 'other', namespace: 'default' }, spec: { nodeName: 'n1', ...port } })
    logs.sync()
    const made = () => logs.standing.filter(({ metadata }) => metadata.name.startsWith('logs-'))
    expect(made()).toHaveLength(runs ? 1 : 0)
    for (const { metadata } of made()) logs.remove('pods', metadata.name)
    logs.putPod('logs-x', 'n1', { labels: { 'pod-template-generation': '1' } })
    logs.sync()
    expect(made()).toHaveLength(stays ? 1 : 0)
  })

  it('no nodes, no pods', () => {
    started(0)
    expect(logs.pods).toEqual([])
    expect(logs.set.status).toMatchObject({ desiredNumberScheduled: 0, numberReady: 0, observedGeneration: 1 })
  })

  it('a node that joins gets a pod, one that leaves has none', () => {
    started(2)
    logs.putNode('n3')
    logs.settle()
    expect(logs.nodesOfPods).toEqual(['n1', 'n2', 'n3'])
    logs.remove('nodes', 'n2', '')
    logs.remove('pods', logs.podOn('n2').metadata.name)
    logs.settle()
    expect(logs.nodesOfPods).toEqual(['n1', 'n3'])
    expect(logs.set.status).toMatchObject({ desiredNumberScheduled: 2, numberMisscheduled: 0 })
  })

  // Upstream: TestDealsWithExistingPods, TestSurgeDealsWithExistingPods.
  it('one pod stays where there are several, and comes where there is none', () => {
    logs.putSet({ updateStrategy })
    logs.putNodes(4)
    const labels = { 'pod-template-generation': '1' }
    for (const [node, count] of [
      ['n1', 1],
      ['n2', 2],
      ['n3', 5],
    ] as const) {
      for (let i = 0; i < count; i++) logs.putPod(`${node}-${i}`, node, { labels })
    }
    const plan = logs.sync()
    expect(deletesOf(plan)).toBe(5)
    logs.finishDeletes()
    expect(logs.nodesOfPods).toEqual(['n1', 'n2', 'n3', 'n4'])
  })

  // Upstream: TestSelectorDaemonDeletesUnselectedPods, TestSelectorDaemonDealsWithExistingPods.
  it('pods go where they are wanted no longer, and come where they are', () => {
    logs.putSet({ updateStrategy, template: template('v1', { nodeSelector: { color: 'blue' } }) })
    for (const name of ['n1', 'n2', 'n3']) logs.putNode(name)
    for (const name of ['b1', 'b2']) logs.putNode(name, { color: 'blue' })
    const labels = { 'pod-template-generation': '1' }
    for (const node of ['n1', 'n1', 'n2', 'b1']) logs.putPod(`p${logs.pods.length}`, node, { labels })
    logs.putPod('stranger', 'n3', { metadata: { labels: { app: 'other' }, ownerReferences: [] } })
    logs.sync()
    logs.finishDeletes()
    expect(logs.nodesOfPods).toEqual(['b1', 'b2', 'n3'])
    expect(logs.set.status).toMatchObject({ desiredNumberScheduled: 2 })
  })

  // Upstream: TestUpdateNode, "transitions from misscheduled to scheduled".
  it('a pod that was out of place counts as scheduled once its node has the labels', () => {
    logs.putSet({ updateStrategy, template: template('v1', { nodeSelector: { color: 'blue' } }) })
    logs.putNode('n1', {}, [])
    logs.putPod('logs-x', 'n1', { labels: { 'pod-template-generation': '1' } })
    logs.change<Pod>('pods', 'logs-x', ({ metadata }) => (metadata.deletionTimestamp = '2026-01-01T00:00:00Z'))
    logs.sync()
    expect(logs.set.status).toMatchObject({ desiredNumberScheduled: 0, numberMisscheduled: 1 })
    logs.change<Pod>('pods', 'logs-x', ({ metadata }) => delete metadata.deletionTimestamp)
    logs.changeNode('n1', ({ metadata }) => (metadata.labels = { color: 'blue' }))
    logs.sync()
    expect(logs.set.status).toMatchObject({ desiredNumberScheduled: 1, currentNumberScheduled: 1, numberMisscheduled: 0 })
  })

  // Upstream: TestNumberReadyStatus, TestObservedGeneration, TestSimpleDaemonSetUpdatesStatusAfterLaunchingPods.
  it('counts what is ready, and the generation it saw', () => {
    started(2)
    expect(logs.set.status).toMatchObject({ numberReady: 2, numberAvailable: 2, updatedNumberScheduled: 2, observedGeneration: 1 })
    logs.setReady('n1', false)
    logs.changeSpec((spec) => (spec.revisionHistoryLimit = 3))
    logs.sync()
    expect(logs.set.status).toMatchObject({ numberReady: 1, numberAvailable: 1, numberUnavailable: 1, observedGeneration: 2 })
  })

  // Upstream: TestSimpleDaemonSetPodCreateErrors, test/integration TestUpdateStatusDespitePodCreationFailure.
  it('tells of the pods it has when it can make no more', () => {
    logs.putSet({ updateStrategy })
    logs.putNodes(10)
    let left = 6
    logs.refuses = (action) => (action.verb === 'create' && action.resource === 'pods' && left-- <= 0 ? 'API server failed' : undefined)
    logs.sync()
    expect(logs.messages.at(-1)).toBe('FailedCreate: Error creating: API server failed')
    logs.sync()
    expect(logs.pods).toHaveLength(6)
    expect(logs.set.status).toMatchObject({ desiredNumberScheduled: 10, currentNumberScheduled: 6, numberUnavailable: 10 })
    left = 99
    logs.settle()
    expect(logs.set.status).toMatchObject({ currentNumberScheduled: 10, numberAvailable: 10 })
  })

  // Upstream: TestDaemonKillFailedPods.
  it.each([
    { failed: 0, normal: 1, deletes: 0 },
    { failed: 1, normal: 0, deletes: 1 },
    { failed: 1, normal: 3, deletes: 3 },
    { failed: 2, normal: 1, deletes: 1 },
  ])('of $failed failed and $normal running pods of a node $deletes go at once', ({ failed, normal, deletes }) => {
    logs.putSet({ updateStrategy })
    logs.putNode('n1')
    const labels = { 'pod-template-generation': '1' }
    for (let i = 0; i < failed; i++) {
      logs.putPod(`failed-${i}`, 'n1', { labels })
      logs.setPod(`failed-${i}`, 'Failed')
    }
    for (let i = 0; i < normal; i++) logs.putPod(`normal-${i}`, 'n1', { labels })
    expect(deletesOf(logs.sync())).toBe(deletes)
  })

  // Upstream: TestDontDoAnythingIfBeingDeleted, TestPodIsNotDeletedByDaemonsetWithEmptyLabelSelector.
  it.each([
    { name: 'is being deleted', metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' }, spec: {} },
    { name: 'selects everything', metadata: {}, spec: { selector: {} } },
  ])('nothing is done when it $name', ({ metadata, spec }) => {
    started(2)
    logs.putNode('n3')
    logs.put('pods', { metadata: { name: 'orphan', namespace: 'default', labels: { app: 'logs' } }, spec: { nodeName: 'n1' } })
    logs.change<DaemonSet>('daemonsets.apps', 'logs', (set) => {
      Object.assign(set.metadata, metadata)
      Object.assign(set.spec, spec)
    })
    expect(logs.sync().actions).toBeUndefined()
    expect(logs.get<Pod>('pods', 'orphan')!.metadata.ownerReferences).toBeUndefined()
  })

  // Upstream: TestGetNodesToDaemonPods.
  it.each([
    { name: 'its own', change: {}, counts: true },
    { name: 'an orphan', change: { metadata: { ownerReferences: [] } }, counts: true },
    { name: 'one that ended', phase: 'Succeeded', change: {}, counts: true, goes: true },
    { name: 'one that failed', phase: 'Failed', change: {}, counts: true, goes: true },
    { name: 'one with other labels', change: { metadata: { labels: { app: 'db' } } }, counts: false },
    { name: 'an orphan with other labels', change: { metadata: { labels: { app: 'db' }, ownerReferences: [] } }, counts: false },
    {
      name: 'another’s',
      change: { metadata: { ownerReferences: [{ uid: 'x', controller: true, kind: 'DaemonSet', name: 'x' }] } },
      counts: false,
    },
    {
      name: 'one that ended and goes',
      phase: 'Succeeded',
      change: { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } },
      counts: false,
    },
    {
      name: 'one that failed and goes',
      phase: 'Failed',
      change: { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } },
      counts: false,
    },
  ])('of pods on a node, $name', ({ phase = 'Running', change, counts, goes = false }) => {
    logs.putSet({ updateStrategy })
    logs.putNode('n1')
    logs.putPod('p', 'n1', { labels: { 'pod-template-generation': '1' }, ...change })
    logs.setPod('p', phase)
    const plan = logs.sync()
    const made = plan.actions!.filter((action) => action.verb === 'create' && action.resource === 'pods').length
    // A surge makes the next at once where all there is has ended.
    expect(made).toBe(!counts || (goes && updateStrategy === STRATEGIES[2]!.updateStrategy) ? 1 : 0)
    expect(deletesOf(plan)).toBe(goes ? 1 : 0)
  })
})
