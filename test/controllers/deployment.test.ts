import { afterEach, expect, test } from 'vitest'
import type { Deployment, Pod, ReplicaSet } from '../../src/api/types.gen.ts'
import {
  conditionTexts,
  DEPLOYMENTS,
  deployment,
  isGoing,
  isReady,
  MINUTE,
  PODS,
  podTemplate,
  REPLICA_SETS,
  replicaSet,
  Scenario,
  SECOND,
} from '../support/workloads.ts'

let scenario: Scenario

afterEach(() => scenario.close())

/** Pods take 2 s to get ready. */
const SLOW = { 'coracle.dev/start-delay': '2' }
const slowTemplate = (image = 'nginx:1') => podTemplate({ app: 'web' }, { image, annotations: SLOW })
const setImage = (image: string) => ({ spec: { template: { spec: { containers: [{ name: 'main', image }] } } } })

const web = () => scenario.get<Deployment>(DEPLOYMENTS, 'web')
const replicaSets = async () =>
  [...(await scenario.list<ReplicaSet>(REPLICA_SETS))].sort((a, b) => Number(revisionOf(a)) - Number(revisionOf(b)))
const revisionOf = ({ metadata }: ReplicaSet | Deployment) => metadata.annotations?.['deployment.kubernetes.io/revision']
const imageOf = ({ spec }: ReplicaSet) => spec.template!.spec!.containers[0]!.image
const sizes = async () => Object.fromEntries((await replicaSets()).map((set) => [imageOf(set), set.spec.replicas]))

interface Bounds {
  mostPods: number
  fewestAvailable: number
}

/** Watches every step from now on: the most pods there were that aren't on their way out, and the fewest that were ready. */
const watchBounds = async (): Promise<Bounds> => {
  const pods = new Map((await scenario.pods({ app: 'web' })).map((pod) => [pod.metadata.uid, pod]))
  const bounds: Bounds = { mostPods: 0, fewestAvailable: Number.POSITIVE_INFINITY }
  await scenario.record<Pod>(PODS, ({ type, object }) => {
    if (type === 'DELETED') pods.delete(object.metadata.uid)
    else pods.set(object.metadata.uid, object)
    const there = [...pods.values()].filter((pod) => !isGoing(pod))
    bounds.mostPods = Math.max(bounds.mostPods, there.length)
    bounds.fewestAvailable = Math.min(bounds.fewestAvailable, there.filter(isReady).length)
  })
  return bounds
}

test('a Deployment makes a ReplicaSet that makes the pods, and says when all are available', async () => {
  scenario = await Scenario.start()
  await scenario.create(DEPLOYMENTS, deployment('web', {}, slowTemplate()))
  expect(conditionTexts(await web())).toEqual(['Available=False MinimumReplicasUnavailable', 'Progressing=True ReplicaSetUpdated'])
  expect((await web()).status).toMatchObject({ observedGeneration: 1, replicas: 3, updatedReplicas: 3, unavailableReplicas: 3 })
  await scenario.pass(2 * SECOND)
  const made = await web()
  expect(conditionTexts(made)).toEqual(['Available=True MinimumReplicasAvailable', 'Progressing=True NewReplicaSetAvailable'])
  const { conditions: _, ...counts } = made.status!
  expect(counts).toEqual({
    observedGeneration: 1,
    replicas: 3,
    updatedReplicas: 3,
    readyReplicas: 3,
    availableReplicas: 3,
    terminatingReplicas: 0,
  })
  expect(revisionOf(made)).toBe('1')
  const [set, ...more] = await replicaSets()
  expect(more).toEqual([])
  const hash = set!.metadata.labels!['pod-template-hash']
  expect(set!.metadata.name).toBe(`web-${hash}`)
  expect(set!.metadata.labels).toEqual({ app: 'web', 'pod-template-hash': hash })
  expect(set!.metadata.annotations).toEqual({
    'deployment.kubernetes.io/desired-replicas': '3',
    'deployment.kubernetes.io/max-replicas': '4',
    'deployment.kubernetes.io/revision': '1',
  })
  expect(set!.spec.selector).toEqual({ matchLabels: { app: 'web', 'pod-template-hash': hash } })
  expect(await scenario.pods({ 'pod-template-hash': hash! })).toHaveLength(3)
  expect(await scenario.events('web')).toMatchObject([
    { reason: 'ScalingReplicaSet', message: `Scaled up replica set web-${hash} from 0 to 3`, type: 'Normal' },
  ])
})

