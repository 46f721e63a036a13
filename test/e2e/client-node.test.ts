/** The API of @kubernetes/client-node as its users write it, against the built server. */
import { once } from 'node:events'
import {
  ApiException,
  AppsV1Api,
  AuthorizationV1Api,
  BatchV1Api,
  CoreV1Api,
  KubeConfig,
  KubernetesObjectApi,
  PatchStrategy,
  setHeaderOptions,
  VersionApi,
  Watch,
} from '@kubernetes/client-node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { ServerProcess } from '../support/server-process.ts'

const namespace = 'default'
const config = new KubeConfig()
let server: ServerProcess
let core: CoreV1Api
beforeAll(async () => {
  server = await ServerProcess.start()
  config.loadFromClusterAndUser({ name: 'test', server: server.url, skipTLSVerify: true }, { name: 'test' })
  core = config.makeApiClient(CoreV1Api)
})
afterAll(() => server?.stop())

const failureOf = (request: Promise<unknown>) =>
  request.then(
    () => expect.fail('it succeeded'),
    (error) => error as ApiException<string>,
  )

describe('typed APIs', () => {
  it('create, read, list, replace and delete', async () => {
    const name = 'typed'
    const created = await core.createNamespacedConfigMap({
      namespace,
      body: { metadata: { name, labels: { typed: 'yes' } }, data: { a: '1' } },
    })
    expect(created.metadata?.creationTimestamp).toBeInstanceOf(Date)
    expect(await core.readNamespacedConfigMap({ namespace, name })).toEqual(created)
    const list = await core.listNamespacedConfigMap({ namespace, labelSelector: 'typed=yes', limit: 1 })
    expect(list.items.map(({ data }) => data)).toEqual([{ a: '1' }])
    const replaced = await core.replaceNamespacedConfigMap({ namespace, name, body: { ...created, data: { a: '2' } } })
    expect(replaced.data).toEqual({ a: '2' })
    const stale = await failureOf(core.replaceNamespacedConfigMap({ namespace, name, body: { ...created, data: { a: '3' } } }))
    expect(stale).toBeInstanceOf(ApiException)
    expect([stale.code, JSON.parse(stale.body).reason]).toEqual([409, 'Conflict'])
    expect(await core.deleteNamespacedConfigMap({ namespace, name })).toMatchObject({ status: 'Success', details: { name } })
    const gone = await failureOf(core.readNamespacedConfigMap({ namespace, name }))
    expect([gone.code, JSON.parse(gone.body).message]).toEqual([404, 'configmaps "typed" not found'])
  })

  it('go on through the pages of a list', async () => {
    for (let i = 0; i < 5; i++) {
      await core.createNamespacedConfigMap({ namespace, body: { metadata: { name: `page-${i}`, labels: { paged: 'yes' } } } })
    }
    const names: (string | undefined)[] = []
    let token: string | undefined
    do {
      const page = await core.listNamespacedConfigMap({
        namespace,
        labelSelector: 'paged=yes',
        limit: 2,
        ...(token && { _continue: token }),
      })
      names.push(...page.items.map(({ metadata }) => metadata?.name))
      token = page.metadata?._continue
    } while (token)
    expect(names).toEqual(['page-0', 'page-1', 'page-2', 'page-3', 'page-4'])
    await core.deleteCollectionNamespacedConfigMap({ namespace, labelSelector: 'paged=yes' })
    expect((await core.listNamespacedConfigMap({ namespace, labelSelector: 'paged=yes' })).items).toEqual([])
  })

  it('run a Deployment and scale it', async () => {
    const apps = config.makeApiClient(AppsV1Api)
    const name = 'web'
    const labels = { app: name }
    const template = { metadata: { labels }, spec: { containers: [{ name, image: 'nginx', ports: [{ containerPort: 80 }] }] } }
    await apps.createNamespacedDeployment({
      namespace,
      body: { metadata: { name }, spec: { replicas: 2, selector: { matchLabels: labels }, template } },
    })
    const ready = (count: number) =>
      eventually(async () =>
        expect((await apps.readNamespacedDeploymentStatus({ namespace, name })).status).toMatchObject({
          readyReplicas: count,
          replicas: count,
        }),
      )
    await ready(2)
    const scale = await apps.readNamespacedDeploymentScale({ namespace, name })
    expect(scale.spec).toEqual({ replicas: 2 })
    await apps.replaceNamespacedDeploymentScale({ namespace, name, body: { ...scale, spec: { replicas: 3 } } })
    await ready(3)
    const pods = await core.listNamespacedPod({ namespace, labelSelector: 'app=web', fieldSelector: 'status.phase=Running' })
    expect(pods.items.map(({ status }) => status?.containerStatuses?.[0]?.ready)).toEqual([true, true, true])
    await apps.deleteNamespacedDeployment({ namespace, name, propagationPolicy: 'Foreground' })
    await eventually(async () => expect((await core.listNamespacedPod({ namespace, labelSelector: 'app=web' })).items).toEqual([]))
  })

  it('run a Job to its end', async () => {
    const batch = config.makeApiClient(BatchV1Api)
    const container = { name: 'c', image: 'busybox', command: ['sh', '-c', 'echo hello'] }
    await batch.createNamespacedJob({
      namespace,
      body: { metadata: { name: 'hello' }, spec: { template: { spec: { restartPolicy: 'Never', containers: [container] } } } },
    })
    await eventually(async () => expect((await batch.readNamespacedJob({ namespace, name: 'hello' })).status?.succeeded).toBe(1))
    const [pod] = (await core.listNamespacedPod({ namespace, labelSelector: 'job-name=hello' })).items
    expect(pod?.status?.containerStatuses?.[0]?.state?.terminated).toMatchObject({ exitCode: 0, reason: 'Completed' })
  })

  it('ask who may do what, and which server this is', async () => {
    const resourceAttributes = { namespace, verb: 'create', resource: 'pods' }
    const review = await config.makeApiClient(AuthorizationV1Api).createSelfSubjectAccessReview({ body: { spec: { resourceAttributes } } })
    expect(review.status?.allowed).toBe(true)
    expect(await config.makeApiClient(VersionApi).getCode()).toMatchObject({ major: '1', minor: '36' })
  })
})

