/** Extended resources that devices stand behind. Upstream: test/e2e/dra, of extended resources. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findCondition } from '../../src/api/meta/conditions.ts'
import { extendedRequests } from '../../src/scheduler/devices/extended-requests.ts'
import { type claimOf, deviceClass, devices, slice } from '../support/device-objects.ts'
import { barePod, Scenario } from '../support/scenario.ts'
import { container, pod } from '../support/scheduler-world.ts'

const CLAIMS = 'resourceclaims.resource.k8s.io'
const GPU = 'example.com/gpu'
type Claim = ReturnType<typeof claimOf>

describe('what is asked of devices', () => {
  const gpus = (name: string, count: number, more: object = {}) => ({ ...container({ cpu: '1', [GPU]: String(count) }), name, ...more })
  const asked = (containers: readonly object[], initContainers: readonly object[] = []) => {
    const { requests, mappings } = extendedRequests(pod('p', { containers, initContainers } as never), new Map([[GPU, 'gpu']]))
    return {
      requests: requests.map(({ name, exactly }) => `${name}*${exactly?.count}`).join(' '),
      mappings: mappings.map(({ containerName, requestName }) => `${containerName}=${requestName}`).join(' '),
    }
  }
  it.each([
    ['by a container', [gpus('a', 2)], [], 'container-0-request-1*2', 'a=container-0-request-1'],
    [
      'by several',
      [gpus('a', 1), gpus('b', 3)],
      [],
      'container-0-request-1*1 container-1-request-1*3',
      'a=container-0-request-1 b=container-1-request-1',
    ],
    ['by none', [{ ...container({ cpu: '1' }), name: 'a' }], [], '', ''],
    [
      'by an init container, of those after it',
      [gpus('a', 2)],
      [gpus('i', 2)],
      'container-1-request-1*2',
      'a=container-1-request-1 i=container-1-request-1',
    ],
    [
      'by an init container that needs more',
      [gpus('a', 1)],
      [gpus('i', 3)],
      'container-0-request-1*2 container-1-request-1*1',
      'a=container-1-request-1 i=container-1-request-1 i=container-0-request-1',
    ],
    [
      'by the greediest of several',
      [gpus('a', 1)],
      [gpus('i', 2), gpus('j', 4)],
      'container-1-request-1*3 container-2-request-1*1',
      'a=container-2-request-1 i=container-2-request-1 i=container-1-request-1 j=container-2-request-1 j=container-1-request-1',
    ],
    [
      'by a sidecar',
      [gpus('a', 1)],
      [gpus('s', 1, { restartPolicy: 'Always' })],
      'container-0-request-1*1 container-1-request-1*1',
      's=container-0-request-1 a=container-1-request-1',
    ],
  ])('%s', (_, containers, initContainers, requests, mappings) => expect(asked(containers, initContainers)).toEqual({ requests, mappings }))
})

describe('a pod that asks for an extended resource', () => {
  let cluster: Scenario
  beforeEach(async () => {
    cluster = await Scenario.start({ nodes: 2 })
    await cluster.seconds(2)
  })
  afterEach(() => cluster.close())

  const API = { apiVersion: 'resource.k8s.io/v1' }
  const bare = ({ metadata, spec }: { metadata: { name: string }; spec: unknown }) => ({ metadata: { name: metadata.name }, spec })
  const gpuClass = { ...API, kind: 'DeviceClass', ...bare(deviceClass('gpu', { extendedResourceName: GPU })) }
  const gpus = { ...API, kind: 'ResourceSlice', ...bare(slice('s', devices('d', 'e'), { node: 'node-2' })) }
  const asking = (name: string, count = 1, command = 'sleep infinity') =>
    barePod(name, {
      spec: { restartPolicy: 'Never' },
      container: { command: command.split(' '), resources: { requests: { [GPU]: String(count) }, limits: { [GPU]: String(count) } } },
    })

  it('gets a claim, and devices where they are', async () => {
    await cluster.apply(gpuClass, gpus, asking('p', 2, 'sleep 5'))
    await cluster.seconds(3)
    const { spec, status, metadata } = await cluster.pod('p')
    expect([spec.nodeName, status?.phase]).toEqual(['node-2', 'Running'])
    const [claim] = await cluster.list<Claim>(CLAIMS)
    expect(claim?.metadata).toMatchObject({
      name: expect.stringMatching(/^p-extended-resources-\w{5}$/),
      generateName: 'p-extended-resources-',
      annotations: { 'resource.kubernetes.io/extended-resource-claim': 'true' },
      finalizers: ['resource.kubernetes.io/delete-protection'],
      ownerReferences: [{ kind: 'Pod', name: 'p', uid: metadata.uid, controller: true }],
    })
    expect(claim?.status?.allocation?.devices?.results?.map(({ device }) => device)).toEqual(['d', 'e'])
    expect(claim?.status?.reservedFor).toEqual([{ resource: 'pods', name: 'p', uid: metadata.uid }])
    expect(status?.extendedResourceClaimStatus).toEqual({
      resourceClaimName: claim?.metadata.name,
      requestMappings: [{ containerName: 'main', requestName: 'container-0-request-0', resourceName: GPU }],
    })
    await cluster.seconds(5)
    expect(await cluster.list(CLAIMS)).toEqual([])
  })

  it('waits for devices', async () => {
    await cluster.apply(gpuClass, gpus, asking('p'), asking('q', 2))
    await cluster.seconds(1)
    expect(findCondition((await cluster.pod('q')).status?.conditions, 'PodScheduled')?.message).toBe(
      '0/2 nodes are available: 2 cannot allocate all claims. still not schedulable, preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.',
    )
    await cluster.delete('pods', 'p', { gracePeriodSeconds: 0 })
    await cluster.seconds(1)
    expect((await cluster.pod('q')).spec.nodeName).toBe('node-2')
  })

  it('waits for a class that stands for it', async () => {
    await cluster.apply(gpus, asking('p'))
    expect(findCondition((await cluster.pod('p')).status?.conditions, 'PodScheduled')?.message).toContain('2 Insufficient example.com/gpu.')
    await cluster.apply(gpuClass)
    await cluster.seconds(1)
    expect((await cluster.pod('p')).spec.nodeName).toBe('node-2')
  })

  it('has it of a node that has some of its own', async () => {
    const capacity = { cpu: '4', memory: '8Gi', pods: '10', [GPU]: '1' }
    await cluster.cluster.simulation.join({ name: 'own', capacity })
    await cluster.seconds(2)
    await cluster.apply(gpuClass, asking('p'))
    await cluster.seconds(1)
    expect((await cluster.pod('p')).spec.nodeName).toBe('own')
    expect(await cluster.list(CLAIMS)).toEqual([])
  })
})
