import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { isReady, namesOf, Scenario } from '../support/scenario.ts'

let folder: string
let cluster: Scenario
let reported: string[]
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'coracle-static-'))
  reported = []
  vi.spyOn(console, 'error').mockImplementation((...parts: unknown[]) => void reported.push(parts.join(' ')))
})
afterEach(async () => {
  await cluster?.close()
  rmSync(folder, { recursive: true, force: true })
  vi.restoreAllMocks()
})

const manifest = (name: string, { image = 'proxy:1', spec = '', metadata = '' } = {}) => `
apiVersion: v1
kind: Pod
metadata:
  name: ${name}
  ${metadata}
spec:
  containers:
    - name: main
      image: ${image}
  ${spec}
`

function write(node: string, file: string, text: string): void {
  mkdirSync(join(folder, node), { recursive: true })
  writeFileSync(join(folder, node, file), text)
}
const remove = (node: string, file: string) => rmSync(join(folder, node, file))
const start = async (nodes = 2) => {
  cluster = await Scenario.start({ nodes, staticPods: folder })
}
/** A look into the folder later. */
const look = () => cluster.seconds(20)
const names = async () => namesOf(await cluster.pods())

describe('a static pod', () => {
  it('has a mirror in the API, as a kubelet makes it, and runs on its node', async () => {
    write('node-1', 'proxy.yaml', manifest('proxy', { metadata: 'labels: { app: proxy }' }))
    await start()
    const mirror = await cluster.pod('proxy-node-1')
    const node = await cluster.node('node-1')
    const { annotations, labels, ownerReferences } = mirror.metadata
    const hash = annotations!['kubernetes.io/config.hash']
    expect(hash).toMatch(/^[0-9a-f]{32}$/)
    expect(annotations).toEqual({
      'kubernetes.io/config.hash': hash,
      'kubernetes.io/config.mirror': hash,
      'kubernetes.io/config.seen': '2026-01-01T00:00:00.000000Z',
      'kubernetes.io/config.source': 'file',
    })
    expect(labels).toEqual({ app: 'proxy' })
    expect(mirror.metadata.uid).not.toBe(hash)
    expect(ownerReferences).toEqual([{ apiVersion: 'v1', kind: 'Node', name: 'node-1', uid: node.metadata.uid, controller: true }])
    expect(mirror.spec).toMatchObject({ nodeName: 'node-1', tolerations: [{ operator: 'Exists', effect: 'NoExecute' }], priority: 0 })
    // Nothing of the API is in it.
    expect(mirror.spec.serviceAccountName).toBeUndefined()
    expect(mirror.spec.volumes).toBeUndefined()
    expect(mirror.status).toMatchObject({ phase: 'Running', hostIP: '10.0.0.2' })
    expect(isReady(mirror)).toBe(true)
  })

  it('gets the priority of its class', async () => {
    write('node-1', 'a.yaml', manifest('a', { spec: 'priorityClassName: system-node-critical' }))
    await start()
    expect((await cluster.pod('a-node-1')).spec.priority).toBe(2000001000)
  })

  it('comes when its file comes, and goes when it goes, its containers first', async () => {
    await start()
    expect(await names()).toEqual([])
    write(
      'node-2',
      'a.json',
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'a', annotations: { 'coracle.dev/stop-delay': '5s' } },
        spec: { containers: [{ name: 'main', image: 'a' }] },
      }),
    )
    await look()
    expect(await names()).toEqual(['a-node-2'])
    remove('node-2', 'a.json')
    await look()
    expect(await cluster.events('a-node-2', 'Killing')).toHaveLength(1)
    expect(await names()).toEqual(['a-node-2'])
    await cluster.seconds(5)
    expect(await names()).toEqual([])
  })

  it('that is deleted in the API is back at once, and its containers ran on', async () => {
    write('node-1', 'a.yaml', manifest('a'))
    await start()
    await cluster.seconds(30)
    const before = await cluster.pod('a-node-1')
    await cluster.delete('pods', 'a-node-1')
    const after = await cluster.pod('a-node-1')
    expect(after.metadata.uid).not.toBe(before.metadata.uid)
    expect(after.metadata.annotations).toEqual(before.metadata.annotations)
    expect(after.status?.containerStatuses).toEqual(before.status?.containerStatuses)
    expect(after.status?.podIP).toBe(before.status?.podIP)
    expect(await cluster.events('a-node-1', 'Killing')).toEqual([])
    await cluster.delete('pods', 'a-node-1', { gracePeriodSeconds: 0 })
    expect((await cluster.pod('a-node-1')).status?.containerStatuses).toEqual(before.status?.containerStatuses)
  })

  it('that has ended has ended in its next mirror too', async () => {
    write('node-1', 'a.yaml', manifest('a', { spec: 'restartPolicy: Never', metadata: 'annotations: { coracle.dev/run-for: 3s }' }))
    await start()
    await cluster.seconds(4)
    expect((await cluster.pod('a-node-1')).status?.phase).toBe('Succeeded')
    await cluster.delete('pods', 'a-node-1')
    await cluster.seconds(60)
    const { status } = await cluster.pod('a-node-1')
    expect(status).toMatchObject({ phase: 'Succeeded', containerStatuses: [{ restartCount: 0 }] })
    expect(await cluster.events('a-node-1', 'Started')).toHaveLength(1)
  })

  it('is made anew when its file changes', async () => {
    write('node-1', 'a.yaml', manifest('a'))
    await start()
    const before = await cluster.pod('a-node-1')
    await look()
    expect((await cluster.pod('a-node-1')).metadata.uid).toBe(before.metadata.uid)
    write('node-1', 'a.yaml', manifest('a', { image: 'proxy:22' }))
    await look()
    const after = await cluster.pod('a-node-1')
    expect(after.metadata.uid).not.toBe(before.metadata.uid)
    expect(after.metadata.annotations!['kubernetes.io/config.hash']).not.toBe(before.metadata.annotations!['kubernetes.io/config.hash'])
    expect(after.spec.containers[0]?.image).toBe('proxy:22')
    expect(after.status).toMatchObject({ phase: 'Running', containerStatuses: [{ restartCount: 0, image: 'docker.io/library/proxy:22' }] })
  })

  it('is in the namespace it says, as soon as that is there', async () => {
    write('node-1', 'a.yaml', manifest('a', { metadata: 'namespace: infra' }))
    await start()
    expect((await cluster.client.list('pods')).items).toEqual([])
    await cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'infra' } })
    await cluster.seconds(60)
    expect(namesOf((await cluster.client.list('pods', 'infra')).items)).toEqual(['a-node-1'])
  })

  it('with an image that changes on disk while its mirror is being deleted is the new one', async () => {
    write('node-1', 'a.yaml', manifest('a'))
    await start()
    write('node-1', 'a.yaml', manifest('a', { image: 'proxy:33' }))
    await cluster.delete('pods', 'a-node-1')
    await look()
    expect((await cluster.pod('a-node-1')).spec.containers[0]?.image).toBe('proxy:33')
  })
})

