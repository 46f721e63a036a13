/** Disks and claims that can't be shared, limits of nodes, and claims bound once their pod has a node. */
import { describe, expect, it } from 'vitest'
import { node, nodes, type PodMore, pod, Question, type World, wakes, worldOf } from '../support/scheduler-world.ts'
import {
  bound,
  CLAIMS,
  CLASSES,
  type ClaimMore,
  claim,
  NO_PROVISIONER,
  type Objects,
  on,
  storageClass,
  using,
  VOLUMES,
  volume,
  worldWith,
} from '../support/volume-objects.ts'

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
      isFit ? [] : ['node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod?'],
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
    [
      'ten minutes pass',
      (world) => {
        world.now += 600_000
      },
      'context deadline exceeded',
    ],
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
    expect(plan.events).toEqual([{ type: 'Warning', reason: 'FailedScheduling', action: 'Scheduling', message }])
    expect(plan.status).toMatchObject({
      status: { conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulerError', message }] },
    })
    expect(plan.requeueAfterMs).toBe(1000)
    expect(new Question(world, pod('q', { asks: { cpu: '4' } })).fits).toContain('a')
  })
})
