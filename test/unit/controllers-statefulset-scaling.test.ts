import { beforeEach, describe, expect, it } from 'vitest'
import { StatefulWorld } from '../support/stateful-world.ts'

let web: StatefulWorld

beforeEach(() => {
  web = new StatefulWorld()
})

describe('scaling up', () => {
  it('makes one pod after the other, each when the one before is ready', () => {
    web.putSet()
    web.sync()
    expect(web.names).toEqual(['web-0'])
    expect(web.sync()).toMatchObject({ actions: [], waitingOn: 'pod web-0 to be Running and Ready' })
    web.setPod('web-0', 'Running', false)
    expect(web.sync().waitingOn).toBe('pod web-0 to be Running and Ready')
    web.run('web-0')
    web.sync()
    expect(web.names).toEqual(['web-0', 'web-1'])
    web.run('web-1')
    web.sync()
    web.run('web-2')
    expect(web.sync().actions).toEqual([])
    expect(web.names).toEqual(['web-0', 'web-1', 'web-2'])
  })

  it('waits for a pod that is terminating', () => {
    web.putSet()
    web.sync()
    web.run('web-0')
    web.terminate('web-0')
    expect(web.sync()).toMatchObject({ actions: [], waitingOn: 'pod web-0 to terminate' })
  })

  it('waits for minReadySeconds, and looks again by itself', () => {
    web.putSet({ minReadySeconds: 10 })
    web.sync()
    web.run('web-0')
    expect(web.sync()).toMatchObject({ actions: [], waitingOn: 'pod web-0 to be Available', requeueAfterMs: 10_000 })
    expect(web.set.status).toMatchObject({ readyReplicas: 1, availableReplicas: 0 })
    web.now += 10_000
    web.sync()
    expect(web.names).toEqual(['web-0', 'web-1'])
    expect(web.set.status).toMatchObject({ readyReplicas: 1, availableReplicas: 1 })
  })

  it('makes all at once when Parallel', () => {
    web.putSet({ podManagementPolicy: 'Parallel' })
    web.sync()
    expect(web.names).toEqual(['web-0', 'web-1', 'web-2'])
  })

  it('says what it waits for when Parallel, too', () => {
    web.putSet({ podManagementPolicy: 'Parallel', updateStrategy: { type: 'OnDelete' } })
    web.sync()
    web.run('web-1')
    expect(web.sync()).toMatchObject({ actions: [], waitingOn: '2 of 3 pods to be Available' })
  })

  it('starts at ordinals.start', () => {
    web.putSet({ ordinals: { start: 5 }, replicas: 2 })
    web.settle()
    expect(web.names).toEqual(['web-5', 'web-6'])
  })

  it('moves with ordinals.start', () => {
    web.putSet({ replicas: 2 })
    web.settle()
    web.changeSpec((spec) => (spec.ordinals = { start: 1 }))
    web.settle()
    expect(web.names).toEqual(['web-1', 'web-2'])
  })

  it('gives each pod its identity', () => {
    web.putSet()
    web.sync()
    expect(web.pod('web-0')).toMatchObject({
      metadata: {
        generateName: 'web-',
        labels: {
          app: 'web',
          'apps.kubernetes.io/pod-index': '0',
          'statefulset.kubernetes.io/pod-name': 'web-0',
          'controller-revision-hash': web.set.status!.updateRevision,
        },
        ownerReferences: [{ apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'web', controller: true, blockOwnerDeletion: true }],
      },
      spec: { hostname: 'web-0', subdomain: 'nginx' },
    })
    expect(web.messages).toEqual(['SuccessfulCreate: Create Pod web-0 in StatefulSet web successful'])
  })
})

describe('ended pods', () => {
  it.each(['Failed', 'Succeeded'])('%s: deleted, then made anew under the same name', (phase) => {
    web.putSet({ replicas: 1 })
    web.settle()
    const { uid } = web.pod('web-0').metadata
    web.setPod('web-0', phase)
    expect(web.sync().actions).toMatchObject([{ verb: 'delete', target: { name: 'web-0' }, preconditions: { uid } }])
    expect(web.sync()).toMatchObject({ actions: [], waitingOn: 'pod web-0, which ended, to go before it is created anew' })
    web.finishDeletes()
    web.sync()
    expect(web.pod('web-0').metadata.uid).not.toBe(uid)
  })
})

describe('scaling down', () => {
  it('removes the highest first, one at a time', () => {
    web.putSet()
    web.settle()
    web.scale(1)
    expect(web.sync().actions).toMatchObject([{ verb: 'delete', target: { name: 'web-2' } }])
    expect(web.sync()).toMatchObject({ actions: [], waitingOn: 'pod web-2 to terminate' })
    web.finishDeletes()
    expect(web.sync().actions).toMatchObject([{ verb: 'delete', target: { name: 'web-1' } }])
    expect(web.messages.at(-1)).toBe('SuccessfulDelete: Delete Pod web-1 in StatefulSet web successful')
  })

  it('waits for the replicas that stay', () => {
    web.putSet()
    web.settle()
    web.setPod('web-0', 'Running', false)
    web.scale(1)
    expect(web.sync()).toMatchObject({ actions: [], waitingOn: 'pod web-0 to be Running and Ready' })
  })

  it('removes the only unhealthy one although it is', () => {
    web.putSet()
    web.settle()
    web.setPod('web-2', 'Running', false)
    web.scale(1)
    expect(web.sync().actions).toMatchObject([{ target: { name: 'web-2' } }])
  })

  it('an unhealthy one waits for another below it', () => {
    web.putSet()
    web.settle()
    web.setPod('web-1', 'Running', false)
    web.setPod('web-2', 'Running', false)
    web.scale(1)
    expect(web.sync()).toMatchObject({ actions: [], waitingOn: 'pod web-1 to be Running and Ready' })
  })

  it('removes all at once when Parallel', () => {
    web.putSet({ podManagementPolicy: 'Parallel' })
    web.settle()
    web.scale(0)
    expect(web.sync().actions?.map((action) => action.verb === 'delete' && action.target.name)).toEqual(['web-2', 'web-1', 'web-0'])
  })
})
