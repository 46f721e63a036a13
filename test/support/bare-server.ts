import { storageConfig } from '../../src/config.ts'
import { VirtualClock } from '../../src/lib/clock.ts'
import { SeededRandom } from '../../src/lib/random.ts'
import { openStorage } from '../../src/open-storage.ts'
import { createServer, type Server } from '../../src/server.ts'
import { Api } from './api.ts'

export interface BareServer extends Server {
  readonly api: Api
  readonly clock: VirtualClock
  /** Where it listens. */
  readonly url: string
}

/** An API server whose controllers never start: nobody writes but the test. There is a namespace `default` to write in. */
export async function createBareServer(): Promise<BareServer> {
  const clock = new VirtualClock()
  const storage = await openStorage(storageConfig('memory:'))
  const server = await createServer({
    storage,
    clock,
    random: new SeededRandom(1),
    nodes: 0,
    serviceRanges: ['10.96.0.0/12'],
    clusterRanges: [],
    controllers: new Set(),
    onError: (where, error) => {
      console.error(`${where}:`, error)
    },
  })
  const url = await server.app.listen({ host: '127.0.0.1', port: 0 })
  const api = new Api(server)
  await api.created('/api/v1/namespaces', { metadata: { name: 'default' } })
  await api.created('/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'default' } })
  return { ...server, api, clock, url }
}
