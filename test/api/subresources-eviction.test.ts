import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Schemas } from '../../src/api/schema.ts'
import { Protobuf } from '../../src/http/codecs/protobuf.ts'
import { type Cluster, createCluster } from '../../src/index.ts'
import { Api, failure, type Json } from '../support/api.ts'

const PODS = '/api/v1/namespaces/default/pods'
const BUDGETS = '/apis/policy/v1/namespaces/default/poddisruptionbudgets'
const VIOLATION = "Cannot evict pod as it would violate the pod's disruption budget."

let cluster: Cluster
let api: Api
beforeEach(async () => {
  // Budgets are as the tests say, not as they would be counted.
  cluster = await createCluster({ nodes: 1, clock: 'virtual', controllers: ['*', '-disruption'] })
  api = new Api(cluster)
})
afterEach(() => cluster.close())

/** A pod that `budget` guards. */
async function pod(name: string, phase = 'Running', isReady = true): Promise<Json> {
  const spec = { schedulerName: 'nobody', containers: [{ name: 'c', image: 'i' }] }
  await api.created(PODS, { metadata: { name, labels: { app: 'a' } }, spec })
  const conditions = [{ type: 'Ready', status: isReady ? 'True' : 'False' }]
  return (await api.patch(`${PODS}/${name}/status`, { status: { phase, conditions } })).body
}

async function budget(name: string, status: Json, spec: Json = {}): Promise<void> {
  await api.created(BUDGETS, { metadata: { name }, spec: { minAvailable: 1, selector: { matchLabels: { app: 'a' } }, ...spec } })
  // As its controller would.
  await cluster.settle()
  const counts = { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0, observedGeneration: 1 }
  expect((await api.patch(`${BUDGETS}/${name}/status`, { status: { ...counts, ...status } })).status).toBe(200)
}

const evict = (name: string, deleteOptions?: Json, query = '') =>
  api.post(`${PODS}/${name}/eviction${query}`, { kind: 'Eviction', apiVersion: 'policy/v1', metadata: { name }, deleteOptions })
const exists = async (name: string) => (await api.get(`${PODS}/${name}`)).status === 200
const refused = (cause: string, retryAfterSeconds?: number) => ({
  ...failure(429, 'TooManyRequests', VIOLATION),
  details: {
    causes: [{ reason: 'DisruptionBudget', message: cause }],
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  },
})

