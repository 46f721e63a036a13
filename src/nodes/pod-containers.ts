/** All containers of a pod that is to run, one step on. Upstream: kuberuntime_manager.go computePodActions. */
import { findCondition } from '../api/meta/conditions.ts'
import { parseTimestamp } from '../api/meta/time.ts'
import type { Container, ContainerStatus, ObjectMeta, PodStatus } from '../api/types.gen.ts'
import { postStartHook } from './container-hooks.ts'
import { type StepContext, stepContainer } from './container-step.ts'
import { stepInitContainers } from './init-containers.ts'
import { ALL_RESTARTING, isToRestartAll, removalFrom, removedAt, restartAllEvents, withoutContainers } from './restart-all.ts'

export function stepContainers(context: StepContext, base: PodStatus): PodStatus {
  const { pod, now, wakeAt, record } = context
  const gone = removedAt(pod)
  if (gone !== undefined && gone > now) {
    wakeAt(gone)
    return base
  }
  const stepped = stepStages(context, gone === undefined ? base : withoutContainers(base, now))
  if (isToRestartAll(pod, stepped)) {
    for (const event of restartAllEvents(pod, stepped)) record(event)
    wakeAt(removalFrom(now))
  }
  return stepped
}

/**
 * The status as it was at an instant, with those containers running whose postStart hooks kept them from being seen to.
 * @param at milliseconds since the epoch
 */
export function withHooked(context: StepContext, base: PodStatus, at: number): PodStatus {
  const { spec, metadata } = context.pod
  const hooked = [...spec.containers, ...(spec.initContainers ?? [])].filter(({ lifecycle }) => lifecycle?.postStart !== undefined)
  if (hooked.length === 0) return base
  const { deletionTimestamp: _deletion, ...own } = metadata
  const pod = { ...context.pod, metadata: own as ObjectMeta, status: base }
  const nothing = () => {}
  const then = stepStages(
    {
      ...context,
      pod,
      now: at,
      lookedAt: at,
      seesHooks: true,
      images: { has: () => true, add: nothing },
      record: nothing,
      wakeAt: nothing,
    },
    base,
  )
  const seen = (statuses: readonly ContainerStatus[] | undefined, later: readonly ContainerStatus[] | undefined) =>
    statuses?.map((own, index) => {
      const container = hooked.find(({ name }) => name === own.name)
      const next = later?.[index]
      if (container === undefined || own.state?.running || !next?.state?.running) return own
      return postStartHook(pod, container)?.takesMs ? { ...next, started: container.startupProbe === undefined } : own
    })
  const [main, init] = [seen(base.containerStatuses, then.containerStatuses), seen(base.initContainerStatuses, then.initContainerStatuses)]
  return { ...base, ...(main && { containerStatuses: main }), ...(init && { initContainerStatuses: init }) }
}

function stepStages(context: StepContext, base: PodStatus): PodStatus {
  const { spec, status } = context.pod
  // When all were last restarted, they began anew.
  const restartedAt = parseTimestamp(findCondition(status?.conditions, ALL_RESTARTING)?.lastTransitionTime)
  const begun = restartedAt > context.stageStartsAt ? { ...context, stageStartsAt: restartedAt } : context
  const init = stepInitContainers(begun, base)
  let main = base.containerStatuses!
  if (init.isDone) {
    // One is started after the other, and each waited for as long as its postStart hook takes.
    let startsAt = init.doneAt
    const stages = new Map<string, number>()
    for (const container of spec.containers) {
      stages.set(container.name, startsAt)
      startsAt += postStartHook(context.pod, container)?.takesMs ?? 0
    }
    main = stepEach(spec.containers, main, (container, own) =>
      stepContainer({ ...begun, stageStartsAt: stages.get(container.name)!, turnAt: init.doneAt }, container, 'main', own),
    )
  }
  const debug = stepEach(spec.ephemeralContainers ?? [], base.ephemeralContainerStatuses ?? [], (container, own) =>
    stepContainer(context, container, 'ephemeral', own),
  )
  return {
    ...base,
    containerStatuses: main,
    ...(init.statuses.length === 0 ? {} : { initContainerStatuses: init.statuses }),
    ...(debug.length === 0 ? {} : { ephemeralContainerStatuses: debug }),
  }
}

function stepEach(
  containers: readonly Container[],
  statuses: readonly ContainerStatus[],
  step: (container: Container, status: ContainerStatus) => ContainerStatus,
): ContainerStatus[] {
  // In the order of the spec, which is that of their events.
  const next = new Map<string, ContainerStatus>()
  for (const container of containers) {
    const own = statuses.find(({ name }) => name === container.name)
    if (own !== undefined) next.set(own.name, step(container, own))
  }
  return statuses.map((own) => next.get(own.name) ?? own)
}
