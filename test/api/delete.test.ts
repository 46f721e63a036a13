import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Cluster, createCluster } from '../../src/index.ts'
import { Api, type Json } from '../support/api.ts'
import { TEMPLATE } from '../support/samples.ts'

let cluster: Cluster
let api: Api
beforeAll(async () => {
  cluster = await createCluster({ nodes: 0, clock: 'virtual' })
  api = new Api(cluster)
})
afterAll(() => cluster.close())

const MAPS = '/api/v1/namespaces/default/configmaps'
const PODS = '/api/v1/namespaces/default/pods'
const made = (name: string, metadata: Json = {}) => api.created(MAPS, { metadata: { name, ...metadata } })
const now = () => new Date(cluster.clock.now()).toISOString().replace('.000', '')
/** Seconds from now. */
const secondsUntil = (time: string) => (Date.parse(time) - cluster.clock.now()) / 1000

describe('an object that nothing holds', () => {
  it('goes at once; the answer is a Status', async () => {
    const { uid } = (await made('plain')).metadata
    const answer = await api.delete(`${MAPS}/plain`)
    expect(answer.status).toBe(200)
    expect(answer.body).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Success',
      details: { name: 'plain', kind: 'configmaps', uid },
    })
    expect((await api.delete(`${MAPS}/plain`)).body).toMatchObject({ code: 404, message: 'configmaps "plain" not found' })
  })

  it('is the answer itself for the kinds that say so, without a trace of the deletion', async () => {
    await api.created('/api/v1/namespaces/default/podtemplates', { metadata: { name: 'shown' }, template: TEMPLATE })
    const { body } = await api.delete('/api/v1/namespaces/default/podtemplates/shown')
    expect([body.kind, body.metadata.name]).toEqual(['PodTemplate', 'shown'])
    expect(body.metadata).not.toHaveProperty('deletionTimestamp')
  })

  it('stays in a dry run, asked for in the query or in the body', async () => {
    await made('rehearsed')
    expect((await api.delete(`${MAPS}/rehearsed?dryRun=All`)).body.status).toBe('Success')
    expect((await api.delete(`${MAPS}/rehearsed`, { dryRun: ['All'] })).body.status).toBe('Success')
    expect((await api.get(`${MAPS}/rehearsed`)).status).toBe(200)
  })
})

describe('finalizers', () => {
  it('hold an object that is going, until the last one is gone', async () => {
    await made('held', { finalizers: ['example.com/a', 'example.com/b'] })
    const answer = await api.delete(`${MAPS}/held`)
    expect(answer.status).toBe(200)
    expect(answer.body).toMatchObject({
      kind: 'ConfigMap',
      metadata: { deletionTimestamp: now(), deletionGracePeriodSeconds: 0, finalizers: ['example.com/a', 'example.com/b'] },
    })
    await cluster.advance(5000)
    expect((await api.delete(`${MAPS}/held`)).body).toEqual(answer.body)
    const added = await api.patch(`${MAPS}/held`, { metadata: { finalizers: ['example.com/a', 'example.com/c'] } })
    expect(added.body).toMatchObject({
      code: 422,
      message:
        'ConfigMap "held" is invalid: metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"example.com/c"}',
    })
    const one = await api.patch(`${MAPS}/held`, { metadata: { finalizers: ['example.com/b'] } })
    expect(one.body.metadata.deletionTimestamp).toBe(answer.body.metadata.deletionTimestamp)
    const last = await api.patch(`${MAPS}/held`, { metadata: { finalizers: null } })
    expect([last.status, last.body.kind]).toEqual([200, 'ConfigMap'])
    expect((await api.get(`${MAPS}/held`)).status).toBe(404)
  })

  it('are not lost to an update that leaves out the deletion', async () => {
    await made('marked', { finalizers: ['example.com/a'] })
    const { deletionTimestamp } = (await api.delete(`${MAPS}/marked`)).body.metadata
    const put = await api.put(`${MAPS}/marked`, { metadata: { name: 'marked', finalizers: ['example.com/a'] }, data: { a: 'b' } })
    expect(put.body.metadata).toMatchObject({ deletionTimestamp, deletionGracePeriodSeconds: 0 })
    await api.put(`${MAPS}/marked`, { metadata: { name: 'marked' } })
    expect((await api.get(`${MAPS}/marked`)).status).toBe(404)
  })

  it('count the deletion as a change of the desired state', async () => {
    const jobs = '/apis/batch/v1/namespaces/default/cronjobs'
    const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'c' }] } }
    const body = {
      metadata: { name: 'gen', finalizers: ['example.com/a'] },
      spec: { schedule: '0 0 1 1 *', jobTemplate: { spec: { template } } },
    }
    expect((await api.created(jobs, body)).metadata.generation).toBe(1)
    expect((await api.delete(`${jobs}/gen`)).body.metadata.generation).toBe(2)
    expect((await api.delete(`${jobs}/gen`)).body.metadata.generation).toBe(2)
  })
})

