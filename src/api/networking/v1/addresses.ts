/** The kinds that hand out cluster IPs: IPAddress and ServiceCIDR. */

import { isIP } from 'node:net'
import { IMMUTABLE } from '../../core/v1/formats.ts'
import { canonicalIpFaults, checkCanonicalCidr } from '../../core/v1/ip-address.ts'
import { defineResource } from '../../definition.ts'
import { isSameValue, pushInvalid } from '../../meta/field-checks.ts'
import { type FieldError, invalid, required } from '../../meta/field-error.ts'
import { type GoStruct, showGoStruct } from '../../meta/go-struct.ts'
import { keepMetadata } from '../../meta/keep-metadata.ts'
import { isDns1123Subdomain, isPathSegmentName } from '../../meta/names.ts'
import { ageColumn, column, nameColumn } from '../../table-columns.ts'
import type { IPAddress, ServiceCIDR } from '../../types.gen.ts'
import { isCidr } from './subnet.ts'

const GO_REFERENCE: GoStruct = { Group: '', Resource: '', Namespace: '', Name: '' }

export const ipAddress = defineResource<IPAddress>('networking.k8s.io/v1/ipaddresses', {
  validateName: canonicalIpFaults,
  validate: ({ spec }) => {
    const errors: FieldError[] = []
    const parent = spec?.parentRef
    if (parent === undefined) return [required('spec.parentRef')]
    const { group, namespace } = parent
    if (group) pushInvalid(errors, 'spec.parentRef.group', group, isDns1123Subdomain(group))
    for (const field of ['resource', 'name'] as const) {
      const value = parent[field]
      if (!value) errors.push(required(`spec.parentRef.${field}`))
      else pushInvalid(errors, `spec.parentRef.${field}`, value, isPathSegmentName(value))
    }
    if (namespace) pushInvalid(errors, 'spec.parentRef.namespace', namespace, isPathSegmentName(namespace))
    return errors
  },
  validateUpdate: ({ spec: { parentRef } }, old) =>
    isSameValue(parentRef, old.spec.parentRef)
      ? []
      : [invalid('spec.parentRef', parentRef && showGoStruct(parentRef, GO_REFERENCE), IMMUTABLE)],
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
  validatesUpdateAlone: true,
  validate: ({ spec: { cidrs = [] } }) => cidrFaults(cidrs),
  validateUpdate: ({ spec: { cidrs = [] } }, { spec: { cidrs: before = [] } }) => {
    const path = 'spec.cidrs'
    const isGrown = before.length === 1 && cidrs.length === 2
    if (before.length !== cidrs.length && !isGrown) return [invalid(path, cidrs.length === 0 ? null : cidrs, IMMUTABLE)]
    const errors: FieldError[] = []
    before.forEach((cidr, i) => {
      if (cidr !== cidrs[i]) errors.push(invalid(`${path}[${i}]`, cidrs[i], IMMUTABLE))
    })
    return isGrown ? [...errors, ...cidrFaults(cidrs)] : errors
  },
  columns: [nameColumn, column('CIDRs', 'string', 'The ranges of addresses.', ({ spec }) => (spec.cidrs ?? []).join(',')), ageColumn],
})

/** Upstream: pkg/apis/networking/validation validateServiceCIDRSpec. */
function cidrFaults(cidrs: readonly string[]): FieldError[] {
  const path = 'spec.cidrs'
  if (cidrs.length === 0) return [required(path, 'at least one CIDR required')]
  // Upstream marshals its internal struct, which has no JSON names.
  if (cidrs.length > 2) return [invalid(path, { CIDRs: cidrs }, 'may only hold up to 2 values')]
  const errors: FieldError[] = []
  cidrs.forEach((cidr, i) => {
    checkCanonicalCidr(errors, cidr, `${path}[${i}]`)
  })
  const families = cidrs.map((cidr) => isIP(cidr.split('/')[0]!))
  if (cidrs.length === 2 && cidrs.every(isCidr) && families[0] === families[1]) {
    errors.push(invalid(path, cidrs, 'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64'))
  }
  return errors
}
