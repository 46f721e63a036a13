import { beforeEach, describe, expect, it } from 'vitest'
import type { ControllerRevision, PersistentVolumeClaim, Pod, StatefulSet, StatefulSetSpec } from '../../src/api/types.gen.ts'
import { statefulSetController } from '../../src/controllers/statefulset/controller.ts'
import { PlanWorld } from '../support/plan-world.ts'

const KEY = 'default/web'
let world: PlanWorld

beforeEach(() => {
  world = new PlanWorld()
})

function putSet(spec: Partial<StatefulSetSpec> = {}): void {
  world.put<StatefulSet>('statefulsets.apps', {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'web', namespace: 'default', generation: 1 },
    spec: {
      replicas: 3,
      serviceName: 'nginx',
      podManagementPolicy: 'OrderedReady',
      revisionHistoryLimit: 10,
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
      selector: { matchLabels: { app: 'web' } },
      template: template('v1'),
      ...spec,
    },
  })
}

const template = (image: string) => ({
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'nginx', image }], volumes: [{ name: 'tmp', emptyDir: {} }] },
})

const claimTemplate = {
  metadata: { name: 'www', labels: { disk: 'ssd' } },
  spec: { accessModes: ['ReadWriteOnce'] },
} as unknown as PersistentVolumeClaim

const reconcile = () => world.reconcile(statefulSetController, KEY)
const set = () => world.get<StatefulSet>('statefulsets.apps', 'web')!
const changeSpec = (change: (spec: StatefulSetSpec) => void) =>
  world.change<StatefulSet>('statefulsets.apps', 'web', (object) => {
    change(object.spec)
    object.metadata.generation = (object.metadata.generation ?? 0) + 1
  })
const names = () =>
  world
    .list<Pod>('pods')
    .map(({ metadata }) => metadata.name)
    .sort()
const standing = () =>
  world
    .list<Pod>('pods')
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map(({ metadata }) => metadata.name)
    .sort()
const pod = (name: string) => world.get<Pod>('pods', name)!
const imageOf = (name: string) => pod(name).spec.containers[0]!.image
const bind = (name: string) => world.change<Pod>('pods', name, (object) => (object.spec.nodeName = 'n1'))
const run = (...podNames: string[]) => {
  for (const name of podNames) {
    bind(name)
    world.setPod(name, 'Running')
  }
}
const messages = () => world.events.map(({ reason, message }) => `${reason}: ${message}`)

/** Everything that is made runs, everything that goes is gone, until nothing is planned. */
function settle(): void {
  for (let round = 0; round < 100; round++) {
    const before = set().metadata.resourceVersion
    const plan = reconcile()
    const isGoing = standing().length < names().length
    world.finishDeletes()
    const starting = world.list<Pod>('pods').filter(({ status }) => status?.phase === 'Pending')
    run(...starting.map(({ metadata }) => metadata.name))
    if ((plan.actions?.length ?? 0) === 0 && !isGoing && starting.length === 0 && set().metadata.resourceVersion === before) return
  }
  throw new Error('does not settle')
}

