/** Upstream: test/e2e/common/node/pods.go, test/e2e/node/pods.go, ephemeral_containers.go, runtimeclass.go and kubelet.go */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { findCondition } from '../../../src/api/meta/conditions.ts'
import { type Json, STRATEGIC_PATCH } from '../../support/api.ts'
import { Conformance, expectNewer, expectRefused, expectValidRevision, until } from '../../support/conformance.ts'
import { createRunning, eventually, gone, isReady, pausePod, running } from '../../support/conformance-pods.ts'
import { type ResourceClient, uniqueName } from '../../support/resource-client.ts'

let e2e: Conformance
let pods: ResourceClient
let namespace: string
beforeAll(async () => {
  e2e = await Conformance.start({ nodes: 2 })
})
afterAll(() => e2e.close())
beforeEach(async () => {
  namespace = await e2e.namespace('pods')
  pods = e2e.client('v1/pods', namespace)
})

const busybox = (command: string[]) => ({ container: { name: 'busybox', image: 'busybox', command } })

describe('Pods', () => {
  it('[sig-node] Pods should get a host IP [NodeConformance]', async () => {
    const { status } = await createRunning(e2e, pods, pausePod(uniqueName('pod-hostip')))
    expect(status.hostIP).toMatch(/^\d+(\.\d+){3}$/)
    expect(status.hostIPs).toEqual([{ ip: status.hostIP }])
  })

  it('[sig-node] Pods should be submitted and removed [NodeConformance]', async () => {
    const name = uniqueName('pod-submit-remove')
    const labelSelector = `time=${name}`
    const none = await pods.list({ labelSelector })
    expect(none.items).toEqual([])
    const stream = await pods.watch({ resourceVersion: none.metadata.resourceVersion, labelSelector })
    await pods.create(pausePod(name, {}, { labels: { name: 'foo', time: name } }))
    expect((await pods.list({ labelSelector })).items).toHaveLength(1)
    expect((await stream.next())!.type).toBe('ADDED')
    await running(e2e, pods, name)
    const deleted = await pods.delete(name, { gracePeriodSeconds: 30 })
    expect(deleted.metadata).toMatchObject({ deletionGracePeriodSeconds: 30 })
    await gone(e2e, pods, name)
    const last = await until(stream, 'DELETED')
    expect(last.metadata.deletionTimestamp).toBeDefined()
    expect(last.metadata.deletionGracePeriodSeconds).toBeDefined()
    expect((await pods.list({ labelSelector })).items).toEqual([])
  })

  it('[sig-node] Pods should be updated [NodeConformance]', async () => {
    const name = uniqueName('pod-update')
    await createRunning(e2e, pods, pausePod(name, {}, { labels: { name: 'foo', time: 'first' } }))
    expect((await pods.list({ labelSelector: 'time=first' })).items).toHaveLength(1)
    await pods.change(name, ({ metadata }) => {
      metadata.labels.time = 'updated'
    })
    await running(e2e, pods, name)
    expect((await pods.list({ labelSelector: 'time=updated' })).items).toHaveLength(1)
  })

  it('[sig-node] Pods should allow activeDeadlineSeconds to be updated [NodeConformance]', async () => {
    const name = uniqueName('pod-update-activedeadlineseconds')
    await createRunning(e2e, pods, pausePod(name))
    await pods.change(name, ({ spec }) => {
      spec.activeDeadlineSeconds = 5
    })
    await eventually(e2e, 'its time is over', async () => (await pods.get(name)).status.reason === 'DeadlineExceeded')
    expect((await pods.get(name)).status.phase).toBe('Failed')
  })

  it('[sig-node] Pods should delete a collection of pods', async () => {
    const names = ['test-pod-1', 'test-pod-2', 'test-pod-3']
    const spec = { terminationGracePeriodSeconds: 1, restartPolicy: 'Never' }
    for (const name of names)
      await pods.create(pausePod(name, { ...spec, container: { image: 'agnhost' } }, { labels: { type: 'Testing' } }))
    await eventually(e2e, 'all run', async () => (await pods.list()).items.every(isReady))
    await pods.deleteCollection({ labelSelector: 'type=Testing' }, { gracePeriodSeconds: 1 })
    await eventually(e2e, 'all are gone', async () => (await pods.list({ labelSelector: 'type=Testing' })).items.length === 0)
  })

  it('[sig-node] Pods should run through the lifecycle of Pods and PodStatus', async () => {
    const name = 'pod-test'
    const labelSelector = 'test-pod-static=true'
    const { resourceVersion } = (await pods.list({ labelSelector })).metadata
    const stream = await pods.watch({ resourceVersion, labelSelector })
    const spec = { terminationGracePeriodSeconds: 1, container: { name, image: 'agnhost:2.52' } }
    await pods.create(pausePod(name, spec, { labels: { 'test-pod-static': 'true' } }))
    await e2e.seconds(5)
    await until(stream, 'MODIFIED', ({ status }) => status.phase === 'Running')
    const before = await pods.get(name)
    expectValidRevision(before)
    const patch = { metadata: { labels: { 'test-pod': 'patched' } }, spec: { containers: [{ name, image: 'agnhost:2.53' }] } }
    await pods.patch(name, patch, { type: STRATEGIC_PATCH })
    await until(stream, 'MODIFIED', ({ metadata }) => metadata.labels['test-pod'] === 'patched')
    const patched = await pods.get(name)
    expect([patched.metadata.labels['test-pod'], patched.spec.containers[0].image]).toEqual(['patched', 'agnhost:2.53'])
    expectNewer(patched, before)
    await running(e2e, pods, name)
    await eventually(e2e, 'it is ready', async () => isReady(await pods.get(name)))
    const types = ['Ready', 'ContainersReady']
    const updated = await pods.change(
      name,
      ({ status }) => {
        for (const condition of status.conditions) if (types.includes(condition.type)) condition.status = 'False'
      },
      'status',
    )
    for (const type of types) expect(findCondition(updated.status.conditions, type)!.status).toBe('False')
    await pods.deleteCollection({ labelSelector }, { gracePeriodSeconds: 1 })
    await gone(e2e, pods, name)
    await until(stream, 'DELETED')
  })

  it('[sig-node] Pods should patch a pod status', async () => {
    const name = uniqueName('pod')
    await createRunning(e2e, pods, pausePod(name, { terminationGracePeriodSeconds: 1 }))
    const status = { message: 'Patched by e2e test', reason: 'E2E' }
    const patched = await pods.patch(name, { metadata: { annotations: { patchedstatus: 'true' } }, status }, { subresource: 'status' })
    expect(patched.status).toMatchObject(status)
  })
})

