/** What an update of a pod may change. Upstream: validation.go ValidatePodUpdate. */
import { deepEqual } from '../../../lib/deep-equal.ts'
import { type FieldError, forbidden, invalid, required } from '../../meta/field-error.ts'
import type { Affinity, Container, NodeAffinity, NodeSelectorTerm, Pod, PodSchedulingGate, PodSpec, Toleration } from '../../types.gen.ts'
import { MAX_INT32, rangeMessage } from './formats.ts'
import { checkPodAnnotations, checkPodAnnotationUpdates } from './pod-annotations.ts'
import { checkPodSpec } from './pod-spec-validation.ts'
import { semanticEqual } from './semantic-equal.ts'
import { podSpecDiff } from './spec-diff.ts'

const CHANGEABLE = [
  '`spec.containers[*].image`',
  '`spec.initContainers[*].image`',
  '`spec.activeDeadlineSeconds`',
  '`spec.tolerations` (only additions to existing tolerations)',
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
].join(',')

export function validatePodUpdate(pod: Pod, old: Pod): FieldError[] {
  const errors: FieldError[] = []
  const { spec } = pod
  const { annotations } = pod.metadata
  // Most updates are of metadata: a spec that is still what it was has passed its checks before.
  const isSpecSame = deepEqual(spec, old.spec)
  if (annotations) checkPodAnnotations(errors, annotations, spec, 'metadata.annotations')
  if (!isSpecSame) checkPodSpec(errors, spec, 'spec', { isPod: true, podName: pod.metadata.name })
  checkPodAnnotationUpdates(errors, annotations, old.metadata.annotations, 'metadata.annotations')
  if (!isSpecSame) checkSpecUpdate(errors, spec, old.spec)
  return errors
}

function checkSpecUpdate(errors: FieldError[], spec: PodSpec, old: PodSpec): void {
  for (const list of ['containers', 'initContainers'] as const) {
    if (!checkContainersUpdate(errors, spec[list] ?? [], old[list] ?? [], `spec.${list}`)) return
  }
  if (!checkDeadlineUpdate(errors, spec.activeDeadlineSeconds, old.activeDeadlineSeconds)) return
  checkTolerationsUpdate(errors, spec.tolerations ?? [], old.tolerations ?? [])
  checkGatesUpdate(errors, spec.schedulingGates ?? [], old.schedulingGates ?? [])
  const munged = withoutAllowedChanges(errors, spec, old)
  if (semanticEqual(munged, old)) return
  const detail = `pod updates may not change fields other than ${CHANGEABLE}\n${podSpecDiff(old, munged)}`
  errors.push(forbidden('spec', detail))
}

/** The new spec with everything that may change put back; what then differs may not. */
function withoutAllowedChanges(errors: FieldError[], spec: PodSpec, old: PodSpec): PodSpec {
  const withOldImages = (containers: Container[] | undefined, from: Container[] | undefined): Container[] | undefined =>
    containers?.map((container, i) => ({ ...container, image: from?.[i]?.image }))
  const munged: PodSpec = {
    ...spec,
    containers: withOldImages(spec.containers, old.containers) ?? [],
    initContainers: withOldImages(spec.initContainers, old.initContainers),
    activeDeadlineSeconds: old.activeDeadlineSeconds,
    schedulingGates: old.schedulingGates,
    tolerations: old.tolerations,
  }
  if ((old.terminationGracePeriodSeconds ?? 0) < 0 && spec.terminationGracePeriodSeconds === 1) {
    munged.terminationGracePeriodSeconds = old.terminationGracePeriodSeconds
  }
  if (old.schedulingGates?.length) mungeGated(errors, munged, old)
  return munged
}

