import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** Stands between a client and a server and can fail as networks do: connections break in the middle of anything, or none are made. */
export class TcpProxy {
  readonly url: string
  readonly #server: Server
  readonly #sockets: Set<Socket>
  #isDown = false

  private constructor(server: Server, sockets: Set<Socket>, url: string) {
    this.#server = server
    this.#sockets = sockets
    this.url = url
    server.on('connection', (socket) => {
      if (this.#isDown) socket.resetAndDestroy()
    })
  }

  /** @param target as `http://127.0.0.1:8080` */
  static async start(target: string): Promise<TcpProxy> {
    const { hostname, port } = new URL(target)
    const sockets = new Set<Socket>()
    const server = createServer((near) => {
      const far = connect(Number(port), hostname)
      for (const [socket, other] of [
        [near, far],
        [far, near],
      ] as const) {
        sockets.add(socket)
        // The end of one is the end of the other.
        socket
          .on('error', () => {})
          .on('close', () => {
            sockets.delete(socket)
            other.destroy()
          })
        socket.pipe(other)
      }
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return new TcpProxy(server, sockets, `http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  }

  /** Breaks every connection there is; new ones are made. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy()
  }

  /** Breaks every connection, and lets none be made until `restore`. */
  goDown(): void {
    this.#isDown = true
    this.cut()
  }

  restore(): void {
    this.#isDown = false
  }

  async stop(): Promise<void> {
    this.cut()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