describe('scaling up', () => {
  it('makes one pod after the other, each when the one before is ready', () => {
    putSet()
    reconcile()
    expect(names()).toEqual(['web-0'])
    expect(reconcile()).toMatchObject({ actions: [], waitingOn: 'pod web-0 to be Running and Ready' })
    world.setPod('web-0', 'Running', false)
    expect(reconcile().waitingOn).toBe('pod web-0 to be Running and Ready')
    run('web-0')
    reconcile()
    expect(names()).toEqual(['web-0', 'web-1'])
    run('web-1')
    reconcile()
    run('web-2')
    expect(reconcile().actions).toEqual([])
    expect(names()).toEqual(['web-0', 'web-1', 'web-2'])
  })

  it('waits for a pod that is terminating', () => {
    putSet()
    reconcile()
    run('web-0')
    world.change<Pod>('pods', 'web-0', ({ metadata }) => (metadata.deletionTimestamp = '2026-01-01T00:00:00Z'))
    expect(reconcile()).toMatchObject({ actions: [], waitingOn: 'pod web-0 to terminate' })
  })

  it('waits for minReadySeconds, and looks again by itself', () => {
    putSet({ minReadySeconds: 10 })
    reconcile()
    run('web-0')
    expect(reconcile()).toMatchObject({ actions: [], waitingOn: 'pod web-0 to be Available', requeueAfterMs: 10_000 })
    expect(set().status).toMatchObject({ readyReplicas: 1, availableReplicas: 0 })
    world.now += 10_000
    reconcile()
    expect(names()).toEqual(['web-0', 'web-1'])
    expect(set().status).toMatchObject({ readyReplicas: 1, availableReplicas: 1 })
  })

  it('makes all at once when Parallel', () => {
    putSet({ podManagementPolicy: 'Parallel' })
    reconcile()
    expect(names()).toEqual(['web-0', 'web-1', 'web-2'])
  })

  it('says what it waits for when Parallel, too', () => {
    putSet({ podManagementPolicy: 'Parallel', updateStrategy: { type: 'OnDelete' } })
    reconcile()
    run('web-1')
    expect(reconcile()).toMatchObject({ actions: [], waitingOn: '2 of 3 pods to be Available' })
  })

  it('starts at ordinals.start', () => {
    putSet({ ordinals: { start: 5 }, replicas: 2 })
    settle()
    expect(names()).toEqual(['web-5', 'web-6'])
  })

  it('moves with ordinals.start', () => {
    putSet({ replicas: 2 })
    settle()
    changeSpec((spec) => (spec.ordinals = { start: 1 }))
    settle()
    expect(names()).toEqual(['web-1', 'web-2'])
  })

  it('gives each pod its identity', () => {
    putSet()
    reconcile()
    expect(pod('web-0')).toMatchObject({
      metadata: {
        generateName: 'web-',
        labels: {
          app: 'web',
          'apps.kubernetes.io/pod-index': '0',
          'statefulset.kubernetes.io/pod-name': 'web-0',
          'controller-revision-hash': set().status!.updateRevision,
        },
        ownerReferences: [{ apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'web', controller: true, blockOwnerDeletion: true }],
      },
      spec: { hostname: 'web-0', subdomain: 'nginx' },
    })
    expect(messages()).toEqual(['SuccessfulCreate: Create Pod web-0 in StatefulSet web successful'])
  })
})

describe('ended pods', () => {
  it.each(['Failed', 'Succeeded'])('%s: deleted, then made anew under the same name', (phase) => {
    putSet({ replicas: 1 })
    settle()
    const { uid } = pod('web-0').metadata
    world.setPod('web-0', phase)
    expect(reconcile().actions).toMatchObject([{ verb: 'delete', target: { name: 'web-0' }, preconditions: { uid } }])
    expect(reconcile()).toMatchObject({ actions: [], waitingOn: 'pod web-0, which ended, to go before it is created anew' })
    world.finishDeletes()
    reconcile()
    expect(pod('web-0').metadata.uid).not.toBe(uid)
  })
})

describe('scaling down', () => {
  it('removes the highest first, one at a time', () => {
    putSet()
    settle()
    changeSpec((spec) => (spec.replicas = 1))
    expect(reconcile().actions).toMatchObject([{ verb: 'delete', target: { name: 'web-2' } }])
    expect(reconcile()).toMatchObject({ actions: [], waitingOn: 'pod web-2 to terminate' })
    world.finishDeletes()
    expect(reconcile().actions).toMatchObject([{ verb: 'delete', target: { name: 'web-1' } }])
    expect(messages().at(-1)).toBe('SuccessfulDelete: Delete Pod web-1 in StatefulSet web successful')
  })

  it('waits for the replicas that stay', () => {
    putSet()
    settle()
    world.setPod('web-0', 'Running', false)
    changeSpec((spec) => (spec.replicas = 1))
    expect(reconcile()).toMatchObject({ actions: [], waitingOn: 'pod web-0 to be Running and Ready' })
  })

  it('removes the only unhealthy one although it is', () => {
    putSet()
    settle()
    world.setPod('web-2', 'Running', false)
    changeSpec((spec) => (spec.replicas = 1))
    expect(reconcile().actions).toMatchObject([{ target: { name: 'web-2' } }])
  })

  it('an unhealthy one waits for another below it', () => {
    putSet()
    settle()
    world.setPod('web-1', 'Running', false)
    world.setPod('web-2', 'Running', false)
    changeSpec((spec) => (spec.replicas = 1))
    expect(reconcile()).toMatchObject({ actions: [], waitingOn: 'pod web-1 to be Running and Ready' })
  })

  it('removes all at once when Parallel', () => {
    putSet({ podManagementPolicy: 'Parallel' })
    settle()
    changeSpec((spec) => (spec.replicas = 0))
    expect(reconcile().actions?.map((action) => action.verb === 'delete' && action.target.name)).toEqual(['web-2', 'web-1', 'web-0'])
  })
})