test.each([
  { maxSurge: 1, maxUnavailable: 0, mostPods: 5, fewestAvailable: 4 },
  { maxSurge: 0, maxUnavailable: 1, mostPods: 4, fewestAvailable: 3 },
  { maxSurge: '50%', maxUnavailable: '25%', mostPods: 6, fewestAvailable: 3 },
  { maxSurge: '100%', maxUnavailable: 0, mostPods: 8, fewestAvailable: 4 },
  { maxSurge: 0, maxUnavailable: '100%', mostPods: 4, fewestAvailable: 0 },
])('a rolling update stays within maxSurge $maxSurge and maxUnavailable $maxUnavailable at every step', async (row) => {
  const { maxSurge, maxUnavailable, mostPods, fewestAvailable } = row
  scenario = await Scenario.start()
  const strategy = { rollingUpdate: { maxSurge, maxUnavailable } }
  await scenario.create(DEPLOYMENTS, deployment('web', { replicas: 4, strategy }, slowTemplate()))
  await scenario.pass(MINUTE)
  const bounds = await watchBounds()
  await scenario.patch(DEPLOYMENTS, 'web', setImage('nginx:2'))
  await scenario.pass(MINUTE)
  expect(bounds).toEqual({ mostPods, fewestAvailable })
  const pods = await scenario.pods({ app: 'web' })
  expect(pods.map(({ spec }) => spec.containers[0]!.image)).toEqual(Array(4).fill('nginx:2'))
  expect(await sizes()).toEqual({ 'nginx:1': 0, 'nginx:2': 4 })
  expect((await web()).status).toMatchObject({ replicas: 4, updatedReplicas: 4, availableReplicas: 4, observedGeneration: 2 })
  expect(conditionTexts(await web())).toEqual(['Available=True MinimumReplicasAvailable', 'Progressing=True NewReplicaSetAvailable'])
})

test('a rolling update goes hand in hand, and its events tell each step', async () => {
  scenario = await Scenario.start()
  await scenario.create(DEPLOYMENTS, deployment('web', { replicas: 2 }, slowTemplate()))
  await scenario.pass(MINUTE)
  await scenario.patch(DEPLOYMENTS, 'web', setImage('nginx:2'))
  await scenario.pass(MINUTE)
  const [old, next] = (await replicaSets()).map(({ metadata }) => metadata.name)
  expect((await scenario.events('web', 'ScalingReplicaSet')).map(({ message }) => message)).toEqual([
    `Scaled up replica set ${old} from 0 to 2`,
    `Scaled up replica set ${next} from 0 to 1`,
    `Scaled down replica set ${old} from 2 to 1`,
    `Scaled up replica set ${next} from 1 to 2`,
    `Scaled down replica set ${old} from 1 to 0`,
  ])
})

test('Recreate starts no new pod before the last old one is gone', async () => {
  scenario = await Scenario.start()
  const template = podTemplate({ app: 'web' }, { annotations: { 'coracle.dev/stop-delay': '7' } })
  await scenario.create(DEPLOYMENTS, deployment('web', { strategy: { type: 'Recreate' } }, template))
  const images = new Map<string, string>()
  const together = new Set<string>()
  for (const pod of await scenario.pods()) images.set(pod.metadata.uid, pod.spec.containers[0]!.image!)
  await scenario.record<Pod>(PODS, ({ type, object }) => {
    const isOver = type === 'DELETED' || object.status?.phase === 'Failed' || object.status?.phase === 'Succeeded'
    if (isOver) images.delete(object.metadata.uid)
    else images.set(object.metadata.uid, object.spec.containers[0]!.image!)
    together.add([...new Set(images.values())].join(' and '))
  })
  await scenario.patch(DEPLOYMENTS, 'web', setImage('nginx:2'))
  await scenario.pass(6 * SECOND)
  expect((await scenario.pods()).every(isGoing)).toBe(true)
  await scenario.pass(SECOND)
  expect((await scenario.pods()).map(({ spec }) => spec.containers[0]!.image)).toEqual(Array(3).fill('nginx:2'))
  expect([...together]).toEqual(['nginx:1', '', 'nginx:2'])
  expect((await web()).status).toMatchObject({ replicas: 3, availableReplicas: 3 })
})

