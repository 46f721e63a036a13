/** How an update gets on, step by step. Upstream: daemon/update_test.go, daemon/util/daemonset_util_test.go, daemon_controller_test.go TestSurge…. */
import { beforeEach, describe, expect, it } from 'vitest'
import type { Affinity, DaemonSet, NodeAffinity, Pod } from '../../src/api/types.gen.ts'
import { createDaemonPod, isUpdated, targetNode } from '../../src/controllers/daemonset/daemon-pod.ts'
import { updateLimits } from '../../src/controllers/daemonset/update-strategy.ts'
import { DaemonWorld, deletesOf, inPlace, surging, taint, template } from '../support/daemon-world.ts'

let logs: DaemonWorld

beforeEach(() => {
  logs = new DaemonWorld()
})

/** `creates deletes` of one look, after which what went is gone. New pods are not ready yet. */
function step(): string {
  const plan = logs.sync()
  logs.finishDeletes()
  const creates = plan.actions!.filter((action) => action.verb === 'create' && action.resource === 'pods').length
  return `${creates} ${deletesOf(plan)}`
}

const steps = (count: number) => Array.from({ length: count }, step)

function started(nodes: number, updateStrategy: object, ready = nodes): void {
  logs.putSet({ updateStrategy })
  logs.putNodes(nodes)
  logs.settle()
  for (let i = ready + 1; i <= nodes; i++) logs.setReady(`n${i}`, false)
}

/** The new pods of an update run, but are not ready. */
function runUnready(): void {
  const pending = logs.pods.filter(({ status }) => status?.phase === 'Pending').map(({ metadata }) => metadata.name)
  logs.run()
  for (const name of pending) logs.setPod(name, 'Running', false)
}

describe('in place', () => {
  // Upstream: TestDaemonSetUpdatesPods.
  it('by two of five at a time', () => {
    started(5, inPlace(2))
    logs.update()
    const seen: string[] = []
    for (let round = 0; round < 3; round++) {
      seen.push(...steps(2))
      logs.run()
    }
    expect([...seen, step()]).toEqual(['0 2', '2 0', '0 2', '2 0', '0 1', '1 0', '0 0'])
  })

  // Upstream: TestDaemonSetUpdatesWhenNewPodIsNotReady.
  it('waits for new pods', () => {
    started(5, inPlace(3))
    logs.update()
    expect(steps(2)).toEqual(['0 3', '3 0'])
    runUnready()
    expect(steps(2)).toEqual(['0 0', '0 0'])
  })

  // Upstream: TestDaemonSetUpdatesSomeOldPodsNotReady.
  it('replaces what is not ready at the next update, and no more', () => {
    started(5, inPlace(2))
    logs.update('v2')
    expect(steps(3)).toEqual(['0 2', '2 0', '0 0'])
    runUnready()
    logs.update('v3')
    expect(steps(3)).toEqual(['0 2', '2 0', '0 0'])
    expect(Object.values(logs.imagesByNode).sort()).toEqual(['v1', 'v1', 'v1', 'v3', 'v3'])
  })

  // Upstream: TestDaemonSetUpdatesSaveOldHealthyPods.
  it.each([0, 1, 4, 9, 10])('with %s dispensable never touches the ten that are healthy', (dispensable) => {
    started(20, inPlace(10))
    logs.update('v2')
    steps(2)
    runUnready()
    const healthy = logs.standing.filter((pod) => pod.spec.containers[0]!.image === 'v1').map(({ metadata }) => metadata.uid)
    expect(healthy).toHaveLength(10)
    for (const image of ['v3', 'v4', 'v5']) {
      logs.changeSpec((spec) => (spec.updateStrategy = inPlace(dispensable)))
      logs.update(image)
      expect(steps(3)).toEqual(['0 10', '10 0', '0 0'])
      runUnready()
    }
    expect(logs.standing.map(({ metadata }) => metadata.uid)).toEqual(expect.arrayContaining(healthy))
    logs.changeSpec((spec) => (spec.updateStrategy = inPlace(11)))
    logs.update('v6')
    expect(steps(3)).toEqual(['0 11', '11 0', '0 0'])
  })

  // Upstream: TestDaemonSetUpdatesAllOldPodsNotReady.
  it('replaces all at once when none is ready', () => {
    started(5, inPlace(3), 0)
    logs.update()
    expect(steps(3)).toEqual(['0 5', '5 0', '0 0'])
  })

  // Upstream: TestDaemonSetUpdatesNoTemplateChanged.
  it('does nothing when only the strategy changes', () => {
    started(5, inPlace(3))
    logs.changeSpec((spec) => (spec.updateStrategy = inPlace(1)))
    expect(steps(2)).toEqual(['0 0', '0 0'])
  })

  // Upstream: TestDaemonSetUpdatesAllOldNotReadyPodsAndNewNotReadyPods, with test/integration TestDaemonSetRollingUpdateWithTolerations.
  it('goes on over nodes that are driven out meanwhile', () => {
    started(4, inPlace(1))
    logs.update()
    expect(steps(2)).toEqual(['0 1', '1 0'])
    logs.run()
    logs.changeNode('n4', ({ spec }) => (spec.taints = [taint('own', 'NoExecute')]))
    logs.settle()
    expect(logs.imagesByNode).toEqual({ n1: 'v2', n2: 'v2', n3: 'v2' })
  })

  it('takes a pod of a node that is tainted for newcomers only, and makes none there', () => {
    started(2, inPlace(1))
    logs.changeNode('n1', ({ spec }) => (spec.taints = [taint('own', 'NoSchedule')]))
    logs.update()
    logs.settle()
    expect(logs.imagesByNode).toEqual({ n2: 'v2' })
  })
})

