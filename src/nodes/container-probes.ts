/** What its probes make of a container that runs: started, ready, or to be killed. */
import type { Container, Pod, Probe } from '../api/types.gen.ts'
import { behaviourAnnotations } from './behaviour-annotations.ts'
import type { ContainerRuntime } from './container-behaviour.ts'
import { postStartHook } from './container-hooks.ts'
import { type Failing, failureText, type ProbeCourse, probeCourse } from './probe-course.ts'

export interface Unhealthy {
  /** As events name it. */
  readonly message: string
  readonly count: number
}

export interface ProbeOutcome {
  readonly started: boolean
  /** When it has, if it does. */
  readonly startedAt: number
  readonly ready: boolean
  /** It is told to stop then, and why; it may be in the future. */
  readonly kill: { readonly at: number; readonly probe: 'liveness' | 'startup'; readonly graceSeconds: number | undefined } | undefined
  /** What failed since the last look. */
  readonly unhealthy: readonly Unhealthy[]
  /** When to look again. */
  readonly wakeAt: number | undefined
}

export interface Probed {
  readonly pod: Pod
  readonly container: Container
  readonly runtime: ContainerRuntime
  /** Milliseconds since the epoch. */
  readonly startedAt: number
  readonly restartCount: number
  readonly now: number
  readonly lookedAt: number
}

export function probeOutcome(probed: Probed): ProbeOutcome {
  const { pod, container, startedAt, now, lookedAt } = probed
  const { startupProbe, readinessProbe, livenessProbe } = container
  // Nobody knows of the container before its postStart hook has ended.
  const askedFrom = startedAt + (postStartHook(pod, container)?.takesMs ?? 0)
  if (startupProbe === undefined && readinessProbe === undefined && livenessProbe === undefined)
    return { ...PROBELESS, startedAt: askedFrom }
  const behaviour = behaviourAnnotations(pod, container.name)
  const unhealthy: Unhealthy[] = []
  let wakeAt = Number.POSITIVE_INFINITY
  let beginsAt = askedFrom
  const wake = (at: number | undefined) => {
    if (at !== undefined && at > now && at < wakeAt) wakeAt = at
  }
  const courseOf = (probe: Probe, firstAt: number, annotated: readonly Failing[]) =>
    probeCourse(probe, startedAt, firstAt, annotated.length > 0 ? annotated : ownFailures(probed, probe))
  const report = (name: string, probe: Probe, course: ProbeCourse, until: number) => {
    const count = course.failuresIn(lookedAt, Math.min(now, until))
    if (count > 0) unhealthy.push({ message: `${name} probe failed: ${failureText(probe, container, pod.status?.podIP ?? '')}`, count })
    const next = course.nextFailure(now)
    if (next !== undefined && next <= until) wake(next)
    wake(until)
  }
  const outcome = (started: boolean, ready: boolean, kill: ProbeOutcome['kill']): ProbeOutcome => {
    return { started, startedAt: beginsAt, ready, kill, unhealthy, wakeAt: wakeAt === Number.POSITIVE_INFINITY ? undefined : wakeAt }
  }

  if (startupProbe !== undefined) {
    const course = courseOf(startupProbe, askedFrom, behaviour.startupFails)
    // It makes up its mind once.
    const [verdict] = course.verdicts
    beginsAt = verdict?.at ?? Number.POSITIVE_INFINITY
    report('Startup', startupProbe, course, beginsAt)
    if (verdict?.succeeds !== true) {
      const kill = { at: beginsAt, probe: 'startup', graceSeconds: startupProbe.terminationGracePeriodSeconds } as const
      return outcome(false, false, verdict === undefined ? undefined : kill)
    }
    if (beginsAt > now) return outcome(false, false, undefined)
  }
  let kill: ProbeOutcome['kill']
  if (livenessProbe !== undefined) {
    const course = courseOf(livenessProbe, beginsAt, behaviour.livenessFails)
    const fatal = course.verdicts.find(({ succeeds }) => !succeeds)
    if (fatal !== undefined) kill = { at: fatal.at, probe: 'liveness', graceSeconds: livenessProbe.terminationGracePeriodSeconds }
    report('Liveness', livenessProbe, course, fatal?.at ?? Number.POSITIVE_INFINITY)
  }
  if (readinessProbe === undefined) return outcome(true, true, kill)
  const course = courseOf(readinessProbe, beginsAt, behaviour.readinessFails)
  report('Readiness', readinessProbe, course, Number.POSITIVE_INFINITY)
  wake(course.verdicts.find(({ at }) => at > now)?.at)
  return outcome(true, course.verdicts.findLast(({ at }) => at <= now)?.succeeds ?? false, kill)
}

const PROBELESS: Omit<ProbeOutcome, 'startedAt'> = { started: true, ready: true, kill: undefined, unhealthy: [], wakeAt: undefined }

/** A command fails by itself, or for as long as a file it looks at was removed by the container. */
function ownFailures({ pod, container, runtime, startedAt, restartCount }: Probed, probe: Probe): readonly Failing[] {
  if (probe.exec?.command === undefined) return []
  return runtime.failuresOf(pod, container, { restartCount, startedAt }, probe.exec.command)
}
