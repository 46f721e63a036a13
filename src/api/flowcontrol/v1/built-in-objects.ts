/**
 * The priority levels and flow schemas that every API server has. Two of each are mandatory: their specs may not be changed.
 * Upstream: apiserver/pkg/apis/flowcontrol/bootstrap default.go.
 */
import type { FlowSchemaSpec, PriorityLevelConfigurationSpec, FlowcontrolV1Subject as Subject } from '../../types.gen.ts'

export const MANDATORY_LEVELS: Readonly<Record<string, PriorityLevelConfigurationSpec>> = {
  'catch-all': {
    type: 'Limited',
    limited: { nominalConcurrencyShares: 5, lendablePercent: 0, limitResponse: { type: 'Reject' } },
  },
  exempt: { type: 'Exempt', exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } },
}

export const SUGGESTED_LEVELS: Readonly<Record<string, PriorityLevelConfigurationSpec>> = {
  system: queuing(30, 33, 64, 6),
  'node-high': queuing(40, 25, 64, 6),
  'leader-election': queuing(10, 0, 16, 4),
  'workload-high': queuing(40, 50, 128, 6),
  'workload-low': queuing(100, 90, 128, 6),
  'global-default': queuing(20, 50, 128, 6),
}

const EVERYONE = groups('system:unauthenticated', 'system:authenticated')
const EVERY_RESOURCE = { verbs: ['*'], apiGroups: ['*'], resources: ['*'], clusterScope: true, namespaces: ['*'] }
const EVERY_PATH = { verbs: ['*'], nonResourceURLs: ['*'] }
const EVERY_LEASE = { verbs: ['*'], apiGroups: ['coordination.k8s.io'], resources: ['leases'], namespaces: ['*'] }

export const MANDATORY_SCHEMAS: Readonly<Record<string, FlowSchemaSpec>> = {
  exempt: schema('exempt', 1, undefined, groups('system:masters')),
  'catch-all': schema('catch-all', 10_000, 'ByUser', EVERYONE),
}

export const SUGGESTED_SCHEMAS: Readonly<Record<string, FlowSchemaSpec>> = {
  'system-nodes': schema('system', 500, 'ByUser', groups('system:nodes')),
  'system-node-high': schema('node-high', 400, 'ByUser', groups('system:nodes'), {
    resourceRules: [
      { verbs: ['*'], apiGroups: [''], resources: ['nodes', 'nodes/status'], clusterScope: true, namespaces: ['*'] },
      EVERY_LEASE,
    ],
  }),
  probes: schema('exempt', 2, undefined, EVERYONE, {
    nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/healthz', '/readyz', '/livez'] }],
  }),
  'system-leader-election': schema(
    'leader-election',
    100,
    'ByUser',
    [...users('system:kube-controller-manager', 'system:kube-scheduler'), ...kubeSystemServiceAccounts()],
    { resourceRules: [{ ...EVERY_LEASE, verbs: ['get', 'create', 'update'] }] },
  ),
  'kube-controller-manager': schema('workload-high', 800, 'ByNamespace', users('system:kube-controller-manager')),
  'kube-scheduler': schema('workload-high', 800, 'ByNamespace', users('system:kube-scheduler')),
  'kube-system-service-accounts': schema('workload-high', 900, 'ByNamespace', kubeSystemServiceAccounts()),
  'service-accounts': schema('workload-low', 9000, 'ByUser', groups('system:serviceaccounts')),
  'global-default': schema('global-default', 9900, 'ByUser', EVERYONE),
}

function queuing(shares: number, lendablePercent: number, queues: number, handSize: number): PriorityLevelConfigurationSpec {
  const limitResponse = { type: 'Queue', queuing: { queues, handSize, queueLengthLimit: 50 } }
  return { type: 'Limited', limited: { nominalConcurrencyShares: shares, lendablePercent, limitResponse } }
}

/** @param rules all there is when not given */
function schema(
  level: string,
  matchingPrecedence: number,
  distinguisher: 'ByUser' | 'ByNamespace' | undefined,
  subjects: Subject[],
  rules: Omit<NonNullable<FlowSchemaSpec['rules']>[number], 'subjects'> = {
    resourceRules: [EVERY_RESOURCE],
    nonResourceRules: [EVERY_PATH],
  },
): FlowSchemaSpec {
  return {
    priorityLevelConfiguration: { name: level },
    matchingPrecedence,
    ...(distinguisher === undefined ? {} : { distinguisherMethod: { type: distinguisher } }),
    rules: [{ subjects, ...rules }],
  }
}

function groups(...names: string[]): Subject[] {
  return names.map((name) => ({ kind: 'Group', group: { name } }))
}

function users(...names: string[]): Subject[] {
  return names.map((name) => ({ kind: 'User', user: { name } }))
}

function kubeSystemServiceAccounts(): Subject[] {
  return [{ kind: 'ServiceAccount', serviceAccount: { name: '*', namespace: 'kube-system' } }]
}