describe('with surge', () => {
  // Upstream: TestDaemonSetUpdatesPodsWithMaxSurge.
  it('by two of five at a time', () => {
    started(5, surging(2))
    logs.update()
    const seen: string[] = []
    for (let round = 0; round < 3; round++) {
      seen.push(...steps(2))
      logs.run()
    }
    expect([...seen, ...steps(2)]).toEqual(['2 0', '0 0', '0 2', '2 0', '0 2', '1 0', '0 1', '0 0'])
  })

  // Upstream: TestDaemonSetUpdatesPodsNotMatchTainstWithMaxSurge.
  it('leaves a node whose taint is tolerated no longer', () => {
    logs.putSet({ updateStrategy: surging(1), template: template('v1', { tolerations: [{ key: 'own', operator: 'Exists' }] }) })
    logs.putNodes(5)
    logs.changeNode('n1', ({ spec }) => (spec.taints = [taint('own', 'NoSchedule')]))
    logs.settle()
    logs.update('v1')
    expect(step()).toBe('1 1')
    logs.settle()
    expect(logs.nodesOfPods).toEqual(['n2', 'n3', 'n4', 'n5'])
  })

  // Upstream: TestDaemonSetUpdatesAllOldPodsNotReadyMaxSurge.
  it('beside all that are not ready at once, within minReadySeconds later', () => {
    started(5, surging(3), 0)
    logs.update('v2')
    expect(steps(2)).toEqual(['5 0', '0 5'])
    logs.run()
    logs.changeSpec((spec) => (spec.minReadySeconds = 15))
    logs.now += 100_000
    logs.update('v3')
    expect(step()).toBe('3 0')
    const fresh = logs.standing.filter((pod) => pod.spec.containers[0]!.image === 'v3')
    for (const pod of fresh.slice(0, 2)) {
      logs.change<Pod>('pods', pod.metadata.name, ({ spec }) => (spec.nodeName = targetNode(pod)))
      logs.setPod(pod.metadata.name, 'Running')
    }
    const alone = logs.standing.find(({ metadata, spec }) => !fresh.some((pod) => targetNode(pod) === spec.nodeName) && metadata)!
    logs.setPod(alone.metadata.name, 'Running', false)
    logs.now += 10_000
    expect(step()).toBe('1 0')
    logs.now += 10_000
    // The unready one, and those whose successors are available by now; then the last node gets its own.
    expect(step()).toBe('0 3')
    expect(step()).toBe('1 0')
  })

  // Upstream: TestSurgePreservesReadyOldPods, …DeletesUnreadyOldPods, …PreservesOldReadyWithUnsatisfiedMinReady,
  // …DeletesOldReadyWithUnsatisfiedMinReady.
  it.each([
    { name: 'a ready old one stays beside a new one that is not', old: true, fresh: undefined, deletes: 0 },
    { name: 'an old one that is not ready goes', old: false, fresh: undefined, deletes: 1 },
    { name: 'a ready old one stays until minReadySeconds are over', old: true, fresh: 5, deletes: 0 },
    { name: 'and goes when they are', old: true, fresh: 15, deletes: 1 },
    { name: 'an old one that is not ready does not wait for them', old: false, fresh: 5, deletes: 1 },
  ])('$name', ({ old, fresh, deletes }) => {
    logs.putSet({ updateStrategy: surging(1), minReadySeconds: 15 })
    logs.putNode('n1')
    logs.sync()
    const hash = logs.revisions[0]!.metadata.labels!['controller-revision-hash']!
    for (const pod of logs.pods) logs.remove('pods', pod.metadata.name)
    logs.putPod('old', 'n1', { labels: { 'controller-revision-hash': 'before' }, image: 'v0' })
    logs.putPod('new', 'n1', { labels: { 'controller-revision-hash': hash } })
    logs.setPod('old', 'Running', old, logs.now - 600_000)
    logs.setPod('new', 'Running', fresh !== undefined, logs.now - (fresh ?? 0) * 1000)
    const plan = logs.sync()
    expect(deletesOf(plan)).toBe(deletes)
    if (deletes > 0) expect(logs.standing.map(({ metadata }) => metadata.name)).toEqual(['new'])
  })

  // Upstream: TestSurgeCreatesNewPodWhenAtMaxSurgeAndOldPodDeleted.
  it('makes a pod for an old one that goes though the surge is used up', () => {
    started(3, surging(1))
    logs.update()
    expect(step()).toBe('1 0')
    const other = logs.standing.find((pod) => logs.standing.filter((twin) => targetNode(twin) === targetNode(pod)).length === 1)!
    logs.change<Pod>('pods', other.metadata.name, ({ metadata }) => (metadata.deletionTimestamp = '2026-01-01T00:00:00Z'))
    expect(logs.sync().actions!.filter(({ verb }) => verb === 'create')).toHaveLength(1)
  })
})