/** A pod that isn't let to the scheduler yet may still become pickier about its node. */
function mungeGated(errors: FieldError[], munged: PodSpec, old: PodSpec): void {
  if (!deepEqual(munged.nodeSelector ?? {}, old.nodeSelector ?? {})) {
    const isAdditive = Object.entries(old.nodeSelector ?? {}).every(([key, value]) => munged.nodeSelector?.[key] === value)
    if (!isAdditive) {
      const detail = 'only additions to spec.nodeSelector are allowed (no mutations or deletions)'
      errors.push(invalid('spec.nodeSelector', munged.nodeSelector, detail))
    }
    munged.nodeSelector = old.nodeSelector
  }
  const next = munged.affinity?.nodeAffinity
  const before = old.affinity?.nodeAffinity
  if (deepEqual(next, before)) return
  checkNodeAffinityUpdate(errors, next, before)
  const affinity: Affinity = { ...munged.affinity, nodeAffinity: before }
  const isEmpty = !affinity.nodeAffinity && !affinity.podAffinity && !affinity.podAntiAffinity
  munged.affinity = isEmpty && old.affinity === undefined ? undefined : affinity
}

/** Upstream: validation.go validateNodeAffinityMutation. */
function checkNodeAffinityUpdate(errors: FieldError[], next: NodeAffinity | undefined, old: NodeAffinity | undefined): void {
  const path = 'spec.affinity.nodeAffinity'
  const oldTerms = old?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []
  const terms = next?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []
  if (oldTerms.length === 0) return
  const at = `${path}.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms`
  if (terms.length !== oldTerms.length) {
    errors.push(invalid(at, terms, 'no additions/deletions to non-empty NodeSelectorTerms list are allowed'))
    return
  }
  terms.forEach((term, i) => {
    const before = oldTerms[i]!
    const isEmpty = !before.matchExpressions?.length && !before.matchFields?.length
    if (isEmpty ? !deepEqual(term, before) : !isExtended(term, before)) {
      errors.push(invalid(`${at}[${i}]`, term, 'only additions are allowed (no mutations or deletions)'))
    }
  })
}

function isExtended(term: NodeSelectorTerm, before: NodeSelectorTerm): boolean {
  return (['matchExpressions', 'matchFields'] as const).every((key) =>
    (before[key] ?? []).every((requirement, i) => deepEqual(requirement, term[key]?.[i])),
  )
}

/** @returns false when no further check makes sense */
function checkContainersUpdate(errors: FieldError[], next: Container[], old: Container[], path: string): boolean {
  if (next.length !== old.length) {
    errors.push(forbidden(path, 'pod updates may not add or remove containers'))
    return false
  }
  next.forEach(({ image = '' }, i) => {
    if (image === '') errors.push(required(`${path}[${i}].image`))
    if (image.trim() !== image) errors.push(invalid(`${path}[${i}].image`, image, 'must not have leading or trailing whitespace'))
  })
  return true
}

/** It may be set once, and then only shortened. */
function checkDeadlineUpdate(errors: FieldError[], next: number | undefined, old: number | undefined): boolean {
  const path = 'spec.activeDeadlineSeconds'
  if (next === undefined) {
    if (old !== undefined) errors.push(invalid(path, null, 'must not update from a positive integer to nil value'))
  } else if (next < 0 || next > MAX_INT32) {
    errors.push(invalid(path, next, rangeMessage(0, MAX_INT32)))
    return false
  } else if (old !== undefined && old < next) {
    errors.push(invalid(path, next, 'must be less than or equal to previous value'))
    return false
  }
  return true
}

function checkTolerationsUpdate(errors: FieldError[], next: Toleration[], old: Toleration[]): void {
  for (const before of old) {
    const isKept = next.some((toleration) => semanticEqual({ ...before, tolerationSeconds: toleration.tolerationSeconds }, toleration))
    if (isKept) continue
    errors.push(forbidden('spec.tolerations', 'existing toleration can not be modified except its tolerationSeconds'))
    return
  }
}

function checkGatesUpdate(errors: FieldError[], next: PodSchedulingGate[], old: PodSchedulingGate[]): void {
  next.forEach(({ name }, i) => {
    if (old.some((gate) => gate.name === name)) return
    const detail = `only deletion is allowed, but found new scheduling gate '${name}'`
    errors.push(forbidden(`spec.schedulingGates[${i}].name`, detail))
  })
}
