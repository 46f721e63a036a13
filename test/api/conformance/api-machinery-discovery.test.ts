import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Json } from '../../support/api.ts'
import { Conformance } from '../../support/conformance.ts'

let e2e: Conformance
beforeAll(async () => {
  e2e = await Conformance.start()
})
afterAll(() => e2e.close())

/** A resource of each group and version that upstream's tests of discovery look for. */
const EXPECTED: readonly [apiVersion: string, resource: string][] = [
  ['admissionregistration.k8s.io/v1', 'validatingwebhookconfigurations'],
  ['apiextensions.k8s.io/v1', 'customresourcedefinitions'],
  ['apiregistration.k8s.io/v1', 'apiservices'],
  ['apps/v1', 'deployments'],
  ['authentication.k8s.io/v1', 'tokenreviews'],
  ['authorization.k8s.io/v1', 'selfsubjectaccessreviews'],
  ['autoscaling/v1', 'horizontalpodautoscalers'],
  ['autoscaling/v2', 'horizontalpodautoscalers'],
  ['batch/v1', 'jobs'],
  ['certificates.k8s.io/v1', 'certificatesigningrequests'],
  ['coordination.k8s.io/v1', 'leases'],
  ['discovery.k8s.io/v1', 'endpointslices'],
  ['events.k8s.io/v1', 'events'],
  ['networking.k8s.io/v1', 'ingresses'],
  ['node.k8s.io/v1', 'runtimeclasses'],
  ['policy/v1', 'poddisruptionbudgets'],
  ['scheduling.k8s.io/v1', 'priorityclasses'],
  ['storage.k8s.io/v1', 'csinodes'],
]
const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'

/** `apps/v1 deployments` for all that an aggregated document lists. */
function resourcesOf(document: Json): string[] {
  expect([document.kind, document.apiVersion]).toEqual(['APIGroupDiscoveryList', 'apidiscovery.k8s.io/v2'])
  return document.items.flatMap(({ metadata, versions }: Json) =>
    versions.flatMap(({ version, resources }: Json) => {
      const apiVersion = metadata.name === undefined ? version : `${metadata.name}/${version}`
      return resources.map(({ resource }: Json) => `${apiVersion} ${resource}`)
    }),
  )
}

const aggregated = async (path: string, accept = AGGREGATED): Promise<Json> => {
  const answer = await e2e.api.get(path, { accept })
  expect(answer.headers['content-type']).toBe(AGGREGATED)
  return answer.body
}
const WANTED = EXPECTED.map((pair) => pair.join(' '))

it('[sig-api-machinery] Discovery should validate PreferredVersion for each APIGroup', async () => {
  const { groups } = (await e2e.api.get('/apis/')).body
  expect(groups).not.toEqual([])
  for (const { name } of groups) {
    const { versions, preferredVersion } = (await e2e.api.get(`/apis/${name}/`)).body
    expect(versions).toContainEqual(preferredVersion)
  }
})

it('[sig-api-machinery] Discovery should locate the groupVersion and a resource within each APIGroup', async () => {
  for (const [apiVersion, resource] of [['v1', 'namespaces'] as const, ...EXPECTED]) {
    const root = apiVersion === 'v1' ? '/api' : '/apis'
    const { kind, groupVersion, resources } = (await e2e.api.get(`${root}/${apiVersion}`)).body
    expect([kind, groupVersion]).toEqual(['APIResourceList', apiVersion])
    expect(resources.map(({ name }: Json) => name)).toContain(resource)
  }
})

it('[sig-api-machinery] AggregatedDiscovery should support raw aggregated discovery endpoint Accept headers', async () => {
  expect(resourcesOf(await aggregated('/apis'))).toEqual(expect.arrayContaining(WANTED))
  expect(resourcesOf(await aggregated('/api'))).toContain('v1 namespaces')
})

it('[sig-api-machinery] AggregatedDiscovery should support aggregated discovery interface', async () => {
  // What client-go's discovery client accepts. Upstream: discovery_client.go acceptDiscoveryFormats
  const accept = [AGGREGATED, AGGREGATED.replace('v=v2;', 'v=v2beta1;'), 'application/json'].join(',')
  const found = [...resourcesOf(await aggregated('/api', accept)), ...resourcesOf(await aggregated('/apis', accept))]
  expect(found).toEqual(expect.arrayContaining(['v1 namespaces', ...WANTED]))
})

it('[sig-api-machinery] CustomResourceDefinition resources [Privileged:ClusterAdmin] should include custom resource definition resources in discovery documents', async () => {
  await e2e.expectDiscovered('apiextensions.k8s.io/v1/customresourcedefinitions')
})

it('[sig-api-machinery] server version should find the server version', async () => {
  const { major, minor } = (await e2e.api.get('/version')).body
  expect(major).toMatch(/^[1-9]$/)
  expect(minor).toMatch(/^[0-9]+$/)
})

it('[sig-api-machinery] Servers with support for Table transformation should return a 406 for a backend which does not implement metadata', async () => {
  const review = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: { nonResourceAttributes: { path: '/', verb: 'get' } },
  }
  const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io'
  const answer = await e2e.api.post('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', review, { accept })
  expect([answer.status, answer.body.reason]).toEqual([406, 'NotAcceptable'])
})
