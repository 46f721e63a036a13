import { defineResource, type Warn } from '../../definition.ts'
import { type FieldError, forbidden } from '../../meta/field-error.ts'
import { keepField } from '../../meta/keep-metadata.ts'
import type { LabelSelector, Pod, PodAffinityTerm, PodCondition, PodStatus, UserInfo } from '../../types.gen.ts'
import { ipWarnings } from './ip-warnings.ts'
import { checkAnnotatedProfiles, setAnnotatedAppArmor } from './pod-annotations.ts'
import { podColumns, podRowConditions } from './pod-columns.ts'
import { setPodDefaults } from './pod-defaults.ts'
import { computeQosClass } from './pod-resources.ts'
import { validatePodStatusUpdate } from './pod-status-validation.ts'
import { validatePodUpdate } from './pod-update-validation.ts'
import { validatePodMetadataAndSpec } from './pod-validation.ts'
import { podWarnings } from './pod-warnings.ts'

/** Upstream: pkg/registry/core/pod/strategy.go. */
export const pod = defineResource<Pod>('v1/pods', {
  countsGenerations: true,
  setDefaults: setPodDefaults,
  prepareForCreate,
  prepareForStatusUpdate,
  validate,
  validateUpdate: validatePodUpdate,
  validatesUpdateAlone: true,
  validateStatusUpdate: validatePodStatusUpdate,
  warnings: (pod, old) => (old === undefined ? podWarnings(pod) : []),
  statusWarnings,
  gracePeriodSeconds,
  columns: podColumns,
  rowConditions: podRowConditions,
  selectableFields: {
    'spec.nodeName': ({ spec }) => spec.nodeName ?? '',
    // The name spec.nodeName had in the first days of the API.
    'spec.host': ({ spec }) => spec.nodeName ?? '',
    'spec.restartPolicy': ({ spec }) => spec.restartPolicy ?? '',
    'spec.schedulerName': ({ spec }) => spec.schedulerName ?? '',
    'spec.serviceAccountName': ({ spec }) => spec.serviceAccountName ?? '',
    'spec.hostNetwork': ({ spec }) => String(spec.hostNetwork ?? false),
    'status.phase': ({ status }) => status?.phase ?? '',
    'status.podIP': ({ status }) => status?.podIPs?.[0]?.ip ?? '',
    // Known, so that asking is no error, but never filled in. Upstream: strategy.go ToSelectableFields.
    'status.podIPs': () => '',
    'status.nominatedNodeName': ({ status }) => status?.nominatedNodeName ?? '',
  },
})

function prepareForCreate(pod: Pod, _requester?: UserInfo, warn?: Warn): void {
  pod.status = { phase: 'Pending', qosClass: computeQosClass(pod.spec) }
  if (pod.spec.schedulingGates?.length) {
    const gated = {
      lastProbeTime: null,
      // The time of the request.
      lastTransitionTime: pod.metadata.creationTimestamp,
      message: 'Scheduling is blocked due to non-empty scheduling gates',
      reason: 'SchedulingGated',
      status: 'False',
      type: 'PodScheduled',
    }
    pod.status.conditions = [gated as unknown as PodCondition]
  }
  mergeLabelKeys(pod)
  setAnnotatedAppArmor(pod, warn)
}

/** matchLabelKeys become requirements on the pod's own values. Upstream: strategy.go mutatePodAffinity, mutateTopologySpreadConstraints. */
function mergeLabelKeys({ metadata: { labels }, spec: { affinity, topologySpreadConstraints } }: Pod): void {
  const merge = (selector: LabelSelector | undefined, keys: string[] | undefined, operator: 'In' | 'NotIn'): void => {
    if (!selector || !keys) return
    for (const key of keys) {
      const value = labels?.[key]
      if (value === undefined) continue
      selector.matchExpressions ??= []
      selector.matchExpressions.push({ key, operator, values: [value] })
    }
  }
  const mergeTerm = ({ labelSelector, matchLabelKeys, mismatchLabelKeys }: PodAffinityTerm): void => {
    merge(labelSelector, matchLabelKeys, 'In')
    merge(labelSelector, mismatchLabelKeys, 'NotIn')
  }
  for (const side of [affinity?.podAffinity, affinity?.podAntiAffinity]) {
    for (const { podAffinityTerm } of side?.preferredDuringSchedulingIgnoredDuringExecution ?? []) {
      if (podAffinityTerm) mergeTerm(podAffinityTerm)
    }
    for (const term of side?.requiredDuringSchedulingIgnoredDuringExecution ?? []) mergeTerm(term)
  }
  for (const { labelSelector, matchLabelKeys } of topologySpreadConstraints ?? []) merge(labelSelector, matchLabelKeys, 'In')
}

/** Upstream: validation.go ValidatePodCreate. */
function validate(pod: Pod): FieldError[] {
  const errors = validatePodMetadataAndSpec(pod)
  const { spec } = pod
  const { annotations } = pod.metadata
  if (spec.ephemeralContainers?.length) errors.push(forbidden('spec.ephemeralContainers', 'cannot be set on create'))
  if (spec.nodeName && spec.schedulingGates?.length) {
    errors.push(forbidden('spec.nodeName', 'cannot be set until all schedulingGates have been cleared'))
  }
  if (annotations) checkAnnotatedProfiles(errors, annotations, spec, 'spec')
  return errors
}

/** What a kubelet that knows less must not wipe out. */
function prepareForStatusUpdate(pod: Pod, old: Pod): void {
  keepField(pod, old, 'ownerReferences')
  const { status } = pod
  if (!status) return
  dropDisabledStatus(status)
  if (!status.qosClass && old.status?.qosClass) status.qosClass = old.status.qosClass
  if (!status.observedGeneration && old.status?.observedGeneration) status.observedGeneration = old.status.observedGeneration
  const before = [...(old.status?.conditions ?? [])]
  for (const condition of status.conditions ?? []) {
    const at = before.findIndex(({ type }) => type === condition.type)
    if (at < 0) continue
    const [{ observedGeneration }] = before.splice(at, 1) as [PodCondition]
    if (!condition.observedGeneration && observedGeneration) condition.observedGeneration = observedGeneration
  }
}

/** Behind gates that are off: DRANodeAllocatableResources, ImageVolumeWithDigest. Upstream: pkg/api/pod/util.go dropDisabledPodStatusFields. */
function dropDisabledStatus(status: PodStatus): void {
  delete status.nodeAllocatableResourceClaimStatuses
  for (const list of ['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses'] as const) {
    for (const { volumeMounts } of status[list] ?? []) for (const mount of volumeMounts ?? []) delete mount.volumeStatus
  }
}

/** Upstream: strategy.go podStatusStrategy.WarningsOnUpdate. */
function statusWarnings({ status }: Pod): string[] {
  return [
    ...(status?.podIPs ?? []).flatMap(({ ip }, i) => ipWarnings(`status.podIPs[${i}].ip`, ip)),
    ...(status?.hostIPs ?? []).flatMap(({ ip }, i) => ipWarnings(`status.hostIPs[${i}].ip`, ip)),
  ]
}

/** A pod that no kubelet has to stop goes at once. Upstream: strategy.go CheckGracefulDelete. */
function gracePeriodSeconds({ spec, status }: Pod, requested: number | undefined): number {
  if (!spec.nodeName || status?.phase === 'Failed' || status?.phase === 'Succeeded') return 0
  const seconds = requested ?? spec.terminationGracePeriodSeconds ?? 0
  return seconds < 0 ? 1 : seconds
}
