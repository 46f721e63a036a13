import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Ingress, Service } from '../../src/api/types.gen.ts'
import { Scenario } from '../support/scenario.ts'

let scenario: Scenario
beforeEach(async () => {
  scenario = await Scenario.start({ nodes: 2 })
})
afterEach(() => scenario.close())

const INGRESSES = 'ingresses.networking.k8s.io'
const FINALIZER = 'service.kubernetes.io/load-balancer-cleanup'
const balanced = (name: string, spec: object = {}) => ({
  kind: 'Service',
  metadata: { name },
  spec: { type: 'LoadBalancer', ports: [{ port: 80 }], ...spec },
})
const get = (name: string) => scenario.client.get<Service>({ resource: 'services', namespace: 'default', name })
const address = async (name: string) => (await get(name)).status?.loadBalancer?.ingress?.[0]?.ip
const reasons = async (name: string) => (await scenario.events(name)).map(({ reason }) => reason)

test('a load balancer has an address of its own for as long as it is one', async () => {
  await scenario.apply(balanced('a'), balanced('b'))
  expect((await get('a')).metadata.finalizers).toEqual([FINALIZER])
  expect([await address('a'), await address('b')]).toEqual(['198.18.0.1', '198.18.0.2'])
  expect(await reasons('a')).toEqual(['EnsuringLoadBalancer', 'EnsuredLoadBalancer'])
  await scenario.patch('services', 'a', { spec: { type: 'ClusterIP' } })
  expect((await get('a')).metadata.finalizers ?? []).toEqual([])
  expect((await get('a')).status?.loadBalancer).toEqual({})
  expect(await reasons('a')).toEqual(['EnsuringLoadBalancer', 'EnsuredLoadBalancer', 'DeletingLoadBalancer', 'DeletedLoadBalancer'])
  await scenario.apply(balanced('c'))
  expect(await address('c')).toBe('198.18.0.1')
  await scenario.delete('services', 'c')
  expect(await scenario.find('services', 'c')).toBeUndefined()
  expect(await reasons('c')).toEqual(['EnsuringLoadBalancer', 'EnsuredLoadBalancer', 'DeletingLoadBalancer', 'DeletedLoadBalancer'])
})

test('one that asks for an address waits until it is free; one of a class is left alone', async () => {
  await scenario.apply(balanced('a', { loadBalancerIP: '203.0.113.9' }), balanced('b', { loadBalancerIP: '203.0.113.9' }))
  expect([await address('a'), await address('b')]).toEqual(['203.0.113.9', undefined])
  expect(await reasons('b')).toEqual(['EnsuringLoadBalancer', 'SyncLoadBalancerFailed'])
  await scenario.delete('services', 'a')
  await scenario.until('its turn', async () => (await address('b')) === '203.0.113.9', 60)
  await scenario.apply(balanced('c', { loadBalancerClass: 'example.com/mine' }))
  expect([await address('c'), await reasons('c')]).toEqual([undefined, []])
})

test('a node that comes is told of once; one that beats is not', async () => {
  await scenario.apply(balanced('a'))
  await scenario.seconds(120)
  expect(await reasons('a')).toEqual(['EnsuringLoadBalancer', 'EnsuredLoadBalancer'])
  await scenario.cluster.simulation.join({ name: 'late' })
  await scenario.cluster.settle()
  expect(await reasons('a')).toEqual(['EnsuringLoadBalancer', 'EnsuredLoadBalancer', 'UpdatedLoadBalancer'])
})

test('Ingresses of the class of the simulated cloud share an address that no Service has', async () => {
  const { client, cluster } = scenario
  const ingress = (name: string, ingressClassName: string) =>
    client.create(INGRESSES, {
      metadata: { name, namespace: 'default' },
      spec: { ingressClassName, defaultBackend: { service: { name: 'x', port: { number: 1 } } } },
    } as never)
  await ingress('early', 'ours')
  await client.create('ingressclasses.networking.k8s.io', {
    metadata: { name: 'ours' },
    spec: { controller: 'coracle.dev/ingress' },
  } as never)
  await client.create('ingressclasses.networking.k8s.io', {
    metadata: { name: 'theirs' },
    spec: { controller: 'example.com/nginx' },
  } as never)
  await ingress('late', 'ours')
  await ingress('other', 'theirs')
  await cluster.settle()
  await scenario.apply(balanced('a'))
  const shown = async (name: string) =>
    (await client.get<Ingress>({ resource: INGRESSES, namespace: 'default', name })).status?.loadBalancer?.ingress?.map(({ ip }) => ip)
  expect([await shown('early'), await shown('late'), await shown('other'), await address('a')]).toEqual([
    ['198.18.0.1'],
    ['198.18.0.1'],
    undefined,
    '198.18.0.2',
  ])
})
