import { describe, expect, test } from 'vitest'
import type { Node, Service } from '../../src/api/types.gen.ts'
import { reconcileIngress } from '../../src/controllers/ingress-status/reconcile.ts'
import { isBalanced, isIncluded, isNodeChange, nodeSet } from '../../src/controllers/service-lb/balanced-nodes.ts'
import { LoadBalancerAddresses } from '../../src/controllers/service-lb/load-balancer-addresses.ts'
import {
  needsCleanup,
  type ObservedBalancer,
  reconcileBalancer,
  wantsLoadBalancer,
  wantsOf,
} from '../../src/controllers/service-lb/reconcile.ts'
import { context } from '../support/replica-objects.ts'

const FINALIZER = 'service.kubernetes.io/load-balancer-cleanup'
const IP = '198.18.0.1'

function service(spec: object = {}, metadata: object = {}, ingress?: object[]): Service {
  return {
    metadata: { name: 's', namespace: 'ns', uid: 'u', resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z', ...metadata },
    spec: { type: 'LoadBalancer', ipFamilies: ['IPv4'], ports: [{ port: 80, protocol: 'TCP' }], ...spec },
    status: { loadBalancer: ingress === undefined ? {} : { ingress } },
  } as Service
}
const shown = (ip: string, protocol = 'TCP') => [{ ip, ipMode: 'VIP', ports: [{ port: 80, protocol }] }]
const KEPT = { finalizers: [FINALIZER] }
const GOING = { ...KEPT, deletionTimestamp: '2026-01-01T00:00:00Z' }

describe('a Service', () => {
  const done = (subject: Service, nodes = 'n') => ({ wants: wantsOf(subject), nodes })
  const balanced = service({}, KEPT, shown(IP))
  const observe = (subject: Service, others: Partial<ObservedBalancer> = {}): ObservedBalancer => ({
    service: subject,
    synced: undefined,
    nodes: 'n',
    addresses: [IP],
    ...others,
  })
  const begun = { wants: undefined, nodes: 'n' }
  test.each<[string, ObservedBalancer, string[]]>([
    ['that wants none has none', observe(service({ type: 'ClusterIP' })), []],
    ['of a class is somebody else’s', observe(service({ loadBalancerClass: 'a.b/c' })), []],
    ['of a class with the finalizer too', observe(service({ loadBalancerClass: 'a.b/c' }, KEPT)), []],
    ['gets a finalizer first', observe(service()), [`finalizers ${FINALIZER}`, 'EnsuringLoadBalancer']],
    ['keeps other finalizers', observe(service({}, { finalizers: ['a'] })), [`finalizers a ${FINALIZER}`, 'EnsuringLoadBalancer']],
    ['gets an address', observe(service({}, KEPT), { synced: begun }), [`status ${IP} VIP 80/TCP`, 'EnsuredLoadBalancer']],
    [
      'gets one of UDP',
      observe(service({ ports: [{ port: 80, protocol: 'UDP' }] }, KEPT), { synced: begun }),
      [`status ${IP} VIP 80/UDP`, 'EnsuredLoadBalancer'],
    ],
    [
      'gets one of SCTP',
      observe(service({ ports: [{ port: 80, protocol: 'SCTP' }] }, KEPT), { synced: begun }),
      [`status ${IP} VIP 80/SCTP`, 'EnsuredLoadBalancer'],
    ],
    [
      'gets one of each family',
      observe(service({}, KEPT), { synced: begun, addresses: [IP, '2001:2::1'] }),
      [`status ${IP} VIP 80/TCP, 2001:2::1 VIP 80/TCP`, 'EnsuredLoadBalancer'],
    ],
    [
      'gets one without nodes, and a word',
      observe(service({}, KEPT), { synced: begun, nodes: '' }),
      [`status ${IP} VIP 80/TCP`, 'UnAvailableLoadBalancer', 'EnsuredLoadBalancer'],
    ],
    ['that had a finalizer before', observe(service({}, KEPT)), [`status ${IP} VIP 80/TCP`, 'EnsuringLoadBalancer', 'EnsuredLoadBalancer']],
    ['that has all is ensured once by each run', observe(balanced), ['EnsuringLoadBalancer', 'EnsuredLoadBalancer']],
    ['that has all is left alone', observe(balanced, { synced: done(balanced) }), []],
    [
      'whose address was changed gets it back',
      observe(service({}, KEPT, shown('1.2.3.4')), { synced: done(balanced) }),
      [`status ${IP} VIP 80/TCP`],
    ],
    [
      'that changed is ensured anew',
      observe(service({ sessionAffinity: 'ClientIP' }, KEPT, shown(IP)), { synced: done(balanced) }),
      ['EnsuringLoadBalancer', 'EnsuredLoadBalancer'],
    ],
    ['hears of other nodes', observe(balanced, { synced: done(balanced), nodes: 'n\nm' }), ['UpdatedLoadBalancer']],
    ['hears of nodes no more', observe(balanced, { synced: done(balanced), nodes: '' }), ['UnAvailableLoadBalancer']],
    [
      'can not have another’s address',
      observe(service({}, KEPT), { synced: begun, addresses: { fault: 'why' } }),
      ['SyncLoadBalancerFailed', 'after 60000 ms'],
    ],
    [
      'of another type is cleaned up',
      observe(service({ type: 'ClusterIP' }, KEPT)),
      ['finalizers ', 'DeletingLoadBalancer', 'DeletedLoadBalancer'],
    ],
    [
      'of another type no longer shows an address',
      observe(service({ type: 'NodePort' }, KEPT, shown(IP))),
      ['finalizers ', 'status ', 'DeletingLoadBalancer', 'DeletedLoadBalancer'],
    ],
    ['that goes is cleaned up', observe(service({}, GOING, shown(IP))), ['finalizers ', 'DeletingLoadBalancer', 'DeletedLoadBalancer']],
    [
      'that others keep shows no address meanwhile',
      observe(service({}, { ...GOING, finalizers: ['a', FINALIZER] }, shown(IP))),
      ['finalizers a', 'status ', 'DeletingLoadBalancer', 'DeletedLoadBalancer'],
    ],
  ])('%s', (_name, given, expected) => {
    const plan = reconcileBalancer(given, context({ now: Date.parse('2026-01-01T00:01:00Z') }))
    const lines = (plan.actions ?? []).flatMap((action) => {
      const { metadata, status } = (action as never as { patch: Service }).patch
      const ingress = status?.loadBalancer?.ingress ?? []
      const texts = ingress.map(
        ({ ip, ipMode, ports = [] }) => `${ip} ${ipMode} ${ports.map(({ port, protocol }) => `${port}/${protocol}`)}`,
      )
      const line = status === undefined ? `finalizers ${metadata.finalizers!.join(' ')}` : `status ${texts.join(', ')}`
      return [line, ...(action.event ? [action.event.reason] : [])]
    })
    const after = plan.requeueAfterMs === undefined ? [] : [`after ${plan.requeueAfterMs} ms`]
    expect([...lines, ...(plan.events ?? []).map(({ reason }) => reason), ...after]).toEqual(expected)
  })

  test.each<[string, Service, boolean]>([
    ['without the finalizer', service({ type: 'ClusterIP' }), false],
    ['with it, of another type', service({ type: 'ClusterIP' }, KEPT), true],
    ['with it, of the type', service({}, KEPT), false],
    ['with it, going', service({}, GOING), true],
  ])('needs cleaning up %s', (_name, given, expected) => expect(needsCleanup(given)).toBe(expected))

  test('is of this cloud when it names no class', () => {
    const rows = [service(), service({ loadBalancerClass: 'a' }), service({ type: 'NodePort' })]
    expect(rows.map(wantsLoadBalancer)).toEqual([true, false, false])
  })

  const ports = (...list: object[]) => ({ ports: list.map((port) => ({ port: 80, protocol: 'TCP', ...port })) })
  test.each<[string, object, object, boolean, object?, object?]>([
    ['nothing', {}, {}, false],
    ['its labels', {}, {}, false, { labels: { a: 'b' } }],
    ['its source ranges', { loadBalancerSourceRanges: ['1.0.0.0/8'] }, { loadBalancerSourceRanges: ['2.0.0.0/8'] }, true],
    ['its session affinity', { sessionAffinity: 'None' }, { sessionAffinity: 'ClientIP' }, true],
    [
      'the seconds of that',
      { sessionAffinityConfig: { clientIP: { timeoutSeconds: 1 } } },
      { sessionAffinityConfig: { clientIP: { timeoutSeconds: 2 } } },
      true,
    ],
    ['the address it asks for', { loadBalancerIP: '1.1.1.1' }, { loadBalancerIP: '1.1.1.2' }, true],
    ['how many external addresses it has', { externalIPs: ['1.1.1.1'] }, { externalIPs: ['1.1.1.1', '1.1.1.2'] }, true],
    ['an external address', { externalIPs: ['1.1.1.1'] }, { externalIPs: ['1.1.1.2'] }, true],
    ['its annotations', {}, {}, true, { annotations: { a: 'b' } }],
    ['the order of its annotations', {}, {}, false, { annotations: { a: 'b', c: 'd' } }, { annotations: { c: 'd', a: 'b' } }],
    ['which it is', {}, {}, true, { uid: 'other' }],
    ['its traffic policy', { externalTrafficPolicy: 'Cluster' }, { externalTrafficPolicy: 'Local' }, true],
    ['its port for health checks', { healthCheckNodePort: 31000 }, { healthCheckNodePort: 31001 }, true],
    ['its families', { ipFamilies: ['IPv4'] }, { ipFamilies: ['IPv4', 'IPv6'] }, true],
    ['the order of its families', { ipFamilies: ['IPv6', 'IPv4'] }, { ipFamilies: ['IPv4', 'IPv6'] }, false],
    ['a protocol', ports({}), ports({ protocol: 'UDP' }), true],
    ['a port', ports({}), ports({ port: 81 }), true],
    ['how many ports', ports({}), ports({}, { port: 81 }), true],
    ['the name of a port', ports({}), ports({ name: 'a' }), true],
    ['a node port', ports({ nodePort: 30001 }), ports({ nodePort: 30002 }), true],
    ['a target port', ports({ targetPort: 1 }), ports({ targetPort: 2 }), true],
    ['an application protocol', ports({}), ports({ appProtocol: 'http' }), true],
    ['its cluster IP', { clusterIP: '10.0.0.1' }, { clusterIP: '10.0.0.2' }, false],
    ['its selector', { selector: { a: 'b' } }, { selector: { a: 'c' } }, false],
  ])('is ensured anew when it changes %s', (_name, before, after, expected, metadata, old) => {
    expect(wantsOf(service(after, metadata)) !== wantsOf(service(before, old))).toBe(expected)
  })
})

describe('a node', () => {
  const node = (
    changes: { labels?: object; providerID?: string; taints?: string[]; ready?: string; deletionTimestamp?: string } = {},
    name = 'n',
  ): Node =>
    ({
      metadata: { name, labels: changes.labels ?? {}, ...(changes.deletionTimestamp && { deletionTimestamp: changes.deletionTimestamp }) },
      spec: {
        ...(changes.providerID && { providerID: changes.providerID }),
        taints: (changes.taints ?? []).map((key) => ({ key, effect: 'NoSchedule' })),
      },
      status: { conditions: changes.ready === undefined ? [] : [{ type: 'Ready', status: changes.ready }] },
    }) as never
  const excluded = (value = '') => ({ labels: { 'node.kubernetes.io/exclude-from-external-load-balancers': value } })
  const doomed = { taints: ['ToBeDeletedByClusterAutoscaler'] }
  test.each<[string, Node, boolean, boolean]>([
    ['as it comes', node(), true, true],
    ['that is excluded', node(excluded()), false, false],
    ['that is excluded in words', node(excluded('true')), false, false],
    ['that is excluded in no words', node(excluded('maybe')), false, false],
    ['that isn’t, in words', node(excluded('false')), true, true],
    ['that is to be deleted', node(doomed), true, false],
    ['with another taint', node({ taints: ['x'] }), true, true],
    ['that goes', node({ deletionTimestamp: 'x' }), true, false],
    ['that isn’t ready', node({ ready: 'False' }), true, true],
  ])('%s is included; is balanced', (_name, given, included, balanced) =>
    expect([isIncluded(given), isBalanced(given)]).toEqual([included, balanced]),
  )

  test.each<[string, Node | undefined, Node | undefined, boolean]>([
    ['nothing', node(), node(), false],
    ['that it comes', undefined, node(), true],
    ['that it is gone', node(), undefined, true],
    ['that it is excluded', node(), node(excluded()), true],
    ['that it is no longer excluded', node(excluded()), node(), true],
    ['how it is excluded', node(excluded()), node(excluded('true')), false],
    ['a taint', node(), node({ taints: ['x'] }), false],
    ['the lack of a taint', node({ taints: ['x'] }), node(), false],
    ['that it is to be deleted', node(), node(doomed), false],
    ['another label', node(), node({ labels: { a: 'b' } }), false],
    ['the lack of another label', node({ labels: { a: 'b' } }), node(), false],
    ['that it is ready', node({ ready: 'False' }), node({ ready: 'True' }), false],
    ['that it isn’t ready', node({ ready: 'True' }), node({ ready: 'False' }), false],
    ['that it says nothing of that', node({ ready: 'False' }), node(), false],
    ['that it goes', node(), node({ deletionTimestamp: 'x' }), false],
    ['that it has a provider', node(), node({ providerID: 'p' }), true],
    ['that it has none', node({ providerID: 'p' }), node(), true],
    ['that it has another', node({ providerID: 'p' }), node({ providerID: 'q' }), true],
    ['of one that is doomed, that it is excluded', node(doomed), node({ ...doomed, ...excluded() }), true],
    ['of one that is doomed, that it is not excluded', node({ ...doomed, ...excluded() }), node(doomed), true],
    ['of one that is doomed, its provider', node(doomed), node({ ...doomed, providerID: 'p' }), true],
    ['of one that is doomed, that it is ready', node({ ...doomed, ready: 'False' }), node({ ...doomed, ready: 'True' }), false],
    ['of one that is excluded, that it is doomed', node(excluded()), node({ ...excluded(), ...doomed }), false],
    ['of one that is excluded, that it isn’t doomed', node({ ...excluded(), ...doomed }), node(excluded()), false],
    ['of one that is excluded, that it is ready', node({ ...excluded(), ready: 'False' }), node({ ...excluded(), ready: 'True' }), false],
    ['of one that is excluded, its provider', node(excluded()), node({ ...excluded(), providerID: 'p' }), true],
    ['of one that isn’t ready, that it is doomed', node({ ready: 'False' }), node({ ready: 'False', ...doomed }), false],
    ['of one that isn’t ready, that it is excluded', node({ ready: 'False' }), node({ ready: 'False', ...excluded() }), true],
    ['of one that isn’t ready, its provider', node({ ready: 'False' }), node({ ready: 'False', providerID: 'p' }), true],
  ])('tells load balancers %s', (_name, old, current, expected) => expect(isNodeChange(current, old)).toBe(expected))

  test('is of a set by its name and provider', () => {
    expect(nodeSet([node({}, 'a'), node({}, 'b')])).toBe(nodeSet([node({ ready: 'True' }, 'b'), node({ labels: { a: 'b' } }, 'a')]))
    expect(nodeSet([node()])).not.toBe(nodeSet([node({ providerID: 'p' })]))
    expect(nodeSet([node({}, 'a')])).not.toBe(nodeSet([node({}, 'b')]))
  })
})

test('addresses are of one owner each, and free when that gives them back', () => {
  const addresses = new LoadBalancerAddresses()
  expect([addresses.addressOf('a', 'IPv4'), addresses.addressOf('b', 'IPv4'), addresses.addressOf('a', 'IPv4')]).toEqual([
    IP,
    '198.18.0.2',
    IP,
  ])
  expect([addresses.addressOf('a', 'IPv6'), addresses.addressOf('b', 'IPv6')]).toEqual(['2001:2::1', '2001:2::2'])
  expect([addresses.hold('c', '198.18.0.2'), addresses.hold('c', '198.18.0.3'), addresses.hold('c', '203.0.113.7')]).toEqual([
    false,
    true,
    true,
  ])
  expect(addresses.addressOf('d', 'IPv4')).toBe('198.18.0.4')
  addresses.release('a')
  expect([addresses.addressOf('e', 'IPv4'), addresses.addressOf('f', 'IPv4')]).toEqual([IP, '198.18.0.5'])
  addresses.release('c', ['203.0.113.7'])
  expect([addresses.hold('g', '203.0.113.7'), addresses.addressOf('g', 'IPv4')]).toEqual([false, '198.18.0.3'])
})

test('an Ingress shows the address of its class, by which ports follows from its certificates', () => {
  const ingress = (spec: object) => ({ metadata: { name: 'i' }, spec }) as never
  const shownBy = (spec: object, address?: string) =>
    (reconcileIngress({ ingress: ingress(spec), address }).status as Service | undefined)?.status?.loadBalancer?.ingress
  expect(shownBy({}, IP)).toEqual([{ ip: IP, ports: [{ port: 80, protocol: 'TCP' }] }])
  expect(shownBy({ tls: [{}] }, IP)?.[0]?.ports?.map(({ port }) => port)).toEqual([80, 443])
  expect(shownBy({})).toBeUndefined()
})
