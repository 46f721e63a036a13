import { afterEach, expect, it } from 'vitest'
import type { Deployment, Pod, PodDisruptionBudget } from '../../src/api/types.gen.ts'
import { conditionTexts, DEPLOYMENTS, deployment, isGoing, MINUTE, PODS, podTemplate, Scenario, SECOND } from '../support/workloads.ts'

const BUDGETS = 'poddisruptionbudgets.policy'

let scenario: Scenario
afterEach(() => scenario.close())

const budget = (name: string, spec: object) =>
  ({ metadata: { name }, spec: { selector: { matchLabels: { app: 'web' } }, ...spec } }) as never

async function counts(): Promise<number[]> {
  const { status } = await scenario.get<PodDisruptionBudget>(BUDGETS, 'web')
  return [status!.disruptionsAllowed!, status!.currentHealthy!, status!.desiredHealthy!, status!.expectedPods!]
}
const evict = async (name: string) =>
  (await scenario.request('POST', `/api/v1/namespaces/default/pods/${name}/eviction`, { metadata: { name } })).code

it('counts what a Deployment can spare, and gives it out once', async () => {
  scenario = await Scenario.start()
  // What replaces a pod takes ten seconds to come up.
  const template = podTemplate({ app: 'web' }, { annotations: { 'coracle.dev/start-delay': '10' } })
  await scenario.create(DEPLOYMENTS, deployment('web', { replicas: 3 }, template))
  await scenario.create(BUDGETS, budget('web', { maxUnavailable: '34%' }))
  expect(await counts()).toEqual([0, 0, 1, 3])
  await scenario.pass(10 * SECOND)
  expect(await counts()).toEqual([2, 3, 1, 3])
  const [first, second, third] = await scenario.pods({ app: 'web' })
  expect([await evict(first!.metadata.name), await evict(second!.metadata.name)]).toEqual([201, 201])
  expect(await evict(third!.metadata.name)).toBe(429)
  expect(await counts()).toEqual([0, 1, 1, 3])
  await scenario.pass(11 * SECOND)
  expect(await counts()).toEqual([2, 3, 1, 3])
  const after = await scenario.get<PodDisruptionBudget>(BUDGETS, 'web')
  expect(after.status).toMatchObject({ observedGeneration: 1 })
  expect(after.status!.disruptedPods).toBeUndefined()
  expect(conditionTexts(after)).toEqual(['DisruptionAllowed=True SufficientPods'])
  expect(await evict(third!.metadata.name)).toBe(201)
})

it('follows the scale of the Deployment', async () => {
  scenario = await Scenario.start()
  await scenario.create(DEPLOYMENTS, deployment('web', { replicas: 4 }, podTemplate({ app: 'web' })))
  await scenario.create(BUDGETS, budget('web', { minAvailable: '50%' }))
  await scenario.pass(2 * SECOND)
  expect(await counts()).toEqual([2, 4, 2, 4])
  await scenario.patch<Deployment>(DEPLOYMENTS, 'web', { spec: { replicas: 9 } })
  await scenario.pass(2 * SECOND)
  expect(await counts()).toEqual([4, 9, 5, 9])
})

it('takes back an eviction that never came to pass', async () => {
  scenario = await Scenario.start()
  await scenario.create(DEPLOYMENTS, deployment('web', { replicas: 2 }, podTemplate({ app: 'web' })))
  await scenario.create(BUDGETS, budget('web', { minAvailable: 1 }))
  await scenario.pass(2 * SECOND)
  const [{ metadata }] = (await scenario.pods({ app: 'web' })) as [Pod]
  await scenario.patchStatus(BUDGETS, 'web', { disruptedPods: { [metadata.name]: scenario.time } })
  const conditions = [{ type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI', lastTransitionTime: scenario.time }]
  const { status } = await scenario.get<Pod>(PODS, metadata.name)
  await scenario.patchStatus(PODS, metadata.name, { conditions: [...status!.conditions!, ...conditions] })
  expect(await counts()).toEqual([0, 1, 1, 2])
  await scenario.pass(2 * MINUTE - SECOND)
  expect(await counts()).toEqual([0, 1, 1, 2])
  await scenario.pass(2 * SECOND)
  expect(await counts()).toEqual([1, 2, 1, 2])
  const pod = await scenario.get<Pod>(PODS, metadata.name)
  expect(isGoing(pod)).toBe(false)
  expect(conditionTexts(pod)).toContain('DisruptionTarget=False')
  expect(await scenario.events(metadata.name, 'NotDeleted')).toHaveLength(1)
})

it('tells of pods that are nobody’s', async () => {
  scenario = await Scenario.start()
  await scenario.create(BUDGETS, budget('web', { maxUnavailable: 1 }))
  expect((await scenario.events('web', 'NoPods'))[0]).toMatchObject({
    type: 'Normal',
    message: 'No matching pods found',
    source: { component: 'controllermanager' },
  })
  await scenario.create(PODS, {
    metadata: { name: 'alone', labels: { app: 'web' } },
    spec: { containers: [{ name: 'c', image: 'i' }] },
  } as never)
  expect((await scenario.events('web', 'UnmanagedPods'))[0]).toMatchObject({ type: 'Warning' })
  await scenario.create(BUDGETS, budget('other', { minAvailable: 1 }))
  await scenario.patch(PODS, 'alone', { metadata: { annotations: { changed: 'true' } } })
  expect((await scenario.events('alone', 'MultiplePodDisruptionBudgets')).length).toBeGreaterThan(0)
})
