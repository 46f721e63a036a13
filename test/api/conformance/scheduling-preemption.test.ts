/** Upstream: test/e2e/scheduling/preemption.go */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { isConditionTrue } from '../../../src/api/meta/conditions.ts'
import type { Json } from '../../support/api.ts'
import { Conformance } from '../../support/conformance.ts'
import { createRunning, eventually, found, onNode, pausePod, running } from '../../support/conformance-pods.ts'
import type { ResourceClient } from '../../support/resource-client.ts'

const RESOURCE = 'scheduling.k8s.io/foo'
const FINALIZER = 'example.com/test-finalizer'
const CLASSES: Readonly<Record<string, number>> = { low: 1, medium: 100, high: 1000, p1: 1, p2: 2, p3: 3, p4: 4 }

let e2e: Conformance
let pods: ResourceClient
let namespace: string
beforeEach(async () => {
  e2e = await Conformance.start({ nodes: 3 })
  namespace = await e2e.namespace('sched-preemption')
  pods = e2e.client('v1/pods', namespace)
  for (const [name, value] of Object.entries(CLASSES)) {
    await e2e.client('scheduling.k8s.io/v1/priorityclasses').create({ metadata: { name }, value })
  }
})
afterEach(() => e2e.close())

const nodeNames = async (): Promise<string[]> => (await e2e.client('v1/nodes').list()).items.map(({ metadata }: Json) => metadata.name)
/** Upstream: AddExtendedResource */
const advertise = (node: string, resource: string, amount: string) =>
  e2e
    .client('v1/nodes')
    .patch(node, { status: { capacity: { [resource]: amount }, allocatable: { [resource]: amount } } }, { subresource: 'status' })
const asking = (amount: string, resource = RESOURCE) => ({
  resources: { limits: { [resource]: amount }, requests: { [resource]: amount } },
})

/** Two pods a node that use four fifths of it; the first of all is of low priority, the others are of medium. */
async function fill(): Promise<string[]> {
  const names: string[] = []
  for (const node of await nodeNames()) {
    await advertise(node, RESOURCE, '5')
    for (const _ of [1, 2]) {
      const priorityClassName = names.length === 0 ? 'low' : 'medium'
      const name = `pod-${node}-${names.length}-${priorityClassName}`
      await pods.create(pausePod(name, { priorityClassName, affinity: onNode(node), container: asking('2') }))
      names.push(name)
    }
  }
  for (const name of names) await running(e2e, pods, name)
  return names
}

it.each([
  ['[sig-scheduling] SchedulerPreemption [Serial] validates basic preemption works', 'high', ''],
  [
    '[sig-scheduling] SchedulerPreemption [Serial] validates lower priority pod preemption by critical pod',
    'system-cluster-critical',
    'kube-system',
  ],
])('%s', async (_, priorityClassName, where) => {
  const [victim, ...others] = await fill()
  const own = e2e.client('v1/pods', where === '' ? namespace : where)
  await createRunning(e2e, own, pausePod('preemptor', { priorityClassName, container: asking('2') }))
  const left = await found(pods, victim!)
  expect(left === undefined || left.metadata.deletionTimestamp !== undefined).toBe(true)
  for (const name of others) expect((await pods.get(name)).metadata.deletionTimestamp).toBeUndefined()
})

it('[sig-scheduling] SchedulerPreemption [Serial] validates pod disruption condition is added to the preempted pod', async () => {
  const [node] = await nodeNames()
  await advertise(node!, RESOURCE, '1')
  const spec = (priorityClassName: string) => ({ priorityClassName, affinity: onNode(node!), container: asking('1') })
  await createRunning(e2e, pods, pausePod('victim-pod', spec('low'), { finalizers: [FINALIZER] }))
  await pods.create(pausePod('preemptor-pod', spec('high')))
  await eventually(e2e, 'the victim goes', async () => (await pods.get('victim-pod')).metadata.deletionTimestamp !== undefined)
  const { status } = await pods.get('victim-pod')
  expect(isConditionTrue(status.conditions, 'DisruptionTarget')).toBe(true)
  await pods.patch('victim-pod', { metadata: { finalizers: null } })
})

it('[sig-scheduling] SchedulerPreemption [Serial] PreemptionExecutionPath runs ReplicaSets to verify preemption running path', async () => {
  const fakecpu = 'example.com/fakecpu'
  const [node] = await nodeNames()
  await advertise(node!, fakecpu, '1000')
  const nodeSelector = { 'kubernetes.io/hostname': node! }
  const seen = new Map<string, number>()
  const { resourceVersion } = (await pods.list()).metadata
  const stream = await pods.watch({ resourceVersion })
  const sets = e2e.client('apps/v1/replicasets', namespace)
  for (const [index, amount] of ['200', '300', '450'].entries()) {
    const name = `pod${index + 1}`
    const { spec } = pausePod(name, { priorityClassName: `p${index + 1}`, nodeSelector, container: asking(amount, fakecpu) })
    const template = { metadata: { labels: { name } }, spec }
    await sets.create({ metadata: { name: `rs-${name}` }, spec: { replicas: 1, selector: { matchLabels: { name } }, template } })
    await eventually(e2e, `rs-${name} is ready`, async () => (await sets.get(`rs-${name}`)).status.readyReplicas === 1)
  }
  await pods.create(pausePod('pod4', { priorityClassName: 'p4', nodeSelector, container: asking('500', fakecpu) }))
  await eventually(e2e, 'pod4 preempts', async () => {
    const { spec, status } = await pods.get('pod4')
    return spec.nodeName !== undefined || status.nominatedNodeName !== undefined
  })
  await e2e.seconds(60)
  await pods.create(pausePod('last', { nodeName: 'nowhere' }))
  for (let event = await stream.next(); event!.object.metadata.name !== 'last'; event = await stream.next()) {
    const owner = event!.object.metadata.ownerReferences?.[0].name
    if (event!.type === 'ADDED') seen.set(owner, (seen.get(owner) ?? 0) + 1)
  }
  // Those of the first two are preempted once, that of the third never.
  expect(['rs-pod1', 'rs-pod2', 'rs-pod3'].map((name) => seen.get(name))).toEqual([2, 2, 1])
})
