import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Cluster, createCluster } from '../../src/index.ts'
import { Api, JSON_PATCH, type Json, MERGE_PATCH } from '../support/api.ts'

let cluster: Cluster
let api: Api
beforeAll(async () => {
  cluster = await createCluster({ nodes: 0, clock: 'virtual' })
  api = new Api(cluster)
})
afterAll(() => cluster.close())

const MAPS = '/api/v1/namespaces/default/configmaps'
const map = (name: string, more: Json = {}) => ({ metadata: { name }, ...more })
const revision = async () => (await api.get(`${MAPS}?limit=1`)).body.metadata.resourceVersion

describe('create', () => {
  it('wipes what only the server may say', async () => {
    const metadata = {
      name: 'wiped',
      uid: 'mine',
      creationTimestamp: '2000-01-01T00:00:00Z',
      deletionTimestamp: '2000-01-01T00:00:00Z',
      deletionGracePeriodSeconds: 7,
      selfLink: '/x',
      generation: 9,
    }
    const created = (await api.created(MAPS, { metadata })).metadata
    expect(created.uid).toMatch(/^[0-9a-f]{8}-/)
    expect(created.creationTimestamp).toMatch(/^2026/)
    for (const field of ['deletionTimestamp', 'deletionGracePeriodSeconds', 'selfLink']) expect(created).not.toHaveProperty(field)
  })

  it('makes a name of generateName, of at most 63 characters', async () => {
    expect((await api.created(MAPS, { metadata: { generateName: 'made-' } })).metadata.name).toMatch(
      /^made-[bcdfghjklmnpqrstvwxz2456789]{5}$/,
    )
    const { name } = (await api.created(MAPS, { metadata: { generateName: 'x'.repeat(80) } })).metadata
    expect(name).toHaveLength(63)
  })

  it('says to try again when a name is taken that came with a generateName', async () => {
    await api.created(MAPS, { metadata: { name: 'both', generateName: 'both-' } })
    const again = await api.post(MAPS, { metadata: { name: 'both', generateName: 'both-' } })
    expect(again.body).toMatchObject({
      code: 409,
      reason: 'AlreadyExists',
      message: 'configmaps "both" already exists, the server was not able to generate a unique name for the object',
      details: { name: 'both', kind: 'configmaps', retryAfterSeconds: 1 },
    })
    expect(again.headers['retry-after']).toBe('1')
  })

  it('says when the name is taken by an object that is going', async () => {
    await api.created(MAPS, { metadata: { name: 'going', finalizers: ['example.com/wait'] } })
    await api.delete(`${MAPS}/going`)
    expect((await api.post(MAPS, map('going'))).body.message).toBe('object is being deleted: configmaps "going" already exists')
  })

  it.each([
    [
      'a resourceVersion',
      map('x', { metadata: { name: 'x', resourceVersion: '5' } }),
      500,
      undefined,
      'resourceVersion should not be set on objects to be created',
    ],
    [
      'no name',
      { metadata: {} },
      422,
      'Invalid',
      'ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required',
    ],
    [
      'another namespace',
      { metadata: { name: 'x', namespace: 'other' } },
      400,
      'BadRequest',
      'the namespace of the provided object does not match the namespace sent on the request',
    ],
  ])('refuses %s', async (_what, body, code, reason, message) => {
    const { body: status } = await api.post(MAPS, body)
    expect([status.code, status.reason, status.message]).toEqual([code, reason, message])
    expect((await api.get(`${MAPS}/x`)).status).toBe(404)
  })

  it('leaves out the namespace of a cluster-scoped object', async () => {
    const created = await api.created('/api/v1/namespaces', { metadata: { name: 'odd', namespace: 'odd' } })
    expect(created.metadata).not.toHaveProperty('namespace')
  })

  it('stores nothing of a dry run, and checks it all the same', async () => {
    const before = await revision()
    const answer = await api.post(`${MAPS}?dryRun=All`, map('dry'))
    expect(answer.status).toBe(201)
    expect(answer.body.metadata.uid).toBeTruthy()
    expect(answer.body.metadata).not.toHaveProperty('resourceVersion')
    expect((await api.post(`${MAPS}?dryRun=All`, map('wiped'))).status).toBe(409)
    expect((await api.post(`${MAPS}?dryRun=Some`, map('dry'))).body).toMatchObject({
      code: 422,
      message: 'CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: ["Some"]: supported values: "All"',
    })
    expect(await revision()).toBe(before)
  })
})

