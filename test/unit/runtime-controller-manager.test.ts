import { expect, test } from 'vitest'
import type { KubeObject } from '../../src/api/object.ts'
import type { Client } from '../../src/client/client.ts'
import { Activity } from '../../src/lib/activity.ts'
import type { Clock } from '../../src/lib/clock.ts'
import { LoopShare } from '../../src/lib/loop-share.ts'
import { SeededRandom } from '../../src/lib/random.ts'
import type { ControllerDefinition } from '../../src/runtime/controller.ts'
import { ControllerManager } from '../../src/runtime/controller-manager.ts'

/** A system clock that is set anew while its timers sleep. */
class SteppedClock implements Clock {
  instant = 0
  now() {
    return this.instant
  }
  setTimer() {
    return { cancel: () => {} }
  }
}

const objects = ['one', 'two'].map((name) => ({ metadata: { name, namespace: 'default', uid: name } }) as KubeObject)
const client = {
  list: async () => ({ items: objects, resourceVersion: '1' }),
  watch: () => ({ stop: () => {} }),
} as unknown as Client

test('every object of that controller is looked at again, and told the time it is now', async () => {
  const clock = new SteppedClock()
  const activity = new Activity()
  const looks: string[] = []
  const controller = (name: string): ControllerDefinition => ({
    name,
    reconciles: 'cronjobs.batch',
    watches: {},
    observe: (_, key) => key,
    reconcile: (key, { now }) => {
      looks.push(`${name} ${key} ${now}`)
      return { requeueAfterMs: 1000 }
    },
  })
  const options = { client, clock, random: new SeededRandom(1), activity, loopShare: new LoopShare(), onError: () => {} }
  const manager = new ControllerManager(options, [controller('cronjob'), controller('other')])
  await manager.start()
  await activity.settled()
  expect(looks.splice(0)).toEqual(['cronjob default/one 0', 'cronjob default/two 0', 'other default/one 0', 'other default/two 0'])
  clock.instant = 7_200_000
  manager.requeueAll('cronjob')
  await activity.settled()
  expect(looks.splice(0)).toEqual(['cronjob default/one 7200000', 'cronjob default/two 7200000'])
  manager.stop()
  manager.requeueAll('cronjob')
  await activity.settled()
  expect(looks).toEqual([])
})

test('in one turn of the event loop the first controller gets the most, and each of the others some', async () => {
  const many = Array.from({ length: 500 }, (_, i) => ({ metadata: { name: `${i}`, namespace: 'default', uid: `${i}` } }) as KubeObject)
  const crowded = { ...client, list: async () => ({ items: many, resourceVersion: '1' }) } as unknown as Client
  const looks: Record<string, number> = { first: 0, second: 0, third: 0 }
  const controller = (name: string): ControllerDefinition => ({
    name,
    reconciles: 'pods',
    watches: {},
    observe: (_, key) => key,
    reconcile: () => {
      looks[name]!++
      return {}
    },
  })
  const activity = new Activity()
  const options = {
    client: crowded,
    clock: new SteppedClock(),
    random: new SeededRandom(1),
    activity,
    loopShare: new LoopShare(),
    onError: () => {},
  }
  const manager = new ControllerManager(options, Object.keys(looks).map(controller))
  await manager.start()
  await new Promise((resolve) => setImmediate(resolve))
  expect(looks).toEqual({ first: 48, second: 24, third: 12 })
  await activity.settled()
  expect(looks).toEqual({ first: 500, second: 500, third: 500 })
  manager.stop()
})