describe('rolling update', () => {
  const update = () => changeSpec((spec) => (spec.template = template('v2')))

  it('replaces from the highest ordinal, waiting for each to be available', () => {
    putSet()
    settle()
    const first = set().status!.currentRevision
    update()
    const order: string[] = []
    for (const name of ['web-2', 'web-1', 'web-0']) {
      expect(reconcile().actions?.filter(({ verb }) => verb === 'delete')).toMatchObject([{ target: { name } }])
      order.push(name)
      expect(set().status!.currentRevision).toBe(first)
      expect(set().status!.updatedReplicas ?? 0).toBe(order.length - 1)
      world.finishDeletes()
      reconcile()
      expect(imageOf(name)).toBe('v2')
      expect(reconcile()).toMatchObject({ actions: [], waitingOn: `pod ${name} to be Running and Ready` })
      run(name)
    }
    reconcile()
    expect(set().status).toMatchObject({ currentReplicas: 3, updatedReplicas: 3, observedGeneration: 2 })
    expect(set().status!.currentRevision).toBe(set().status!.updateRevision)
    expect(set().status!.currentRevision).not.toBe(first)
  })

  it('counts a pod that it deletes as current no longer', () => {
    putSet()
    settle()
    update()
    reconcile()
    expect(set().status).toMatchObject({ replicas: 3, currentReplicas: 2, readyReplicas: 3 })
  })

  it('rolls one by one when Parallel, too', () => {
    putSet({ podManagementPolicy: 'Parallel' })
    settle()
    update()
    reconcile()
    expect(standing()).toEqual(['web-0', 'web-1'])
    world.finishDeletes()
    reconcile()
    expect(reconcile()).toMatchObject({ actions: [], waitingOn: 'pod web-2 to be Available' })
  })

  it('leaves the ordinals below the partition at the current revision, even when made anew', () => {
    putSet({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 2 } } })
    settle()
    update()
    settle()
    expect(['web-0', 'web-1', 'web-2'].map(imageOf)).toEqual(['v1', 'v1', 'v2'])
    world.remove('pods', 'web-0')
    settle()
    expect(imageOf('web-0')).toBe('v1')
    expect(set().status).toMatchObject({ currentReplicas: 2, updatedReplicas: 1 })
  })

  it('OnDelete: only what is deleted by others is made from the new template', () => {
    putSet({ updateStrategy: { type: 'OnDelete' } })
    settle()
    update()
    settle()
    expect(['web-0', 'web-1', 'web-2'].map(imageOf)).toEqual(['v1', 'v1', 'v1'])
    world.remove('pods', 'web-1')
    settle()
    expect(['web-0', 'web-1', 'web-2'].map(imageOf)).toEqual(['v1', 'v2', 'v1'])
    expect(set().status!.currentRevision).not.toBe(set().status!.updateRevision)
  })

  it('a rollback makes the earlier revision the newest again', () => {
    putSet()
    settle()
    const first = set().status!.currentRevision
    update()
    settle()
    changeSpec((spec) => (spec.template = template('v1')))
    settle()
    expect(set().status!.currentRevision).toBe(first)
    expect(world.get<ControllerRevision>('controllerrevisions.apps', first!)!.revision).toBe(3)
    expect(world.list('controllerrevisions.apps')).toHaveLength(2)
    expect(['web-0', 'web-1', 'web-2'].map(imageOf)).toEqual(['v1', 'v1', 'v1'])
  })

  it('of a broken update only the broken pod has to be made anew when it is rolled back', () => {
    putSet()
    settle()
    update()
    reconcile()
    world.finishDeletes()
    reconcile()
    const kept = [pod('web-0').metadata.uid, pod('web-1').metadata.uid]
    changeSpec((spec) => (spec.template = template('v1')))
    // As upstream: an ordered set waits for the broken pod until somebody deletes it.
    expect(reconcile().waitingOn).toBe('pod web-2 to be Running and Ready')
    world.remove('pods', 'web-2')
    settle()
    expect(imageOf('web-2')).toBe('v1')
    expect([pod('web-0').metadata.uid, pod('web-1').metadata.uid]).toEqual(kept)
  })

  it('scales before it updates', () => {
    putSet()
    settle()
    changeSpec((spec) => {
      spec.template = template('v2')
      spec.replicas = 2
    })
    expect(reconcile().actions?.filter(({ verb }) => verb === 'delete')).toMatchObject([{ target: { name: 'web-2' } }])
  })

  it('keeps as much history as it is told to', () => {
    putSet({ revisionHistoryLimit: 1 })
    settle()
    for (const image of ['v2', 'v3', 'v4']) {
      changeSpec((spec) => (spec.template = template(image)))
      settle()
    }
    const revisions = world.list<ControllerRevision>('controllerrevisions.apps').map(({ revision }) => revision)
    expect(revisions.sort()).toEqual([3, 4])
  })
})

