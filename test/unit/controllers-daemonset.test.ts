import { beforeEach, describe, expect, it } from 'vitest'
import type { ControllerRevision, DaemonSet, DaemonSetSpec, Node, Pod, PodSpec, Taint } from '../../src/api/types.gen.ts'
import { daemonSetController } from '../../src/controllers/daemonset/controller.ts'
import { targetNode } from '../../src/controllers/daemonset/daemon-pod.ts'
import { daemonTolerations } from '../../src/controllers/daemonset/node-fit.ts'
import { PlanWorld } from '../support/plan-world.ts'

const KEY = 'default/logs'
let world: PlanWorld
let controller: ReturnType<typeof daemonSetController>

beforeEach(() => {
  world = new PlanWorld()
  controller = daemonSetController()
})

const template = (image = 'v1', spec: Partial<PodSpec> = {}) => ({
  metadata: { labels: { app: 'logs' } },
  spec: { containers: [{ name: 'agent', image }], ...spec },
})

function putSet(spec: Partial<DaemonSetSpec> = {}): void {
  world.put('daemonsets.apps', {
    metadata: { name: 'logs', namespace: 'default', generation: 1, annotations: { 'deprecated.daemonset.template.generation': '1' } },
    spec: {
      selector: { matchLabels: { app: 'logs' } },
      revisionHistoryLimit: 10,
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } },
      template: template(),
      ...spec,
    },
  })
}

const putNode = (name: string, labels: Record<string, string> = {}, taints?: Taint[]) =>
  world.put<Node>('nodes', { metadata: { name, namespace: '', labels }, spec: { ...(taints && { taints }) } })
const putNodes = (count: number) => {
  for (let i = 1; i <= count; i++) putNode(`n${i}`)
}
const taint = (key: string, effect: string): Taint => ({ key, effect })

const reconcile = () => world.reconcile(controller, KEY)
const set = () => world.get<DaemonSet>('daemonsets.apps', 'logs')!
const pods = () => world.list<Pod>('pods')
const standing = () => pods().filter(({ metadata }) => metadata.deletionTimestamp === undefined)
const nodesOfPods = () =>
  pods()
    .map((pod) => targetNode(pod))
    .sort()
const podOn = (node: string) => standing().find((pod) => targetNode(pod) === node)!
const imagesByNode = () => Object.fromEntries(standing().map((pod) => [targetNode(pod), pod.spec.containers[0]!.image]))
const messages = () => world.events.map(({ reason, message }) => `${reason}: ${message}`)
const deletedNodes = (actions: ReturnType<typeof reconcile>['actions']) => actions?.filter(({ verb }) => verb === 'delete').length
const changeSpec = (change: (spec: DaemonSetSpec) => void) =>
  world.change<DaemonSet>('daemonsets.apps', 'logs', (object) => {
    change(object.spec)
    object.metadata.generation = (object.metadata.generation ?? 0) + 1
  })
const changeNode = (name: string, change: (node: Node) => void) => world.change<Node>('nodes', name, change, '')

/** The scheduler binds what is new, and it runs. */
function run(): void {
  for (const pod of pods()) {
    if (pod.status?.phase !== 'Pending') continue
    world.change<Pod>('pods', pod.metadata.name, ({ spec }) => (spec.nodeName = targetNode(pod)))
    world.setPod(pod.metadata.name, 'Running')
  }
}

function settle(): void {
  for (let round = 0; round < 100; round++) {
    const before = set().metadata.resourceVersion
    const plan = reconcile()
    const isGoing = standing().length < pods().length
    world.finishDeletes()
    run()
    if ((plan.actions?.length ?? 0) === 0 && !isGoing && set().metadata.resourceVersion === before) return
  }
  throw new Error('does not settle')
}

