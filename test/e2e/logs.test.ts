import { afterAll, beforeAll, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { ServerProcess } from '../support/server-process.ts'

let server: ServerProcess
beforeAll(async () => {
  server = await ServerProcess.start()
})
afterAll(() => server?.stop())

const kubectl = (...args: string[]) => server.kubectl(...args)

it('shows what a pod printed with every option of kubectl logs', async () => {
  const script = 'echo starting; echo ready; sleep 2; echo over'
  await kubectl('run', 'once', '--image=busybox', '--restart=Never', '--labels=app=once', '--', 'sh', '-c', script)
  await kubectl('wait', 'pod/once', '--for=condition=PodReadyToStartContainers', '--timeout=30s')
  expect(await kubectl('logs', '-f', 'once')).toBe('starting\nready\nover\n')
  expect(await kubectl('logs', 'once', '--tail=1')).toBe('over\n')
  expect(await kubectl('logs', 'once', '--limit-bytes=5')).toBe('start')
  expect(await kubectl('logs', 'once', '--timestamps', '--tail=1')).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z over\n$/)
  expect(await kubectl('logs', 'once', '--since=1h', '--tail=2')).toBe('ready\nover\n')
  expect(await kubectl('logs', 'once', '--since-time=2100-01-01T00:00:00Z')).toBe('')
  expect(await kubectl('logs', 'once', '--all-containers')).toBe('starting\nready\nover\n')
  expect(await kubectl('logs', '-l', 'app=once', '--prefix', '--tail=1')).toBe('[pod/once/once] over\n')
  expect((await server.tryKubectl(['logs', 'once', '--previous'])).stderr).toBe(
    'Error from server (BadRequest): previous terminated container "once" in pod "once" not found\n',
  )
  expect((await server.tryKubectl(['logs', 'once', '-c', 'other'])).stderr).toBe(
    'error: container other is not valid for pod once out of: once\n',
  )
})

it('shows the run before, and a deployment by its pods', async () => {
  await kubectl('run', 'crash', '--image=busybox', '--', 'sh', '-c', 'echo run; exit 1')
  await eventually(async () => expect(await kubectl('logs', 'crash', '--previous')).toBe('run\n'))
  await kubectl('create', 'deployment', 'web', '--image=nginx', '--', 'sh', '-c', 'echo serving; sleep 1000')
  await kubectl('rollout', 'status', 'deployment/web', '--timeout=60s')
  expect(await kubectl('logs', 'deployment/web')).toBe('serving\n')
})
