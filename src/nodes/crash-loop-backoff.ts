/**
 * How long a container that ended waits for its next start: not at all the first time, then 10 s, doubled each time up
 * to 5 min; a run of 10 min starts the count again. All of it is read off the container's status, so that nothing is
 * lost in a restart. Upstream: kuberuntime_manager.go doBackOff, flowcontrol.Backoff.
 */
import { parseTimestamp } from '../api/meta/time.ts'
import type { ContainerStateTerminated, ContainerStatus } from '../api/types.gen.ts'

const FIRST_MS = 10_000
export const LONGEST_BACKOFF_MS = 300_000
/** Stored times are whole seconds. */
const ROUNDING_MS = 1000
const RESET_AFTER_MS = 2 * LONGEST_BACKOFF_MS

/** For a container whose state is terminated. */
export function crashLoopBackoffMs(status: ContainerStatus): number {
  const ended = status.state?.terminated
  if (ended === undefined || status.restartCount === 0) return 0
  // It was lost with its machine, and a kubelet that has just started remembers no back-off.
  if (ended.reason === 'Unknown') return 0
  const endedAt = parseTimestamp(ended.finishedAt)
  if (endedAt - parseTimestamp(ended.startedAt) > RESET_AFTER_MS) return 0
  const longest = backoffOf(status.restartCount)
  const waited = parseTimestamp(ended.startedAt) - finishedAt(status.lastState?.terminated)
  if (!(waited >= FIRST_MS)) return waited >= 0 ? FIRST_MS : longest
  if (wasCutShort(waited, status.restartCount)) return FIRST_MS
  let next = FIRST_MS
  while (next <= waited && next < LONGEST_BACKOFF_MS) next = Math.min(2 * next, LONGEST_BACKOFF_MS)
  return Math.min(next, longest)
}

/** The wait before restart number `restartCount` + 1 when none was forgiven. */
function backoffOf(restartCount: number): number {
  return Math.min(FIRST_MS * 2 ** Math.min(restartCount - 1, 10), LONGEST_BACKOFF_MS)
}

/** By another image, or other resources: their count begins anew. Upstream: GetBackoffKey. */
function wasCutShort(waited: number, restartCount: number): boolean {
  if (restartCount < 2 || waited >= backoffOf(restartCount - 1)) return false
  let full = FIRST_MS
  while (2 * full <= waited) full = Math.min(2 * full, LONGEST_BACKOFF_MS)
  return waited - full > ROUNDING_MS
}

function finishedAt(state: ContainerStateTerminated | undefined): number {
  return parseTimestamp(state?.finishedAt)
}

/** The wait that a waiting message tells of. */
export function backoffInMessage(message: string | undefined): number | undefined {
  const match = /^back-off (?:(\d+)m)?(\d+)s /.exec(message ?? '')
  return match === null ? undefined : (Number(match[1] ?? 0) * 60 + Number(match[2])) * 1000
}

/** As Go prints a duration: `80ms`, `10s`, `1m20.5s`, `5m0s`. */
export function goDuration(milliseconds: number): string {
  if (milliseconds < 1000) return milliseconds === 0 ? '0s' : `${milliseconds}ms`
  const minutes = Math.floor(milliseconds / 60_000)
  const seconds = `${(milliseconds % 60_000) / 1000}s`
  if (minutes === 0) return seconds
  return minutes < 60 ? `${minutes}m${seconds}` : `${Math.floor(minutes / 60)}h${minutes % 60}m${seconds}`
}
