import { afterAll, beforeAll, it } from 'vitest'
import { type ApiOperations, checkApiOperations } from '../../support/api-operations.ts'
import { Conformance } from '../../support/conformance.ts'

let e2e: Conformance
beforeAll(async () => {
  e2e = await Conformance.start()
})
afterAll(() => e2e.close())

const DEPLOYMENTS = {
  resourceRules: [{ apiGroups: ['apps'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['deployments'] }],
}
const failed = (type: string) => ({ type, status: 'False', reason: 'E2E', message: 'Set from an e2e test' })
/** As upstream's tests of a status with conditions: a patch puts one in, an update adds another. */
const CONDITIONS = {
  patch: { conditions: [{ type: 'PatchStatusFailed', status: 'False', reason: 'e2e' }] },
  update: (status: { conditions: object[] }) => {
    status.conditions.push(failed('StatusUpdateFailed'))
  },
}
const lastTransitionTime = '2024-01-01T00:00:00Z'

const ROWS: readonly ApiOperations[] = [
  {
    title: '[sig-api-machinery] API priority and fairness should support FlowSchema API operations',
    path: 'flowcontrol.apiserver.k8s.io/v1/flowschemas',
    object: {
      spec: {
        matchingPrecedence: 10000,
        priorityLevelConfiguration: { name: 'global-default' },
        distinguisherMethod: { type: 'ByUser' },
        rules: [
          {
            subjects: [{ kind: 'User', user: { name: 'example-e2e-non-existent-user' } }],
            nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
          },
        ],
      },
    },
    patch: { spec: { matchingPrecedence: 9999 } },
    update: ({ spec }) => {
      spec.matchingPrecedence = 9000
    },
    status: CONDITIONS,
  },
  {
    title: '[sig-api-machinery] API priority and fairness should support PriorityLevelConfiguration API operations',
    path: 'flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations',
    object: { spec: { type: 'Limited', limited: { nominalConcurrencyShares: 2, limitResponse: { type: 'Reject' } } } },
    patch: { spec: { limited: { nominalConcurrencyShares: 4 } } },
    update: ({ spec }) => {
      spec.limited.nominalConcurrencyShares = 6
    },
    status: CONDITIONS,
  },
  {
    title:
      '[sig-api-machinery] ValidatingAdmissionPolicy [Privileged:ClusterAdmin] should support ValidatingAdmissionPolicy API operations',
    path: 'admissionregistration.k8s.io/v1/validatingadmissionpolicies',
    object: { spec: { matchConstraints: DEPLOYMENTS, validations: [{ expression: 'object.spec.replicas <= 100' }] } },
    patch: { spec: { failurePolicy: 'Ignore' } },
    update: ({ spec }) => {
      spec.failurePolicy = 'Fail'
    },
    status: {
      patch: { conditions: [{ ...failed('PatchStatusFailed'), lastTransitionTime }] },
      update: ({ conditions }) => {
        conditions.push({ ...failed('StatusUpdateFailed'), lastTransitionTime })
      },
    },
  },
  {
    title:
      '[sig-api-machinery] ValidatingAdmissionPolicy [Privileged:ClusterAdmin] should support ValidatingAdmissionPolicyBinding API operations',
    path: 'admissionregistration.k8s.io/v1/validatingadmissionpolicybindings',
    object: { spec: { policyName: 'replicalimit-policy.example.com', validationActions: ['Deny'] } },
    patch: { spec: { validationActions: ['Warn'] } },
    update: ({ spec }) => {
      spec.validationActions = ['Deny']
    },
  },
  {
    title: '[sig-api-machinery] MutatingAdmissionPolicy [Privileged:ClusterAdmin] should support MutatingAdmissionPolicy API operations',
    path: 'admissionregistration.k8s.io/v1/mutatingadmissionpolicies',
    object: {
      spec: {
        matchConstraints: DEPLOYMENTS,
        reinvocationPolicy: 'Never',
        mutations: [
          {
            patchType: 'ApplyConfiguration',
            applyConfiguration: { expression: 'Object{ metadata: Object.metadata{ annotations: {"my-foo-annotation": "my-foo-value"} } }' },
          },
        ],
      },
    },
    patch: { spec: { failurePolicy: 'Ignore' } },
    update: ({ spec }) => {
      spec.failurePolicy = 'Fail'
    },
  },
  {
    title:
      '[sig-api-machinery] MutatingAdmissionPolicy [Privileged:ClusterAdmin] should support MutatingAdmissionPolicyBinding API operations',
    path: 'admissionregistration.k8s.io/v1/mutatingadmissionpolicybindings',
    object: { spec: { policyName: 'replicalimit-policy.example.com', matchResources: { matchPolicy: 'Exact' } } },
    patch: { spec: { matchResources: { matchPolicy: 'Equivalent' } } },
    update: ({ spec }) => {
      spec.matchResources.matchPolicy = 'Exact'
    },
  },
]

it.each(ROWS.map((row) => [row.title, row] as const))('%s', (_title, row) => checkApiOperations(e2e, row))
