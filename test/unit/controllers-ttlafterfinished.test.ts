import { describe, expect, it } from 'vitest'
import type { Job } from '../../src/api/types.gen.ts'
import { reconcile as reconcileTtl } from '../../src/controllers/ttlafterfinished/reconcile.ts'
import { at, time } from '../support/cronjob-objects.ts'

describe('a finished Job with a time to live', () => {
  const job = (ttl: number | undefined, type?: string, metadata: object = {}): Job => ({
    metadata: { name: 'j', namespace: 'ns', uid: 'u', resourceVersion: '9', ...metadata } as never,
    spec: { template: {} as never, ...(ttl !== undefined && { ttlSecondsAfterFinished: ttl }) },
    status: type === undefined ? {} : { conditions: [{ type, status: 'True', lastTransitionTime: time('10:00:00') }] },
  })
  it.each<{ name: string; job: Job; deletes: boolean; requeue?: number }>([
    { name: 'not finished', job: job(0), deletes: false },
    { name: 'only nearly finished', job: job(0, 'SuccessCriteriaMet'), deletes: false },
    { name: 'without one', job: job(undefined, 'Complete'), deletes: false },
    { name: 'still to run', job: job(40, 'Complete'), deletes: false, requeue: 10_000 },
    { name: 'over', job: job(30, 'Complete'), deletes: true },
    { name: 'zero', job: job(0, 'Failed'), deletes: true },
    { name: 'failed, still to run', job: job(35, 'Failed'), deletes: false, requeue: 5_000 },
    { name: 'failed, without one', job: job(undefined, 'Failed'), deletes: false },
    { name: 'just over', job: job(30, 'Failed'), deletes: true },
    { name: 'a second to go', job: job(31, 'Complete'), deletes: false, requeue: 1_000 },
    { name: 'zero, and not finished', job: job(0, 'Suspended'), deletes: false },
    { name: 'zero, and only nearly failed', job: job(0, 'FailureTarget'), deletes: false },
    { name: 'being deleted, and still to run', job: job(40, 'Complete', { deletionTimestamp: time('10:00:00') }), deletes: false },
    { name: 'being deleted', job: job(0, 'Failed', { deletionTimestamp: time('10:00:00') }), deletes: false },
  ])('$name', ({ job: given, deletes, requeue }) => {
    const plan = reconcileTtl(given, { now: at('10:00:30'), newName: (base) => base })
    expect(plan.requeueAfterMs).toBe(requeue)
    expect(plan.actions ?? []).toEqual(
      deletes
        ? [
            {
              verb: 'delete',
              target: { resource: 'jobs.batch', namespace: 'ns', name: 'j' },
              preconditions: { uid: 'u', resourceVersion: '9' },
              propagationPolicy: 'Foreground',
            },
          ]
        : [],
    )
  })

  it('that finished in time to come waits for it, too', () => {
    const plan = reconcileTtl(job(10, 'Complete'), { now: at('09:59:50'), newName: (base) => base })
    expect(plan).toEqual({ requeueAfterMs: 20_000, waitingOn: 'its time to live, for 20s' })
  })

  it('that does not say when it finished is left alone, with the reason', () => {
    const untold: Job = { ...job(0), status: { conditions: [{ type: 'Complete', status: 'True' }] } }
    expect(reconcileTtl(untold, { now: at('10:00:30'), newName: (base) => base })).toEqual({
      waitingOn: 'the Complete condition to say when the Job finished',
    })
  })

  it('counts from the end, wherever the condition stands', () => {
    const conditions = ['SuccessCriteriaMet', 'Suspended', 'Complete'].map((type, i) => ({
      type,
      status: type === 'Suspended' ? 'False' : 'True',
      lastTransitionTime: time(`10:00:0${i}`),
    }))
    const plan = reconcileTtl({ ...job(60), status: { conditions } }, { now: at('10:00:30'), newName: (base) => base })
    expect(plan.requeueAfterMs).toBe(32_000)
  })
})