describe('claims', () => {
  const claim = (name: string) => world.get<PersistentVolumeClaim>('persistentvolumeclaims', name)
  const owners = (name: string) => claim(name)!.metadata.ownerReferences?.map(({ kind, name: owner }) => `${kind}/${owner}`) ?? []

  it('are made before the pod and mounted by it', () => {
    putSet({ replicas: 1, volumeClaimTemplates: [claimTemplate] })
    reconcile()
    expect(world.log.slice(-2)).toEqual(['create persistentvolumeclaims/www-web-0', 'create pods/web-0'])
    expect(claim('www-web-0')).toMatchObject({
      metadata: { labels: { disk: 'ssd', app: 'web' } },
      spec: { accessModes: ['ReadWriteOnce'] },
    })
    expect(pod('web-0').spec.volumes).toEqual([
      { name: 'www', persistentVolumeClaim: { claimName: 'www-web-0' } },
      { name: 'tmp', emptyDir: {} },
    ])
    expect(messages()[0]).toBe('SuccessfulCreate: Create Claim www-web-0 Pod web-0 in StatefulSet web success')
    expect(owners('www-web-0')).toEqual([])
  })

  it('stay when scaled down, and are taken up again', () => {
    putSet({ volumeClaimTemplates: [claimTemplate] })
    settle()
    const { uid } = claim('www-web-2')!.metadata
    changeSpec((spec) => (spec.replicas = 0))
    settle()
    changeSpec((spec) => (spec.replicas = 3))
    settle()
    expect(claim('www-web-2')!.metadata.uid).toBe(uid)
  })

  it('that went are made anew for a pod that still waits', () => {
    putSet({ replicas: 1, volumeClaimTemplates: [claimTemplate] })
    reconcile()
    world.remove('persistentvolumeclaims', 'www-web-0')
    reconcile()
    expect(claim('www-web-0')).toBeDefined()
  })

  it('that are going hold the pod back', () => {
    putSet({ replicas: 1, volumeClaimTemplates: [claimTemplate] })
    const metadata = { name: 'www-web-0', namespace: 'default', deletionTimestamp: '2026-01-01T00:00:00Z' }
    world.put('persistentvolumeclaims', { metadata })
    expect(reconcile().waitingOn).toBe('claim www-web-0, which is being deleted, to go')
    expect(names()).toEqual([])
    expect(messages()).toEqual(['FailedCreate: Create Pod web-0 in StatefulSet web failed error: pvc www-web-0 is being deleted'])
  })

  it.each([
    { whenDeleted: 'Retain', whenScaled: 'Retain', kept: [], scaledDown: [] },
    { whenDeleted: 'Delete', whenScaled: 'Retain', kept: ['StatefulSet/web'], scaledDown: ['StatefulSet/web'] },
    { whenDeleted: 'Retain', whenScaled: 'Delete', kept: [], scaledDown: ['Pod/web-1'] },
    { whenDeleted: 'Delete', whenScaled: 'Delete', kept: ['StatefulSet/web'], scaledDown: ['Pod/web-1'] },
  ])('belong to what their end depends on: deleted $whenDeleted, scaled $whenScaled', ({ whenDeleted, whenScaled, kept, scaledDown }) => {
    putSet({ replicas: 2, volumeClaimTemplates: [claimTemplate], persistentVolumeClaimRetentionPolicy: { whenDeleted, whenScaled } })
    settle()
    expect(owners('www-web-1')).toEqual(kept)
    changeSpec((spec) => (spec.replicas = 1))
    reconcile()
    expect(owners('www-web-1')).toEqual(scaledDown)
    expect(owners('www-web-0')).toEqual(kept)
  })

  it('follow a changed policy', () => {
    putSet({ replicas: 1, volumeClaimTemplates: [claimTemplate] })
    settle()
    changeSpec((spec) => (spec.persistentVolumeClaimRetentionPolicy = { whenDeleted: 'Delete', whenScaled: 'Retain' }))
    settle()
    expect(owners('www-web-0')).toEqual(['StatefulSet/web'])
    changeSpec((spec) => (spec.persistentVolumeClaimRetentionPolicy = { whenDeleted: 'Retain', whenScaled: 'Retain' }))
    settle()
    expect(owners('www-web-0')).toEqual([])
  })

  it('of an earlier pod of the name are left to garbage collection first', () => {
    putSet({
      replicas: 1,
      volumeClaimTemplates: [claimTemplate],
      persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Delete' },
    })
    const ownerReferences = [{ apiVersion: 'v1', kind: 'Pod', name: 'web-0', uid: 'gone', controller: true }]
    world.put('persistentvolumeclaims', { metadata: { name: 'www-web-0', namespace: 'default', ownerReferences } })
    expect(reconcile().waitingOn).toBe('claim www-web-0 to go with the earlier pod web-0')
    expect(names()).toEqual([])
  })

  it('of another controller are not touched', () => {
    putSet({
      replicas: 1,
      volumeClaimTemplates: [claimTemplate],
      persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete', whenScaled: 'Retain' },
    })
    const ownerReferences = [{ apiVersion: 'v1', kind: 'Thing', name: 'x', uid: 'x', controller: true }]
    world.put('persistentvolumeclaims', { metadata: { name: 'www-web-0', namespace: 'default', ownerReferences } })
    reconcile()
    expect(owners('www-web-0')).toEqual(['Thing/x'])
    expect(messages().at(-1)).toBe(
      'ConflictingController: PersistentVolumeClaim www-web-0 has a conflicting OwnerReference that acts as a manging controller, the retention policy is ignored for this claim',
    )
  })

  it('concern the sets whose name theirs ends in', () => {
    putSet({ volumeClaimTemplates: [claimTemplate] })
    const keys = (name: string, old?: object) => {
      const current = { metadata: { name, namespace: 'default' } } as PersistentVolumeClaim
      return statefulSetController.watches.persistentvolumeclaims!(current, old as PersistentVolumeClaim, world.reader)
    }
    expect(keys('www-web-0')).toEqual([KEY])
    expect(keys('data-web-0')).toEqual([])
    expect(keys('web')).toEqual([])
    expect(keys('www-web-0', { metadata: { name: 'www-web-0' } })).toEqual([])
  })
})

