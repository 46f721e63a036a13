import { describe, expect, it } from 'vitest'
import { timestamp } from '../../src/api/meta/time.ts'
import type { ReplicaSet } from '../../src/api/types.gen.ts'
import { newReplicaSetName } from '../../src/controllers/deployment/new-replica-set.ts'
import {
  conditionsOf,
  DESIRED,
  events,
  going,
  HISTORY,
  MAX,
  next,
  own,
  plan,
  REVISION,
  rolling,
  settled,
} from '../support/deployment-plans.ts'
import { controlledBy, deployment, meta, NOW, replicaSet, template } from '../support/replica-objects.ts'

describe('a new Deployment', () => {
  const given = deployment('web')
  const name = newReplicaSetName(given)
  const made = plan({ deployment: given })

  it('gets a ReplicaSet for its template', () => {
    const hash = name.slice('web-'.length)
    expect(made.actions).toEqual([
      {
        verb: 'create',
        resource: 'replicasets.apps',
        object: {
          apiVersion: 'apps/v1',
          kind: 'ReplicaSet',
          metadata: {
            name,
            namespace: 'default',
            labels: { app: 'web', 'pod-template-hash': hash },
            annotations: { [REVISION]: '1', [DESIRED]: '3', [MAX]: '4' },
            ownerReferences: [controlledBy('Deployment', 'web')],
          },
          spec: {
            replicas: 3,
            selector: { matchLabels: { app: 'web', 'pod-template-hash': hash } },
            template: template('nginx:1', { app: 'web', 'pod-template-hash': hash }),
          },
        },
        event: { type: 'Normal', reason: 'ScalingReplicaSet', message: `Scaled up replica set ${name} from 0 to 3` },
        failureEvent: { type: 'Warning', reason: 'ReplicaSetCreateError', message: `Failed to create new replica set "${name}": ` },
      },
    ])
  })

  it('says so in its status and carries the revision', () => {
    const result = next(made)
    expect(result.metadata.annotations).toEqual({ [REVISION]: '1' })
    expect(result.status).toEqual({
      observedGeneration: 1,
      unavailableReplicas: 3,
      terminatingReplicas: 0,
      conditions: [
        {
          type: 'Progressing',
          status: 'True',
          reason: 'NewReplicaSetCreated',
          message: `Created new replica set "${name}"`,
          lastUpdateTime: timestamp(NOW),
          lastTransitionTime: timestamp(NOW),
        },
        {
          type: 'Available',
          status: 'False',
          reason: 'MinimumReplicasUnavailable',
          message: 'Deployment does not have minimum availability.',
          lastUpdateTime: timestamp(NOW),
          lastTransitionTime: timestamp(NOW),
        },
      ],
    })
    expect(made.requeueAfterMs).toBe(601_000)
    expect(made.waitingOn).toBe(`3 of 3 pods of ReplicaSet "${name}" to become available`)
  })

  it('of no pods is complete at once, without an event', () => {
    const none = plan({ deployment: deployment('web', { replicas: 0 }) })
    expect(events(none)).toEqual([])
    expect(conditionsOf(none).Progressing).toEqual(['True', 'NewReplicaSetAvailable', `ReplicaSet "${name}" has successfully progressed.`])
    expect(none.waitingOn).toBeUndefined()
  })

  it('adopts what matches before anything else', () => {
    const orphan = replicaSet('web-old', 1)
    expect(plan({ deployment: given, candidates: [orphan] }).actions).toMatchObject([{ verb: 'patch', target: { name: 'web-old' } }])
  })

  it('takes another hash when the name is taken', () => {
    const taken = plan({ deployment: given, namesake: replicaSet(name, 0, { image: 'other' }) })
    expect(taken.actions ?? []).toEqual([])
    expect(next(taken).status?.collisionCount).toBe(1)
    expect(newReplicaSetName(next(taken))).not.toBe(name)
    expect(next(plan({ deployment: next(taken) })).status?.collisionCount).toBe(1)
  })

  it('tells why its ReplicaSet could not be created before it tries again', () => {
    const lastFailure = { action: made.actions![0]!, reason: 'Forbidden', message: 'quota' }
    const told = plan({ deployment: given, context: { lastFailure } })
    expect(told.actions ?? []).toEqual([])
    expect(conditionsOf(told)).toEqual({
      Progressing: ['False', 'ReplicaSetCreateError', `Failed to create new replica set "${name}": quota`],
    })
    expect(plan({ deployment: next(told), context: { lastFailure } }).actions).toHaveLength(1)
    const hopeless = { ...lastFailure, message: 'forbidden: unable to create new content in namespace x because it is being terminated' }
    expect(plan({ deployment: given, context: { lastFailure: hopeless } }).actions ?? []).toEqual([])
  })

  it('with a selector for everything is refused', () => {
    const refused = plan({ deployment: deployment('web', { selector: {} }) })
    expect(refused.actions ?? []).toEqual([])
    expect(refused.events).toMatchObject([{ type: 'Warning', reason: 'SelectingAll' }])
    expect(next(refused).status?.observedGeneration).toBe(1)
  })

  it('that goes creates nothing', () => {
    expect(plan({ deployment: deployment('web', {}, { metadata: meta('web', going) }) }).actions).toEqual([])
  })
})

