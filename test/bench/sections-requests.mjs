// Throughput and latency of the verbs.
import { Connection, load } from './http-client.mjs'
import { configMap, pod } from './objects.mjs'
import { heading, ms, rate, row, share } from './report.mjs'
import { startServer } from './server.mjs'

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps'
const PODS = '/api/v1/namespaces/default/pods'
const HEAD = ['', 'throughput', 'p50', 'p99']

export async function createSection(base) {
  heading('Create (durable before it is answered)')
  row(...HEAD, 'of Fastify', 'of SQLite')
  const server = await startServer()
  for (const [name, path, make] of [
    ['ConfigMaps of 1 KiB', CONFIG_MAPS, configMap],
    ['Pods of 4 KB', PODS, pod],
  ]) {
    await load(server.port, 16, 1000, (i) => ['POST', path, make(`warm-${i}`)], 201)
    for (const clients of [1, 16, 64]) {
      const total = clients === 1 ? 1500 : 5000
      const result = await load(server.port, clients, total, (i) => ['POST', path, make(`c${clients}-${i}`)], 201)
      const sqlite = clients === 1 ? base.sqlite.insertOne : base.sqlite.insertMany
      row(
        `${name}, ${clients} clients`,
        rate(result.perSecond),
        ms(result.p50),
        ms(result.p99),
        share(result.perSecond, base.fastify.post[clients]),
        share(result.perSecond, sqlite),
      )
    }
  }
  await server.stop()
}

export async function getSection(base) {
  heading('Get')
  row(...HEAD, 'of Fastify', 'of SQLite')
  const server = await startServer()
  for (const [name, path, make] of [
    ['ConfigMaps', CONFIG_MAPS, configMap],
    ['Pods', PODS, pod],
  ]) {
    await load(server.port, 16, 1000, (i) => ['POST', path, make(`g-${i}`)], 201)
    await load(server.port, 16, 5000, (i) => ['GET', `${path}/g-${i % 1000}`], 200)
    const result = await load(server.port, 16, 20_000, (i) => ['GET', `${path}/g-${i % 1000}`], 200)
    row(
      `${name}, 16 clients`,
      rate(result.perSecond),
      ms(result.p50),
      ms(result.p99),
      share(result.perSecond, base.fastify.get),
      share(result.perSecond, base.sqlite.read),
    )
  }
  await server.stop()
}

export async function updateSection(base) {
  heading('Update and patch ConfigMaps')
  row(...HEAD, 'of Fastify', 'of SQLite')
  const server = await startServer()
  await load(server.port, 16, 1000, (i) => ['POST', CONFIG_MAPS, configMap(`u-${i}`)], 201)
  const path = (i) => `${CONFIG_MAPS}/u-${i % 1000}`
  const put = await load(server.port, 16, 6000, (i) => ['PUT', path(i), configMap(`u-${i % 1000}`, `${i}`)], 200)
  row(
    'update, 16 clients',
    rate(put.perSecond),
    ms(put.p50),
    ms(put.p99),
    share(put.perSecond, base.fastify.post[16]),
    share(put.perSecond, base.sqlite.updateMany),
  )
  const merge = (i) => ['PATCH', path(i), JSON.stringify({ data: { extra: `p${i}` } }), 'application/merge-patch+json']
  const patch = await load(server.port, 16, 6000, merge, 200)
  row(
    'merge patch, 16 clients',
    rate(patch.perSecond),
    ms(patch.p50),
    ms(patch.p99),
    share(patch.perSecond, base.fastify.post[16]),
    share(patch.perSecond, base.sqlite.updateMany),
  )
  await server.stop()
}

export async function listSection(base) {
  heading('List 10,000 Pods')
  row('', 'median', 'p99', 'throughput', 'of Fastify', 'of SQLite')
  const server = await startServer()
  await load(server.port, 16, 10_000, (i) => ['POST', PODS, pod(`l-${i}`)], 201)
  const connection = await Connection.open(server.port)
  const { size } = await connection.request('GET', PODS)
  connection.close()
  const one = await load(server.port, 1, 15, () => ['GET', PODS], 200)
  const shares = ({ perSecond }) => [share(perSecond, base.fastify.large), share(perSecond, base.sqlite.readAll)]
  row(`one client, ${(size / 1e6).toFixed(0)} MB`, ms(one.p50), ms(one.p99), rate(one.perSecond), ...shares(one))
  const eight = await load(server.port, 8, 40, () => ['GET', PODS], 200)
  row('8 clients', ms(eight.p50), ms(eight.p99), rate(eight.perSecond), ...shares(eight))
  const paged = await load(server.port, 1, 200, () => ['GET', `${PODS}?limit=500`], 200)
  row('a page of 500', ms(paged.p50), ms(paged.p99), rate(paged.perSecond))
  const selected = await load(server.port, 1, 50, () => ['GET', `${PODS}?labelSelector=app%3Dnone`], 200)
  row('a label selector that none matches', ms(selected.p50), ms(selected.p99), rate(selected.perSecond))
  await server.stop()
}