test('what changes while it is paused is rolled out when it is resumed, at once; scaling is not held up', async () => {
  scenario = await Scenario.start()
  await scenario.create(DEPLOYMENTS, deployment('web'))
  await scenario.patch(DEPLOYMENTS, 'web', { spec: { paused: true } })
  expect(conditionTexts(await web())).toEqual(['Available=True MinimumReplicasAvailable', 'Progressing=Unknown DeploymentPaused'])
  await scenario.patch(DEPLOYMENTS, 'web', setImage('nginx:2'))
  await scenario.patch(DEPLOYMENTS, 'web', setImage('nginx:3'))
  await scenario.patch(DEPLOYMENTS, 'web', { spec: { replicas: 5 } })
  await scenario.pass(20 * MINUTE)
  expect(await sizes()).toEqual({ 'nginx:1': 5 })
  expect((await web()).status).toMatchObject({ observedGeneration: 5, replicas: 5 })
  expect((await web()).status).not.toHaveProperty('updatedReplicas')
  await scenario.patch(DEPLOYMENTS, 'web', { spec: { paused: false } })
  await scenario.pass(MINUTE)
  expect(await sizes(), 'nothing was made for what was only passed through').toEqual({ 'nginx:1': 0, 'nginx:3': 5 })
  expect(conditionTexts(await web())).toContain('Progressing=True NewReplicaSetAvailable')
})

test('a pause in the midst of a rollout stops it, and resuming carries it on', async () => {
  scenario = await Scenario.start()
  await scenario.create(
    DEPLOYMENTS,
    deployment('web', { replicas: 4, strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } }, slowTemplate()),
  )
  await scenario.pass(MINUTE)
  await scenario.patch(DEPLOYMENTS, 'web', setImage('nginx:2'))
  await scenario.pass(3 * SECOND)
  await scenario.patch(DEPLOYMENTS, 'web', { spec: { paused: true } })
  await scenario.pass(10 * MINUTE)
  const stopped = await sizes()
  expect(stopped['nginx:1']! + stopped['nginx:2']!).toBe(5)
  expect(stopped['nginx:2']).toBeLessThan(4)
  await scenario.patch(DEPLOYMENTS, 'web', { spec: { paused: null } })
  await scenario.pass(MINUTE)
  expect(await sizes()).toEqual({ 'nginx:1': 0, 'nginx:2': 4 })
})

test('undo, as kubectl does it, takes the old ReplicaSet up again under a new revision', async () => {
  scenario = await Scenario.start()
  const cause = (text: string) => ({ metadata: { annotations: { 'kubernetes.io/change-cause': text } } })
  await scenario.create(DEPLOYMENTS, deployment('web'))
  await scenario.patch(DEPLOYMENTS, 'web', cause('the first'))
  await scenario.patch(DEPLOYMENTS, 'web', { ...setImage('nginx:2'), ...cause('the second') })
  await scenario.pass(MINUTE)
  const [first, second] = await replicaSets()
  expect([first, second].map((set) => [revisionOf(set!), set!.metadata.annotations?.['kubernetes.io/change-cause']])).toEqual([
    ['1', 'the first'],
    ['2', 'the second'],
  ])
  // kubectl: the template without its hash, and the annotations of the ReplicaSet, by a JSON patch.
  const { 'pod-template-hash': _, ...labels } = first!.spec.template!.metadata!.labels!
  const template = { ...first!.spec.template, metadata: { ...first!.spec.template!.metadata, labels } }
  const { code } = await scenario.request(
    'PATCH',
    scenario.pathOf(DEPLOYMENTS, 'web'),
    [
      { op: 'replace', path: '/spec/template', value: template },
      {
        op: 'replace',
        path: '/metadata/annotations',
        value: { 'kubernetes.io/change-cause': 'the first', 'deployment.kubernetes.io/revision': '2' },
      },
    ],
    'application/json-patch+json',
  )
  expect(code).toBe(200)
  await scenario.pass(MINUTE)
  const [, undone] = await replicaSets()
  expect(undone!.metadata.uid).toBe(first!.metadata.uid)
  expect(revisionOf(undone!)).toBe('3')
  expect(undone!.metadata.annotations?.['deployment.kubernetes.io/revision-history']).toBe('1')
  expect(revisionOf(await web())).toBe('3')
  expect((await web()).metadata.annotations?.['kubernetes.io/change-cause']).toBe('the first')
  expect(await sizes()).toEqual({ 'nginx:1': 3, 'nginx:2': 0 })
  expect(await scenario.pods()).toHaveLength(3)
})

