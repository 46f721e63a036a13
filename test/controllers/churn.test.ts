import { afterEach, describe, expect, it } from 'vitest'
import { parseChurnRule } from '../../src/nodes/churn/rule.ts'
import { isReady, namesOf, Scenario } from '../support/scenario.ts'

let cluster: Scenario
afterEach(() => cluster?.close())

const nodes = async () => namesOf(await cluster.list('nodes'))
const rules = (data: Record<string, string>) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'weather', namespace: 'default', labels: { 'coracle.dev/churn': 'true' } },
  data,
})
const store = async (data: Record<string, string>) => {
  await cluster.client.create('configmaps', rules(data) as never)
  await cluster.cluster.settle()
}
const churned = async (node: string) => (await cluster.events(node, 'Churn')).reduce((sum, { count = 1 }) => sum + count, 0)

describe('a rule', () => {
  it.each([
    ['*/5 * * * * reboot node-2', { action: 'reboot', target: { node: 'node-2' } }],
    ['  @every 90s   crash pool/gpu ', { action: 'crash', target: { pool: 'gpu' } }],
    ['CRON_TZ=Europe/Berlin 0 3 * * 1 leave node-1', { action: 'leave', target: { node: 'node-1' } }],
    ['reboot node-2', /^must be a schedule, an action and a node, not "reboot node-2"$/],
    ['* * * * * explode node-2', /^"explode" is none of the actions cordon, .*, join, leave$/],
    ['* * * * reboot node-2', /^expected exactly 5 fields, found 4/],
    ['61 * * * * reboot node-2', /^end of range \(61\) above maximum \(59\)/],
  ])('%j', (text, expected) => {
    if (expected instanceof RegExp) expect(() => parseChurnRule(text)).toThrow(expected)
    else expect(parseChurnRule(text)).toMatchObject(expected)
  })
})

it('carries rules out at their times', async () => {
  cluster = await Scenario.start({ nodes: 2 })
  await store({ a: '*/5 * * * * fail node-1', b: '2-59/5 * * * * recover node-1', c: '@every 10m cordon node-2' })
  await cluster.seconds(119)
  expect(await churned('node-1')).toBe(0)
  await cluster.seconds(180)
  expect(await churned('node-1')).toBe(1)
  await cluster.seconds(62)
  expect(isReady(await cluster.node('node-1'))).toBe(false)
  await cluster.seconds(60)
  expect(isReady(await cluster.node('node-1'))).toBe(true)
  const [event] = await cluster.events('node-1', 'Churn')
  expect(event?.message).toBe('recover, as default/weather says: 2-59/5 * * * * recover node-1')
  expect((await cluster.node('node-2')).spec.unschedulable).toBeUndefined()
  await cluster.seconds(180)
  expect((await cluster.node('node-2')).spec.unschedulable).toBe(true)
})

it('lets a node leave, and join as it was', async () => {
  cluster = await Scenario.start({ nodes: 1, churn: ['0 * * * * leave edge', '30 * * * * join edge', '45 * * * * join other'] })
  await cluster.cluster.simulation.join({
    name: 'edge',
    labels: { site: 'x' },
    capacity: { cpu: '2' },
    taints: [{ key: 'k', effect: 'NoSchedule' }],
  })
  await cluster.seconds(3601)
  expect(await nodes()).toEqual(['node-1', 'other'])
  await cluster.seconds(1800)
  expect(await nodes()).toEqual(['edge', 'node-1', 'other'])
  const edge = await cluster.node('edge')
  expect(edge.metadata.labels).toMatchObject({ site: 'x' })
  expect(edge.spec.taints).toEqual([{ key: 'k', effect: 'NoSchedule' }])
  expect(edge.status?.capacity?.cpu).toBe('2')
  expect(isReady(edge)).toBe(true)
})

it('takes another node of a pool each time, and one that it changes something for', async () => {
  cluster = await Scenario.start({ nodePools: [{ name: 'w', count: 5 }], churn: ['* * * * * leave pool/w'] })
  expect(await nodes()).toEqual(['w-1', 'w-2', 'w-3', 'w-4', 'w-5'])
  await cluster.seconds(181)
  const left = await nodes()
  expect(left).toHaveLength(2)
  await cluster.client.patch(
    { resource: 'configmaps', namespace: 'kube-system', name: 'coracle-churn' },
    { data: { 'rule-1': '* * * * * join pool/w' } },
  )
  await cluster.seconds(300)
  expect(await nodes()).toEqual(['w-1', 'w-2', 'w-3', 'w-4', 'w-5'])
})

it('says which rules it can not read, once', async () => {
  cluster = await Scenario.start({ nodes: 1 })
  await store({ bad: '* * * * * explode node-1', good: '* * * * * cordon node-1' })
  await cluster.seconds(200)
  const faults = await cluster.events('weather', 'InvalidChurn')
  expect(faults.map(({ message, count = 1 }) => [message, count])).toEqual([
    ['bad: "explode" is none of the actions cordon, uncordon, drain, fail, disconnect, crash, reboot, recover, join, leave', 1],
  ])
  expect((await cluster.node('node-1')).spec.unschedulable).toBe(true)
})

it('stops when its ConfigMap goes, and makes nothing up', async () => {
  cluster = await Scenario.start({ nodes: 1 })
  await store({ a: '* * * * * cordon node-1' })
  await cluster.client.delete({ resource: 'configmaps', namespace: 'default', name: 'weather' }, {})
  await cluster.seconds(300)
  expect((await cluster.node('node-1')).spec.unschedulable).toBeUndefined()
})
