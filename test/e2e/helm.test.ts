/** A chart of our own, with a hook, through a release's whole life: real helm against the built server. */
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CommandResult, helm, type KubectlVersion, REPOSITORY } from '../support/kubectl.ts'
import { ServerProcess } from '../support/server-process.ts'

const CHART = join(REPOSITORY, 'test/e2e/chart')
const WAIT = ['--wait', '--timeout', '60s']

let server: ServerProcess

beforeAll(async () => {
  server = await ServerProcess.start()
})
afterAll(() => server.stop())

const read = (kind: string, name: string, path: string) => server.kubectl('get', kind, name, '-o', `jsonpath=${path}`)

interface Way {
  readonly name: string
  /** Of the kubectl beside it. */
  readonly version: KubectlVersion
  readonly flags: readonly string[]
}

// Helm 4 applies on the server's side unless it is told not to; helm 3 can't.
describe.each<Way>([
  { name: 'three', version: '1.28', flags: [] },
  { name: 'server-side', version: '1.36', flags: ['--server-side=true'] },
  { name: 'client-side', version: '1.36', flags: ['--server-side=false'] },
])('a release of helm $name', ({ name: way, version, flags }) => {
  const name = `shop-${way}`
  const how = [...flags, ...WAIT]

  const tryHelm = (...args: readonly string[]): Promise<CommandResult> =>
    helm(args, { server: server.url, home: join(server.folder, 'helm'), version })

  async function run(...args: readonly string[]): Promise<string> {
    const { stdout, stderr, code } = await tryHelm(...args)
    expect(code, `helm ${args.join(' ')}:\n${stderr}${stdout}`).toBe(0)
    return stdout
  }

  it('would be accepted: a dry run stores nothing', async () => {
    expect(await run('install', name, CHART, '--dry-run=server', ...flags)).toContain('STATUS: pending-install')
    expect((await server.tryKubectl(['get', 'deployment', `${name}-web`])).code).toBe(1)
  })

  it('is installed, after its hook has run', async () => {
    expect(await run('install', name, CHART, ...how)).toContain('STATUS: deployed')
    expect(await read('job', `${name}-migrate`, '{.status.succeeded}')).toBe('1')
    expect(await read('deployment', `${name}-web`, '{.status.availableReplicas}')).toBe('2')
    expect(await read('configmap', `${name}-web`, '{.data.greeting}')).toBe('hello')
  })

  it('is upgraded: rolled out, with the hook run anew', async () => {
    const before = await read('job', `${name}-migrate`, '{.metadata.uid}')
    await run('upgrade', name, CHART, '--set', 'replicas=3,greeting=bonjour', ...how)
    expect(await read('deployment', `${name}-web`, '{.status.availableReplicas} {.spec.template.metadata.annotations.greeting}')).toBe(
      '3 bonjour',
    )
    expect(await read('configmap', `${name}-web`, '{.data.greeting}')).toBe('bonjour')
    expect(await read('job', `${name}-migrate`, '{.metadata.uid}')).not.toBe(before)
  })

  it('is not upgraded when its hook fails', async () => {
    const { code, stderr } = await tryHelm('upgrade', name, CHART, '--set', 'replicas=1,migration=exit 1', ...how)
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('pre-upgrade hooks failed') })
    expect(await read('deployment', `${name}-web`, '{.spec.replicas}')).toBe('3')
  })

  it('is rolled back', async () => {
    await run('rollback', name, '1', ...WAIT)
    expect(await read('deployment', `${name}-web`, '{.status.availableReplicas} {.spec.template.metadata.annotations.greeting}')).toBe(
      '2 hello',
    )
    expect(await run('history', name)).toMatch(/deployed\s+shop-0\.1\.0\s+1\s+Rollback to 1/)
  })

  it('is uninstalled', async () => {
    await run('uninstall', name, ...WAIT)
    expect((await server.tryKubectl(['get', 'deployment,service,configmap', '-o', 'name'])).stdout).not.toContain(`${name}-web`)
    expect(await run('list')).not.toContain(name)
  })
})