describe('placement', () => {
  it('puts one pod on each node', () => {
    putSet()
    putNodes(3)
    reconcile()
    expect(nodesOfPods()).toEqual(['n1', 'n2', 'n3'])
    expect(reconcile()).toMatchObject({ actions: [], waitingOn: 'pods to be available on 3 of 3 nodes' })
    expect(messages()[0]).toBe(`SuccessfulCreate: Created pod: ${pods()[0]!.metadata.name}`)
  })

  it('makes pods that only their node will do for', () => {
    const preferred = [{ weight: 1, preference: { matchExpressions: [{ key: 'a', operator: 'Exists' }] } }]
    const nodeSelectorTerms = [{ matchExpressions: [{ key: 'a', operator: 'Exists' }] }]
    const nodeAffinity = {
      preferredDuringSchedulingIgnoredDuringExecution: preferred,
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms },
    }
    putSet({ template: template('v1', { affinity: { nodeAffinity } }) })
    putNode('n1', { a: '' })
    reconcile()
    const pod = pods()[0]!
    expect(pod.spec.affinity?.nodeAffinity).toEqual({
      preferredDuringSchedulingIgnoredDuringExecution: preferred,
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n1'] }] }],
      },
    })
    const [revision] = world.list<ControllerRevision>('controllerrevisions.apps')
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
    putSet({ template: template('v1', spec) })
    putNode('n1', labels, taints)
    reconcile()
    expect(pods()).toHaveLength(runs ? 1 : 0)
    for (const pod of pods()) world.remove('pods', pod.metadata.name)

    // A pod that is there already.
    const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'logs', uid: set().metadata.uid, controller: true }]
    world.put('pods', {
      metadata: { name: 'logs-x', namespace: 'default', labels: { app: 'logs' }, ownerReferences },
      spec: { nodeName: 'n1', containers: [] },
    })
    changeSpec((own) => (own.updateStrategy = { type: 'OnDelete' }))
    reconcile()
    expect(standing()).toHaveLength(stays ? 1 : 0)
    expect(set().status).toMatchObject({ desiredNumberScheduled: runs ? 1 : 0, numberMisscheduled: runs ? 0 : 1 })
  })

  it('replaces a toleration that lasts only for a time', () => {
    const timed = { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 5 }
    const tolerations = daemonTolerations({ containers: [], tolerations: [timed] })
    expect(tolerations[0]).toEqual({ key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute' })
    expect(tolerations).toHaveLength(6)
  })

  it('deletes an unbound pod for a node that is gone, and leaves bound ones to the collector', () => {
    putSet()
    putNodes(2)
    reconcile()
    world.change<Pod>('pods', podOn('n1').metadata.name, ({ spec }) => (spec.nodeName = 'n1'))
    world.remove('nodes', 'n1', '')
    world.remove('nodes', 'n2', '')
    reconcile()
    expect(nodesOfPods()).toEqual(['n1'])
  })

  it('keeps the oldest when a node has several', () => {
    putSet()
    putNodes(1)
    settle()
    const [first] = pods()
    world.put('pods', {
      ...first,
      metadata: { ...first!.metadata, name: 'logs-late', uid: 'late', creationTimestamp: '2026-02-01T00:00:00Z' },
    })
    reconcile()
    expect(standing().map(({ metadata }) => metadata.name)).toEqual([first!.metadata.name])
  })

  it('waits until the pod before is gone', () => {
    putSet()
    putNodes(1)
    settle()
    world.change<Pod>('pods', podOn('n1').metadata.name, ({ metadata }) => (metadata.deletionTimestamp = '2026-01-01T00:00:00Z'))
    expect(reconcile().actions).toEqual([])
    world.finishDeletes()
    reconcile()
    expect(nodesOfPods()).toEqual(['n1'])
  })

  it('makes no more than 250 pods in one go', () => {
    putSet()
    putNodes(300)
    reconcile()
    expect(pods()).toHaveLength(250)
    reconcile()
    expect(pods()).toHaveLength(300)
  })

  it('refuses to select everything', () => {
    putSet({ selector: {} })
    putNodes(1)
    expect(reconcile().actions).toBeUndefined()
    expect(messages()).toEqual(['SelectingAll: This daemon set is selecting all pods. A non-empty selector is required.'])
  })

  it('does nothing while it is being deleted', () => {
    putSet()
    putNodes(1)
    world.change<DaemonSet>('daemonsets.apps', 'logs', ({ metadata }) => (metadata.deletionTimestamp = '2026-01-01T00:00:00Z'))
    expect(reconcile().actions).toBeUndefined()
  })
})

