// What the parts reach without us, in the same run: bare Fastify answering from memory, bare better-sqlite3 on its own.
import { fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fanOut } from './fan-out.mjs'
import { load } from './http-client.mjs'
import { configMap, pod } from './objects.mjs'
import { heading, ms, rate, row } from './report.mjs'

/** Per second, but for `startMs` and `rssMiB`. */
export async function baselines() {
  const fastify = await measureFastify()
  const sqlite = await measureSqlite()
  heading('Bare parts on this machine')
  row('Fastify: start of the process to listening', ms(fastify.startMs))
  row('Fastify: memory', `${fastify.rssMiB.toFixed(0)} MiB`)
  row('Fastify: GET of 1 KiB, 16 clients', rate(fastify.get), ms(fastify.getP50))
  row('Fastify: POST of 1 KiB, parsed, 1 / 16 / 64', rate(fastify.post[1]), rate(fastify.post[16]), rate(fastify.post[64]))
  row('Fastify: GET of 40 MB', ms(1000 / fastify.large))
  row('Fastify: 1 KiB to each of 500 streams', rate(fastify.fanOut))
  row('SQLite: one durable insert at a time', rate(sqlite.insertOne))
  row('SQLite: inserts, 64 a transaction', rate(sqlite.insertMany))
  row('SQLite: updates, 64 a transaction', rate(sqlite.updateMany))
  row('SQLite: a row of 1 KiB by key', rate(sqlite.read))
  row('SQLite: 10,000 rows of 4 KB', ms(1000 / sqlite.readAll))
  return { fastify, sqlite }
}

async function measureFastify() {
  const begun = performance.now()
  const child = fork(fileURLToPath(new URL('bare-fastify.mjs', import.meta.url)))
  const { port, rss } = await new Promise((resolve) => child.once('message', resolve))
  const startMs = performance.now() - begun
  const body = configMap('bench')
  await load(port, 16, 5000, () => ['GET', '/object'], 200)
  const get = await load(port, 16, 30_000, () => ['GET', '/object'], 200)
  const post = {}
  for (const clients of [1, 16, 64]) {
    post[clients] = (await load(port, clients, clients === 1 ? 5000 : 20_000, () => ['POST', '/object', body], 201)).perSecond
  }
  const large = await load(port, 1, 15, () => ['GET', '/large'], 200)
  const streams = await fanOut(port, '/stream', 500, 1000, () => ['POST', '/publish', body])
  child.kill()
  return {
    startMs,
    rssMiB: rss / 2 ** 20,
    get: get.perSecond,
    getP50: get.p50,
    post,
    large: large.perSecond,
    fanOut: streams.eventsPerSecond,
  }
}

async function measureSqlite() {
  const { default: Database } = await import('better-sqlite3')
  const folder = mkdtempSync(join(tmpdir(), 'coracle-bench-'))
  const db = new Database(join(folder, 'bare.db'))
  db.pragma('journal_mode = WAL')
  db.pragma('synchronous = FULL')
  db.exec('create table objects (id integer primary key, key text unique, bytes blob)')
  db.exec('create table pods (id integer primary key, key text unique, bytes blob)')
  const insert = db.prepare('insert into objects (key, bytes) values (?, ?)')
  const update = db.prepare('update objects set bytes = ? where key = ?')
  const select = db.prepare('select bytes from objects where key = ?')
  const insertPod = db.prepare('insert into pods (key, bytes) values (?, ?)')
  const selectPods = db.prepare('select key, bytes from pods order by key')
  const bytes = Buffer.from(configMap('bench'))
  let next = 0
  const insertMany = db.transaction((count) => {
    for (let i = 0; i < count; i++) insert.run(`key-${next++}`, bytes)
  })
  const updateMany = db.transaction((count) => {
    for (let i = 0; i < count; i++) update.run(bytes, `key-${next++ % 10_000}`)
  })
  const perSecond = (run, size, rounds) => {
    const started = performance.now()
    for (let i = 0; i < rounds; i++) run(size)
    return (size * rounds * 1000) / (performance.now() - started)
  }
  const insertOne = perSecond(insertMany, 1, 1500)
  const inserted = perSecond(insertMany, 64, 300)
  const updated = perSecond(updateMany, 64, 300)
  const read = perSecond(() => select.get(`key-${next++ % 10_000}`), 1, 50_000)
  const podBytes = Buffer.from(pod('bench'))
  db.transaction(() => {
    for (let i = 0; i < 10_000; i++) insertPod.run(`pod-${i}`, podBytes)
  })()
  const readAll = perSecond(() => selectPods.all(), 1, 5)
  db.close()
  rmSync(folder, { recursive: true, force: true })
  return { insertOne, insertMany: inserted, updateMany: updated, read, readAll }
}
