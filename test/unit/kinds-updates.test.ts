import { describe, expect, test } from 'vitest'
import { created, statused, updated } from '../support/refusals.ts'

describe('nodes', () => {
  const PATH = 'v1/nodes'
  test('ranges of pod addresses are looked at in updates too', () => {
    const bad = 'spec.podCIDRs[0]: Invalid value: "10.0.0.1/24": must not have bits set beyond the prefix length'
    expect(updated(PATH, { spec: { podCIDR: '10.0.0.1/24' } }, {})).toEqual([bad])
    expect(created(PATH, { spec: { podCIDRs: ['10.0.0.0/24', '10.0.0.0/24'] } })).toEqual([
      'spec.podCIDRs: Invalid value: ["10.0.0.0/24","10.0.0.0/24"]: may specify no more than one CIDR for each IP family',
    ])
  })

  test('features are named alike and in order', () => {
    const at = 'status.declaredFeatures'
    expect(statused(PATH, { status: { declaredFeatures: ['A', 'B/c'] } }, {})).toEqual([])
    expect(statused(PATH, { status: { declaredFeatures: ['B', 'A', 'A'] } }, {})).toEqual([
      `${at}[1]: Invalid value: "A": list must be sorted alphabetically`,
      `${at}[2]: Duplicate value: "A"`,
    ])
    expect(statused(PATH, { status: { declaredFeatures: ['a b'] } }, {})[0]).toMatch(
      /^status\.declaredFeatures\[0\]: Invalid value: "a b": invalid feature name "a b": must start with an UpperCamelCase segment/,
    )
  })

  test('swap is more than nothing', () => {
    expect(created(PATH, { status: { nodeInfo: { swap: { capacity: 0 } } } })).toEqual([
      'metadata.nodeSwapStatus.capacity: Invalid value: 0: must be greater than zero',
    ])
  })
})

describe('volumes', () => {
  const PATH = 'v1/persistentvolumes'
  const withKey = (key: string, values = ['x']): object => ({
    spec: {
      accessModes: ['ReadWriteOnce'],
      capacity: { storage: '1Gi' },
      hostPath: { path: '/a' },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [{ key, operator: 'In', values }] }] } },
    },
  })
  test('may take the new name of a label, and no other', () => {
    expect(updated(PATH, withKey('kubernetes.io/arch'), withKey('beta.kubernetes.io/arch'))).toEqual([])
    const faults = updated(PATH, withKey('kubernetes.io/arch', ['y']), withKey('beta.kubernetes.io/arch'))
    expect(faults).toEqual([expect.stringMatching(/^nodeAffinity: .*: field is immutable, except for updating from beta label to GA$/)])
    expect(updated(PATH, withKey('beta.kubernetes.io/arch'), withKey('kubernetes.io/arch'))).toHaveLength(1)
  })

  test('a negative size is two faults', () => {
    const spec = { accessModes: ['ReadWriteOnce'], capacity: { storage: '-1' }, hostPath: { path: '/a' } }
    expect(created(PATH, { spec })).toEqual([
      'spec.capacity[storage]: Invalid value: -1: must be a valid resource quantity',
      'spec.capacity[storage]: Invalid value: "-1": must be greater than zero',
    ])
  })
})

describe('claims', () => {
  const PATH = 'v1/persistentvolumeclaims'
  const claim = (volumeAttributesClassName?: string, status: object = {}): object => ({
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '1Gi' } },
      ...(volumeAttributesClassName === undefined ? {} : { volumeAttributesClassName }),
    },
    status: { phase: 'Bound', ...status },
  })
  const has = { currentVolumeAttributesClassName: 'gold' }
  test('the class of attributes may go until the volume has it', () => {
    const detail = 'is forbidden when status.currentVolumeAttributesClassName is not nil'
    expect(updated(PATH, claim(), claim('gold'))).toEqual([])
    expect(updated(PATH, claim('', has), claim('gold', has))).toEqual([
      `spec.volumeAttributesClassName: Forbidden: update to empty string ${detail}`,
    ])
    expect(updated(PATH, claim(undefined, has), claim('gold', has))).toEqual([
      `spec.volumeAttributesClassName: Forbidden: update to nil ${detail}`,
    ])
    expect(updated(PATH, claim('silver', has), claim('gold', has))).toEqual([])
  })

  test('states of growing', () => {
    const status = { allocatedResourceStatuses: { cpu: 'x' }, allocatedResources: { 'a/b': '-1', memory: '1' } }
    expect(statused(PATH, claim(undefined, status), claim())).toEqual([
      'status.allocatedResourceStatuses: Unsupported value: "cpu": supported values: "storage"',
      expect.stringMatching(/^status\.allocatedResourceStatuses: Unsupported value: "cpu": supported values: "Controller/),
      'status.allocatedResources[a/b]: Invalid value: -1: must be a valid resource quantity',
      'status.allocatedResources: Unsupported value: "memory": supported values: "storage"',
    ])
  })
})

