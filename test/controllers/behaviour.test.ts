/** What namespaces, nodes and the whole cluster say of how containers behave, and nodes of how long they take. */
import request from 'supertest'
import { afterEach, describe, expect, it } from 'vitest'
import { findCondition, isConditionTrue } from '../../src/api/meta/conditions.ts'
import type { ConfigMap, Lease, Node } from '../../src/index.ts'
import { barePod, isReady, Scenario } from '../support/scenario.ts'

let cluster: Scenario
afterEach(() => cluster.close())

const annotate = (resource: string, name: string, annotations: Record<string, string | null>) =>
  cluster.client.patch({ resource, namespace: '', name }, { metadata: { annotations } }).then(() => cluster.cluster.settle())
const secondsToReady = (name: string) => cluster.until(`${name} is ready`, async () => isReady(await cluster.pod(name)))

describe('how containers behave', () => {
  it('is what the nearest says', async () => {
    cluster = await Scenario.start({ nodes: 2, behaviour: { 'start-delay': '8s' } })
    await annotate('nodes', 'node-2', { 'coracle.dev/start-delay': '4s' })
    const on = (node: string, annotations?: Record<string, string>) => ({ ...(annotations && { annotations }), spec: { nodeName: node } })
    await cluster.apply(barePod('by-cluster', on('node-1')), barePod('by-node', on('node-2')))
    await cluster.apply(barePod('by-pod', on('node-2', { 'coracle.dev/start-delay': '2s' })))
    expect(await secondsToReady('by-pod')).toBe(2)
    expect(await secondsToReady('by-node')).toBe(2)
    expect(await secondsToReady('by-cluster')).toBe(4)
    await annotate('namespaces', 'default', { 'coracle.dev/start-delay': '1s' })
    await cluster.apply(barePod('by-namespace', on('node-2')))
    expect(await secondsToReady('by-namespace')).toBe(1)
    // What it inherits isn't written to it.
    expect((await cluster.pod('by-namespace')).metadata.annotations).toBeUndefined()
  })

  it('changes for what comes later', async () => {
    cluster = await Scenario.start({ nodes: 1 })
    await cluster.apply(barePod('app', { container: { command: ['sleep', 'infinity'] } }))
    expect(isReady(await cluster.pod('app'))).toBe(true)
    await annotate('nodes', 'node-1', { 'coracle.dev/ready': 'false' })
    expect(isReady(await cluster.pod('app'))).toBe(false)
    await annotate('nodes', 'node-1', { 'coracle.dev/ready': null })
    expect(isReady(await cluster.pod('app'))).toBe(true)
    await annotate('namespaces', 'default', { 'run-for.coracle.dev/main': '5s', 'coracle.dev/exit-code': '3' })
    await cluster.seconds(5)
    expect((await cluster.pod('app')).status?.containerStatuses?.[0]).toMatchObject({ lastState: { terminated: { exitCode: 3 } } })
  })

  it('of an image that is missing everywhere, until it is there', async () => {
    cluster = await Scenario.start({ nodes: 1, behaviour: { 'fail-image-pull': 'true' } })
    await cluster.apply(barePod('app'), barePod('exempt', { annotations: { 'coracle.dev/fail-image-pull': 'false' } }))
    await cluster.seconds(5)
    expect((await cluster.pod('app')).status?.containerStatuses?.[0]?.state?.waiting?.reason).toBe('ImagePullBackOff')
    expect(isReady(await cluster.pod('exempt'))).toBe(true)
    await cluster.cluster.simulation.setBehaviour({})
    expect(await secondsToReady('app')).toBeLessThanOrEqual(10)
  })

  it('is in a ConfigMap, by hand or by REST', async () => {
    cluster = await Scenario.start({ nodes: 1, behaviour: { 'start-delay': '3s' } })
    const ref = { resource: 'configmaps', namespace: 'kube-system', name: 'coracle-behaviour' }
    expect((await cluster.client.get<ConfigMap>(ref)).data).toEqual({ 'start-delay': '3s' })
    await cluster.cluster.app.ready()
    const api = request(cluster.cluster.app.server)
    expect((await api.get('/simulation/behaviour')).body).toEqual({ 'start-delay': '3s' })
    const put = await api.put('/simulation/behaviour').send({ 'start-delay': '6s' })
    expect([put.status, put.body]).toEqual([200, { 'start-delay': '6s' }])
    await cluster.apply(barePod('app'))
    await cluster.client.patch(ref, { data: { 'start-delay': '7s' } })
    expect(await secondsToReady('app')).toBe(7)
    for (const bad of [{ 'start-delay': 2 }, { colour: 'red' }]) {
      const answer = await api.put('/simulation/behaviour').send(bad)
      expect([answer.status, answer.body.kind]).toEqual([400, 'Status'])
    }
    await cluster.client.delete(ref, {})
    expect((await api.get('/simulation/behaviour')).body).toEqual({})
  })

  it('of logs', async () => {
    cluster = await Scenario.start({ nodes: 1, behaviour: { log: 'hello from everywhere' } })
    await cluster.apply(barePod('app'))
    await cluster.cluster.app.ready()
    const log = () => request(cluster.cluster.app.server).get('/api/v1/namespaces/default/pods/app/log')
    expect((await log()).text).toBe('hello from everywhere\n')
    await annotate('nodes', 'node-1', { 'coracle.dev/log': 'hello from node-1' })
    expect((await log()).text).toBe('hello from node-1\n')
  })
})

