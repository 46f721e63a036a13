/** When a container that started counts as started and as ready, given that its probes succeed each time. */
import type { Container, Probe } from '../api/types.gen.ts'

export interface ProbeTimes {
  readonly startedAt: number
  readonly readyAt: number
}

/** @param startedAt of the container, in milliseconds since the epoch */
export function probeTimes(container: Container, startedAt: number): ProbeTimes {
  const { startupProbe, readinessProbe } = container
  const started = startupProbe === undefined ? startedAt : startedAt + initialDelayMs(startupProbe)
  if (readinessProbe === undefined) return { startedAt: started, readyAt: started }
  // The other probes wait for the startup probe; their initial delay counts from the container's start all the same.
  // Upstream: prober/worker.go doProbe.
  const firstProbe = Math.max(started, startedAt + initialDelayMs(readinessProbe))
  const furtherProbes = (readinessProbe.successThreshold ?? 1) - 1
  return { startedAt: started, readyAt: firstProbe + furtherProbes * (readinessProbe.periodSeconds ?? 10) * 1000 }
}

function initialDelayMs(probe: Probe): number {
  return (probe.initialDelaySeconds ?? 0) * 1000
}