describe('Pod Generation', () => {
  const expectObserved = (name: string, generation: number) =>
    eventually(e2e, `generation ${generation} is observed`, async () => (await pods.get(name)).status.observedGeneration === generation, 20)

  it('[sig-node] Pods Extended (pod generation) Pod Generation pod generation should start at 1 and increment per update [MinimumKubeletVersion:1.34]', async () => {
    const name = uniqueName('pod-generation')
    const initContainers = [{ name: 'init-container', image: 'busybox' }]
    expect((await createRunning(e2e, pods, pausePod(name, { initContainers }))).metadata.generation).toBe(1)
    const toleration = { key: 'foo', operator: 'Equal', value: 'bar', effect: 'NoSchedule' }
    const updates: [number, (pod: Json) => void][] = [
      [1, () => {}],
      [2, ({ spec }) => spec.tolerations.push(toleration)],
      [3, ({ spec }) => Object.assign(spec, { activeDeadlineSeconds: 5000 })],
      [4, ({ spec }) => Object.assign(spec.containers[0], { image: 'nginx' })],
      [5, ({ spec }) => Object.assign(spec.initContainers[0], { image: 'pause' })],
      [5, ({ metadata }) => Object.assign(metadata, { annotations: { key: 'value' } })],
      [5, ({ metadata }) => Object.assign(metadata, { generation: 1 })],
    ]
    for (const [generation, update] of updates) {
      await pods.change(name, update)
      expect((await pods.get(name)).metadata.generation).toBe(generation)
      await expectObserved(name, generation)
    }
  })

  it('[sig-node] Pods Extended (pod generation) Pod Generation custom-set generation on new pods and graceful delete', async () => {
    const name = uniqueName('pod-generation')
    const created = await createRunning(e2e, pods, pausePod(name, {}, { generation: 100 }))
    expect(created.metadata.generation).toBe(1)
    await pods.delete(name, { gracePeriodSeconds: 60 })
    expect((await pods.get(name)).metadata.generation).toBe(2)
  })

  it('[sig-node] Pods Extended (pod generation) Pod Generation issue 500 podspec updates and verify generation and observedGeneration eventually converge [MinimumKubeletVersion:1.34]', async () => {
    const name = uniqueName('pod-generation')
    await createRunning(e2e, pods, pausePod(name, { activeDeadlineSeconds: 5000 }))
    for (let i = 0; i < 499; i++) {
      await pods.change(name, ({ spec }) => {
        spec.activeDeadlineSeconds--
      })
    }
    await expectObserved(name, 500)
    expect((await pods.get(name)).metadata.generation).toBe(500)
  }, 60_000)
})

