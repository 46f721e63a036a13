import { describe, expect, it } from 'vitest'
import { ApiError } from '../../src/api/meta/api-error.ts'
import type { KubeObject, New } from '../../src/api/object.ts'
import type { Client } from '../../src/client/client.ts'
import { executePlan } from '../../src/runtime/execute-plan.ts'
import type { Action } from '../../src/runtime/plan.ts'

/** Takes `limit` creates and refuses the others; batches are what was asked for before anything was answered. */
function clientOf(limit: number) {
  const batches: number[] = []
  let asked = 0
  let open: number | undefined
  const create = async (_resource: string, object: New<KubeObject>) => {
    if (open === undefined) open = batches.push(0) - 1
    batches[open]! += 1
    const isTaken = asked++ < limit
    await Promise.resolve()
    open = undefined
    if (!isTaken) throw new ApiError(403, 'Forbidden', 'exceeded quota')
    return object
  }
  return { client: { create } as unknown as Client, batches }
}

const creates = (count: number): Action[] =>
  Array.from({ length: count }, (_, i) => ({ verb: 'create', resource: 'pods', object: { metadata: { name: `p${i}` } } }))

// Upstream: replica_set_test.go TestSlowStartBatch.
describe('creates come in batches that double', () => {
  it.each<{ name: string; count: number; limit: number; expect: number[]; outcome: string }>([
    { name: 'all fail', count: 10, limit: 0, expect: [1], outcome: 'failed' },
    { name: 'all succeed', count: 10, limit: 10, expect: [1, 2, 4, 3], outcome: 'done' },
    { name: 'some succeed', count: 10, limit: 5, expect: [1, 2, 4], outcome: 'failed' },
    { name: 'one', count: 1, limit: 1, expect: [1], outcome: 'done' },
    { name: 'none', count: 0, limit: 0, expect: [], outcome: 'done' },
    { name: 'never more than 256', count: 800, limit: 800, expect: [1, 2, 4, 8, 16, 32, 64, 128, 256, 256, 33], outcome: 'done' },
  ])('$name', async ({ count, limit, expect: expected, outcome }) => {
    const { client, batches } = clientOf(limit)
    expect(await executePlan(client, { actions: creates(count) }, 'pods', undefined, () => {})).toMatchObject({ kind: outcome })
    expect(batches).toEqual(expected)
  })
})
