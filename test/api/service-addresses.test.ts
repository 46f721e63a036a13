/** Cluster IPs and node ports: given, kept, refused, given back. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Cluster, createCluster } from '../../src/index.ts'
import { Api, type Json } from '../support/api.ts'

const SERVICES = '/api/v1/namespaces/default/services'
const CIDRS = '/apis/networking.k8s.io/v1/servicecidrs'
const RANGES: Record<string, string> = { v4: '10.0.0.0/16', v6: '2000::/108' }

let cluster: Cluster
let api: Api
const start = async (serviceRanges: readonly string[] = ['10.0.0.0/16'], storage = 'memory:') => {
  cluster = await createCluster({ nodes: 0, clock: 'virtual', controllers: [], serviceRanges, storage })
  api = new Api(cluster)
}
afterEach(() => cluster.close())

const service = (name: string, spec: Json = {}): Json => ({ metadata: { name }, spec: { ports: [{ port: 80 }], ...spec } })
const ports = (...list: (readonly [name: string, port: number, protocol?: string, nodePort?: number | undefined])[]) =>
  list.map(([name, port, protocol = 'TCP', nodePort]) => ({ name, port, protocol, ...(nodePort && { nodePort }) }))
const nodePorts = ({ spec }: Json): (number | undefined)[] => (spec.ports ?? []).map(({ nodePort }: Json) => nodePort)

describe('addresses that can not be', () => {
  it.each<[string, string, Json, string]>([
    ['a policy there is not', 'v4', { ipFamilyPolicy: 'garbage' }, 'Unsupported value'],
    ['two families of a cluster of one', 'v4', { ipFamilyPolicy: 'RequireDualStack' }, 'cluster is not configured for dual-stack'],
    ['a family there is not', 'v4', { ipFamilies: ['garbage'] }, 'Unsupported value'],
    ['a second family there is not', 'v4', { ipFamilies: ['IPv4', 'garbage'] }, 'Unsupported value'],
    ['a third family there is not', 'v4v6', { ipFamilies: ['IPv4', 'IPv6', 'garbage'] }, 'Unsupported value'],
    ['the other family', 'v4', { ipFamilies: ['IPv6'] }, 'not configured on this cluster'],
    ['two families without a policy', 'v4', { ipFamilies: ['IPv4', 'IPv6'] }, 'when multiple IP families are specified'],
    ['one family twice', 'v4', { ipFamilies: ['IPv4', 'IPv4'] }, 'Duplicate value'],
    ['one of two families twice', 'v4v6', { ipFamilies: ['IPv4', 'IPv6', 'IPv6'] }, 'Duplicate value'],
    ['no address', 'v4', { clusterIPs: ['garbage'] }, 'must be a valid IP'],
    ['an address of the other family', 'v4', { clusterIPs: ['2000::1'] }, 'not configured on this cluster'],
    [
      'an address of another family than asked for',
      'v4',
      { ipFamilies: ['IPv4'], clusterIPs: ['2000::1'] },
      'expected an IPv4 value as indicated',
    ],
    ['two addresses of a family', 'v4', { clusterIPs: ['10.0.0.1', '10.0.0.2'] }, 'no more than one IP for each IP family'],
    ['three addresses', 'v4v6', { clusterIPs: ['10.0.0.1', '2000::1', '10.0.0.2'] }, 'only hold up to 2 values'],
    ['one address twice', 'v4', { clusterIPs: ['10.0.0.1', '10.0.0.1'] }, 'no more than one IP for each IP family'],
    ['an empty address', 'v4', { clusterIPs: [''] }, 'must be a valid IP'],
    ['none besides one', 'v4', { clusterIPs: ['10.0.0.1', 'None'] }, 'must be a valid IP'],
    [
      'an address of no range',
      'v4',
      { clusterIPs: ['10.7.0.1'] },
      'failed to allocate IP 10.7.0.1: the provided network does not match the current range',
    ],
    [
      'the network itself',
      'v4',
      { clusterIPs: ['10.0.0.0'] },
      'failed to allocate IP 10.0.0.0: the provided network does not match the current range',
    ],
    ['the address for broadcasts', 'v4', { clusterIPs: ['10.0.255.255'] }, 'the provided network does not match the current range'],
  ])('%s', async (_name, families, spec, message) => {
    await start(families.match(/v[46]/g)!.map((family) => RANGES[family]!))
    const { status, body } = await api.post(SERVICES, service('foo', { clusterIP: spec.clusterIPs?.[0], ...spec }))
    expect([status, body.reason]).toEqual([422, 'Invalid'])
    expect(body.message).toContain(message)
  })
})

describe('node ports of a new Service', () => {
  beforeEach(() => start())
  const WEB = ports(['p', 80], ['q', 443])
  const FIXED = ports(['p', 80, 'TCP', 30080], ['q', 443, 'TCP', 30443])
  const SAME = ports(['p', 80, 'TCP', 30080], ['q', 443, 'TCP', 30080])
  const DNS = ports(['p', 53], ['q', 53, 'UDP'])
  const DNS_FIXED = ports(['p', 53, 'TCP', 30053], ['q', 53, 'UDP', 30054])
  const DNS_SAME = ports(['p', 53, 'TCP', 30053], ['q', 53, 'UDP', 30053])
  const CONFLICT = ports(['p', 93, 'TCP', 30093], ['q', 76, 'UDP', 30093])
  const OFF = { allocateLoadBalancerNodePorts: false }
  const ON = { allocateLoadBalancerNodePorts: true }
  it.each<[string, Json, boolean | undefined]>([
    ['ExternalName', { type: 'ExternalName', externalName: 'a.b' }, false],
    ['ClusterIP', {}, false],
    ['ClusterIP with one', { ports: ports(['p', 80, 'TCP', 30080]) }, undefined],
    ['NodePort', { type: 'NodePort' }, true],
    ['NodePort with one', { type: 'NodePort', ports: ports(['p', 80, 'TCP', 30080]) }, true],
    ['NodePort of two ports', { type: 'NodePort', ports: WEB }, true],
    ['NodePort of two ports with two', { type: 'NodePort', ports: FIXED }, true],
    ['NodePort of two ports with the same twice', { type: 'NodePort', ports: SAME }, undefined],
    ['NodePort of two protocols', { type: 'NodePort', ports: DNS }, true],
    ['NodePort of two protocols with two', { type: 'NodePort', ports: DNS_FIXED }, true],
    ['NodePort of two protocols with the same twice', { type: 'NodePort', ports: DNS_SAME }, true],
    ['NodePort of two protocols and ports with the same twice', { type: 'NodePort', ports: CONFLICT }, undefined],
    ['LoadBalancer without', { type: 'LoadBalancer', ...OFF }, false],
    ['LoadBalancer', { type: 'LoadBalancer', ...ON }, true],
    ['LoadBalancer without, with one', { type: 'LoadBalancer', ...OFF, ports: ports(['p', 80, 'TCP', 30080]) }, true],
    ['LoadBalancer with one', { type: 'LoadBalancer', ...ON, ports: ports(['p', 80, 'TCP', 30080]) }, true],
    ['LoadBalancer of two ports without', { type: 'LoadBalancer', ...OFF, ports: WEB }, false],
    ['LoadBalancer of two ports', { type: 'LoadBalancer', ...ON, ports: WEB }, true],
    ['LoadBalancer of two ports without, with two', { type: 'LoadBalancer', ...OFF, ports: FIXED }, true],
    ['LoadBalancer of two ports with two', { type: 'LoadBalancer', ...ON, ports: FIXED }, true],
    ['LoadBalancer of two ports with the same twice', { type: 'LoadBalancer', ports: SAME }, undefined],
    ['LoadBalancer of two protocols', { type: 'LoadBalancer', ports: DNS }, true],
    ['LoadBalancer of two protocols with two', { type: 'LoadBalancer', ports: DNS_FIXED }, true],
    ['LoadBalancer of two protocols with the same twice', { type: 'LoadBalancer', ports: DNS_SAME }, true],
    ['LoadBalancer of two protocols and ports with the same twice', { type: 'LoadBalancer', ports: CONFLICT }, undefined],
  ])('%s', async (_name, spec, hasNodePorts) => {
    const { status, body } = await api.post(SERVICES, service('foo', spec))
    if (hasNodePorts === undefined) return expect(status).toBe(422)
    expect(status).toBe(201)
    if (!hasNodePorts) return expect(nodePorts(body).every((port) => port === undefined)).toBe(true)
    const asked: Json[] = spec.ports ?? [{ port: 80 }]
    for (const [i, port] of nodePorts(body).entries()) {
      expect(port).toEqual(asked[i].nodePort ?? expect.any(Number))
      for (const [j, other] of nodePorts(body).entries()) if (port === other) expect(asked[i].port).toBe(asked[j].port)
    }
    // They are taken: for every protocol.
    const taken = service('bar', { type: 'NodePort', ports: ports(['x', 99, 'SCTP', nodePorts(body)[0]]) })
    expect((await api.post(SERVICES, taken)).body.message).toContain('provided port is already allocated')
  })

  it.each([29999, 32768])('not %i', async (nodePort) => {
    expect((await api.post(SERVICES, service('foo', { type: 'NodePort', ports: [{ port: 80, nodePort }] }))).body.message).toBe(
      `Service "foo" is invalid: spec.ports[0].nodePort: Invalid value: ${nodePort}: provided port is not in the valid range. The range of valid ports is 30000-32767`,
    )
  })
})

describe('a Service that changes its type', () => {
  beforeEach(() => start())
  const TYPES: Record<string, Json> = {
    ClusterIP: { type: 'ClusterIP' },
    NodePort: { type: 'NodePort' },
    LoadBalancer: { type: 'LoadBalancer' },
    ExternalName: { type: 'ExternalName', externalName: 'a.b' },
    Headless: { type: 'ClusterIP', clusterIP: 'None' },
  }
  const hasNodePorts = (type: string) => type === 'NodePort' || type === 'LoadBalancer'
  it.each(
    Object.keys(TYPES).flatMap((from) =>
      Object.keys(TYPES)
        .filter((to) => to !== from && to !== 'Headless')
        .map((to) => [from, to]),
    ),
  )('from %s to %s', async (from, to) => {
    const made = await api.created(SERVICES, service('foo', TYPES[from!]))
    const { status, body } = await api.put(`${SERVICES}/foo`, service('foo', TYPES[to!]))
    // Headless is for ever, but for names of elsewhere.
    if (from === 'Headless' && hasNodePorts(to!)) return expect(status).toBe(422)
    expect(status).toBe(200)
    if (from === 'Headless' && to === 'ClusterIP') return expect(body.spec.clusterIPs).toEqual(['None'])
    if (to === 'ExternalName')
      for (const field of ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy']) expect(body.spec).not.toHaveProperty(field)
    else expect(body.spec.clusterIPs).toEqual([from === 'ExternalName' ? expect.any(String) : made.spec.clusterIP])
    const [port] = nodePorts(body)
    expect(port).toEqual(!hasNodePorts(to!) ? undefined : hasNodePorts(from!) ? nodePorts(made)[0] : expect.any(Number))
    // What it gave back another one can have.
    const free = { clusterIP: to === 'ExternalName' && from !== 'Headless' ? made.spec.clusterIP : undefined }
    const again = { ...free, type: 'NodePort', ports: ports(['p', 80, 'TCP', hasNodePorts(to!) ? undefined : nodePorts(made)[0]]) }
    expect((await api.post(SERVICES, service('bar', again))).status).toBe(201)
  })

  it('is not to become headless', async () => {
    for (const from of ['ClusterIP', 'NodePort', 'LoadBalancer']) {
      await api.created(SERVICES, service(from.toLowerCase(), TYPES[from]))
      expect((await api.put(`${SERVICES}/${from.toLowerCase()}`, service(from.toLowerCase(), TYPES.Headless))).status).toBe(422)
    }
  })
})

describe('what an update leaves out', () => {
  beforeEach(() => start([RANGES.v4!, RANGES.v6!]))
  const DUAL = { clusterIP: '10.0.0.93', clusterIPs: ['10.0.0.93', '2000::76'], ipFamilyPolicy: 'PreferDualStack' }
  const LOCAL = { type: 'LoadBalancer', externalTrafficPolicy: 'Local' }
  const PORTS = ports(['p', 80, 'TCP', 30093], ['q', 443, 'TCP', 30076])
  it.each<[string, Json, Json, Json]>([
    [
      'all of it',
      { ...DUAL, ...LOCAL, ports: PORTS, healthCheckNodePort: 31234 },
      { ...LOCAL, ports: ports(['p', 80], ['q', 443]) },
      [[30093, 30076], 31234],
    ],
    [
      'one address',
      { ...DUAL, type: 'NodePort', ports: PORTS },
      { type: 'NodePort', clusterIP: '10.0.0.93', ports: PORTS },
      [[30093, 30076], undefined],
    ],
    [
      'one port',
      { ...DUAL, type: 'NodePort', ports: PORTS },
      { type: 'NodePort', ports: ports(['p', 80], ['q', 443, 'TCP', 30076]) },
      [[30093, 30076], undefined],
    ],
    [
      'ports that change places',
      { ...DUAL, type: 'NodePort', ports: PORTS },
      { type: 'NodePort', ports: ports(['p', 80, 'TCP', 30076], ['q', 443, 'TCP', 30093]) },
      [[30076, 30093], undefined],
    ],
    [
      'a port that took the place of another',
      { ...DUAL, type: 'NodePort', ports: PORTS },
      { type: 'NodePort', ports: ports(['p', 80], ['q', 443, 'TCP', 30093]) },
      [[expect.any(Number), 30093], undefined],
    ],
    [
      'the port for health checks',
      { ...DUAL, ...LOCAL, ports: PORTS, healthCheckNodePort: 31234 },
      { ...LOCAL, ports: PORTS },
      [[30093, 30076], 31234],
    ],
  ])('%s', async (_name, before, after, [expectedPorts, healthCheckNodePort]) => {
    await api.created(SERVICES, service('foo', before))
    const { status, body } = await api.put(`${SERVICES}/foo`, service('foo', after))
    expect([status, body.spec?.clusterIPs]).toEqual([200, DUAL.clusterIPs])
    expect(nodePorts(body)).toEqual(expectedPorts)
    expect(body.spec.healthCheckNodePort).toBe(healthCheckNodePort)
  })

  it('does not stay when node ports are not wanted, and a port of another name is another', async () => {
    await api.created(SERVICES, service('foo', { ...DUAL, type: 'LoadBalancer', allocateLoadBalancerNodePorts: false, ports: PORTS }))
    const off = { type: 'LoadBalancer', allocateLoadBalancerNodePorts: false, ports: ports(['p', 80], ['q', 443, 'TCP', 30076]) }
    expect(nodePorts((await api.put(`${SERVICES}/foo`, service('foo', off))).body)).toEqual([undefined, 30076])
    await api.created(SERVICES, service('bar', { type: 'NodePort', ports: ports(['a', 80, 'TCP', 30500]) }))
    expect(nodePorts((await api.put(`${SERVICES}/bar`, service('bar', { type: 'NodePort', ports: ports(['b', 80]) }))).body)).not.toEqual([
      30500,
    ])
  })
})

describe('the port for health checks', () => {
  beforeEach(() => start())
  const LOCAL = { type: 'LoadBalancer', externalTrafficPolicy: 'Local' }
  it.each<[string, Json, Json]>([
    ['a load balancer that tells nodes apart gets one', LOCAL, expect.any(Number)],
    ['it may choose it', { ...LOCAL, healthCheckNodePort: 31500 }, 31500],
    ['others get none', { type: 'LoadBalancer' }, undefined],
    ['nor do node ports', { type: 'NodePort', externalTrafficPolicy: 'Local' }, undefined],
  ])('%s', async (_name, spec, expected) => {
    expect((await api.created(SERVICES, service('foo', spec))).spec.healthCheckNodePort).toEqual(expected)
  })

  it.each<[string, Json]>([
    ['an ExternalName', { type: 'ExternalName', externalName: 'a.b' }],
    ['a ClusterIP', {}],
    ['a NodePort', { type: 'NodePort' }],
    ['a LoadBalancer of all nodes', { type: 'LoadBalancer' }],
    ['a negative one', LOCAL],
  ])('is refused of %s', async (name, spec) => {
    const healthCheckNodePort = name === 'a negative one' ? -1 : 31500
    expect((await api.post(SERVICES, service('foo', { ...spec, healthCheckNodePort }))).status).not.toBe(201)
  })

  it('comes, stays the same and goes with the policy, and is free then', async () => {
    await api.created(SERVICES, service('foo', { type: 'LoadBalancer' }))
    const { spec } = (await api.patch(`${SERVICES}/foo`, { spec: { externalTrafficPolicy: 'Local', healthCheckNodePort: 31500 } })).body
    expect(spec.healthCheckNodePort).toBe(31500)
    expect((await api.post(SERVICES, service('bar', { ...LOCAL, healthCheckNodePort: 31500 }))).body).toMatchObject({
      code: 500,
      message: 'Internal error occurred: failed to allocate requested HealthCheck NodePort 31500: provided port is already allocated',
    })
    expect((await api.patch(`${SERVICES}/foo`, { spec: { healthCheckNodePort: 31501 } })).status).toBe(422)
    const back = await api.patch(`${SERVICES}/foo`, { spec: { externalTrafficPolicy: 'Cluster' } })
    expect(back.body.spec).not.toHaveProperty('healthCheckNodePort')
    await api.created(SERVICES, service('bar', { ...LOCAL, healthCheckNodePort: 31500 }))
  })
})

describe('of several writes at a time', () => {
  beforeEach(() => start())

  it('one gets the address, and one the port', async () => {
    const ask = (i: number, spec: Json) => api.post(SERVICES, service(`s-${i}`, spec))
    const addressed = await Promise.all([0, 1, 2, 3].map((i) => ask(i, { clusterIP: '10.0.0.9' })))
    expect(addressed.map(({ status }) => status).sort()).toEqual([201, 422, 422, 422])
    const nodePort = { type: 'NodePort', ports: [{ port: 80, nodePort: 30009 }] }
    const ported = await Promise.all([4, 5, 6, 7].map((i) => ask(i, nodePort)))
    expect(ported.map(({ status }) => status).sort()).toEqual([201, 422, 422, 422])
  })

  it('each has its own, and what a failed one took is free', async () => {
    const all = await Promise.all(Array.from({ length: 200 }, (_, i) => api.created(SERVICES, service(`s-${i}`, { type: 'NodePort' }))))
    expect(new Set(all.map(({ spec }) => spec.clusterIP)).size).toBe(200)
    expect(new Set(all.flatMap((made) => nodePorts(made))).size).toBe(200)
    const taken = await Promise.all([
      api.post(SERVICES, service('s-0', { clusterIP: '10.0.0.5' })),
      api.post(SERVICES, service('NO NAME', { clusterIP: '10.0.0.6' })),
    ])
    expect(taken.map(({ status }) => status)).toEqual([409, 422])
    await api.created(SERVICES, service('five', { clusterIP: '10.0.0.5' }))
    await api.created(SERVICES, service('six', { clusterIP: '10.0.0.6' }))
  })
})

describe('the range', () => {
  it('is given out from above its lower part, until only that is left, and then no more', async () => {
    await start(['10.0.0.0/27'])
    const low = 17
    const names = Array.from({ length: 30 }, (_, i) => `s-${i}`)
    const made: Json[] = []
    for (const name of names) made.push(await api.created(SERVICES, service(name)))
    const last = made.map(({ spec }) => Number(spec.clusterIP.split('.')[3]))
    expect(last.slice(0, 14).every((byte) => byte >= low && byte <= 30)).toBe(true)
    expect(last.slice(14).every((byte) => byte >= 1 && byte < low)).toBe(true)
    expect((await api.post(SERVICES, service('more'))).body).toMatchObject({
      code: 500,
      message: 'Internal error occurred: failed to allocate a serviceIP for Service "more": range is full',
    })
    await api.delete(`${SERVICES}/s-7`)
    expect((await api.created(SERVICES, service('more'))).spec.clusterIP).toBe(made[7].spec.clusterIP)
  })

  it('grows with a ServiceCIDR, which is used once it is ready', async () => {
    await start(['10.0.0.0/30'])
    await api.created(SERVICES, service('one'))
    await api.created(SERVICES, service('two'))
    await api.created(CIDRS, { metadata: { name: 'more' }, spec: { cidrs: ['10.1.0.0/30'] } })
    const ready = (status: string) => ({
      status: { conditions: [{ type: 'Ready', status, reason: 'Test', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' }] },
    })
    await api.patch(`${CIDRS}/more/status`, ready('False'))
    expect((await api.post(SERVICES, service('three'))).status).toBe(500)
    await api.patch(`${CIDRS}/more/status`, ready('True'))
    expect((await api.created(SERVICES, service('three'))).spec.clusterIP).toMatch(/^10\.1\.0\.[12]$/)
  })

  it('has no address for a Service that an IPAddress of somebody else has', async () => {
    await start()
    const address = {
      metadata: { name: '10.0.0.7' },
      spec: { parentRef: { group: 'gateway.example.com', resource: 'gateways', name: 'g' } },
    }
    await api.created('/apis/networking.k8s.io/v1/ipaddresses', address)
    expect((await api.post(SERVICES, service('foo', { clusterIP: '10.0.0.7' }))).body.message).toContain('provided IP is already allocated')
    await api.delete('/apis/networking.k8s.io/v1/ipaddresses/10.0.0.7')
    await api.created(SERVICES, service('foo', { clusterIP: '10.0.0.7' }))
  })
})

describe('a dry run', () => {
  const LOCAL = { type: 'LoadBalancer', externalTrafficPolicy: 'Local' }
  it.each([[['10.0.0.0/16']], [['2000::/108']], [['10.0.0.0/16', '2000::/108']]])(
    'on %j takes nothing and gives nothing back',
    async (ranges) => {
      await start(ranges)
      const { body } = await api.post(`${SERVICES}?dryRun=All`, service('foo', { ...LOCAL, ipFamilyPolicy: 'PreferDualStack' }))
      expect(body.spec.clusterIPs).toEqual(ranges.map((range) => range.split('/')[0]))
      expect([nodePorts(body), body.spec.healthCheckNodePort]).toEqual([[32768], 32769])
      const made = await api.created(SERVICES, service('foo', LOCAL))
      const external = service('foo', { type: 'ExternalName', externalName: 'a.b' })
      expect((await api.put(`${SERVICES}/foo?dryRun=All`, external)).body.spec).not.toHaveProperty('clusterIP')
      expect((await api.delete(`${SERVICES}/foo?dryRun=All`)).status).toBe(200)
      const { clusterIP, healthCheckNodePort } = made.spec
      expect((await api.post(SERVICES, service('bar', { clusterIP }))).status).toBe(422)
      expect(
        (await api.post(SERVICES, service('bar', { type: 'NodePort', ports: [{ port: 1, nodePort: healthCheckNodePort }] }))).status,
      ).toBe(422)
      await api.put(`${SERVICES}/foo`, external)
      expect((await api.patch(`${SERVICES}/foo?dryRun=All`, { spec: LOCAL })).body.spec.clusterIP).toBe(ranges[0]!.split('/')[0])
      await api.created(SERVICES, service('bar', { clusterIP }))
    },
  )
})

it('what is stored is known after a restart', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'coracle-'))
  const storage = `sqlite:${join(folder, 'cluster.db')}`
  await start(['10.0.0.0/16'], storage)
  const { spec } = await api.created(SERVICES, service('foo', { type: 'NodePort' }))
  await cluster.close()
  await start(['10.0.0.0/16'], storage)
  expect((await api.post(SERVICES, service('bar', { clusterIP: spec.clusterIP }))).status).toBe(422)
  expect((await api.post(SERVICES, service('bar', { type: 'NodePort', ports: spec.ports }))).status).toBe(422)
  await rm(folder, { recursive: true })
})