describe('pods that ended', () => {
  it('Failed ones are deleted with a growing delay', () => {
    putSet()
    putNodes(1)
    settle()
    for (const delay of [0, 1000, 2000, 4000]) {
      const { name } = podOn('n1').metadata
      world.setPod(name, 'Failed')
      if (delay > 0) {
        expect(reconcile()).toMatchObject({
          actions: [],
          requeueAfterMs: delay,
          waitingOn: `the back-off of a failed pod, ${delay / 1000} s more`,
        })
        world.now += delay
      }
      expect(deletedNodes(reconcile().actions)).toBe(1)
      expect(messages().at(-1)).toBe(`FailedDaemonPod: Found failed daemon pod default/${name} on node n1, will try to kill it`)
      world.finishDeletes()
      reconcile()
      run()
    }
  })

  it('the delay is forgotten after half an hour, and with another template', () => {
    putSet()
    putNodes(1)
    settle()
    const fail = () => {
      world.setPod(podOn('n1').metadata.name, 'Failed')
      const plan = reconcile()
      world.now += plan.requeueAfterMs ?? 0
      settle()
      return plan.requeueAfterMs ?? 0
    }
    expect([fail(), fail()]).toEqual([0, 1000])
    changeSpec((spec) => (spec.minReadySeconds = 0))
    reconcile()
    expect(fail()).toBe(0)
    expect(fail()).toBe(1000)
    world.now += 31 * 60_000
    world.remove('pods', podOn('n1').metadata.name)
    settle()
    expect(fail()).toBe(0)
  })

  it('Succeeded ones are deleted at once', () => {
    putSet()
    putNodes(1)
    settle()
    const { name } = podOn('n1').metadata
    world.setPod(name, 'Succeeded')
    expect(deletedNodes(reconcile().actions)).toBe(1)
    expect(messages().at(-1)).toBe(`SucceededDaemonPod: Found succeeded daemon pod default/${name} on node n1, will try to delete it`)
  })
})