describe('how long nodes take', () => {
  const isNodeReady = async (name: string) => isConditionTrue((await cluster.node(name)).status?.conditions, 'Ready')

  it('to be ready after they joined', async () => {
    cluster = await Scenario.start({ nodes: 0, nodePools: [{ name: 'slow', count: 1, annotations: { 'coracle.dev/ready-delay': '30s' } }] })
    await cluster.apply(barePod('app'), barePod('bound', { spec: { nodeName: 'slow-1' } }))
    await cluster.apply(barePod('on-host', { spec: { nodeName: 'slow-1', hostNetwork: true } }))
    const node = await cluster.node('slow-1')
    expect(findCondition(node.status?.conditions, 'Ready')).toMatchObject({ status: 'False', reason: 'KubeletNotReady' })
    expect(node.spec.taints?.map(({ key }) => key)).toContain('node.kubernetes.io/not-ready')
    expect((await cluster.events('bound', 'NetworkNotReady'))[0]?.message).toMatch(/^network is not ready: container runtime network not/)
    expect(isReady(await cluster.pod('on-host'))).toBe(true)
    expect((await cluster.pod('bound')).status?.phase).toBe('Pending')
    await cluster.seconds(29)
    expect(await isNodeReady('slow-1')).toBe(false)
    await cluster.seconds(1)
    expect(await isNodeReady('slow-1')).toBe(true)
    expect(isReady(await cluster.pod('bound'))).toBe(true)
    expect((await cluster.events('slow-1')).map(({ reason }) => reason)).toEqual(
      expect.arrayContaining(['Starting', 'NodeHasSufficientMemory', 'NodeReady']),
    )
    expect(await secondsToReady('app')).toBeLessThanOrEqual(10)
    // It is ready; what is said now is about the next one, or the next boot.
    await annotate('nodes', 'slow-1', { 'coracle.dev/ready-delay': '1h' })
    await cluster.seconds(400)
    expect(await isNodeReady('slow-1')).toBe(true)
  })

  it('to boot, and to be ready then', async () => {
    cluster = await Scenario.start({ nodes: 1, behaviour: { 'boot-delay': '1m', 'ready-delay': '0' } })
    await annotate('nodes', 'node-1', { 'coracle.dev/ready-delay': '20s' })
    await cluster.seconds(60)
    const bootID = (await cluster.node('node-1')).status?.nodeInfo?.bootID
    await cluster.cluster.simulation.reboot('node-1')
    await cluster.seconds(59)
    expect((await cluster.node('node-1')).status?.nodeInfo?.bootID).toBe(bootID)
    await cluster.seconds(3)
    expect((await cluster.node('node-1')).status?.nodeInfo?.bootID).not.toBe(bootID)
    expect(await isNodeReady('node-1')).toBe(false)
    await cluster.seconds(20)
    expect(await isNodeReady('node-1')).toBe(true)
  })

  it('between two heartbeats', async () => {
    cluster = await Scenario.start({ nodes: 1 })
    const renewals = () =>
      cluster.client
        .get<Lease>({ resource: 'leases.coordination.k8s.io', namespace: 'kube-node-lease', name: 'node-1' })
        .then(({ spec }) => spec.renewTime)
    await annotate('nodes', 'node-1', { 'coracle.dev/heartbeat': '2m' })
    await cluster.seconds(10)
    const before = await renewals()
    await cluster.seconds(60)
    expect(await renewals()).toBe(before)
    // As upstream: silence of more than the grace period is taken for a failure.
    expect(findCondition((await cluster.get<Node>('nodes', 'node-1')).status?.conditions, 'Ready')?.status).toBe('Unknown')
    await cluster.seconds(60)
    expect(await isNodeReady('node-1')).toBe(true)
  })
})
