/** Stages for any kind, and what their steps do. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ConfigMap, Deployment, KubeObject, Stage } from '../../src/index.ts'
import { certificateRequest } from '../support/samples.ts'
import { barePod, Scenario } from '../support/scenario.ts'
import { stage } from '../support/stages.ts'

let cluster: Scenario
beforeEach(async () => {
  cluster = await Scenario.start({ nodes: 1 })
})
afterEach(() => cluster.close())

async function stages(...objects: Stage[]): Promise<void> {
  for (const object of objects) await cluster.client.create('stages.kwok.x-k8s.io', structuredClone(object))
  await cluster.cluster.settle()
}
const ref = (resource: string, name: string, namespace = 'default') => ({ resource, namespace, name })
const configMap = async (name: string) => cluster.client.get<ConfigMap>(ref('configmaps', name))
const makeConfigMap = async (name: string, data: Record<string, string>, labels = {}) => {
  await cluster.client.create('configmaps', { metadata: { name, namespace: 'default', labels }, data } as never)
  await cluster.cluster.settle()
}
const faults = async (name: string) => (await cluster.events(name, 'StageFailed')).map(({ message }) => message)
const once = (name: string, steps: string, kind = 'ConfigMap', apiGroup = 'v1') =>
  stage(
    name,
    `
selector:
  matchLabels: { led: "true" }
steps:
${steps}`,
    kind,
    apiGroup,
  )

describe('Stages for other kinds', () => {
  it('lead what is there and what comes, until they go', async () => {
    await makeConfigMap('there', { a: '1' }, { led: 'true' })
    await makeConfigMap('other', { a: '1' })
    await stages(once('mark', "- patch: { root: data, template: 'seen: {{ .data.a | Quote }}' }"))
    await makeConfigMap('later', { a: '2' }, { led: 'true' })
    expect((await configMap('there')).data).toEqual({ a: '1', seen: '1' })
    expect((await configMap('later')).data).toEqual({ a: '2', seen: '2' })
    expect((await configMap('other')).data).toEqual({ a: '1' })
    expect((await configMap('later')).metadata.managedFields?.map(({ manager }) => manager)).toContain('kwok')
    await cluster.client.delete(ref('stages.kwok.x-k8s.io', 'mark', ''), {})
    await cluster.cluster.settle()
    await makeConfigMap('last', { a: '3' }, { led: 'true' })
    expect((await configMap('last')).data).toEqual({ a: '3' })
  })

  it('of a group, with a delay', async () => {
    const spec = `
selector:
  matchExpressions: [{ key: '.spec.replicas', operator: Exists }, { key: '.metadata.annotations.scaled', operator: DoesNotExist }]
delay: { durationMilliseconds: 5000 }
steps:
- event: { type: Normal, reason: Scaled, message: by a Stage }
- patch: { subresource: scale, template: 'spec: { replicas: 2 }' }
- patch: { root: metadata, template: 'annotations: { scaled: "yes" }' }`
    await stages(stage('scale', spec, 'Deployment', 'apps/v1'))
    const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'web' }] } }
    await cluster.apply({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web' },
      spec: { replicas: 1, selector: { matchLabels: { app: 'web' } }, template },
    })
    await cluster.seconds(20)
    const web = await cluster.get<Deployment>('deployments.apps', 'web')
    expect([web.spec?.replicas, web.metadata.annotations?.scaled, (await cluster.pods()).length]).toEqual([2, 'yes', 2])
    expect((await cluster.events('web', 'Scaled')).length).toBe(1)
  })

  it('that are not served are told of', async () => {
    await stages(stage('no', 'selector: {}', 'Unicorn', 'zoo/v1'))
    expect(await faults('no')).toEqual(['Stage no: no matches for kind "Unicorn" in version "zoo/v1"'])
  })

  it('do not go on faster than they can be followed', async () => {
    await makeConfigMap('grows', {}, { led: 'true' })
    await stages(once('grow', "- patch: { root: data, template: 'n: {{ add 1 (or .data.n 0) | Quote }}' }"))
    const before = Number((await configMap('grows')).data?.n)
    await cluster.seconds(10)
    const grown = Number((await configMap('grows')).data?.n) - before
    expect(before).toBeGreaterThan(5)
    expect(grown).toBeGreaterThan(5)
    expect(grown).toBeLessThan(500)
  })
})

describe('steps', () => {
  it('see the object as it was before all of them', async () => {
    await stages(
      once(
        'two',
        `
- patch: { root: data, template: 'a: second' }
- patch: { root: data, template: 'b: {{ .data.a | Quote }}' }
- patch: { root: metadata, template: 'labels: { led: null }' }`,
      ),
    )
    await makeConfigMap('app', { a: 'first' }, { led: 'true' })
    expect((await configMap('app')).data).toEqual({ a: 'second', b: 'first' })
  })

  it('change a status only by way of the subresource, and nothing else by that way', async () => {
    const steps = `
- patch: { template: 'status: { phase: Failed, reason: direct }' }
- patch: { subresource: status, template: '{ spec: { activeDeadlineSeconds: 9 }, status: { reason: by-status } }' }
- patch: { root: metadata, template: 'labels: { led: null }' }`
    await stages(once('both', steps, 'Pod'))
    const pod = barePod('app')
    await cluster.apply({ ...pod, metadata: { ...pod.metadata, labels: { led: 'true' } } })
    const { spec, status } = await cluster.pod('app')
    expect([spec.activeDeadlineSeconds, status?.phase, status?.reason]).toEqual([undefined, 'Pending', 'by-status'])
  })

  it.each([
    ['json', "- patch: { type: json, root: data, template: '[{ op: replace, path: /a, value: x }]' }", { a: 'x' }],
    ['merge', "- patch: { type: merge, root: data, template: '{ a: null, b: y }' }", { b: 'y' }],
    ['strategic', "- patch: { type: strategic, root: data, template: '{ $patch: replace, b: y }' }", { b: 'y' }],
  ])('patch: %s', async (_, steps, expected) => {
    await stages(once('one', steps))
    await makeConfigMap('app', { a: '1' }, { led: 'true' })
    expect((await configMap('app')).data).toEqual(expected)
  })

  it('make other objects, and patch those that are there', async () => {
    await makeConfigMap('second', { mine: 'yes' })
    const of = (name: string) => `
- apply:
    template: |
      apiVersion: v1
      kind: ConfigMap
      metadata: { name: ${name} }
      data: { from: {{ .metadata.name | Quote }} }`
    await stages(once('make', `${of('first')}${of('second')}`))
    await makeConfigMap('app', {}, { led: 'true' })
    expect((await configMap('first')).data).toEqual({ from: 'app' })
    expect((await configMap('second')).data).toEqual({ mine: 'yes', from: 'app' })
  })

  it('act in the name of others', async () => {
    const steps = `
- apply:
    impersonation: { username: jane }
    template: |
      apiVersion: certificates.k8s.io/v1
      kind: CertificateSigningRequest
      metadata: { name: hers }
      spec: { signerName: example.com/any, usages: [client auth], request: {{ .data.request | Quote }} }`
    await stages(once('ask', steps))
    await makeConfigMap('app', { request: certificateRequest() }, { led: 'true' })
    expect(await faults('app')).toEqual([])
    const hers = await cluster.client.get<KubeObject & { spec: object }>(ref('certificatesigningrequests.certificates.k8s.io', 'hers', ''))
    expect(hers.spec).toMatchObject({ username: 'jane', groups: ['system:authenticated'] })
  })

  it('end with a deletion, after which only events follow', async () => {
    const steps = `
- finalizers: { empty: true }
- delete: true
- event: { type: Warning, reason: Gone, message: for good }
- patch: { root: data, template: 'a: x' }`
    await stages(once('drop', steps))
    await cluster.client.create('configmaps', {
      metadata: { name: 'app', namespace: 'default', labels: { led: 'true' }, finalizers: ['a/b'] },
    } as never)
    await cluster.cluster.settle()
    expect(await cluster.find('configmaps', 'app')).toBeUndefined()
    expect((await cluster.events('app', 'Gone')).map(({ type }) => type)).toEqual(['Warning'])
    expect(await faults('app')).toEqual([])
  })

  it.each([
    [
      'a patch that is refused',
      "- patch: { root: metadata, template: 'name: other' }",
      /^Stage bad: the name of the object \(other\) does/,
    ],
    [
      'a subresource that is none',
      "- patch: { subresource: nope, template: '{}' }",
      'Stage bad: the server could not find the requested resource',
    ],
    ['what is no list of operations', "- patch: { type: json, template: 'a: b' }", 'Stage bad: a JSON patch must be a list of operations'],
    ['an object without a kind', "- apply: { template: 'a: b' }", 'Stage bad: template must include apiVersion and kind'],
    [
      'an object of a kind that is none',
      "- apply: { template: '{ apiVersion: zoo/v1, kind: Unicorn }' }",
      'Stage bad: no matches for kind "Unicorn" in version "zoo/v1"',
    ],
    ['text that is no YAML', "- patch: { template: '{ a' }", /^Stage bad: /],
  ])('are told of when they fail: %s', async (_, step, message) => {
    await stages(once('bad', `- event: { type: Normal, reason: Before, message: it }\n${step}`))
    await makeConfigMap('app', { a: '1' }, { led: 'true' })
    expect(await faults('app')).toEqual([typeof message === 'string' ? message : expect.stringMatching(message)])
    expect((await configMap('app')).data).toEqual({ a: '1' })
  })
})
