/** KWOK's own stage files, as they are, on the built server. */
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { ServerProcess } from '../support/server-process.ts'

const FILES = new URL('manifests/kwok/', import.meta.url).pathname

let server: ServerProcess
const kubectl = (...args: string[]) => server.kubectl(...args)
beforeAll(async () => {
  server = await ServerProcess.start()
})
afterEach(async () => {
  await kubectl('delete', 'stages', '--all')
})
afterAll(() => server?.stop())

it('lead pods from their creation to their end', async () => {
  await kubectl('apply', '-f', `${FILES}pod/fast`)
  await kubectl('create', 'deployment', 'web', '--image=nginx', '--replicas=3')
  await kubectl('create', 'job', 'once', '--image=busybox', '--', 'sleep', '1000')
  await kubectl('rollout', 'status', 'deployment/web', '--timeout=30s')
  await kubectl('wait', '--for=condition=Complete', 'job/once', '--timeout=30s')
  await kubectl('delete', 'deployment', 'web')
  await kubectl('wait', '--for=delete', 'pod', '-l', 'app=web', '--timeout=30s')
})

it('lead nodes, until they are gone', async () => {
  await kubectl('apply', '-f', `${FILES}node/fast`, '-f', `${FILES}node/chaos`)
  const statusOf = async (node: string) =>
    kubectl(
      'get',
      'node',
      node,
      '-o',
      'jsonpath={.status.conditions[?(@.type=="Ready")].status} {.status.conditions[?(@.type=="Ready")].reason}',
    )
  await eventually(async () => expect(await kubectl('get', 'node', 'node-1', '-o', 'jsonpath={.status.phase}')).toBe('Running'))
  await kubectl('label', 'node', 'node-1', 'node-not-ready.stage.kwok.x-k8s.io=true')
  await eventually(async () => expect(await statusOf('node-1')).toBe('False nodeFailed'))
  expect(await statusOf('node-2')).toMatch(/^True /)
  await kubectl('delete', 'stages', '--all')
  await eventually(async () => expect(await statusOf('node-1')).toBe('True KubeletReady'))
})

it('let containers fail by label, as kwok does', async () => {
  await kubectl('apply', '-f', `${FILES}pod/general`, '-f', `${FILES}pod/chaos`)
  await kubectl('run', 'fails', '--image=nginx', '--restart=Never', '-l', 'pod-container-running-failed.stage.kwok.x-k8s.io=true')
  await eventually(
    async () =>
      expect(await kubectl('get', 'pod', 'fails', '-o', 'jsonpath={.status.containerStatuses[0].state.terminated.exitCode}')).toBe('1'),
    20_000,
  )
  await kubectl('delete', 'pod', 'fails')
})

it('provide volumes, by CEL and by applying other objects', async () => {
  await kubectl('apply', '-f', `${FILES}volume/fast`)
  const spec = { accessModes: ['ReadWriteOnce'], storageClassName: 'kwok-volume', resources: { requests: { storage: '1Gi' } } }
  await server.apply({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'disk' }, spec })
  await kubectl('wait', '--for=jsonpath={.status.phase}=Bound', 'pvc/disk', '--timeout=30s')
  expect(await kubectl('get', 'pv', '-o', 'jsonpath={.items[*].status.phase} {.items[*].spec.claimRef.name}')).toBe('Bound disk')
})