describe('whose pods', () => {
  const orphan = (name: string, labels = { app: 'web' }) =>
    world.put('pods', { metadata: { name, namespace: 'default', labels }, spec: { containers: [] }, status: { phase: 'Running' } })

  it('adopts an orphan of its name and labels, and gives it its label', () => {
    putSet({ replicas: 1, updateStrategy: { type: 'OnDelete' } })
    orphan('web-0')
    reconcile()
    expect(pod('web-0').metadata.ownerReferences).toMatchObject([{ kind: 'StatefulSet', name: 'web' }])
    run('web-0')
    reconcile()
    expect(pod('web-0').metadata.labels).toMatchObject({ 'statefulset.kubernetes.io/pod-name': 'web-0' })
    expect(messages()).toEqual(['SuccessfulUpdate: Update Pod web-0 in StatefulSet web successful'])
    expect(reconcile().actions).toEqual([])
  })

  it('leaves others alone', () => {
    putSet({ replicas: 0 })
    orphan('db-0')
    orphan('web-x')
    orphan('web-7', { app: 'db' })
    reconcile()
    expect(world.list<Pod>('pods').every(({ metadata }) => metadata.ownerReferences === undefined)).toBe(true)
  })

  it('lets a pod go whose labels were changed', () => {
    putSet({ replicas: 1 })
    settle()
    world.change<Pod>('pods', 'web-0', ({ metadata }) => (metadata.labels = { app: 'debug' }))
    expect(reconcile().actions?.[0]).toMatchObject({ verb: 'patch', patch: { metadata: { ownerReferences: null } } })
  })

  it('asks the server to repair volumes, whatever it answers', () => {
    putSet({ replicas: 1, volumeClaimTemplates: [claimTemplate] })
    settle()
    world.change<Pod>('pods', 'web-0', ({ spec }) => (spec.volumes = []))
    expect(reconcile().actions).toMatchObject([{ verb: 'update', object: { spec: { volumes: [{ name: 'www' }] } } }])
  })
})

