/** What services count for. Upstream: pkg/quota/v1/evaluator/core/services.go. */
import type { Service } from '../types.gen.ts'
import { countName, type Evaluator } from './evaluator.ts'

const NAMES = [countName('services'), 'services', 'services.nodeports', 'services.loadbalancers']

export const serviceEvaluator: Evaluator = {
  // Of updates too, as its type may change.
  handles: ({ subresource }) => subresource === '',
  matching: (names) => names.filter((name) => NAMES.includes(name)),
  matchesScope: () => false,
  faultOf: () => undefined,
  usage: (object) => ({
    [countName('services')]: '1',
    services: '1',
    'services.loadbalancers': (object as Service).spec.type === 'LoadBalancer' ? '1' : '0',
    'services.nodeports': String(nodePortsOf(object as Service)),
  }),
  replenishes: (object, old) => reservedTypeOf(object as Service) !== reservedTypeOf(old as Service),
}

/** Counted by intent, as they may not be given out yet. */
function nodePortsOf({ spec }: Service): number {
  const ports = spec.ports ?? []
  if (spec.type === 'NodePort') return ports.length
  if (spec.type !== 'LoadBalancer') return 0
  return spec.allocateLoadBalancerNodePorts === false ? ports.filter(({ nodePort }) => nodePort).length : ports.length
}

function reservedTypeOf({ spec }: Service): string {
  return spec.type === 'NodePort' || spec.type === 'LoadBalancer' ? spec.type : ''
}
