import { afterEach, expect, test } from 'vitest'
import type { Namespace } from '../../src/api/types.gen.ts'
import {
  CRON_JOBS,
  conditionTexts,
  cronJob,
  DEPLOYMENTS,
  deployment,
  JOBS,
  job,
  jobSpec,
  MINUTE,
  namesOf,
  PODS,
  podTemplate,
  REPLICA_SETS,
  Scenario,
  SECOND,
} from '../support/workloads.ts'

const NAMESPACES = 'namespaces'
let scenario: Scenario

afterEach(() => scenario.close())

const createNamespace = (name: string) => scenario.cluster.client.create(NAMESPACES, { metadata: { name } } as never)
const deleteNamespace = (name: string) => scenario.cluster.client.delete({ resource: NAMESPACES, namespace: '', name }, {})
const getNamespace = (name: string) => scenario.cluster.client.get<Namespace>({ resource: NAMESPACES, namespace: '', name })
const hasNamespace = async (name: string) => namesOf((await scenario.cluster.client.list(NAMESPACES)).items).includes(name)
const inShop = <T extends { metadata: object }>(object: T): T => ({ ...object, metadata: { ...object.metadata, namespace: 'shop' } })

/** One of everything, with pods that take their time to end. */
const fillShop = async () => {
  const slow = podTemplate({ app: 'web' }, { annotations: { 'coracle.dev/stop-delay': '5' } })
  await scenario.create(DEPLOYMENTS, inShop(deployment('web', {}, slow)))
  await scenario.create(JOBS, inShop(job('work', { parallelism: 2, completions: 2 }, { command: 'sleep 600' })))
  await scenario.create(CRON_JOBS, inShop(cronJob('tick', '* * * * *', {}, jobSpec({}, { command: 'sleep 600' }))))
  await scenario.create('daemonsets.apps', {
    metadata: { name: 'agent', namespace: 'shop' },
    spec: { selector: { matchLabels: { app: 'agent' } }, template: podTemplate({ app: 'agent' }) },
  } as never)
  await scenario.create('statefulsets.apps', {
    metadata: { name: 'db', namespace: 'shop' },
    spec: {
      serviceName: 'db',
      replicas: 2,
      selector: { matchLabels: { app: 'db' } },
      template: podTemplate({ app: 'db' }),
      volumeClaimTemplates: [
        { metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } },
      ],
    },
  } as never)
  await scenario.create('services', {
    metadata: { name: 'web', namespace: 'shop' },
    spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
  } as never)
  await scenario.create('secrets', { metadata: { name: 'password', namespace: 'shop' } } as never)
  await scenario.pass(MINUTE + SECOND)
}

test('a namespace gets a default ServiceAccount and the root certificates, and gets them back', async () => {
  scenario = await Scenario.start()
  await createNamespace('shop')
  await scenario.cluster.settle()
  expect(namesOf(await scenario.list('serviceaccounts', 'shop'))).toEqual(['default'])
  expect(namesOf(await scenario.list('configmaps', 'shop'))).toEqual(['kube-root-ca.crt'])
  expect((await getNamespace('shop')).status).toEqual({ phase: 'Active' })
  await scenario.delete('serviceaccounts', 'default', undefined, 'shop')
  await scenario.delete('configmaps', 'kube-root-ca.crt', undefined, 'shop')
  await scenario.pass(SECOND)
  expect(namesOf(await scenario.list('serviceaccounts', 'shop'))).toEqual(['default'])
  const [map] = await scenario.list<{ data?: Record<string, string> } & Namespace>('configmaps', 'shop')
  const data = map!.data
  await scenario.patch('configmaps', 'kube-root-ca.crt', { data: { 'ca.crt': 'forged' } }, 'shop')
  await scenario.pass(SECOND)
  expect((await scenario.get<{ data?: Record<string, string> } & Namespace>('configmaps', 'kube-root-ca.crt', 'shop')).data).toEqual(data)
})

