/** Programs of somebody else, in processes of their own, that do what a part of the server would do. */
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { REPOSITORY } from '../support/kubectl.ts'
import { ServerProcess } from '../support/server-process.ts'

let server: ServerProcess
const programs: ChildProcess[] = []
afterEach(async () => {
  for (const program of programs.splice(0)) program.kill('SIGKILL')
  await server.stop()
})

async function startProgram(name: string, ...args: readonly string[]): Promise<void> {
  const program = spawn(process.execPath, [join(REPOSITORY, 'test/support', name), server.url, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  programs.push(program)
  await new Promise<void>((resolve, reject) => {
    program.stdout!.on('data', (text) => String(text).includes('ready') && resolve())
    program.on('exit', (code) => reject(new Error(`${name} ended with ${code}`)))
  })
}

const containers = [{ name: 'main', image: 'example.com/app:1' }]
const get = async (what: string, jsonpath: string) => server.kubectl('get', ...what.split(' '), '-o', `jsonpath=${jsonpath}`)

it('a scheduler binds the pods that name it, and ours leaves them alone', async () => {
  server = await ServerProcess.start()
  const pod = (name: string, schedulerName?: string) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: { containers, ...(schedulerName && { schedulerName }) },
  })
  await server.apply(pod('theirs', 'my-scheduler'))
  await server.apply(pod('ours'))
  await server.kubectl('wait', '--for=condition=Ready', 'pod/ours', '--timeout=30s')
  expect(await get('pod theirs', '{.status.phase} {.spec.nodeName}{.status.conditions}')).toBe('Pending ')
  expect(await server.kubectl('events', '--for', 'pod/theirs')).toBe('')

  await startProgram('outside-scheduler.mjs', 'my-scheduler')
  await server.apply(pod('more', 'my-scheduler'))
  await server.kubectl('wait', '--for=condition=Ready', 'pod/theirs', 'pod/more', '--timeout=30s')
  expect(await get('pod theirs', '{.status.conditions[?(@.type=="PodScheduled")].status}')).toBe('True')
  const events = await server.kubectl('events', '--for', 'pod/theirs')
  expect(events).toMatch('Started')
  expect(events).not.toMatch('Scheduled')
})

it('a ReplicaSet controller takes the place of ours, under a Deployment', async () => {
  server = await ServerProcess.start({ args: ['--controllers', '*,-replicaset'] })
  const deployment = (replicas: number) => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: { replicas, selector: { matchLabels: { app: 'web' } }, template: { metadata: { labels: { app: 'web' } }, spec: { containers } } },
  })
  await server.apply(deployment(3))
  await eventually(async () => expect(await get('replicasets', '{.items[*].spec.replicas}')).toBe('3'))
  expect(await get('pods', '{.items}')).toBe('[]')

  await startProgram('outside-replicaset-controller.mjs')
  await server.kubectl('rollout', 'status', 'deployment/web', '--timeout=60s')
  expect((await get('pods', '{.items[*].status.phase}')).split(' ')).toEqual(['Running', 'Running', 'Running'])
  await server.apply(deployment(1))
  await eventually(async () => expect((await get('pods', '{.items[*].metadata.name}')).split(' ')).toHaveLength(1), 60_000)
  await eventually(async () => expect(await get('deployment web', '{.status.readyReplicas}')).toBe('1'))

  // Its pods are ours to collect when their owner goes.
  await server.kubectl('delete', 'deployment', 'web', '--timeout=60s')
  await eventually(async () => expect(await get('pods', '{.items}')).toBe('[]'), 60_000)
})
