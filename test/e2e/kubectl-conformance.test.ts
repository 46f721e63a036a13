/** Upstream’s conformance tests of kubectl for which no answer from a container is needed: test/e2e/kubectl/kubectl.go. */
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

/** The Agnhost controller of upstream's manifests. */
const PRIMARY = {
  apiVersion: 'v1',
  kind: 'ReplicationController',
  metadata: { name: 'agnhost-primary', labels: { app: 'agnhost', role: 'primary' } },
  spec: {
    replicas: 1,
    selector: { app: 'agnhost', role: 'primary' },
    template: {
      metadata: { labels: { app: 'agnhost', role: 'primary' } },
      spec: { containers: [{ name: 'agnhost-primary', image: 'agnhost:2.53', ports: [{ name: 'agnhost-server', containerPort: 6379 }] }] },
    },
  },
}
const SERVICE = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'agnhost-primary', labels: { app: 'agnhost', role: 'primary' } },
  spec: { selector: { app: 'agnhost', role: 'primary' }, ports: [{ port: 6379, targetPort: 'agnhost-server' }] },
}

/** A namespace of its own with both, and kubectl in it. */
async function startPrimary(namespace: string): Promise<{ kubectl: (command: string) => Promise<string>; pod: string }> {
  const kubectl = (command: string) => server.kubectl(...command.split(' '), '-n', namespace)
  await server.kubectl('create', 'namespace', namespace)
  for (const object of [PRIMARY, SERVICE]) await server.apply({ ...object, metadata: { ...object.metadata, namespace } })
  await kubectl('wait pod -l app=agnhost --for=condition=Ready --timeout=60s')
  return { kubectl, pod: (await kubectl('get pods -l app=agnhost -o jsonpath={.items[0].metadata.name}')).trim() }
}

it('[sig-cli] Kubectl client Kubectl describe should check if kubectl describe prints relevant information for rc and pods', async () => {
  const { kubectl, pod } = await startPrimary('described')
  const ofPod = [
    'Name: +agnhost-primary-',
    'Namespace: +described',
    'Node: ',
    'Labels: +app=agnhost',
    'role=primary',
    'Status: +Running',
    'IP: ',
  ]
  for (const line of [
    ...ofPod,
    'Controlled By: +ReplicationController/agnhost-primary',
    'Image: ',
    'State: +Running',
    'QoS Class: +BestEffort',
  ]) {
    expect(await kubectl(`describe pod ${pod}`)).toMatch(new RegExp(line))
  }
  const ofController = [
    'Name: +agnhost-primary',
    'Selector: +app=agnhost,role=primary',
    'Replicas: +1 current',
    '1 desired',
    'Pods Status: +1 Running',
    'Pod Template:',
  ]
  const rc = await kubectl('describe rc agnhost-primary')
  for (const line of [...ofController, 'Image: ', 'Events:']) expect(rc).toMatch(new RegExp(line))
  const service = await kubectl('describe service agnhost-primary')
  for (const line of [
    'Name: +agnhost-primary',
    'Selector: +app=agnhost,role=primary',
    'Type: +ClusterIP',
    'IP: ',
    'Port: +<unset> +6379/TCP',
    'Endpoints: ',
    'Session Affinity: +None',
  ]) {
    expect(service).toMatch(new RegExp(line))
  }
  const node = await kubectl(`describe node ${(await kubectl(`get pod ${pod} -o jsonpath={.spec.nodeName}`)).trim()}`)
  for (const line of [
    'Labels:',
    'Annotations:',
    'CreationTimestamp:',
    'Conditions:',
    'MemoryPressure',
    'DiskPressure',
    'Ready',
    'Addresses:',
    'Capacity:',
    'Kubelet Version:',
    'Lease:',
    'Non-terminated Pods:',
  ]) {
    expect(node).toContain(line)
  }
  expect(await kubectl('describe namespace described')).toMatch(/Name: +described\n[\s\S]*Status: +Active/)
})

it('[sig-cli] Kubectl client Kubectl patch should add annotations for pods in rc', async () => {
  const { kubectl, pod } = await startPrimary('patched')
  await kubectl(`patch pod ${pod} -p {"metadata":{"annotations":{"x":"y"}}}`)
  expect(await kubectl(`get pod ${pod} -o jsonpath={.metadata.annotations.x}`)).toBe('y')
})

it("[sig-cli] Kubectl client Kubectl replace should update a single-container pod's image", async () => {
  await server.kubectl('create', 'namespace', 'replaced')
  await server.kubectl('run', 'e2e-test-pod', '--image=agnhost:2.53', '--labels=run=e2e-test-pod', '-n', 'replaced')
  await server.kubectl('wait', 'pod/e2e-test-pod', '--for=condition=Ready', '--timeout=60s', '-n', 'replaced')
  const manifest = await server.kubectl('get', 'pod', 'e2e-test-pod', '-o', 'json', '-n', 'replaced')
  const replaced = await server.tryKubectl(
    ['replace', '-f', '-', '-n', 'replaced'],
    manifest.replace('"image": "agnhost:2.53"', '"image": "busybox:1.37"'),
  )
  expect(replaced.stderr).toBe('')
  const path = '/api/v1/namespaces/replaced/pods/e2e-test-pod'
  expect((await server.json<{ spec: { containers: { image: string }[] } }>(path)).spec.containers[0]!.image).toBe('busybox:1.37')
})

it('[sig-cli] Kubectl client Kubectl server-side dry-run should check if kubectl can dry-run update Pods', async () => {
  await server.kubectl('create', 'namespace', 'dry')
  await server.kubectl('run', 'e2e-test-pod', '--image=agnhost:2.53', '-n', 'dry')
  const patch = '{"spec":{"containers":[{"name":"e2e-test-pod","image":"busybox:1.37"}]}}'
  await server.kubectl('patch', 'pod', 'e2e-test-pod', '-p', patch, '--dry-run=server', '-n', 'dry')
  expect(await server.kubectl('get', 'pod', 'e2e-test-pod', '-o', 'jsonpath={.spec.containers[0].image}', '-n', 'dry')).toBe('agnhost:2.53')
})