describe('update', () => {
  it('does without a resourceVersion, and with "0"', async () => {
    await api.created(MAPS, map('free', { data: { a: '1' } }))
    expect((await api.put(`${MAPS}/free`, map('free', { data: { a: '2' } }))).body.data).toEqual({ a: '2' })
    const zero = await api.put(`${MAPS}/free`, { metadata: { name: 'free', resourceVersion: '0' }, data: { a: '3' } })
    expect(zero.body.data).toEqual({ a: '3' })
  })

  it('keeps what the server said at birth', async () => {
    const born = (await api.created(MAPS, { metadata: { generateName: 'kept-' } })).metadata
    const { metadata } = (await api.put(`${MAPS}/${born.name}`, map(born.name, { data: { a: '1' } }))).body
    expect(metadata.uid).toBe(born.uid)
    expect(metadata.creationTimestamp).toBe(born.creationTimestamp)
    expect(Number(metadata.resourceVersion)).toBeGreaterThan(Number(born.resourceVersion))
  })

  it('writes nothing when nothing changes', async () => {
    const born = await api.created(MAPS, map('same', { data: { a: '1' } }))
    const before = await revision()
    expect((await api.put(`${MAPS}/same`, map('same', { data: { a: '1' } }))).body).toEqual(born)
    expect((await api.patch(`${MAPS}/same`, { data: { a: '1' } })).body).toEqual(born)
    expect((await api.patch(`${MAPS}/same`, [], JSON_PATCH)).body).toEqual(born)
    expect(await revision()).toBe(before)
  })

  it.each([
    [
      'another name',
      { metadata: { name: 'other' } },
      400,
      'BadRequest',
      'the name of the object (other) does not match the name on the URL (held)',
    ],
    [
      'no name',
      { metadata: {} },
      400,
      'BadRequest',
      'the name of the object (held based on URL) was undeterminable: name must be provided',
    ],
    [
      'another namespace',
      { metadata: { name: 'held', namespace: 'other' } },
      400,
      'BadRequest',
      'the namespace of the provided object does not match the namespace sent on the request',
    ],
    [
      'an old resourceVersion',
      { metadata: { name: 'held', resourceVersion: '1' } },
      409,
      'Conflict',
      'Operation cannot be fulfilled on configmaps "held": the object has been modified; please apply your changes to the latest version and try again',
    ],
    [
      'a resourceVersion that is no number',
      { metadata: { name: 'held', resourceVersion: 'abc' } },
      500,
      undefined,
      'strconv.ParseUint: parsing "abc": invalid syntax',
    ],
  ])('refuses %s', async (_what, body, code, reason, message) => {
    await api.post(MAPS, map('held'))
    const { body: status } = await api.put(`${MAPS}/held`, body)
    expect([status.code, status.reason, status.message]).toEqual([code, reason, message])
  })

  it('refuses the uid of an earlier object of that name', async () => {
    const { uid } = (await api.created(MAPS, map('reborn'))).metadata
    const answer = await api.put(`${MAPS}/reborn`, { metadata: { name: 'reborn', uid: 'earlier' } })
    expect(answer.body.message).toBe(
      `Operation cannot be fulfilled on configmaps "reborn": StorageError: invalid object, Code: 4, Key: /registry/configmaps/default/reborn, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: earlier, UID in object meta: ${uid}`,
    )
  })

  it('judges the body before it looks for the object', async () => {
    expect((await api.put(`${MAPS}/nowhere`, map('other'))).status).toBe(400)
    expect((await api.put(`${MAPS}/nowhere`, map('nowhere'))).body).toMatchObject({ code: 404, message: 'configmaps "nowhere" not found' })
  })

  it('creates an object of the kinds that allow it', async () => {
    const path = '/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles/put'
    const body = { metadata: { name: 'put', resourceVersion: '7' }, rules: [] }
    const created = await api.put(path, body)
    expect(created.status).toBe(201)
    expect(created.body.metadata.uid).toBeTruthy()
    expect((await api.put(path, { metadata: { name: 'put' }, rules: [] })).status).toBe(200)
    const mistaken = await api.put(path.replace(/put$/, 'uid'), { metadata: { name: 'uid', uid: 'x' }, rules: [] })
    expect(mistaken.body).toMatchObject({ code: 409, reason: 'Conflict' })
    const dry = await api.put(`${path.replace(/put$/, 'dry')}?dryRun=All`, { metadata: { name: 'dry' }, rules: [] })
    expect(dry.status).toBe(201)
    expect((await api.get(path.replace(/put$/, 'dry'))).status).toBe(404)
  })

  it('insists on a resourceVersion for the kinds that do', async () => {
    const leases = '/apis/coordination.k8s.io/v1/namespaces/default/leases'
    const lease = await api.created(leases, map('lock', { spec: { holderIdentity: 'a' } }))
    const refused = await api.put(`${leases}/lock`, map('lock', { spec: { holderIdentity: 'b' } }))
    expect(refused.body).toMatchObject({
      code: 422,
      message: 'leases.coordination.k8s.io "lock" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update',
    })
    expect((await api.put(`${leases}/lock`, { ...lease, spec: { holderIdentity: 'b' } })).status).toBe(200)
    expect((await api.patch(`${leases}/lock`, { spec: { holderIdentity: 'c' } })).status).toBe(200)
  })

  it('does one of many that read the same state, and tells the others', async () => {
    const read = await api.created(MAPS, map('raced'))
    const answers = await Promise.all([1, 2, 3, 4].map((i) => api.put(`${MAPS}/raced`, { ...read, data: { by: `${i}` } })))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409])
  })

  it('stores nothing of a dry run', async () => {
    const born = await api.created(MAPS, map('rehearsed'))
    const answer = await api.put(`${MAPS}/rehearsed?dryRun=All`, map('rehearsed', { data: { a: '1' } }))
    expect(answer.body.data).toEqual({ a: '1' })
    const patched = await api.patch(`${MAPS}/rehearsed?dryRun=All`, { data: { b: '1' } })
    expect(patched.body.data).toEqual({ b: '1' })
    expect((await api.get(`${MAPS}/rehearsed`)).body).toEqual(born)
  })
})

