import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findCondition } from '../../src/api/meta/conditions.ts'
import { type claimOf, device, deviceClass, request, selecting, slice } from '../support/device-objects.ts'
import { barePod, namesOf, Scenario } from '../support/scenario.ts'

const CLAIMS = 'resourceclaims.resource.k8s.io'
const SLICES = 'resourceslices.resource.k8s.io'
type Claim = ReturnType<typeof claimOf>

let cluster: Scenario
beforeEach(async () => {
  cluster = await Scenario.start({ nodes: 2 })
  await cluster.seconds(2)
})
afterEach(() => cluster.close())

const API = { apiVersion: 'resource.k8s.io/v1' }
const gpuClass = (spec: object = {}) => ({ ...API, kind: 'DeviceClass', ...bare(deviceClass('gpu', spec)) })
const gpus = (node: string, ...names: readonly string[]) => ({
  ...API,
  kind: 'ResourceSlice',
  ...bare(
    slice(
      node,
      names.map((name) => device(name)),
      { node, pool: node },
    ),
  ),
})
const claim = (name: string, more: object = {}) => ({
  ...API,
  kind: 'ResourceClaim',
  metadata: { name },
  spec: { devices: { requests: [request('gpu', more)] } },
})
const template = (name: string) => ({
  ...API,
  kind: 'ResourceClaimTemplate',
  metadata: { name },
  spec: { metadata: { labels: { made: 'so' }, annotations: { note: 'x' } }, spec: { devices: { requests: [request('gpu')] } } },
})
const bare = ({ metadata, spec }: { metadata: { name: string }; spec: unknown }) => ({ metadata: { name: metadata.name }, spec })
const using = (...names: readonly string[]) => ({ spec: { resourceClaims: names.map((name) => ({ name, resourceClaimName: name })) } })
const fromTemplate = (name: string) => ({
  spec: { restartPolicy: 'Never', resourceClaims: [{ name: 'dev', resourceClaimTemplateName: name }] },
})
const getClaim = (name: string) => cluster.get<Claim>(CLAIMS, name)
const whyUnscheduled = async (name: string) => findCondition((await cluster.pod(name)).status?.conditions, 'PodScheduled')

describe('a claim', () => {
  it('is allocated and reserved when its pod gets a node', async () => {
    await cluster.apply(gpuClass(), gpus('node-2', 'gpu-0', 'gpu-1'), claim('mine'), barePod('p', using('mine')))
    await cluster.seconds(3)
    const pod = await cluster.pod('p')
    expect(pod.spec.nodeName).toBe('node-2')
    expect(pod.status?.phase).toBe('Running')
    expect(pod.status?.nominatedNodeName).toBeUndefined()
    const { metadata, status } = await getClaim('mine')
    expect(metadata.finalizers).toEqual(['resource.kubernetes.io/delete-protection'])
    expect(status).toEqual({
      allocation: {
        allocationTimestamp: expect.any(String),
        devices: { results: [{ request: 'gpu', driver: 'gpu.example.com', pool: 'node-2', device: 'gpu-0' }] },
        nodeSelector: { nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['node-2'] }] }] },
      },
      reservedFor: [{ resource: 'pods', name: 'p', uid: pod.metadata.uid }],
    })
  })

  it('is shared by pods, all on the node where its device is', async () => {
    await cluster.apply(gpuClass(), gpus('node-1', 'gpu-0'), claim('ours'))
    await cluster.apply(...['p', 'q', 'r'].map((name) => barePod(name, using('ours'))))
    await cluster.seconds(2)
    expect((await cluster.pods()).map(({ spec }) => spec.nodeName)).toEqual(['node-1', 'node-1', 'node-1'])
    expect((await getClaim('ours')).status?.reservedFor?.map(({ name }) => name)).toEqual(['p', 'q', 'r'])
  })

  it('is given up when the last pod is done, and kept from going until then', async () => {
    await cluster.apply(gpuClass(), gpus('node-1', 'gpu-0'), claim('ours'), barePod('p', using('ours')), barePod('q', using('ours')))
    await cluster.seconds(2)
    await cluster.delete('pods', 'p', { gracePeriodSeconds: 0 })
    expect((await getClaim('ours')).status?.reservedFor?.map(({ name }) => name)).toEqual(['q'])
    await cluster.delete(CLAIMS, 'ours')
    expect((await getClaim('ours')).metadata.deletionTimestamp).toBeDefined()
    await cluster.delete('pods', 'q', { gracePeriodSeconds: 0 })
    expect(await cluster.find(CLAIMS, 'ours')).toBeUndefined()
  })

  it('is free for another node afterwards', async () => {
    await cluster.apply(gpuClass(), gpus('node-1', 'gpu-0'), claim('mine'), barePod('p', using('mine')))
    await cluster.seconds(2)
    await cluster.delete('pods', 'p', { gracePeriodSeconds: 0 })
    const { metadata, status } = await getClaim('mine')
    expect(metadata.finalizers ?? []).toEqual([])
    expect(status ?? {}).toEqual({})
    await cluster.delete(SLICES, 'node-1')
    await cluster.apply(gpus('node-2', 'gpu-0'), barePod('q', using('mine')))
    await cluster.seconds(2)
    expect((await cluster.pod('q')).spec.nodeName).toBe('node-2')
  })
})

