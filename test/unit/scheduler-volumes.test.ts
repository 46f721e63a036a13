/** Volumes: claims that hold a pod back, nodes that reach them, disks and claims that can't be shared, limits. */
import { describe, expect, it } from 'vitest'
import { node, nodes, type PodMore, pod, Question, type World, wakes, worldOf } from '../support/scheduler-world.ts'

const CLAIMS = 'persistentvolumeclaims'
const VOLUMES = 'persistentvolumes'
const CLASSES = 'storageclasses.storage.k8s.io'
const BIND = "node(s) didn't find available persistent volumes to bind"
const GONE = 'node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)'
const ELSEWHERE = "node(s) didn't match PersistentVolume's node affinity"
const BOUND = { 'pv.kubernetes.io/bind-completed': 'yes' }

const using = (...names: readonly string[]): PodMore => ({
  volumes: names.map((name, index) => ({ name: `v${index}`, persistentVolumeClaim: { claimName: name } })),
})
interface ClaimMore {
  readonly size?: string
  readonly annotations?: Record<string, string>
  readonly metadata?: object
  readonly spec?: object
  readonly status?: object
}
const claim = (name: string, { size = '1G', annotations, metadata, spec, status }: ClaimMore = {}) => ({
  metadata: { name, namespace: 'default', uid: `uid-${name}`, ...(annotations && { annotations }), ...metadata },
  spec: { resources: { requests: { storage: size } }, accessModes: ['ReadWriteOnce'], storageClassName: 'wait', ...spec },
  status: { ...status },
})
const bound = (name: string, volume = `pv-${name}`, more: ClaimMore = {}) =>
  claim(name, { annotations: BOUND, ...more, spec: { volumeName: volume, ...more.spec }, status: { phase: 'Bound' } })
const on = (...names: readonly string[]) => ({
  nodeAffinity: {
    required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: names }] }] },
  },
})
const volume = (
  name: string,
  { size = '1G', labels, ...spec }: { size?: string; labels?: Record<string, string> } & Record<string, unknown> = {},
) => ({
  metadata: { name, uid: name, resourceVersion: '7', ...(labels && { labels }) },
  spec: { capacity: { storage: size }, accessModes: ['ReadWriteOnce'], storageClassName: 'wait', ...spec },
  status: { phase: 'Available' },
})
const storageClass = (name: string, more: object = {}) => ({
  metadata: { name },
  provisioner: 'example.com/maker',
  volumeBindingMode: 'WaitForFirstConsumer',
  ...more,
})
const NO_PROVISIONER = { provisioner: 'kubernetes.io/no-provisioner' }
type Objects = Record<string, readonly object[]>
function worldWith(objects: Objects, cluster = nodes('a', 'b')): World {
  const world = worldOf(cluster)
  for (const [resource, list] of Object.entries({ [CLASSES]: [storageClass('wait')], ...objects })) world.set(resource, ...list)
  return world
}

describe('claims that hold the pod back', () => {
  const ephemeral: PodMore = { volumes: [{ name: 'v', ephemeral: { volumeClaimTemplate: {} } } as never] }
  it.each<[string, PodMore, readonly object[], string]>([
    ['is not there', using('c'), [], 'persistentvolumeclaim "c" not found'],
    ['of two one is not there', using('c', 'd'), [bound('c')], 'persistentvolumeclaim "d" not found'],
    [
      'is bound at once but is not yet',
      using('c'),
      [claim('c', { spec: { storageClassName: 'now' } })],
      'pod has unbound immediate PersistentVolumeClaims',
    ],
    [
      'names a volume but is not bound',
      using('c'),
      [claim('c', { spec: { volumeName: 'pv-c' } })],
      'pod has unbound immediate PersistentVolumeClaims',
    ],
    ['of no class', using('c'), [claim('c', { spec: { storageClassName: '' } })], 'pod has unbound immediate PersistentVolumeClaims'],
    [
      'of a class that is not there',
      using('c'),
      [claim('c', { spec: { storageClassName: 'gone' } })],
      'pod has unbound immediate PersistentVolumeClaims',
    ],
    [
      'has lost its volume',
      using('c'),
      [bound('c', 'pv', { status: {} }), { ...bound('c', 'pv'), status: { phase: 'Lost' } }],
      'persistentvolumeclaim "c" bound to non-existent persistentvolume "pv"',
    ],
    [
      'is being deleted',
      using('c'),
      [bound('c', 'pv', { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } })],
      'persistentvolumeclaim "c" is being deleted',
    ],
    ['is yet to be made for the pod', ephemeral, [], 'waiting for ephemeral volume controller to create the persistentvolumeclaim "p-v"'],
    ['was not made for the pod', ephemeral, [bound('p-v')], 'PVC default/p-v was not created for pod default/p (pod is not owner)'],
  ])('%s', (_name, spec, claims, reason) => {
    const world = worldWith({
      [CLAIMS]: claims,
      [VOLUMES]: [volume('pv-c')],
      [CLASSES]: [storageClass('wait'), storageClass('now', { volumeBindingMode: 'Immediate' })],
    })
    world.set('pods', pod('p', spec))
    expect(world.schedule('default/p')).toBe(`0/2 nodes are available: ${reason}. not found`)
  })
})

