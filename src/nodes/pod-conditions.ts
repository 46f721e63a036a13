/** The conditions a kubelet keeps on a pod. Upstream: pkg/kubelet/status/generate.go. */
import { findCondition } from '../api/meta/conditions.ts'
import { timestamp } from '../api/meta/time.ts'
import type { Container, ContainerStatus, Pod, PodCondition, PodStatus } from '../api/types.gen.ts'

const OURS = new Set(['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled'])

type Verdict = Pick<PodCondition, 'status' | 'reason' | 'message'>

const TRUE: Verdict = { status: 'True' }

/** @param status as it will be, but for its conditions; those are taken from it as they were */
export function podConditions(pod: Pod, status: PodStatus, hasSandbox: boolean, now: number): PodCondition[] {
  const old = status.conditions
  const condition = (type: string, verdict: Verdict): PodCondition => {
    const before = findCondition(old, type)
    const isSame = before !== undefined && before.status === verdict.status && before.lastTransitionTime !== undefined
    return {
      lastTransitionTime: isSame ? before.lastTransitionTime : timestamp(now),
      ...(pod.metadata.generation === undefined ? {} : { observedGeneration: pod.metadata.generation }),
      type,
      ...verdict,
    }
  }
  const containersReady = judgeContainers(pod, status)
  return [
    condition('PodReadyToStartContainers', { status: hasSandbox ? 'True' : 'False' }),
    condition('Initialized', judgeInitialized(pod, status)),
    condition('Ready', containersReady.status === 'True' ? judgeReadinessGates(pod, old) : containersReady),
    condition('ContainersReady', containersReady),
    condition('PodScheduled', TRUE),
    ...(old ?? []).filter(({ type }) => !OURS.has(type)),
  ]
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
  // A sidecar that restarts doesn't take it back.
  if (hasStartedContainer(status.containerStatuses)) return TRUE
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