describe('services', () => {
  const PATH = 'v1/services'
  const service = (spec: object, annotations: object = {}): object => ({
    metadata: { annotations },
    spec: { clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1'], ports: [{ port: 80 }], ...spec },
  })
  test('what changed is told before what is wrong', () => {
    const next = service({ clusterIP: '10.0.0.2', clusterIPs: ['10.0.0.2'], sessionAffinity: 'x' })
    expect(updated(PATH, next, service({})).map((cause) => cause.split(':')[0])).toEqual(['spec.clusterIPs[0]', 'spec.sessionAffinity'])
  })

  test('annotations', () => {
    const ranges = 'service.beta.kubernetes.io/load-balancer-source-ranges'
    expect(created(PATH, service({}, { [ranges]: 'x' }))).toEqual([
      `metadata.annotations[${ranges}]: Forbidden: may only be used when \`type\` is 'LoadBalancer'`,
      `metadata.annotations[${ranges}]: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)`,
    ])
    const [mode, hints] = ['service.kubernetes.io/topology-mode', 'service.kubernetes.io/topology-aware-hints']
    expect(created(PATH, service({}, { [mode]: 'Auto', [hints]: 'Disabled' }))).toEqual([
      `metadata.annotations[${mode}]: Invalid value: "Auto": must match annotations[${hints}] when both are specified`,
    ])
  })

  test('how traffic is spread', () => {
    expect(created(PATH, service({ trafficDistribution: 'x' }))).toEqual([
      'spec.trafficDistribution: Unsupported value: "x": supported values: "PreferClose", "PreferSameZone", "PreferSameNode"',
    ])
  })
})

describe('addresses', () => {
  test('an IPAddress is named in the one spelling there is', () => {
    const at = (name: string): string[] =>
      created('networking.k8s.io/v1/ipaddresses', { metadata: { name }, spec: { parentRef: { resource: 'services', name: 'a/b' } } })
    const parent = 'spec.parentRef.name: Invalid value: "a/b": may not contain \'/\''
    expect(at('10.0.0.1')).toEqual([parent])
    expect(at('FD00::1')).toEqual(['metadata.name: Invalid value: "FD00::1": must be in canonical form ("fd00::1")', parent])
  })

  test('a range of services may get a second one', () => {
    const path = 'networking.k8s.io/v1/servicecidrs'
    const of = (...cidrs: string[]): object => ({ spec: { cidrs } })
    expect(created(path, of('FD00::/64'))).toEqual(['spec.cidrs[0]: Invalid value: "FD00::/64": must be in canonical form ("fd00::/64")'])
    expect(created(path, of('10.0.0.0/24', '10.0.1.0/24'))).toHaveLength(1)
    expect(updated(path, of('10.0.0.0/24', 'fd00::/64'), of('10.0.0.0/24'))).toEqual([])
    expect(updated(path, of('10.0.0.0/24', 'fd01::/64'), of('10.0.0.0/24', 'fd00::/64'))).toEqual([
      'spec.cidrs[1]: Invalid value: "fd01::/64": field is immutable',
    ])
    expect(updated(path, of('10.0.0.0/24'), of('10.0.0.0/24', 'fd00::/64'))).toEqual([
      'spec.cidrs: Invalid value: ["10.0.0.0/24"]: field is immutable',
    ])
  })
})

test('a revision holds an object', () => {
  expect(created('apps/v1/controllerrevisions', { data: [1], revision: 1 })).toEqual([
    'data: Required value: data must be a valid JSON object',
  ])
})
