/** What a container printed, and prints. Upstream: pod/strategy.go LogLocation, and the kubelet's part of it. */
import { ApiError, badRequestError, notFoundError } from '../../api/meta/api-error.ts'
import { parseTimestamp, timestamp } from '../../api/meta/time.ts'
import type { ContainerRun, LogLine } from '../../api/simulation/container-logs.ts'
import { kubeletFault } from '../../api/simulation/kubelet-reach.ts'
import type { Container, ContainerStateTerminated, ContainerStatus, Node, Pod } from '../../api/types.gen.ts'
import { storageKey } from '../../storage/storage.ts'
import type { RegistryContext, Target } from '../context.ts'
import { getEntry, keyOf } from '../get.ts'
import { LogFollower } from './log-follower.ts'
import { type LogOptions, logOptionsOf } from './log-options.ts'
import type { Subresource, TextStream } from './subresources.ts'

export const podLog: Subresource = {
  text: (context, target, query) => {
    const options = logOptionsOf(query, target.name)
    const pod = getEntry(context, target).decoded<Pod>()
    const container = containerOf(pod, options.container)
    if (!pod.spec.nodeName) return undefined
    const node = context.cache.get(storageKey('nodes', '', pod.spec.nodeName))?.decoded<Node>()
    if (node === undefined) throw notFoundError({ group: '', resource: 'nodes' }, pod.spec.nodeName)
    const fault = kubeletFault(node, locationOf(pod, container, options))
    if (fault !== undefined) throw new ApiError(500, '', fault)
    const run = runOf(pod, container.name, options.previous)
    const now = context.clock.now()
    const { lines } = context.logs.read(pod, container, run, now)
    const printed = run.finishedAt === undefined ? lines.filter(({ at }) => at <= now) : lines
    const writer = new LineWriter(options, now)
    const text = writer.write(options.tailLines === undefined ? printed : printed.slice(Math.max(0, printed.length - options.tailLines)))
    if (!options.follow || run.finishedAt !== undefined || writer.isFull) return text
    return followed(context, target, { pod, container, run, now, text, writer })
  },
}

interface Followed {
  readonly pod: Pod
  readonly container: Container
  readonly run: ContainerRun
  readonly now: number
  /** What was printed up to now. */
  readonly text: string
  readonly writer: LineWriter
}

function followed(context: RegistryContext, target: Target, { pod, container, run, now, text, writer }: Followed): TextStream {
  const { cache, clock, logs } = context
  const { groupResource } = target.definition
  return {
    start: (write, end) => {
      if (text !== '') write(text)
      const log = {
        clock,
        end,
        read: (current: ContainerRun, until: number) => logs.read(pod, container, current, until),
        currentRun: () => {
          const stored = cache.get(keyOf(target))?.decoded<Pod>()
          return stored?.metadata.uid === pod.metadata.uid ? sameRun(stored, container.name, run) : undefined
        },
        watch: (changed: () => void) =>
          cache.watch({ groupResource, namespace: target.namespace }, (changes) => {
            if (changes.some(({ entry }) => entry.key === keyOf(target))) changed()
          }),
        write: (line: LogLine) => {
          const part = writer.write([line])
          if (part !== '') write(part)
          return !writer.isFull
        },
      }
      return new LogFollower(log, run, now)
    },
  }
}

/** Where its kubelet would have the log. Upstream: pod/strategy.go LogLocation. */
function locationOf({ metadata }: Pod, container: Container, options: LogOptions): string {
  const { follow, previous, timestamps, sinceSeconds, sinceTime, tailLines, limitBytes } = options
  const query = new URLSearchParams()
  const add = (name: string, value: string | number | boolean | undefined) => {
    if (value !== undefined && value !== false) query.append(name, String(value))
  }
  add('follow', follow)
  add('limitBytes', limitBytes)
  add('previous', previous)
  add('sinceSeconds', sinceSeconds)
  add('sinceTime', sinceTime && timestamp(sinceTime))
  add('tailLines', tailLines)
  add('timestamps', timestamps)
  const path = `/containerLogs/${metadata.namespace}/${metadata.name}/${container.name}`
  return query.size === 0 ? path : `${path}?${query}`
}

