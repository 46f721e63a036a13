import { defineResource } from '../../definition.ts'
import type { ServiceAccount } from '../../types.gen.ts'
import { ageColumn, nameColumn } from './metadata-columns.ts'

export const serviceAccount = defineResource<ServiceAccount>('v1/serviceaccounts', {
  prepareForCreate: keepNamesOnly,
  prepareForUpdate: keepNamesOnly,
  columns: [nameColumn, ageColumn],
})

/** A reference to a secret is its name; the namespace is the account's. Upstream: serviceaccount/strategy.go cleanSecretReferences. */
function keepNamesOnly(account: ServiceAccount): void {
  if (account.secrets) account.secrets = account.secrets.map(({ name }) => ({ name }))
}