describe('propagation', () => {
  it.each<[string, Json, string[] | undefined]>([
    ['Foreground', { propagationPolicy: 'Foreground' }, ['example.com/a', 'foregroundDeletion']],
    ['Orphan', { propagationPolicy: 'Orphan' }, ['example.com/a', 'orphan']],
    ['Background', { propagationPolicy: 'Background' }, ['example.com/a']],
    ['orphanDependents', { orphanDependents: true }, ['example.com/a', 'orphan']],
    ['not orphanDependents', { orphanDependents: false }, ['example.com/a']],
    ['nothing', {}, ['example.com/a']],
  ])('%s is a finalizer', async (what, options, finalizers) => {
    const name = what.toLowerCase().replace(' ', '-')
    await made(name, { finalizers: ['example.com/a'] })
    const answer = await api.delete(`${MAPS}/${name}`, options)
    expect(answer.body.metadata.finalizers).toEqual(finalizers)
    expect(answer.status).toBe(what === 'not orphanDependents' ? 202 : 200)
  })

  it('goes on as an earlier finalizer says, unless a request says otherwise', async () => {
    await made('earlier', { finalizers: ['orphan', 'example.com/a'] })
    expect((await api.delete(`${MAPS}/earlier`)).body.metadata.finalizers).toEqual(['orphan', 'example.com/a'])
    const changed = await api.delete(`${MAPS}/earlier`, { propagationPolicy: 'Foreground' })
    expect(changed.body.metadata.finalizers).toEqual(['example.com/a', 'foregroundDeletion'])
  })

  it('is orphaning for the kinds that did so in the first days', async () => {
    const jobs = '/apis/batch/v1/namespaces/default/jobs'
    const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'c' }] } }
    await api.created(jobs, { metadata: { name: 'old', finalizers: ['example.com/a'] }, spec: { suspend: true, template } })
    expect((await api.delete(`${jobs}/old`)).body.metadata.finalizers).toEqual(['example.com/a', 'orphan'])
  })

  it('is taken from the query when there is no body', async () => {
    await made('query', { finalizers: ['example.com/a'] })
    expect((await api.delete(`${MAPS}/query?propagationPolicy=Orphan`)).body.metadata.finalizers).toEqual(['example.com/a', 'orphan'])
  })
})

describe('preconditions', () => {
  it('must hold', async () => {
    const { uid, resourceVersion } = (await made('kept')).metadata
    expect((await api.delete(`${MAPS}/kept`, { preconditions: { uid: 'other' } })).body).toMatchObject({
      code: 409,
      reason: 'Conflict',
      message: `Operation cannot be fulfilled on ConfigMap "kept": the UID in the precondition (other) does not match the UID in record (${uid}). The object might have been deleted and then recreated`,
    })
    expect((await api.delete(`${MAPS}/kept`, { preconditions: { resourceVersion: '1' } })).body.message).toBe(
      `Operation cannot be fulfilled on ConfigMap "kept": the ResourceVersion in the precondition (1) does not match the ResourceVersion in record (${resourceVersion}). The object might have been modified`,
    )
    expect((await api.delete(`${MAPS}/kept`, { preconditions: { uid, resourceVersion } })).status).toBe(200)
  })
})

