import { beforeEach, describe, expect, it } from 'vitest'
import type { ControllerRevision, DaemonSet, Node, Pod, PodSpec, Taint } from '../../src/api/types.gen.ts'
import { daemonTolerations } from '../../src/controllers/daemonset/node-fit.ts'
import { DaemonWorld, taint, template } from '../support/daemon-world.ts'

let logs: DaemonWorld

beforeEach(() => {
  logs = new DaemonWorld()
})

describe('placement', () => {
  it('puts one pod on each node', () => {
    logs.putSet()
    logs.putNodes(3)
    logs.sync()
    expect(logs.nodesOfPods).toEqual(['n1', 'n2', 'n3'])
    expect(logs.sync()).toMatchObject({ actions: [], waitingOn: 'pods to be available on 3 of 3 nodes' })
    expect(logs.messages[0]).toBe(`SuccessfulCreate: Created pod: ${logs.pods[0]!.metadata.name}`)
  })

  it('makes pods that only their node will do for', () => {
    const preferred = [{ weight: 1, preference: { matchExpressions: [{ key: 'a', operator: 'Exists' }] } }]
    const nodeSelectorTerms = [{ matchExpressions: [{ key: 'a', operator: 'Exists' }] }]
    const nodeAffinity = {
      preferredDuringSchedulingIgnoredDuringExecution: preferred,
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms },
    }
    logs.putSet({ template: template('v1', { affinity: { nodeAffinity } }) })
    logs.putNode('n1', { a: '' })
    logs.sync()
    const pod = logs.pods[0]!
    expect(pod.spec.affinity?.nodeAffinity).toEqual({
      preferredDuringSchedulingIgnoredDuringExecution: preferred,
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n1'] }] }],
      },
    })
    const [revision] = logs.list<ControllerRevision>('controllerrevisions.apps')
    const hash = revision!.metadata.labels!['controller-revision-hash']
    expect(revision!.metadata.name).toBe(`logs-${hash}`)
    expect(pod.metadata).toMatchObject({
      generateName: 'logs-',
      labels: { app: 'logs', 'controller-revision-hash': hash, 'pod-template-generation': '1' },
      ownerReferences: [{ kind: 'DaemonSet', name: 'logs', controller: true, blockOwnerDeletion: true }],
    })
  })

  const selector = { nodeSelector: { disk: 'ssd' } }
  const tolerating = (effect: string) => ({ tolerations: [{ key: 'own', operator: 'Exists', effect }] })
  it.each<{ name: string; spec?: Partial<PodSpec>; labels?: Record<string, string>; taints?: Taint[]; runs: boolean; stays: boolean }>([
    { name: 'a plain node', runs: true, stays: true },
    { name: 'the selected label is missing', spec: selector, runs: false, stays: false },
    { name: 'the selected label is there', spec: selector, labels: { disk: 'ssd' }, runs: true, stays: true },
    { name: 'the template names another node', spec: { nodeName: 'other' }, runs: false, stays: false },
    { name: 'the template names this node', spec: { nodeName: 'n1' }, runs: true, stays: true },
    { name: 'NoSchedule keeps out but not away', taints: [taint('own', 'NoSchedule')], runs: false, stays: true },
    { name: 'NoExecute keeps out and away', taints: [taint('own', 'NoExecute')], runs: false, stays: false },
    { name: 'PreferNoSchedule does nothing', taints: [taint('own', 'PreferNoSchedule')], runs: true, stays: true },
    { name: 'a tolerated NoSchedule', taints: [taint('own', 'NoSchedule')], spec: tolerating('NoSchedule'), runs: true, stays: true },
    {
      name: 'a NoExecute tolerated as NoSchedule',
      taints: [taint('own', 'NoExecute')],
      spec: tolerating('NoSchedule'),
      runs: false,
      stays: false,
    },
    { name: 'not ready', taints: [taint('node.kubernetes.io/not-ready', 'NoExecute')], runs: true, stays: true },
    { name: 'unreachable', taints: [taint('node.kubernetes.io/unreachable', 'NoExecute')], runs: true, stays: true },
    { name: 'disk pressure', taints: [taint('node.kubernetes.io/disk-pressure', 'NoSchedule')], runs: true, stays: true },
    { name: 'memory pressure', taints: [taint('node.kubernetes.io/memory-pressure', 'NoSchedule')], runs: true, stays: true },
    { name: 'pid pressure', taints: [taint('node.kubernetes.io/pid-pressure', 'NoSchedule')], runs: true, stays: true },
    { name: 'cordoned', taints: [taint('node.kubernetes.io/unschedulable', 'NoSchedule')], runs: true, stays: true },
    { name: 'not ready yet', taints: [taint('node.kubernetes.io/not-ready', 'NoSchedule')], runs: false, stays: true },
    { name: 'no network', taints: [taint('node.kubernetes.io/network-unavailable', 'NoSchedule')], runs: false, stays: true },
    {
      name: 'no network, on the network of the host',
      taints: [taint('node.kubernetes.io/network-unavailable', 'NoSchedule')],
      spec: { hostNetwork: true },
      runs: true,
      stays: true,
    },
  ])('$name', ({ spec, labels, taints, runs, stays }) => {
    logs.putSet({ template: template('v1', spec) })
    logs.putNode('n1', labels, taints)
    logs.sync()
    expect(logs.pods).toHaveLength(runs ? 1 : 0)
    for (const pod of logs.pods) logs.remove('pods', pod.metadata.name)

    // A pod that is there already.
    const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'logs', uid: logs.set.metadata.uid, controller: true }]
    logs.put('pods', {
      metadata: { name: 'logs-x', namespace: 'default', labels: { app: 'logs' }, ownerReferences },
      spec: { nodeName: 'n1', containers: [] },
    })
    logs.changeSpec((own) => (own.updateStrategy = { type: 'OnDelete' }))
    logs.sync()
    expect(logs.standing).toHaveLength(stays ? 1 : 0)
    expect(logs.set.status).toMatchObject({ desiredNumberScheduled: runs ? 1 : 0, numberMisscheduled: runs ? 0 : 1 })
  })

  it('replaces a toleration that lasts only for a time', () => {
    const timed = { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 5 }
    const tolerations = daemonTolerations({ containers: [], tolerations: [timed] })
    expect(tolerations[0]).toEqual({ key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute' })
    expect(tolerations).toHaveLength(6)
  })

  it('deletes an unbound pod for a node that is gone, and leaves bound ones to the collector', () => {
    logs.putSet()
    logs.putNodes(2)
    logs.sync()
    logs.change<Pod>('pods', logs.podOn('n1').metadata.name, ({ spec }) => (spec.nodeName = 'n1'))
    logs.remove('nodes', 'n1', '')
    logs.remove('nodes', 'n2', '')
    logs.sync()
    expect(logs.nodesOfPods).toEqual(['n1'])
  })

  it('keeps the oldest when a node has several', () => {
    logs.putSet()
    logs.putNodes(1)
    logs.settle()
    const [first] = logs.pods
    logs.put('pods', {
      ...first,
      metadata: { ...first!.metadata, name: 'logs-late', uid: 'late', creationTimestamp: '2026-02-01T00:00:00Z' },
    })
    logs.sync()
    expect(logs.standing.map(({ metadata }) => metadata.name)).toEqual([first!.metadata.name])
  })

  it('waits until the pod before is gone', () => {
    logs.putSet()
    logs.putNodes(1)
    logs.settle()
    logs.change<Pod>('pods', logs.podOn('n1').metadata.name, ({ metadata }) => (metadata.deletionTimestamp = '2026-01-01T00:00:00Z'))
    expect(logs.sync().actions).toEqual([])
    logs.finishDeletes()
    logs.sync()
    expect(logs.nodesOfPods).toEqual(['n1'])
  })

  it('makes no more than 250 pods in one go', () => {
    logs.putSet()
    logs.putNodes(300)
    logs.sync()
    expect(logs.pods).toHaveLength(250)
    logs.sync()
    expect(logs.pods).toHaveLength(300)
  })

  it('refuses to select everything', () => {
    logs.putSet({ selector: {} })
    logs.putNodes(1)
    expect(logs.sync().actions).toBeUndefined()
    expect(logs.messages).toEqual(['SelectingAll: This daemon set is selecting all pods. A non-empty selector is required.'])
  })

  it('does nothing while it is being deleted', () => {
    logs.putSet()
    logs.putNodes(1)
    logs.change<DaemonSet>('daemonsets.apps', 'logs', ({ metadata }) => (metadata.deletionTimestamp = '2026-01-01T00:00:00Z'))
    expect(logs.sync().actions).toBeUndefined()
  })
})

