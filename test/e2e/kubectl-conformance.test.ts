/** Upstream's conformance tests of kubectl that need an API server alone: test/e2e/kubectl/kubectl.go. */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { request } from 'node:http'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ServerProcess } from '../support/server-process.ts'

let server: ServerProcess
const started: ChildProcess[] = []
beforeAll(async () => {
  server = await ServerProcess.start()
})
afterAll(async () => {
  for (const child of started) {
    child.kill()
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  }
  await server?.stop()
})

/** Resolves with what it says first. */
async function startProxy(flag: string): Promise<string> {
  const child = server.startKubectl('proxy', flag)
  started.push(child)
  const [said] = (await once(child.stdout!, 'data')) as [Buffer | string]
  return String(said)
}

async function versionsAt(options: { readonly port?: number; readonly socketPath?: string }): Promise<string[]> {
  const call = request({ host: '127.0.0.1', path: '/api/', ...options })
  call.end()
  const [response] = await once(call, 'response')
  return ((await json(response)) as { versions: string[] }).versions
}

it('[sig-cli] Kubectl client Kubectl api-versions should check if v1 is in available api versions', async () => {
  expect((await server.kubectl('api-versions')).split('\n')).toContain('v1')
})

it('[sig-cli] Kubectl client Kubectl cluster-info should check if Kubernetes control plane services is included in cluster-info', async () => {
  expect(await server.kubectl('cluster-info')).toMatch(/Kubernetes control plane.* is running at /)
})

it('[sig-cli] Kubectl client Kubectl version should check is all data is printed', async () => {
  const printed = await server.kubectl('version')
  expect(printed).toMatch(/^Client Version: v\d\.\d+\.[\d\w.+-]+$/m)
  expect(printed).toMatch(/^Server Version: v\d\.\d+\.[\d\w.+-]+$/m)
})

it('[sig-cli] Kubectl client Kubectl run pod should create a pod from an image when restart is Never', async () => {
  await server.kubectl('run', 'e2e-test-httpd-pod', '--restart=Never', '--pod-running-timeout=2m0s', '--image=agnhost:2.53')
  const { spec } = await server.json<{ spec: { restartPolicy: string; containers: { image: string }[] } }>(
    '/api/v1/namespaces/default/pods/e2e-test-httpd-pod',
  )
  expect([spec.restartPolicy, ...spec.containers.map(({ image }) => image)]).toEqual(['Never', 'agnhost:2.53'])
})

it('[sig-cli] Kubectl client Kubectl diff should check if kubectl diff finds a difference for Deployments', async () => {
  const deployment = (image: string) =>
    JSON.stringify({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'httpd-deployment' },
      spec: {
        replicas: 1,
        selector: { matchLabels: { app: 'httpd' } },
        template: {
          metadata: { labels: { app: 'httpd' } },
          spec: { containers: [{ name: 'httpd', image, ports: [{ containerPort: 80 }] }] },
        },
      },
    })
  expect(await server.tryKubectl(['create', '-f', '-'], deployment('agnhost:2.53'))).toMatchObject({ code: 0 })
  const { stdout, code } = await server.tryKubectl(['diff', '-f', '-'], deployment('busybox:1.37'))
  expect(code).toBe(1)
  expect(stdout).toMatch(/^-.*agnhost:2\.53$/m)
  expect(stdout).toMatch(/^\+.*busybox:1\.37$/m)
  expect(await server.tryKubectl(['delete', '-f', '-'], deployment('busybox:1.37'))).toMatchObject({ code: 0 })
})

it('[sig-cli] Kubectl client Proxy server should support proxy with --port 0', async () => {
  const port = Number(/:(\d+)$/m.exec(await startProxy('--port=0'))?.[1])
  expect(await versionsAt({ port })).toEqual(['v1'])
})

it('[sig-cli] Kubectl client Proxy server should support --unix-socket=/path', async () => {
  const socketPath = join(server.folder, 'proxy.sock')
  await startProxy(`--unix-socket=${socketPath}`)
  expect(await versionsAt({ socketPath })).toEqual(['v1'])
})
