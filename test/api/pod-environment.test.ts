/** What upstream's conformance tests of variables ask of a container, answered by its log. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Json } from '../support/api.ts'
import { Conformance } from '../support/conformance.ts'

let e2e: Conformance
beforeAll(async () => {
  e2e = await Conformance.start({ nodes: 1 })
})
afterAll(() => e2e.close())

const ENV = ['sh', '-c', 'env']
const value = (name: string, text: string) => ({ name, value: text })
const from = (name: string, valueFrom: object) => ({ name, valueFrom })
const field = (name: string, fieldPath: string) => from(name, { fieldRef: { apiVersion: 'v1', fieldPath } })
const resource = (name: string, of: string) => from(name, { resourceFieldRef: { resource: of } })

async function run(
  namespace: string,
  container: object,
  { volumes = [], annotations = {} }: { volumes?: object[]; annotations?: object } = {},
) {
  const pods = e2e.client('v1/pods', namespace)
  const name = `client-${counter++}`
  const containers = [{ name: 'main', image: 'registry.k8s.io/e2e-test-images/busybox:1.37.0-1', ...container }]
  await pods.create({ metadata: { name, annotations }, spec: { restartPolicy: 'Never', containers, volumes } })
  await e2e.seconds(2)
  const pod = await pods.get(name)
  const log = async () => (await e2e.api.get(`/api/v1/namespaces/${namespace}/pods/${name}/log`)).text as string
  return { name, pods, pod, lines: async () => (await log()).split('\n') }
}
let counter = 1

const waiting = (pod: Json) => pod.status.containerStatuses[0].state.waiting

describe('variables', () => {
  it('come from a ConfigMap', async () => {
    const namespace = await e2e.namespace('configmap')
    const data = { 'data-1': 'value-1', data_2: 'value-2' }
    await e2e.client('v1/configmaps', namespace).create({ metadata: { name: 'cfg' }, data })
    const env = [from('CONFIG_DATA_1', { configMapKeyRef: { name: 'cfg', key: 'data-1' } })]
    const envFrom = [{ configMapRef: { name: 'cfg' } }, { prefix: 'p-', configMapRef: { name: 'cfg' } }]
    const lines = await (await run(namespace, { command: ENV, env, envFrom })).lines()
    for (const line of ['CONFIG_DATA_1=value-1', 'data-1=value-1', 'data_2=value-2', 'p-data-1=value-1', 'p-data_2=value-2'])
      expect(lines).toContain(line)
  })

  it('come from a Secret', async () => {
    const namespace = await e2e.namespace('secrets')
    const data = { 'data-1': Buffer.from('value-1\n').toString('base64') }
    await e2e.client('v1/secrets', namespace).create({ metadata: { name: 'login' }, data })
    const env = [from('SECRET_DATA', { secretKeyRef: { name: 'login', key: 'data-1' } })]
    const lines = await (await run(namespace, { command: ENV, env, envFrom: [{ prefix: 'p_', secretRef: { name: 'login' } }] })).lines()
    expect(lines).toContain('SECRET_DATA=value-1')
    expect(lines).toContain('p_data-1=value-1')
  })

  it('are fields of the pod', async () => {
    const namespace = await e2e.namespace('downward-api')
    const env = [
      field('POD_NAME', 'metadata.name'),
      field('POD_NAMESPACE', 'metadata.namespace'),
      field('POD_IP', 'status.podIP'),
      field('POD_IPS', 'status.podIPs'),
      field('HOST_IP', 'status.hostIP'),
      field('POD_UID', 'metadata.uid'),
    ]
    const { pod, lines } = await run(namespace, { command: ENV, env })
    const { podIP, hostIP } = pod.status
    const expected = [`POD_NAME=${pod.metadata.name}`, `POD_NAMESPACE=${namespace}`, `POD_UID=${pod.metadata.uid}`, `HOST_IP=${hostIP}`]
    for (const line of [...expected, `POD_IP=${podIP}`, `POD_IPS=${podIP}`]) expect(await lines()).toContain(line)
  })

  it('are what the container asks for, and what its node has where it asks for nothing', async () => {
    const namespace = await e2e.namespace('downward-api')
    const env = [
      resource('CPU_LIMIT', 'limits.cpu'),
      resource('MEMORY_LIMIT', 'limits.memory'),
      resource('CPU_REQUEST', 'requests.cpu'),
      resource('MEMORY_REQUEST', 'requests.memory'),
    ]
    const resources = { requests: { cpu: '250m', memory: '32Mi' }, limits: { cpu: '1250m', memory: '64Mi' } }
    const lines = await (await run(namespace, { command: ENV, env, resources })).lines()
    for (const line of ['CPU_LIMIT=2', 'MEMORY_LIMIT=67108864', 'CPU_REQUEST=1', 'MEMORY_REQUEST=33554432']) expect(lines).toContain(line)
    const unlimited = await (await run(namespace, { command: ENV, env })).lines()
    for (const line of ['CPU_LIMIT=8', `MEMORY_LIMIT=${32 * 2 ** 30}`, 'CPU_REQUEST=0']) expect(unlimited).toContain(line)
  })

  it('are those of the services that were there first', async () => {
    const namespace = await e2e.namespace('pods')
    const services = e2e.client('v1/services', namespace)
    await services.create({ metadata: { name: 'fooservice' }, spec: { ports: [{ port: 8765, targetPort: 8080 }], selector: { a: 'b' } } })
    const { clusterIP } = (await services.get('fooservice')).spec
    const { pods, name, lines } = await run(namespace, { command: ['sh', '-c', 'env; sleep 1000'] })
    await services.create({ metadata: { name: 'late' }, spec: { ports: [{ port: 1 }] } })
    const expected = [
      `FOOSERVICE_SERVICE_HOST=${clusterIP}`,
      'FOOSERVICE_SERVICE_PORT=8765',
      `FOOSERVICE_PORT=tcp://${clusterIP}:8765`,
      'FOOSERVICE_PORT_8765_TCP_PORT=8765',
      'FOOSERVICE_PORT_8765_TCP_PROTO=tcp',
      `FOOSERVICE_PORT_8765_TCP=tcp://${clusterIP}:8765`,
      `FOOSERVICE_PORT_8765_TCP_ADDR=${clusterIP}`,
      'KUBERNETES_SERVICE_PORT=443',
    ]
    for (const line of expected) expect(await lines()).toContain(line)
    expect((await lines()).filter((line) => line.startsWith('LATE'))).toEqual([])
    await pods.delete(name)
  })

  it('are made of others', async () => {
    const env = [value('FOO', 'foo-value'), value('BAR', 'bar-value'), value('FOOBAR', '$(FOO);;$(BAR)')]
    const { lines } = await run(await e2e.namespace('var-expansion'), { command: ENV, env })
    for (const line of ['FOO=foo-value', 'BAR=bar-value', 'FOOBAR=foo-value;;bar-value']) expect(await lines()).toContain(line)
  })

  it('may have almost any name', async () => {
    const names = ['!"#$%&\'()', '* +,-./0123456789', ':;<>?@', '[\\]^_`{}|~']
    const env = names.map((name, i) => value(name, `value-${i}`))
    const { lines } = await run(await e2e.namespace('var-expansion'), { command: ENV, env })
    for (const [i, name] of names.entries()) expect(await lines()).toContain(`${name}=value-${i}`)
  })

  it.each([
    ['command', { command: ['sh', '-c', 'TEST_VAR=wrong echo "$(TEST_VAR)"'] }],
    ['args', { command: ['sh', '-c'], args: ['TEST_VAR=wrong echo "$(TEST_VAR)"'] }],
  ])('take their place in the %s', async (_, command) => {
    const { lines } = await run(await e2e.namespace('var-expansion'), { ...command, env: [value('TEST_VAR', 'test-value')] })
    expect(await lines()).toEqual(['test-value', ''])
  })
})

describe('the part of a volume that variables name', () => {
  const volumes = [{ name: 'workdir1', emptyDir: {} }]
  const volumeMounts = [
    { name: 'workdir1', mountPath: '/logscontainer', subPathExpr: '$(POD_NAME)' },
    { name: 'workdir1', mountPath: '/testcontainer' },
  ]
  it('is there', async () => {
    const command = ['sh', '-c', 'test -d /testcontainer/foo; echo $?']
    const { lines } = await run(
      await e2e.namespace('var-expansion'),
      { command, env: [value('POD_NAME', 'foo')], volumeMounts },
      { volumes },
    )
    expect(await lines()).toEqual(['0', ''])
  })

  it.each([
    ['..', "unable to provision SubPath `..`: must not contain '..'"],
    ['a/../b', "unable to provision SubPath `a/../b`: must not contain '..'"],
    ['/tmp', 'error SubPath `/tmp` must not be an absolute path'],
  ])('is not %s', async (path, message) => {
    const { pod } = await run(await e2e.namespace('var-expansion'), { env: [value('POD_NAME', path)], volumeMounts }, { volumes })
    expect(waiting(pod)).toEqual({ reason: 'CreateContainerConfigError', message })
  })

  it('may come to be one later', async () => {
    const env = [value('POD_NAME', 'foo'), field('ANNOTATION', "metadata.annotations['mysubpath']")]
    const mounts = [{ name: 'workdir1', mountPath: '/subpath_mount', subPathExpr: '$(ANNOTATION)/$(POD_NAME)' }]
    const container = { command: ['sh', '-c', 'tail -f /dev/null'], env, volumeMounts: mounts }
    const { name, pods, pod } = await run(await e2e.namespace('var-expansion'), container, {
      volumes,
      annotations: { notmysubpath: 'mypath' },
    })
    expect([pod.status.phase, waiting(pod).message]).toEqual(['Pending', 'missing value for ANNOTATION'])
    await pods.patch(name, { metadata: { annotations: { mysubpath: 'mypath' } } })
    await e2e.seconds(10)
    expect((await pods.get(name)).status.phase).toBe('Running')
    // What it is doesn't follow the annotation any more.
    await pods.patch(name, { metadata: { annotations: { mysubpath: null } } })
    await e2e.seconds(60)
    expect((await pods.get(name)).status.phase).toBe('Running')
  })
})
