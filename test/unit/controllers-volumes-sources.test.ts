import { describe, expect, it } from 'vitest'
import type { PersistentVolume, PersistentVolumeClaim } from '../../src/api/types.gen.ts'
import { type CloneSource, sourceVerdict } from '../../src/controllers/persistentvolume-binder/data-source.ts'
import { createCluster } from '../../src/index.ts'

const OURS = 'simulated.coracle.dev'
const claim = (storage: string, spec: object = {}, { status = { phase: 'Bound' }, ...metadata }: Record<string, unknown> = {}) =>
  ({
    metadata: { name: 'old', namespace: 'ns', uid: 'old', ...metadata },
    spec: { resources: { requests: { storage } }, storageClassName: 's', volumeName: 'v', ...spec },
    status,
  }) as unknown as PersistentVolumeClaim
const volume = (spec: object = {}, phase = 'Bound') =>
  ({
    metadata: { name: 'v' },
    spec: { csi: { driver: OURS }, claimRef: { uid: 'old' }, ...spec },
    status: { phase },
  }) as unknown as PersistentVolume
const from = (kind: string, apiGroup?: string) => ({ dataSource: { kind, name: 'old', ...(apiGroup && { apiGroup }) } })
const SNAPSHOTS = 'snapshot.storage.k8s.io'
const handle = (kind: string, why: string) => ({ fault: `error getting handle for DataSource Type ${kind} by Name old: ${why}` })
const clone = (why: string) => handle('PersistentVolumeClaim', why)
const INVALID = clone('claim in dataSource not bound or invalid')
const modes = (source: string, wanted: string) =>
  clone(
    `the source PVC and destination PVCs must have the same volume mode for cloning.  Source is ${source}, but new PVC requested ${wanted}`,
  )

describe('a claim that is to be filled', () => {
  const raw = { volumeMode: 'Block' }
  const there: CloneSource = { claim: claim('1Gi'), volume: volume() }
  it.each<{ name: string; spec?: object; clone?: Partial<CloneSource>; verdict: unknown }>([
    { name: 'from nothing', spec: {}, verdict: 'none' },
    { name: 'from a claim', verdict: 'none' },
    {
      name: 'from a claim, and larger',
      spec: { ...from('PersistentVolumeClaim'), resources: { requests: { storage: '2Gi' } } },
      verdict: 'none',
    },
    { name: 'by a populator', spec: from('Backup', 'example.com'), verdict: 'populated' },
    {
      name: 'by a populator, by the other field',
      spec: { dataSourceRef: { kind: 'Backup', apiGroup: 'example.com', name: 'old' } },
      verdict: 'populated',
    },
    {
      name: 'from a snapshot',
      spec: from('VolumeSnapshot', SNAPSHOTS),
      verdict: handle(
        'VolumeSnapshot',
        `error getting snapshot old from api server: the server could not find the requested resource (get volumesnapshots.${SNAPSHOTS} old)`,
      ),
    },
    {
      name: 'from a snapshot of another group',
      spec: from('VolumeSnapshot', 'x'),
      verdict: { fault: `the PVC source does not belong to the right APIGroup. Expected ${SNAPSHOTS}, Got x` },
    },
    {
      name: 'from a claim that is not there',
      clone: { claim: undefined },
      verdict: clone('error getting PVC old (namespace "ns") from api server: persistentvolumeclaim "old" not found'),
    },
    {
      name: 'from a claim that is not bound',
      clone: { claim: claim('1Gi', {}, { status: { phase: 'Pending' } }) },
      verdict: clone('the PVC DataSource old must have a status of Bound.  Got {Pending [] map[] [] map[] map[] <nil> <nil>}'),
    },
    {
      name: 'from a claim that goes',
      clone: { claim: claim('1Gi', {}, { deletionTimestamp: 'x' }) },
      verdict: clone('the PVC DataSource old is currently being deleted'),
    },
    {
      name: 'from a claim of no class',
      clone: { claim: claim('1Gi', { storageClassName: undefined }) },
      verdict: clone('the source PVC (old) storageclass cannot be empty'),
    },
    {
      name: 'from a larger claim',
      clone: { claim: claim('2Gi') },
      verdict: clone(
        'error, new PVC request must be greater than or equal in size to the specified PVC data source, requested 1073741824 but source is 2147483648',
      ),
    },
    { name: 'from a claim whose volume is gone', clone: { volume: undefined }, verdict: INVALID },
    { name: 'from a volume of another driver', clone: { volume: volume({ csi: { driver: 'x' } }) }, verdict: INVALID },
    { name: 'from a volume of no driver', clone: { volume: volume({ csi: undefined }) }, verdict: INVALID },
    { name: 'from a volume of another claim', clone: { volume: volume({ claimRef: { uid: 'x' } }) }, verdict: INVALID },
    { name: 'from a volume that is not bound yet', clone: { volume: volume({}, 'Available') }, verdict: INVALID },
    { name: 'from blocks', clone: { volume: volume(raw) }, verdict: modes('Block', 'Filesystem') },
    { name: 'with blocks from files', spec: { ...from('PersistentVolumeClaim'), ...raw }, verdict: modes('Filesystem', 'Block') },
    {
      name: 'with blocks from blocks',
      spec: { ...from('PersistentVolumeClaim'), ...raw },
      clone: { volume: volume(raw) },
      verdict: 'none',
    },
  ])('$name', ({ spec = from('PersistentVolumeClaim'), clone: given = {}, verdict }) => {
    expect(sourceVerdict(claim('1Gi', { volumeName: undefined, ...spec }), { ...there, ...given })).toEqual(verdict)
  })
})

it('a clone waits for what it is a clone of', async () => {
  const cluster = await createCluster({ clock: 'virtual', nodes: 0 })
  const make = (name: string, spec: object = {}) =>
    cluster.client.create('persistentvolumeclaims', {
      metadata: { name, namespace: 'default' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
    } as never)
  const phase = async (name: string) =>
    (await cluster.client.get<PersistentVolumeClaim>({ resource: 'persistentvolumeclaims', namespace: 'default', name })).status?.phase
  await make('clone', { dataSource: { kind: 'PersistentVolumeClaim', name: 'original' } })
  await make('other', { dataSourceRef: { kind: 'Backup', apiGroup: 'example.com', name: 'b' } })
  await cluster.settle()
  expect(await phase('clone')).toBe('Pending')
  await make('original')
  await cluster.settle()
  expect([await phase('original'), await phase('clone'), await phase('other')]).toEqual(['Bound', 'Bound', 'Pending'])
  const { items } = await cluster.client.list<import('../../src/index.ts').Event>('events')
  const told = (name: string) =>
    items.filter(({ involvedObject }) => involvedObject.name === name).map(({ reason, message }) => [reason, message])
  expect(told('other')).toEqual([['Provisioning', 'Assuming an external populator will provision the volume']])
  expect(told('clone').map(([reason]) => reason)).toEqual(expect.arrayContaining(['ProvisioningFailed', 'ProvisioningSucceeded']))
  await cluster.close()
})
