import { afterEach, expect, test } from 'vitest'
import type { IPAddress, Service, ServiceCIDR } from '../../src/api/types.gen.ts'
import { Scenario } from '../support/scenario.ts'

const ADDRESSES = 'ipaddresses.networking.k8s.io'
const CIDRS = 'servicecidrs.networking.k8s.io'

let scenario: Scenario
afterEach(() => scenario.close())

const service = (name: string, spec: object = {}) => ({ kind: 'Service', metadata: { name }, spec: { ports: [{ port: 80 }], ...spec } })
const addresses = async () => {
  const { items } = await scenario.client.list<IPAddress>(ADDRESSES)
  return Object.fromEntries(items.map(({ metadata, spec }) => [metadata.name, `${spec.parentRef?.namespace}/${spec.parentRef?.name}`]))
}
const cidr = async (name: string) => (await scenario.client.list<ServiceCIDR>(CIDRS)).items.find(({ metadata }) => metadata.name === name)

test('each cluster IP is an IPAddress for as long as its Service has it', async () => {
  scenario = await Scenario.start({ nodes: 0, serviceRanges: ['10.96.0.0/12', 'fd00:10:96::/112'] })
  await scenario.apply(service('web', { ipFamilyPolicy: 'PreferDualStack' }))
  const { clusterIPs = [] } = (await scenario.client.get<Service>({ resource: 'services', namespace: 'default', name: 'web' })).spec
  expect(clusterIPs).toHaveLength(2)
  const all = { '10.96.0.1': 'default/kubernetes', [clusterIPs[0]!]: 'default/web', [clusterIPs[1]!]: 'default/web' }
  expect(await addresses()).toEqual(all)
  await scenario.delete(ADDRESSES, clusterIPs[1]!)
  expect(await addresses()).toEqual(all)
  await scenario.patch('services', 'web', { spec: { ipFamilyPolicy: 'SingleStack' } })
  expect(await addresses()).toEqual({ '10.96.0.1': 'default/kubernetes', [clusterIPs[0]!]: 'default/web' })
  await scenario.delete('services', 'web')
  await scenario.apply(service('other', { clusterIP: clusterIPs[0] }))
  expect(await addresses()).toEqual({ '10.96.0.1': 'default/kubernetes', [clusterIPs[0]!]: 'default/other' })
})

test('a ServiceCIDR is ready, and stays while addresses are of it', async () => {
  scenario = await Scenario.start({ nodes: 0 })
  expect(await cidr('kubernetes')).toMatchObject({
    metadata: { finalizers: ['networking.k8s.io/service-cidr-finalizer'] },
    spec: { cidrs: ['10.96.0.0/12'] },
    status: { conditions: [{ type: 'Ready', status: 'True', message: 'Kubernetes Service CIDR is ready' }] },
  })
  await scenario.client.create(CIDRS, { metadata: { name: 'more' }, spec: { cidrs: ['10.200.0.0/24'] } } as never)
  await scenario.apply(service('far', { clusterIP: '10.200.0.5' }))
  await scenario.delete(CIDRS, 'more')
  await scenario.seconds(60)
  expect((await cidr('more'))?.status?.conditions).toMatchObject([{ type: 'Ready', status: 'False', reason: 'Terminating' }])
  await scenario.delete('services', 'far')
  await scenario.seconds(10)
  expect(await cidr('more')).toBeUndefined()
  await expect(scenario.apply(service('far', { clusterIP: '10.200.0.5' }))).rejects.toThrow('does not match the current range')
})
