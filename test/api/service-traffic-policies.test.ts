/** Which Services may say how traffic from inside and outside is shared, and which get a port for health checks by it. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Cluster, createCluster } from '../../src/index.ts'
import { Api, type Json } from '../support/api.ts'

const SERVICES = '/api/v1/namespaces/default/services'
let cluster: Cluster
let api: Api
beforeEach(async () => {
  cluster = await createCluster({ nodes: 0, clock: 'virtual', controllers: [] })
  api = new Api(cluster)
})
afterEach(() => cluster.close())

function service(type: string, policy: string, healthCheckNodePort: string): Json {
  const port = { none: undefined, specified: 30000, different: 30001, negative: -1 }[healthCheckNodePort]
  const spec = {
    type,
    ...(type === 'ExternalName' ? { externalName: 'a.b' } : { ports: [{ port: 80 }] }),
    ...(policy !== 'none' && { externalTrafficPolicy: policy }),
    ...(port !== undefined && { healthCheckNodePort: port }),
  }
  return { metadata: { name: 'foo' }, spec }
}

/** Type, policy and port for health checks of a new Service, and what it has then; after a > the same for an update. x: refused. */
const ROWS = `
ExternalName none specified: x
ExternalName Cluster none: x
ExternalName Cluster specified: x
ExternalName Local none: x
ExternalName Local specified: x
ClusterIP none none: none, none > ClusterIP Cluster none: x
ClusterIP none specified: x
ClusterIP Cluster none: x
ClusterIP Cluster specified: x
ClusterIP Local none: x
ClusterIP Local specified: x
NodePort none none: Cluster, none
NodePort none specified: x
NodePort Cluster none: Cluster, none > NodePort Local none: Local, none
NodePort Cluster specified: x
NodePort Local none: Local, none > NodePort Cluster none: Cluster, none
NodePort Local specified: x
LoadBalancer none none: Cluster, none
LoadBalancer none specified: x
LoadBalancer Cluster none: Cluster, none > LoadBalancer Local none: Local, any
LoadBalancer Cluster none: Cluster, none > LoadBalancer Local specified: Local, 30000
LoadBalancer Cluster specified: x
LoadBalancer Local none: Local, any > LoadBalancer Cluster none: Cluster, none
LoadBalancer Local specified: Local, 30000 > LoadBalancer Cluster none: Cluster, none
LoadBalancer Local specified: Local, 30000 > LoadBalancer Local different: x
LoadBalancer Local none: Local, any > LoadBalancer Invalid none: x
LoadBalancer Local negative: fails
LoadBalancer Local specified: Local, 30000 > NodePort Local none: Local, none
LoadBalancer Local specified: Local, 30000 > ClusterIP none none: none, none
NodePort Local none: Local, none > ExternalName none none: none, none
`

function expectOutcome({ status, body }: { status: number; body: Json }, expected: string): void {
  // It is taken before it is looked at.
  if (expected === 'fails') return expect(status).toBe(500)
  if (expected === 'x') return expect(status).toBe(422)
  expect(status, body.message).toBeLessThan(300)
  const [policy, port] = expected.split(', ')
  expect(body.spec.externalTrafficPolicy ?? 'none').toBe(policy)
  expect(body.spec.healthCheckNodePort).toEqual(port === 'none' ? undefined : port === 'any' ? expect.any(Number) : Number(port))
}

describe('traffic from outside', () => {
  it.each(ROWS.trim().split('\n'))('%s', async (row) => {
    const [create, update] = row.split(' > ').map((part) => part.split(': '))
    const given = (part: string[]) => service(...(part[0]!.split(' ') as [string, string, string]))
    expectOutcome(await api.post(SERVICES, given(create!)), create![1]!)
    if (update !== undefined) expectOutcome(await api.put(`${SERVICES}/foo`, given(update)), update[1]!)
  })
})

describe('traffic from inside', () => {
  it.each<[string, Json, Json, string | undefined]>([
    ['is for the whole cluster', {}, {}, 'Cluster'],
    ['may be for the node', { internalTrafficPolicy: 'Local' }, {}, 'Local'],
    ['may change to that', {}, { internalTrafficPolicy: 'Local' }, 'Local'],
    ['and back', { internalTrafficPolicy: 'Local' }, { internalTrafficPolicy: 'Cluster' }, 'Cluster'],
    ['of node ports too', { type: 'NodePort', internalTrafficPolicy: 'Local' }, {}, 'Local'],
    ['is nothing to names of elsewhere', { type: 'ExternalName', externalName: 'a.b' }, {}, undefined],
    ['comes with an address', { type: 'ExternalName', externalName: 'a.b' }, { type: 'ClusterIP', externalName: null }, 'Cluster'],
    ['is nothing else', { internalTrafficPolicy: 'Other' }, {}, 'x'],
  ])('%s', async (_name, spec, patch, expected) => {
    const { status } = await api.post(SERVICES, { metadata: { name: 'foo' }, spec: { ports: [{ port: 80 }], ...spec } })
    if (expected === 'x') return expect(status).toBe(422)
    expect((await api.patch(`${SERVICES}/foo`, { spec: patch })).body.spec.internalTrafficPolicy).toBe(expected)
  })
})

describe('load balancers', () => {
  const make = (spec: Json) =>
    api.post(SERVICES, { metadata: { name: 'foo' }, spec: { type: 'LoadBalancer', ports: [{ port: 80 }], ...spec } })

  it('keep their class for as long as they are load balancers', async () => {
    expect((await make({ loadBalancerClass: 'example.com/a' })).status).toBe(201)
    expect((await api.patch(`${SERVICES}/foo`, { spec: { loadBalancerClass: 'example.com/b' } })).body.message).toContain(
      'may not change once set',
    )
    expect((await api.patch(`${SERVICES}/foo`, { spec: { loadBalancerClass: null } })).status).toBe(422)
    const { body } = await api.put(`${SERVICES}/foo`, { metadata: { name: 'foo' }, spec: { type: 'ClusterIP', ports: [{ port: 80 }] } })
    expect(body.spec).not.toHaveProperty('loadBalancerClass')
    expect(body.spec).not.toHaveProperty('allocateLoadBalancerNodePorts')
  })

  it('tell of each address how it is reached: as a VIP unless they say otherwise', async () => {
    await make({})
    const status = async (ingress: Json[]) => api.patch(`${SERVICES}/foo/status`, { status: { loadBalancer: { ingress } } })
    expect((await status([{ ip: '1.2.3.4' }])).body.status.loadBalancer.ingress).toEqual([{ ip: '1.2.3.4', ipMode: 'VIP' }])
    expect((await status([{ ip: '1.2.3.4', ipMode: 'Proxy' }])).body.status.loadBalancer.ingress[0].ipMode).toBe('Proxy')
    expect((await status([{ ip: '1.2.3.4', ipMode: 'Other' }])).status).toBe(422)
    expect((await status([{ hostname: 'a.b', ipMode: 'VIP' }])).status).toBe(422)
    const { body } = await api.put(`${SERVICES}/foo`, { metadata: { name: 'foo' }, spec: { type: 'ClusterIP', ports: [{ port: 80 }] } })
    expect(body.status).toEqual({ loadBalancer: {} })
  })
})