test('keeps as many old ReplicaSets as revisionHistoryLimit says, the latest', async () => {
  scenario = await Scenario.start()
  await scenario.create(DEPLOYMENTS, deployment('web', { revisionHistoryLimit: 2 }))
  for (const image of ['nginx:2', 'nginx:3', 'nginx:4', 'nginx:5']) {
    await scenario.patch(DEPLOYMENTS, 'web', setImage(image))
    await scenario.pass(MINUTE)
  }
  expect((await replicaSets()).map((set) => [revisionOf(set), imageOf(set)])).toEqual([
    ['3', 'nginx:3'],
    ['4', 'nginx:4'],
    ['5', 'nginx:5'],
  ])
  await scenario.patch(DEPLOYMENTS, 'web', { spec: { revisionHistoryLimit: 0 } })
  await scenario.pass(MINUTE)
  expect(await sizes()).toEqual({ 'nginx:5': 3 })
})

test('a template that changes in the midst of a rollout takes over from there', async () => {
  scenario = await Scenario.start()
  await scenario.create(
    DEPLOYMENTS,
    deployment('web', { replicas: 4, strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } } }, slowTemplate()),
  )
  await scenario.pass(MINUTE)
  const bounds = await watchBounds()
  await scenario.patch(DEPLOYMENTS, 'web', setImage('nginx:2'))
  await scenario.pass(SECOND)
  await scenario.patch(DEPLOYMENTS, 'web', setImage('nginx:3'))
  await scenario.pass(MINUTE)
  expect(await sizes()).toEqual({ 'nginx:1': 0, 'nginx:2': 0, 'nginx:3': 4 })
  expect(bounds).toEqual({ mostPods: 5, fewestAvailable: 3 })
  expect(revisionOf(await web())).toBe('3')
})

test('scaling in the midst of a rollout is shared out in proportion', async () => {
  scenario = await Scenario.start()
  const strategy = { rollingUpdate: { maxSurge: 3, maxUnavailable: 2 } }
  await scenario.create(DEPLOYMENTS, deployment('web', { replicas: 10, strategy }))
  // Never gets ready, so the rollout stands still at 8 + 5.
  const broken = podTemplate({ app: 'web' }, { image: 'nginx:2', annotations: { 'coracle.dev/ready': 'false' } })
  await scenario.patch(DEPLOYMENTS, 'web', {
    spec: {
      template: {
        ...broken,
        spec: { containers: [{ name: 'main', image: 'nginx:2', readinessProbe: { httpGet: { path: '/', port: 80 } } }] },
      },
    },
  })
  await scenario.pass(MINUTE)
  expect(await sizes()).toEqual({ 'nginx:1': 8, 'nginx:2': 5 })
  await scenario.patch(DEPLOYMENTS, 'web', { spec: { replicas: 15 } })
  // Upstream's own example: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#proportional-scaling
  expect(await sizes()).toEqual({ 'nginx:1': 11, 'nginx:2': 7 })
})

test('minReadySeconds holds each step of a rollout', async () => {
  scenario = await Scenario.start()
  const spec = { replicas: 2, minReadySeconds: 30, strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } }
  await scenario.create(DEPLOYMENTS, deployment('web', spec))
  await scenario.pass(29 * SECOND)
  expect(conditionTexts(await web())).toContain('Available=False MinimumReplicasUnavailable')
  await scenario.pass(SECOND)
  expect(conditionTexts(await web())).toContain('Available=True MinimumReplicasAvailable')
  await scenario.patch(DEPLOYMENTS, 'web', setImage('nginx:2'))
  await scenario.pass(29 * SECOND)
  expect(await sizes()).toEqual({ 'nginx:1': 2, 'nginx:2': 1 })
  await scenario.pass(2 * SECOND)
  expect(await sizes()).toEqual({ 'nginx:1': 1, 'nginx:2': 2 })
  await scenario.pass(30 * SECOND)
  expect(await sizes()).toEqual({ 'nginx:1': 0, 'nginx:2': 2 })
})

