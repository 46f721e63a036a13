/** /resize: other amounts of CPU and memory for a pod that runs. Upstream: strategy.go podResizeStrategy. */
import { type FieldError, forbidden, invalid, NOWHERE } from '../../meta/field-error.ts'
import type { Container, Pod, PodSpec, ResourceRequirements } from '../../types.gen.ts'
import { MIRROR_POD_ANNOTATION } from './pod-annotations.ts'
import { computeQosClass, isSidecar } from './pod-resources.ts'
import { validatePodMetadataAndSpec } from './pod-validation.ts'
import type { ResourceList } from './resource-list.ts'
import { semanticEqual } from './semantic-equal.ts'

/** The pod as it is, with the resources and resize policies of `next`; all of `next` where containers don't match, for validation to refuse. */
export function withResources(next: Pod, old: Pod): Pod {
  const containers = mergeContainers(next.spec?.containers ?? [], old.spec.containers)
  const initContainers = mergeContainers(next.spec?.initContainers ?? [], old.spec.initContainers ?? [])
  if (next.spec?.containers?.length !== old.spec.containers.length) return next
  if ((next.spec.initContainers?.length ?? 0) !== (old.spec.initContainers?.length ?? 0)) return next
  const spec: PodSpec = { ...old.spec, containers }
  if (initContainers.length > 0) spec.initContainers = initContainers
  if (next.spec.resources === undefined) delete spec.resources
  else spec.resources = next.spec.resources
  const generation = (old.metadata.generation ?? 0) + (semanticEqual(spec, old.spec) ? 0 : 1)
  return { ...old, metadata: { ...old.metadata, generation }, spec }
}

function mergeContainers(next: Container[], old: Container[]): Container[] {
  if (next.length !== old.length || next.some(({ name }, i) => name !== old[i]!.name)) return next
  return next.map(({ resources, resizePolicy }, i) => {
    const { resources: _resources, resizePolicy: _policy, ...rest } = old[i]!
    return { ...rest, ...(resources === undefined ? {} : { resources }), ...(resizePolicy === undefined ? {} : { resizePolicy }) }
  })
}

/** Upstream: validation.go ValidatePodResize. */
export function validatePodResize(next: Pod, old: Pod): FieldError[] {
  if (old.metadata.annotations?.[MIRROR_POD_ANNOTATION] !== undefined) return [forbidden(NOWHERE, 'static pods cannot be resized')]
  if (old.spec.os?.name === 'windows') return [forbidden(NOWHERE, 'windows pods cannot be resized')]
  const errors = validatePodMetadataAndSpec(next)
  if ((old.status?.qosClass ?? computeQosClass(old.spec)) !== computeQosClass(next.spec)) {
    errors.push(invalid('spec', next.status?.qosClass ?? '', 'Pod QOS Class may not change as a result of resizing'))
  }
  const running = old.status?.containerStatuses?.find(({ state }) => state?.running)
  if (running && !running.resources) errors.push(forbidden('spec', 'Pod running on node without support for resize'))
  if (hasAmounts(old.spec.resources) || hasAmounts(next.spec.resources)) checkPodLevel(errors, next.spec, old.spec)
  if (!checkOrder(errors, next.spec, old.spec)) return errors
  checkRemoved(errors, next.spec.initContainers, old.spec.initContainers, 'spec.initContainers')
  checkRemoved(errors, next.spec.containers, old.spec.containers, 'spec.containers')
  for (const [i, container] of next.spec.containers.entries()) {
    if (isOnlyCpuAndMemory(container, old.spec.containers[i]!)) continue
    errors.push(forbidden('spec', 'only cpu and memory resources are mutable'))
  }
  checkInitContainers(errors, next.spec, old.spec)
  return errors
}

function hasAmounts(resources: ResourceRequirements | undefined): boolean {
  return Object.keys({ ...resources?.requests, ...resources?.limits }).length > 0
}

function checkPodLevel(errors: FieldError[], { resources: next }: PodSpec, { resources: old }: PodSpec): void {
  if (old && !next) {
    errors.push(forbidden('spec.resources', 'pod-level resources cannot be removed'))
    return
  }
  for (const list of ['requests', 'limits'] as const) {
    if (!isAnyRemoved(next?.[list], old?.[list])) continue
    errors.push(forbidden(`spec.resources.${list}`, `pod-level resource ${list} cannot be removed`))
  }
  const munged = withCpuAndMemoryOf(next, old)
  if (!semanticEqual({ ...munged }, { requests: {}, limits: {}, ...old })) {
    errors.push(forbidden('spec', 'only cpu and memory resources are mutable at pod-level'))
  }
}

/** @returns can the containers be compared one by one? */
function checkOrder(errors: FieldError[], next: PodSpec, old: PodSpec): boolean {
  const count = errors.length
  for (const list of ['containers', 'initContainers'] as const) {
    const [after = [], before = []] = [next[list], old[list]]
    if (after.length !== before.length) errors.push(forbidden(`spec.${list}`, `${list} may not be added or removed on resize`))
    else {
      before.forEach(({ name }, i) => {
        if (after[i]!.name === name) return
        errors.push(forbidden(`spec.${list}[${i}].name`, `${list} may not be renamed or reordered on resize`))
      })
    }
  }
  return errors.length === count
}

function checkRemoved(errors: FieldError[], next: Container[] = [], old: Container[] = [], path: string): void {
  old.forEach(({ resources }, i) => {
    for (const list of ['requests', 'limits'] as const) {
      if (!isAnyRemoved(next[i]!.resources?.[list], resources?.[list])) continue
      errors.push(forbidden(`${path}[${i}].resources.${list}`, `resource ${list} cannot be removed`))
    }
  })
}

function checkInitContainers(errors: FieldError[], { initContainers: next = [] }: PodSpec, { initContainers: old = [] }: PodSpec): void {
  next.forEach((container, i) => {
    const path = `spec.initContainers[${i}]`
    const before = old[i]!
    if (!isOnlyCpuAndMemory(container, before)) {
      errors.push(forbidden(path, 'only cpu and memory resources for init or sidecar containers are mutable'))
    }
    if (isSidecar(container) || semanticEqual(container, before)) return
    for (const { restartPolicy } of container.resizePolicy ?? []) {
      if (restartPolicy !== 'RestartContainer') continue
      errors.push(forbidden(path, 'non-sidecar init containers with a resize policy of RestartContainer cannot be resized'))
    }
  })
}

function isOnlyCpuAndMemory(next: Container, old: Container): boolean {
  // Upstream looks at no claims here.
  const { requests, limits } = withCpuAndMemoryOf(next.resources, old.resources)
  const { requests: oldRequests = {}, limits: oldLimits = {}, claims } = old.resources ?? {}
  const resources = { requests, limits }
  return semanticEqual({ ...next, resources }, { ...old, resources: { requests: oldRequests, limits: oldLimits, claims } })
}

function withCpuAndMemoryOf(next: ResourceRequirements | undefined, old: ResourceRequirements | undefined): ResourceRequirements {
  const merge = (list: ResourceList = {}, before: ResourceList = {}): ResourceList => {
    const { cpu: _cpu, memory: _memory, ...rest } = list
    if (before.cpu !== undefined) rest.cpu = before.cpu
    if (before.memory !== undefined) rest.memory = before.memory
    return rest
  }
  return { ...next, requests: merge(next?.requests, old?.requests), limits: merge(next?.limits, old?.limits) }
}

function isAnyRemoved(next: ResourceList | undefined, old: ResourceList | undefined): boolean {
  return Object.keys(old ?? {}).some((name) => next?.[name] === undefined)
}
