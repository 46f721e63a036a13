import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { attachmentName } from '../../src/api/core/v1/attachable-volume.ts'
import type { CSINode, VolumeAttachment } from '../../src/index.ts'
import { Scenario } from '../support/scenario.ts'

const DRIVER = 'disk.example.com'
const ATTACHMENTS = 'volumeattachments.storage.k8s.io'
const DRIVERS = 'csidrivers.storage.k8s.io'
const ON = (number: number) => `kubernetes.io/csi/${DRIVER}^handle-${number}`

let cluster: Scenario
beforeEach(async () => {
  cluster = await Scenario.start({ nodes: 2 })
})
afterEach(() => cluster.close())

/** A volume and the claim that is bound to it. */
const disk = async (number = 1, { modes = ['ReadWriteOnce'], driver = DRIVER, annotations = {} } = {}) => {
  const spec = {
    accessModes: modes,
    capacity: { storage: '1Gi' },
    storageClassName: '',
    claimRef: { namespace: 'default', name: `claim-${number}` },
    csi: { driver, volumeHandle: `handle-${number}` },
  }
  await cluster.client.create('persistentvolumes', { metadata: { name: `pv-${number}`, annotations }, spec } as never)
  const resources = { requests: { storage: '1Gi' } }
  const claim = { accessModes: modes, resources, storageClassName: '', volumeName: `pv-${number}` }
  await cluster.client.create('persistentvolumeclaims', {
    metadata: { name: `claim-${number}`, namespace: 'default' },
    spec: claim,
  } as never)
  await cluster.cluster.settle()
}
const user = (name: string, node: string, number = 1) => ({
  kind: 'Pod',
  metadata: { name },
  spec: {
    nodeName: node,
    terminationGracePeriodSeconds: 0,
    containers: [{ name: 'main', image: 'app:1', volumeMounts: [{ name: 'v', mountPath: '/v' }] }],
    volumes: [{ name: 'v', persistentVolumeClaim: { claimName: `claim-${number}` } }],
    tolerations: [{ operator: 'Exists', effect: 'NoExecute' }],
  },
})
const attachments = async () =>
  (await cluster.list<VolumeAttachment>(ATTACHMENTS)).map(({ spec, status }) => [
    spec.source.persistentVolumeName,
    spec.nodeName,
    status?.attached,
  ])
const volumes = async (node: string) => {
  const { volumesAttached = [], volumesInUse = [] } = (await cluster.node(node)).status ?? {}
  return { attached: volumesAttached.map(({ name }) => name), inUse: volumesInUse }
}
const phase = async (name: string) => (await cluster.find<import('../../src/index.ts').Pod>('pods', name))?.status?.phase
const told = async (pod: string) =>
  (await cluster.events(pod))
    .filter(({ reason }) => reason?.endsWith('AttachVolume'))
    .map(({ reason, message, count, source }) => [reason, message, count, source?.component])