describe('a rollout', () => {
  const changed = deployment('web', { template: template('nginx:2') })
  const name = newReplicaSetName(changed)
  const full = { replicas: 3, readyReplicas: 3, availableReplicas: 3, terminatingReplicas: 0 }

  it('starts with the surge', () => {
    const made = plan({ deployment: changed, candidates: [settled('web-1', 3, '1', { status: full })] })
    expect(events(made)).toEqual([`Scaled up replica set ${name} from 0 to 1`])
    expect(next(made).metadata.annotations).toEqual({ [REVISION]: '2' })
    expect(next(made).status).toMatchObject({ replicas: 3, availableReplicas: 3, unavailableReplicas: 1 })
  })

  it('creates and takes away at once where that is allowed', () => {
    const given = deployment('web', { template: template('nginx:2'), ...rolling(1, 1) })
    const made = plan({ deployment: given, candidates: [settled('web-1', 3, '1', { status: full })] })
    expect(events(made)).toEqual([`Scaled up replica set ${name} from 0 to 1`, 'Scaled down replica set web-1 from 3 to 2'])
  })

  it('tells of unhealthy and healthy pods apart, in one patch', () => {
    const candidates = [
      settled('web-1', 10, '1', { status: { replicas: 10, availableReplicas: 9 } }),
      settled('web-2', 2, '2', { image: 'nginx:2', status: { replicas: 2, availableReplicas: 2 } }),
    ]
    const given = deployment('web', { template: template('nginx:2'), replicas: 10, ...rolling(2, 2) })
    const sets = candidates.map((set) => own(set, { ...set.metadata.annotations, [DESIRED]: '10', [MAX]: '12' }))
    const made = plan({ deployment: given, candidates: sets })
    expect(events(made)).toEqual(['Scaled down replica set web-1 from 10 to 9', 'Scaled down replica set web-1 from 9 to 6'])
    expect(made.actions).toMatchObject([{ verb: 'patch', patch: { metadata: { uid: 'uid-web-1' }, spec: { replicas: 6 } } }])
  })

  it('goes back to a ReplicaSet it had', () => {
    const back = deployment('web')
    const candidates = [
      settled('web-1', 0, '1', { status: { replicas: 0, terminatingReplicas: 0 } }),
      settled('web-2', 3, '2', { image: 'nginx:2', status: full }),
    ]
    const made = plan({ deployment: back, candidates })
    expect(made.actions).toMatchObject([
      { target: { name: 'web-1' }, patch: { metadata: { annotations: { [REVISION]: '3', [HISTORY]: '1' } }, spec: { replicas: 1 } } },
    ])
    expect(next(made).metadata.annotations).toEqual({ [REVISION]: '3' })
  })

  it('rolls over from a template that never got ready', () => {
    const candidates = [
      settled('web-1', 3, '1', { status: full }),
      settled('web-2', 1, '2', { image: 'broken', status: { replicas: 1, terminatingReplicas: 0 } }),
    ]
    const made = plan({ deployment: changed, candidates })
    expect(events(made)).toEqual(['Scaled down replica set web-2 from 1 to 0'])
    expect(made.actions![0]).toMatchObject({ verb: 'create', object: { spec: { replicas: 0 } } })
  })

  it('when complete is done, and throws away what is beyond the limit', () => {
    const base = deployment('web', { revisionHistoryLimit: 1 })
    const candidates = [
      settled('web-3', 3, '3', { status: full }),
      settled('web-2', 0, '2', { image: 'b', status: { replicas: 0, terminatingReplicas: 0 } }),
      settled('web-1', 0, '1', { image: 'a', status: { replicas: 0, terminatingReplicas: 0 } }),
    ]
    const done = plan({ deployment: base, candidates })
    expect(done.actions).toEqual([])
    expect(conditionsOf(done)).toEqual({
      Available: ['True', 'MinimumReplicasAvailable', 'Deployment has minimum availability.'],
      Progressing: ['True', 'NewReplicaSetAvailable', 'ReplicaSet "web-3" has successfully progressed.'],
    })
    const later = plan({ deployment: next(done), candidates })
    expect(later.actions).toMatchObject([{ verb: 'delete', target: { name: 'web-1' } }])
    expect(later.requeueAfterMs).toBeUndefined()
    expect(next(later)).toEqual(next(done))
  })

  it('writes a revision that was lost', () => {
    const candidates = [settled('web-3', 3, '3', { status: full })]
    const done = next(plan({ deployment: deployment('web'), candidates }))
    const lost = { ...done, metadata: { ...done.metadata, annotations: {} } }
    expect(plan({ deployment: lost, candidates }).actions).toEqual([
      {
        verb: 'patch',
        target: { resource: 'deployments.apps', namespace: 'default', name: 'web' },
        patch: { metadata: { uid: 'uid-web', annotations: { [REVISION]: '3' } } },
        subresource: 'status',
      },
    ])
    expect(plan({ deployment: done, candidates }).actions).toEqual([])
  })

  it('hands minReadySeconds and annotations down', () => {
    const given = deployment('web', { minReadySeconds: 5 }, { metadata: meta('web', { annotations: { note: 'x' } }) })
    expect(plan({ deployment: given, candidates: [settled('web-1', 3, '1', { status: full })] }).actions).toMatchObject([
      { verb: 'patch', patch: { metadata: { annotations: { note: 'x' } }, spec: { minReadySeconds: 5 } } },
    ])
  })

  it('passes a failure of its pods on, the new ReplicaSet’s above all', () => {
    const failure = (message: string) => [
      { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message, lastTransitionTime: timestamp(NOW) },
    ]
    const candidates = [
      settled('web-1', 2, '1', { image: 'a', status: { conditions: failure('old') } }),
      settled('web-2', 3, '2', { status: { conditions: failure('new') } }),
    ]
    const made = plan({ deployment: deployment('web'), candidates })
    expect(conditionsOf(made).ReplicaFailure).toEqual(['True', 'FailedCreate', 'new'])
    const healed = plan({ deployment: next(made), candidates: candidates.map((set) => ({ ...set, status: full })) })
    expect(conditionsOf(healed).ReplicaFailure).toBeUndefined()
  })

  it('does not know the terminating pods of a ReplicaSet that does not tell', () => {
    const status = (set: ReplicaSet) => next(plan({ deployment: deployment('web'), candidates: [set] })).status?.terminatingReplicas
    expect(status(settled('web-1', 3, '1', { status: { terminatingReplicas: 2 } }))).toBe(2)
    expect(status(settled('web-1', 3, '1', { status: {} }))).toBeUndefined()
    expect(status(settled('web-1', 3, '1'))).toBe(0)
  })
})

