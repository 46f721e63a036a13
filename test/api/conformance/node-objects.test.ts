import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { STRATEGIC_PATCH } from '../../support/api.ts'
import { checkApiOperations } from '../../support/api-operations.ts'
import { Conformance, expectNewer, expectRefused, expectValidRevision, namesOf } from '../../support/conformance.ts'
import { uniqueName } from '../../support/resource-client.ts'

let e2e: Conformance
beforeAll(async () => {
  e2e = await Conformance.start()
})
afterAll(() => e2e.close())

it('[sig-node] Node Lifecycle should run through the lifecycle of a node', async () => {
  const client = e2e.client('v1/nodes')
  const name = uniqueName('e2e-fake-node')
  const created = await client.create({
    metadata: { name },
    spec: { unschedulable: true },
    status: {
      phase: 'Running',
      conditions: [{ type: 'Ready', status: 'True', message: 'Set from e2e test', reason: 'E2E' }],
    },
  })
  expect(created.metadata.name).toBe(name)
  expectValidRevision(created)
  expect((await client.get(name)).metadata.uid).toBe(created.metadata.uid)
  const patched = await client.patch(name, { metadata: { labels: { [name]: 'patched' } } }, { type: STRATEGIC_PATCH })
  expect(patched.metadata.labels).toMatchObject({ [name]: 'patched' })
  expectNewer(patched, created)
  expect(namesOf(await client.list({ labelSelector: `${name}=patched` }))).toEqual([name])
  const updated = await client.change(name, ({ metadata }) => {
    metadata.labels[name] = 'updated'
  })
  expect(updated.metadata.labels).toMatchObject({ [name]: 'updated' })
  await client.delete(name)
  await expectRefused(client.get(name), 'NotFound')
})

describe('Pods', () => {
  it('[sig-node] Pods Extended Pods Set QOS Class should be set on Pods with matching resource requests and limits for memory and cpu', async () => {
    const client = e2e.client('v1/pods', await e2e.namespace('pods'))
    const amounts = { cpu: '100m', memory: '100Mi' }
    const containers = [{ name: 'agnhost', image: 'agnhost', resources: { limits: amounts, requests: amounts } }]
    await client.create({ metadata: { name: 'pod-qos-class', labels: { name: 'foo' } }, spec: { containers } })
    expect((await client.get('pod-qos-class')).status.qosClass).toBe('Guaranteed')
  })

  it('[sig-node] Sysctls [LinuxOnly] [NodeConformance] should reject invalid sysctls', async () => {
    const client = e2e.client('v1/pods', await e2e.namespace('sysctl'))
    const sysctls = [
      { name: 'foo-', value: 'bar' },
      { name: 'kernel.shmmax', value: '100000000' },
      { name: 'safe-and-unsafe', value: '100000000' },
      { name: 'bar..', value: '42' },
    ]
    const pod = {
      metadata: { name: uniqueName('sysctl') },
      spec: { restartPolicy: 'Never', securityContext: { sysctls }, containers: [{ name: 'test-container', image: 'busybox' }] },
    }
    const { message } = await expectRefused(client.create(pod), 'Invalid')
    expect(message).toContain('Invalid value: "foo-"')
    expect(message).toContain('Invalid value: "bar.."')
    expect(message).not.toMatch(/safe-and-unsafe|kernel\.shmmax/)
  })
})

const ofRuntimeClass = (name: string, runtimeClassName: string) => ({
  metadata: { name },
  spec: { runtimeClassName, containers: [{ name: 'busybox', image: 'busybox' }] },
})

it('[sig-node] RuntimeClass should reject a Pod requesting a non-existent RuntimeClass [NodeConformance]', async () => {
  const pods = e2e.client('v1/pods', await e2e.namespace('runtimeclass'))
  const { message } = await expectRefused(pods.create(ofRuntimeClass('test-runtimeclass', 'nonexistent')), 'Forbidden')
  expect(message).toBe('pods "test-runtimeclass" is forbidden: pod rejected: RuntimeClass "nonexistent" not found')
})

it('[sig-node] RuntimeClass should reject a Pod requesting a deleted RuntimeClass [NodeConformance]', async () => {
  const namespace = await e2e.namespace('runtimeclass')
  const pods = e2e.client('v1/pods', namespace)
  const classes = e2e.client('node.k8s.io/v1/runtimeclasses')
  const name = uniqueName('delete-me')
  await classes.create({ metadata: { name }, handler: 'runc' })
  await classes.delete(name)
  expect(namesOf(await classes.list())).not.toContain(name)
  const { message } = await expectRefused(pods.create(ofRuntimeClass('test-runtimeclass', name)), 'Forbidden')
  expect(message).toBe(`pods "test-runtimeclass" is forbidden: pod rejected: RuntimeClass "${name}" not found`)
})

it('[sig-node] RuntimeClass should support RuntimeClasses API operations', () =>
  checkApiOperations(e2e, {
    title: 'RuntimeClass',
    path: 'node.k8s.io/v1/runtimeclasses',
    object: { handler: 'runc' },
    names: ['e2e-runtimeclass-a', 'e2e-runtimeclass-b', 'e2e-runtimeclass-c'],
  }))