// Upstream: TestGetUnavailableNumbers.
describe('limits', () => {
  it.each<{ name: string; strategy: object; desired: number; expect: [number, number] }>([
    { name: 'no nodes', strategy: inPlace(0), desired: 0, expect: [0, 0] },
    { name: 'one of two', strategy: inPlace(1), desired: 2, expect: [0, 1] },
    { name: 'none of two: one all the same', strategy: inPlace(0), desired: 2, expect: [0, 1] },
    { name: 'no surge: one all the same', strategy: surging(0), desired: 2, expect: [0, 1] },
    { name: 'half of two', strategy: inPlace('50%'), desired: 2, expect: [0, 1] },
    { name: 'half of three, rounded up', strategy: inPlace('50%'), desired: 3, expect: [0, 2] },
    { name: 'a surge of half of two', strategy: surging('50%'), desired: 2, expect: [1, 0] },
    { name: 'a surge of all', strategy: surging('100%'), desired: 2, expect: [2, 0] },
    { name: 'a surge of a little, rounded up', strategy: surging('1%'), desired: 5, expect: [1, 0] },
  ])('$name', ({ strategy, desired, expect: [maxSurge, maxUnavailable] }) => {
    expect(updateLimits({ spec: { updateStrategy: strategy } } as DaemonSet, desired)).toEqual({ maxSurge, maxUnavailable })
  })
})

// Upstream: TestIsPodUpdated.
describe('a pod is of the present template', () => {
  const labelled = { 'pod-template-generation': '12345', 'controller-revision-hash': '55555' }
  it.each<{ name: string; generation?: string; labels?: Record<string, string>; hash: string; expect: boolean }>([
    { name: 'number and hash', generation: '12345', labels: labelled, hash: '55555', expect: true },
    { name: 'number, another hash', generation: '12345', labels: labelled, hash: '55555123', expect: true },
    { name: 'number, no hash on it', generation: '12345', labels: { 'pod-template-generation': '12345' }, hash: '55555', expect: true },
    { name: 'number, no hash at all', generation: '12345', labels: { 'pod-template-generation': '12345' }, hash: '', expect: true },
    { name: 'number, no hash to compare', generation: '12345', labels: labelled, hash: '', expect: true },
    { name: 'another number, the hash', generation: '12350', labels: labelled, hash: '55555', expect: true },
    { name: 'neither', generation: '12350', labels: labelled, hash: '55555123', expect: false },
    { name: 'no labels, no hash', generation: '12345', labels: {}, hash: '', expect: false },
    { name: 'no labels', generation: '12345', labels: {}, hash: '55555', expect: false },
    { name: 'no labels field', generation: '12345', hash: '55555', expect: false },
    { name: 'no number of the set', labels: labelled, hash: 'x', expect: false },
    { name: 'a number of the set that is none', generation: 'x', labels: { 'pod-template-generation': 'x' }, hash: '', expect: false },
  ])('$name', ({ generation, labels, hash, expect: expected }) => {
    const annotations = generation === undefined ? {} : { 'deprecated.daemonset.template.generation': generation }
    const set = { metadata: { annotations } } as unknown as DaemonSet
    expect(isUpdated(set, { metadata: { ...(labels && { labels }) } } as Pod, hash)).toBe(expected)
  })
})

