// A process with nothing but Fastify: the ceiling for what is behind it.
import Fastify from 'fastify'
import { configMap } from './objects.mjs'

const app = Fastify()
const bytes = Buffer.from(configMap('bench'))
app.get('/object', (_request, reply) => reply.type('application/json').send(bytes))
app.post('/object', (_request, reply) => reply.code(201).type('application/json').send(bytes))
await app.listen({ port: 0, host: '127.0.0.1' })
process.send(app.server.address().port)