it('[sig-node] Ephemeral Containers [NodeConformance] should update the ephemeral containers in an existing pod', async () => {
  const name = 'ephemeral-containers-target-pod'
  await createRunning(e2e, pods, pausePod(name))
  const debugger_ = (container: string) => ({
    name: container,
    image: 'busybox',
    command: ['/bin/sleep', '10000'],
    terminationMessagePolicy: 'File',
    terminationMessagePath: '/dev/termination-log',
    imagePullPolicy: 'Always',
  })
  await pods.patch(
    name,
    { spec: { ephemeralContainers: [debugger_('debugger1')] } },
    { type: STRATEGIC_PATCH, subresource: 'ephemeralcontainers' },
  )
  const runs = async (container: string) =>
    (await pods.get(name)).status.ephemeralContainerStatuses?.some(({ name: each, state }: Json) => each === container && state.running)
  await eventually(e2e, 'debugger1 runs', () => runs('debugger1'))
  expect((await pods.get(name, 'ephemeralcontainers')).spec.ephemeralContainers).toHaveLength(1)
  await pods.change(name, ({ spec }) => spec.ephemeralContainers.push(debugger_('debugger2')), 'ephemeralcontainers')
  await eventually(e2e, 'debugger2 runs', () => runs('debugger2'))
  expect((await pods.get(name)).spec.ephemeralContainers.map(({ name: each }: Json) => each)).toEqual(['debugger1', 'debugger2'])
})

describe('RuntimeClass', () => {
  const classOf = async (overhead?: Json) => {
    const { metadata } = await e2e.client('node.k8s.io/v1/runtimeclasses').create({
      metadata: { name: uniqueName('class') },
      handler: 'runc',
      ...(overhead && { overhead }),
    })
    return metadata.name as string
  }
  const overheadOf = async (podFixed?: Json) => {
    const runtimeClassName = await classOf(podFixed && { podFixed })
    return (await createRunning(e2e, pods, pausePod(uniqueName('pod'), { runtimeClassName }))).spec.overhead
  }

  it('[sig-node] RuntimeClass should schedule a Pod requesting a RuntimeClass without PodOverhead [NodeConformance]', async () => {
    expect(await overheadOf()).toBeUndefined()
  })

  it('[sig-node] RuntimeClass should schedule a Pod requesting a RuntimeClass and initialize its Overhead [NodeConformance]', async () => {
    expect(await overheadOf({ cpu: '10m', memory: '1Mi' })).toEqual({ cpu: '10m', memory: '1Mi' })
    const runtimeClassName = await classOf({ podFixed: { cpu: '10m' } })
    await expectRefused(pods.create(pausePod('other', { runtimeClassName, overhead: { cpu: '1' } })), 'Forbidden')
  })
})

describe('a command that always fails', () => {
  const failing = () => pausePod(uniqueName('bin-false'), busybox(['/bin/false']))

  it('[sig-node] Kubelet when scheduling a busybox command that always fails in a pod should have an terminated reason [NodeConformance]', async () => {
    const { metadata } = await pods.create(failing())
    const state = async () => (await pods.get(metadata.name)).status.containerStatuses?.[0]
    await eventually(
      e2e,
      'it has ended',
      async () => ((await state())?.state.terminated ?? (await state())?.lastState?.terminated) !== undefined,
    )
    const { state: now, lastState } = await state()
    const ended = now.terminated ?? lastState.terminated
    expect(ended.exitCode).not.toBe(0)
    expect(ended.reason).toBeTruthy()
  })

  it('[sig-node] Kubelet when scheduling a busybox command that always fails in a pod should be possible to delete [NodeConformance]', async () => {
    const { metadata } = await pods.create(failing())
    await pods.delete(metadata.name)
    await gone(e2e, pods, metadata.name)
  })
})
