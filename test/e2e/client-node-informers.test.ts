/** Informers of @kubernetes/client-node through what happens to connections and servers: they miss nothing and end up with what there is. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AppsV1Api, CoreV1Api, KubeConfig, type KubernetesObject, makeInformer, type V1ConfigMap } from '@kubernetes/client-node'
import { afterEach, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { ObservedInformer } from '../support/observed-informer.ts'
import { ServerProcess } from '../support/server-process.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'
import { readWatch } from '../support/watch-lines.ts'

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps'
const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

function configFor(server: string): KubeConfig {
  const config = new KubeConfig()
  config.loadFromClusterAndUser({ name: 'test', server, skipTLSVerify: true }, { name: 'test' })
  return config
}

async function startServer(options: Parameters<typeof ServerProcess.start>[0]): Promise<ServerProcess> {
  const server = await ServerProcess.start(options)
  closing.push(() => server.stop())
  return server
}

async function startProxy(server: ServerProcess): Promise<TcpProxy> {
  const proxy = await TcpProxy.start(server.url)
  closing.push(() => proxy.stop())
  return proxy
}

async function observe<T extends KubernetesObject>(informer: ObservedInformer<T>): Promise<ObservedInformer<T>> {
  closing.push(() => informer.stop())
  await informer.start()
  return informer
}

function configMapInformer(url: string, labelSelector?: string): Promise<ObservedInformer<V1ConfigMap>> {
  const config = configFor(url)
  const api = config.makeApiClient(CoreV1Api)
  const list = () => api.listNamespacedConfigMap({ namespace: 'default', ...(labelSelector && { labelSelector }) })
  return observe(new ObservedInformer(config, CONFIG_MAPS, list, labelSelector))
}

/** Goes on changing config maps, one write at a time; what was acknowledged is in `done`, as an informer tells it. */
class Writer {
  readonly done: string[] = []
  readonly #api: CoreV1Api
  readonly #prefix: string
  #round = 0

  constructor(url: string, prefix: string) {
    this.#api = configFor(url).makeApiClient(CoreV1Api)
    this.#prefix = prefix
  }

