import { afterEach, beforeEach, expect, test } from 'vitest'
import type { PersistentVolumeClaim } from '../../src/api/types.gen.ts'
import { Scenario } from '../support/scenario.ts'

let scenario: Scenario
beforeEach(async () => {
  scenario = await Scenario.start({ nodes: 2 })
})
afterEach(() => scenario.close())

const CLAIMS = 'persistentvolumeclaims'
const claim = (name: string, spec: object = {}) => ({
  kind: 'PersistentVolumeClaim',
  metadata: { name },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
})
const pod = (name: string, volume: object, priorityClassName?: string) => ({
  kind: 'Pod',
  metadata: { name },
  spec: {
    containers: [{ name: 'c', image: 'i' }],
    volumes: [{ name: 'data', ...volume }],
    ...(priorityClassName && { priorityClassName }),
  },
})
const of = (claimName: string) => ({ persistentVolumeClaim: { claimName } })
const get = (name: string) => scenario.client.get<PersistentVolumeClaim>({ resource: CLAIMS, namespace: 'default', name })
const reasons = async (name: string) => (await scenario.events(name)).map(({ reason }) => reason)
const nodeOf = async (name: string) => (await scenario.pods()).find(({ metadata }) => metadata.name === name)?.spec.nodeName

test('a claim grows once a pod runs with it', async () => {
  await scenario.apply(claim('data'))
  await scenario.patch(CLAIMS, 'data', { spec: { resources: { requests: { storage: '3Gi' } } } })
  expect((await get('data')).status).toMatchObject({
    capacity: { storage: '1Gi' },
    allocatedResources: { storage: '3Gi' },
    allocatedResourceStatuses: { storage: 'NodeResizePending' },
    conditions: [
      { type: 'Resizing', status: 'True' },
      { type: 'FileSystemResizePending', status: 'True' },
    ],
  })
  await scenario.apply(pod('p', of('data')))
  await scenario.seconds(10)
  const { status } = await get('data')
  expect(status).toMatchObject({ capacity: { storage: '3Gi' }, allocatedResources: { storage: '3Gi' } })
  expect([status?.allocatedResourceStatuses, status?.conditions ?? []]).toEqual([undefined, []])
  expect(await reasons('data')).toEqual(['ProvisioningSucceeded', 'Resizing', 'FileSystemResizeRequired', 'FileSystemResizeSuccessful'])
})

test('a claim changes its attributes', async () => {
  const { client, cluster } = scenario
  await scenario.apply(claim('data'))
  await scenario.patch(CLAIMS, 'data', { spec: { volumeAttributesClassName: 'gold' } })
  expect((await get('data')).status?.modifyVolumeStatus).toMatchObject({ targetVolumeAttributesClassName: 'gold', status: 'Pending' })
  const gold = { metadata: { name: 'gold' }, driverName: 'simulated.coracle.dev', parameters: { iops: '1' } }
  await client.create('volumeattributesclasses.storage.k8s.io', gold as never)
  await cluster.settle()
  expect((await get('data')).status?.currentVolumeAttributesClassName).toBe('gold')
  expect(await reasons('data')).toEqual(['ProvisioningSucceeded', 'VolumeModifyFailed', 'VolumeModify', 'VolumeModifySuccessful'])
})

test('an ephemeral volume is a claim that lives and dies with its pod', async () => {
  const { kind: _kind, metadata: _metadata, ...volumeClaimTemplate } = claim('')
  await scenario.apply(pod('p', { ephemeral: { volumeClaimTemplate } }))
  await scenario.seconds(5)
  expect((await get('p-data')).metadata.ownerReferences).toMatchObject([{ kind: 'Pod', name: 'p', controller: true }])
  expect((await get('p-data')).status?.phase).toBe('Bound')
  expect((await scenario.pods())[0]?.status?.phase).toBe('Running')
  await scenario.delete('pods', 'p')
  await scenario.seconds(60)
  expect(await scenario.find(CLAIMS, 'p-data')).toBeUndefined()
  await scenario.apply(claim('q-data'), pod('q', { ephemeral: { volumeClaimTemplate } }))
  expect(await nodeOf('q')).toBeUndefined()
  expect((await scenario.events('q')).map(({ reason, message }) => `${reason} ${message}`)).toEqual(
    expect.arrayContaining([
      'FailedBinding ephemeral volume data: PVC default/q-data was not created for pod default/q (pod is not owner)',
    ]),
  )
})

test('a claim for one pod is for one pod, and then for the more important one', async () => {
  await scenario.apply(claim('data', { accessModes: ['ReadWriteOncePod'] }), pod('a', of('data')), pod('b', of('data')))
  expect([await nodeOf('a'), await nodeOf('b')]).toEqual([expect.any(String), undefined])
  expect((await scenario.events('b', 'FailedScheduling'))[0]?.message).toMatch(
    /^0\/2 nodes are available: 2 node\(s\) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod/,
  )
  await scenario.delete('pods', 'a')
  await scenario.seconds(60)
  expect(await nodeOf('b')).toEqual(expect.any(String))
  await scenario.client.create('priorityclasses.scheduling.k8s.io', { metadata: { name: 'high' }, value: 1000 } as never)
  await scenario.apply(pod('important', of('data'), 'high'))
  await scenario.seconds(60)
  expect(await nodeOf('important')).toEqual(expect.any(String))
  expect(await nodeOf('b')).toBeUndefined()
})
