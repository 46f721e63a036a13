#!/usr/bin/env node
/** The process: flags → server → signals. Its first line of output says where it listens. */
import { readFileSync } from 'node:fs'
import { type Config, ConfigError, HELP, readConfig } from './config.ts'
import { RealClock } from './lib/clock.ts'
import { packageFile } from './lib/package-file.ts'
import { SystemRandom } from './lib/random.ts'
import { openStorage } from './open-storage.ts'
import { createServer, type Server } from './server.ts'

async function main(): Promise<void> {
  const config = readConfig(process.argv.slice(2), process.env)
  if (config === 'help') return void process.stdout.write(HELP)
  if (config === 'version') return void process.stdout.write(`${packageVersion()}\n`)
  const storage = await openStorage(config.storage)
  const server = await createServer({
    storage,
    clock: new RealClock(),
    random: new SystemRandom(),
    nodes: config.nodes,
    serviceRanges: config.serviceRanges,
    clusterRanges: config.clusterRanges,
    nodePools: config.nodePools,
    churn: config.churn,
    behaviour: config.behaviour,
    controllers: config.controllers,
    staticPods: config.staticPods,
    compactionIntervalMs: config.compactionIntervalMs,
    featureGates: config.featureGates,
    onError: (where, error) => console.error(`${where}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`),
  })
  const url = await listen(server, config)
  console.log(`Coracle is listening on ${url}`)
  closeOnSignals(server)
  await server.start()
  console.log(`Ready. Try: kubectl --server ${url} get nodes`)
}

async function listen({ app }: Server, { host, port }: Config): Promise<string> {
  try {
    return await app.listen({ host, port })
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'EADDRINUSE')
      throw new ConfigError(`Port ${port} is in use. Choose another one with --port, or --port 0 for any that is free.`)
    if (code === 'EACCES') throw new ConfigError(`Port ${port} needs more rights than this user has. Choose one above 1023 with --port.`)
    throw new ConfigError(`Can't listen on ${host}:${port}: ${message}`)
  }
}

function closeOnSignals(server: Server): void {
  let isClosing = false
  const close = () => {
    // A second signal doesn't wait for anything.
    if (isClosing) process.exit(1)
    isClosing = true
    server.close().then(
      () => process.exit(0),
      () => process.exit(1),
    )
  }
  process.on('SIGINT', close)
  process.on('SIGTERM', close)
}

function packageVersion(): string {
  return (JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as { version: string }).version
}

main().catch((error: Error) => {
  console.error(`coracle: ${error.message}`)
  process.exit(1)
})