/** Upstream: pod/strategy.go validateContainer. */
function containerOf(pod: Pod, asked: string): Container {
  const { initContainers = [], containers, ephemeralContainers = [] } = pod.spec
  const all: readonly Container[] = [...initContainers, ...containers, ...ephemeralContainers]
  if (asked === '') {
    if (containers.length === 1) return containers[0]!
    const names = all.map(({ name }) => name).join(' ')
    throw badRequestError(`a container name must be specified for pod ${pod.metadata.name}, choose one of: [${names}]`)
  }
  const container = all.find(({ name }) => name === asked)
  if (container === undefined) throw badRequestError(`container ${asked} is not valid for pod ${pod.metadata.name}`)
  return container
}

const WAITING_TEXTS: Readonly<Record<string, string>> = {
  ErrImagePull: "image can't be pulled",
  ImagePullBackOff: 'trying and failing to pull image',
}

/** Which run of the container is meant. Upstream: kubelet_pods.go validateContainerLogStatus. @throws ApiError 400 when there is none */
function runOf(pod: Pod, container: string, previous: boolean): ContainerRun {
  const status = statusOf(pod, container)
  const quoted = `container ${JSON.stringify(container)} in pod ${JSON.stringify(pod.metadata.name)}`
  if (status === undefined) throw badRequestError(`${quoted} is not available`)
  const { running, terminated, waiting } = status.state ?? {}
  const last = status.lastState?.terminated
  if (previous) {
    if (last?.containerID) return endedRun(status.restartCount - (last.containerID === status.containerID ? 0 : 1), last)
    throw badRequestError(`previous terminated ${quoted} not found`)
  }
  if (running) return { restartCount: status.restartCount, startedAt: parseTimestamp(running.startedAt), finishedAt: undefined }
  if (terminated?.containerID) return endedRun(status.restartCount, terminated)
  if (last?.containerID) return endedRun(status.restartCount, last)
  if (terminated ?? last) throw badRequestError(`${quoted} is terminated`)
  if (waiting === undefined) throw badRequestError(`${quoted} is waiting to start - no logs yet`)
  throw badRequestError(`${quoted} is waiting to start: ${WAITING_TEXTS[waiting.reason ?? ''] ?? waiting.reason}`)
}

/** What became of a run that was running; undefined when nothing is known of it any more. */
function sameRun(pod: Pod, container: string, run: ContainerRun): ContainerRun | undefined {
  const status = statusOf(pod, container)
  const startedAt = ({ startedAt }: { startedAt?: string | undefined }) => parseTimestamp(startedAt)
  const { running, terminated } = status?.state ?? {}
  if (running !== undefined && startedAt(running) === run.startedAt && status!.restartCount === run.restartCount) return run
  const ended = [terminated, status?.lastState?.terminated].find((each) => each !== undefined && startedAt(each) === run.startedAt)
  return ended === undefined ? undefined : endedRun(run.restartCount, ended)
}

function endedRun(restartCount: number, { startedAt, finishedAt }: ContainerStateTerminated): ContainerRun {
  return { restartCount, startedAt: parseTimestamp(startedAt), finishedAt: parseTimestamp(finishedAt) }
}

function statusOf({ status }: Pod, container: string): ContainerStatus | undefined {
  const all = [status?.containerStatuses, status?.initContainerStatuses, status?.ephemeralContainerStatuses]
  return all.flatMap((statuses) => statuses ?? []).find(({ name }) => name === container)
}

/** Lines as they were asked for. Upstream: kuberuntime/logs. */
class LineWriter {
  readonly #since: number
  readonly #timestamps: boolean
  #bytesLeft: number

  constructor({ sinceSeconds, sinceTime, timestamps, limitBytes }: LogOptions, now: number) {
    this.#since = sinceSeconds === undefined ? (sinceTime ?? 0) : now - sinceSeconds * 1000
    this.#timestamps = timestamps
    this.#bytesLeft = limitBytes ?? Number.POSITIVE_INFINITY
  }

  get isFull(): boolean {
    return this.#bytesLeft <= 0
  }

  write(lines: readonly LogLine[]): string {
    let text = ''
    for (const line of lines) {
      if (line.at < this.#since) continue
      const written = this.#timestamps ? `${nanoTimestamp(line.at)} ${line.text}` : line.text
      text += this.#bytesLeft === Number.POSITIVE_INFINITY ? written : this.#limited(written)
      if (this.isFull) break
    }
    return text
  }

  #limited(text: string): string {
    const bytes = Buffer.from(text)
    const kept = bytes.subarray(0, this.#bytesLeft)
    this.#bytesLeft -= kept.length
    return kept.toString()
  }
}

/** With nine digits always. Upstream: RFC3339NanoFixed. */
function nanoTimestamp(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 23)}000000Z`
}
