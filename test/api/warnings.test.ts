import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Cluster, createCluster } from '../../src/index.ts'
import { type Answer, Api, type Json } from '../support/api.ts'
import { TEMPLATE } from '../support/samples.ts'

let cluster: Cluster
let api: Api
beforeAll(async () => {
  cluster = await createCluster({ nodes: 0, clock: 'virtual' })
  api = new Api(cluster)
})
afterAll(() => cluster.close())

const NAMESPACE = '/api/v1/namespaces/default'
const PODS = `${NAMESPACE}/pods`
const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments'
const JOBS = '/apis/batch/v1/namespaces/default/jobs'
const MAPS = `${NAMESPACE}/configmaps`
const ENDPOINTS = 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice'

/** The texts of an answer's Warning headers. */
function warningsOf({ headers }: Answer): string[] {
  return [...(headers.warning ?? '').matchAll(/299 - "((?:[^"\\]|\\.)*)"/g)].map(([, text]) => text!.replace(/\\(.)/g, '$1'))
}

const impatient = { terminationGracePeriodSeconds: -1 }
const told = (path: string) => `${path}terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1`
const pod = (name: string, spec: Json = {}, metadata: Json = {}) => ({
  metadata: { name, ...metadata },
  spec: { ...TEMPLATE.spec, ...spec },
})
const deployment = (name: string, spec: Json = {}) => ({
  metadata: { name },
  spec: { replicas: 0, selector: { matchLabels: { app: 'sample' } }, template: { ...TEMPLATE, spec: { ...TEMPLATE.spec, ...spec } } },
})

describe('who is told', () => {
  it('creates, with dry run too', async () => {
    for (const query of ['?dryRun=All', '']) {
      const answer = await api.post(`${PODS}${query}`, pod('made', { hostAliases: [{ ip: '1.1.1.1' }, { ip: '1.1.1.1' }] }))
      expect([answer.status, warningsOf(answer)]).toEqual([201, ['spec.hostAliases[1].ip: duplicate ip "1.1.1.1"']])
    }
    expect(warningsOf(await api.post(PODS, pod('fine')))).toEqual([])
  })

  it('updates, patches, applies and scales of a workload whose spec changes', async () => {
    const path = `${DEPLOYMENTS}/web`
    const text = told('spec.template.spec.')
    expect(warningsOf(await api.post(DEPLOYMENTS, deployment('web', impatient)))).toEqual([text])
    expect(warningsOf(await api.patch(path, { spec: { replicas: 1 } }))).toEqual([text])
    expect(warningsOf(await api.patch(path, { metadata: { labels: { a: 'b' } } }))).toEqual([])
    expect(warningsOf(await api.put(path, { ...deployment('web', impatient), metadata: { name: 'web' } }))).toEqual([text])
    expect(warningsOf(await api.put(`${path}/scale`, { metadata: { name: 'web' }, spec: { replicas: 0 } }))).toEqual([])
    expect(warningsOf(await api.put(`${path}/scale`, { metadata: { name: 'web' }, spec: { replicas: 2 } }))).toEqual([text])
    const applied = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec: { minReadySeconds: 1 } }
    expect(warningsOf(await api.patch(`${path}?fieldManager=me`, applied, 'application/apply-patch+yaml'))).toEqual([text])
    expect(warningsOf(await api.patch(`${path}/status`, { status: { replicas: 0 } }))).toEqual([])
  })

  it('Pods only when they are new', async () => {
    await api.created(PODS, pod('old', impatient))
    expect(warningsOf(await api.patch(`${PODS}/old`, { metadata: { labels: { a: 'b' } } }))).toEqual([])
  })

  it('nobody of what is refused', async () => {
    const answer = await api.post(PODS, pod('bad', { ...impatient, restartPolicy: 'Nope' }))
    expect([answer.status, warningsOf(answer)]).toEqual([422, []])
  })

  it('but of unknown fields also those who are refused', async () => {
    const answer = await api.post(PODS, { ...pod('bad', { restartPolicy: 'Nope' }), nope: true })
    expect([answer.status, warningsOf(answer)]).toEqual([422, ['unknown field "nope"']])
  })
})