describe('nodes that volumes reach', () => {
  const selected = (name: string, where: string) => claim(name, { annotations: { 'volume.kubernetes.io/selected-node': where } })
  const capacity = (size: string, more: object = {}) => ({
    metadata: { name: `c-${size}`, namespace: 'default' },
    storageClassName: 'wait',
    capacity: size,
    nodeTopology: { matchLabels: { 'kubernetes.io/hostname': 'b' } },
    ...more,
  })
  const TRACKED = { 'csidrivers.storage.k8s.io': [{ metadata: { name: 'example.com/maker' }, spec: { storageCapacity: true } }] }
  const inZone = (zone: string) => ({ allowedTopologies: [{ matchLabelExpressions: [{ key: 'zone', values: [zone] }] }] })
  type Row = [name: string, objects: Objects, claims: string[], fits: string, why?: string[]]
  const rows: Row[] = [
    ['all bound, anywhere', { [CLAIMS]: [bound('c')], [VOLUMES]: [volume('pv-c')] }, ['c'], 'a b'],
    ['bound, on one node', { [CLAIMS]: [bound('c')], [VOLUMES]: [volume('pv-c', on('b'))] }, ['c'], 'b', [ELSEWHERE]],
    [
      'two bound, on different nodes',
      { [CLAIMS]: [bound('c'), bound('d')], [VOLUMES]: [volume('pv-c', on('b')), volume('pv-d', on('a'))] },
      ['c', 'd'],
      '',
      [ELSEWHERE],
    ],
    ['bound to a volume that is gone', { [CLAIMS]: [bound('c')] }, ['c'], '', [GONE]],
    [
      'one is gone, one elsewhere',
      { [CLAIMS]: [bound('c'), bound('d')], [VOLUMES]: [volume('pv-d', on('x'))] },
      ['c', 'd'],
      '',
      [ELSEWHERE, GONE],
    ],
    ['to be made, anywhere', { [CLAIMS]: [claim('c')] }, ['c'], 'a b'],
    [
      'to be made, of a class of some zones',
      { [CLAIMS]: [claim('c')], [CLASSES]: [storageClass('wait', inZone('2'))] },
      ['c'],
      'b',
      [BIND],
    ],
    [
      'of a class whose volumes are made by hand',
      { [CLAIMS]: [claim('c')], [CLASSES]: [storageClass('wait', NO_PROVISIONER)] },
      ['c'],
      '',
      [BIND],
    ],
    [
      'found on one node',
      { [CLAIMS]: [claim('c')], [VOLUMES]: [volume('pv', on('b'))], [CLASSES]: [storageClass('wait', NO_PROVISIONER)] },
      ['c'],
      'b',
      [BIND],
    ],
    [
      'found too small',
      { [CLAIMS]: [claim('c', { size: '2G' })], [VOLUMES]: [volume('pv', on('b'))], [CLASSES]: [storageClass('wait', NO_PROVISIONER)] },
      ['c'],
      '',
      [BIND],
    ],
    [
      'found, of another class',
      {
        [CLAIMS]: [claim('c')],
        [VOLUMES]: [volume('pv', { storageClassName: 'other' })],
        [CLASSES]: [storageClass('wait', NO_PROVISIONER)],
      },
      ['c'],
      '',
      [BIND],
    ],
    [
      'found, but taken',
      {
        [CLAIMS]: [claim('c')],
        [VOLUMES]: [volume('pv', { claimRef: { namespace: 'default', name: 'd', uid: 'd' } })],
        [CLASSES]: [storageClass('wait', NO_PROVISIONER)],
      },
      ['c'],
      '',
      [BIND],
    ],
    [
      'reserved for it',
      {
        [CLAIMS]: [claim('c')],
        [VOLUMES]: [volume('pv', { ...on('a'), claimRef: { namespace: 'default', name: 'c' } })],
        [CLASSES]: [storageClass('wait', NO_PROVISIONER)],
      },
      ['c'],
      'a',
      [BIND],
    ],
    [
      'two found',
      {
        [CLAIMS]: [claim('c'), claim('d', { size: '2G' })],
        [VOLUMES]: [volume('v1', on('b')), volume('v2', { size: '2G', ...on('b') }), volume('v3', on('a'))],
        [CLASSES]: [storageClass('wait', NO_PROVISIONER)],
      },
      ['c', 'd'],
      'b',
      [BIND],
    ],
    [
      'one found for two',
      { [CLAIMS]: [claim('c'), claim('d')], [VOLUMES]: [volume('v1', on('b'))], [CLASSES]: [storageClass('wait', NO_PROVISIONER)] },
      ['c', 'd'],
      '',
      [BIND],
    ],
    ['one found, one to be made', { [CLAIMS]: [claim('c'), claim('d')], [VOLUMES]: [volume('v1', on('b'))] }, ['c', 'd'], 'a b'],
    [
      'one bound elsewhere, one not to be found',
      { [CLAIMS]: [bound('c'), claim('d')], [VOLUMES]: [volume('pv-c', on('x'))], [CLASSES]: [storageClass('wait', NO_PROVISIONER)] },
      ['c', 'd'],
      '',
      [ELSEWHERE, BIND],
    ],
    ['told a node', { [CLAIMS]: [selected('c', 'b')] }, ['c'], 'b', [BIND]],
    ['told a node that is gone', { [CLAIMS]: [selected('c', 'x')] }, ['c'], '', [BIND]],
    [
      'room is known there',
      { [CLAIMS]: [claim('c')], ...TRACKED, 'csistoragecapacities.storage.k8s.io': [capacity('2G')] },
      ['c'],
      'b',
      ['node(s) did not have enough free storage'],
    ],
    [
      'too little room',
      { [CLAIMS]: [claim('c')], ...TRACKED, 'csistoragecapacities.storage.k8s.io': [capacity('500M')] },
      ['c'],
      '',
      ['node(s) did not have enough free storage'],
    ],
    [
      'room, but for smaller ones',
      { [CLAIMS]: [claim('c')], ...TRACKED, 'csistoragecapacities.storage.k8s.io': [capacity('9G', { maximumVolumeSize: '1M' })] },
      ['c'],
      '',
      ['node(s) did not have enough free storage'],
    ],
    ['no room is known', { [CLAIMS]: [claim('c')], ...TRACKED }, ['c'], '', ['node(s) did not have enough free storage']],
    [
      'room of another class',
      { [CLAIMS]: [claim('c')], ...TRACKED, 'csistoragecapacities.storage.k8s.io': [capacity('2G', { storageClassName: 'x' })] },
      ['c'],
      '',
      ['node(s) did not have enough free storage'],
    ],
  ]
  it.each(rows)('%s', (_name, objects, claims, fits, why = []) => {
    const question = new Question(worldWith(objects, nodes('a zone=1', 'b zone=2')), pod('p', using(...claims)))
    expect(question.fits).toBe(fits)
    expect(question.why).toEqual(why)
  })
})

