import { beforeEach, describe, expect, it } from 'vitest'
import type { ControllerRevision, Pod } from '../../src/api/types.gen.ts'
import { targetNode } from '../../src/controllers/daemonset/daemon-pod.ts'
import { DaemonWorld, deletesOf, taint } from '../support/daemon-world.ts'

let logs: DaemonWorld

beforeEach(() => {
  logs = new DaemonWorld()
})

describe('rolling update', () => {
  it.each([
    { maxUnavailable: 1, nodes: 4, first: 1 },
    { maxUnavailable: 3, nodes: 4, first: 3 },
    { maxUnavailable: '50%', nodes: 4, first: 2 },
    { maxUnavailable: '10%', nodes: 4, first: 1 },
    { maxUnavailable: 0, nodes: 4, first: 1 },
  ])('replaces $maxUnavailable of $nodes at once', ({ maxUnavailable, nodes, first }) => {
    logs.putSet({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable, maxSurge: 0 } } })
    logs.putNodes(nodes)
    logs.settle()
    logs.update()
    expect(deletesOf(logs.sync())).toBe(first)
    expect(deletesOf(logs.sync())).toBe(0)
    logs.settle()
    expect(new Set(Object.values(logs.imagesByNode))).toEqual(new Set(['v2']))
    expect(logs.standing).toHaveLength(nodes)
  })

  it('waits for the new pods to be available', () => {
    logs.putSet({ minReadySeconds: 10 })
    logs.putNodes(2)
    logs.settle()
    logs.now += 10_000
    logs.update()
    logs.sync()
    logs.finishDeletes()
    logs.sync()
    logs.run()
    expect(logs.sync()).toMatchObject({ actions: [], requeueAfterMs: 10_000 })
    logs.now += 10_000
    expect(deletesOf(logs.sync())).toBe(1)
  })

  it('replaces pods that are not available at once', () => {
    logs.putSet()
    logs.putNodes(3)
    logs.settle()
    for (const pod of logs.pods) logs.setPod(pod.metadata.name, 'Running', false)
    logs.update()
    expect(deletesOf(logs.sync())).toBe(3)
  })

  it('OnDelete replaces only what others delete', () => {
    logs.putSet({ updateStrategy: { type: 'OnDelete' } })
    logs.putNodes(2)
    logs.settle()
    logs.update()
    expect(deletesOf(logs.sync())).toBe(0)
    logs.remove('pods', logs.podOn('n2').metadata.name)
    logs.settle()
    expect(logs.imagesByNode).toEqual({ n1: 'v1', n2: 'v2' })
    expect(logs.set.status).toMatchObject({ updatedNumberScheduled: 1, numberAvailable: 2 })
  })

  it('a rollback keeps the pods that are right again', () => {
    logs.putSet()
    logs.putNodes(2)
    logs.settle()
    const old = new Map(logs.standing.map((pod) => [targetNode(pod), pod.metadata.uid]))
    logs.update()
    logs.sync()
    logs.finishDeletes()
    logs.sync()
    const kept = logs.standing.find((pod) => pod.spec.containers[0]!.image === 'v1')!
    logs.update('v1')
    logs.settle()
    expect(logs.imagesByNode).toEqual({ n1: 'v1', n2: 'v1' })
    expect(logs.podOn(targetNode(kept)!).metadata.uid).toBe(old.get(targetNode(kept)))
    expect(logs.revisions.map(({ revision }) => revision)).toEqual([2, 3])
  })

  describe('with surge', () => {
    const strategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } }

    it('makes the new pod beside the old one, which goes when the new one is available', () => {
      logs.putSet({ updateStrategy: strategy })
      logs.putNodes(2)
      logs.settle()
      logs.update()
      expect(logs.sync().actions?.map(({ verb }) => verb)).toEqual(['create', 'create'])
      expect(logs.nodesOfPods).toEqual(['n1', 'n1', 'n2'])
      expect(logs.sync().actions).toEqual([])
      logs.run()
      expect(deletesOf(logs.sync())).toBe(1)
      logs.settle()
      expect(logs.imagesByNode).toEqual({ n1: 'v2', n2: 'v2' })
      expect(logs.pods).toHaveLength(2)
    })

    it('removes an old pod that is not ready once the new one is made', () => {
      logs.putSet({ updateStrategy: strategy })
      logs.putNodes(1)
      logs.settle()
      logs.setPod(logs.podOn('n1').metadata.name, 'Running', false)
      logs.update()
      logs.sync()
      logs.sync()
      expect(logs.standing).toHaveLength(1)
      expect(logs.imagesByNode).toEqual({ n1: 'v2' })
    })

    it('makes a pod at once where all are going', () => {
      logs.putSet({ updateStrategy: strategy })
      logs.putNodes(1)
      logs.settle()
      logs.change<Pod>('pods', logs.podOn('n1').metadata.name, ({ metadata }) => (metadata.deletionTimestamp = '2026-01-01T00:00:00Z'))
      logs.sync()
      expect(logs.standing).toHaveLength(1)
    })

    it('leaves a node that is wanted no longer only when the others are available', () => {
      logs.putSet({ updateStrategy: strategy })
      logs.putNodes(2)
      logs.settle()
      logs.changeNode('n1', ({ spec }) => (spec.taints = [taint('own', 'NoSchedule')]))
      logs.putNode('n3')
      logs.update()
      logs.sync()
      expect(logs.podOn('n1')).toBeDefined()
      logs.settle()
      expect(logs.imagesByNode).toEqual({ n2: 'v2', n3: 'v2' })
    })
  })
})

describe('history', () => {
  it('is cut to the limit, but never below what pods were made from', () => {
    logs.putSet({ revisionHistoryLimit: 0, updateStrategy: { type: 'OnDelete' } })
    logs.putNodes(1)
    logs.settle()
    for (const image of ['v2', 'v3']) {
      logs.update(image)
      logs.settle()
    }
    expect(logs.revisions.map(({ revision }) => revision)).toEqual([1, 3])
  })

  it('several revisions of one template become one', () => {
    logs.putSet()
    logs.putNodes(1)
    logs.settle()
    const [revision] = logs.list<ControllerRevision>('controllerrevisions.apps')
    const labels = { ...revision!.metadata.labels, 'controller-revision-hash': 'other' }
    logs.put('controllerrevisions.apps', {
      ...revision,
      metadata: { ...revision!.metadata, name: 'logs-other', uid: 'other', labels },
      revision: 7,
    })
    logs.settle()
    expect(logs.list('controllerrevisions.apps').map(({ metadata }) => metadata.name)).toEqual(['logs-other'])
    expect(logs.podOn('n1').metadata.labels).toMatchObject({ 'controller-revision-hash': 'other' })
  })

  it('a taken name is avoided', () => {
    logs.putSet()
    logs.putNodes(1)
    logs.sync()
    const { name } = logs.list('controllerrevisions.apps')[0]!.metadata
    logs = new DaemonWorld()
    logs.putSet()
    logs.putNodes(1)
    logs.put('controllerrevisions.apps', {
      metadata: { name, namespace: 'default', ownerReferences: [{ uid: 'x', controller: true }] },
      data: {},
      revision: 1,
    })
    expect(logs.sync().actions).toBeUndefined()
    expect(logs.set.status).toMatchObject({ collisionCount: 1 })
    logs.sync()
    expect(logs.pods).toHaveLength(1)
  })
})
