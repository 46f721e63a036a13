import { describe, expect, test } from 'vitest'
import { persistentVolume } from '../../src/api/core/v1/persistent-volume.ts'
import { persistentVolumeClaim } from '../../src/api/core/v1/persistent-volume-claim.ts'
import { fieldErrorText } from '../../src/api/meta/field-error.ts'
import type { PersistentVolume, PersistentVolumeClaim } from '../../src/api/types.gen.ts'

const METADATA = { name: 'v', namespace: 'ns', uid: '', resourceVersion: '', creationTimestamp: '2026-01-01T00:00:00Z' }
const NOW = Date.parse('2026-01-01T00:05:00Z')
const CLAIM = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '10Gi' } } }
const VOLUME = { accessModes: ['ReadWriteOnce'], capacity: { storage: '10Gi' }, hostPath: { path: '/a' } }

function claimOf(spec: object, status?: object, metadata: object = {}): PersistentVolumeClaim {
  const object = { metadata: { ...METADATA, ...metadata }, spec: structuredClone(spec), ...(status ? { status } : {}) }
  persistentVolumeClaim.setDefaults!(object as PersistentVolumeClaim)
  return object as PersistentVolumeClaim
}

function volumeOf(spec: object, status?: object, metadata: object = {}): PersistentVolume {
  const object = { metadata: { ...METADATA, ...metadata }, spec: structuredClone(spec), ...(status ? { status } : {}) }
  persistentVolume.setDefaults!(object as PersistentVolume)
  return object as PersistentVolume
}

test('what a claim and a volume leave out', () => {
  expect(claimOf(CLAIM)).toMatchObject({ spec: { volumeMode: 'Filesystem' }, status: { phase: 'Pending' } })
  expect(volumeOf(VOLUME)).toMatchObject({
    spec: { volumeMode: 'Filesystem', persistentVolumeReclaimPolicy: 'Retain', hostPath: { path: '/a', type: '' } },
    status: { phase: 'Pending' },
  })
})

test('data source and its reference are one', () => {
  const claim = claimOf({ ...CLAIM, dataSource: { kind: 'PersistentVolumeClaim', name: 'x' } })
  persistentVolumeClaim.prepareForCreate!(claim)
  expect(claim.spec.dataSourceRef).toEqual({ kind: 'PersistentVolumeClaim', name: 'x' })
  expect(persistentVolumeClaim.validate!(claim)).toEqual([])
})

describe('faults of claims', () => {
  test.each<[string, object, string[]]>([
    ['none', CLAIM, []],
    ['nothing', {}, ['spec.accessModes: Required value: at least 1 access mode is required', 'spec.resources[storage]: Required value']],
    [
      'access modes',
      { ...CLAIM, accessModes: ['x', 'ReadWriteOncePod', 'ReadWriteMany'] },
      [
        'spec.accessModes: Unsupported value: "x": supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"',
        'spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes',
      ],
    ],
    [
      'size',
      { ...CLAIM, resources: { requests: { storage: '0' } } },
      ['spec.resources[storage]: Invalid value: "0": must be greater than zero'],
    ],
    ['mode', { ...CLAIM, volumeMode: 'x' }, ['spec.volumeMode: Unsupported value: "x": supported values: "Block", "Filesystem"']],
    [
      'data source',
      { ...CLAIM, dataSource: { kind: 'Secret', name: '' } },
      [
        'spec.dataSource.name: Required value',
        'spec.dataSource: Invalid value: "Secret": must be \'PersistentVolumeClaim\' when referencing the default apiGroup',
      ],
    ],
  ])('%s', (_, spec, expected) => {
    expect(persistentVolumeClaim.validate!(claimOf(spec)).map(fieldErrorText)).toEqual(expected)
  })
})

describe('updates of claims', () => {
  const bound = { phase: 'Bound', capacity: { storage: '10Gi' } }
  const sized = (storage: string): object => ({ ...CLAIM, resources: { requests: { storage } } })
  const immutable =
    'spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n'
  const update = (next: object, old: object, status?: object): string[] =>
    persistentVolumeClaim.validateUpdate!(claimOf(next, status), claimOf(old, status)).map(fieldErrorText)

  test.each<[string, object, object, object | undefined]>([
    ['nothing', CLAIM, CLAIM, undefined],
    ['the size in other words', sized('10240Mi'), CLAIM, undefined],
    ['the volume, once', { ...CLAIM, volumeName: 'a' }, CLAIM, undefined],
    ['the class, once', { ...CLAIM, storageClassName: 'a' }, CLAIM, undefined],
    ['more, when bound', sized('20Gi'), CLAIM, bound],
    ['back from a growth that failed', sized('11Gi'), sized('20Gi'), bound],
    ['the attributes, when bound', { ...CLAIM, volumeAttributesClassName: 'a' }, CLAIM, bound],
  ])('may: %s', (_, next, old, status) => {
    expect(update(next, old, status)).toEqual([])
  })

  test.each<[string, object, object, object | undefined, string]>([
    ['another volume', { ...CLAIM, volumeName: 'b' }, { ...CLAIM, volumeName: 'a' }, undefined, immutable],
    ['another class', { ...CLAIM, storageClassName: 'b' }, { ...CLAIM, storageClassName: 'a' }, undefined, immutable],
    ['more, when not bound', sized('20Gi'), CLAIM, undefined, immutable],
    ['other modes', { ...CLAIM, accessModes: ['ReadOnlyMany'] }, CLAIM, undefined, immutable],
    [
      'less than it has',
      sized('10Gi'),
      sized('20Gi'),
      bound,
      'spec.resources.requests.storage: Forbidden: field can not be less than status.capacity',
    ],
  ])('may not: %s', (_, next, old, status, expected) => {
    expect(update(next, old, status).some((text) => text.startsWith(expected))).toBe(true)
  })
})

