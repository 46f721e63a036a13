import { expect, test } from 'vitest'
import { LoopShare } from '../../src/lib/loop-share.ts'

/** A share of an event loop whose turns are taken one by one, something arriving in some of them. */
function scene() {
  const seen = { now: 0, worked: 0 }
  const share = new LoopShare(() => seen.now)
  const turn = async (arrives: boolean) => {
    if (arrives) share.arrive()
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
  return { seen, turn, schedule: () => share.schedule(() => seen.worked++) }
}

test('work is done in the next turn when nothing arrives', async () => {
  const { seen, turn, schedule } = scene()
  schedule()
  expect(seen.worked).toBe(0)
  await turn(false)
  expect(seen.worked).toBe(1)
})

test('a connection and its request hold up no work, however often', async () => {
  const { seen, turn, schedule } = scene()
  for (let i = 0; i < 5; i++) {
    for (const arrives of [true, true, false]) {
      schedule()
      await turn(arrives)
    }
    expect(seen.worked).toBe(3 * (i + 1))
  }
})

test('work waits for the end of a burst', async () => {
  const { seen, turn, schedule } = scene()
  for (let i = 0; i < 3; i++) await turn(true)
  schedule()
  for (let i = 0; i < 5; i++) {
    await turn(true)
    expect(seen.worked).toBe(0)
  }
  await turn(false)
  await turn(false)
  expect(seen.worked).toBe(1)
})

test('work that has waited for 20 ms is done whatever arrives, and then waits anew', async () => {
  const { seen, turn, schedule } = scene()
  for (let i = 0; i < 3; i++) await turn(true)
  for (const done of [0, 1, 2]) {
    schedule()
    for (const passed of [0, 10, 9]) {
      seen.now += passed
      await turn(true)
      expect(seen.worked).toBe(done)
    }
    seen.now += 1
    await turn(true)
    expect(seen.worked).toBe(done + 1)
  }
})
