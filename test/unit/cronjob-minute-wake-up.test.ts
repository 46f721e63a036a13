import { getTasks, schedule } from 'node-cron'
import { expect, test } from 'vitest'
import { MinuteWakeUp, type ScheduleFunction } from '../../src/controllers/cronjob/minute-wake-up.ts'

/** A wake-up on node-cron itself, with the task it makes at hand. */
const wakeUpWithTask = async () => {
  const woken: string[] = []
  let task: ReturnType<ScheduleFunction> | undefined
  const load = async (): Promise<ScheduleFunction> => (expression, run, options) => {
    task = schedule(expression, run, options)
    return task
  }
  const wakeUp = new MinuteWakeUp(() => woken.push('woken'), load)
  await wakeUp.start()
  return { wakeUp, woken, task: task! }
}

test('is due at the start of every minute', async () => {
  const { wakeUp, task } = await wakeUpWithTask()
  const runs = task.getNextRuns(3).map((date) => date.getTime())
  expect(runs.map((run) => run % 60_000)).toEqual([0, 0, 0])
  expect(runs[1]! - runs[0]!).toBe(60_000)
  expect(runs[2]! - runs[1]!).toBe(60_000)
  wakeUp.stop()
})

test('wakes at each run, and at one that was missed', async () => {
  const { wakeUp, woken, task } = await wakeUpWithTask()
  await task.execute()
  expect(woken).toHaveLength(1)
  // What node-cron does when it finds that its timer came too late.
  ;(task as unknown as { emitter: { emit(event: string, context: object): void } }).emitter.emit('execution:missed', {})
  expect(woken).toHaveLength(2)
  wakeUp.stop()
})

test('ends its task when stopped', async () => {
  const { wakeUp, task } = await wakeUpWithTask()
  expect(getTasks().has(task.id)).toBe(true)
  wakeUp.stop()
  wakeUp.stop()
  expect(task.getStatus()).toBe('destroyed')
  expect(getTasks().has(task.id)).toBe(false)
})

test('stopped while node-cron is being loaded it starts nothing', async () => {
  let loaded = (_: ScheduleFunction) => {}
  const scheduled: string[] = []
  const wakeUp = new MinuteWakeUp(
    () => {},
    () => new Promise((resolve) => (loaded = resolve)),
  )
  const started = wakeUp.start()
  wakeUp.stop()
  loaded(((expression: string) => scheduled.push(expression)) as never)
  await started
  expect(scheduled).toEqual([])
})

test('loads node-cron by itself', async () => {
  const before = getTasks().size
  const wakeUp = new MinuteWakeUp(() => {})
  await wakeUp.start()
  expect(getTasks().size).toBe(before + 1)
  wakeUp.stop()
  expect(getTasks().size).toBe(before)
})
