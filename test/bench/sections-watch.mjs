// How soon watchers see a change, and how many can be told.
import net from 'node:net'
import { load } from './http-client.mjs'
import { configMap } from './objects.mjs'
import { heading, ms, rate, row } from './report.mjs'
import { startServer } from './server.mjs'

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps'

/** A watch on a bare socket. @param onData each piece of the stream */
async function openWatch(port, onData) {
  const socket = net.connect({ port, host: '127.0.0.1', noDelay: true })
  socket.write(
    `GET ${CONFIG_MAPS}?watch=true&sendInitialEvents=false&resourceVersionMatch=NotOlderThan&resourceVersion=1 HTTP/1.1\r\nHost: localhost\r\n\r\n`,
  )
  await new Promise((resolve) => socket.once('data', resolve))
  socket.on('data', onData)
  return socket
}

/** From the start of a create to its event, 16 writers. */
export async function latencySection() {
  heading('From the start of a create to its watch event, 16 writers')
  row('', 'p50', 'p99')
  const server = await startServer()
  const total = 5000
  const begun = new Float64Array(total)
  const latencies = []
  let rest = ''
  const socket = await openWatch(server.port, (data) => {
    const now = performance.now()
    rest += data.toString('latin1')
    let at = 0
    for (let match = rest.indexOf('"name":"w-', at); match >= 0; match = rest.indexOf('"name":"w-', at)) {
      const end = rest.indexOf('"', match + 10)
      if (end < 0) break
      latencies.push(now - begun[Number(rest.slice(match + 10, end))])
      at = end
    }
    rest = rest.slice(Math.max(at, rest.length - 64))
  })
  await load(
    server.port,
    16,
    total,
    (i) => {
      begun[i] = performance.now()
      return ['POST', CONFIG_MAPS, configMap(`w-${i}`)]
    },
    201,
  )
  await new Promise((resolve) => setTimeout(resolve, 200))
  latencies.sort((a, b) => a - b)
  row(`${latencies.length} events`, ms(latencies[Math.floor(latencies.length * 0.5)]), ms(latencies[Math.floor(latencies.length * 0.99)]))
  socket.destroy()
  await server.stop()
}

/** Every change to each of 500 watchers. */
export async function fanOutSection() {
  heading('Watch fan-out to 500 watchers')
  row('', 'events', 'writes')
  const server = await startServer()
  const watchers = 500
  const writes = 1000
  let bytes = 0
  const sockets = await Promise.all(Array.from({ length: watchers }, () => openWatch(server.port, (data) => (bytes += data.length))))
  const probe = await new Promise((resolve) => {
    const [socket] = sockets
    let size = 0
    const count = (data) => (size += data.length)
    socket.on('data', count)
    resolve(() => size)
  })
  const started = performance.now()
  const result = await load(server.port, 16, writes, (i) => ['POST', CONFIG_MAPS, configMap(`f-${String(i).padStart(6, '0')}`)], 201)
  // All have had it when the bytes no longer grow and are what one watcher had, times as many.
  for (let last = -1; last !== bytes || bytes < probe() * watchers; ) {
    last = bytes
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  const seconds = (performance.now() - started) / 1000
  row('16 writers', rate((watchers * writes) / seconds), rate(result.perSecond))
  for (const socket of sockets) socket.destroy()
  await server.stop()
}
