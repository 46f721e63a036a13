// A process with nothing but Fastify: the ceiling for what is behind it. Answers from memory, parses what it is sent, and tells
// every open stream of each thing that is published.
import Fastify from 'fastify'
import { configMap, pod } from './objects.mjs'

const started = process.hrtime.bigint()
const app = Fastify({ forceCloseConnections: true })
const object = Buffer.from(configMap('bench'))
const onePod = Buffer.from(`${pod('bench')},`)
const large = Buffer.concat(Array.from({ length: 10_000 }, () => onePod))
const streams = new Set()

app.get('/object', (_request, reply) => reply.type('application/json').send(object))
app.get('/large', (_request, reply) => reply.type('application/json').send(large))
app.post('/object', (_request, reply) => reply.code(201).type('application/json').send(object))
app.get('/stream', (_request, reply) => {
  reply.hijack()
  reply.raw.writeHead(200, { 'content-type': 'application/json', 'transfer-encoding': 'chunked' })
  reply.raw.flushHeaders()
  streams.add(reply.raw)
})
app.post('/publish', (_request, reply) => {
  for (const stream of streams) stream.write(object)
  return reply.code(201).type('application/json').send(object)
})
await app.listen({ port: 0, host: '127.0.0.1' })
process.send({ port: app.server.address().port, started: String(started), rss: process.memoryUsage().rss - large.length })