describe('faults of volumes', () => {
  test.each<[string, object, string[]]>([
    ['none', VOLUME, []],
    [
      'nothing',
      {},
      [
        'spec.accessModes: Required value',
        'spec.capacity: Required value',
        'spec.capacity: Unsupported value: {}: supported values: "storage"',
        'spec: Required value: must specify a volume type',
      ],
    ],
    ['two sources', { ...VOLUME, nfs: { server: 'a', path: '/b' } }, ['spec.nfs: Forbidden: may not specify more than 1 volume type']],
    [
      'local without a node',
      { ...VOLUME, hostPath: undefined, local: { path: '/a' } },
      ['spec.nodeAffinity: Required value: Local volume requires node affinity'],
    ],
    [
      'recycling the root',
      { ...VOLUME, hostPath: { path: '/a/..' }, persistentVolumeReclaimPolicy: 'Recycle' },
      [
        'spec.hostPath.path: Invalid value: "/a/..": must not contain \'..\'',
        "spec.persistentVolumeReclaimPolicy: Forbidden: may not be 'recycle' for a hostPath mount of '/'",
      ],
    ],
    [
      'CSI',
      { ...VOLUME, hostPath: undefined, csi: { driver: '', volumeHandle: '' } },
      ['spec.csi.driver: Required value', 'spec.csi.volumeHandle: Required value'],
    ],
  ])('%s', (_, spec, expected) => {
    expect(persistentVolume.validate!(volumeOf(spec)).map(fieldErrorText)).toEqual(expected)
  })

  test('the source stays', () => {
    const [next, old] = [volumeOf({ ...VOLUME, hostPath: { path: '/b' }, capacity: { storage: '1Gi' } }), volumeOf(VOLUME)]
    expect(persistentVolume.validateUpdate!(next, old).map(fieldErrorText)).toEqual([
      'spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation\n@@ -2,7 +2,7 @@\n  "GCEPersistentDisk": null,\n  "AWSElasticBlockStore": null,\n  "HostPath": {\n-  "Path": "/a",\n+  "Path": "/b",\n   "Type": ""\n  },\n  "Glusterfs": null,\n',
    ])
  })
})

describe('rows', () => {
  test.each<[string, PersistentVolumeClaim, unknown[]]>([
    [
      'a pending claim',
      claimOf({ ...CLAIM, storageClassName: 'fast' }),
      ['v', 'Pending', '', '', '', 'fast', '<unset>', '5m', 'Filesystem'],
    ],
    [
      'a bound claim',
      claimOf(
        { ...CLAIM, volumeName: 'pv' },
        { phase: 'Bound', accessModes: ['ReadWriteMany', 'ReadWriteOnce'], capacity: { storage: '20Gi' } },
      ),
      ['v', 'Bound', 'pv', '20Gi', 'RWO,RWX', '', '<unset>', '5m', 'Filesystem'],
    ],
    [
      'a claim on its way out',
      claimOf(CLAIM, { phase: 'Bound' }, { deletionTimestamp: '2026-01-01T00:00:00Z' }),
      ['v', 'Terminating', '', '', '', '', '<unset>', '5m', 'Filesystem'],
    ],
  ])('%s', (_, claim, expected) => {
    expect(persistentVolumeClaim.columns!.map(({ cell }) => cell(claim, NOW))).toEqual(expected)
  })

  test('a volume', () => {
    const volume = volumeOf(
      { ...VOLUME, claimRef: { namespace: 'ns', name: 'c' }, storageClassName: 'fast' },
      { phase: 'Bound', reason: 'why' },
    )
    expect(persistentVolume.columns!.map(({ name, cell }) => [name, cell(volume, NOW)])).toEqual([
      ['Name', 'v'],
      ['Capacity', '10Gi'],
      ['Access Modes', 'RWO'],
      ['Reclaim Policy', 'Retain'],
      ['Status', 'Bound'],
      ['Claim', 'ns/c'],
      ['StorageClass', 'fast'],
      ['VolumeAttributesClass', '<unset>'],
      ['Reason', 'why'],
      ['Age', '5m'],
      ['VolumeMode', 'Filesystem'],
    ])
  })
})