describe('generation', () => {
  const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments'
  const deployment = {
    metadata: { name: 'counted' },
    spec: {
      replicas: 0,
      paused: true,
      selector: { matchLabels: { app: 'c' } },
      template: { metadata: { labels: { app: 'c' } }, spec: { containers: [{ name: 'c', image: 'c' }] } },
    },
  }

  it('grows with the spec, and with nothing else', async () => {
    expect((await api.created(DEPLOYMENTS, deployment)).metadata.generation).toBe(1)
    await cluster.settle()
    const own = `${DEPLOYMENTS}/counted`
    const generationAfter = async (patch: Json, path = own) => (await api.patch(path, patch)).body.metadata.generation
    expect(await generationAfter({ metadata: { labels: { a: 'b' } } })).toBe(1)
    expect(await generationAfter({ spec: { minReadySeconds: 5 } })).toBe(2)
    expect(await generationAfter({ metadata: { generation: 77 } })).toBe(2)
    expect(await generationAfter({ status: { observedGeneration: 9 } }, `${own}/status`)).toBe(2)
  })

  it('separates status from the rest', async () => {
    await api.created(DEPLOYMENTS, { ...deployment, metadata: { name: 'halves' }, status: { replicas: 7 } })
    await cluster.settle()
    const own = `${DEPLOYMENTS}/halves`
    expect((await api.get(own)).body.status?.replicas ?? 0).toBe(0)
    const read = (await api.get(own)).body
    const main = await api.put(own, { ...read, status: { replicas: 5 } })
    expect(main.body.status).toEqual(read.status)
    const status = await api.put(`${own}/status`, { ...main.body, spec: { ...read.spec, replicas: 9 }, status: { replicas: 3 } })
    expect(status.body.spec.replicas).toBe(0)
    expect(status.body.status.replicas).toBe(3)
  })
})

describe('scale', () => {
  const SETS = '/apis/apps/v1/namespaces/default/replicasets'
  beforeAll(async () => {
    await api.created(SETS, {
      metadata: { name: 'scaled' },
      spec: {
        replicas: 0,
        selector: { matchLabels: { app: 's' } },
        template: { metadata: { labels: { app: 's' } }, spec: { containers: [{ name: 'c', image: 'c' }] } },
      },
    })
    await cluster.settle()
  })

  it('shows and sets replicas through the one shape of autoscaling/v1', async () => {
    const scale = await api.get(`${SETS}/scaled/scale`)
    expect(scale.body).toMatchObject({
      kind: 'Scale',
      apiVersion: 'autoscaling/v1',
      metadata: { name: 'scaled', namespace: 'default' },
      spec: {},
      status: { replicas: 0, selector: 'app=s' },
    })
    const put = await api.put(`${SETS}/scaled/scale`, { ...scale.body, spec: { replicas: 2 } })
    expect([put.status, put.body.kind, put.body.spec]).toEqual([200, 'Scale', { replicas: 2 }])
    const { body } = await api.get(`${SETS}/scaled`)
    expect([body.spec.replicas, body.metadata.generation]).toEqual([2, 2])
    expect((await api.patch(`${SETS}/scaled/scale`, { spec: { replicas: 1 } }, MERGE_PATCH)).body.spec).toEqual({ replicas: 1 })
    expect((await api.patch(`${SETS}/scaled/scale`, [{ op: 'replace', path: '/spec/replicas', value: 0 }], JSON_PATCH)).body.spec).toEqual(
      {},
    )
  })

  it.each([
    [
      'negative replicas',
      { metadata: { name: 'scaled' }, spec: { replicas: -1 } },
      422,
      'Scale.autoscaling "scaled" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0',
    ],
    ['an old resourceVersion', { metadata: { name: 'scaled', resourceVersion: '1' }, spec: { replicas: 1 } }, 409, undefined],
    [
      'another name',
      { metadata: { name: 'x' }, spec: { replicas: 1 } },
      400,
      'the name of the object (x) does not match the name on the URL (scaled)',
    ],
  ])('refuses %s', async (_what, body, code, message) => {
    const answer = await api.put(`${SETS}/scaled/scale`, body)
    expect(answer.status).toBe(code)
    if (message !== undefined) expect(answer.body.message).toBe(message)
  })

  it('is not there for kinds that do not scale, nor for objects that are not', async () => {
    expect((await api.get(`${MAPS}/x/scale`)).status).toBe(404)
    expect((await api.get(`${SETS}/none/scale`)).body.message).toBe('replicasets.apps "none" not found')
  })
})
