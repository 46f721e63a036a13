/** Other amounts of cpu and memory for the containers of a Pod that runs. */
import { MIRROR_POD_ANNOTATION } from '../../api/core/v1/pod-annotations.ts'
import { computeQosClass, isSidecar, qosClassOf } from '../../api/core/v1/pod-resources.ts'
import { semanticEqual } from '../../api/core/v1/semantic-equal.ts'
import { invalidError } from '../../api/meta/api-error.ts'
import { type FieldError, forbidden, invalid, NOWHERE } from '../../api/meta/field-error.ts'
import type { Container, Pod, PodSpec, ResourceRequirements } from '../../api/types.gen.ts'
import { bytesOf } from '../encode.ts'
import { getEntry } from '../get.ts'
import { update } from '../update.ts'
import { faultsOfPod, keepMetadata, setSpec } from './pod-parts.ts'
import type { Subresource } from './subresources.ts'

/** Upstream: pod/strategy.go podResizeStrategy. */
export const podResize: Subresource = {
  get: (context, target) => bytesOf(target.definition, getEntry(context, target)),
  update: (context, target, change, options) =>
    update(context, target, (current) => change(current!), {
      ...options,
      prepare: (next, old) => prepare(next as Pod, old as Pod),
      validate: (next, old) => {
        const errors = faultsOf(next as Pod, old as Pod)
        if (errors.length > 0) throw invalidError(target.definition, target.name, errors)
      },
    }),
}

/** In place: all but resources and resizePolicy is as it was. Other containers than before are left for validation to refuse. */
function prepare(next: Pod, old: Pod): void {
  const containers = resized(next.spec.containers, old.spec.containers)
  const initContainers = resized(next.spec.initContainers, old.spec.initContainers)
  if (containers.length !== old.spec.containers.length || initContainers.length !== (old.spec.initContainers?.length ?? 0)) return
  const { resources } = next.spec
  keepMetadata(next, old)
  if (old.status === undefined) delete next.status
  else next.status = old.status
  const { resources: _resources, ...others } = old.spec
  const spec: PodSpec = { ...others, containers, ...(resources === undefined ? {} : { resources }) }
  if (old.spec.initContainers !== undefined) spec.initContainers = initContainers
  setSpec(next, old, spec)
}

function resized(next: readonly Container[] = [], old: readonly Container[] = []): Container[] {
  if (next.length !== old.length || next.some(({ name }, i) => name !== old[i]!.name)) return [...next]
  return next.map(({ resources, resizePolicy }, i) => {
    const { resources: _resources, resizePolicy: _policy, ...others } = old[i]!
    return { ...others, ...(resources === undefined ? {} : { resources }), ...(resizePolicy === undefined ? {} : { resizePolicy }) }
  })
}

/** Upstream: validation.go ValidatePodResize. */
function faultsOf(next: Pod, old: Pod): FieldError[] {
  if (old.metadata.annotations?.[MIRROR_POD_ANNOTATION] !== undefined) return [forbidden(NOWHERE, 'static pods cannot be resized')]
  if (old.spec.os?.name === 'windows') return [forbidden(NOWHERE, 'windows pods cannot be resized')]
  const errors = faultsOfPod(next, old)
  if (qosClassOf(old) !== computeQosClass(next.spec)) {
    errors.push(invalid('spec', next.status?.qosClass ?? '', 'Pod QOS Class may not change as a result of resizing'))
  }
  const running = old.status?.containerStatuses?.find(({ state }) => state?.running !== undefined)
  if (running !== undefined && running.resources === undefined) {
    errors.push(forbidden('spec', 'Pod running on node without support for resize'))
  }
  const podResources = maskedPodResources(errors, next.spec.resources, old.spec.resources)
  const moved = [...faultsOfOrder('containers', next, old), ...faultsOfOrder('initContainers', next, old)]
  errors.push(...moved)
  if (moved.length > 0) return errors
  checkRemovals(errors, 'initContainers', next, old)
  checkRemovals(errors, 'containers', next, old)
  for (const [i, container] of next.spec.containers.entries()) {
    if (!isResizeOnly(container, old.spec.containers[i]!)) errors.push(forbidden('spec', ONLY))
  }
  checkInitContainers(errors, next, old)
  if (errors.length > 0) return errors
  const { containers: _c, initContainers: _i, resources: _r, ...rest } = next.spec
  const { containers: _oc, initContainers: _oi, resources: oldResources, ...oldRest } = old.spec
  if (!semanticEqual(rest, oldRest) || !semanticEqual(podResources, oldResources)) errors.push(forbidden('spec', ONLY))
  return errors
}