describe('zones of volumes', () => {
  const ZONE = 'topology.kubernetes.io/zone'
  const OLD = 'failure-domain.beta.kubernetes.io/zone'
  const REGION = 'topology.kubernetes.io/region'
  it.each<[string, Record<string, string>, string, boolean]>([
    ['without labels', {}, `a ${ZONE}=1`, true],
    ['of the same zone', { [ZONE]: '1' }, `a ${ZONE}=1`, true],
    ['of another zone', { [ZONE]: '2' }, `a ${ZONE}=1`, false],
    ['of several zones', { [ZONE]: '1__2' }, `a ${ZONE}=2`, true],
    ['of several others', { [ZONE]: '1__2' }, `a ${ZONE}=3`, false],
    ['of a region', { [REGION]: 'r' }, `a ${REGION}=r x=y`, true],
    ['of another region', { [REGION]: 'q' }, `a ${REGION}=r`, false],
    ['the node knows no zones', { [ZONE]: '1' }, 'a', true],
    ['the node knows regions only', { [ZONE]: '1' }, `a ${REGION}=r`, false],
    ['by the old label on both', { [OLD]: '1' }, `a ${OLD}=1`, true],
    ['by the old label on the volume', { [OLD]: '1' }, `a ${ZONE}=1`, true],
    ['by the old label on the volume, of another', { [OLD]: '2' }, `a ${ZONE}=1`, false],
    ['an empty part', { [ZONE]: '1__' }, `a ${ZONE}=9`, true],
  ])('%s', (_name, labels, where, isFit) => {
    const world = worldWith({ [CLAIMS]: [bound('c')], [VOLUMES]: [volume('pv-c', { labels })] }, nodes(where))
    const question = new Question(world, pod('p', using('c')))
    expect(question.why).toEqual(isFit ? [] : ['node(s) had no available volume zone'])
  })
})