const nodeIs = (...values: string[]) => ({ nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values }] }] })

// Upstream: TestGetTargetNodeName.
it.each<{ name: string; spec: object; expect: string | undefined }>([
  { name: 'where it is', spec: { nodeName: 'n1' }, expect: 'n1' },
  {
    name: 'its affinity',
    spec: { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: nodeIs('n1') } } },
    expect: 'n1',
  },
  {
    name: 'two',
    spec: { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: nodeIs('n1', 'n2') } } },
    expect: undefined,
  },
  { name: 'none', spec: {}, expect: undefined },
])('the node a pod is for: $name', ({ spec, expect: expected }) => {
  expect(targetNode({ spec } as Pod)).toBe(expected)
})

// Upstream: TestReplaceDaemonSetPodNodeNameNodeAffinity: what else there is stays.
describe('the affinity of a pod', () => {
  const expression = [{ matchExpressions: [{ key: 'type', operator: 'In', values: ['a'] }] }]
  const preferred: NodeAffinity = { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, preference: expression[0]! }] }
  const podAffinity = { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'zone' }] }
  const required = { requiredDuringSchedulingIgnoredDuringExecution: nodeIs('n1') }
  it.each<{ name: string; given: Affinity | undefined; expect: Affinity }>([
    { name: 'none', given: undefined, expect: { nodeAffinity: required } },
    { name: 'an empty one', given: {}, expect: { nodeAffinity: required } },
    { name: 'an empty one to nodes', given: { nodeAffinity: {} }, expect: { nodeAffinity: required } },
    {
      name: 'another requirement',
      given: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: expression } } },
      expect: { nodeAffinity: required },
    },
    {
      name: 'several requirements',
      given: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [...expression, ...expression] } } },
      expect: { nodeAffinity: required },
    },
    {
      name: 'the name of another node',
      given: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: nodeIs('n2') } },
      expect: { nodeAffinity: required },
    },
    { name: 'a preference', given: { nodeAffinity: preferred }, expect: { nodeAffinity: { ...preferred, ...required } } },
    { name: 'affinity to pods', given: { podAffinity }, expect: { podAffinity, nodeAffinity: required } },
  ])('$name', ({ given, expect: expected }) => {
    logs.putSet({ template: template('v1', given && { affinity: given }) })
    const { object } = createDaemonPod(logs.set, 'n1', 'hash', { newName: String })
    expect((object as unknown as Pod).spec.affinity).toEqual(expected)
  })
})

// Upstream: daemon_controller_test.go, from TestAddPod to TestDeletePodOrphan and TestDeleteNoDaemonPod.
describe('a change of a pod concerns', () => {
  const owner = (name: string, kind = 'DaemonSet') => ({
    ownerReferences: [{ apiVersion: 'apps/v1', kind, name, uid: name, controller: true }],
  })
  const of = (metadata: object) =>
    ({ metadata: { name: 'x', namespace: 'default', labels: { app: 'logs' }, ...metadata }, spec: {} }) as unknown as Pod
  it.each<{ name: string; current?: Pod; old?: Pod; expect: string[] }>([
    { name: 'made', current: of(owner('logs')), expect: ['default/logs'] },
    { name: 'made for another set', current: of(owner('other')), expect: ['default/other'] },
    { name: 'an orphan', current: of({}), expect: ['default/logs', 'default/twin'] },
    { name: 'an orphan nobody selects', current: of({ labels: {} }), expect: [] },
    { name: 'changed', current: of(owner('logs')), old: of(owner('logs')), expect: ['default/logs'] },
    { name: 'an orphan as before', current: of({}), old: of({}), expect: [] },
    { name: 'an orphan with new labels', current: of({}), old: of({ labels: {} }), expect: ['default/logs', 'default/twin'] },
    { name: 'given to another set', current: of(owner('other')), old: of(owner('logs')), expect: ['default/other', 'default/logs'] },
    { name: 'let go', current: of({}), old: of(owner('logs')), expect: ['default/logs', 'default/twin'] },
    { name: 'gone', old: of(owner('logs')), expect: ['default/logs'] },
    { name: 'gone, an orphan', old: of({}), expect: [] },
    { name: 'gone, of another kind', old: of(owner('logs', 'ReplicaSet')), expect: [] },
  ])('$name', ({ current, old, expect: expected }) => {
    logs.putSet()
    logs.put('daemonsets.apps', { ...logs.set, metadata: { name: 'twin', namespace: 'default' } })
    expect(logs.controller.watches.pods!(current, old, logs.reader)).toEqual(expected)
  })
})