describe('a volume of a CSI driver', () => {
  it('is attached to the node of its pod before that starts', async () => {
    await disk()
    await cluster.apply(user('app', 'node-1'))
    expect(await phase('app')).toBe('Pending')
    const [attachment] = await cluster.list<VolumeAttachment>(ATTACHMENTS)
    expect(attachment).toMatchObject({
      metadata: { name: attachmentName(DRIVER, 'handle-1', 'node-1') },
      spec: { attacher: DRIVER, nodeName: 'node-1', source: { persistentVolumeName: 'pv-1' } },
      status: { attached: true },
    })
    expect(await volumes('node-1')).toEqual({ attached: [ON(1)], inUse: [ON(1)] })
    expect(await told('app')).toEqual([
      ['SuccessfulAttachVolume', 'AttachVolume.Attach succeeded for volume "pv-1" ', 1, 'attachdetach-controller'],
    ])
    await cluster.seconds(1)
    expect(await phase('app')).toBe('Running')
    // The pod that comes after finds it there.
    await cluster.apply(user('second', 'node-1'))
    expect([await phase('second'), await told('second')]).toEqual(['Running', []])
  })

  it('is detached when the last pod that uses it is gone', async () => {
    await disk()
    await cluster.apply(user('app', 'node-1'), user('second', 'node-1'))
    await cluster.seconds(1)
    await cluster.delete('pods', 'app')
    expect(await attachments()).toEqual([['pv-1', 'node-1', true]])
    await cluster.delete('pods', 'second')
    expect([await attachments(), await volumes('node-1')]).toEqual([[], { attached: [], inUse: [] }])
  })

  it('is detached when its pod has ended', async () => {
    await disk()
    const pod = user('app', 'node-1')
    await cluster.apply({
      ...pod,
      spec: { ...pod.spec, restartPolicy: 'Never', containers: [{ ...pod.spec.containers[0], command: ['sleep', '5'] }] },
    })
    await cluster.seconds(3)
    expect(await attachments()).toHaveLength(1)
    await cluster.seconds(3)
    expect([await phase('app'), await attachments(), await volumes('node-1')]).toEqual(['Succeeded', [], { attached: [], inUse: [] }])
  })

  it('of the mode ReadWriteOnce is attached to one node at a time', async () => {
    await disk()
    await cluster.apply(user('app', 'node-1'))
    await cluster.seconds(1)
    await cluster.apply(user('other', 'node-2'))
    await cluster.seconds(100)
    expect(await phase('other')).toBe('Pending')
    expect(await told('other')).toEqual([
      ['FailedAttachVolume', 'Multi-Attach error for volume "pv-1" Volume is already used by pod(s) app', 1, 'attachdetach-controller'],
    ])
    await cluster.delete('pods', 'app')
    expect(await attachments()).toEqual([['pv-1', 'node-2', true]])
    await cluster.until('it runs', async () => (await phase('other')) === 'Running', 122)
  })

  it('is attached to one of two nodes that ask at once', async () => {
    await disk()
    await Promise.all(
      ['node-1', 'node-2'].map((node) =>
        cluster.client.create('pods', { ...user(node, node), metadata: { name: node, namespace: 'default' } } as never),
      ),
    )
    await cluster.cluster.settle()
    expect(await attachments()).toHaveLength(1)
    expect([...(await told('node-1')), ...(await told('node-2'))].map(([reason]) => reason).sort()).toEqual([
      'FailedAttachVolume',
      'SuccessfulAttachVolume',
    ])
  })

  it('of the mode ReadWriteMany is attached to all', async () => {
    await disk(1, { modes: ['ReadWriteMany'] })
    await cluster.apply(user('app', 'node-1'), user('other', 'node-2'))
    await cluster.seconds(1)
    expect([await phase('app'), await phase('other')]).toEqual(['Running', 'Running'])
    expect(await attachments()).toHaveLength(2)
  })

  it('whose driver attaches nothing costs nothing', async () => {
    await cluster.client.create(DRIVERS, { metadata: { name: DRIVER }, spec: { attachRequired: false } } as never)
    await disk()
    await disk(2, { driver: 'simulated.coracle.dev' })
    await cluster.apply(user('app', 'node-1'), user('ours', 'node-1', 2))
    expect([await phase('app'), await phase('ours'), await attachments()]).toEqual(['Running', 'Running', []])
    expect(await volumes('node-1')).toEqual({ attached: [], inUse: [] })
  })

  it('is tried again until it can be attached', async () => {
    await disk(1, { annotations: { 'coracle.dev/fail-attach': 'no such disk' } as never })
    await cluster.apply(user('app', 'node-1'))
    await cluster.seconds(10)
    const [attachment] = await cluster.list<VolumeAttachment>(ATTACHMENTS)
    expect(attachment?.status).toMatchObject({ attached: false, attachError: { message: 'no such disk' } })
    expect((await told('app')).map(([, message]) => message)).toEqual(['AttachVolume.Attach failed for volume "pv-1" : no such disk'])
    await cluster.patch('persistentvolumes', 'pv-1', { metadata: { annotations: { 'coracle.dev/fail-attach': null } } })
    expect(await attachments()).toEqual([['pv-1', 'node-1', true]])
    await cluster.until('it runs', async () => (await phase('app')) === 'Running', 31)
  })
})

describe('a node that fails', () => {
  const failed = { metadata: { annotations: { 'coracle.dev/state': 'failed' } } }
  const prepare = async () => {
    await disk()
    await cluster.apply(user('app', 'node-1'))
    await cluster.seconds(1)
    await cluster.patch('nodes', 'node-1', failed)
    await cluster.seconds(60)
    await cluster.delete('pods', 'app', { gracePeriodSeconds: 0 })
  }
  it('keeps its volumes for six minutes after their pods went', async () => {
    await prepare()
    await cluster.apply(user('other', 'node-2'))
    expect((await told('other')).map(([, message]) => message)).toEqual([
      `Multi-Attach error for volume "pv-1" Volume is already exclusively attached to one node and can't be attached to another`,
    ])
    await cluster.seconds(359)
    expect([await attachments(), await volumes('node-1')]).toEqual([[['pv-1', 'node-1', true]], { attached: [ON(1)], inUse: [ON(1)] }])
    await cluster.seconds(1)
    expect(await attachments()).toEqual([['pv-1', 'node-2', true]])
    expect(await volumes('node-1')).toEqual({ attached: [], inUse: [ON(1)] })
    await cluster.patch('nodes', 'node-1', { metadata: { annotations: { 'coracle.dev/state': null } } })
    expect(await volumes('node-1')).toEqual({ attached: [], inUse: [] })
  })

  it('lets them go at once when it is out of service', async () => {
    await prepare()
    expect(await attachments()).toHaveLength(1)
    await cluster.patch('nodes', 'node-1', { spec: { taints: [{ key: 'node.kubernetes.io/out-of-service', effect: 'NoExecute' }] } })
    expect(await attachments()).toEqual([])
  })

  it('and is deleted keeps them as long', async () => {
    await prepare()
    await cluster.delete('nodes', 'node-1')
    await cluster.seconds(359)
    expect(await attachments()).toHaveLength(1)
    await cluster.seconds(1)
    expect(await attachments()).toEqual([])
  })

  it('but works again lets them go when it has unmounted them', async () => {
    await prepare()
    await cluster.patch('nodes', 'node-1', { metadata: { annotations: { 'coracle.dev/state': null } } })
    expect([await attachments(), await volumes('node-1')]).toEqual([[], { attached: [], inUse: [] }])
  })
})

