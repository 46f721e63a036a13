/** What upstream asks of webhook configurations beside calling them. Upstream: test/e2e/apimachinery/webhook.go */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Conformance } from '../../support/conformance.ts'
import { uniqueName } from '../../support/resource-client.ts'

let e2e: Conformance
beforeAll(async () => {
  e2e = await Conformance.start()
})
afterAll(() => e2e.close())

const GROUP = 'admissionregistration.k8s.io/v1'

it('[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin] should include webhook resources in discovery documents', async () => {
  for (const kind of ['mutating', 'validating']) await e2e.expectDiscovered(`${GROUP}/${kind}webhookconfigurations`)
})

it.each([
  [
    '[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin] should be able to create and update validating webhook configurations with match conditions',
    'validating',
  ],
  [
    '[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin] should be able to create and update mutating webhook configurations with match conditions',
    'mutating',
  ],
])('%s', async (_, kind) => {
  const client = e2e.client(`${GROUP}/${kind}webhookconfigurations`)
  const name = uniqueName('e2e-webhook')
  const conditions = (expression: string) => [{ name: 'expression-1', expression }]
  const rules = [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] }]
  const service = { namespace: 'default', name: 'e2e-test-webhook', path: '/always-deny', port: 8443 }
  const webhook = {
    name: 'matcher.k8s.io',
    rules,
    clientConfig: { service },
    sideEffects: 'None',
    admissionReviewVersions: ['v1', 'v1beta1'],
    namespaceSelector: { matchLabels: { [name]: 'true' } },
    matchConditions: conditions('object.metadata.namespace == "production"'),
  }
  await client.create({ metadata: { name }, webhooks: [webhook] })
  expect((await client.get(name)).webhooks[0].matchConditions).toEqual(webhook.matchConditions)
  const next = [...conditions('object.metadata.namespace == "staging"'), { name: 'expression-2', expression: 'true' }]
  await client.change(name, ({ webhooks }) => {
    webhooks[0].matchConditions = next
  })
  expect((await client.get(name)).webhooks[0].matchConditions).toEqual(next)
  await client.delete(name)
})
