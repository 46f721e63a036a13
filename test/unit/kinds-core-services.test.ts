import { describe, expect, test } from 'vitest'
import { endpoints } from '../../src/api/core/v1/endpoints.ts'
import { service } from '../../src/api/core/v1/service.ts'
import { needsClusterIp, needsHealthCheckPort, needsNodePorts } from '../../src/api/core/v1/service-needs.ts'
import { fieldErrorText } from '../../src/api/meta/field-error.ts'
import type { Endpoints, Service, ServiceSpec } from '../../src/api/types.gen.ts'

const METADATA = { name: 'svc', namespace: 'ns', uid: '', resourceVersion: '', creationTimestamp: '2026-01-01T00:00:00Z' }
const NOW = Date.parse('2026-01-01T00:05:00Z')

function serviceOf(spec: object, status?: object): Service {
  const object = { metadata: { ...METADATA }, spec: structuredClone(spec) as ServiceSpec, ...(status ? { status } : {}) } as Service
  service.setDefaults!(object)
  return object
}

const row = (object: Service): unknown[] => service.columns!.map(({ cell }) => cell(object, NOW))
const ALLOCATED = { clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1'], ports: [{ port: 80 }] }

test('what a service leaves out', () => {
  expect(serviceOf({ ports: [{ port: 80 }] })).toEqual({
    metadata: METADATA,
    spec: {
      type: 'ClusterIP',
      sessionAffinity: 'None',
      internalTrafficPolicy: 'Cluster',
      ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
    },
    status: { loadBalancer: {} },
  })
  expect(serviceOf({ type: 'LoadBalancer', sessionAffinity: 'ClientIP', ports: [] }).spec).toEqual({
    type: 'LoadBalancer',
    sessionAffinity: 'ClientIP',
    sessionAffinityConfig: { clientIP: { timeoutSeconds: 10800 } },
    externalTrafficPolicy: 'Cluster',
    internalTrafficPolicy: 'Cluster',
    allocateLoadBalancerNodePorts: true,
    ports: [],
  })
  expect(serviceOf({ type: 'ExternalName', externalName: 'a.b' }).spec).not.toHaveProperty('internalTrafficPolicy')
})

describe('faults', () => {
  test.each<[string, object, string[]]>([
    ['none', ALLOCATED, []],
    ['none of a headless one without ports', { clusterIP: 'None', clusterIPs: ['None'] }, []],
    ['none of a name elsewhere', { type: 'ExternalName', externalName: 'a.b.' }, []],
    ['no ports', { clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1'] }, ['spec.ports: Required value']],
    [
      'type',
      { ...ALLOCATED, type: 'x' },
      ['spec.type: Unsupported value: "x": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"'],
    ],
    [
      'ports without names, twice the same',
      { ...ALLOCATED, ports: [{ port: 80 }, { port: 80, targetPort: 'a_b' }] },
      [
        'spec.ports[0].name: Required value',
        'spec.ports[1].name: Required value',
        'spec.ports[1].targetPort: Invalid value: "a_b": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
        'spec.ports[1]: Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,"Port":80,"TargetPort":0,"NodePort":0}',
      ],
    ],
    [
      'node port of ClusterIP',
      { ...ALLOCATED, ports: [{ port: 80, nodePort: 30000 }] },
      ["spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"],
    ],
    [
      'cluster IPs that disagree',
      { ...ALLOCATED, clusterIP: '10.0.0.2' },
      ['spec.clusterIPs: Invalid value: ["10.0.0.1"]: first value must match `clusterIP`'],
    ],
    [
      'headless load balancer',
      { ...ALLOCATED, type: 'LoadBalancer', clusterIP: 'None', clusterIPs: ['None'] },
      ['spec.clusterIPs[0]: Invalid value: "None": may not be set to \'None\' for LoadBalancer services'],
    ],
    [
      'external traffic of an internal service',
      { ...ALLOCATED, externalTrafficPolicy: 'Local' },
      ['spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services'],
    ],
    [
      'external IPs',
      { ...ALLOCATED, externalIPs: ['127.0.0.1'] },
      ['spec.externalIPs[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)'],
    ],
    [
      'affinity time',
      { ...ALLOCATED, sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 86401 } } },
      ['spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 86401: must be greater than 0 and less than 86400'],
    ],
    [
      'families',
      { ...ALLOCATED, ipFamilies: ['IPv6'] },
      ['spec.clusterIPs[0]: Invalid value: "10.0.0.1": expected an IPv6 value as indicated by `ipFamilies[0]`'],
    ],
    ['a name elsewhere without name', { type: 'ExternalName' }, ['spec.externalName: Required value']],
    [
      'source ranges',
      { ...ALLOCATED, type: 'LoadBalancer', loadBalancerSourceRanges: ['10.0.0.1/8'] },
      ['spec.LoadBalancerSourceRanges[0]: Invalid value: "10.0.0.1/8": must not have bits set beyond the prefix length'],
    ],
  ])('%s', (_, spec, expected) => {
    expect(service.validate!(serviceOf(spec)).map(fieldErrorText)).toEqual(expected)
  })
})

describe('an update by a client that knows nothing of addresses', () => {
  const nodePort = { ...ALLOCATED, type: 'NodePort', ports: [{ name: 'a', port: 80, nodePort: 30001 }] }
  test.each<[string, object, object, object]>([
    ['keeps the cluster IP', { ports: [{ port: 81 }] }, ALLOCATED, { clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1'] }],
    [
      'keeps node ports by name',
      { type: 'NodePort', ports: [{ name: 'a', port: 90 }] },
      nodePort,
      { ports: [{ name: 'a', port: 90, nodePort: 30001 }] },
    ],
    [
      'does not give a port away that another one took',
      {
        type: 'NodePort',
        ports: [
          { name: 'a', port: 90 },
          { name: 'b', port: 91, nodePort: 30001 },
        ],
      },
      nodePort,
      {
        ports: [
          { name: 'a', port: 90 },
          { name: 'b', port: 91, nodePort: 30001 },
        ],
      },
    ],
  ])('%s', (_, next, old, expected) => {
    const [object, before] = [serviceOf(next), serviceOf(old)]
    service.prepareForUpdate!(object, before, '')
    expect(object.spec).toMatchObject(expected)
    expect(service.validateUpdate!(object, before)).toEqual([])
  })

  test('loses node ports with the type that had them', () => {
    const object = serviceOf({ ...nodePort, type: 'ClusterIP', externalTrafficPolicy: 'Cluster' })
    service.prepareForUpdate!(object, serviceOf(nodePort), '')
    expect(object.spec.ports![0]).not.toHaveProperty('nodePort')
    expect(object.spec).not.toHaveProperty('externalTrafficPolicy')
    expect(service.validate!(object)).toEqual([])
  })

  test('loses its addresses when it becomes a name', () => {
    const object = serviceOf({ ...ALLOCATED, type: 'ExternalName', externalName: 'a.b' })
    service.prepareForUpdate!(object, serviceOf(ALLOCATED), '')
    expect(object.spec).not.toHaveProperty('clusterIP')
    expect(object.spec).not.toHaveProperty('clusterIPs')
  })
})

test('the cluster IP stays', () => {
  const [next, old] = [serviceOf({ ...ALLOCATED, clusterIP: '10.0.0.2', clusterIPs: ['10.0.0.2'] }), serviceOf(ALLOCATED)]
  expect(service.validateUpdate!(next, old).map(fieldErrorText)).toEqual([
    'spec.clusterIPs[0]: Invalid value: ["10.0.0.2"]: may not change once set',
  ])
})

test.each<[string, boolean, boolean]>([
  ['ClusterIP', true, false],
  ['NodePort', true, true],
  ['LoadBalancer', true, true],
  ['ExternalName', false, false],
])('what %s needs', (type, clusterIp, nodePorts) => {
  const object = serviceOf({ type, ports: [] })
  expect([needsClusterIp(object), needsNodePorts(object), needsHealthCheckPort(object)]).toEqual([clusterIp, nodePorts, false])
})

describe('rows', () => {
  test.each<[string, Service, unknown[]]>([
    [
      'ClusterIP',
      serviceOf({ ...ALLOCATED, selector: { b: '2', a: '1' } }),
      ['ClusterIP', '10.0.0.1', '<none>', '80/TCP', '5m', 'a=1,b=2'],
    ],
    ['headless', serviceOf({ clusterIP: 'None', clusterIPs: ['None'] }), ['ClusterIP', 'None', '<none>', '<none>', '5m', '<none>']],
    [
      'NodePort',
      serviceOf({
        ...ALLOCATED,
        type: 'NodePort',
        externalIPs: ['1.1.1.1'],
        ports: [
          { port: 80, nodePort: 30000 },
          { port: 53, protocol: 'UDP' },
        ],
      }),
      ['NodePort', '10.0.0.1', '1.1.1.1', '80:30000/TCP,53/UDP', '5m', '<none>'],
    ],
    [
      'LoadBalancer, pending',
      serviceOf({ ...ALLOCATED, type: 'LoadBalancer' }),
      ['LoadBalancer', '10.0.0.1', '<pending>', '80/TCP', '5m', '<none>'],
    ],
    [
      'LoadBalancer',
      serviceOf({ ...ALLOCATED, type: 'LoadBalancer' }, { loadBalancer: { ingress: [{ ip: '2.2.2.2' }, { hostname: 'a.example' }] } }),
      ['LoadBalancer', '10.0.0.1', '2.2.2.2,a.example', '80/TCP', '5m', '<none>'],
    ],
    ['ExternalName', serviceOf({ type: 'ExternalName', externalName: 'a.b' }), ['ExternalName', '<none>', 'a.b', '<none>', '5m', '<none>']],
  ])('%s', (_, object, expected) => {
    expect(row(object)).toEqual(['svc', ...expected])
  })
})

describe('endpoints', () => {
  const of = (subsets: Endpoints['subsets']): Endpoints => ({ metadata: { ...METADATA }, subsets })
  const ips = (...list: string[]): { ip: string }[] => list.map((ip) => ({ ip }))
  test.each<[Endpoints['subsets'], string]>([
    [undefined, '<none>'],
    [[{ addresses: ips('10.0.0.1'), ports: [{ port: 80 }] }], '10.0.0.1:80'],
    [[{ addresses: ips('10.0.0.1', 'fd00::1') }], '10.0.0.1,fd00::1'],
    [[{ addresses: ips('fd00::1'), ports: [{ port: 80 }] }], '[fd00::1]:80'],
    [[{ addresses: ips('1.0.0.1', '1.0.0.2'), ports: [{ port: 1 }, { port: 2 }] }], '1.0.0.1:1,1.0.0.2:1,1.0.0.1:2 + 1 more...'],
  ])('%j', (subsets, text) => {
    expect(endpoints.columns![1]!.cell(of(subsets), NOW)).toBe(text)
  })

  test('faults', () => {
    const object = of([{}, { addresses: ips('169.254.1.1'), ports: [{ port: 0 }, { port: 1, name: 'b' }] }])
    endpoints.setDefaults!(object)
    expect(endpoints.validate!(object).map(fieldErrorText)).toEqual([
      'subsets[0]: Required value: must specify `addresses` or `notReadyAddresses`',
      'subsets[1].addresses[0].ip: Invalid value: "169.254.1.1": may not be in the link-local range (169.254.0.0/16, fe80::/10)',
      'subsets[1].ports[0].name: Required value',
      'subsets[1].ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive',
    ])
  })
})
