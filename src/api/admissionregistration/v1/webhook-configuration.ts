/** ValidatingWebhookConfiguration and MutatingWebhookConfiguration. */

import { type Behaviour, defineResource } from '../../definition.ts'
import { isSameValue, pushInvalid, pushUnsupported } from '../../meta/field-checks.ts'
import { duplicate, type FieldError, invalid, required } from '../../meta/field-error.ts'
import { isDns1035Label, isDns1123Subdomain } from '../../meta/names.ts'
import { validateLabelSelector } from '../../meta/object-meta-validation.ts'
import { ageColumn, column, nameColumn } from '../../table-columns.ts'
import type { MutatingWebhook, MutatingWebhookConfiguration, ValidatingWebhook, ValidatingWebhookConfiguration } from '../../types.gen.ts'
import { pushConditionFaults } from './match-validation.ts'
import { pushRuleFaults } from './rule-validation.ts'
import { staticNameWarnings } from './static-name-warnings.ts'
import { pushClientFaults } from './webhook-client.ts'

type Configuration = MutatingWebhookConfiguration | ValidatingWebhookConfiguration
type Webhook = MutatingWebhook | ValidatingWebhook

const SIDE_EFFECTS = ['None', 'NoneOnDryRun']
const ANY_SIDE_EFFECTS = ['None', 'NoneOnDryRun', 'Some', 'Unknown']

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
    validatesUpdateAlone: true,
    validate: ({ webhooks = [] }) => webhooksFaults(webhooks, []),
    validateUpdate: ({ webhooks = [] }, { webhooks: old = [] }) => webhooksFaults(webhooks, old),
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

/** Rules that old objects may break, because they did before the rules were. */
interface Lenience {
  readonly allowsSideEffects: boolean
  readonly allowsUnknownVersions: boolean
  readonly allowsSameNames: boolean
  readonly ignoresMatchConditions: boolean
  readonly allowInvalidLabelValue: boolean
}

function lenienceFor(webhooks: readonly Webhook[], old: readonly Webhook[]): Lenience {
  return {
    allowsSideEffects: old.some(({ sideEffects }) => !SIDE_EFFECTS.includes(sideEffects)),
    allowsUnknownVersions: old.some(({ admissionReviewVersions: versions = [] }) => versions.length > 0 && !versions.some(isKnownVersion)),
    allowsSameNames: new Set(old.map(({ name }) => name)).size < old.length,
    ignoresMatchConditions:
      old.length > 0 &&
      old.length === webhooks.length &&
      old.every(({ matchConditions }, i) => isSameValue(matchConditions, webhooks[i]?.matchConditions)),
    allowInvalidLabelValue: old.some((webhook) =>
      (['namespaceSelector', 'objectSelector'] as const).some((field) => validateLabelSelector(webhook[field], '').length > 0),
    ),
  }
}

function isKnownVersion(version: string): boolean {
  return version === 'v1' || version === 'v1beta1'
}

/** Upstream: validateValidatingWebhookConfiguration, validateMutatingWebhookConfiguration. */
function webhooksFaults(webhooks: readonly Webhook[], old: readonly Webhook[]): FieldError[] {
  const errors: FieldError[] = []
  const lenience = lenienceFor(webhooks, old)
  const names = new Set<string>()
  webhooks.forEach((webhook, i) => {
    const path = `webhooks[${i}]`
    pushWebhookFaults(errors, webhook, path, lenience)
    pushVersionFaults(errors, webhook.admissionReviewVersions ?? [], `${path}.admissionReviewVersions`, lenience)
    if (lenience.allowsSameNames || !webhook.name) return
    if (names.has(webhook.name)) errors.push(duplicate(`${path}.name`, webhook.name))
    names.add(webhook.name)
  })
  return errors
}

function pushVersionFaults(errors: FieldError[], versions: readonly string[], path: string, { allowsUnknownVersions }: Lenience): void {
  if (versions.length === 0) {
    errors.push(required(path, 'must specify one of v1, v1beta1'))
    return
  }
  versions.forEach((version, i) => {
    if (versions.indexOf(version) < i) errors.push(invalid(`${path}[${i}]`, version, 'duplicate version'))
    else pushInvalid(errors, `${path}[${i}]`, version, isDns1035Label(version))
  })
  if (!allowsUnknownVersions && !versions.some(isKnownVersion)) {
    errors.push(invalid(path, versions, 'must include at least one of v1, v1beta1'))
  }
}

function pushWebhookFaults(errors: FieldError[], webhook: Webhook, path: string, lenience: Lenience): void {
  pushQualifiedNameFaults(errors, webhook.name, `${path}.name`)
  webhook.rules?.forEach((rule, i) => {
    pushRuleFaults(errors, rule, `${path}.rules[${i}]`)
  })
  pushUnsupported(errors, `${path}.failurePolicy`, webhook.failurePolicy, ['Fail', 'Ignore'])
  pushUnsupported(errors, `${path}.matchPolicy`, webhook.matchPolicy, ['Equivalent', 'Exact'])
  const sideEffects = lenience.allowsSideEffects ? ANY_SIDE_EFFECTS : SIDE_EFFECTS
  if (webhook.sideEffects === undefined) errors.push(required(`${path}.sideEffects`, `must specify one of ${sideEffects.join(', ')}`))
  else pushUnsupported(errors, `${path}.sideEffects`, webhook.sideEffects, sideEffects)
  const { timeoutSeconds } = webhook
  if (timeoutSeconds !== undefined && (timeoutSeconds > 30 || timeoutSeconds < 1)) {
    errors.push(invalid(`${path}.timeoutSeconds`, timeoutSeconds, 'the timeout value must be between 1 and 30 seconds'))
  }
  for (const field of ['namespaceSelector', 'objectSelector'] as const) {
    errors.push(...validateLabelSelector(webhook[field], `${path}.${field}`, lenience))
  }
  if ('reinvocationPolicy' in webhook) {
    pushUnsupported(errors, `${path}.reinvocationPolicy`, webhook.reinvocationPolicy, ['IfNeeded', 'Never'])
  }
  pushClientFaults(errors, webhook.clientConfig, `${path}.clientConfig`)
  if (!lenience.ignoresMatchConditions) pushConditionFaults(errors, webhook.matchConditions, `${path}.matchConditions`)
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
