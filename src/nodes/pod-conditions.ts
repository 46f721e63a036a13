/** The conditions a kubelet keeps on a pod. Upstream: pkg/kubelet/status/generate.go. */
import { findCondition } from '../api/meta/conditions.ts'
import { timestamp } from '../api/meta/time.ts'
import type { Container, ContainerStatus, Pod, PodCondition, PodStatus } from '../api/types.gen.ts'
import { ALL_RESTARTING, isToRestartAll } from './restart-all.ts'
import { couldRestartAll } from './restart-rule.ts'

/** Upstream: kubelet/types/pod_status.go PodConditionsByKubelet. */
const OURS = new Set([
  'PodResizePending',
  'PodResizeInProgress',
  'PodReadyToStartContainers',
  'Initialized',
  'Ready',
  'ContainersReady',
  'PodScheduled',
  ALL_RESTARTING,
])

type Verdict = Pick<PodCondition, 'status' | 'reason' | 'message'>

const TRUE: Verdict = { status: 'True' }

export interface ConditionsGiven {
  /** Its sandbox is up. */
  readonly hasSandbox: boolean
  /** What is told of a resize, if there is one. */
  readonly resize?: readonly PodCondition[]
  /** The phase that it will have once its containers have ended, where that is decided. */
  readonly phase?: 'Failed'
}

/** @param status as it will be, but for its conditions; those are taken from it as they were */
export function podConditions(pod: Pod, status: PodStatus, given: ConditionsGiven, now: number): PodCondition[] {
  const old = status.conditions
  const dated = (type: string, verdict: Verdict, observed: Pick<PodCondition, 'observedGeneration'>): PodCondition => {
    const before = findCondition(old, type)
    const isSame = before !== undefined && before.status === verdict.status && before.lastTransitionTime !== undefined
    return { lastTransitionTime: isSame ? before.lastTransitionTime : timestamp(now), ...observed, type, ...verdict }
  }
  const observed = pod.metadata.generation === undefined ? {} : { observedGeneration: pod.metadata.generation }
  const condition = (type: string, verdict: Verdict) => dated(type, verdict, observed)
  const judged = given.phase === undefined ? status : { ...status, phase: given.phase }
  const containersReady = judgeContainers(pod, judged)
  return [
    ...(old ?? []).filter(({ type }) => !OURS.has(type)),
    ...(given.resize ?? []),
    condition('PodReadyToStartContainers', { status: given.hasSandbox ? 'True' : 'False' }),
    condition('Initialized', judgeInitialized(pod, judged)),
    condition('Ready', containersReady.status === 'True' ? judgeReadinessGates(pod, old) : containersReady),
    condition('ContainersReady', containersReady),
    condition('PodScheduled', TRUE),
    // It alone has no generation.
    ...(couldRestartAll(pod.spec) ? [dated(ALL_RESTARTING, judgeRestart(pod, judged), {})] : []),
  ]
}

function judgeRestart(pod: Pod, status: PodStatus): Verdict {
  if (status.phase === 'Succeeded') return { status: 'False', reason: 'PodCompleted' }
  if (status.phase === 'Failed') return { status: 'False', reason: 'PodFailed' }
  if (!isToRestartAll(pod, status)) return { status: 'False' }
  return { status: 'True', reason: 'RestartAllContainersStarted', message: 'container exited with restart policy rule' }
}

function judgeContainers(pod: Pod, status: PodStatus): Verdict {
  if (status.phase === 'Succeeded') return { status: 'False', reason: 'PodCompleted' }
  if (status.phase === 'Failed') return { status: 'False', reason: 'PodFailed' }
  const sidecars = (pod.spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always')
  const unready = [...sidecars, ...pod.spec.containers].filter((container) => statusOf(container, status)?.ready !== true)
  return unready.length === 0
    ? TRUE
    : { status: 'False', reason: 'ContainersNotReady', message: `containers with unready status: [${names(unready)}]` }
}

function judgeReadinessGates(pod: Pod, conditions: readonly PodCondition[] | undefined): Verdict {
  const messages: string[] = []
  for (const { conditionType } of pod.spec.readinessGates ?? []) {
    const gate = findCondition(conditions, conditionType)
    if (gate === undefined) messages.push(`corresponding condition of pod readiness gate "${conditionType}" does not exist.`)
    else if (gate.status !== 'True') messages.push(`the status of pod readiness gate "${conditionType}" is not "True", but ${gate.status}`)
  }
  return messages.length === 0 ? TRUE : { status: 'False', reason: 'ReadinessGatesNotReady', message: messages.join(', ') }
}

function judgeInitialized(pod: Pod, status: PodStatus): Verdict {
  if (status.phase === 'Succeeded') return { status: 'True', reason: 'PodCompleted' }
  // Neither a sidecar that restarts nor all of them doing so takes it back.
  if (hasStartedContainer(status.containerStatuses) || findCondition(status.conditions, 'Initialized')?.status === 'True') return TRUE
  const incomplete = (pod.spec.initContainers ?? []).filter((container) => {
    const { ready, started } = statusOf(container, status) ?? {}
    return container.restartPolicy === 'Always' ? started !== true : ready !== true
  })
  return incomplete.length === 0
    ? TRUE
    : { status: 'False', reason: 'ContainersNotInitialized', message: `containers with incomplete status: [${names(incomplete)}]` }
}

/** Has one of these run, now or before? */
export function hasStartedContainer(statuses: readonly ContainerStatus[] | undefined): boolean {
  return (statuses ?? []).some(({ state, lastState }) => state?.running ?? state?.terminated ?? lastState?.terminated)
}

function statusOf(container: Container, status: PodStatus): ContainerStatus | undefined {
  const has = ({ name }: ContainerStatus) => name === container.name
  return status.containerStatuses?.find(has) ?? status.initContainerStatuses?.find(has)
}

function names(containers: readonly Container[]): string {
  return containers.map(({ name }) => name).join(' ')
}