describe('kinds that are deprecated', () => {
  it('say so with every answer', async () => {
    const path = `${NAMESPACE}/endpoints`
    const all = [
      await api.get(path),
      await api.get('/api/v1/endpoints'),
      await api.post(path, { metadata: { name: 'old' } }),
      await api.get(`${path}/old`),
      await api.patch(`${path}/old`, { metadata: { labels: { a: 'b' } } }),
      await api.delete(`${path}/old`),
      await api.get(`${path}/old`),
    ]
    expect(all.map(({ status }) => status)).toEqual([200, 200, 201, 200, 200, 200, 404])
    expect(all.map(warningsOf)).toEqual(all.map(() => [ENDPOINTS]))
    expect(warningsOf(await api.get('/api/v1/componentstatuses'))).toEqual(['v1 ComponentStatus is deprecated in v1.19+'])
  })
})

describe('an owner that is there twice', () => {
  const owner = (uid: string, name = 'a') => ({ apiVersion: 'v1', kind: 'ConfigMap', name, uid })
  const repeated = (when: string, uids: string) =>
    `.metadata.ownerReferences contains duplicate entries${when}; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${uids}`
  const AFTER = ' after mutating admission happens'
  const twice = [owner('1'), owner('2'), owner('1'), owner('2'), owner('1', 'b')]
  const once = [owner('1'), owner('2'), owner('1', 'b')]

  // Nothing is stored: there are no such owners, and what they own would be collected.
  it.each([
    { verb: 'POST', given: twice, expect: [once, [repeated('', '1, 2')]] },
    { verb: 'PUT', given: [owner('1'), owner('1')], expect: [[owner('1')], [repeated('', '1')]] },
    { verb: 'PATCH', given: twice, expect: [once, [repeated(AFTER, '1, 2')]] },
  ])('$verb: counts once', async ({ verb, given, expect: expected }) => {
    const name = `owned-${verb.toLowerCase()}`
    const body = { metadata: { name, ownerReferences: given } }
    if (verb !== 'POST') await api.created(MAPS, { metadata: { name } })
    const path = `${MAPS}/${name}?dryRun=All`
    const answer =
      verb === 'POST'
        ? await api.post(`${MAPS}?dryRun=All`, body)
        : verb === 'PUT'
          ? await api.put(path, body)
          : await api.patch(path, body)
    expect([answer.body.metadata.ownerReferences, warningsOf(answer)]).toEqual(expected)
  })
})

describe('a delete that says nothing of dependents', () => {
  const TEXT =
    'child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning'
  const make = (name: string) =>
    api.created(JOBS, { metadata: { name }, spec: { suspend: true, template: { spec: { ...TEMPLATE.spec, restartPolicy: 'Never' } } } })

  it('of Jobs leaves their Pods', async () => {
    await make('a')
    await make('b')
    expect(warningsOf(await api.delete(`${JOBS}/a`))).toEqual([TEXT])
    expect(warningsOf(await api.delete(`${JOBS}/b?propagationPolicy=Background`))).toEqual([])
    expect(warningsOf(await api.delete(`${JOBS}/b?propagationPolicy=Orphan`))).toEqual([])
    expect(warningsOf(await api.delete(JOBS))).toEqual([TEXT])
    expect(warningsOf(await api.delete(`${JOBS}/none`))).toEqual([TEXT])
  })
})

describe('AppArmor by annotation', () => {
  const key = 'container.apparmor.security.beta.kubernetes.io/main'
  const text = `metadata.annotations[${key}]: deprecated since v1.30; use the "appArmorProfile" field instead`

  it('fills in the field, and is told', async () => {
    const answer = await api.post(PODS, pod('armed', {}, { annotations: { [key]: 'unconfined' } }))
    expect(answer.body.spec.containers[0].securityContext).toEqual({ appArmorProfile: { type: 'Unconfined' } })
    expect(warningsOf(answer)).toEqual([text])
  })

  it('is fine beside the field', async () => {
    const containers = [{ ...TEMPLATE.spec.containers[0], securityContext: { appArmorProfile: { type: 'Unconfined' } } }]
    const answer = await api.post(PODS, pod('armed-twice', { containers }, { annotations: { [key]: 'unconfined' } }))
    expect(warningsOf(answer)).toEqual([])
  })
})

it('a token with a space too many before it is not seen', async () => {
  const answer = await api.get(`${NAMESPACE}/endpoints`, { authorization: 'Bearer  x' })
  expect(warningsOf(answer)).toEqual([
    'the provided Authorization header contains extra space before the bearer token, and is ignored',
    ENDPOINTS,
  ])
})