describe('a pod waits', () => {
  it('in silence for a claim that there is not', async () => {
    await cluster.apply(gpuClass(), gpus('node-1', 'gpu-0'), barePod('p', using('later')))
    await cluster.seconds(5)
    expect(await whyUnscheduled('p')).toBeUndefined()
    expect(await cluster.events('p', 'FailedScheduling')).toEqual([])
    await cluster.apply(claim('later'))
    await cluster.seconds(2)
    expect((await cluster.pod('p')).spec.nodeName).toBe('node-1')
  })

  it('for a class', async () => {
    await cluster.apply(gpus('node-1', 'gpu-0'), claim('mine'), barePod('p', using('mine')))
    expect(await whyUnscheduled('p')).toMatchObject({
      reason: 'Unschedulable',
      message:
        '0/2 nodes are available: request gpu: device class gpu does not exist. no new claims to deallocate, preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.',
    })
    await cluster.apply(gpuClass())
    await cluster.seconds(1)
    expect((await cluster.pod('p')).spec.nodeName).toBe('node-1')
  })

  it('for a device', async () => {
    await cluster.apply(gpuClass(), gpus('node-1', 'gpu-0'), claim('a'), claim('b'), barePod('p', using('a')), barePod('q', using('b')))
    await cluster.seconds(2)
    expect(await whyUnscheduled('q')).toMatchObject({
      message:
        '0/2 nodes are available: 2 cannot allocate all claims. still not schedulable, preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.',
    })
    await cluster.delete('pods', 'p', { gracePeriodSeconds: 0 })
    await cluster.seconds(1)
    expect((await cluster.pod('q')).spec.nodeName).toBe('node-1')
  })

  it('for a slice', async () => {
    await cluster.apply(gpuClass(), claim('mine'), barePod('p', using('mine')))
    await cluster.apply(gpus('node-2', 'gpu-0'))
    await cluster.seconds(1)
    expect((await cluster.pod('p')).spec.nodeName).toBe('node-2')
  })

  it('and is tried again after an expression has failed', async () => {
    await cluster.apply(
      gpuClass(selecting('device.attributes["gpu.example.com"].none')),
      gpus('node-1', 'gpu-0'),
      claim('mine'),
      barePod('p', using('mine')),
    )
    expect(await whyUnscheduled('p')).toMatchObject({
      reason: 'SchedulerError',
      message: 'running "DynamicResources" filter plugin: class gpu: selector #0: CEL runtime error: no such key: none',
    })
    await cluster.patch('deviceclasses.resource.k8s.io', 'gpu', { spec: { selectors: null } })
    await cluster.seconds(2)
    expect((await cluster.pod('p')).spec.nodeName).toBe('node-1')
  })
})

describe('a device that has to be made ready', () => {
  const CONDITIONS = { bindingConditions: ['Attached'], bindingFailureConditions: ['Broken'] }
  const late = {
    ...API,
    kind: 'ResourceSlice',
    ...bare(slice('node-1', [device('gpu-0', CONDITIONS), device('gpu-1')], { node: 'node-1', pool: 'node-1' })),
  }
  const report = (type: string) => {
    const condition = { type, status: 'True', reason: 'Told', message: 'so it is', lastTransitionTime: '2026-01-01T00:00:00Z' }
    const devices = [{ driver: 'gpu.example.com', pool: 'node-1', device: 'gpu-0', conditions: [condition] }]
    return cluster.patch(CLAIMS, 'mine', { status: { devices } }, 'status')
  }

  it('holds its pod back until it is', async () => {
    await cluster.apply(gpuClass(), late, claim('mine'), barePod('p', using('mine')))
    await cluster.seconds(7)
    expect(await cluster.pod('p')).toMatchObject({
      spec: { resourceClaims: [{}] },
      status: { phase: 'Pending', nominatedNodeName: 'node-1' },
    })
    expect((await cluster.pod('p')).spec.nodeName).toBeUndefined()
    expect((await cluster.events('p', 'BindingConditionsPending')).map(({ type, action, message }) => [type, action, message])).toEqual([
      ['Normal', 'Scheduling', 'waiting for binding conditions for device on node node-1'],
    ])
    await report('Attached')
    await cluster.seconds(5)
    expect((await cluster.pod('p')).spec.nodeName).toBe('node-1')
  })

  it('is given back when it fails', async () => {
    await cluster.apply(gpuClass(), late, claim('mine'), barePod('p', using('mine')))
    await cluster.seconds(1)
    await report('Broken')
    await cluster.until('it is tried anew', async () => (await whyUnscheduled('p')) !== undefined, 10)
    expect(await whyUnscheduled('p')).toMatchObject({
      reason: 'SchedulerError',
      message: 'running PreBind plugin "DynamicResources": device binding failed: claim=mine, reason=Told, message="so it is"',
    })
    await cluster.until('it has none', async () => (await getClaim('mine')).status?.devices === undefined, 30)
    expect((await cluster.events('p', 'FailedScheduling')).map(({ message }) => message)).toContain(
      '0/2 nodes are available: 2 resourceclaim not available on the node. deallocation of ResourceClaim completed, preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.',
    )
  })
})