  /** Makes one, changes it twice, and deletes every second one. */
  async round(): Promise<void> {
    const name = `${this.#prefix}-${this.#round++}`
    const namespace = 'default'
    const body = { metadata: { name, labels: { by: this.#prefix } }, data: { text: 'x'.repeat(2000) } }
    await this.#api.createNamespacedConfigMap({ namespace, body })
    this.done.push(`add ${name}`)
    for (const text of ['1', '2']) {
      await this.#api.replaceNamespacedConfigMap({ namespace, name, body: { ...body, data: { text } } })
      this.done.push(`update ${name}`)
    }
    if (this.#round % 2 === 1) return
    await this.#api.deleteNamespacedConfigMap({ namespace, name })
    this.done.push(`delete ${name}`)
  }
}

const of = (prefix: string, told: readonly string[]) => told.filter((line) => line.includes(` ${prefix}-`))

async function expectTrue(informer: ObservedInformer<KubernetesObject>): Promise<void> {
  await eventually(async () => {
    const { held, served } = await informer.compare()
    expect(held).toEqual(served)
  })
  for (const [name, seen] of informer.versions) expect([name, ...seen]).toEqual([name, ...seen.toSorted((a, b) => a - b)])
}

it('miss nothing and tell nothing twice when connections break', async () => {
  const server = await startServer({})
  const proxy = await startProxy(server)
  const [all, one] = [await configMapInformer(proxy.url), await configMapInformer(proxy.url, 'by=b')]
  const writers = ['a', 'b', 'c'].map((prefix) => new Writer(server.url, prefix))
  const lists = all.lists
  for (let i = 0; i < 8; i++) {
    const writing = writers.map((writer) => writer.round().then(() => writer.round()))
    // In the middle of one, and of what is told of it.
    const before = all.told.length
    await eventually(() => expect(all.told.length).toBeGreaterThan(before))
    proxy.cut()
    await Promise.all(writing)
    for (const [at, prefix] of ['a', 'b', 'c'].entries()) {
      await eventually(() => expect(of(prefix, all.told)).toEqual(writers[at]!.done))
    }
  }
  expect(all.failures).toBeGreaterThan(0)
  await eventually(() => expect(of('b', one.told)).toEqual(writers[1]!.done))
  expect(of('a', one.told)).toEqual([])
  await expectTrue(all)
  await expectTrue(one)
  // They resumed, which is cheap, and didn't list anew.
  expect(all.lists).toBe(lists)
})

it('begin anew when what they missed is forgotten', async () => {
  const server = await startServer({ args: ['--compaction-interval', '100ms'] })
  const proxy = await startProxy(server)
  const informer = await configMapInformer(proxy.url)
  const writer = new Writer(server.url, 'w')
  await writer.round()
  await writer.round()
  await eventually(() => expect(of('w', informer.told)).toEqual(writer.done))
  const { lists, resourceVersion } = informer
  const told = informer.told.length

  proxy.goDown()
  await writer.round()
  await writer.round()
  const api = configFor(server.url).makeApiClient(CoreV1Api)
  await api.deleteNamespacedConfigMap({ name: 'w-0', namespace: 'default' })
  await eventually(async () => {
    const seen: unknown[] = []
    await readWatch(`${server.url}${CONFIG_MAPS}?watch=1&timeoutSeconds=1&resourceVersion=${resourceVersion}`, (line) => seen.push(line))
    expect(seen).toMatchObject([{ type: 'ERROR', object: { code: 410, reason: 'Expired' } }])
  })
  proxy.restore()

  await eventually(() => expect(informer.names).toEqual(['kube-root-ca.crt', 'w-2']))
  expect(informer.lists).toBe(lists + 1)
  // What came and went in between isn't told; what is no longer there is.
  expect(informer.told.slice(told)).toEqual(['delete w-0', 'add w-2'])
  await writer.round()
  await eventually(() => expect(informer.told.slice(told + 2)).toEqual(['add w-4', 'update w-4', 'update w-4']))
  await expectTrue(informer)
})

it('carry on with a server that was killed and started again', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'coracle-test-'))
  closing.push(() => rmSync(folder, { recursive: true, force: true }))
  const storage = `sqlite:${join(folder, 'cluster.db')}`
  const first = await ServerProcess.start({ storage })
  const port = Number(new URL(first.url).port)
  const config = configFor(first.url)
  const core = config.makeApiClient(CoreV1Api)
  const apps = config.makeApiClient(AppsV1Api)
  const namespace = 'default'
  const configMaps = await configMapInformer(first.url)
  const others = await Promise.all([
    observe(new ObservedInformer(config, '/api/v1/namespaces/default/pods', () => core.listNamespacedPod({ namespace }))),
    observe(
      new ObservedInformer(config, '/apis/apps/v1/namespaces/default/deployments', () => apps.listNamespacedDeployment({ namespace })),
    ),
    observe(new ObservedInformer(config, '/api/v1/nodes', () => core.listNode())),
    observe(new ObservedInformer(config, '/api/v1/events', () => core.listEventForAllNamespaces())),
  ])
  const body = {
    metadata: { name: 'web' },
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'nginx' }] } },
    },
  }
  await apps.createNamespacedDeployment({ namespace, body })
  const writer = new Writer(first.url, 'w')
  await eventually(async () => {
    await writer.round()
    expect(others[0].names).toHaveLength(3)
  })
  const lists = configMaps.lists
  await apps.replaceNamespacedDeployment({ namespace, name: 'web', body: { ...body, spec: { ...body.spec, replicas: 6 } } })
  await first.kill()

  const second = await startServer({ storage, port })
  closing.push(() => first.stop())
  await writer.round()
  await eventually(() => expect(of('w', configMaps.told)).toEqual(writer.done))
  await second.kubectl('rollout', 'status', 'deployment/web', '--timeout=60s')
  await eventually(() => expect(others[0].names).toHaveLength(6))
  expect(configMaps.lists).toBe(lists)
  for (const informer of [configMaps, ...others]) await expectTrue(informer)
})

it('are made by makeInformer too, and stopped', async () => {
  const server = await startServer({})
  const config = configFor(server.url)
  const api = config.makeApiClient(CoreV1Api)
  const informer = makeInformer<V1ConfigMap>(config, CONFIG_MAPS, () => api.listNamespacedConfigMap({ namespace: 'default' }))
  closing.push(() => informer.stop())
  const told: string[] = []
  informer.on('change', ({ metadata }) => told.push(metadata?.name ?? ''))
  await informer.start()
  const writer = new Writer(server.url, 'w')
  await writer.round()
  await eventually(() => expect(told.filter((name) => name !== 'kube-root-ca.crt')).toEqual(['w-0', 'w-0', 'w-0']))
  expect(informer.get('w-0', 'default')?.data).toEqual({ text: '2' })
  await informer.stop()
})
