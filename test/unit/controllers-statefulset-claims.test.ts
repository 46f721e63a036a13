import { beforeEach, describe, expect, it } from 'vitest'
import type { PersistentVolumeClaim } from '../../src/api/types.gen.ts'
import { claimTemplate, KEY, StatefulWorld } from '../support/stateful-world.ts'

let web: StatefulWorld

beforeEach(() => {
  web = new StatefulWorld()
})

describe('claims', () => {
  it('are made before the pod and mounted by it', () => {
    web.putSet({ replicas: 1, volumeClaimTemplates: [claimTemplate] })
    web.sync()
    expect(web.log.slice(-2)).toEqual(['create persistentvolumeclaims/www-web-0', 'create pods/web-0'])
    expect(web.claim('www-web-0')).toMatchObject({
      metadata: { labels: { disk: 'ssd', app: 'web' } },
      spec: { accessModes: ['ReadWriteOnce'] },
    })
    expect(web.pod('web-0').spec.volumes).toEqual([
      { name: 'www', persistentVolumeClaim: { claimName: 'www-web-0' } },
      { name: 'tmp', emptyDir: {} },
    ])
    expect(web.messages[0]).toBe('SuccessfulCreate: Create Claim www-web-0 Pod web-0 in StatefulSet web success')
    expect(web.ownersOf('www-web-0')).toEqual([])
  })

  it('stay when scaled down, and are taken up again', () => {
    web.putSet({ volumeClaimTemplates: [claimTemplate] })
    web.settle()
    const { uid } = web.claim('www-web-2')!.metadata
    web.scale(0)
    web.settle()
    web.scale(3)
    web.settle()
    expect(web.claim('www-web-2')!.metadata.uid).toBe(uid)
  })

  it('that went are made anew for a pod that still waits', () => {
    web.putSet({ replicas: 1, volumeClaimTemplates: [claimTemplate] })
    web.sync()
    web.remove('persistentvolumeclaims', 'www-web-0')
    web.sync()
    expect(web.claim('www-web-0')).toBeDefined()
  })

  it('that are going hold the pod back', () => {
    web.putSet({ replicas: 1, volumeClaimTemplates: [claimTemplate] })
    const metadata = { name: 'www-web-0', namespace: 'default', deletionTimestamp: '2026-01-01T00:00:00Z' }
    web.put('persistentvolumeclaims', { metadata })
    expect(web.sync().waitingOn).toBe('claim www-web-0, which is being deleted, to go')
    expect(web.names).toEqual([])
    expect(web.messages).toEqual(['FailedCreate: Create Pod web-0 in StatefulSet web failed error: pvc www-web-0 is being deleted'])
  })

  it.each([
    { whenDeleted: 'Retain', whenScaled: 'Retain', kept: [], scaledDown: [] },
    { whenDeleted: 'Delete', whenScaled: 'Retain', kept: ['StatefulSet/web'], scaledDown: ['StatefulSet/web'] },
    { whenDeleted: 'Retain', whenScaled: 'Delete', kept: [], scaledDown: ['Pod/web-1'] },
    { whenDeleted: 'Delete', whenScaled: 'Delete', kept: ['StatefulSet/web'], scaledDown: ['Pod/web-1'] },
  ])('belong to what their end depends on: deleted $whenDeleted, scaled $whenScaled', ({ whenDeleted, whenScaled, kept, scaledDown }) => {
    web.putSet({ replicas: 2, volumeClaimTemplates: [claimTemplate], persistentVolumeClaimRetentionPolicy: { whenDeleted, whenScaled } })
    web.settle()
    expect(web.ownersOf('www-web-1')).toEqual(kept)
    web.scale(1)
    web.sync()
    expect(web.ownersOf('www-web-1')).toEqual(scaledDown)
    expect(web.ownersOf('www-web-0')).toEqual(kept)
  })

  it('follow a changed policy', () => {
    web.putSet({ replicas: 1, volumeClaimTemplates: [claimTemplate] })
    web.settle()
    web.changeSpec((spec) => (spec.persistentVolumeClaimRetentionPolicy = { whenDeleted: 'Delete', whenScaled: 'Retain' }))
    web.settle()
    expect(web.ownersOf('www-web-0')).toEqual(['StatefulSet/web'])
    web.changeSpec((spec) => (spec.persistentVolumeClaimRetentionPolicy = { whenDeleted: 'Retain', whenScaled: 'Retain' }))
    web.settle()
    expect(web.ownersOf('www-web-0')).toEqual([])
  })

  it('of an earlier pod of the name are left to garbage collection first', () => {
    web.putSet({
      replicas: 1,
      volumeClaimTemplates: [claimTemplate],
      persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Delete' },
    })
    const ownerReferences = [{ apiVersion: 'v1', kind: 'Pod', name: 'web-0', uid: 'gone', controller: true }]
    web.put('persistentvolumeclaims', { metadata: { name: 'www-web-0', namespace: 'default', ownerReferences } })
    expect(web.sync().waitingOn).toBe('claim www-web-0 to go with the earlier pod web-0')
    expect(web.names).toEqual([])
  })

  it('of another controller are not touched', () => {
    web.putSet({
      replicas: 1,
      volumeClaimTemplates: [claimTemplate],
      persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete', whenScaled: 'Retain' },
    })
    const ownerReferences = [{ apiVersion: 'v1', kind: 'Thing', name: 'x', uid: 'x', controller: true }]
    web.put('persistentvolumeclaims', { metadata: { name: 'www-web-0', namespace: 'default', ownerReferences } })
    web.sync()
    expect(web.ownersOf('www-web-0')).toEqual(['Thing/x'])
    expect(web.messages.at(-1)).toBe(
      'ConflictingController: PersistentVolumeClaim www-web-0 has a conflicting OwnerReference that acts as a manging controller, the retention policy is ignored for this claim',
    )
  })

  it('concern the sets whose name theirs ends in', () => {
    web.putSet({ volumeClaimTemplates: [claimTemplate] })
    const keys = (name: string, old?: object) => {
      const current = { metadata: { name, namespace: 'default' } } as PersistentVolumeClaim
      return web.controller.watches.persistentvolumeclaims!(current, old as PersistentVolumeClaim, web.reader)
    }
    expect(keys('www-web-0')).toEqual([KEY])
    expect(keys('data-web-0')).toEqual([])
    expect(keys('web')).toEqual([])
    expect(keys('www-web-0', { metadata: { name: 'www-web-0' } })).toEqual([])
  })
})

it('tells of one update of a pod however many of its claims have new owners', () => {
  const templates = ['www', 'log'].map((name) => ({ ...claimTemplate, metadata: { name } }) as PersistentVolumeClaim)
  web.putSet({ replicas: 1, volumeClaimTemplates: templates })
  web.settle()
  web.events.length = 0
  web.changeSpec((spec) => (spec.persistentVolumeClaimRetentionPolicy = { whenDeleted: 'Delete', whenScaled: 'Retain' }))
  expect(web.sync().actions?.map(({ verb }) => verb)).toEqual(['patch', 'patch'])
  expect(web.messages).toEqual(['SuccessfulUpdate: Update Pod web-0 in StatefulSet web successful'])
})