describe('options', () => {
  it.each<[string, Json, number, string]>([
    [
      'two ways to say how',
      { propagationPolicy: 'Orphan', orphanDependents: true },
      422,
      'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Invalid value: "Orphan": orphanDependents and deletionPropagation cannot be both set',
    ],
    [
      'an unknown policy',
      { propagationPolicy: 'Later' },
      422,
      'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: "Later": supported values: "Foreground", "Background", "Orphan", "nil"',
    ],
    [
      'an unknown dry run',
      { dryRun: ['Some'] },
      422,
      'DeleteOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: ["Some"]: supported values: "All"',
    ],
  ])('refuse %s', async (_what, options, code, message) => {
    await api.post(MAPS, { metadata: { name: 'wrong' } })
    const { body } = await api.delete(`${MAPS}/wrong`, options)
    expect([body.code, body.message]).toEqual([code, message])
    expect((await api.get(`${MAPS}/wrong`)).status).toBe(200)
  })
})

describe('pods', () => {
  /** A pod on a node that nobody runs: what becomes of it is up to these requests alone. */
  const placed = (name: string, seconds = 30) =>
    api.created(PODS, { metadata: { name }, spec: { ...TEMPLATE.spec, nodeName: 'nowhere', terminationGracePeriodSeconds: seconds } })

  it('are given their time, which can be shortened and not lengthened', async () => {
    await placed('graceful')
    const first = await api.delete(`${PODS}/graceful`)
    expect(first.body.metadata.deletionGracePeriodSeconds).toBe(30)
    expect(secondsUntil(first.body.metadata.deletionTimestamp)).toBe(30)
    const { generation } = first.body.metadata
    const longer = await api.delete(`${PODS}/graceful`, { gracePeriodSeconds: 60 })
    expect(longer.body.metadata).toMatchObject({ deletionGracePeriodSeconds: 30, generation })
    const shorter = await api.delete(`${PODS}/graceful`, { gracePeriodSeconds: 10 })
    expect(shorter.body.metadata).toMatchObject({ deletionGracePeriodSeconds: 10, generation })
    expect(secondsUntil(shorter.body.metadata.deletionTimestamp)).toBe(10)
    expect((await api.delete(`${PODS}/graceful`)).body.metadata.deletionGracePeriodSeconds).toBe(10)
  })

  it('are not shortened into the past', async () => {
    await placed('late', 60)
    await api.delete(`${PODS}/late`)
    await cluster.advance(20_000)
    expect((await api.get(`${PODS}/late`)).status).toBe(200)
    const { metadata } = (await api.delete(`${PODS}/late`, { gracePeriodSeconds: 5 })).body
    expect([secondsUntil(metadata.deletionTimestamp), metadata.deletionGracePeriodSeconds]).toEqual([0, 1])
  })

  it('take a negative time for a second', async () => {
    await placed('negative')
    expect((await api.delete(`${PODS}/negative`, { gracePeriodSeconds: -3 })).body.metadata.deletionGracePeriodSeconds).toBe(1)
  })

  it('go at once by force', async () => {
    await placed('forced')
    const answer = await api.delete(`${PODS}/forced?gracePeriodSeconds=0`)
    expect(answer.body).toMatchObject({ kind: 'Pod', metadata: { deletionGracePeriodSeconds: 0 } })
    expect((await api.get(`${PODS}/forced`)).status).toBe(404)
  })

  it('go at once when they are on no node', async () => {
    await api.created(PODS, { metadata: { name: 'unplaced' }, spec: { ...TEMPLATE.spec, schedulingGates: [{ name: 'example.com/wait' }] } })
    await api.delete(`${PODS}/unplaced`)
    expect((await api.get(`${PODS}/unplaced`)).status).toBe(404)
  })
})

