import { expect, test } from 'vitest'
import type { ServiceCIDR } from '../../src/api/types.gen.ts'
import { reconcileKubernetesServiceCidr } from '../../src/controllers/kubernetes-service-cidr/reconcile.ts'

const NOW = '2026-01-01T00:00:00Z'
const OURS = ['10.96.0.0/12']
const READY = { type: 'Ready', status: 'True', reason: '', message: 'Kubernetes default Service CIDR is ready', lastTransitionTime: NOW }
const serviceCidr = (cidrs: string[], conditions?: object[], metadata: object = {}) =>
  ({ metadata: { name: 'kubernetes', ...metadata }, spec: { cidrs }, status: { conditions } }) as unknown as ServiceCIDR
const ready = (conditions: object[]) => [
  { verb: 'update', resource: 'servicecidrs.networking.k8s.io', object: serviceCidr(OURS, conditions), subresource: 'status' },
]
const other = { type: 'Mine', status: 'True', reason: '', message: '', lastTransitionTime: NOW }
const said = (status: string) => ({ type: 'Ready', status, reason: 'Fault', message: 'no addresses', lastTransitionTime: NOW })

// Upstream: default_servicecidr_controller_test.go
test.each<{ name: string; given: ServiceCIDR | undefined; expect: object }>([
  {
    name: 'there is none',
    given: undefined,
    expect: {
      actions: [
        { verb: 'create', resource: 'servicecidrs.networking.k8s.io', object: { metadata: { name: 'kubernetes' }, spec: { cidrs: OURS } } },
      ],
    },
  },
  { name: 'nothing is said of it', given: serviceCidr(OURS), expect: { actions: ready([READY]) } },
  { name: 'what others say stays', given: serviceCidr(OURS, [other]), expect: { actions: ready([other, READY]) } },
  { name: 'nothing is known of it', given: serviceCidr(OURS, [said('Unknown')]), expect: { actions: ready([READY]) } },
  { name: 'it is ready', given: serviceCidr(OURS, [READY]), expect: {} },
  {
    name: 'somebody said that it is not ready',
    given: serviceCidr(OURS, [said('False')]),
    expect: { events: [{ type: 'Warning', reason: 'Fault', message: 'Configuration matches, but no addresses' }] },
  },
  {
    name: 'the range is another',
    given: serviceCidr(['10.0.0.0/24', 'fd00::/112']),
    expect: {
      events: [
        {
          type: 'Warning',
          reason: 'KubernetesDefaultServiceCIDRInconsistent',
          message: 'The default ServiceCIDR [10.0.0.0/24 fd00::/112] does not match the controller flag configurations [10.96.0.0/12]',
        },
      ],
    },
  },
  { name: 'it is going', given: serviceCidr(OURS, [], { deletionTimestamp: NOW }), expect: {} },
])('$name', ({ given, expect: expected }) => {
  const plan = reconcileKubernetesServiceCidr(given, Date.parse(NOW))
  if (Object.keys(expected).length === 0) expect(plan).toEqual({})
  else expect(plan).toMatchObject(expected)
})
