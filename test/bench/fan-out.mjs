// Many open streams and a few writers: how many events a second reach their readers.
import net from 'node:net'
import { load } from './http-client.mjs'

/**
 * @param make (i) => a request that all streams are told of
 * @returns {Promise<{ eventsPerSecond: number, writesPerSecond: number }>}
 */
export async function fanOut(port, path, watchers, writes, make) {
  let total = 0
  let first = 0
  const open = async (i) => {
    const socket = net.connect({ port, host: '127.0.0.1', noDelay: true })
    socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
    await new Promise((resolve) => socket.once('data', resolve))
    socket.on('data', (data) => {
      total += data.length
      if (i === 0) first += data.length
    })
    return socket
  }
  const sockets = await Promise.all(Array.from({ length: watchers }, (_, i) => open(i)))
  // What a stream begins with may come with its headers or after them: it isn't counted.
  await new Promise((resolve) => setTimeout(resolve, 300))
  total = 0
  first = 0
  const started = performance.now()
  const { perSecond } = await load(port, 16, writes, make, 201)
  // All have had everything when the bytes no longer grow and are what one watcher had, times as many.
  for (let last = -1; last !== total || total < first * watchers; ) {
    last = total
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  const seconds = (performance.now() - started) / 1000
  for (const socket of sockets) socket.destroy()
  return { eventsPerSecond: (watchers * writes) / seconds, writesPerSecond: perSecond }
}
