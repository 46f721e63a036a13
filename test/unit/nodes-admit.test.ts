import { describe, expect, it } from 'vitest'
import { timestamp } from '../../src/api/meta/time.ts'
import type { Node, Pod, PodSpec } from '../../src/api/types.gen.ts'
import { SimulatedRuntime } from '../../src/nodes/container-behaviour.ts'
import { awaitsAdmission, misplacementOf, rejectionOf } from '../../src/nodes/kubelet/admit.ts'
import { reconcilePod } from '../../src/nodes/kubelet/reconcile.ts'

const NOW = Date.parse('2026-01-01T00:00:00Z')

const node = (allocatable: Record<string, string> = {}, spec: Partial<Node['spec']> = {}): Node =>
  ({
    metadata: { name: 'n1', uid: 'n1', labels: { disk: 'ssd' } },
    spec,
    status: {
      allocatable: { cpu: '4', memory: '8Gi', 'ephemeral-storage': '10Gi', pods: '110', ...allocatable },
      addresses: [{ type: 'InternalIP', address: '10.0.0.2' }],
    },
  }) as unknown as Node

function pod(name: string, spec: Partial<PodSpec> = {}, status: Pod['status'] = {}, metadata: object = {}): Pod {
  return {
    metadata: { name, namespace: 'd', uid: `uid-${name}`, resourceVersion: '1', generation: 1, ...metadata },
    spec: { nodeName: 'n1', containers: [{ name: 'c', image: 'i' }], ...spec },
    status,
  } as unknown as Pod
}

const asking = (requests: Record<string, string>): Partial<PodSpec> => ({ containers: [{ name: 'c', resources: { requests } }] })
const onPort = (hostPort: number, hostIP?: string): Partial<PodSpec> => ({
  containers: [{ name: 'c', ports: [{ containerPort: 80, hostPort, protocol: 'TCP', ...(hostIP && { hostIP }) }] }],
})
const admitted = { phase: 'Running', startTime: timestamp(NOW) }
const ended = { phase: 'Succeeded', startTime: timestamp(NOW) }

describe('a pod that names its node', () => {
  // Upstream: pkg/kubelet/lifecycle/predicate_test.go TestGeneralPredicates.
  const shortOf = (name: string, requested: number, used: number, capacity: number) => ({
    reason: `OutOf${name}`,
    message: `Node didn't have enough resource: ${name}, requested: ${requested}, used: ${used}, capacity: ${capacity}`,
  })
  const failed = (reason: string, text: string) => ({ reason, message: `Predicate ${reason} failed: ${text}` })
  const NO_PORT = failed('NodePorts', "node(s) didn't have free ports for the requested pod ports")
  it.each<{ name: string; pod: Pod; node?: Node; others?: Pod[]; expect: unknown }>([
    { name: 'fits', pod: pod('p', asking({ cpu: '4' })), expect: undefined },
    { name: 'is too large', pod: pod('p', asking({ cpu: '5' })), expect: shortOf('cpu', 5000, 0, 4000) },
    {
      name: 'is too large beside the others',
      pod: pod('p', asking({ memory: '5Gi' })),
      others: [pod('x', asking({ memory: '4Gi' }), admitted)],
      expect: shortOf('memory', 5 * 2 ** 30, 4 * 2 ** 30, 8 * 2 ** 30),
    },
    {
      name: 'fits beside pods that have ended, or are not admitted themselves',
      pod: pod('p', asking({ cpu: '4' })),
      others: [pod('x', asking({ cpu: '4' }), ended), pod('y', asking({ cpu: '4' }))],
      expect: undefined,
    },
    {
      name: 'is one too many',
      pod: pod('p'),
      node: node({ pods: '1' }),
      others: [pod('x', {}, admitted)],
      expect: shortOf('pods', 1, 1, 1),
    },
    {
      name: 'asks for more devices',
      pod: pod('p', asking({ 'x.y/gpu': '2' })),
      node: node({ 'x.y/gpu': '1' }),
      expect: shortOf('x.y/gpu', 2, 0, 1),
    },
    { name: 'asks for devices nobody knows', pod: pod('p', asking({ 'x.y/gpu': '2' })), expect: undefined },
    {
      name: 'is for other nodes',
      pod: pod('p', { nodeSelector: { disk: 'hdd' } }),
      expect: failed('NodeAffinity', "node(s) didn't match Pod's node affinity/selector"),
    },
    {
      name: 'wants a port that is taken',
      pod: pod('p', onPort(80)),
      others: [pod('x', onPort(80, '127.0.0.1'), admitted)],
      expect: NO_PORT,
    },
    {
      name: 'wants a port on another address',
      pod: pod('p', onPort(80, '10.0.0.2')),
      others: [pod('x', onPort(80, '127.0.0.1'), admitted)],
      expect: undefined,
    },
    {
      name: 'does not tolerate what drives pods away',
      pod: pod('p'),
      node: node({}, { taints: [{ key: 'k', effect: 'NoExecute' }] }),
      expect: failed('TaintToleration', "node(s) had taints that the pod didn't tolerate"),
    },
    {
      name: 'may be where none are to be placed',
      pod: pod('p'),
      node: node({}, { taints: [{ key: 'k', effect: 'NoSchedule' }] }),
      expect: undefined,
    },
  ])('$name', ({ pod: given, node: on = node(), others = [], expect: expected }) => {
    expect(rejectionOf(given, on, [given, ...others])).toEqual(expected)
  })

  it.each([
    ['new', pod('p'), true],
    ['bound by the scheduler', pod('p', {}, { conditions: [{ type: 'PodScheduled', status: 'True' }] }), false],
    ['admitted', pod('p', {}, admitted), false],
    ['a static pod', pod('p', {}, {}, { annotations: { 'kubernetes.io/config.mirror': 'x' } }), false],
    ['going', pod('p', {}, {}, { deletionTimestamp: timestamp(NOW) }), false],
  ])('is judged when it is %s: %#', (_name, given, expected) => {
    expect(awaitsAdmission(given)).toBe(expected)
  })

  it('is told so a second after it was made: controllers make another at once', () => {
    const given = pod('p', asking({ cpu: '5' }), {}, { creationTimestamp: timestamp(NOW) })
    const observed = { pod: given, node: node({}, { podCIDR: '10.1.0.0/24' }), podIP: '10.1.0.1', others: [given] }
    const early = reconcilePod(observed, new SimulatedRuntime(), NOW + 400)
    expect(early).toMatchObject({ requeueAfterMs: 600, waitingOn: expect.stringContaining('its rejection by the node') })
    expect(early.status).toBeUndefined()
    expect((reconcilePod(observed, new SimulatedRuntime(), NOW + 1000).status as Pod).status?.phase).toBe('Failed')
  })

  it('fails for good, and says why', () => {
    const given = pod('p', asking({ cpu: '5' }))
    const plan = reconcilePod(
      { pod: given, node: node({}, { podCIDR: '10.1.0.0/24' }), podIP: '10.1.0.1', others: [given] },
      new SimulatedRuntime(),
      NOW,
    )
    const message = "Node didn't have enough resource: cpu, requested: 5000, used: 0, capacity: 4000"
    expect(plan.events).toMatchObject([{ type: 'Warning', reason: 'OutOfcpu', message, source: { component: 'kubelet', host: 'n1' } }])
    expect((plan.status as Pod).status).toEqual({
      message: `Pod was rejected: ${message}`,
      observedGeneration: 1,
      phase: 'Failed',
      qosClass: 'Burstable',
      reason: 'OutOfcpu',
      startTime: timestamp(NOW),
    })
  })
})

