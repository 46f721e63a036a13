/**
 * What a probe makes of a container over time: a prober asks once a period and makes up its mind after some equal answers in
 * a row. Nothing is kept: all of it follows from when the container started and when the probe fails.
 * Upstream: prober/worker.go doProbe.
 */
import type { Container, Probe } from '../api/types.gen.ts'

/** Milliseconds since the container's start; `to` may be infinite. */
export interface Failing {
  readonly fromMs: number
  readonly toMs: number
}

export interface Verdict {
  readonly at: number
  readonly succeeds: boolean
}

export interface ProbeCourse {
  /** When it made up its mind, and to what, in order. */
  readonly verdicts: readonly Verdict[]
  /** Failed answers between two instants, the first excluded: those an event tells of. */
  failuresIn(after: number, until: number): number
  /** The next answer an event tells of. */
  nextFailure(after: number): number | undefined
}

const DEFAULT_PERIOD_SECONDS = 10
/** An event about an object is told this often at once, then once in five minutes. Upstream: client-go EventSourceObjectSpamFilter. */
const TOLD_AT_ONCE = 25
const TOLD_EVERY_MS = 300_000

/**
 * @param startedAt of the container, in milliseconds since the epoch
 * @param firstAt not asked before
 * @param failing apart from each other, in order
 */
export function probeCourse(probe: Probe, startedAt: number, firstAt: number, failing: readonly Failing[]): ProbeCourse {
  const periodMs = (probe.periodSeconds ?? DEFAULT_PERIOD_SECONDS) * 1000
  const first = Math.max(firstAt, startedAt + (probe.initialDelaySeconds ?? 0) * 1000)
  const indexFrom = (at: number) => Math.max(0, Math.ceil((at - first) / periodMs))
  const timeOf = (index: number) => first + index * periodMs
  const verdicts: Verdict[] = []
  const judge = (from: number, to: number, succeeds: boolean) => {
    const threshold = succeeds ? (probe.successThreshold ?? 1) : (probe.failureThreshold ?? 3)
    const decisive = indexFrom(from) + threshold - 1
    if (timeOf(decisive) < to && verdicts.at(-1)?.succeeds !== succeeds) verdicts.push({ at: timeOf(decisive), succeeds })
  }
  const spans = failing.map(({ fromMs, toMs }) => ({ from: startedAt + fromMs, to: startedAt + toMs }))
  let at = Number.NEGATIVE_INFINITY
  for (const { from, to } of spans) {
    if (from > first && from > at) judge(at, from, true)
    if (to > first) judge(from, to, false)
    at = to
  }
  if (at < Number.POSITIVE_INFINITY) judge(at, Number.POSITIVE_INFINITY, true)

  const rarelyEvery = Math.max(1, Math.ceil(TOLD_EVERY_MS / periodMs))
  const told = function* (after: number): Generator<number> {
    for (const { from, to } of spans) {
      const start = indexFrom(from)
      // Those before `after` needn't be gone through one by one.
      let index = start
      const due = indexFrom(after)
      if (due > start + TOLD_AT_ONCE) index = start + TOLD_AT_ONCE + Math.floor((due - start - TOLD_AT_ONCE) / rarelyEvery) * rarelyEvery
      for (; timeOf(index) < to; index += index - start < TOLD_AT_ONCE ? 1 : rarelyEvery) if (timeOf(index) > after) yield timeOf(index)
    }
  }
  return {
    verdicts,
    failuresIn: (after, until) => {
      let count = 0
      for (const time of told(after)) {
        if (time > until) break
        count++
      }
      return count
    },
    nextFailure: (after) => told(after).next().value ?? undefined,
  }
}

/** What a probe says by itself; the kubelet adds its kind before. */
export function failureText(probe: Probe, container: Container, podIP: string): string {
  if (probe.httpGet !== undefined) return 'HTTP probe failed with statuscode: 500'
  if (probe.tcpSocket !== undefined) {
    const { host = podIP, port } = probe.tcpSocket
    return `dial tcp ${host}:${portOf(container, port)}: connect: connection refused`
  }
  if (probe.grpc !== undefined) return 'service unhealthy (responded with "NOT_SERVING")'
  const [program, path] = probe.exec?.command ?? []
  return program === 'cat' && path !== undefined ? `cat: can't open '${path}': No such file or directory\n` : ''
}

function portOf({ ports = [] }: Container, port: number | string): number | string {
  return ports.find(({ name }) => name !== undefined && name === port)?.containerPort ?? port
}

/** `true`, or when it fails since the container's start: `30s` (from then on), `30s-1m`, several with commas. */
export function failingTimes(text: string | undefined, durationMs: (text: string) => number | undefined): Failing[] {
  if (text === undefined || text === 'false') return []
  if (text === 'true') return [{ fromMs: 0, toMs: Number.POSITIVE_INFINITY }]
  const spans: Failing[] = []
  for (const part of text.split(',')) {
    const [from = '', to = ''] = part.trim().split('-')
    const fromMs = durationMs(from)
    const toMs = to === '' ? Number.POSITIVE_INFINITY : durationMs(to)
    if (fromMs !== undefined && toMs !== undefined && fromMs < toMs) spans.push({ fromMs, toMs })
  }
  return spans.sort((a, b) => a.fromMs - b.fromMs)
}
