/** Upstream: test/e2e/storage/persistent_volumes.go and empty_dir_wrapper.go */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Conformance, namesOf } from '../../support/conformance.ts'
import { createRunning, eventually, gone, pausePod } from '../../support/conformance-pods.ts'
import { uniqueName } from '../../support/resource-client.ts'

let e2e: Conformance
beforeAll(async () => {
  e2e = await Conformance.start({ nodes: 2 })
})
afterAll(() => e2e.close())

it('[sig-storage] PersistentVolumes CSI Conformance should run through the lifecycle of a PV and a PVC', async () => {
  const volumes = e2e.client('v1/persistentvolumes')
  const namespace = await e2e.namespace('pv')
  const claims = e2e.client('v1/persistentvolumeclaims', namespace)
  const storage = { storage: '2Gi' }
  const accessModes = ['ReadWriteOnce']
  /** Both have labels, and no class that would make another volume. */
  const createBoth = async () => {
    const [volume, claim] = [uniqueName('pv'), uniqueName('pvc')]
    const storageClassName = uniqueName('class')
    const csi = { driver: 'e2e-driver', volumeHandle: uniqueName('handle') }
    const spec = { accessModes, capacity: storage, storageClassName, persistentVolumeReclaimPolicy: 'Retain', csi }
    await volumes.create({ metadata: { name: volume, labels: { 'e2e-pv-pool': volume } }, spec })
    await claims.create({
      metadata: { name: claim, labels: { 'e2e-pvc-pool': claim } },
      spec: { accessModes, storageClassName, resources: { requests: storage } },
    })
    await eventually(e2e, 'both are bound', async () => (await claims.get(claim)).status.phase === 'Bound')
    expect((await volumes.get(volume)).spec.claimRef.name).toBe(claim)
    return [volume, claim] as const
  }
  const [volume, claim] = await createBoth()
  expect(namesOf(await volumes.list({ labelSelector: `e2e-pv-pool=${volume}` }))).toEqual([volume])
  expect(namesOf(await claims.list())).toEqual([claim])
  expect((await volumes.patch(volume, { metadata: { labels: { [volume]: 'patched' } } })).metadata.labels[volume]).toBe('patched')
  expect((await claims.patch(claim, { metadata: { labels: { [claim]: 'patched' } } })).metadata.labels[claim]).toBe('patched')
  expect((await volumes.get(volume)).metadata.labels[volume]).toBe('patched')
  expect((await claims.get(claim)).metadata.labels[claim]).toBe('patched')
  await claims.delete(claim)
  await gone(e2e, claims, claim)
  await volumes.delete(volume)
  await gone(e2e, volumes, volume)

  const [other, otherClaim] = await createBoth()
  const updated = await volumes.change(other, ({ metadata }) => {
    metadata.labels[other] = 'updated'
  })
  expect(updated.metadata.labels[other]).toBe('updated')
  await claims.change(otherClaim, ({ metadata }) => {
    metadata.labels[otherClaim] = 'updated'
  })
  expect(namesOf(await e2e.client('v1/persistentvolumeclaims').list({ labelSelector: `${otherClaim}=updated` }))).toEqual([otherClaim])
  await claims.deleteCollection({ labelSelector: `${otherClaim}=updated` })
  await gone(e2e, claims, otherClaim)
  await volumes.deleteCollection({ labelSelector: `${other}=updated` })
  await gone(e2e, volumes, other)
})

it('[sig-storage] EmptyDir wrapper volumes should not conflict', async () => {
  const namespace = await e2e.namespace('emptydir-wrapper')
  await e2e.client('v1/secrets', namespace).create({ metadata: { name: 'wrapped' }, stringData: { 'data-1': 'value-1' } })
  await e2e.client('v1/configmaps', namespace).create({ metadata: { name: 'wrapped' }, data: { 'data-1': 'value-1' } })
  const volumes = [
    { name: 'secret-volume', secret: { secretName: 'wrapped' } },
    { name: 'configmap-volume', configMap: { name: 'wrapped' } },
  ]
  const volumeMounts = volumes.map(({ name }) => ({ name, mountPath: `/etc/${name}`, readOnly: true }))
  const pod = pausePod(uniqueName('pod-secrets'), { volumes, container: { volumeMounts } })
  expect((await createRunning(e2e, e2e.client('v1/pods', namespace), pod)).status.phase).toBe('Running')
})

it('[sig-storage] EmptyDir wrapper volumes should not cause race condition when used for configmaps [Serial]', async () => {
  const namespace = await e2e.namespace('emptydir-wrapper')
  const maps = e2e.client('v1/configmaps', namespace)
  const names = Array.from({ length: 50 }, (_, i) => `racey-configmap-${i}`)
  for (const name of names) await maps.create({ metadata: { name }, data: { 'data-1': 'value-1' } })
  const volumes = names.map((name, i) => ({
    name: `racey-configmap-${i}`,
    configMap: { name, items: [{ key: 'data-1', path: 'data-1' }] },
  }))
  const volumeMounts = volumes.map(({ name }) => ({ name, mountPath: `/etc/config-${name}` }))
  const controllers = e2e.client('v1/replicationcontrollers', namespace)
  for (let round = 0; round < 3; round++) {
    const name = uniqueName('wrapped-volume-race')
    const { spec } = pausePod(name, { volumes, container: { volumeMounts } })
    await controllers.create({
      metadata: { name },
      spec: { replicas: 5, selector: { name }, template: { metadata: { labels: { name } }, spec } },
    })
    await eventually(e2e, 'all five run', async () => (await controllers.get(name)).status.readyReplicas === 5)
    await controllers.delete(name)
    await gone(e2e, controllers, name)
  }
})