test('deleting a namespace takes everything in it, pods first, and ends', async () => {
  scenario = await Scenario.start()
  await createNamespace('shop')
  await fillShop()
  const gone: string[] = []
  for (const resource of [DEPLOYMENTS, REPLICA_SETS, JOBS, CRON_JOBS, PODS, 'secrets', 'persistentvolumeclaims', NAMESPACES]) {
    await scenario.record(resource, ({ type, object }) => type === 'DELETED' && gone.push(object.kind!))
  }
  await deleteNamespace('shop')
  await scenario.pass(SECOND)
  const going = await getNamespace('shop')
  expect(going.status?.phase).toBe('Terminating')
  // Nothing is told to remain as long as pods do, as upstream has it.
  expect(conditionTexts(going)).toContain('NamespaceContentRemaining=False ContentRemoved')
  expect(await scenario.list('secrets', 'shop'), 'a pod may still need it').toHaveLength(1)
  await expect(scenario.create('configmaps', { metadata: { name: 'late', namespace: 'shop' } } as never)).rejects.toMatchObject({
    code: 403,
    message: 'configmaps "late" is forbidden: unable to create new content in namespace shop because it is being terminated',
  })
  await scenario.pass(2 * MINUTE)
  expect(await hasNamespace('shop')).toBe(false)
  expect(gone.lastIndexOf('Pod')).toBeLessThan(gone.indexOf('Secret'))
  expect(gone.at(-1)).toBe('Namespace')
  for (const resource of [
    DEPLOYMENTS,
    REPLICA_SETS,
    JOBS,
    CRON_JOBS,
    PODS,
    'services',
    'secrets',
    'configmaps',
    'serviceaccounts',
    'events',
  ]) {
    expect(await scenario.list(resource, 'shop'), resource).toEqual([])
  }
  expect(await scenario.list('persistentvolumeclaims', 'shop')).toEqual([])
})

test('a namespace of the same name starts empty', async () => {
  scenario = await Scenario.start()
  const first = await createNamespace('shop')
  await fillShop()
  await deleteNamespace('shop')
  await scenario.pass(2 * MINUTE)
  const second = await createNamespace('shop')
  expect(second.metadata.uid).not.toBe(first.metadata.uid)
  await scenario.pass(2 * MINUTE)
  expect(await scenario.pods({}, 'shop')).toEqual([])
  expect(namesOf(await scenario.list('configmaps', 'shop'))).toEqual(['kube-root-ca.crt'])
  expect(namesOf(await scenario.list('serviceaccounts', 'shop'))).toEqual(['default'])
  await scenario.create(DEPLOYMENTS, inShop(deployment('web')))
  expect(await scenario.pods({}, 'shop')).toHaveLength(3)
})

test('waits for finalizers, and says which', async () => {
  scenario = await Scenario.start()
  await createNamespace('shop')
  await scenario.create('configmaps', { metadata: { name: 'held', namespace: 'shop', finalizers: ['example.com/hold'] } } as never)
  await deleteNamespace('shop')
  await scenario.pass(10 * MINUTE)
  const waiting = await getNamespace('shop')
  const messageOf = (type: string) => waiting.status?.conditions?.find((condition) => condition.type === type)?.message
  expect(messageOf('NamespaceFinalizersRemaining')).toBe(
    'Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances',
  )
  expect(messageOf('NamespaceContentRemaining')).toBe('Some resources are remaining: configmaps. has 1 resource instances')
  await scenario.patch('configmaps', 'held', { metadata: { finalizers: null } }, 'shop')
  await scenario.pass(SECOND)
  expect(await hasNamespace('shop')).toBe(false)
})

test('nothing else goes before a pod that a finalizer holds', async () => {
  scenario = await Scenario.start()
  await createNamespace('shop')
  await scenario.pass(SECOND)
  const pod = {
    metadata: { name: 'held', namespace: 'shop', finalizers: ['example.com/hold'] },
    spec: { containers: [{ name: 'c', image: 'i' }] },
  }
  await scenario.create(PODS, pod as never)
  await scenario.create('configmaps', { metadata: { name: 'kept', namespace: 'shop' } } as never)
  await deleteNamespace('shop')
  await scenario.pass(10 * MINUTE)
  expect(namesOf(await scenario.pods({}, 'shop'))).toEqual(['held'])
  expect(namesOf(await scenario.list('configmaps', 'shop'))).toContain('kept')
  // What remains isn't told as long as there are pods. Upstream: deleteAllContent returns early.
  expect((await getNamespace('shop')).status!.conditions?.map(({ type }) => type)).toContain('NamespaceDeletionContentFailure')
  await scenario.patch(PODS, 'held', { metadata: { finalizers: null } }, 'shop')
  await scenario.pass(MINUTE)
  expect(await hasNamespace('shop')).toBe(false)
})

test('controllers don’t fight the end of their namespace', async () => {
  scenario = await Scenario.start()
  await createNamespace('shop')
  await fillShop()
  const created: string[] = []
  await scenario.record(PODS, ({ type, object }) => type === 'ADDED' && created.push(object.metadata.name))
  await deleteNamespace('shop')
  await scenario.pass(2 * MINUTE)
  expect(created).toEqual([])
  expect(await hasNamespace('shop')).toBe(false)
})