describe('patches', () => {
  const name = 'patched'
  beforeAll(async () => {
    await core.createNamespacedConfigMap({ namespace, body: { metadata: { name }, data: { a: '1', b: '1' } } })
  })

  it.each<{ type: PatchStrategy; body: unknown; data: Record<string, string> }>([
    { type: PatchStrategy.JsonPatch, body: [{ op: 'replace', path: '/data/a', value: '2' }], data: { a: '2', b: '1' } },
    { type: PatchStrategy.MergePatch, body: { data: { b: null, c: '3' } }, data: { a: '2', c: '3' } },
    { type: PatchStrategy.StrategicMergePatch, body: { data: { c: null } }, data: { a: '2' } },
    {
      type: PatchStrategy.ServerSideApply,
      body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { d: '4' } },
      data: { a: '2', d: '4' },
    },
  ])('of type $type', async ({ type, body, data }) => {
    const request = { namespace, name, body, fieldManager: 'client-node' }
    const options = setHeaderOptions('Content-Type', type)
    const tried = await core.patchNamespacedConfigMap({ ...request, dryRun: 'All' }, options)
    expect(tried.data).toEqual(data)
    expect((await core.readNamespacedConfigMap({ namespace, name })).data).not.toEqual(data)
    expect((await core.patchNamespacedConfigMap(request, options)).data).toEqual(data)
  })

  it('conflict when another manager owns what is applied, unless by force', async () => {
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { d: '5' } }
    const options = setHeaderOptions('Content-Type', PatchStrategy.ServerSideApply)
    const request = { namespace, name, body, fieldManager: 'other' }
    const refused = await failureOf(core.patchNamespacedConfigMap(request, options))
    expect(JSON.parse(refused.body)).toMatchObject({
      code: 409,
      reason: 'Conflict',
      details: { causes: [{ reason: 'FieldManagerConflict', message: 'conflict with "client-node"', field: '.data.d' }] },
    })
    expect((await core.patchNamespacedConfigMap({ ...request, force: true }, options)).data).toMatchObject({ d: '5' })
  })

  it('keep to the type that is asked for without one', async () => {
    const patched = await core.patchNamespacedConfigMap({ namespace, name, body: [{ op: 'remove', path: '/data/a' }] })
    expect(patched.data).toEqual({ d: '5' })
  })
})

