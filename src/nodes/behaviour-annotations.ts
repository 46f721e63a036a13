/**
 * Annotations on a pod that say how its simulated containers behave. What its namespace, its node and the cluster say comes in by
 * inherited-behaviour.ts. Documented in docs/simulated-nodes.md.
 */
import { containerAnnotation } from '../api/simulation/annotations.ts'
import type { Pod } from '../api/types.gen.ts'
import { type Failing, failingTimes } from './probe-course.ts'

const isDuration = (text: string) => durationMs(text) !== undefined
const isBoolean = (text: string) => text === 'true' || text === 'false'
const isTimes = (text: string) => isBoolean(text) || text.split(',').every((part) => failingTimes(part, durationMs).length === 1)

/** The keys there are, and which values of them can be read. */
export const BEHAVIOUR_KEYS = {
  'exit-code': (text: string) => text.split(',').every((code) => /^\d{1,3}$/.test(code.trim())),
  'fail-image-pull': isBoolean,
  'fail-liveness': isTimes,
  'fail-post-start': isBoolean,
  'fail-pre-stop': isBoolean,
  'fail-readiness': isTimes,
  'fail-startup': isTimes,
  log: () => true,
  'oom-after': isDuration,
  ready: isBoolean,
  'run-for': (text: string) => text === 'forever' || isDuration(text),
  'start-delay': isDuration,
  'stop-delay': isDuration,
  'termination-message': () => true,
} as const

export type BehaviourKey = keyof typeof BEHAVIOUR_KEYS

export interface ContainerBehaviour {
  /** `exit-code`: one code, or one for each attempt ("1,1,0"; the last one goes on). */
  readonly exitCodes: readonly number[] | undefined
  /** `run-for`: how long an attempt runs before it ends; `forever` for never. */
  readonly runsForMs: number | 'forever' | undefined
  /** `start-delay`: how long ContainerCreating takes. */
  readonly startDelayMs: number
  /** `stop-delay`: how long the container takes to end once it is told to; it is killed when the grace period ends. */
  readonly stopDelayMs: number | undefined
  /** `fail-image-pull`: "true". */
  readonly failsImagePull: boolean
  /** `ready`: "false" keeps the container from ever being ready. */
  readonly isNeverReady: boolean
  /** `fail-startup`, `fail-readiness`, `fail-liveness`: when a probe fails, `true` for always. */
  readonly startupFails: readonly Failing[]
  readonly readinessFails: readonly Failing[]
  readonly livenessFails: readonly Failing[]
  /** `oom-after`: how long after its start an attempt is killed for its memory. */
  readonly oomAfterMs: number | undefined
  /** `fail-post-start`, `fail-pre-stop`: "true" makes the hook fail, if there is one. */
  readonly failsPostStart: boolean
  readonly failsPreStop: boolean
  /** `termination-message`: what the container leaves in its termination log. */
  readonly terminationMessage: string | undefined
  /** `log`: what the container prints, a line a line. */
  readonly log: string | undefined
}

const NONE: ContainerBehaviour = {
  exitCodes: undefined,
  runsForMs: undefined,
  startDelayMs: 0,
  stopDelayMs: undefined,
  failsImagePull: false,
  isNeverReady: false,
  startupFails: [],
  readinessFails: [],
  livenessFails: [],
  oomAfterMs: undefined,
  failsPostStart: false,
  failsPreStop: false,
  terminationMessage: undefined,
  log: undefined,
}

/** Malformed values count as absent. */
export function behaviourAnnotations(pod: Pod, container: string): ContainerBehaviour {
  if (pod.metadata.annotations === undefined) return NONE
  const read = (key: BehaviourKey) => containerAnnotation(pod, key, container)
  const exitCodes = (read('exit-code') ?? '')
    .split(',')
    .map((code) => code.trim())
    .filter((code) => /^\d{1,3}$/.test(code))
    .map(Number)
  const runFor = read('run-for')
  return {
    exitCodes: exitCodes.length > 0 ? exitCodes : undefined,
    runsForMs: runFor === 'forever' ? 'forever' : durationMs(runFor),
    startDelayMs: durationMs(read('start-delay')) ?? 0,
    stopDelayMs: durationMs(read('stop-delay')),
    failsImagePull: read('fail-image-pull') === 'true',
    isNeverReady: read('ready') === 'false',
    startupFails: failingTimes(read('fail-startup'), durationMs),
    readinessFails: failingTimes(read('fail-readiness'), durationMs),
    livenessFails: failingTimes(read('fail-liveness'), durationMs),
    oomAfterMs: durationMs(read('oom-after')),
    failsPostStart: read('fail-post-start') === 'true',
    failsPreStop: read('fail-pre-stop') === 'true',
    terminationMessage: read('termination-message'),
    log: read('log'),
  }
}

const UNITS: Readonly<Record<string, number>> = { '': 1000, s: 1000, m: 60_000, h: 3_600_000, ms: 1 }

/** `90`, `90s`, `1m30s`, `500ms`: a bare number counts seconds. */
export function durationMs(text: string | undefined): number | undefined {
  if (text === undefined || !/^(?:\d+(?:\.\d+)?(?:ms|s|m|h)?)+$/.test(text)) return undefined
  let total = 0
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)?/g)) total += Number(amount) * UNITS[unit ?? '']!
  return Math.round(total)
}