describe('a change of a node', () => {
  const node = (labels: Record<string, string>, more: object = {}) =>
    ({ metadata: { name: 'n1', labels }, spec: {}, ...more }) as unknown as Node
  it.each<{ name: string; old?: Node; current?: Node; concerns: string[] }>([
    { name: 'it comes', current: node({ disk: 'ssd' }), concerns: ['default/everywhere', 'default/ssd'] },
    { name: 'it comes, and does not suit all', current: node({}), concerns: ['default/everywhere'] },
    { name: 'it goes', old: node({ disk: 'ssd' }), concerns: ['default/everywhere', 'default/ssd'] },
    { name: 'it gets a label', old: node({}), current: node({ disk: 'ssd' }), concerns: ['default/ssd'] },
    { name: 'it gets a label nobody asks for', old: node({}), current: node({ x: 'y' }), concerns: [] },
    { name: 'it reports', old: node({}), current: node({}, { status: { conditions: [] } }), concerns: [] },
    {
      name: 'it is tainted',
      old: node({}),
      current: node({}, { spec: { taints: [taint('own', 'NoSchedule')] } }),
      concerns: ['default/everywhere'],
    },
  ])('$name', ({ old, current, concerns }) => {
    for (const [name, spec] of Object.entries({ everywhere: {}, ssd: { nodeSelector: { disk: 'ssd' } } })) {
      logs.put('daemonsets.apps', { metadata: { name, namespace: 'default' }, spec: { selector: {}, template: template('v1', spec) } })
    }
    expect(logs.controller.watches.nodes!(current, old, logs.reader)).toEqual(concerns)
  })
})
