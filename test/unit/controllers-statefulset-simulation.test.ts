/**
 * What a set goes through from its creation on, for each way to manage its pods and its claims; after every look of the
 * controller the pods are as they have to be. Upstream: stateful_set_control_test.go TestStatefulSetControl.
 */
import { describe, expect, it } from 'vitest'
import type { Plan } from '../../src/runtime/plan.ts'
import { claimTemplate, StatefulWorld } from '../support/stateful-world.ts'

interface Way {
  readonly management: 'OrderedReady' | 'Parallel'
  readonly whenDeleted: 'Retain' | 'Delete'
  readonly whenScaled: 'Retain' | 'Delete'
}

const WAYS: readonly Way[] = (['OrderedReady', 'Parallel'] as const).flatMap((management) =>
  (['Retain', 'Delete'] as const).flatMap((whenDeleted) =>
    (['Retain', 'Delete'] as const).map((whenScaled) => ({ management, whenDeleted, whenScaled })),
  ),
)

const isReady = (web: StatefulWorld, name: string) =>
  web.names.includes(name) && web.pod(name).status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True')

/** A cluster that judges every step. */
class Judged extends StatefulWorld {
  readonly #way: Way

  constructor(way: Way, replicas: number) {
    super()
    this.#way = way
    const { management: podManagementPolicy, whenDeleted, whenScaled } = way
    const persistentVolumeClaimRetentionPolicy = { whenDeleted, whenScaled }
    this.putSet({ replicas, podManagementPolicy, persistentVolumeClaimRetentionPolicy, volumeClaimTemplates: [claimTemplate] })
  }

  override sync(): Plan {
    const before = new Set(this.names)
    const plan = super.sync()
    const made = this.names.filter((name) => !before.has(name))
    if (this.#way.management === 'OrderedReady') {
      expect(made.length).toBeLessThanOrEqual(1)
      for (const name of made) {
        const ordinal = Number(name.slice('web-'.length))
        for (let i = 0; i < ordinal; i++) expect(isReady(this, `web-${i}`), `web-${i} before ${name}`).toBe(true)
      }
    }
    for (const { metadata, spec } of this.pods) {
      const index = metadata.name.slice('web-'.length)
      expect(spec.volumes).toContainEqual({ name: 'www', persistentVolumeClaim: { claimName: `www-${metadata.name}` } })
      if (made.includes(metadata.name)) {
        const identity = { 'statefulset.kubernetes.io/pod-name': metadata.name, 'apps.kubernetes.io/pod-index': index }
        expect(metadata.labels).toMatchObject(identity)
        expect(this.claim(`www-${metadata.name}`)).toBeDefined()
      }
    }
    return plan
  }

  expectAll(replicas: number): void {
    expect(this.names).toEqual(Array.from({ length: replicas }, (_, i) => `web-${i}`))
    const count = replicas || undefined
    const { status } = this.set
    expect([status?.replicas, status?.readyReplicas, status?.updatedReplicas, status?.currentReplicas]).toEqual([
      replicas,
      count,
      count,
      count,
    ])
    const owners = this.#way.whenDeleted === 'Delete' ? ['StatefulSet/web'] : []
    for (const name of this.names) expect(this.ownersOf(`www-${name}`)).toEqual(owners)
  }
}

const refuse = (verb: string, resource: string, times: number) => {
  let left = times
  return (action: { verb: string; resource?: string; target?: { resource: string } }) =>
    action.verb === verb && (action.resource ?? action.target?.resource) === resource && left-- > 0 ? 'API server failed' : undefined
}

function endsAndComesBack(web: Judged, phase: string, deleteFails: boolean): void {
  web.sync()
  const { uid } = web.pod('web-0').metadata
  web.run('web-0')
  web.setPod('web-0', phase)
  if (deleteFails) {
    web.refuses = refuse('delete', 'pods', 1)
    web.sync()
    expect(web.messages.at(-1)).toBe('FailedDelete: Delete Pod web-0 in StatefulSet web failed error: API server failed')
    expect(web.pod('web-0').metadata.deletionTimestamp).toBeUndefined()
  }
  web.settle()
  expect(web.pod('web-0').metadata.uid).not.toBe(uid)
  expect(web.log.filter((line) => line === 'delete pods/web-0')).toHaveLength(1)
  web.expectAll(3)
}

