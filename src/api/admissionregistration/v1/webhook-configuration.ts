/** ValidatingWebhookConfiguration and MutatingWebhookConfiguration. */

import { type Behaviour, defineResource } from '../../definition.ts'
import { pushInvalid, pushUnsupported } from '../../meta/field-checks.ts'
import { duplicate, type FieldError, invalid, required } from '../../meta/field-error.ts'
import { isDns1123Subdomain } from '../../meta/names.ts'
import { validateLabelSelector } from '../../meta/object-meta-validation.ts'
import { ageColumn, column, nameColumn } from '../../table-columns.ts'
import type {
  MutatingWebhook,
  MutatingWebhookConfiguration,
  RuleWithOperations,
  ValidatingWebhook,
  ValidatingWebhookConfiguration,
} from '../../types.gen.ts'
import { staticNameWarnings } from './static-name-warnings.ts'

type Configuration = MutatingWebhookConfiguration | ValidatingWebhookConfiguration
type Webhook = MutatingWebhook | ValidatingWebhook

const OPERATIONS = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE']
const SIDE_EFFECTS = ['None', 'NoneOnDryRun']

export const validatingWebhookConfiguration = defineResource<ValidatingWebhookConfiguration>(
  'admissionregistration.k8s.io/v1/validatingwebhookconfigurations',
  behaviour(() => {}),
)

export const mutatingWebhookConfiguration = defineResource<MutatingWebhookConfiguration>(
  'admissionregistration.k8s.io/v1/mutatingwebhookconfigurations',
  behaviour((webhook) => {
    ;(webhook as MutatingWebhook).reinvocationPolicy ??= 'Never'
  }),
)

function behaviour(setOwnDefaults: (webhook: Webhook) => void): Behaviour<Configuration> {
  return {
    countsGenerations: true,
    warnings: staticNameWarnings,
    refusesUnconditionalUpdate: true,
    setDefaults: ({ webhooks }) => {
      for (const webhook of webhooks ?? []) {
        setWebhookDefaults(webhook)
        setOwnDefaults(webhook)
      }
    },
    validate: ({ webhooks = [] }) => {
      const errors: FieldError[] = []
      const names = new Set<string>()
      webhooks.forEach((webhook, i) => {
        const path = `webhooks[${i}]`
        pushWebhookFaults(errors, webhook, path)
        if (!webhook.admissionReviewVersions?.length) {
          errors.push(required(`${path}.admissionReviewVersions`, 'must specify one of v1, v1beta1'))
        } else if (!webhook.admissionReviewVersions.some((version) => version === 'v1' || version === 'v1beta1')) {
          const detail = 'must include at least one of v1, v1beta1'
          errors.push(invalid(`${path}.admissionReviewVersions`, webhook.admissionReviewVersions, detail))
        }
        if (names.has(webhook.name)) errors.push(duplicate(`${path}.name`, webhook.name))
        names.add(webhook.name)
      })
      return errors
    },
    columns: [nameColumn, column('Webhooks', 'integer', 'Number of webhooks.', ({ webhooks }) => webhooks?.length ?? 0), ageColumn],
  }
}

function setWebhookDefaults(webhook: Webhook): void {
  webhook.failurePolicy ??= 'Fail'
  webhook.matchPolicy ??= 'Equivalent'
  webhook.namespaceSelector ??= {}
  webhook.objectSelector ??= {}
  webhook.timeoutSeconds ??= 10
  for (const rule of webhook.rules ?? []) rule.scope ??= '*'
  if (webhook.clientConfig?.service !== undefined) webhook.clientConfig.service.port ??= 443
}

function pushWebhookFaults(errors: FieldError[], webhook: Webhook, path: string): void {
  pushQualifiedNameFaults(errors, webhook.name, `${path}.name`)
  webhook.rules?.forEach((rule, i) => {
    pushRuleFaults(errors, rule, `${path}.rules[${i}]`)
  })
  pushUnsupported(errors, `${path}.failurePolicy`, webhook.failurePolicy, ['Fail', 'Ignore'])
  pushUnsupported(errors, `${path}.matchPolicy`, webhook.matchPolicy, ['Equivalent', 'Exact'])
  if (webhook.sideEffects === undefined) errors.push(required(`${path}.sideEffects`, 'must specify one of None, NoneOnDryRun'))
  else pushUnsupported(errors, `${path}.sideEffects`, webhook.sideEffects, SIDE_EFFECTS)
  const { timeoutSeconds } = webhook
  if (timeoutSeconds !== undefined && (timeoutSeconds > 30 || timeoutSeconds < 1)) {
    errors.push(invalid(`${path}.timeoutSeconds`, timeoutSeconds, 'the timeout value must be between 1 and 30 seconds'))
  }
  errors.push(...validateLabelSelector(webhook.namespaceSelector, `${path}.namespaceSelector`))
  errors.push(...validateLabelSelector(webhook.objectSelector, `${path}.objectSelector`))
  if ('reinvocationPolicy' in webhook) {
    pushUnsupported(errors, `${path}.reinvocationPolicy`, webhook.reinvocationPolicy, ['IfNeeded', 'Never'])
  }
  const { url, service } = webhook.clientConfig ?? {}
  if ((url === undefined) === (service === undefined)) {
    errors.push(required(`${path}.clientConfig`, 'exactly one of url or service is required'))
  } else if (service !== undefined) {
    if (!service.name) errors.push(required(`${path}.clientConfig.service.name`, 'service name is required'))
    if (!service.namespace) errors.push(required(`${path}.clientConfig.service.namespace`, 'service namespace is required'))
  } else if (!url!.startsWith('https://')) {
    const scheme = /^[^:/?#]*(?=:)/.exec(url!)?.[0] ?? ''
    const detail = `'https' is the only allowed URL scheme; desired format: https://host[/path]`
    errors.push(invalid(`${path}.clientConfig.url`, scheme, detail))
  }
}

/** Upstream: IsFullyQualifiedName. */
function pushQualifiedNameFaults(errors: FieldError[], name: string, path: string): void {
  if (!name) {
    errors.push(required(path))
    return
  }
  const messages = isDns1123Subdomain(name)
  if (messages.length > 0) pushInvalid(errors, path, name, [messages.join(',')])
  else if (name.split('.').length < 3) {
    errors.push(invalid(path, name, 'should be a domain with at least three segments separated by dots'))
  }
}

function pushRuleFaults(errors: FieldError[], rule: RuleWithOperations, path: string): void {
  const lists = { apiGroups: rule.apiGroups, apiVersions: rule.apiVersions, resources: rule.resources }
  if (!rule.operations?.length) errors.push(required(`${path}.operations`))
  else if (rule.operations.length > 1 && rule.operations.includes('*')) {
    const detail = "if '*' is present, must not specify other operations"
    errors.push(invalid(`${path}.operations`, rule.operations, detail))
  }
  rule.operations?.forEach((operation, i) => {
    pushUnsupported(errors, `${path}.operations[${i}]`, operation, OPERATIONS)
  })
  for (const [field, list] of Object.entries(lists)) {
    if (!list?.length) errors.push(required(`${path}.${field}`))
    else if (field !== 'resources' && list.length > 1 && list.includes('*')) {
      const what = field === 'apiGroups' ? 'API groups' : 'API versions'
      errors.push(invalid(`${path}.${field}`, list, `if '*' is present, must not specify other ${what}`))
    }
  }
  if (rule.scope !== undefined) pushUnsupported(errors, `${path}.scope`, rule.scope, ['*', 'Cluster', 'Namespaced'])
}