const ONLY = 'only cpu and memory resources are mutable'

type ContainerList = 'containers' | 'initContainers'

function faultsOfOrder(list: ContainerList, next: Pod, old: Pod): FieldError[] {
  const after = next.spec[list] ?? []
  const before = old.spec[list] ?? []
  if (after.length !== before.length) return [forbidden(`spec.${list}`, `${list} may not be added or removed on resize`)]
  return before.flatMap(({ name }, i) =>
    after[i]!.name === name ? [] : [forbidden(`spec.${list}[${i}].name`, `${list} may not be renamed or reordered on resize`)],
  )
}

function checkRemovals(errors: FieldError[], list: ContainerList, next: Pod, old: Pod): void {
  for (const [i, { resources }] of (old.spec[list] ?? []).entries()) {
    const after = next.spec[list]![i]!.resources
    for (const amounts of ['requests', 'limits'] as const) {
      if (!lacksAny(after?.[amounts], resources?.[amounts])) continue
      errors.push(forbidden(`spec.${list}[${i}].resources.${amounts}`, `resource ${amounts} cannot be removed`))
    }
  }
}

function lacksAny(list: Readonly<Record<string, unknown>> = {}, old: Readonly<Record<string, unknown>> = {}): boolean {
  return Object.keys(old).some((name) => list[name] === undefined)
}

function checkInitContainers(errors: FieldError[], next: Pod, old: Pod): void {
  for (const [i, container] of (next.spec.initContainers ?? []).entries()) {
    const before = old.spec.initContainers![i]!
    const path = `spec.initContainers[${i}]`
    if (!isResizeOnly(container, before)) {
      errors.push(forbidden(path, 'only cpu and memory resources for init or sidecar containers are mutable'))
    }
    const isChanged = !semanticEqual(container, before)
    if (!isChanged || isSidecar(container)) continue
    for (const { restartPolicy } of container.resizePolicy ?? []) {
      if (restartPolicy !== 'RestartContainer') continue
      errors.push(forbidden(path, 'non-sidecar init containers with a resize policy of RestartContainer cannot be resized'))
    }
  }
}

/** But for cpu and memory it is the container it was. Claims go uncompared, as upstream: they can't be given this way. */
function isResizeOnly(next: Container, old: Container): boolean {
  const { requests, limits } = next.resources ?? {}
  const resources = {
    requests: withoutResize(requests, old.resources?.requests),
    limits: withoutResize(limits, old.resources?.limits),
  }
  return semanticEqual({ ...next, resources }, { ...old, resources: old.resources ?? {} })
}

type Amounts = Record<string, string>

/** The amounts, with cpu and memory as they were. */
function withoutResize(list: Readonly<Amounts> | undefined, old: Readonly<Amounts> | undefined): Amounts {
  const amounts: Amounts = { ...list }
  for (const name of ['cpu', 'memory']) {
    if (old?.[name] === undefined) delete amounts[name]
    else amounts[name] = old[name]
  }
  return amounts
}

/** Upstream: validatePodLevelResourcesResize. @returns the Pod's own resources with cpu and memory as they were */
function maskedPodResources(
  errors: FieldError[],
  next: ResourceRequirements | undefined,
  old: ResourceRequirements | undefined,
): ResourceRequirements | undefined {
  if (isEmpty(next) && isEmpty(old)) return next
  if (old !== undefined && next === undefined) {
    errors.push(forbidden('spec.resources', 'pod-level resources cannot be removed'))
    return next
  }
  for (const amounts of ['requests', 'limits'] as const) {
    if (!lacksAny(next?.[amounts], old?.[amounts])) continue
    errors.push(forbidden(`spec.resources.${amounts}`, `pod-level resource ${amounts} cannot be removed`))
  }
  const masked = {
    ...next,
    requests: withoutResize(next?.requests, old?.requests),
    limits: withoutResize(next?.limits, old?.limits),
  }
  const outcome = old === undefined && isEmpty(masked) && !masked.claims?.length ? undefined : masked
  if (!semanticEqual(outcome, old)) errors.push(forbidden('spec', 'only cpu and memory resources are mutable at pod-level'))
  return outcome
}

function isEmpty(resources: ResourceRequirements | undefined): boolean {
  return Object.keys(resources?.requests ?? {}).length + Object.keys(resources?.limits ?? {}).length === 0
}
