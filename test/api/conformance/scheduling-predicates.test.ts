/** Upstream: test/e2e/scheduling/predicates.go and preemption.go, and the tests of nodes that these need. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isConditionTrue } from '../../../src/api/meta/conditions.ts'
import { quantityMilliValue } from '../../../src/api/meta/quantity.ts'
import type { Json } from '../../support/api.ts'
import { Conformance } from '../../support/conformance.ts'
import { createRunning, eventually, expectUnschedulable, pausePod } from '../../support/conformance-pods.ts'
import { type ResourceClient, uniqueName } from '../../support/resource-client.ts'

let e2e: Conformance
let nodes: ResourceClient
beforeAll(async () => {
  e2e = await Conformance.start({ nodes: 3 })
  nodes = e2e.client('v1/nodes')
})
afterAll(() => e2e.close())

const podsOf = async (base: string) => e2e.client('v1/pods', await e2e.namespace(base))
const label = (name: string, labels: Json) => nodes.patch(name, { metadata: { labels } })
/** A node that takes pods. Upstream: GetNodeThatCanRunPod */
const anyNode = async (pods: ResourceClient): Promise<string> => {
  const { spec } = await createRunning(e2e, pods, pausePod('without-label'))
  await pods.delete('without-label', { gracePeriodSeconds: 0 })
  return spec.nodeName
}

it('[sig-architecture] Conformance Tests should have at least two untainted nodes', async () => {
  const { items } = await nodes.list()
  const ready = items.filter(({ status }: Json) => isConditionTrue(status.conditions, 'Ready'))
  const untainted = ready.filter(({ spec }: Json) => (spec.taints ?? []).every(({ effect }: Json) => effect === 'PreferNoSchedule'))
  expect(untainted.length).toBeGreaterThanOrEqual(2)
})

describe('predicates', () => {
  it('[sig-scheduling] SchedulerPredicates [Serial] validates resource limits of pods that are allowed to run', async () => {
    const pods = await podsOf('sched-pred')
    const { items } = await nodes.list()
    let largest = 0
    for (const { metadata, status } of items) {
      const { name } = metadata
      await label(name, { node: name })
      const cpu = quantityMilliValue(status.allocatable.cpu)
      largest = Math.max(largest, cpu)
      const amounts = { cpu: `${Math.floor(cpu * 0.7)}m` }
      const matchExpressions = [{ key: 'node', operator: 'In', values: [name] }]
      const affinity = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions }] } } }
      const container = { resources: { limits: amounts, requests: amounts } }
      const filler = await createRunning(e2e, pods, pausePod(uniqueName('filler-pod'), { affinity, container }))
      expect(filler.spec.nodeName).toBe(name)
    }
    const half = { cpu: `${Math.floor(largest / 2)}m` }
    await pods.create(pausePod('additional-pod', { container: { resources: { limits: half, requests: half } } }))
    await expectUnschedulable(e2e, pods, 'additional-pod')
    for (const { metadata } of items) await label(metadata.name, { node: null })
    await pods.deleteCollection({}, { gracePeriodSeconds: 0 })
  })

  it('[sig-scheduling] SchedulerPredicates [Serial] validates that NodeSelector is respected if not matching', async () => {
    const pods = await podsOf('sched-pred')
    await pods.create(pausePod('restricted-pod', { nodeSelector: { label: 'nonempty' } }, { labels: { name: 'restricted' } }))
    await expectUnschedulable(e2e, pods, 'restricted-pod')
  })

  it('[sig-scheduling] SchedulerPredicates [Serial] validates that NodeSelector is respected if matching', async () => {
    const pods = await podsOf('sched-pred')
    const name = await anyNode(pods)
    const key = uniqueName('kubernetes.io/e2e')
    await label(name, { [key]: '42' })
    expect((await nodes.get(name)).metadata.labels[key]).toBe('42')
    const nodeSelector = { [key]: '42' }
    expect((await createRunning(e2e, pods, pausePod('with-labels', { nodeSelector }))).spec.nodeName).toBe(name)
    await label(name, { [key]: null })
    expect((await nodes.get(name)).metadata.labels[key]).toBeUndefined()
  })

  it('[sig-scheduling] SchedulerPredicates [Serial] validates that there exists conflict between pods with same hostPort and protocol but one using 0.0.0.0 hostIP', async () => {
    const pods = await podsOf('sched-pred')
    const nodeName = await anyNode(pods)
    const key = uniqueName('kubernetes.io/e2e')
    await label(nodeName, { [key]: '95' })
    const withPort = (hostIP: string | undefined) => ({
      nodeSelector: { [key]: '95' },
      container: { ports: [{ hostPort: 54322, containerPort: 8080, protocol: 'TCP', ...(hostIP && { hostIP }) }] },
    })
    await createRunning(e2e, pods, pausePod('pod4', withPort(undefined)))
    const { status } = await nodes.get(nodeName)
    const hostIP = status.addresses.find(({ type }: Json) => type === 'InternalIP').address
    await pods.create(pausePod('pod5', withPort(hostIP)))
    await expectUnschedulable(e2e, pods, 'pod5')
    await label(nodeName, { [key]: null })
  })
})

describe('taints that evict', () => {
  const taint = { key: 'kubernetes.io/e2e-evict-taint-key', value: 'evictTaintVal', effect: 'NoExecute' }
  const tolerant = (tolerationSeconds: number, nodeSelector?: Json) => ({
    tolerations: [{ key: taint.key, value: taint.value, effect: taint.effect, tolerationSeconds }],
    ...(nodeSelector && { nodeSelector }),
  })
  const paint = (name: string, taints: Json[] | null) => nodes.patch(name, { spec: { taints } })

  it('[sig-node] NoExecuteTaintManager Single Pod [Serial] removing taint cancels eviction [Disruptive]', async () => {
    const pods = await podsOf('taint-single-pod')
    const { spec, metadata } = await createRunning(e2e, pods, pausePod('taint-eviction-4', tolerant(150)))
    await paint(spec.nodeName, [taint])
    await e2e.seconds(75)
    expect((await pods.get('taint-eviction-4')).metadata.deletionTimestamp).toBeUndefined()
    await paint(spec.nodeName, null)
    await e2e.seconds(60 + 3 * 75)
    const left = await pods.get('taint-eviction-4')
    expect([left.metadata.uid, left.metadata.deletionTimestamp, left.status.phase]).toEqual([metadata.uid, undefined, 'Running'])
  })

  it('[sig-node] NoExecuteTaintManager Multiple Pods [Serial] evicts pods with minTolerationSeconds [Disruptive]', async () => {
    const pods = await podsOf('taint-multiple-pods')
    const { spec } = await createRunning(e2e, pods, pausePod('taint-eviction-b1', tolerant(75)))
    const beside = { 'kubernetes.io/hostname': (await nodes.get(spec.nodeName)).metadata.labels['kubernetes.io/hostname'] }
    await createRunning(e2e, pods, pausePod('taint-eviction-b2', tolerant(375, beside)))
    await paint(spec.nodeName, [taint])
    await eventually(e2e, 'one goes', async () => (await pods.list()).items.length === 1, 80)
    await eventually(e2e, 'the other goes', async () => (await pods.list()).items.length === 0, 400)
    await paint(spec.nodeName, null)
  })
})
