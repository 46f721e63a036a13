/** An hour in the life of a whole cluster: whatever happens, no invariant is ever broken, and in the end all is quiet. */
import { expect, it } from 'vitest'
import type { Event } from '../../src/api/types.gen.ts'
import { Hour } from '../support/hour.ts'

/** Two hours and a half of a cluster's life take seconds, on whatever machine. */
const TIMEOUT = 60_000

it.each([5, 9])(
  'nothing is ever lost, doubled or overdrawn, and in the end all is quiet (%i)',
  async (seed) => {
    const hour = await Hour.start(seed)
    try {
      await hour.setUp()
      while (hour.minutes < 60) await hour.step()
      await hour.mend()
      expect(hour.unfinished()).toEqual([])
      // Events live for an hour.
      await hour.seconds(3700)
      expect(await hour.writesWithin(3600)).toEqual({ 'leases.coordination.k8s.io': 5 * 360, nodes: 5 * 12 })
      expectLog(hour.watchman.events)
    } finally {
      await hour.close()
    }
  },
  TIMEOUT,
)

/** Every event says whom it is about, who tells it and what; none is older than what was told before. */
function expectLog(events: readonly Event[]): void {
  let last = 0
  for (const { metadata, involvedObject, reason, message, type, source, reportingComponent, ...times } of events) {
    const teller = source?.component || reportingComponent
    // That controller knows pods by name alone. Upstream: taint_eviction.go emitPodDeletionEvent
    const subject = teller === 'taint-eviction-controller' ? involvedObject.name : involvedObject.uid
    expect([subject, reason, message, type, teller].map(Boolean), `${reason} ${metadata.name}`).toEqual(Array(5).fill(true))
    const at = Date.parse(times.series?.lastObservedTime ?? times.lastTimestamp ?? times.eventTime ?? '')
    // Some have whole seconds only, and the end of a series is written when it has been over for a while.
    if (times.series === undefined) expect(at, `${reason} of ${involvedObject.name}`).toBeGreaterThan(last - 1000)
    expect(Date.parse(times.firstTimestamp ?? times.eventTime ?? '')).toBeLessThanOrEqual(at)
    last = Math.max(last, at)
  }
}

it('the log of a cluster that is set up, updated and drained reads as a real one’s', async () => {
  const hour = await Hour.start(1)
  try {
    await hour.setUp()
    const { events } = hour.watchman
    expectLog(events)
    const told = events.map(({ reason, involvedObject, source, reportingComponent }) => {
      return `${reason} ${involvedObject.kind}/${source?.component || reportingComponent}`
    })
    expect([...new Set(told)]).toEqual(FIRST_TOLD)
  } finally {
    await hour.close()
  }
})

/** In the order in which each is told for the first time. */
const FIRST_TOLD = [
  'RegisteredNode Node/node-controller',
  'Starting Node/kubelet',
  'NodeHasSufficientMemory Node/kubelet',
  'NodeHasNoDiskPressure Node/kubelet',
  'NodeHasSufficientPID Node/kubelet',
  'NodeReady Node/kubelet',
  'SuccessfulCreate DaemonSet/daemonset-controller',
  'Scheduled Pod/default-scheduler',
  'ScalingReplicaSet Deployment/deployment-controller',
  'SuccessfulCreate ReplicaSet/replicaset-controller',
  'SuccessfulCreate StatefulSet/statefulset-controller',
  'FailedScheduling Pod/default-scheduler',
  'ProvisioningSucceeded PersistentVolumeClaim/persistentvolume-controller',
  'Pulling Pod/kubelet',
  'Pulled Pod/kubelet',
  'Created Pod/kubelet',
  'Started Pod/kubelet',
  'FailedGetResourceMetric HorizontalPodAutoscaler/horizontal-pod-autoscaler',
  'FailedComputeMetricsReplicas HorizontalPodAutoscaler/horizontal-pod-autoscaler',
  'SuccessfulDelete ReplicaSet/replicaset-controller',
  'Killing Pod/kubelet',
  'SuccessfulDelete StatefulSet/statefulset-controller',
  'SuccessfulDelete DaemonSet/daemonset-controller',
  'SuccessfulCreate Job/job-controller',
  'NodeNotSchedulable Node/kubelet',
  'NodeSchedulable Node/kubelet',
]
