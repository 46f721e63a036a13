import { describe, expect, test } from 'vitest'
import { addressRange, containsRange, firstAddress, hasAddress, overlap } from '../../src/api/core/v1/address-range.ts'
import type { IPAddress, Service, ServiceCIDR } from '../../src/api/types.gen.ts'
import { reconcileClusterIp } from '../../src/controllers/ipallocator-repair/reconcile.ts'
import { reconcileServiceCidr, SERVICE_CIDR_FINALIZER } from '../../src/controllers/service-cidr/reconcile.ts'
import { context } from '../support/replica-objects.ts'

const NOW = Date.parse('2026-01-01T00:01:00Z')

describe('ranges', () => {
  test.each<[string, string | undefined, string | undefined, number | undefined]>([
    ['10.96.0.0/12', '10.96.0.1', '10.96.1.1', 2 ** 20 - 2],
    ['192.168.1.0/24', '192.168.1.1', '192.168.1.17', 254],
    ['192.168.1.0/27', '192.168.1.1', '192.168.1.17', 30],
    ['192.168.1.0/28', '192.168.1.1', '192.168.1.1', 14],
    ['192.168.1.0/30', '192.168.1.1', '192.168.1.1', 2],
    ['2000::/108', '2000::1', '2000::101', 2 ** 20 - 1],
    ['fd00:10:96::/112', 'fd00:10:96::1', 'fd00:10:96::101', 2 ** 16 - 1],
    ['2000::/120', '2000::1', '2000::11', 255],
    ['2000::/48', undefined, undefined, undefined],
    ['garbage', undefined, undefined, undefined],
  ])('%s begins at %s, for who asks for any at %s, and has %s', (cidr, first, dynamic, size) => {
    const range = addressRange(cidr)
    expect(range && firstAddress(range)).toBe(first)
    expect(range && firstAddress({ ...range, first: range.dynamicFrom })).toBe(dynamic)
    expect(range && Number(range.last - range.first + 1n)).toBe(size)
  })

  test.each([
    ['10.0.0.0/24', '10.0.0.1', true],
    ['10.0.0.0/24', '10.0.0.254', true],
    ['10.0.0.0/24', '10.0.0.0', false],
    ['10.0.0.0/24', '10.0.0.255', false],
    ['10.0.0.0/24', '10.0.1.1', false],
    ['10.0.0.0/24', '2000::1', false],
    ['2000::/112', '2000::', false],
    ['2000::/112', '2000::ffff', true],
    ['2000::/112', '2000::1:0', false],
  ])('%s has %s: %s', (cidr, ip, expected) => expect(hasAddress(addressRange(cidr)!, ip)).toBe(expected))

  test.each([
    ['10.0.0.0/16', '10.0.5.0/24', true, true],
    ['10.0.5.0/24', '10.0.0.0/16', false, true],
    ['10.0.0.0/24', '10.0.0.0/24', true, true],
    ['10.0.0.0/24', '10.0.1.0/24', false, false],
    ['10.0.0.0/8', '2000::/64', false, false],
  ])('%s contains %s: %s; overlaps: %s', (outer, inner, contains, overlaps) => {
    const [a, b] = [addressRange(outer)!, addressRange(inner)!]
    expect([containsRange(a, b), overlap(a, b), overlap(b, a)]).toEqual([contains, overlaps, overlaps])
  })
})

