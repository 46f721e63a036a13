import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Json, MERGE_PATCH } from '../../support/api.ts'
import { checkApiOperations, checkLifecycle, type Lifecycle } from '../../support/api-operations.ts'
import { Conformance, expectRefused, namesOf } from '../../support/conformance.ts'
import { uniqueName } from '../../support/resource-client.ts'

let e2e: Conformance
beforeAll(async () => {
  e2e = await Conformance.start()
})
afterAll(() => e2e.close())

const ATTACHMENT = {
  spec: { attacher: 'e2e-attacher.example.com', nodeName: 'e2e-node', source: { persistentVolumeName: 'e2e-pv' } },
}
const LIFECYCLES: readonly Lifecycle[] = [
  {
    title: '[sig-storage] CSIInlineVolumes should run through the lifecycle of a CSIDriver',
    path: 'storage.k8s.io/v1/csidrivers',
    object: { spec: { volumeLifecycleModes: ['Persistent'] } },
    replacement: { spec: { volumeLifecycleModes: ['Persistent', 'Ephemeral'] } },
  },
  {
    title: '[sig-storage] CSINodes CSI Conformance should run through the lifecycle of a csinode',
    path: 'storage.k8s.io/v1/csinodes',
    object: { spec: { drivers: [] } },
  },
  {
    title: '[sig-storage] StorageClasses CSI Conformance should run through the lifecycle of a StorageClass',
    path: 'storage.k8s.io/v1/storageclasses',
    object: { provisioner: 'e2e-fake-provisioner', reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate' },
  },
  {
    title: '[sig-storage] VolumeAttachment Conformance should run through the lifecycle of a VolumeAttachment',
    path: 'storage.k8s.io/v1/volumeattachments',
    object: ATTACHMENT,
    patchType: MERGE_PATCH,
  },
  {
    title:
      '[sig-storage] VolumeAttributesClass [FeatureGate:VolumeAttributesClass] should run through the lifecycle of a VolumeAttributesClass',
    path: 'storage.k8s.io/v1/volumeattributesclasses',
    object: { driverName: 'e2e-fake-csi-driver', parameters: { iops: '3000' } },
    replacement: { driverName: 'e2e-fake-csi-driver', parameters: { iops: '5000' } },
  },
]

it.each(LIFECYCLES.map((row) => [row.title, row] as const))('%s', (_title, row) => checkLifecycle(e2e, row))

it('[sig-storage] CSIStorageCapacity should support CSIStorageCapacities API operations', () =>
  checkApiOperations(e2e, {
    title: 'CSIStorageCapacity',
    path: 'storage.k8s.io/v1/csistoragecapacities',
    isNamespaced: true,
    object: { storageClassName: 'foo-storage-class', capacity: '50Gi' },
    names: ['example-csc-1', 'example-csc-2', 'example-csc-3'],
  }))

it('[sig-storage] VolumeAttachment Conformance should apply changes to a volumeattachment status', async () => {
  const client = e2e.client('storage.k8s.io/v1/volumeattachments')
  const name = uniqueName('va-e2e')
  const labelSelector = `${name}=patched`
  await client.create({ metadata: { name }, ...ATTACHMENT })
  expect((await client.patch(name, { metadata: { labels: { [name]: 'patched' } } })).metadata.labels).toEqual({ [name]: 'patched' })
  const read = await e2e.dynamicClient('storage.k8s.io/v1/volumeattachments').get(name, 'status')
  expect(read.status).toEqual({ attached: false })
  const patched = await client.patch(name, { status: { attached: true } }, { subresource: 'status' })
  expect(patched.status.attached).toBe(true)
  await client.change(
    name,
    ({ status }) => {
      status.attached = false
    },
    'status',
  )
  expect((await e2e.dynamicClient('storage.k8s.io/v1/volumeattachments').get(name)).status.attached).toBe(false)
  await client.delete(name)
  expect(namesOf(await client.list({ labelSelector }))).toEqual([])
})

it('[sig-storage] CSIInlineVolumes should support CSIVolumeSource in Pod API', async () => {
  const client = e2e.client('v1/pods', await e2e.namespace('csiinlinevolumes'))
  const name = 'pod-csi-inline-volumes'
  const volumes = [
    { name: 'csi-inline-vol1', csi: { driver: 'e2e.example.com' } },
    { name: 'csi-inline-vol2', csi: { driver: 'e2e.example.com', fsType: 'ext4', readOnly: true } },
  ]
  const mounts = volumes.map(({ name }, i) => ({ name, mountPath: `/mnt/vol${i + 1}` }))
  const pod = {
    metadata: { name },
    spec: { volumes, containers: [{ name, image: 'busybox', command: ['sh', '-c', 'ls /mnt/*'], volumeMounts: mounts }] },
  }
  const created = await client.create(pod)
  await expectRefused(client.create(pod), 'AlreadyExists')
  const got = await client.get(name)
  expect(got.metadata.uid).toBe(created.metadata.uid)
  expect(got.spec.volumes.filter(({ csi }: Json) => csi !== undefined)).toEqual(volumes)
  expect(namesOf(await client.list())).toEqual([name])
  const patched = await client.patch(name, { metadata: { annotations: { patched: 'true' } } })
  expect(patched.metadata.annotations).toMatchObject({ patched: 'true' })
  await client.delete(name)
  await expectRefused(client.get(name), 'NotFound')
})

it('[sig-storage] PersistentVolumes CSI Conformance should apply changes to a pv/pvc status', async () => {
  const namespace = await e2e.namespace('pv')
  const volumes = e2e.client('v1/persistentvolumes')
  const claims = e2e.client('v1/persistentvolumeclaims', namespace)
  const labels = { 'e2e-pv-pool': namespace }
  const resources = { storage: '2Gi' }
  const volume = await volumes.create({
    metadata: { generateName: `${namespace}-`, labels },
    spec: {
      capacity: resources,
      accessModes: ['ReadWriteOnce'],
      persistentVolumeReclaimPolicy: 'Retain',
      storageClassName: namespace,
      csi: { driver: 'e2e-driver.example.com', volumeHandle: 'e2e-status-conformance' },
    },
  })
  const claim = await claims.create({
    metadata: { generateName: 'pvc-' },
    spec: { accessModes: ['ReadWriteOnce'], storageClassName: namespace, resources: { requests: resources } },
  })
  const { name: ofVolume } = volume.metadata
  const { name: ofClaim } = claim.metadata
  await e2e.cluster.settle()
  expect(namesOf(await volumes.list({ labelSelector: `e2e-pv-pool=${namespace}` }))).toEqual([ofVolume])
  expect(namesOf(await claims.list())).toEqual([ofClaim])

  const phaseOfClaim = (await e2e.dynamicClient('v1/persistentvolumeclaims', namespace).get(ofClaim, 'status')).status.phase
  expect(['Pending', 'Bound']).toContain(phaseOfClaim)
  const phaseOfVolume = (await e2e.dynamicClient('v1/persistentvolumes').get(ofVolume, 'status')).status.phase
  expect(['Available', 'Bound', 'Pending']).toContain(phaseOfVolume)

  const condition = (type: string, reason: string) => ({ type, status: 'True', reason, message: 'Set from e2e test' })
  const first = condition('StatusPatched', 'E2E patchedStatus')
  const patchedClaim = await claims.patch(ofClaim, { status: { conditions: [first] } }, { subresource: 'status' })
  expect(patchedClaim.status.conditions).toMatchObject([first])
  const status = { message: 'StatusPatched', reason: 'E2E patchStatus' }
  expect((await volumes.patch(ofVolume, { status }, { subresource: 'status' })).status).toMatchObject(status)

  const second = condition('StatusUpdated', 'E2E updateStatus')
  const updatedClaim = await claims.change(ofClaim, ({ status }) => status.conditions.push(second), 'status')
  expect(updatedClaim.status.conditions).toMatchObject([first, second])
  const later = { reason: 'E2E updateStatus', message: 'StatusUpdated' }
  const updatedVolume = await volumes.change(ofVolume, (object) => Object.assign(object.status, later), 'status')
  expect(updatedVolume.status).toMatchObject(later)
})