describe('what cannot be shared', () => {
  const disk = (source: object): PodMore => ({ volumes: [{ name: 'v', ...source } as never] })
  const gce = (pdName: string, readOnly?: boolean) => disk({ gcePersistentDisk: { pdName, ...(readOnly !== undefined && { readOnly }) } })
  const aws = (volumeID: string) => disk({ awsElasticBlockStore: { volumeID } })
  const iscsi = (iqn: string, readOnly?: boolean) =>
    disk({ iscsi: { iqn, targetPortal: '127.0.0.1:3260', lun: 0, ...(readOnly && { readOnly }) } })
  const rbd = (image: string, monitors: string[], more: object = {}) => disk({ rbd: { monitors, image, pool: 'p', ...more } })
  it.each<[string, PodMore, PodMore, boolean]>([
    ['nothing', {}, {}, true],
    ['a disk, alone', gce('foo'), {}, true],
    ['the same disk', gce('foo'), gce('foo'), false],
    ['another disk', gce('foo'), gce('bar'), true],
    ['both read', gce('foo', true), gce('foo', true), true],
    ['one writes', gce('foo', true), gce('foo'), false],
    ['the same of AWS', aws('foo'), aws('foo'), false],
    ['another of AWS', aws('foo'), aws('bar'), true],
    ['the same of iSCSI', iscsi('iqn:a'), iscsi('iqn:a'), false],
    ['another of iSCSI', iscsi('iqn:a'), iscsi('iqn:b'), true],
    ['both read, of iSCSI', iscsi('iqn:a', true), iscsi('iqn:a', true), true],
    ['the same of Ceph', rbd('i', ['m1', 'm2']), rbd('i', ['m2', 'm3']), false],
    ['the same name at other monitors', rbd('i', ['m1']), rbd('i', ['m2']), true],
    ['the same name in another pool', rbd('i', ['m1']), rbd('i', ['m1'], { pool: 'q' }), true],
    ['another image', rbd('i', ['m1']), rbd('j', ['m1']), true],
    ['both read, of Ceph', rbd('i', ['m1'], { readOnly: true }), rbd('i', ['m1'], { readOnly: true }), true],
    ['different kinds', gce('foo'), aws('foo'), true],
  ])('disks: %s', (_name, wanted, taken, isFit) => {
    const world = worldOf(nodes('a', 'b'), [pod('x', { on: 'a', ...taken })])
    const question = new Question(world, pod('p', wanted))
    expect(question.fits).toBe(isFit ? 'a b' : 'b')
    expect(question.why).toEqual(isFit ? [] : ['node(s) had no available disk?'])
  })

  const exclusive = (name: string) => bound(name, `pv-${name}`, { spec: { volumeName: `pv-${name}`, accessModes: ['ReadWriteOncePod'] } })
  it.each<[string, string[], readonly object[], PodMore, boolean]>([
    ['shared', ['c'], [bound('c')], { on: 'a', ...using('c') }, true],
    ['of one pod, and free', ['c'], [exclusive('c')], { on: 'a' }, true],
    ['of one pod, and used somewhere', ['c'], [exclusive('c')], { on: 'a', ...using('c') }, false],
    ['of one pod, used by one that is over', ['c'], [exclusive('c')], { on: 'a', ...using('c'), status: { phase: 'Succeeded' } }, true],
    ['two of one pod, one used', ['c', 'd'], [exclusive('c'), exclusive('d')], { on: 'a', ...using('d') }, false],
    ['of the same name in another namespace', ['c'], [exclusive('c')], { on: 'a', ns: 'other', ...using('c') }, true],
  ])('claims: %s', (_name, names, claims, taken, isFit) => {
    const world = worldWith({ [CLAIMS]: claims, [VOLUMES]: [volume('pv-c'), volume('pv-d')] }).set('pods', pod('x', taken))
    const question = new Question(world, pod('p', using(...names)))
    expect(question.why).toEqual(
      isFit ? [] : ['node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode?'],
    )
  })

  it('takes the claim from a pod of lower priority', () => {
    const world = worldWith({ [CLAIMS]: [exclusive('c')], [VOLUMES]: [volume('pv-c')] })
    world.set('pods', pod('x', { on: 'b', ...using('c') }), pod('p', { priority: 5, ...using('c') }))
    expect(world.run('default/p')?.actions).toMatchObject([{ verb: 'patch' }, { verb: 'delete', target: { name: 'x' } }])
  })
})