describe('a ServiceCIDR', () => {
  const cidr = (cidrs: string[], metadata: object = {}, status?: object): ServiceCIDR =>
    ({ metadata: { name: 'c', uid: 'u', resourceVersion: '1', ...metadata }, spec: { cidrs }, ...(status && { status }) }) as never
  const KEPT = { finalizers: [SERVICE_CIDR_FINALIZER] }
  const READY = {
    conditions: [{ type: 'Ready', status: 'True', reason: '', message: 'Kubernetes Service CIDR is ready', lastTransitionTime: 'x' }],
  }
  const GOING = { ...KEPT, deletionTimestamp: '2026-01-01T00:00:00Z' }
  const add = 'finalizers: networking.k8s.io/service-cidr-finalizer'
  const remove = 'finalizers: '
  const blocked = 'Ready False Terminating'

  test.each<[string, ServiceCIDR, ServiceCIDR[], string[], string[]]>([
    ['that is new gets a finalizer', cidr(['10.0.0.0/24']), [], [], [add]],
    [
      'has other finalizers too',
      cidr(['10.0.0.0/24'], { finalizers: ['a'] }),
      [],
      [],
      ['finalizers: a networking.k8s.io/service-cidr-finalizer'],
    ],
    ['is ready then', cidr(['10.0.0.0/24'], KEPT), [], [], ['Ready True ']],
    ['that is ready stays so', cidr(['10.0.0.0/24'], KEPT, READY), [], [], []],
    ['that goes, goes', cidr(['10.0.0.0/24'], GOING), [], [], [remove]],
    ['of others finalizers goes no sooner', cidr(['10.0.0.0/24'], { ...GOING, finalizers: ['a'] }), [], [], []],
    [
      'that goes waits for a while',
      cidr(['10.0.0.0/24'], { ...KEPT, deletionTimestamp: '2026-01-01T00:00:55Z' }),
      [],
      [],
      ['after 5000 ms'],
    ],
    ['with addresses stays', cidr(['10.0.0.0/24'], GOING), [], ['10.0.0.5'], [blocked]],
    ['with addresses of another range goes', cidr(['10.0.0.0/24'], GOING), [], ['10.0.5.5'], [remove]],
    ['with the network alone goes', cidr(['10.0.0.0/24'], GOING), [], ['10.0.0.0'], [remove]],
    ['with the address for broadcasts alone goes', cidr(['10.0.0.0/24'], GOING), [], ['10.0.0.255'], [remove]],
    ['with the last address of IPv6 stays', cidr(['2001:db2::/112'], GOING), [], ['2001:db2::ffff'], [blocked]],
    ['goes if there is another of the same range', cidr(['10.0.0.0/24'], GOING), [cidr(['10.0.0.0/24'])], ['10.0.0.5'], [remove]],
    ['goes if there is a larger one', cidr(['10.0.0.0/24'], GOING), [cidr(['10.0.0.0/16'])], ['10.0.0.5'], [remove]],
    ['goes if all addresses are of a smaller one', cidr(['10.0.0.0/16'], GOING), [cidr(['10.0.0.0/24'])], ['10.0.0.5'], [remove]],
    ['stays if not all are', cidr(['10.0.0.0/16'], GOING), [cidr(['10.0.0.0/24'])], ['10.0.0.5', '10.0.1.5'], [blocked]],
    ['stays if others are elsewhere', cidr(['10.0.0.0/24'], GOING), [cidr(['10.0.1.0/24'])], ['10.0.0.5'], [blocked]],
    ['of IPv6 with addresses stays', cidr(['2001:db2::/112'], GOING), [], ['2001:db2::5'], [blocked]],
    [
      'of IPv6 goes if there is another of the same range',
      cidr(['2001:db2::/112'], GOING),
      [cidr(['2001:db2::/112'])],
      ['2001:db2::5'],
      [remove],
    ],
    ['of IPv6 goes if there is a larger one', cidr(['2001:db2::/112'], GOING), [cidr(['2001:db2::/96'])], ['2001:db2::5'], [remove]],
    ['of IPv6 stays if others are elsewhere', cidr(['2001:db2::/112'], GOING), [cidr(['2001:db3::/112'])], ['2001:db2::5'], [blocked]],
    ['of two families stays for one', cidr(['10.0.0.0/24', '2001:db2::/112'], GOING), [cidr(['10.0.0.0/24'])], ['2001:db2::5'], [blocked]],
  ])('%s', (_name, subject, others, addresses, expected) => {
    const plan = reconcileServiceCidr({ cidr: subject, others, addresses }, context({ now: NOW }))
    const conditions = (plan.status as ServiceCIDR | undefined)?.status?.conditions ?? []
    expect([
      ...(plan.actions ?? []).map(
        (action) => `finalizers: ${(action as never as { patch: ServiceCIDR }).patch.metadata.finalizers!.join(' ')}`,
      ),
      ...conditions.map(({ type, status, reason }) => `${type} ${status} ${reason}`),
      ...(plan.requeueAfterMs ? [`after ${plan.requeueAfterMs} ms`] : []),
    ]).toEqual(expected)
  })
})