describe('revisions', () => {
  it('take another name when theirs is taken', () => {
    putSet()
    reconcile()
    const name = set().status!.updateRevision!
    world = new PlanWorld()
    putSet()
    world.put('controllerrevisions.apps', {
      metadata: { name, namespace: 'default', ownerReferences: [{ uid: 'x', controller: true }] },
      data: {},
      revision: 1,
    })
    reconcile()
    expect(set().status).toMatchObject({ collisionCount: 1 })
    expect(set().status!.updateRevision).not.toBe(name)
  })

  it('are adopted', () => {
    putSet()
    settle()
    const name = set().status!.updateRevision!
    world.change<ControllerRevision>('controllerrevisions.apps', name, ({ metadata }) => delete metadata.ownerReferences)
    reconcile()
    expect(world.get('controllerrevisions.apps', name)!.metadata.ownerReferences).toMatchObject([{ kind: 'StatefulSet' }])
  })
})

it('only counts when it is being deleted', () => {
  putSet()
  settle()
  world.remove('pods', 'web-1')
  world.change<StatefulSet>('statefulsets.apps', 'web', ({ metadata }) => (metadata.deletionTimestamp = '2026-01-01T00:00:00Z'))
  expect(reconcile().actions ?? []).toEqual([])
  expect(set().status).toMatchObject({ replicas: 2 })
})

it('has all fields of a status', () => {
  putSet({ replicas: 1 })
  settle()
  const revision = set().status!.updateRevision
  expect(set().status).toEqual({
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
  putSet()
  reconcile()
  run('web-0')
  const action = { verb: 'create', resource: 'pods', object: { metadata: { name: 'web-1' } } } as const
  const lastFailure = { action, reason: 'Forbidden', message: 'exceeded quota' }
  const failed = () =>
    statefulSetController.reconcile(statefulSetController.observe(world.reader, KEY)!, { now: world.now, newName: String, lastFailure })
  const told = failed()
  expect(told).toMatchObject({ status: { status: { readyReplicas: 1 } }, requeueAfterMs: 1, waitingOn: 'exceeded quota' })
  expect(told.actions).toBeUndefined()
  world.put('statefulsets.apps', told.status!)
  expect(failed().actions).toMatchObject([{ verb: 'create' }])
})

it('tells of one update of a pod however many of its claims have new owners', () => {
  const templates = ['www', 'log'].map((name) => ({ ...claimTemplate, metadata: { name } }) as PersistentVolumeClaim)
  putSet({ replicas: 1, volumeClaimTemplates: templates })
  settle()
  world.events.length = 0
  changeSpec((spec) => (spec.persistentVolumeClaimRetentionPolicy = { whenDeleted: 'Delete', whenScaled: 'Retain' }))
  expect(reconcile().actions?.map(({ verb }) => verb)).toEqual(['patch', 'patch'])
  expect(messages()).toEqual(['SuccessfulUpdate: Update Pod web-0 in StatefulSet web successful'])
})