describe('limits', () => {
  const csi = (name: string, driver = 'ebs') => volume(name, { csi: { driver, volumeHandle: name } })
  const limit = (count: number | undefined, driver = 'ebs') => ({
    'csinodes.storage.k8s.io': [
      {
        metadata: { name: 'a' },
        spec: { drivers: [{ name: driver, nodeID: 'a', ...(count !== undefined && { allocatable: { count } }) }] },
      },
    ],
  })
  const attached = (name: string, driver = 'ebs') => ({
    metadata: { name: `va-${name}` },
    spec: { attacher: driver, nodeName: 'a', source: { persistentVolumeName: name } },
  })
  const c = (name: string) => bound(name)
  const ALL = { [CLAIMS]: [c('1'), c('2'), c('3'), c('g')], [VOLUMES]: [csi('pv-1'), csi('pv-2'), csi('pv-3'), csi('pv-g', 'gce')] }
  it.each<[string, Objects, PodMore[], PodMore, boolean]>([
    ['under it', { ...ALL, ...limit(4) }, [using('2')], using('1'), true],
    ['at it', { ...ALL, ...limit(2) }, [using('2'), using('3')], using('1'), false],
    ['just', { ...ALL, ...limit(2) }, [using('2')], using('1'), true],
    ['the same volume counts once', { ...ALL, ...limit(1) }, [using('1')], using('1'), true],
    ['two at once', { ...ALL, ...limit(2) }, [using('2')], using('1', '3'), false],
    ['none is given', { ...ALL, ...limit(undefined) }, [using('2'), using('3')], using('1'), true],
    ['no CSINode', ALL, [using('2')], using('1'), true],
    ['of another driver', { ...ALL, ...limit(1, 'gce') }, [using('2'), using('g')], using('1'), true],
    ['volumes of another driver', { ...ALL, ...limit(1) }, [using('g')], using('1'), true],
    [
      'claims yet to be bound count by class',
      {
        ...ALL,
        [CLAIMS]: [c('1'), claim('q', { spec: { storageClassName: 'ebs' } })],
        [CLASSES]: [storageClass('ebs', { provisioner: 'ebs' })],
        ...limit(1),
      },
      [using('q')],
      using('1'),
      false,
    ],
    [
      'claims whose class is gone do not',
      { ...ALL, [CLAIMS]: [c('1'), claim('q', { spec: { storageClassName: 'gone' } })], ...limit(1) },
      [using('q')],
      using('1'),
      true,
    ],
    [
      'claims of a volume that is gone count by class',
      {
        ...ALL,
        [CLAIMS]: [c('1'), bound('q', 'gone', { spec: { volumeName: 'gone', storageClassName: 'ebs' } })],
        [CLASSES]: [storageClass('ebs', { provisioner: 'ebs' })],
        ...limit(1),
      },
      [using('q')],
      using('1'),
      false,
    ],
    ['what is attached counts', { ...ALL, ...limit(1), 'volumeattachments.storage.k8s.io': [attached('pv-2')] }, [], using('1'), false],
    [
      'what is attached and used counts once',
      { ...ALL, ...limit(2), 'volumeattachments.storage.k8s.io': [attached('pv-2')] },
      [using('2')],
      using('1'),
      true,
    ],
    ['pods without volumes', { ...ALL, ...limit(0) }, [using('2')], {}, true],
    ['none may be there', { ...ALL, ...limit(0) }, [], using('1'), false],
  ])('%s', (_name, objects, placed, wanted, isFit) => {
    const world = worldWith(objects, [node('a')]).set('pods', ...placed.map((more, index) => pod(`x${index}`, { on: 'a', ...more })))
    expect(new Question(world, pod('p', wanted)).why).toEqual(isFit ? [] : ['node(s) exceed max volume count?'])
  })
})

