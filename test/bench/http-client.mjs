// A load generator's HTTP client: keep-alive connections with one request in flight each, on bare sockets, so that the
// generator costs little of the machine it shares with the server.
import net from 'node:net'

export class Connection {
  #socket
  #buffer = Buffer.alloc(0)
  #need = -1
  #chunks = []
  #size = 0
  #resolve
  #reject
  #status = 0

  static async open(port) {
    const connection = new Connection()
    connection.#socket = net.connect({ port, host: '127.0.0.1', noDelay: true })
    await new Promise((resolve, reject) => {
      connection.#socket.once('connect', resolve)
      connection.#socket.once('error', reject)
    })
    connection.#socket.on('data', (data) => connection.#onData(data))
    connection.#socket.on('error', (error) => connection.#reject?.(error))
    return connection
  }

  /** @returns {Promise<{ status: number, size: number, body: Buffer }>} */
  request(method, path, body, contentType = 'application/json', keepsBody = false) {
    const head =
      `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n` +
      (body === undefined ? '\r\n' : `Content-Type: ${contentType}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n`)
    this.keepsBody = keepsBody
    return new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
      this.#socket.write(body === undefined ? head : head + body)
    })
  }

  #onData(data) {
    if (this.#need < 0) {
      this.#buffer = this.#buffer.length === 0 ? data : Buffer.concat([this.#buffer, data])
      const end = this.#buffer.indexOf('\r\n\r\n')
      if (end < 0) return
      const head = this.#buffer.toString('latin1', 0, end)
      this.#status = Number(head.slice(9, 12))
      const length = /content-length: (\d+)/i.exec(head)
      if (length === null) return this.#reject(new Error(`no content-length: ${head}`))
      this.#need = Number(length[1])
      this.#size = 0
      this.#chunks = []
      data = this.#buffer.subarray(end + 4)
      this.#buffer = Buffer.alloc(0)
    }
    this.#size += data.length
    if (this.keepsBody) this.#chunks.push(data)
    if (this.#size < this.#need) return
    this.#need = -1
    this.#resolve({ status: this.#status, size: this.#size, body: this.keepsBody ? Buffer.concat(this.#chunks) : undefined })
  }

  close() {
    this.#socket.destroy()
  }
}

/** Runs `total` requests over `clients` connections. @param make (i) => [method, path, body?, contentType?] */
export async function load(port, clients, total, make, expectedStatus) {
  const connections = await Promise.all(Array.from({ length: clients }, () => Connection.open(port)))
  const latencies = new Float64Array(total)
  let next = 0
  const started = performance.now()
  await Promise.all(
    connections.map(async (connection) => {
      for (let i = next++; i < total; i = next++) {
        const before = performance.now()
        const { status, size } = await connection.request(...make(i))
        latencies[i] = performance.now() - before
        if (status !== expectedStatus) throw new Error(`request ${i} (${make(i).slice(0, 2).join(' ')}) answered ${status}, ${size} bytes`)
      }
    }),
  )
  const seconds = (performance.now() - started) / 1000
  for (const connection of connections) connection.close()
  latencies.sort()
  return { perSecond: total / seconds, seconds, p50: latencies[Math.floor(total * 0.5)], p99: latencies[Math.floor(total * 0.99)] }
}
