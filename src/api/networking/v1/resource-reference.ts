/** References to an object by group, kind and name. Upstream: pkg/apis/networking/validation. */
import { pushInvalid } from '../../meta/field-checks.ts'
import { type FieldError, required } from '../../meta/field-error.ts'
import { isDns1123Subdomain, isPathSegmentName } from '../../meta/names.ts'

interface Reference {
  readonly apiGroup?: string | undefined
  readonly kind?: string | undefined
  readonly name?: string | undefined
}

export function pushReferenceFaults(errors: FieldError[], { apiGroup, kind, name }: Reference, path: string): void {
  if (apiGroup !== undefined) pushInvalid(errors, `${path}.apiGroup`, apiGroup, isDns1123Subdomain(apiGroup))
  for (const [field, value] of Object.entries({ kind, name })) {
    if (!value) errors.push(required(`${path}.${field}`))
    else pushInvalid(errors, `${path}.${field}`, value, isPathSegmentName(value))
  }
}