describe('a collection', () => {
  it('goes as far as the selectors reach, and is the answer', async () => {
    for (const name of ['c-1', 'c-2']) await made(name, { labels: { set: 'c' } })
    await made('c-3', { labels: { set: 'd' } })
    const answer = await api.delete(`${MAPS}?labelSelector=set%3Dc`)
    expect(answer.body.kind).toBe('ConfigMapList')
    expect(answer.body.items.map(({ metadata }: Json) => metadata.name)).toEqual(['c-1', 'c-2'])
    expect((await api.get(`${MAPS}?labelSelector=set`)).body.items.map(({ metadata }: Json) => metadata.name)).toEqual(['c-3'])
  })

  it('stays in a dry run; its options may be in the body', async () => {
    await made('d-1', { labels: { set: 'e' }, finalizers: ['example.com/a'] })
    await api.delete(`${MAPS}?labelSelector=set%3De&dryRun=All`)
    expect((await api.get(`${MAPS}/d-1`)).body.metadata).not.toHaveProperty('deletionTimestamp')
    await api.delete(`${MAPS}?labelSelector=set%3De`, { preconditions: { uid: 'other' } })
    expect((await api.get(`${MAPS}/d-1`)).body.metadata).not.toHaveProperty('deletionTimestamp')
    await api.delete(`${MAPS}?labelSelector=set%3De`)
    expect((await api.get(`${MAPS}/d-1`)).body.metadata.deletionTimestamp).toBe(now())
  })

  it('is of one namespace, and of the kinds that allow it', async () => {
    expect((await api.delete('/api/v1/configmaps')).status).toBe(405)
    expect((await api.delete('/api/v1/namespaces')).body).toMatchObject({
      code: 405,
      message: 'the server does not allow this method on the requested resource',
    })
  })
})

describe('a namespace', () => {
  it('is terminating until its contents are gone, and takes no more', async () => {
    await api.created('/api/v1/namespaces', { metadata: { name: 'doomed' } })
    await cluster.settle()
    const inside = '/api/v1/namespaces/doomed/configmaps'
    await api.created(inside, { metadata: { name: 'last', finalizers: ['example.com/a'] } })
    const answer = await api.delete('/api/v1/namespaces/doomed')
    expect(answer.status).toBe(200)
    expect(answer.body).toMatchObject({ kind: 'Namespace', status: { phase: 'Terminating' }, spec: { finalizers: ['kubernetes'] } })
    expect(answer.body.metadata).not.toHaveProperty('deletionGracePeriodSeconds')
    const refused = await api.post(inside, { metadata: { name: 'late' } })
    expect(refused.body).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'configmaps "late" is forbidden: unable to create new content in namespace doomed because it is being terminated',
      reason: 'Forbidden',
      details: {
        name: 'late',
        kind: 'configmaps',
        causes: [{ reason: 'NamespaceTerminating', message: 'namespace doomed is being terminated', field: 'metadata.namespace' }],
      },
      code: 403,
    })
    await cluster.advance(60_000)
    expect((await api.get('/api/v1/namespaces/doomed')).status).toBe(200)
    await api.patch(`${inside}/last`, { metadata: { finalizers: null } })
    await cluster.advance(60_000)
    expect((await api.get('/api/v1/namespaces/doomed')).status).toBe(404)
  })

  it('that the cluster stands on stays', async () => {
    expect((await api.delete('/api/v1/namespaces/default')).body).toMatchObject({
      code: 403,
      message: 'namespaces "default" is forbidden: this namespace may not be deleted',
    })
  })
})
