import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { PersistentVolume, PersistentVolumeClaim } from '../../src/index.ts'
import { isReady, namesOf, Scenario, statefulSet } from '../support/scenario.ts'

const STATEFUL_SETS = 'statefulsets.apps'
const CLAIMS = 'persistentvolumeclaims'

let cluster: Scenario
beforeEach(async () => {
  cluster = await Scenario.start({ nodes: 3 })
})
afterEach(() => cluster.close())

const volumeClaimTemplates = [
  { metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } },
]
const database = (replicas: number, spec: object = {}) => statefulSet('db', { replicas, volumeClaimTemplates, ...spec })
const claims = () => cluster.list<PersistentVolumeClaim>(CLAIMS)
/** Claim → volume. */
const volumes = async () => Object.fromEntries((await claims()).map(({ metadata, spec }) => [metadata.name, spec.volumeName]))
const claimOf = async (pod: string) =>
  (await cluster.pod(pod)).spec.volumes!.find(({ name }) => name === 'data')!.persistentVolumeClaim!.claimName
const allReady = (count: number) =>
  cluster.until(`${count} are ready`, async () => {
    const pods = await cluster.pods('db')
    return pods.length === count && pods.every(isReady)
  })

describe('the claims of a StatefulSet', () => {
  it('are made of the templates, one a pod, and bound to volumes of the default class', async () => {
    await cluster.apply(database(2))
    await allReady(2)
    const made = await claims()
    expect(namesOf(made)).toEqual(['data-db-0', 'data-db-1'])
    expect(made.map(({ spec, status }) => [spec.storageClassName, status?.phase])).toEqual([
      ['standard', 'Bound'],
      ['standard', 'Bound'],
    ])
    expect(made[0]!.metadata.labels).toEqual({ app: 'db' })
    expect(made[0]!.metadata.ownerReferences).toBeUndefined()
    expect(await claimOf('db-1')).toBe('data-db-1')
  })

  it('go with the name, on whichever node the pod is', async () => {
    await cluster.apply(database(2))
    await allReady(2)
    const before = await volumes()
    const { nodeName } = (await cluster.pod('db-1')).spec
    await cluster.patch('nodes', nodeName!, { spec: { unschedulable: true } })
    await cluster.delete('pods', 'db-1')
    await allReady(2)
    const after = await cluster.pod('db-1')
    expect(after.spec.nodeName).not.toBe(nodeName)
    expect(after.spec.hostname).toBe('db-1')
    expect(await claimOf('db-1')).toBe('data-db-1')
    expect(await volumes()).toEqual(before)
  })

  it('stay when it is scaled down, and are taken up again', async () => {
    await cluster.apply(database(3))
    await allReady(3)
    const before = await volumes()
    await cluster.patch(STATEFUL_SETS, 'db', { spec: { replicas: 1 } })
    await allReady(1)
    await cluster.seconds(60)
    expect(await volumes()).toEqual(before)
    await cluster.patch(STATEFUL_SETS, 'db', { spec: { replicas: 3 } })
    await allReady(3)
    expect(await volumes()).toEqual(before)
  })

  it('stay when it goes, and are taken up by the next of its name', async () => {
    await cluster.apply(database(2))
    await allReady(2)
    const before = await volumes()
    await cluster.delete(STATEFUL_SETS, 'db')
    await cluster.seconds(60)
    expect(await cluster.pods()).toEqual([])
    expect(await volumes()).toEqual(before)
    await cluster.apply(database(2))
    await allReady(2)
    expect(await volumes()).toEqual(before)
  })

  it('cannot be deleted from under a pod', async () => {
    await cluster.apply(database(1))
    await allReady(1)
    const before = await cluster.pod('db-0')
    await cluster.delete(CLAIMS, 'data-db-0')
    await cluster.seconds(60)
    const [claim] = await claims()
    expect(claim?.metadata.deletionTimestamp).toBeDefined()
    expect((await cluster.pod('db-0')).metadata.uid).toBe(before.metadata.uid)
    // When the pod goes the claim does too, and both are made anew.
    await cluster.delete('pods', 'db-0')
    await allReady(1)
    expect((await claims())[0]!.metadata.uid).not.toBe(claim?.metadata.uid)
  })

  it('go with it when the retention policy says so', async () => {
    await cluster.apply(database(3, { persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete', whenScaled: 'Retain' } }))
    await allReady(3)
    await cluster.patch(STATEFUL_SETS, 'db', { spec: { replicas: 2 } })
    await cluster.seconds(60)
    expect(await claims()).toHaveLength(3)
    await cluster.delete(STATEFUL_SETS, 'db')
    await cluster.seconds(60)
    expect(await claims()).toEqual([])
    expect(await cluster.list<PersistentVolume>('persistentvolumes')).toEqual([])
  })

  it('go with the pods that are scaled away when the retention policy says so', async () => {
    await cluster.apply(database(3, { persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Delete' } }))
    await allReady(3)
    await cluster.patch(STATEFUL_SETS, 'db', { spec: { replicas: 1 } })
    await cluster.seconds(60)
    expect(namesOf(await claims())).toEqual(['data-db-0'])
    // A pod that is only replaced keeps its own.
    const before = await volumes()
    await cluster.delete('pods', 'db-0')
    await allReady(1)
    expect(await volumes()).toEqual(before)
    await cluster.delete(STATEFUL_SETS, 'db')
    await cluster.seconds(60)
    expect(namesOf(await claims())).toEqual(['data-db-0'])
  })

  it('of a class that is not there keep the pod waiting', async () => {
    const [template] = volumeClaimTemplates
    const lost = [{ ...template, spec: { ...template!.spec, storageClassName: 'gold' } }]
    await cluster.apply(statefulSet('db', { replicas: 2, volumeClaimTemplates: lost }))
    await cluster.seconds(60)
    expect(namesOf(await cluster.pods())).toEqual(['db-0'])
    const [event] = await cluster.events('db-0', 'FailedScheduling')
    expect(event?.message).toMatch('pod has unbound immediate PersistentVolumeClaims')
    await cluster.client.create('storageclasses.storage.k8s.io', {
      metadata: { name: 'gold' },
      provisioner: 'coracle.dev/simulated',
      volumeBindingMode: 'WaitForFirstConsumer',
    } as never)
    await allReady(2)
    expect((await claims()).every(({ status }) => status?.phase === 'Bound')).toBe(true)
  })
})