describe('an eviction', () => {
  it('deletes a pod that no budget guards, and says why on it', async () => {
    await api.created(PODS, {
      metadata: { name: 'p', finalizers: ['example.com/hold'] },
      spec: { containers: [{ name: 'c', image: 'i' }] },
    })
    await cluster.settle()
    const answer = await evict('p')
    expect([answer.status, answer.body]).toEqual([201, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 }])
    const { metadata, status } = (await api.get(`${PODS}/p`)).body
    expect(metadata.deletionTimestamp).toBeDefined()
    expect(status.conditions.find(({ type }: Json) => type === 'DisruptionTarget')).toMatchObject({
      status: 'True',
      reason: 'EvictionByEvictionAPI',
      message: 'Eviction API: evicting',
    })
  })

  it('spends what the budget allows, and then is refused', async () => {
    await pod('p1')
    await pod('p2')
    await budget('b', { disruptionsAllowed: 1, currentHealthy: 2, desiredHealthy: 1 })
    expect((await evict('p1')).status).toBe(201)
    expect(await exists('p1')).toBe(false)
    const { status } = (await api.get(`${BUDGETS}/b`)).body
    expect([status.disruptionsAllowed, Object.keys(status.disruptedPods)]).toEqual([0, ['p1']])
    expect(status.conditions).toMatchObject([
      { type: 'DisruptionAllowed', status: 'False', reason: 'InsufficientPods', observedGeneration: 1 },
    ])
    await api.patch(`${BUDGETS}/b/status`, { status: { currentHealthy: 1 } })
    const second = await evict('p2')
    expect(second.body).toEqual(refused('The disruption budget b needs 1 healthy pods and has 1 currently'))
    expect(second.headers).not.toHaveProperty('retry-after')
    expect(await exists('p2')).toBe(true)
  })

  it('of many at once spends no more than there is', async () => {
    const names = ['p1', 'p2', 'p3', 'p4', 'p5']
    for (const name of names) await pod(name)
    await budget('b', { disruptionsAllowed: 2, currentHealthy: 5, desiredHealthy: 3 })
    const codes = await Promise.all(names.map(async (name) => (await evict(name)).status))
    expect(codes.sort()).toEqual([201, 201, 429, 429, 429])
    expect((await api.get(PODS)).body.items).toHaveLength(3)
  })

  it.each<[string, Json, string, number | undefined]>([
    ['not seen by its controller yet', { observedGeneration: 0 }, 'The disruption budget b is still being processed by the server.', 10],
    [
      'that could not be worked out',
      { conditions: [condition('SyncFailed', 'no controller')] },
      'The disruption budget b does not allow evicting pods currently because it failed sync: no controller',
      undefined,
    ],
    [
      'with a reason of its own',
      { currentHealthy: 3, desiredHealthy: 1, conditions: [condition('Mine', 'not now')] },
      'The disruption budget b does not allow evicting pods currently (Mine): not now',
      undefined,
    ],
    [
      'with no reason',
      { currentHealthy: 3, desiredHealthy: 1 },
      'The disruption budget b does not allow evicting pods currently',
      undefined,
    ],
  ])('is refused by a budget %s', async (_what, status, message, retryAfterSeconds) => {
    await pod('p')
    await budget('b', status)
    const answer = await evict('p')
    expect(answer.body).toEqual(refused(message, retryAfterSeconds))
    expect(answer.headers['retry-after']).toBe(retryAfterSeconds === undefined ? undefined : String(retryAfterSeconds))
  })

  it('asks no budget for a pod that is over, or does not run yet', async () => {
    await pod('done', 'Succeeded')
    await pod('early', 'Pending', false)
    await budget('b', {})
    expect([(await evict('done')).status, (await evict('early')).status]).toEqual([201, 201])
  })

  it.each([
    [undefined, { currentHealthy: 0, desiredHealthy: 1 }, 429],
    [undefined, { currentHealthy: 1, desiredHealthy: 1 }, 201],
    ['IfHealthyBudget', { currentHealthy: 0, desiredHealthy: 1 }, 429],
    ['AlwaysAllow', { currentHealthy: 0, desiredHealthy: 1 }, 201],
  ])('of an unhealthy pod, by the policy %s with %j: %d', async (unhealthyPodEvictionPolicy, status, code) => {
    await pod('p', 'Running', false)
    await budget('b', status, { unhealthyPodEvictionPolicy })
    expect((await evict('p')).status).toBe(code)
    expect((await api.get(`${BUDGETS}/b`)).body.status.disruptedPods).toBeUndefined()
  })

  const policies = [undefined, 'IfHealthyBudget', 'AlwaysAllow'] as const
  it.each(policies.flatMap((policy) => ['Pending', 'Succeeded', 'Failed'].map((phase) => [phase, policy] as const)))(
    'asks no budget for a %s pod, whatever its policy (%s)',
    async (phase, unhealthyPodEvictionPolicy) => {
      await pod('p', phase, false)
      await budget('b', {}, { unhealthyPodEvictionPolicy })
      expect((await evict('p', { gracePeriodSeconds: 0 })).status).toBe(201)
      expect(await exists('p')).toBe(false)
    },
  )

  it.each(policies)('asks no budget for a pod that is going already (%s)', async (unhealthyPodEvictionPolicy) => {
    await api.created(PODS, {
      metadata: { name: 'p', labels: { app: 'a' }, finalizers: ['example.com/hold'] },
      spec: { schedulerName: 'nobody', containers: [{ name: 'c', image: 'i' }] },
    })
    await api.patch(`${PODS}/p/status`, { status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] } })
    await budget('b', {}, { unhealthyPodEvictionPolicy })
    expect((await evict('p')).status).toBe(429)
    await api.delete(`${PODS}/p`)
    expect((await evict('p')).status).toBe(201)
  })

  it.each(policies)('of a healthy pod is refused by every policy (%s)', async (unhealthyPodEvictionPolicy) => {
    await pod('p')
    await budget('b', { currentHealthy: 2, desiredHealthy: 2 }, { unhealthyPodEvictionPolicy })
    expect((await evict('p')).body).toEqual(refused('The disruption budget b needs 2 healthy pods and has 2 currently'))
  })

  it.each(policies)('of a healthy pod spends what there is (%s)', async (unhealthyPodEvictionPolicy) => {
    await pod('p')
    await budget('b', { disruptionsAllowed: 2, currentHealthy: 3, desiredHealthy: 1 }, { unhealthyPodEvictionPolicy })
    expect((await evict('p')).status).toBe(201)
    const { status } = (await api.get(`${BUDGETS}/b`)).body
    expect([status.disruptionsAllowed, Object.keys(status.disruptedPods), status.conditions]).toEqual([1, ['p'], undefined])
  })

  it.each(policies)('minds a budget that selects everything (%s)', async (unhealthyPodEvictionPolicy) => {
    await pod('p')
    await budget('b', { currentHealthy: 3, desiredHealthy: 3 }, { selector: {}, unhealthyPodEvictionPolicy })
    expect((await evict('p')).body).toEqual(refused('The disruption budget b needs 3 healthy pods and has 3 currently'))
  })

  it.each(policies)('minds no budget of other pods (%s)', async (unhealthyPodEvictionPolicy) => {
    await pod('p')
    await budget('b', {}, { selector: { matchLabels: { app: 'other' } }, unhealthyPodEvictionPolicy })
    expect((await evict('p')).status).toBe(201)
  })

  it('keeps a budget in order that says less than nothing', async () => {
    await pod('p')
    await budget('b', {})
    const many = Object.fromEntries(Array.from({ length: 2001 }, (_, i) => [`gone-${i}`, '2026-01-01T00:00:00Z']))
    await api.patch(`${BUDGETS}/b/status`, { status: { disruptionsAllowed: 1, disruptedPods: many } })
    const answer = await evict('p')
    expect([answer.status, answer.body.message]).toEqual([
      403,
      'poddisruptionbudget.policy "b" is forbidden: DisruptedPods map too big - too many evictions not confirmed by PDB controller',
    ])
  })

  it('of a pod that changes is tried again as long as nobody insists', async () => {
    await pod('p', 'Pending', false)
    await budget('b', {})
    const [patched, evicted] = await Promise.all([
      api.patch(`${PODS}/p/status`, { status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] } }),
      evict('p', { gracePeriodSeconds: 0 }),
    ])
    // Whoever was first: a pod that was running when it was decided about is still there.
    expect([
      [200, 429, true],
      [404, 201, false],
      [200, 201, false],
    ]).toContainEqual([patched.status, evicted.status, await exists('p')])
  })

  it('takes no option that breaks the cluster', async () => {
    await pod('p')
    const answer = await evict('p', { ignoreStoreReadErrorWithClusterBreakingPotential: true })
    expect(answer.body.message).toContain(
      'deleteOptions.ignoreStoreReadErrorWithClusterBreakingPotential: Invalid value: true: can not be set for pod eviction, try after removing the option',
    )
  })

  it('of a pod with two budgets fails, oddly as upstream', async () => {
    await pod('p')
    await budget('b1', { disruptionsAllowed: 1 })
    await budget('b2', { disruptionsAllowed: 1 })
    const answer = await evict('p')
    expect(answer.status).toBe(201)
    expect(answer.body).toMatchObject({
      status: 'Failure',
      code: 500,
      message: expect.stringContaining('more than one PodDisruptionBudget'),
    })
    expect(await exists('p')).toBe(true)
  })

  it.each(['', '?dryRun=All'])('changes nothing when dry (%s)', async (query) => {
    await pod('p')
    await budget('b', { disruptionsAllowed: 1, currentHealthy: 2, desiredHealthy: 1 })
    expect((await evict('p', query === '' ? { dryRun: ['All'] } : undefined, query)).status).toBe(201)
    expect(await exists('p')).toBe(true)
    expect((await api.get(`${BUDGETS}/b`)).body.status.disruptionsAllowed).toBe(1)
  })

  it('keeps preconditions', async () => {
    const { metadata } = await pod('p')
    expect((await evict('p', { preconditions: { uid: 'x' } })).body.message).toContain(
      'Operation cannot be fulfilled on Pod "p": the UID in the precondition (x) does not match the UID in record',
    )
    expect((await evict('p', { preconditions: { resourceVersion: '1' } })).body.message).toContain(
      'the ResourceVersion in the precondition (1) does not match the ResourceVersion in record',
    )
    const { uid, resourceVersion } = metadata
    expect((await evict('p', { preconditions: { uid, resourceVersion } })).status).toBe(201)
  })

  it('may still be of policy/v1beta1, in JSON and in protobuf', async () => {
    const eviction = { apiVersion: 'policy/v1beta1', kind: 'Eviction', metadata: { name: 'p' } }
    await pod('p')
    expect((await api.post(`${PODS}/p/eviction?dryRun=All`, eviction)).body).toMatchObject({ kind: 'Status', status: 'Success' })
    // The same message, whose version the length of its envelope depends on.
    const message = new Protobuf(new Schemas()).encode('policy/v1', 'Eviction', eviction)
    const after = message.indexOf('policy/v1') + 'policy/v1'.length
    const head = Buffer.from([0x0a, message[5]! + 'beta1'.length, 0x0a, 'policy/v1beta1'.length])
    const body = Buffer.concat([message.subarray(0, 4), head, Buffer.from('policy/v1beta1'), message.subarray(after)])
    const evicted = await api.post(`${PODS}/p/eviction`, body, { 'content-type': 'application/vnd.kubernetes.protobuf' })
    expect(evicted.body).toMatchObject({ kind: 'Status', status: 'Success' })
    expect((await api.post(`${PODS}/p/eviction`, { ...eviction, apiVersion: 'policy/v2' })).body.message).toContain(
      'Eviction in version "v2" cannot be handled as a Eviction: no kind "Eviction" is registered for version "policy/v2"',
    )
  })

  it('names the pod of its URL', async () => {
    await pod('p')
    const answer = await api.post(`${PODS}/p/eviction`, { metadata: { name: 'q' } })
    expect(answer.body).toEqual(failure(400, 'BadRequest', 'name in URL does not match name in Eviction object'))
    expect((await evict('none')).body.message).toBe('pods "none" not found')
  })
})

function condition(reason: string, message: string): Json {
  return { type: 'DisruptionAllowed', status: 'False', reason, message, lastTransitionTime: '2026-01-01T00:00:00Z' }
}