test('pods that never get ready exceed the progress deadline; a template that works gets on again', async () => {
  scenario = await Scenario.start()
  await scenario.create(DEPLOYMENTS, deployment('web', { progressDeadlineSeconds: 60 }))
  const [old] = await replicaSets()
  const bad = { containers: [{ name: 'main', image: 'nginx:bad' }] }
  await scenario.patch(DEPLOYMENTS, 'web', {
    spec: { template: { metadata: { annotations: { 'coracle.dev/fail-image-pull': 'true' } }, spec: bad } },
  })
  await scenario.pass(59 * SECOND)
  expect(conditionTexts(await web())).toContain('Progressing=True ReplicaSetUpdated')
  await scenario.pass(2 * SECOND)
  expect(conditionTexts(await web())).toEqual(['Available=True MinimumReplicasAvailable', 'Progressing=False ProgressDeadlineExceeded'])
  const failed = (await replicaSets()).find((set) => imageOf(set) === 'nginx:bad')!
  const progressing = (await web()).status!.conditions!.find(({ type }) => type === 'Progressing')!
  expect(progressing.message).toBe(`ReplicaSet "${failed.metadata.name}" has timed out progressing.`)
  expect(old!.metadata.name).not.toBe(failed.metadata.name)
  expect((await web()).status).toMatchObject({ unavailableReplicas: 1, updatedReplicas: 1, availableReplicas: 3 })
  await scenario.patch(DEPLOYMENTS, 'web', {
    spec: {
      template: {
        metadata: { annotations: { 'coracle.dev/fail-image-pull': null } },
        spec: { containers: [{ name: 'main', image: 'nginx:3' }] },
      },
    },
  })
  await scenario.pass(MINUTE)
  expect(conditionTexts(await web())).toEqual(['Available=True MinimumReplicasAvailable', 'Progressing=True NewReplicaSetAvailable'])
})

test('pods that are refused show as ReplicaFailure on the Deployment', async () => {
  scenario = await Scenario.start()
  await scenario.create(DEPLOYMENTS, deployment('web', {}, podTemplate({ app: 'web' }, { serviceAccountName: 'robot' })))
  await scenario.pass(SECOND)
  expect(conditionTexts(await web())).toEqual([
    'Available=False MinimumReplicasUnavailable',
    'Progressing=True NewReplicaSetCreated',
    'ReplicaFailure=True FailedCreate',
  ])
  await scenario.create('serviceaccounts', { metadata: { name: 'robot' } } as never)
  await scenario.pass(20 * MINUTE)
  expect(conditionTexts(await web())).toEqual(['Available=True MinimumReplicasAvailable', 'Progressing=True NewReplicaSetAvailable'])
})

test('scales through /scale; a ReplicaSet that is scaled by hand is set right', async () => {
  scenario = await Scenario.start()
  await scenario.create(DEPLOYMENTS, deployment('web'))
  await scenario.request('PATCH', `${scenario.pathOf(DEPLOYMENTS, 'web')}/scale`, { spec: { replicas: 6 } }, 'application/merge-patch+json')
  expect((await web()).status).toMatchObject({ replicas: 6, availableReplicas: 6 })
  const [set] = await replicaSets()
  expect(set!.metadata.annotations).toMatchObject({
    'deployment.kubernetes.io/desired-replicas': '6',
    'deployment.kubernetes.io/max-replicas': '8',
  })
  await scenario.patch(REPLICA_SETS, set!.metadata.name, { spec: { replicas: 1 } })
  await scenario.pass(MINUTE)
  expect(await scenario.pods()).toHaveLength(6)
  await scenario.patch(DEPLOYMENTS, 'web', { spec: { replicas: 0 } })
  await scenario.pass(MINUTE)
  expect(await scenario.pods()).toEqual([])
  expect(conditionTexts(await web())).toContain('Available=True MinimumReplicasAvailable')
})

test('adopts a ReplicaSet that fits, and makes another where its hash is taken', async () => {
  scenario = await Scenario.start()
  await scenario.create(DEPLOYMENTS, deployment('web'))
  const [set] = await replicaSets()
  await scenario.delete(DEPLOYMENTS, 'web', 'Orphan')
  await scenario.pass(SECOND)
  expect((await replicaSets())[0]!.metadata).not.toHaveProperty('ownerReferences')
  const again = await scenario.create<Deployment>(DEPLOYMENTS, deployment('web'))
  const adopted = await replicaSets()
  expect(adopted.map(({ metadata }) => metadata.uid)).toEqual([set!.metadata.uid])
  expect(adopted[0]!.metadata.ownerReferences?.[0]?.uid).toBe(again.metadata.uid)
  expect(await scenario.pods()).toHaveLength(3)

  await scenario.delete(DEPLOYMENTS, 'web', 'Foreground')
  await scenario.pass(MINUTE)
  await scenario.create(REPLICA_SETS, {
    ...replicaSet(set!.metadata.name, { replicas: 0, selector: { matchLabels: { app: 'stranger' } } }, podTemplate({ app: 'stranger' })),
  })
  await scenario.create(DEPLOYMENTS, deployment('web'))
  await scenario.pass(SECOND)
  expect((await web()).status).toMatchObject({ collisionCount: 1, availableReplicas: 3 })
  expect(await replicaSets()).toHaveLength(2)
})
