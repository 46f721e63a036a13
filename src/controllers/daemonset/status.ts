import type { DaemonSet, DaemonSetStatus, Pod } from '../../api/types.gen.ts'
import { isPodAvailable, isPodReady } from '../pods/pod-state.ts'
import { isUpdated, oldestFirst } from './daemon-pod.ts'
import type { NodeFit } from './node-fit.ts'

/** The set with its status as nodes and pods are: of each node its oldest pod counts. Upstream: updateDaemonSetStatus. */
export function withStatus(
  set: DaemonSet,
  hash: string,
  fits: ReadonlyMap<string, NodeFit>,
  podsByNode: ReadonlyMap<string, readonly Pod[]>,
  now: number,
): DaemonSet {
  const count = { desired: 0, current: 0, misscheduled: 0, ready: 0, updated: 0, available: 0 }
  for (const [name, { shouldRun }] of fits) {
    const pods = podsByNode.get(name)
    if (!shouldRun) {
      if (pods !== undefined) count.misscheduled++
      continue
    }
    count.desired++
    if (pods === undefined) continue
    count.current++
    const pod = [...pods].sort(oldestFirst)[0]!
    if (isPodReady(pod)) count.ready++
    if (isPodAvailable(pod, set.spec.minReadySeconds, now)) count.available++
    if (isUpdated(set, pod, hash)) count.updated++
  }
  const { updatedNumberScheduled: _u, numberAvailable: _a, numberUnavailable: _n, ...kept } = set.status ?? ({} as DaemonSetStatus)
  return {
    ...set,
    status: {
      ...kept,
      ...(set.metadata.generation !== undefined && { observedGeneration: set.metadata.generation }),
      currentNumberScheduled: count.current,
      numberMisscheduled: count.misscheduled,
      desiredNumberScheduled: count.desired,
      numberReady: count.ready,
      // On the wire these are absent rather than 0.
      ...(count.updated > 0 && { updatedNumberScheduled: count.updated }),
      ...(count.available > 0 && { numberAvailable: count.available }),
      ...(count.desired > count.available && { numberUnavailable: count.desired - count.available }),
    },
  }
}
