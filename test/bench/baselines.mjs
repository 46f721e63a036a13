// What the parts reach without us: bare Fastify answering and parsing, bare better-sqlite3 committing.
import { fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { load } from './http-client.mjs'
import { configMap } from './objects.mjs'
import { heading, rate, row } from './report.mjs'

/** @returns {Promise<{ fastifyGet: number, fastifyPost: number, sqliteOne: number, sqliteBatch: number }>} per second */
export async function baselines() {
  const child = fork(fileURLToPath(new URL('bare-fastify.mjs', import.meta.url)))
  const port = await new Promise((resolve) => child.once('message', resolve))
  const body = configMap('bench')
  await load(port, 16, 5000, () => ['GET', '/object'], 200)
  const fastifyGet = (await load(port, 16, 30_000, () => ['GET', '/object'], 200)).perSecond
  const fastifyPost = (await load(port, 16, 20_000, () => ['POST', '/object', body], 201)).perSecond
  child.kill()
  const { one, batch } = await sqlite(body)
  heading('Bare parts on this machine')
  row('Fastify, GET of 1 KiB, 16 clients', rate(fastifyGet))
  row('Fastify, POST of 1 KiB parsed, 16 clients', rate(fastifyPost))
  row('better-sqlite3, one durable insert at a time', rate(one))
  row('better-sqlite3, 64 inserts a transaction', rate(batch))
  return { fastifyGet, fastifyPost, sqliteOne: one, sqliteBatch: batch }
}

async function sqlite(body) {
  const { default: Database } = await import('better-sqlite3')
  const folder = mkdtempSync(join(tmpdir(), 'coracle-bench-'))
  const db = new Database(join(folder, 'bare.db'))
  db.pragma('journal_mode = WAL')
  db.pragma('synchronous = FULL')
  db.exec('create table objects (id integer primary key, key text unique, bytes blob)')
  const insert = db.prepare('insert into objects (key, bytes) values (?, ?)')
  const bytes = Buffer.from(body)
  let next = 0
  const insertMany = db.transaction((count) => {
    for (let i = 0; i < count; i++) insert.run(`key-${next++}`, bytes)
  })
  const perSecond = (size, rounds) => {
    const started = performance.now()
    for (let i = 0; i < rounds; i++) insertMany(size)
    return (size * rounds * 1000) / (performance.now() - started)
  }
  const result = { one: perSecond(1, 1500), batch: perSecond(64, 300) }
  db.close()
  rmSync(folder, { recursive: true, force: true })
  return result
}