describe('a change of size', () => {
  it('is no rollout: nothing is said of progress', () => {
    const given = deployment('web', { replicas: 5 })
    const made = plan({ deployment: given, candidates: [settled('web-1', 3, '1', { status: { replicas: 3, availableReplicas: 3 } })] })
    expect(events(made)).toEqual(['Scaled up replica set web-1 from 3 to 5'])
    expect(made.actions).toMatchObject([{ patch: { metadata: { annotations: { [DESIRED]: '5', [MAX]: '7' } } } }])
    expect(conditionsOf(made).Progressing?.[1]).toBe('FoundNewReplicaSet')
  })
})

describe('a pause', () => {
  const status = { replicas: 3, readyReplicas: 3, availableReplicas: 3, terminatingReplicas: 0 }
  const candidates = [settled('web-1', 3, '1', { status })]

  it('stops the rollout but not scaling', () => {
    const made = plan({ deployment: deployment('web', { paused: true, template: template('b'), replicas: 4 }), candidates })
    expect(events(made)).toEqual(['Scaled up replica set web-1 from 3 to 4'])
    expect(conditionsOf(made).Progressing).toEqual(['Unknown', 'DeploymentPaused', 'Deployment is paused'])
    expect(made.requeueAfterMs).toBeUndefined()
    expect(made.waitingOn).toBe('the Deployment is paused')
  })

  it('ends, and the rollout goes on', () => {
    const paused = plan({ deployment: deployment('web', { paused: true }), candidates })
    const resumed = { ...next(paused), spec: { ...next(paused).spec, paused: false, template: template('b') } }
    const made = plan({ deployment: resumed, candidates })
    expect(made.actions).toMatchObject([{ verb: 'create' }])
    expect(conditionsOf(made).Progressing?.[1]).toBe('NewReplicaSetCreated')
    const unfinished = [
      settled('web-2', 3, '1', { status: { replicas: 3, readyReplicas: 2, availableReplicas: 2, terminatingReplicas: 0 } }),
    ]
    const still = { ...next(paused), spec: { ...next(paused).spec, paused: false } }
    expect(conditionsOf(plan({ deployment: still, candidates: unfinished })).Progressing).toEqual([
      'Unknown',
      'DeploymentResumed',
      'Deployment is resumed',
    ])
  })

  it('does not hide that the deadline had passed', () => {
    const late = { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message: 'x' }
    const given = deployment('web', { paused: true }, { status: { conditions: [late] } })
    expect(conditionsOf(plan({ deployment: given, candidates })).Progressing?.[1]).toBe('ProgressDeadlineExceeded')
  })
})
