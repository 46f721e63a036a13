import { beforeEach, describe, expect, it } from 'vitest'
import type { ControllerRevision, Pod, StatefulSet } from '../../src/api/types.gen.ts'
import { claimTemplate, KEY, StatefulWorld } from '../support/stateful-world.ts'

let web: StatefulWorld

beforeEach(() => {
  web = new StatefulWorld()
})

describe('whose pods', () => {
  const orphan = (name: string, labels = { app: 'web' }) =>
    web.put('pods', { metadata: { name, namespace: 'default', labels }, spec: { containers: [] }, status: { phase: 'Running' } })

  it('adopts an orphan of its name and labels, and gives it its label', () => {
    web.putSet({ replicas: 1, updateStrategy: { type: 'OnDelete' } })
    orphan('web-0')
    web.sync()
    expect(web.pod('web-0').metadata.ownerReferences).toMatchObject([{ kind: 'StatefulSet', name: 'web' }])
    web.run('web-0')
    web.sync()
    expect(web.pod('web-0').metadata.labels).toMatchObject({ 'statefulset.kubernetes.io/pod-name': 'web-0' })
    expect(web.messages).toEqual(['SuccessfulUpdate: Update Pod web-0 in StatefulSet web successful'])
    expect(web.sync().actions).toEqual([])
  })

  it('leaves others alone', () => {
    web.putSet({ replicas: 0 })
    orphan('db-0')
    orphan('web-x')
    orphan('web-7', { app: 'db' })
    web.sync()
    expect(web.list<Pod>('pods').every(({ metadata }) => metadata.ownerReferences === undefined)).toBe(true)
  })

  it('lets a pod go whose labels were changed', () => {
    web.putSet({ replicas: 1 })
    web.settle()
    web.change<Pod>('pods', 'web-0', ({ metadata }) => (metadata.labels = { app: 'debug' }))
    expect(web.sync().actions?.[0]).toMatchObject({ verb: 'patch', patch: { metadata: { ownerReferences: null } } })
  })

  it('asks the server to repair volumes, whatever it answers', () => {
    web.putSet({ replicas: 1, volumeClaimTemplates: [claimTemplate] })
    web.settle()
    web.change<Pod>('pods', 'web-0', ({ spec }) => (spec.volumes = []))
    expect(web.sync().actions).toMatchObject([{ verb: 'update', object: { spec: { volumes: [{ name: 'www' }] } } }])
  })
})

describe('revisions', () => {
  it('take another name when theirs is taken', () => {
    web.putSet()
    web.sync()
    const name = web.set.status!.updateRevision!
    web = new StatefulWorld()
    web.putSet()
    web.put('controllerrevisions.apps', {
      metadata: { name, namespace: 'default', ownerReferences: [{ uid: 'x', controller: true }] },
      data: {},
      revision: 1,
    })
    web.sync()
    expect(web.set.status).toMatchObject({ collisionCount: 1 })
    expect(web.set.status!.updateRevision).not.toBe(name)
  })

  it('are adopted', () => {
    web.putSet()
    web.settle()
    const name = web.set.status!.updateRevision!
    web.change<ControllerRevision>('controllerrevisions.apps', name, ({ metadata }) => delete metadata.ownerReferences)
    web.sync()
    expect(web.get('controllerrevisions.apps', name)!.metadata.ownerReferences).toMatchObject([{ kind: 'StatefulSet' }])
  })
})

it('only counts when it is being deleted', () => {
  web.putSet()
  web.settle()
  web.remove('pods', 'web-1')
  web.change<StatefulSet>('statefulsets.apps', 'web', ({ metadata }) => (metadata.deletionTimestamp = '2026-01-01T00:00:00Z'))
  expect(web.sync().actions ?? []).toEqual([])
  expect(web.set.status).toMatchObject({ replicas: 2 })
})

it('has all fields of a status', () => {
  web.putSet({ replicas: 1 })
  web.settle()
  const revision = web.set.status!.updateRevision
  expect(web.set.status).toEqual({
    observedGeneration: 1,
    replicas: 1,
    readyReplicas: 1,
    currentReplicas: 1,
    updatedReplicas: 1,
    availableReplicas: 1,
    currentRevision: revision,
    updateRevision: revision,
    collisionCount: 0,
  })
})

it('counts its pods even when it can make no more', () => {
  web.putSet()
  web.sync()
  web.run('web-0')
  const action = { verb: 'create', resource: 'pods', object: { metadata: { name: 'web-1' } } } as const
  const lastFailure = { action, reason: 'Forbidden', message: 'exceeded quota' }
  const failed = () => web.controller.reconcile(web.controller.observe(web.reader, KEY)!, { now: web.now, newName: String, lastFailure })
  const told = failed()
  expect(told).toMatchObject({ status: { status: { readyReplicas: 1 } }, requeueAfterMs: 1, waitingOn: 'exceeded quota' })
  expect(told.actions).toBeUndefined()
  web.put('statefulsets.apps', told.status!)
  expect(failed().actions).toMatchObject([{ verb: 'create' }])
})
