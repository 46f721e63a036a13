/** What scripts write to the volumes of claims belongs to these, and outlives pods, nodes and the server. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FILES } from '../../src/api/core/v1/volume-annotations.ts'
import type { PersistentVolume, PersistentVolumeClaim } from '../../src/index.ts'
import { VirtualClock } from '../../src/lib/clock.ts'
import { Api } from '../support/api.ts'
import { Scenario } from '../support/scenario.ts'

let cluster: Scenario
beforeEach(async () => {
  cluster = await Scenario.start({ nodes: 2 })
})
afterEach(() => cluster.close())

const claim = (name: string, spec: object = {}) => ({
  kind: 'PersistentVolumeClaim',
  metadata: { name },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
})
const container = (script: string, mount: object = {}) => ({
  name: 'main',
  image: 'busybox:1',
  command: ['sh', '-c', script],
  volumeMounts: [{ name: 'data', mountPath: '/data', ...mount }],
})
const pod = (name: string, script: string, { mount = {}, ...spec }: { mount?: object; [field: string]: unknown } = {}) => ({
  kind: 'Pod',
  metadata: { name },
  spec: {
    restartPolicy: 'Never',
    volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'disk' } }],
    containers: [container(script, mount)],
    ...spec,
  },
})
const log = async (name: string) => (await new Api(cluster.cluster).get(`/api/v1/namespaces/default/pods/${name}/log`)).text
const volumeOf = async (name: string) => {
  const { spec } = await cluster.get<PersistentVolumeClaim>('persistentvolumeclaims', name)
  return cluster.get<PersistentVolume>('persistentvolumes', spec.volumeName!)
}
const texts = async (name: string) => {
  const files = JSON.parse((await volumeOf(name)).metadata.annotations?.[FILES] ?? '{}') as Record<string, { text: string }>
  return Object.fromEntries(Object.entries(files).map(([path, { text }]) => [path, text]))
}
const reads = async (script: string, options = {}) => {
  await cluster.apply(pod('reader', script, options))
  await cluster.seconds(1)
  const text = await log('reader')
  await cluster.delete('pods', 'reader')
  return text
}

describe('a claim', () => {
  beforeEach(() => cluster.apply(claim('disk')))

  it('keeps what a pod wrote when the pod has gone', async () => {
    await cluster.apply(pod('writer', 'mkdir -p /data/a; echo one > /data/a/b; echo two >> /data/a/b; rm -f /data/none'))
    await cluster.seconds(1)
    expect(await texts('disk')).toEqual({ 'a/b': 'one\ntwo\n' })
    await cluster.delete('pods', 'writer')
    expect(await reads('cat /data/a/b; ls /data; ls /data/a')).toBe('one\ntwo\na\nb\n')
  })

  it('shows a pod what another has written so far', async () => {
    await cluster.apply(pod('writer', 'echo early > /data/log; sleep 3; echo late >> /data/log; sleep infinity'))
    expect(await reads('cat /data/log')).toBe('early\n')
    await cluster.seconds(3)
    expect(await reads('cat /data/log')).toBe('early\nlate\n')
  })

  it('keeps what a pod wrote that was deleted by force, or whose node crashed', async () => {
    await cluster.apply(pod('forced', 'echo a >> /data/log; sleep infinity'))
    await cluster.delete('pods', 'forced', { gracePeriodSeconds: 0 })
    await cluster.apply(pod('crashed', 'echo b >> /data/log; sleep infinity', { nodeName: 'node-1' }))
    await cluster.cluster.simulation.crash('node-1')
    await cluster.seconds(60)
    expect(await reads('cat /data/log', { nodeName: 'node-2' })).toBe('a\nb\n')
  })

  it('tells a script that starts again what it did before', async () => {
    const script = 'if [ -f /data/done ]; then echo again; sleep infinity; fi; echo first; touch /data/done; exit 1'
    await cluster.apply(pod('twice', script, { restartPolicy: 'Always' }))
    await cluster.seconds(15)
    const { restartCount, state } = (await cluster.pod('twice')).status!.containerStatuses![0]!
    expect([restartCount, state?.running !== undefined, await log('twice')]).toEqual([1, true, 'again\n'])
  })

  it('is the same for all containers of a pod, and only as far as it is mounted', async () => {
    const initContainers = [{ ...container('echo from init > /data/x', { subPath: 'sub' }), name: 'init' }]
    expect(await reads('cat /data/sub/x', { initContainers })).toBe('from init\n')
    expect(await texts('disk')).toEqual({ 'sub/x': 'from init\n' })
    expect(await reads('cat /data/x', { mount: { subPath: 'sub' } })).toBe('from init\n')
    expect(await reads('cat /data/x || echo no')).toBe("cat: can't open '/data/x': No such file or directory\nno\n")
  })

  it('forgets what is removed', async () => {
    await cluster.apply(pod('writer', 'echo 1 > /data/a; echo 2 > /data/b; echo 3 > /data/c'))
    await cluster.seconds(1)
    expect(await reads('rm /data/a; ls /data')).toBe('b\nc\n')
    expect(await texts('disk')).toEqual({ b: '2\n', c: '3\n' })
    expect(await reads('rm -rf /data/*; ls /data; test -e /data/b || echo gone')).toBe('gone\n')
    expect(await texts('disk')).toEqual({})
  })

  it('loses nothing when two pods write to it at a time', async () => {
    const writers = [1, 2, 3].map((i) => pod(`w${i}`, `echo ${i} > /data/${i}; sleep infinity`))
    await Promise.all(
      writers.map((each) => cluster.client.create('pods', { ...each, metadata: { ...each.metadata, namespace: 'default' } } as never)),
    )
    await cluster.seconds(2)
    expect(await texts('disk')).toEqual({ 1: '1\n', 2: '2\n', 3: '3\n' })
  })

  it('lets a script that waits for a file go on', async () => {
    await cluster.apply(pod('waits', 'until [ -f /data/ready ]; do sleep 1; done; echo go'))
    await cluster.seconds(2)
    expect(await log('waits')).toBe('go\n')
  })

  it('begins with what somebody put into its volume, and what of it was cloned', async () => {
    await cluster.apply(pod('first', 'true'))
    await cluster.patch('persistentvolumes', (await volumeOf('disk')).metadata.name, {
      metadata: { annotations: { [FILES]: '{"seed.txt":"planted"}' } },
    })
    expect(await reads('cat /data/seed.txt')).toBe('planted')
    await cluster.apply(claim('copy', { dataSource: { kind: 'PersistentVolumeClaim', name: 'disk' } }))
    const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'copy' } }]
    expect(await reads('cat /data/seed.txt', { volumes })).toBe('planted')
  })
})

it('goes when its volume is recycled', async () => {
  const spec = {
    capacity: { storage: '1Gi' },
    accessModes: ['ReadWriteOnce'],
    persistentVolumeReclaimPolicy: 'Recycle',
    hostPath: { path: '/tmp/x' },
  }
  const metadata = { name: 'old', annotations: { [FILES]: '{"a":"b"}' } }
  await cluster.client.create('persistentvolumes', { metadata, spec: { ...spec, storageClassName: '' } } as never)
  await cluster.apply(claim('disk', { storageClassName: '' }), pod('reader', 'cat /data/a'))
  await cluster.seconds(1)
  expect(await log('reader')).toBe('b')
  await cluster.delete('pods', 'reader')
  await cluster.delete('persistentvolumeclaims', 'disk')
  const { status, metadata: left } = await cluster.get<PersistentVolume>('persistentvolumes', 'old')
  expect([status?.phase, left.annotations?.[FILES]]).toEqual(['Available', undefined])
})

it('is saved in lots by whoever writes without end', async () => {
  await cluster.apply(claim('disk'), pod('writer', 'while true; do echo x >> /data/log; sleep 1; done'))
  const revisions = new Set<string>()
  for (let i = 0; i < 60; i++) {
    await cluster.seconds(1)
    revisions.add((await volumeOf('disk')).metadata.resourceVersion!)
  }
  expect((await texts('disk')).log!.length / 2).toBeGreaterThanOrEqual(50)
  expect(revisions.size).toBeLessThanOrEqual(15)
})

it('a volume of a StatefulSet has its pod’s data when the pod is made anew, and after the server was killed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'coracle-files-'))
  const storage = `sqlite:${join(folder, 'files.db')}`
  const clock = new VirtualClock(Date.parse('2026-01-01T00:00:00Z'))
  let own = await Scenario.start({ nodes: 1, clock, storage })
  try {
    await own.apply({
      kind: 'StatefulSet',
      metadata: { name: 'db' },
      spec: {
        serviceName: 'db',
        selector: { matchLabels: { app: 'db' } },
        template: {
          metadata: { labels: { app: 'db' } },
          spec: { containers: [container('echo run >> /data/log; cat /data/log; sleep infinity')] },
        },
        volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: claim('data').spec }],
      },
    })
    await own.seconds(2)
    await own.delete('pods', 'db-0')
    await own.seconds(40)
    await own.close()
    own = await Scenario.start({ nodes: 1, clock, storage })
    await own.seconds(20)
    const answer = await new Api(own.cluster).get('/api/v1/namespaces/default/pods/db-0/log')
    expect(answer.text).toBe('run\nrun\n')
  } finally {
    await own.close()
    rmSync(folder, { recursive: true })
  }
})
