import { expect, it } from 'vitest'
import { VirtualClock } from '../../src/lib/clock.ts'
import { WorkQueue } from '../../src/runtime/work-queue.ts'

const takeAll = (queue: WorkQueue) => {
  const keys: string[] = []
  for (let key = queue.take(); key !== undefined; key = queue.take()) keys.push(key)
  return keys
}

it('gives keys in the order they came', () => {
  const queue = new WorkQueue(new VirtualClock(0), () => {})
  for (const key of ['b', 'a', 'c', 'a']) queue.add(key)
  expect(queue.length).toBe(3)
  expect(takeAll(queue)).toEqual(['b', 'a', 'c'])
})

it('gives keys of a higher rank first, of one rank in the order they came', () => {
  const queue = new WorkQueue(
    new VirtualClock(0),
    () => {},
    (key) => Number(key[0]),
  )
  for (const key of ['1a', '5a', '1b', '9a', '5b']) queue.add(key)
  expect([queue.take(), queue.take()]).toEqual(['9a', '5a'])
  queue.add('7a')
  queue.add('1c')
  expect(takeAll(queue)).toEqual(['7a', '5b', '1a', '1b', '1c'])
  expect(queue.length).toBe(0)
})

it('keeps the order of many', () => {
  const queue = new WorkQueue(new VirtualClock(0), () => {})
  const keys = Array.from({ length: 5000 }, (_, i) => String(i))
  for (const key of keys) queue.add(key)
  expect(takeAll(queue)).toEqual(keys)
})