describe('a pod for another machine', () => {
  const windows = (): Node => {
    const linux = node()
    return { ...linux, status: { ...linux.status, nodeInfo: { operatingSystem: 'windows' } as never } }
  }
  const strict: Partial<PodSpec> = { securityContext: { supplementalGroupsPolicy: 'Strict' } }
  it.each<[string, Pod, Node, string | undefined]>([
    ['of no other', pod('p'), node(), undefined],
    ['of the same system', pod('p', { os: { name: 'linux' } }), node(), undefined],
    ['of another system', pod('p', { os: { name: 'windows' } }), node(), 'PodOSNotSupported'],
    ['of the same system, which is another', pod('p', { os: { name: 'windows' } }), windows(), undefined],
    ['labelled so', pod('p', {}, {}, { labels: { 'kubernetes.io/os': 'windows' } }), node(), 'PodOSSelectorNodeLabelDoesNotMatch'],
    ['labelled with its own', pod('p', {}, {}, { labels: { 'kubernetes.io/os': 'linux' } }), node(), undefined],
    ['strict about groups', pod('p', strict), node(), 'SupplementalGroupsPolicyNotSupported'],
    [
      'strict about groups where that is known',
      pod('p', strict),
      { ...node(), status: { ...node().status, features: { supplementalGroupsPolicy: true } } },
      undefined,
    ],
    ['that runs already', pod('p', { os: { name: 'windows' } }, admitted), node(), undefined],
  ])('%s', (_, given, on, reason) => expect(misplacementOf(given, on)?.reason).toBe(reason))

  it('is rejected also when a scheduler put it there', () => {
    const scheduled = { conditions: [{ type: 'PodScheduled', status: 'True' }] }
    const given = pod('p', { os: { name: 'windows' } }, scheduled, { creationTimestamp: timestamp(NOW - 5000) })
    const plan = reconcilePod(
      { pod: given, node: { ...node(), spec: { podCIDR: '10.244.0.0/24' } }, podIP: '10.244.0.2' },
      new SimulatedRuntime(),
      NOW,
    )
    expect(plan.status).toMatchObject({ status: { phase: 'Failed', reason: 'PodOSNotSupported' } })
    expect(plan.events).toMatchObject([{ type: 'Warning', reason: 'PodOSNotSupported' }])
  })
})