describe('what wakes those they refused', () => {
  const asked = pod('p', using('c'))
  const plain = pod('p')
  const NODE = node('a')
  const labelled = node('a', { labels: { x: 'y' } })
  const drivers = (count: number) => ({ metadata: { name: 'a' }, spec: { drivers: [{ name: 'd', nodeID: 'a', allocatable: { count } }] } })
  const zoned = (zone: string) => volume('pv', { labels: { 'topology.kubernetes.io/zone': zone } })
  const capacity = (size: string) => ({ metadata: { name: 'x' }, capacity: size, storageClassName: 'wait' })
  it.each<
    [plugin: string, what: string, asked: typeof asked, resource: string, old: object | undefined, current: object | undefined, boolean]
  >([
    ['VolumeRestrictions', 'its claim comes', asked, CLAIMS, undefined, claim('c'), true],
    ['VolumeRestrictions', 'its claim changes', asked, CLAIMS, claim('c'), claim('c'), false],
    ['VolumeRestrictions', 'another claim comes', asked, CLAIMS, undefined, claim('d'), false],
    ['VolumeRestrictions', 'one of that name elsewhere', asked, CLAIMS, undefined, claim('c', { metadata: { namespace: 'x' } }), false],
    ['VolumeRestrictions', 'a user of its claim goes', asked, 'pods', pod('x', { on: 'a', ...using('c') }), undefined, true],
    ['VolumeRestrictions', 'a user of another goes', asked, 'pods', pod('x', { on: 'a', ...using('d') }), undefined, false],
    ['VolumeRestrictions', 'a user elsewhere goes', asked, 'pods', pod('x', { on: 'a', ns: 'x', ...using('c') }), undefined, false],
    ['VolumeRestrictions', 'a node comes', asked, 'nodes', undefined, NODE, true],
    ['VolumeRestrictions', 'a node changes', asked, 'nodes', NODE, labelled, false],
    ['NodeVolumeLimits', 'a CSINode comes', asked, 'csinodes.storage.k8s.io', undefined, drivers(1), true],
    ['NodeVolumeLimits', 'a limit is raised', asked, 'csinodes.storage.k8s.io', drivers(1), drivers(2), true],
    ['NodeVolumeLimits', 'a limit is lowered', asked, 'csinodes.storage.k8s.io', drivers(2), drivers(1), false],
    ['NodeVolumeLimits', 'a limit stays', asked, 'csinodes.storage.k8s.io', drivers(2), drivers(2), false],
    ['NodeVolumeLimits', 'a pod with volumes goes', asked, 'pods', pod('x', { on: 'a', ...using('d') }), undefined, true],
    ['NodeVolumeLimits', 'a pod without goes', asked, 'pods', pod('x', { on: 'a' }), undefined, false],
    ['NodeVolumeLimits', 'its claim comes', asked, CLAIMS, undefined, claim('c'), true],
    ['NodeVolumeLimits', 'another claim comes', asked, CLAIMS, undefined, claim('d'), false],
    ['NodeVolumeLimits', 'a claim comes, it has none', plain, CLAIMS, undefined, claim('c'), false],
    ['NodeVolumeLimits', 'an attachment goes', asked, 'volumeattachments.storage.k8s.io', { metadata: {} }, undefined, true],
    [
      'NodeVolumeLimits',
      'an attachment goes, it has no claim',
      plain,
      'volumeattachments.storage.k8s.io',
      { metadata: {} },
      undefined,
      false,
    ],
    ['VolumeBinding', 'its claim changes', asked, CLAIMS, claim('c'), claim('c'), true],
    ['VolumeBinding', 'another claim changes', asked, CLAIMS, claim('d'), claim('d'), false],
    ['VolumeBinding', 'one of that name elsewhere', asked, CLAIMS, undefined, claim('c', { metadata: { namespace: 'x' } }), false],
    ['VolumeBinding', 'its own claim comes', pod('p', { volumes: [{ name: 'v', ephemeral: {} }] }), CLAIMS, undefined, claim('p-v'), true],
    ['VolumeBinding', 'a class comes', asked, CLASSES, undefined, storageClass('s'), true],
    [
      'VolumeBinding',
      'the places of a class change',
      asked,
      CLASSES,
      storageClass('s'),
      storageClass('s', { allowedTopologies: [{}] }),
      true,
    ],
    [
      'VolumeBinding',
      'another part of a class changes',
      asked,
      CLASSES,
      storageClass('s'),
      storageClass('s', { reclaimPolicy: 'Retain' }),
      false,
    ],
    ['VolumeBinding', 'a volume comes', asked, VOLUMES, undefined, volume('v'), true],
    ['VolumeBinding', 'a volume changes', asked, VOLUMES, volume('v'), volume('v'), true],
    ['VolumeBinding', 'a volume goes', asked, VOLUMES, volume('v'), undefined, false],
    ['VolumeBinding', 'a node comes', asked, 'nodes', undefined, NODE, true],
    ['VolumeBinding', 'its labels change', asked, 'nodes', NODE, labelled, true],
    ['VolumeBinding', 'nothing of it changes', asked, 'nodes', NODE, node('a'), false],
    ['VolumeBinding', 'room is known', asked, 'csistoragecapacities.storage.k8s.io', undefined, capacity('1G'), true],
    ['VolumeBinding', 'more room', asked, 'csistoragecapacities.storage.k8s.io', capacity('1G'), capacity('2G'), true],
    ['VolumeBinding', 'less room', asked, 'csistoragecapacities.storage.k8s.io', capacity('2G'), capacity('1G'), false],
    [
      'VolumeBinding',
      'larger ones',
      asked,
      'csistoragecapacities.storage.k8s.io',
      { ...capacity('9G'), maximumVolumeSize: '1G' },
      { ...capacity('9G'), maximumVolumeSize: '2G' },
      true,
    ],
    ['VolumeBinding', 'a CSINode comes', asked, 'csinodes.storage.k8s.io', undefined, drivers(1), true],
    ['VolumeBinding', 'a CSINode changes', asked, 'csinodes.storage.k8s.io', drivers(1), drivers(2), false],
    ['VolumeZone', 'a volume comes', asked, VOLUMES, undefined, volume('v'), true],
    ['VolumeZone', 'a volume moves', asked, VOLUMES, zoned('1'), zoned('2'), true],
    ['VolumeZone', 'a volume stays', asked, VOLUMES, zoned('1'), zoned('1'), false],
    ['VolumeZone', 'a class of waiting claims comes', asked, CLASSES, undefined, storageClass('s'), true],
    ['VolumeZone', 'a class of others comes', asked, CLASSES, undefined, storageClass('s', { volumeBindingMode: 'Immediate' }), false],
    ['VolumeZone', 'its claim changes', asked, CLAIMS, claim('c'), claim('c'), true],
    ['VolumeZone', 'another claim changes', asked, CLAIMS, claim('d'), claim('d'), false],
  ])('%s: %s', (plugin, _what, waiting, resource, old, current, expected) => {
    expect(wakes(plugin, waiting, resource, old, current)).toBe(expected)
  })
})