describe('what is in the folder', () => {
  it('is read by node and by name; what begins with a dot is left alone', async () => {
    write('node-1', 'a.yaml', manifest('a'))
    write('node-1', '.b.yaml', manifest('b'))
    write('node-1', 'c', `${manifest('c')}---\n${manifest('d')}`)
    write('node-2', 'a.yaml', manifest('a'))
    write('.node-2', 'e.yaml', manifest('e'))
    write('node-9', 'f.yaml', manifest('f'))
    writeFileSync(join(folder, 'README'), 'no manifest')
    await start()
    // Of several documents a kubelet reads the first.
    expect(await names()).toEqual(['a-node-1', 'a-node-2', 'c-node-1'])
    expect(reported).toEqual([])
    await cluster.cluster.simulation.join({ name: 'node-9' })
    await cluster.seconds(1)
    expect(await names()).toContain('f-node-9')
  })

  it.each([
    ['no YAML', 'a: [', /couldn't parse as pod\(yaml: line/],
    ['no object', '"text"', /couldn't parse as pod\(it is no object\)/],
    ['no kind', 'metadata: { name: a }', /couldn't parse as pod\(Object 'Kind' is missing in/],
    ['another kind', 'apiVersion: v1\nkind: Service\nmetadata: { name: a }', /invalid pod: it is a Service of v1/],
    ['no name', 'apiVersion: v1\nkind: Pod\nspec: { containers: [] }', /invalid pod: name is needed for the pod/],
    ['no spec', 'apiVersion: v1\nkind: Pod\nmetadata: { name: a }', /spec.containers: Required value/],
    ['a name that is none', manifest('A_b'), /invalid pod: \[metadata.name: Invalid value: "A_b-node-1"/],
    ['a field of another type', manifest('a', { spec: 'hostNetwork: 3' }), /cannot unmarshal number/],
    ['a service account', manifest('a', { spec: 'serviceAccountName: x' }), /static pods may not reference serviceaccounts/],
    ['a secret', manifest('a', { spec: 'imagePullSecrets: [{ name: x }]' }), /static pods may not reference secrets/],
    ['a config map', manifest('a', { spec: 'volumes: [{ name: v, configMap: { name: x } }]' }), /may not reference configmaps/],
    [
      'a claim',
      manifest('a', { spec: 'volumes: [{ name: v, persistentVolumeClaim: { claimName: x } }]' }),
      /may not reference persistentvolumeclaims/,
    ],
    [
      'a trust bundle',
      manifest('a', { spec: 'volumes: [{ name: v, projected: { sources: [{ clusterTrustBundle: { name: x, path: t } }] } }]' }),
      /static pods may not reference clustertrustbundles/,
    ],
  ])('is told of and left out when it is %s', async (_name, text, message) => {
    write('node-1', 'bad.yaml', text)
    write('node-1', 'good.yaml', manifest('good'))
    await start()
    expect(await names()).toEqual(['good-node-1'])
    const [event, ...others] = await cluster.events('node-1', 'FailedStaticPod')
    expect(others).toEqual([])
    expect(event?.message).toMatch(message)
    expect(event?.message).toContain(join(folder, 'node-1', 'bad.yaml'))
    expect(reported).toHaveLength(1)
    await look()
    expect(reported).toHaveLength(1)
    write('node-1', 'bad.yaml', manifest('mended'))
    await look()
    expect(await names()).toEqual(['good-node-1', 'mended-node-1'])
  })

  it('may come later than the cluster', async () => {
    rmSync(folder, { recursive: true })
    await start()
    expect(reported).toEqual([`static pods: Unable to read config path ${folder}: path does not exist, ignoring`])
    write('node-1', 'a.yaml', manifest('a'))
    await look()
    expect(await names()).toEqual(['a-node-1'])
    rmSync(folder, { recursive: true })
    await look()
    expect(await names()).toEqual([])
  })
})

describe('the node of a static pod', () => {
  beforeEach(async () => {
    write('node-1', 'a.yaml', manifest('a'))
    await start()
  })

  it('that fell silent keeps it as it is, and nothing evicts it', async () => {
    await cluster.cluster.simulation.fail('node-1')
    remove('node-1', 'a.yaml')
    write('node-1', 'b.yaml', manifest('b'))
    await cluster.seconds(1000)
    const { metadata, status } = await cluster.pod('a-node-1')
    expect(metadata.deletionTimestamp).toBeUndefined()
    expect(status?.phase).toBe('Running')
    expect(await names()).toEqual(['a-node-1'])
    await cluster.cluster.simulation.recover('node-1')
    await cluster.seconds(1)
    expect(await names()).toEqual(['b-node-1'])
  })

  it('that leaves takes it along; another one of the name runs it again', async () => {
    const { metadata } = await cluster.pod('a-node-1')
    await cluster.cluster.simulation.leave('node-1')
    await cluster.seconds(60)
    expect(await names()).toEqual([])
    await cluster.cluster.simulation.join({ name: 'node-1' })
    await cluster.seconds(1)
    const again = await cluster.pod('a-node-1')
    expect(again.metadata.uid).not.toBe(metadata.uid)
    expect(again.status?.phase).toBe('Running')
    expect(again.metadata.ownerReferences?.[0]?.uid).toBe((await cluster.node('node-1')).metadata.uid)
  })

  it('removes a mirror that mirrors nothing', async () => {
    const metadata = { name: 'stray', annotations: { 'kubernetes.io/config.mirror': 'x' } }
    await cluster.apply({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata,
      spec: { nodeName: 'node-1', containers: [{ name: 'main', image: 'a' }] },
    })
    await cluster.seconds(1)
    expect(await names()).toEqual(['a-node-1'])
  })

  it('leaves a pod alone that has the name', async () => {
    await cluster.apply({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'b-node-1' },
      spec: { containers: [{ name: 'main', image: 'other' }] },
    })
    write('node-1', 'b.yaml', manifest('b'))
    await look()
    expect((await cluster.pod('b-node-1')).spec.containers[0]?.image).toBe('other')
    await cluster.delete('pods', 'b-node-1')
    await cluster.seconds(1)
    expect((await cluster.pod('b-node-1')).spec.containers[0]?.image).toBe('proxy:1')
  })
})

it('a start later the mirrors are those of before', async () => {
  write('node-1', 'a.yaml', manifest('a'))
  const storage = `sqlite:${join(folder, '.db')}`
  cluster = await Scenario.start({ nodes: 1, staticPods: folder, storage })
  const { metadata } = await cluster.pod('a-node-1')
  await cluster.close()
  cluster = await Scenario.start({ nodes: 1, staticPods: folder, storage })
  expect((await cluster.pod('a-node-1')).metadata.uid).toBe(metadata.uid)
})