describe('an IPAddress', () => {
  const IP = '192.168.1.1'
  const MANAGED = { 'ipaddress.kubernetes.io/ip-family': 'IPv4', 'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io' }
  const address = (parentRef: object, labels: object = MANAGED, name = IP): IPAddress =>
    ({ metadata: { name, uid: 'u', labels }, spec: { parentRef } }) as never
  const service = (name: string, clusterIP = IP, creationTimestamp = '2026-01-01T00:00:00Z'): Service =>
    ({ metadata: { name, namespace: 'ns', uid: name, creationTimestamp }, spec: { clusterIP, clusterIPs: [clusterIP] } }) as never
  const ref = (name: string) => ({ group: '', resource: 'services', namespace: 'ns', name })
  const GATEWAY = { group: 'gateway.networking.k8s.io', resource: 'gateway', namespace: 'foo', name: 'bar' }
  const wrong = `ClusterIPNotAllocated the ClusterIP [IPv4]: ${IP} for Service ns/a has a wrong reference; repairing`

  test.each<[string, string, IPAddress | undefined, Service[], boolean, string[]]>([
    ['of a Service is fine', IP, address(ref('a')), [service('a')], true, []],
    [
      'of IPv6 is too',
      '2001:db8::11',
      address(ref('a'), { ...MANAGED, 'ipaddress.kubernetes.io/ip-family': 'IPv6' }, '2001:db8::11'),
      [service('a', '2001:db8::11')],
      true,
      [],
    ],
    ['is made', IP, undefined, [service('a')], true, ['create 192.168.1.1 IPv4 ns/a']],
    ['is made of IPv6', '2001:db8::11', undefined, [service('a', '2001:db8::11')], true, ['create 2001:db8::11 IPv6 ns/a']],
    [
      'of a Service that is gone goes to the next one',
      IP,
      address(ref('gone')),
      [service('a')],
      true,
      ['delete', 'create 192.168.1.1 IPv4 ns/a'],
    ],
    ['of something else is taken', IP, address(GATEWAY, {}), [service('a')], true, ['delete', 'create 192.168.1.1 IPv4 ns/a', wrong]],
    ['without its labels is made anew', IP, address(ref('a'), {}), [service('a')], true, ['delete', 'create 192.168.1.1 IPv4 ns/a']],
    [
      'with those of the other family is made anew',
      IP,
      address(ref('a'), { ...MANAGED, 'ipaddress.kubernetes.io/ip-family': 'IPv6' }),
      [service('a')],
      true,
      ['delete', 'create 192.168.1.1 IPv4 ns/a'],
    ],
    ['of nobody goes', IP, address(ref('a')), [], true, ['delete']],
    ['of nobody, somebody else made, stays', IP, address(GATEWAY, {}), [], true, []],
    [
      'that was changed to be of something else goes',
      IP,
      address(GATEWAY),
      [],
      true,
      [
        'delete IPAddressNotAllocated IPAddress 192.168.1.1 appears to have been modified, not referencing a Service &ParentReference{Group:gateway.networking.k8s.io,Resource:gateway,Namespace:foo,Name:bar,}: cleaning up',
      ],
    ],
    [
      'out of range is not made',
      IP,
      undefined,
      [service('a')],
      false,
      ['ClusterIPOutOfRange Cluster IP [IPv4]: 192.168.1.1 is not within any configured Service CIDR; please recreate service'],
    ],
    [
      'of two Services is that of which it says it is',
      IP,
      address(ref('b')),
      [service('a'), service('b', IP, '2026-01-01T00:00:01Z')],
      true,
      ['ClusterIPAlreadyAllocated Cluster IP [IPv4]:192.168.1.1 was assigned to multiple services; please recreate service'],
    ],
    [
      'of two Services is the older one',
      IP,
      undefined,
      [service('a', IP, '2026-01-01T00:00:01Z'), service('b')],
      true,
      [
        'create 192.168.1.1 IPv4 ns/b',
        'ClusterIPAlreadyAllocated Cluster IP [IPv4]:192.168.1.1 was assigned to multiple services; please recreate service',
      ],
    ],
  ])('%s', (_name, ip, given, services, isInRange, expected) => {
    const { actions = [], events = [] } = reconcileClusterIp({ ip, address: given, services, isInRange })
    const lines = actions.map((action) => {
      if (action.verb !== 'create') return ['delete', action.event?.reason, action.event?.message].filter(Boolean).join(' ')
      const { metadata, spec } = action.object as IPAddress
      expect(metadata.labels?.['ipaddress.kubernetes.io/managed-by']).toBe('ipallocator.k8s.io')
      return `create ${metadata.name} ${metadata.labels?.['ipaddress.kubernetes.io/ip-family']} ${spec.parentRef?.namespace}/${spec.parentRef?.name}`
    })
    expect([...lines, ...events.map(({ reason, message }) => `${reason} ${message}`)]).toEqual(expected)
  })
})
