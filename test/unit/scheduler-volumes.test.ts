/** Claims that hold a pod back, and nodes that its volumes reach. */
import { describe, expect, it } from 'vitest'
import { nodes, type PodMore, pod, Question } from '../support/scheduler-world.ts'
import {
  bound,
  CLAIMS,
  CLASSES,
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

const BIND = "node(s) didn't find available persistent volumes to bind"
const GONE = 'node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)'
const ELSEWHERE = "node(s) didn't match PersistentVolume's node affinity"

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
