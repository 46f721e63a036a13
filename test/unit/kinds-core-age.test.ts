import { describe, expect, test } from 'vitest'
import { age, humanDuration, shortHumanDuration } from '../../src/api/age.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const YEAR = 365 * DAY

describe('humanDuration', () => {
  test.each([
    [-3 * SECOND, '<invalid>'],
    [-2 * SECOND, '<invalid>'],
    [-1 * SECOND, '0s'],
    [-999, '0s'],
    [0, '0s'],
    [45 * SECOND, '45s'],
    [119 * SECOND, '119s'],
    [2 * MINUTE, '2m'],
    [3 * MINUTE + 20 * SECOND, '3m20s'],
    [10 * MINUTE + 20 * SECOND, '10m'],
    [179 * MINUTE, '179m'],
    [3 * HOUR, '3h'],
    [5 * HOUR + 10 * MINUTE, '5h10m'],
    [8 * HOUR + 10 * MINUTE, '8h'],
    [47 * HOUR, '47h'],
    [2 * DAY, '2d'],
    [2 * DAY + 3 * HOUR + 5 * MINUTE, '2d3h'],
    [8 * DAY + 3 * HOUR, '8d'],
    [729 * DAY, '729d'],
    [2 * YEAR, '2y'],
    [2 * YEAR + 20 * DAY, '2y20d'],
    [8 * YEAR + 20 * DAY, '8y'],
  ])('%i ms: %s', (milliseconds, text) => {
    expect(humanDuration(milliseconds)).toBe(text)
  })
})

describe('shortHumanDuration', () => {
  test.each([
    [-2 * SECOND, '<invalid>'],
    [-1 * SECOND, '0s'],
    [59 * SECOND, '59s'],
    [119 * SECOND, '1m'],
    [59 * MINUTE, '59m'],
    [23 * HOUR, '23h'],
    [364 * DAY, '364d'],
    [YEAR, '1y'],
  ])('%i ms: %s', (milliseconds, text) => {
    expect(shortHumanDuration(milliseconds)).toBe(text)
  })
})

test('an age is counted from a timestamp', () => {
  const now = Date.parse('2026-01-01T00:05:00Z')
  expect(age('2026-01-01T00:00:00Z', now)).toBe('5m')
  expect(age(undefined, now)).toBe('<unknown>')
  expect(age(null, now)).toBe('<unknown>')
})
