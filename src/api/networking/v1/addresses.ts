/** The kinds that hand out cluster IPs: IPAddress and ServiceCIDR. */

import { isIP } from 'node:net'
import { checkCidr } from '../../core/v1/ip-address.ts'
import { defineResource } from '../../definition.ts'
import { isSameValue, pushChanged } from '../../meta/field-checks.ts'
import { type FieldError, invalid, required } from '../../meta/field-error.ts'
import { keepMetadata } from '../../meta/keep-metadata.ts'
import { ageColumn, column, nameColumn } from '../../table-columns.ts'
import type { IPAddress, ServiceCIDR } from '../../types.gen.ts'

export const ipAddress = defineResource<IPAddress>('networking.k8s.io/v1/ipaddresses', {
  validateName: (name) => (isIP(name) === 0 ? ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'] : []),
  validate: ({ spec }) => {
    const errors: FieldError[] = []
    const parent = spec?.parentRef
    if (parent === undefined) return [required('spec.parentRef')]
    if (!parent.resource) errors.push(required('spec.parentRef.resource'))
    if (!parent.name) errors.push(required('spec.parentRef.name'))
    return errors
  },
  validateUpdate: (next, old) => {
    const errors: FieldError[] = []
    pushChanged(errors, 'spec.parentRef', next.spec.parentRef, old.spec.parentRef)
    return errors
  },
  selectableFields: {},
  columns: [nameColumn, column('ParentRef', 'string', 'What has the address.', parentText)],
})

function parentText({ spec }: IPAddress): string {
  const parent = spec?.parentRef
  if (parent === undefined) return '<none>'
  const resource = `${parent.resource}${parent.group ? `.${parent.group}` : ''}`.toLowerCase()
  return `${resource}${parent.namespace ? `/${parent.namespace}` : ''}/${parent.name}`
}

export const serviceCidr = defineResource<ServiceCIDR>('networking.k8s.io/v1/servicecidrs', {
  setDefaults: (object) => {
    object.spec ??= {}
  },
  prepareForCreate: (object) => {
    object.status = {}
  },
  prepareForStatusUpdate: keepMetadata,
  validate: ({ spec: { cidrs = [] } }) => {
    const errors: FieldError[] = []
    if (cidrs.length === 0) errors.push(required('spec.cidrs', 'at least one CIDR required'))
    if (cidrs.length > 2) {
      errors.push(invalid('spec', { CIDRs: cidrs }, 'may only hold up to 2 values'))
      return errors
    }
    cidrs.forEach((cidr, i) => {
      checkCidr(errors, cidr, `spec.cidrs[${i}]`)
    })
    return errors
  },
  validateUpdate: (next, old) =>
    isSameValue(next.spec.cidrs?.[0], old.spec.cidrs?.[0]) ? [] : [invalid('spec.cidrs[0]', next.spec.cidrs?.[0], 'field is immutable')],
  columns: [nameColumn, column('CIDRs', 'string', 'The ranges of addresses.', ({ spec }) => (spec.cidrs ?? []).join(',')), ageColumn],
})