describe('KubernetesObjectApi', () => {
  it('finds the paths of any kind by discovery', async () => {
    const objects = KubernetesObjectApi.makeApiClient(config)
    const header = { apiVersion: 'batch/v1', kind: 'CronJob', metadata: { name: 'nightly', namespace } }
    const template = { spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'busybox' }] } } } }
    const created = await objects.create({ ...header, spec: { schedule: '0 0 * * *', jobTemplate: template } })
    expect(created).toMatchObject({ ...header, spec: { concurrencyPolicy: 'Allow', suspend: false } })
    expect(await objects.read(header)).toEqual(created)
    expect((await objects.list('batch/v1', 'CronJob', namespace)).items.map(({ metadata }) => metadata?.name)).toEqual(['nightly'])

    const suspend = { ...header, spec: { suspend: true } }
    for (const [strategy, schedule] of [
      [PatchStrategy.MergePatch, '0 0 * * *'],
      [PatchStrategy.StrategicMergePatch, '0 0 * * *'],
      [PatchStrategy.ServerSideApply, '0 1 * * *'],
    ] as const) {
      const isApply = strategy === PatchStrategy.ServerSideApply
      const spec = isApply ? { ...header, spec: { schedule, jobTemplate: template } } : suspend
      const patched = await objects.patch(spec, undefined, undefined, 'client-node', isApply ? true : undefined, strategy)
      expect(patched).toMatchObject({ spec: { suspend: true, schedule } })
    }
    const { metadata, ...rest } = (await objects.read(header)) as typeof created & { spec: object }
    const replaced = await objects.replace({ ...rest, metadata: { ...metadata, name: 'nightly' }, spec: { ...rest.spec, suspend: false } })
    expect(replaced).toMatchObject({ spec: { suspend: false } })
    expect(await objects.delete(header)).toMatchObject({ status: 'Success' })
    expect((await failureOf(objects.read(header))).code).toBe(404)

    const cluster = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'made' } }
    await objects.create(cluster)
    expect(await objects.read(cluster)).toMatchObject({ ...cluster, status: { phase: 'Active' } })
  })
})

describe('Watch', () => {
  const PATH = '/api/v1/namespaces/default/secrets'
  const secret = (name: string, labels: object) => ({ namespace, body: { metadata: { name, labels }, stringData: { a: '1' } } })

  it('tells of what comes into a selection, changes in it and leaves it', async () => {
    const seen: string[] = []
    const { resourceVersion } = (await core.listNamespacedSecret({ namespace })).metadata!
    const abort = await new Watch(config).watch(
      PATH,
      { labelSelector: 'watched in (yes)', resourceVersion },
      (type, { metadata }) => seen.push(`${type} ${metadata.name}`),
      () => {},
    )
    await core.createNamespacedSecret(secret('other', {}) as never)
    await core.createNamespacedSecret(secret('it', { watched: 'yes' }) as never)
    const merge = setHeaderOptions('Content-Type', PatchStrategy.MergePatch)
    const labelled = (watched: string | null) =>
      core.patchNamespacedSecret({ namespace, name: 'it', body: { metadata: { labels: { watched } } } }, merge)
    await core.patchNamespacedSecret({ namespace, name: 'it', body: { stringData: { a: '2' } } }, merge)
    await labelled(null)
    await labelled('yes')
    await core.deleteNamespacedSecret({ namespace, name: 'it' })
    await eventually(() => expect(seen).toEqual(['ADDED it', 'MODIFIED it', 'DELETED it', 'ADDED it', 'DELETED it']))
    abort.abort()
  })

  it('begins with what there is, marks where that ends, and ends in good order when its time is up', async () => {
    await core.createNamespacedSecret(secret('there', { initial: 'yes' }) as never)
    const seen: string[] = []
    const ended = new EventTarget()
    const end = once(ended, 'end')
    const options = {
      labelSelector: 'initial=yes',
      sendInitialEvents: true,
      resourceVersionMatch: 'NotOlderThan',
      allowWatchBookmarks: true,
      timeoutSeconds: 1,
    }
    let problem: unknown
    await new Watch(config).watch(
      PATH,
      options,
      (type, { metadata }) => seen.push(`${type} ${metadata.name ?? metadata.annotations['k8s.io/initial-events-end']}`),
      (error) => {
        problem = error
        ended.dispatchEvent(new Event('end'))
      },
    )
    await end
    expect(problem).toBeNull()
    expect(seen).toEqual(['ADDED there', 'BOOKMARK true'])
  })

  it('is told by its end that there is no such resource', async () => {
    const problem = await new Promise<Error & { statusCode?: number }>((resolve) => {
      void new Watch(config).watch('/api/v1/namespaces/default/nothings', {}, () => {}, resolve as (error: unknown) => void)
    })
    expect(problem).toMatchObject({ statusCode: 404, message: 'Not Found' })
  })
})