it('an attacher of the driver’s own has its say', async () => {
  await cluster.close()
  cluster = await Scenario.start({ nodes: 1, controllers: ['*', '-csi-attacher'] })
  await disk()
  await cluster.apply(user('app', 'node-1'))
  await cluster.seconds(20)
  const name = attachmentName(DRIVER, 'handle-1', 'node-1')
  expect([await attachments(), await volumes('node-1'), await phase('app')]).toEqual([
    [['pv-1', 'node-1', false]],
    { attached: [], inUse: [ON(1)] },
    'Pending',
  ])
  const failing = (time: string) => ({ status: { attached: false, attachError: { message: 'rpc error: busy', time } } })
  for (const time of ['2026-01-01T00:00:20Z', '2026-01-01T00:00:21Z']) await cluster.patch(ATTACHMENTS, name, failing(time), 'status')
  expect(await told('app')).toEqual([
    ['FailedAttachVolume', 'AttachVolume.Attach failed for volume "pv-1" : rpc error: busy', 2, 'attachdetach-controller'],
  ])
  await cluster.patch(ATTACHMENTS, name, { status: { attached: true, attachError: null } }, 'status')
  expect(await volumes('node-1')).toEqual({ attached: [ON(1)], inUse: [ON(1)] })
  await cluster.seconds(12)
  expect(await phase('app')).toBe('Running')
})

it('what turns out to be no volume to attach is detached', async () => {
  await disk()
  await cluster.apply(user('app', 'node-1'))
  await cluster.seconds(1)
  expect(await attachments()).toHaveLength(1)
  await cluster.client.create(DRIVERS, { metadata: { name: DRIVER }, spec: { attachRequired: false } } as never)
  await cluster.cluster.settle()
  expect([await attachments(), await volumes('node-1'), await phase('app')]).toEqual([[], { attached: [], inUse: [] }, 'Running'])
})

it('attachments of others are left alone', async () => {
  const spec = { attacher: 'other.example.com', nodeName: 'elsewhere', source: { persistentVolumeName: 'none' } }
  await cluster.client.create(ATTACHMENTS, { metadata: { name: 'theirs' }, spec } as never)
  await cluster.seconds(10)
  expect(await attachments()).toEqual([['none', 'elsewhere', false]])
})

describe('the drivers of a node', () => {
  const csiNode = async () => (await cluster.find<CSINode>('csinodes.storage.k8s.io', 'node-1'))?.spec.drivers
  const annotate = (drivers: string | null) =>
    cluster.patch('nodes', 'node-1', { metadata: { annotations: { 'coracle.dev/csi-drivers': drivers } } })
  it('are what its annotation says', async () => {
    expect(await csiNode()).toBeUndefined()
    await annotate(`${DRIVER}=2, nfs.csi.k8s.io,=3,x=y,no good`)
    expect(await csiNode()).toEqual([
      { name: DRIVER, nodeID: 'node-1', allocatable: { count: 2 } },
      { name: 'nfs.csi.k8s.io', nodeID: 'node-1' },
    ])
    await annotate(`${DRIVER}=3`)
    expect(await csiNode()).toMatchObject([{ name: DRIVER, allocatable: { count: 3 } }])
    await annotate(null)
    expect(await csiNode()).toEqual([])
    await cluster.delete('nodes', 'node-1')
    await cluster.seconds(1)
    expect(await csiNode()).toBeUndefined()
  })

  it('limit how many volumes its pods have', async () => {
    await annotate(`${DRIVER}=1`)
    await disk(1)
    await disk(2)
    await cluster.apply(user('app', 'node-1'))
    const pod = user('other', 'node-1', 2)
    await cluster.apply({ ...pod, spec: { ...pod.spec, nodeName: undefined, nodeSelector: { 'kubernetes.io/hostname': 'node-1' } } })
    expect((await cluster.events('other', 'FailedScheduling'))[0]?.message).toContain('1 node(s) exceed max volume count')
  })
})