const STORIES: readonly { readonly name: string; readonly replicas?: number; readonly tell: (web: Judged, way: Way) => void }[] = [
  {
    name: 'creates its pods',
    tell: (web) => {
      web.settle()
      web.expectAll(3)
    },
  },
  {
    name: 'grows',
    tell: (web) => {
      web.settle()
      web.scale(4)
      web.settle()
      web.expectAll(4)
    },
  },
  {
    name: 'shrinks to nothing',
    tell: (web, { whenDeleted, whenScaled }) => {
      web.settle()
      web.scale(0)
      web.settle()
      web.expectAll(0)
      const owners = (name: string) => (whenScaled === 'Delete' ? [`Pod/${name}`] : whenDeleted === 'Delete' ? ['StatefulSet/web'] : [])
      for (const name of ['web-0', 'web-1', 'web-2']) expect(web.ownersOf(`www-${name}`)).toEqual(owners(name))
    },
  },
  {
    name: 'makes pods anew that others took away',
    replicas: 5,
    tell: (web) => {
      web.settle()
      const claims = [0, 2, 4].map((i) => web.claim(`www-web-${i}`)!.metadata.uid)
      for (const i of [0, 2, 4]) web.remove('pods', `web-${i}`)
      web.settle()
      web.expectAll(5)
      expect([0, 2, 4].map((i) => web.claim(`www-web-${i}`)!.metadata.uid)).toEqual(claims)
    },
  },
  { name: 'makes a Failed pod anew', tell: (web) => endsAndComesBack(web, 'Failed', false) },
  { name: 'makes a Succeeded pod anew', tell: (web) => endsAndComesBack(web, 'Succeeded', false) },
  { name: 'makes a Failed pod anew, though it could not be deleted at first', tell: (web) => endsAndComesBack(web, 'Failed', true) },
  { name: 'makes a Succeeded pod anew, though it could not be deleted at first', tell: (web) => endsAndComesBack(web, 'Succeeded', true) },
  {
    name: 'goes on after a pod could not be made',
    tell: (web) => {
      web.refuses = refuse('create', 'pods', 2)
      web.settle()
      const failures = web.messages.filter((text) => text.startsWith('FailedCreate: Create Pod'))
      expect(failures).toEqual([0, 1].map(() => 'FailedCreate: Create Pod web-0 in StatefulSet web failed error: API server failed'))
      web.expectAll(3)
    },
  },
  {
    name: 'goes on after a claim could not be made',
    tell: (web) => {
      web.refuses = refuse('create', 'persistentvolumeclaims', 1)
      web.sync()
      expect(web.names).toEqual([])
      expect(web.messages).toEqual([
        'FailedCreate: Create Claim www-web-0 for Pod web-0 in StatefulSet web failed error: API server failed',
      ])
      web.settle()
      web.expectAll(3)
    },
  },
  {
    name: 'goes on after a pod could not be changed',
    tell: (web) => {
      web.settle()
      web.change('pods', 'web-0', ({ metadata }) => delete metadata.labels!['statefulset.kubernetes.io/pod-name'])
      web.refuses = refuse('patch', 'pods', 1)
      web.sync()
      expect(web.messages.at(-1)).toBe('FailedUpdate: Update Pod web-0 in StatefulSet web failed error: API server failed')
      web.settle()
      expect(web.pod('web-0').metadata.labels).toMatchObject({ 'statefulset.kubernetes.io/pod-name': 'web-0' })
      web.expectAll(3)
    },
  },
  {
    name: 'keeps its counts when a pod cannot be taken away for an update',
    tell: (web) => {
      web.settle()
      web.update()
      web.refuses = refuse('delete', 'pods', 1)
      web.sync()
      web.sync()
      expect(web.set.status).toMatchObject({ currentReplicas: 3 })
      expect(web.set.status!.currentRevision).not.toBe(web.set.status!.updateRevision)
      web.sync()
      expect(web.set.status).toMatchObject({ currentReplicas: 2 })
      web.settle()
      web.expectAll(3)
    },
  },
  {
    name: 'makes claims anew that a waiting pod lost',
    tell: (web) => {
      web.sync()
      web.remove('persistentvolumeclaims', 'www-web-0')
      web.sync()
      expect(web.claim('www-web-0')).toBeDefined()
      web.settle()
      web.expectAll(3)
    },
  },
]

describe.each(STORIES)('a set $name', ({ replicas = 3, tell }) => {
  it.each(WAYS)('$management, claims when deleted: $whenDeleted, when scaled: $whenScaled', (way) => {
    tell(new Judged(way, replicas), way)
  })
})

// Upstream: TestParallelScale.
describe('Parallel takes all at once', () => {
  it.each([
    { from: 3, to: 30 },
    { from: 10, to: 1 },
    { from: 501, to: 0 },
    { from: 0, to: 1000 },
  ])('from $from to $to', ({ from, to }) => {
    const web = new StatefulWorld()
    web.putSet({ replicas: from, podManagementPolicy: 'Parallel' })
    web.settle()
    web.scale(to)
    expect(web.sync().actions).toHaveLength(Math.abs(to - from))
    web.settle()
    expect(web.names).toHaveLength(to)
  })
})