describe('rolling update', () => {
  const update = (image = 'v2') => changeSpec((spec) => (spec.template = template(image)))

  it.each([
    { maxUnavailable: 1, nodes: 4, first: 1 },
    { maxUnavailable: 3, nodes: 4, first: 3 },
    { maxUnavailable: '50%', nodes: 4, first: 2 },
    { maxUnavailable: '10%', nodes: 4, first: 1 },
    { maxUnavailable: 0, nodes: 4, first: 1 },
  ])('replaces $maxUnavailable of $nodes at once', ({ maxUnavailable, nodes, first }) => {
    putSet({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable, maxSurge: 0 } } })
    putNodes(nodes)
    settle()
    update()
    expect(deletedNodes(reconcile().actions)).toBe(first)
    expect(deletedNodes(reconcile().actions)).toBe(0)
    settle()
    expect(new Set(Object.values(imagesByNode()))).toEqual(new Set(['v2']))
    expect(standing()).toHaveLength(nodes)
  })

  it('waits for the new pods to be available', () => {
    putSet({ minReadySeconds: 10 })
    putNodes(2)
    settle()
    world.now += 10_000
    update()
    reconcile()
    world.finishDeletes()
    reconcile()
    run()
    expect(reconcile()).toMatchObject({ actions: [], requeueAfterMs: 10_000 })
    world.now += 10_000
    expect(deletedNodes(reconcile().actions)).toBe(1)
  })

  it('replaces pods that are not available at once', () => {
    putSet()
    putNodes(3)
    settle()
    for (const pod of pods()) world.setPod(pod.metadata.name, 'Running', false)
    update()
    expect(deletedNodes(reconcile().actions)).toBe(3)
  })

  it('OnDelete replaces only what others delete', () => {
    putSet({ updateStrategy: { type: 'OnDelete' } })
    putNodes(2)
    settle()
    update()
    expect(deletedNodes(reconcile().actions)).toBe(0)
    world.remove('pods', podOn('n2').metadata.name)
    settle()
    expect(imagesByNode()).toEqual({ n1: 'v1', n2: 'v2' })
    expect(set().status).toMatchObject({ updatedNumberScheduled: 1, numberAvailable: 2 })
  })

  it('a rollback keeps the pods that are right again', () => {
    putSet()
    putNodes(2)
    settle()
    const old = new Map(standing().map((pod) => [targetNode(pod), pod.metadata.uid]))
    update()
    reconcile()
    world.finishDeletes()
    reconcile()
    const kept = standing().find((pod) => pod.spec.containers[0]!.image === 'v1')!
    update('v1')
    settle()
    expect(imagesByNode()).toEqual({ n1: 'v1', n2: 'v1' })
    expect(podOn(targetNode(kept)!).metadata.uid).toBe(old.get(targetNode(kept)))
    expect(
      world
        .list<ControllerRevision>('controllerrevisions.apps')
        .map(({ revision }) => revision)
        .sort(),
    ).toEqual([2, 3])
  })

  describe('with surge', () => {
    const strategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } }

    it('makes the new pod beside the old one, which goes when the new one is available', () => {
      putSet({ updateStrategy: strategy })
      putNodes(2)
      settle()
      update()
      expect(reconcile().actions?.map(({ verb }) => verb)).toEqual(['create', 'create'])
      expect(nodesOfPods()).toEqual(['n1', 'n1', 'n2'])
      expect(reconcile().actions).toEqual([])
      run()
      expect(deletedNodes(reconcile().actions)).toBe(1)
      settle()
      expect(imagesByNode()).toEqual({ n1: 'v2', n2: 'v2' })
      expect(pods()).toHaveLength(2)
    })

    it('removes an old pod that is not ready once the new one is made', () => {
      putSet({ updateStrategy: strategy })
      putNodes(1)
      settle()
      world.setPod(podOn('n1').metadata.name, 'Running', false)
      update()
      reconcile()
      reconcile()
      expect(standing()).toHaveLength(1)
      expect(imagesByNode()).toEqual({ n1: 'v2' })
    })

    it('makes a pod at once where all are going', () => {
      putSet({ updateStrategy: strategy })
      putNodes(1)
      settle()
      world.change<Pod>('pods', podOn('n1').metadata.name, ({ metadata }) => (metadata.deletionTimestamp = '2026-01-01T00:00:00Z'))
      reconcile()
      expect(standing()).toHaveLength(1)
    })

    it('leaves a node that is wanted no longer only when the others are available', () => {
      putSet({ updateStrategy: strategy })
      putNodes(2)
      settle()
      changeNode('n1', ({ spec }) => (spec.taints = [taint('own', 'NoSchedule')]))
      putNode('n3')
      update()
      reconcile()
      expect(podOn('n1')).toBeDefined()
      settle()
      expect(imagesByNode()).toEqual({ n2: 'v2', n3: 'v2' })
    })
  })
})

