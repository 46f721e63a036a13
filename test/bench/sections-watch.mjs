// How soon watchers see a change, and how many can be told.
import net from 'node:net'
import { fanOut } from './fan-out.mjs'
import { load } from './http-client.mjs'
import { configMap } from './objects.mjs'
import { heading, ms, rate, row, share } from './report.mjs'
import { startServer } from './server.mjs'

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps'
const WATCH = `${CONFIG_MAPS}?watch=true&resourceVersion=1`

/** A watch on a bare socket. @param onData each piece of the stream */
async function openWatch(port, onData) {
  const socket = net.connect({ port, host: '127.0.0.1', noDelay: true })
  socket.write(`GET ${WATCH} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
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
export async function fanOutSection(base) {
  heading('Watch fan-out to 500 watchers')
  row('', 'events', 'writes', 'of Fastify')
  const server = await startServer()
  const make = (i) => ['POST', CONFIG_MAPS, configMap(`f-${i}`)]
  const { eventsPerSecond, writesPerSecond } = await fanOut(server.port, WATCH, 500, 1000, make)
  row('16 writers', rate(eventsPerSecond), rate(writesPerSecond), share(eventsPerSecond, base.fastify.fanOut))
  await server.stop()
}
