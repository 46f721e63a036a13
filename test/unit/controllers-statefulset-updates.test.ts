import { beforeEach, describe, expect, it } from 'vitest'
import type { ControllerRevision } from '../../src/api/types.gen.ts'
import { StatefulWorld, template } from '../support/stateful-world.ts'

let web: StatefulWorld

beforeEach(() => {
  web = new StatefulWorld()
})

describe('rolling update', () => {
  it('replaces from the highest ordinal, waiting for each to be available', () => {
    web.putSet()
    web.settle()
    const first = web.set.status!.currentRevision
    web.update()
    const order: string[] = []
    for (const name of ['web-2', 'web-1', 'web-0']) {
      expect(web.sync().actions?.filter(({ verb }) => verb === 'delete')).toMatchObject([{ target: { name } }])
      order.push(name)
      expect(web.set.status!.currentRevision).toBe(first)
      expect(web.set.status!.updatedReplicas ?? 0).toBe(order.length - 1)
      web.finishDeletes()
      web.sync()
      expect(web.imageOf(name)).toBe('v2')
      expect(web.sync()).toMatchObject({ actions: [], waitingOn: `pod ${name} to be Running and Ready` })
      web.run(name)
    }
    web.sync()
    expect(web.set.status).toMatchObject({ currentReplicas: 3, updatedReplicas: 3, observedGeneration: 2 })
    expect(web.set.status!.currentRevision).toBe(web.set.status!.updateRevision)
    expect(web.set.status!.currentRevision).not.toBe(first)
  })

  it('counts a pod that it deletes as current no longer', () => {
    web.putSet()
    web.settle()
    web.update()
    web.sync()
    expect(web.set.status).toMatchObject({ replicas: 3, currentReplicas: 2, readyReplicas: 3 })
  })

  it('rolls one by one when Parallel, too', () => {
    web.putSet({ podManagementPolicy: 'Parallel' })
    web.settle()
    web.update()
    web.sync()
    expect(web.standing).toEqual(['web-0', 'web-1'])
    web.finishDeletes()
    web.sync()
    expect(web.sync()).toMatchObject({ actions: [], waitingOn: 'pod web-2 to be Available' })
  })

  it('leaves the ordinals below the partition at the current revision, even when made anew', () => {
    web.putSet({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 2 } } })
    web.settle()
    web.update()
    web.settle()
    expect(['web-0', 'web-1', 'web-2'].map((name) => web.imageOf(name))).toEqual(['v1', 'v1', 'v2'])
    web.remove('pods', 'web-0')
    web.settle()
    expect(web.imageOf('web-0')).toBe('v1')
    expect(web.set.status).toMatchObject({ currentReplicas: 2, updatedReplicas: 1 })
  })

  it('OnDelete: only what is deleted by others is made from the new template', () => {
    web.putSet({ updateStrategy: { type: 'OnDelete' } })
    web.settle()
    web.update()
    web.settle()
    expect(['web-0', 'web-1', 'web-2'].map((name) => web.imageOf(name))).toEqual(['v1', 'v1', 'v1'])
    web.remove('pods', 'web-1')
    web.settle()
    expect(['web-0', 'web-1', 'web-2'].map((name) => web.imageOf(name))).toEqual(['v1', 'v2', 'v1'])
    expect(web.set.status!.currentRevision).not.toBe(web.set.status!.updateRevision)
  })

  it('a rollback makes the earlier revision the newest again', () => {
    web.putSet()
    web.settle()
    const first = web.set.status!.currentRevision
    web.update()
    web.settle()
    web.update('v1')
    web.settle()
    expect(web.set.status!.currentRevision).toBe(first)
    expect(web.get<ControllerRevision>('controllerrevisions.apps', first!)!.revision).toBe(3)
    expect(web.list('controllerrevisions.apps')).toHaveLength(2)
    expect(['web-0', 'web-1', 'web-2'].map((name) => web.imageOf(name))).toEqual(['v1', 'v1', 'v1'])
  })

  it('of a broken update only the broken pod has to be made anew when it is rolled back', () => {
    web.putSet()
    web.settle()
    web.update()
    web.sync()
    web.finishDeletes()
    web.sync()
    const kept = [web.pod('web-0').metadata.uid, web.pod('web-1').metadata.uid]
    web.update('v1')
    // As upstream: an ordered set waits for the broken pod until somebody deletes it.
    expect(web.sync().waitingOn).toBe('pod web-2 to be Running and Ready')
    web.remove('pods', 'web-2')
    web.settle()
    expect(web.imageOf('web-2')).toBe('v1')
    expect([web.pod('web-0').metadata.uid, web.pod('web-1').metadata.uid]).toEqual(kept)
  })

  it('scales before it updates', () => {
    web.putSet()
    web.settle()
    web.changeSpec((spec) => {
      spec.template = template('v2')
      spec.replicas = 2
    })
    expect(web.sync().actions?.filter(({ verb }) => verb === 'delete')).toMatchObject([{ target: { name: 'web-2' } }])
  })

  it('keeps as much history as it is told to', () => {
    web.putSet({ revisionHistoryLimit: 1 })
    web.settle()
    for (const image of ['v2', 'v3', 'v4']) {
      web.changeSpec((spec) => (spec.template = template(image)))
      web.settle()
    }
    const revisions = web.list<ControllerRevision>('controllerrevisions.apps').map(({ revision }) => revision)
    expect(revisions.sort()).toEqual([3, 4])
  })
})
