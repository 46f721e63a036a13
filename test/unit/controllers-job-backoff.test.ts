import { describe, expect, it } from 'vitest'
import type { Pod } from '../../src/api/types.gen.ts'
import { actions, activePods, ago, failedPods, makeJob, makePod, run, statusOf, succeededPods } from '../support/job-objects.ts'

describe('the back-off', () => {
  it.each<{ name: string; pods: Pod[]; wait: number | undefined }>([
    { name: 'first failure', pods: failedPods(1, { finished: 3 }), wait: 7_000 },
    { name: 'first failure, over', pods: failedPods(1, { finished: 10 }), wait: undefined },
    { name: 'second', pods: failedPods(2, { finished: 3 }), wait: 17_000 },
    { name: 'third', pods: failedPods(3, { finished: 0 }), wait: 40_000 },
    { name: 'seventh is the longest', pods: failedPods(8, { finished: 0, tracked: false }), wait: 600_000 },
    {
      name: 'from the latest failure',
      pods: [makePod('x', { phase: 'Failed', finished: 500 }), makePod('y', { phase: 'Failed', finished: 5 })],
      wait: 15_000,
    },
    {
      name: 'starts over after a success',
      pods: [...failedPods(3, { finished: 20 }), ...succeededPods(1, { finished: 10, exitCode: 0 })],
      wait: undefined,
    },
    {
      name: 'counts failures after the last success',
      pods: [...failedPods(2, { finished: 3 }), ...succeededPods(1, { finished: 10, exitCode: 0 })],
      wait: 17_000,
    },
    { name: 'counts pods counted before', pods: failedPods(1, { finished: 3, tracked: false }), wait: 7_000 },
    { name: 'counts what was deleted from outside', pods: [makePod('t', { deleting: true })], wait: 5_000 },
    { name: 'not what the Job itself removed', pods: [makePod('t', { deleting: true, tracked: false, phase: 'Failed' })], wait: undefined },
    {
      name: 'from the Ready condition where no container says',
      pods: [makePod('x', { phase: 'Failed', status: { conditions: [{ type: 'Ready', status: 'False', lastTransitionTime: ago(4) }] } })],
      wait: 6_000,
    },
    {
      name: 'from the end of a sidecar, which is later',
      pods: failedPods(1, { finished: 9 }).map((pod) => {
        const state = { terminated: { exitCode: 0, finishedAt: ago(2) } }
        const sidecar = { name: 's', image: '', imageID: '', ready: false, restartCount: 0, state }
        const once = { ...sidecar, name: 'once', state: { terminated: { exitCode: 0, finishedAt: ago(1) } } }
        const initContainers = [{ name: 's', restartPolicy: 'Always' }, { name: 'once' }]
        return {
          ...pod,
          spec: { ...pod.spec, initContainers },
          status: { ...pod.status, initContainerStatuses: [sidecar, once] },
        }
      }),
      wait: 8_000,
    },
  ])('$name', ({ pods, wait }) => {
    const plan = run(makeJob({ parallelism: 1, completions: 5, backoffLimit: 20 }), pods)
    expect(plan.requeueAfterMs).toBe(wait)
    expect(actions(plan).filter((line) => line.startsWith('create'))).toHaveLength(wait === undefined ? 1 : 0)
    if (wait !== undefined) expect(plan.waitingOn).toMatch(/back-off/)
  })
})

it.each([
  { name: 'tells that none is active while it backs off, as upstream does', ready: false, active: undefined },
  // Upstream's own validation refuses to show fewer active pods than ready ones.
  { name: 'but the truth while one is ready', ready: true, active: 1 },
])('$name', ({ ready, active }) => {
  const pods = [...failedPods(1, { finished: 3 }), ...activePods(1, { ready })]
  expect(statusOf(run(makeJob({ parallelism: 2, completions: 5 }, { active: 1 }), pods)).active).toBe(active)
})
