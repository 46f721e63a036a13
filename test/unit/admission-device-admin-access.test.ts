/** Upstream: pkg/registry/resource/resourceclaim and resourceclaimtemplate strategy_test.go. */
import { describe, expect, it } from 'vitest'
import { deviceAdminAccess } from '../../src/admission/device-admin-access.ts'
import { admit } from '../support/admit.ts'

const namespace = (value?: string) => ({
  metadata: { name: 'default', ...(value && { labels: { 'resource.kubernetes.io/admin-access': value } }) },
})
const asking = (...adminAccess: readonly (boolean | undefined)[]) => ({
  devices: {
    requests: adminAccess.map((each, index) => ({
      name: `r${index}`,
      exactly: { deviceClassName: 'gpu', ...(each !== undefined && { adminAccess: each }) },
    })),
  },
})
const claim = (spec: object, status?: object) =>
  ({ metadata: { name: 'c', namespace: 'default' }, spec, ...(status && { status }) }) as never
const given = (...adminAccess: readonly boolean[]) => ({
  allocation: { devices: { results: adminAccess.map((each) => ({ adminAccess: each })) } },
})
const CLAIMS = 'resourceclaims.resource.k8s.io'
const TEMPLATES = 'resourceclaimtemplates.resource.k8s.io'
const refused = (path: string) =>
  expect.stringContaining(
    `${path}: Forbidden: admin access to devices requires the \`resource.kubernetes.io/admin-access: true\` label on the containing namespace`,
  )

describe('access for administration', () => {
  const rows = [
    { what: 'not asked for', resource: CLAIMS, object: claim(asking(undefined, false)), label: undefined, refusal: undefined },
    { what: 'in a labelled namespace', resource: CLAIMS, object: claim(asking(true)), label: 'true', refusal: undefined },
    {
      what: 'elsewhere',
      resource: CLAIMS,
      object: claim(asking(false, true)),
      label: undefined,
      refusal: refused('spec.devices.requests[1].adminAccess'),
    },
    {
      what: 'where the label says no',
      resource: CLAIMS,
      object: claim(asking(true)),
      label: 'false',
      refusal: refused('spec.devices.requests[0].adminAccess'),
    },
    {
      what: 'by template',
      resource: TEMPLATES,
      object: claim({ spec: asking(true) }),
      label: undefined,
      refusal: refused('spec.devices.requests[0].adminAccess'),
    },
    {
      what: 'by template in a labelled namespace',
      resource: TEMPLATES,
      object: claim({ spec: asking(true) }),
      label: 'true',
      refusal: undefined,
    },
  ]
  it.each(rows)('$what', ({ resource, object, label, refusal }) => {
    expect(
      admit(deviceAdminAccess, { resource, namespace: 'default', object, cluster: { namespaces: [namespace(label)] } }).refusal,
    ).toEqual(refusal)
  })

  const statuses = [
    {
      what: 'granted elsewhere',
      status: given(false, true),
      old: {},
      label: undefined,
      refusal: refused('status.allocation.devices.results[1].adminAccess'),
    },
    { what: 'granted in a labelled namespace', status: given(true), old: {}, label: 'true', refusal: undefined },
    { what: 'granted before', status: given(true), old: given(true), label: undefined, refusal: undefined },
    { what: 'not granted', status: given(false), old: {}, label: undefined, refusal: undefined },
  ]
  it.each(statuses)('$what', ({ status, old, label, refusal }) => {
    const write = {
      resource: CLAIMS,
      subresource: 'status',
      namespace: 'default',
      object: claim(asking(true), status),
      old: claim(asking(true), old),
    }
    expect(admit(deviceAdminAccess, { ...write, cluster: { namespaces: [namespace(label)] } }).refusal).toEqual(refusal)
  })
})
