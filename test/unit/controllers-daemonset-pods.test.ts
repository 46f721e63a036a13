import { beforeEach, describe, expect, it } from 'vitest'
import type { Pod } from '../../src/api/types.gen.ts'
import { DaemonWorld, deletesOf, KEY, taint } from '../support/daemon-world.ts'

let logs: DaemonWorld

beforeEach(() => {
  logs = new DaemonWorld()
})

describe('pods that ended', () => {
  it('Failed ones are deleted with a growing delay', () => {
    logs.putSet()
    logs.putNodes(1)
    logs.settle()
    for (const delay of [0, 1000, 2000, 4000]) {
      const { name } = logs.podOn('n1').metadata
      logs.setPod(name, 'Failed')
      if (delay > 0) {
        expect(logs.sync()).toMatchObject({
          actions: [],
          requeueAfterMs: delay,
          waitingOn: `the back-off of a failed pod, ${delay / 1000} s more`,
        })
        logs.now += delay
      }
      expect(deletesOf(logs.sync())).toBe(1)
      expect(logs.messages.at(-1)).toBe(`FailedDaemonPod: Found failed daemon pod default/${name} on node n1, will try to kill it`)
      logs.finishDeletes()
      logs.sync()
      logs.run()
    }
  })

  it('the delay is forgotten after half an hour, and with another template', () => {
    logs.putSet()
    logs.putNodes(1)
    logs.settle()
    const fail = () => {
      logs.setPod(logs.podOn('n1').metadata.name, 'Failed')
      const plan = logs.sync()
      logs.now += plan.requeueAfterMs ?? 0
      logs.settle()
      return plan.requeueAfterMs ?? 0
    }
    expect([fail(), fail()]).toEqual([0, 1000])
    logs.changeSpec((spec) => (spec.minReadySeconds = 0))
    logs.sync()
    expect(fail()).toBe(0)
    expect(fail()).toBe(1000)
    logs.now += 31 * 60_000
    logs.remove('pods', logs.podOn('n1').metadata.name)
    logs.settle()
    expect(fail()).toBe(0)
  })

  it('Succeeded ones are deleted at once', () => {
    logs.putSet()
    logs.putNodes(1)
    logs.settle()
    const { name } = logs.podOn('n1').metadata
    logs.setPod(name, 'Succeeded')
    expect(deletesOf(logs.sync())).toBe(1)
    expect(logs.messages.at(-1)).toBe(`SucceededDaemonPod: Found succeeded daemon pod default/${name} on node n1, will try to delete it`)
  })
})

it('adopts, and lets go', () => {
  logs.putSet({ updateStrategy: { type: 'OnDelete' } })
  logs.putNodes(1)
  logs.put('pods', { metadata: { name: 'mine', namespace: 'default', labels: { app: 'logs' } }, spec: { nodeName: 'n1', containers: [] } })
  logs.sync()
  expect(logs.get<Pod>('pods', 'mine')!.metadata.ownerReferences).toMatchObject([{ kind: 'DaemonSet' }])
  expect(logs.pods).toHaveLength(1)
  logs.change<Pod>('pods', 'mine', ({ metadata }) => (metadata.labels = {}))
  logs.sync()
  expect(logs.get<Pod>('pods', 'mine')!.metadata.ownerReferences).toBeUndefined()
  expect(logs.pods).toHaveLength(2)
})

it('has all fields of a status', () => {
  logs.putSet()
  logs.putNodes(3)
  logs.settle()
  logs.setPod(logs.podOn('n1').metadata.name, 'Running', false)
  logs.changeNode('n3', ({ spec }) => (spec.taints = [taint('own', 'NoSchedule')]))
  logs.sync()
  expect(logs.set.status).toEqual({
    observedGeneration: 1,
    desiredNumberScheduled: 2,
    currentNumberScheduled: 2,
    numberMisscheduled: 1,
    numberReady: 1,
    updatedNumberScheduled: 2,
    numberAvailable: 1,
    numberUnavailable: 1,
  })
})

it('tells its status even when it can make no pods', () => {
  logs.putSet()
  logs.putNodes(2)
  const action = { verb: 'create', resource: 'pods', object: { metadata: { name: 'logs-x' } } } as const
  const lastFailure = { action, reason: 'Forbidden', message: 'exceeded quota' }
  const failed = () =>
    logs.controller.reconcile(logs.controller.observe(logs.reader, KEY)!, { now: logs.now, newName: (base) => `${base}x`, lastFailure })
  const told = failed()
  const status = { observedGeneration: 1, desiredNumberScheduled: 2, currentNumberScheduled: 0, numberUnavailable: 2 }
  expect(told).toMatchObject({ status: { status }, requeueAfterMs: 1, waitingOn: 'exceeded quota' })
  expect(told.actions).toBeUndefined()
  logs.put('daemonsets.apps', told.status!)
  expect(failed().actions?.filter(({ verb }) => verb === 'create')).toHaveLength(3)
})