describe('claims that wait for a consumer', () => {
  const told = (name: string, where: string, more: ClaimMore = {}) =>
    claim(name, { annotations: { 'volume.kubernetes.io/selected-node': where }, ...more })
  const waiting = (objects: Objects = {}) => {
    const world = worldWith({ [CLAIMS]: [claim('c')], ...objects })
    world.set('pods', pod('p', { nodeSelector: { 'kubernetes.io/hostname': 'b' }, ...using('c') }))
    return world
  }
  const settle = (world: World) => {
    const plan = world.run('default/p')!
    if (plan.status) world.set('pods', plan.status)
    return plan
  }

  it('are told the node first, and bind the pod when they are bound', () => {
    const world = waiting()
    const plan = settle(world)
    expect(plan.actions).toMatchObject([
      { verb: 'patch', patch: { metadata: { annotations: { 'volume.kubernetes.io/selected-node': 'b' } } } },
    ])
    expect(plan.status).toMatchObject({ status: { nominatedNodeName: 'b' } })
    world.set(CLAIMS, told('c', 'b'))
    expect(settle(world).waitingOn).toBe('claims to be bound on node b: c')
    world.set(VOLUMES, volume('pv'))
    world.set(CLAIMS, bound('c', 'pv'))
    expect(world.queue).toContain('default/p')
    expect(world.schedule('default/p')).toBe('b')
  })

  it('keep the pod its room meanwhile', () => {
    const world = waiting()
    world.set('pods', pod('p', { asks: { cpu: '3' }, nodeSelector: { 'kubernetes.io/hostname': 'b' }, ...using('c') }))
    settle(world)
    expect(new Question(world, pod('q', { asks: { cpu: '2' } })).fits).toBe('a')
  })

  it('are given the volume that was found', () => {
    const world = waiting({ [VOLUMES]: [volume('v1', on('b')), volume('v2', on('a'))], [CLASSES]: [storageClass('wait', NO_PROVISIONER)] })
    const plan = settle(world)
    expect(plan.actions).toMatchObject([
      {
        verb: 'patch',
        target: { resource: VOLUMES, name: 'v1' },
        patch: { metadata: { uid: 'v1' }, spec: { claimRef: { name: 'c', uid: 'uid-c' } } },
      },
    ])
  })

  it.each<[string, (world: World) => void, string]>([
    ['the provisioner gives up', (world) => world.set(CLAIMS, claim('c', { annotations: {} })), 'provisioning failed for PVC "c"'],
    ['all annotations go', (world) => world.set(CLAIMS, claim('c')), 'selectedNode annotation reset for PVC "c"'],
    ['the node is another', (world) => world.set(CLAIMS, told('c', 'a')), 'provisioning failed for PVC "c"'],
    ['ten minutes pass', (world) => void (world.now += 600_000), 'context deadline exceeded'],
    ['the node goes', (world) => world.remove('nodes', '', 'b'), 'failed to get node "b": node "b" not found'],
    [
      'the volume turns out to be elsewhere',
      (world) => world.set(VOLUMES, volume('pv', on('a'))).set(CLAIMS, bound('c', 'pv')),
      'pv "pv" node affinity doesn\'t match node "b": no matching NodeSelectorTerms',
    ],
  ])('let the pod go when %s', (_name, happen, why) => {
    const world = waiting()
    settle(world)
    world.set(CLAIMS, told('c', 'b'))
    happen(world)
    const plan = settle(world)
    const message = `running PreBind plugin "VolumeBinding": binding volumes: ${why}`
    expect(plan.events).toEqual([{ type: 'Warning', reason: 'FailedScheduling', message }])
    expect(plan.status).toMatchObject({
      status: { conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulerError', message }] },
    })
    expect(plan.requeueAfterMs).toBe(1000)
    expect(new Question(world, pod('q', { asks: { cpu: '4' } })).fits).toContain('a')
  })
})