describe('history', () => {
  it('is cut to the limit, but never below what pods were made from', () => {
    putSet({ revisionHistoryLimit: 0, updateStrategy: { type: 'OnDelete' } })
    putNodes(1)
    settle()
    for (const image of ['v2', 'v3']) {
      changeSpec((spec) => (spec.template = template(image)))
      settle()
    }
    expect(
      world
        .list<ControllerRevision>('controllerrevisions.apps')
        .map(({ revision }) => revision)
        .sort(),
    ).toEqual([1, 3])
  })

  it('several revisions of one template become one', () => {
    putSet()
    putNodes(1)
    settle()
    const [revision] = world.list<ControllerRevision>('controllerrevisions.apps')
    const labels = { ...revision!.metadata.labels, 'controller-revision-hash': 'other' }
    world.put('controllerrevisions.apps', {
      ...revision,
      metadata: { ...revision!.metadata, name: 'logs-other', uid: 'other', labels },
      revision: 7,
    })
    settle()
    expect(world.list('controllerrevisions.apps').map(({ metadata }) => metadata.name)).toEqual(['logs-other'])
    expect(podOn('n1').metadata.labels).toMatchObject({ 'controller-revision-hash': 'other' })
  })

  it('a taken name is avoided', () => {
    putSet()
    putNodes(1)
    reconcile()
    const { name } = world.list('controllerrevisions.apps')[0]!.metadata
    world = new PlanWorld()
    putSet()
    putNodes(1)
    world.put('controllerrevisions.apps', {
      metadata: { name, namespace: 'default', ownerReferences: [{ uid: 'x', controller: true }] },
      data: {},
      revision: 1,
    })
    expect(reconcile().actions).toBeUndefined()
    expect(set().status).toMatchObject({ collisionCount: 1 })
    reconcile()
    expect(pods()).toHaveLength(1)
  })
})

it('adopts, and lets go', () => {
  putSet({ updateStrategy: { type: 'OnDelete' } })
  putNodes(1)
  world.put('pods', { metadata: { name: 'mine', namespace: 'default', labels: { app: 'logs' } }, spec: { nodeName: 'n1', containers: [] } })
  reconcile()
  expect(world.get<Pod>('pods', 'mine')!.metadata.ownerReferences).toMatchObject([{ kind: 'DaemonSet' }])
  expect(pods()).toHaveLength(1)
  world.change<Pod>('pods', 'mine', ({ metadata }) => (metadata.labels = {}))
  reconcile()
  expect(world.get<Pod>('pods', 'mine')!.metadata.ownerReferences).toBeUndefined()
  expect(pods()).toHaveLength(2)
})

it('has all fields of a status', () => {
  putSet()
  putNodes(3)
  settle()
  world.setPod(podOn('n1').metadata.name, 'Running', false)
  changeNode('n3', ({ spec }) => (spec.taints = [taint('own', 'NoSchedule')]))
  reconcile()
  expect(set().status).toEqual({
    observedGeneration: 1,
    desiredNumberScheduled: 2,
    currentNumberScheduled: 2,
    numberMisscheduled: 1,
    numberReady: 1,
    updatedNumberScheduled: 2,
    numberAvailable: 1,
    numberUnavailable: 1,
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
      world.put('daemonsets.apps', { metadata: { name, namespace: 'default' }, spec: { selector: {}, template: template('v1', spec) } })
    }
    expect(controller.watches.nodes!(current, old, world.reader)).toEqual(concerns)
  })
})

it('tells its status even when it can make no pods', () => {
  putSet()
  putNodes(2)
  const action = { verb: 'create', resource: 'pods', object: { metadata: { name: 'logs-x' } } } as const
  const lastFailure = { action, reason: 'Forbidden', message: 'exceeded quota' }
  const failed = () =>
    controller.reconcile(controller.observe(world.reader, KEY)!, { now: world.now, newName: (base) => `${base}x`, lastFailure })
  const told = failed()
  const status = { observedGeneration: 1, desiredNumberScheduled: 2, currentNumberScheduled: 0, numberUnavailable: 2 }
  expect(told).toMatchObject({ status: { status }, requeueAfterMs: 1, waitingOn: 'exceeded quota' })
  expect(told.actions).toBeUndefined()
  world.put('daemonsets.apps', told.status!)
  expect(failed().actions?.filter(({ verb }) => verb === 'create')).toHaveLength(3)
})