describe('a pod that was put on a node by hand', () => {
  it('has its allocated claim reserved', async () => {
    await cluster.apply(gpuClass(), gpus('node-1', 'gpu-0'), claim('mine'), barePod('p', using('mine')))
    await cluster.seconds(1)
    await cluster.apply(barePod('q', { spec: { ...using('mine').spec, nodeName: 'node-1' } }))
    await cluster.seconds(1)
    expect((await getClaim('mine')).status?.reservedFor?.map(({ name }) => name)).toEqual(['p', 'q'])
  })
})

describe('a template', () => {
  it('makes a claim for each pod, which goes when the pod is done', async () => {
    await cluster.apply(gpuClass(), gpus('node-1', 'gpu-0', 'gpu-1'), template('one'))
    await cluster.apply(barePod('p', { ...fromTemplate('one'), container: { command: ['sleep', '5'] } }), barePod('q', fromTemplate('one')))
    await cluster.seconds(3)
    const claims = await cluster.list<Claim>(CLAIMS)
    const pod = await cluster.pod('p')
    expect(pod.status?.resourceClaimStatuses).toEqual([{ name: 'dev', resourceClaimName: namesOf(claims)[0] }])
    expect(claims[0]?.metadata).toMatchObject({
      name: expect.stringMatching(/^p-dev-\w{5}$/),
      generateName: 'p-dev-',
      labels: { made: 'so' },
      annotations: { note: 'x', 'resource.kubernetes.io/pod-claim-name': 'dev' },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: pod.metadata.uid, controller: true }],
    })
    expect(claims.map(({ status }) => status?.allocation?.devices?.results?.map(({ device: got }) => got))).toEqual([['gpu-0'], ['gpu-1']])
    await cluster.seconds(5)
    expect((await cluster.pod('p')).status?.phase).toBe('Succeeded')
    expect((await cluster.list<Claim>(CLAIMS)).map(({ metadata }) => metadata.name.slice(0, 6))).toEqual(['q-dev-'])
  })

  it('that there is not is told of', async () => {
    await cluster.apply(gpuClass(), gpus('node-1', 'gpu-0'), barePod('p', fromTemplate('one')))
    expect(
      (await cluster.events('p', 'FailedResourceClaimCreation')).map(({ type, message, source }) => [type, message, source?.component]),
    ).toEqual([
      [
        'Warning',
        'PodResourceClaim dev: resource claim template "one": resourceclaimtemplate.resource.k8s.io "one" not found',
        'resource_claim',
      ],
    ])
    await cluster.apply(template('one'))
    await cluster.seconds(2)
    expect((await cluster.pod('p')).spec.nodeName).toBe('node-1')
  })

  it('makes a claim anew that is taken away before the pod has a node', async () => {
    await cluster.apply(gpuClass(), template('one'), barePod('p', fromTemplate('one')))
    const [first] = await cluster.list<Claim>(CLAIMS)
    await cluster.delete(CLAIMS, first!.metadata.name)
    const [second] = await cluster.list<Claim>(CLAIMS)
    expect(second!.metadata.uid).not.toBe(first!.metadata.uid)
    expect((await cluster.pod('p')).status?.resourceClaimStatuses).toEqual([{ name: 'dev', resourceClaimName: second!.metadata.name }])
    await cluster.apply(gpus('node-1', 'gpu-0'))
    await cluster.seconds(2)
    expect((await cluster.pod('p')).spec.nodeName).toBe('node-1')
  })
})
