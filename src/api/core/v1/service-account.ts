import { defineResource } from '../../definition.ts'
import type { ServiceAccount } from '../../types.gen.ts'
import { ageColumn, nameColumn } from './metadata-columns.ts'

export const serviceAccount = defineResource<ServiceAccount>('v1/serviceaccounts', {
  prepareForCreate: keepNamesOnly,
  prepareForUpdate: keepNamesOnly,
  warnings,
  columns: [nameColumn, ageColumn],
})

const MOUNTABLE_SECRETS = 'kubernetes.io/enforce-mountable-secrets'

/** Upstream: strategy.go warnIfHasEnforceMountableSecretsAnnotation. */
function warnings({ metadata }: ServiceAccount, old: ServiceAccount | undefined): string[] {
  if (metadata.annotations?.[MOUNTABLE_SECRETS] === undefined || old?.metadata.annotations?.[MOUNTABLE_SECRETS] !== undefined) return []
  return [
    `metadata.annotations[${MOUNTABLE_SECRETS}]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets`,
  ]
}

/** A reference to a secret is its name; the namespace is the account's. Upstream: serviceaccount/strategy.go cleanSecretReferences. */
function keepNamesOnly(account: ServiceAccount): void {
  if (account.secrets) account.secrets = account.secrets.map(({ name }) => ({ name }))
}
