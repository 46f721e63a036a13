import type { ApiError } from '../api/meta/api-error.ts'
import { forbiddenError } from '../api/meta/api-error.ts'
import { compareQuantities } from '../api/meta/quantity.ts'
import type { Pod, RuntimeClass, Toleration } from '../api/types.gen.ts'
import { deepEqual } from '../lib/deep-equal.ts'
import { type AdmissionPlugin, type AdmissionRequest, type ClusterView, nameForMessages } from './admission.ts'

/** What a pod's RuntimeClass says of overhead and of nodes becomes the pod's own. Upstream: plugin/admission/runtimeclass. */
export const runtimeClass: AdmissionPlugin = {
  name: 'RuntimeClass',
  handles: ({ operation, definition, subresource }) => operation === 'create' && subresource === '' && definition.groupResource === 'pods',
  mutate: (request, cluster) => {
    const pod = request.object as Pod
    const runtime = classOf(request, cluster)
    const overhead = runtime?.overhead?.podFixed
    if (runtime?.overhead !== undefined) {
      if (Object.keys(pod.spec.overhead ?? {}).length > 0 && !sameOverhead(pod, overhead)) throw mismatch(request)
      if (overhead === undefined) delete pod.spec.overhead
      else pod.spec.overhead = { ...overhead }
    }
    if (runtime?.scheduling !== undefined) setScheduling(request, pod, runtime.scheduling)
  },
  validate: (request, cluster) => {
    const pod = request.object as Pod
    const runtime = classOf(request, cluster)
    if (runtime?.overhead === undefined) {
      if (pod.spec.overhead !== undefined)
        throw refusal(request, 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead')
    } else if (!sameOverhead(pod, runtime.overhead.podFixed)) throw mismatch(request)
  },
}

function classOf(request: AdmissionRequest, cluster: ClusterView): RuntimeClass | undefined {
  const { runtimeClassName } = (request.object as Pod).spec
  if (runtimeClassName === undefined) return undefined
  const found = cluster.get<RuntimeClass>('runtimeclasses.node.k8s.io', '', runtimeClassName)
  if (found === undefined) throw refusal(request, `pod rejected: RuntimeClass ${JSON.stringify(runtimeClassName)} not found`)
  return found
}

function refusal({ definition, object }: AdmissionRequest, why: string): ApiError {
  return forbiddenError(definition, nameForMessages(object!), why)
}

function mismatch(request: AdmissionRequest): ApiError {
  return refusal(request, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead")
}

function sameOverhead({ spec }: Pod, expected: Readonly<Record<string, string>> = {}): boolean {
  const own = spec.overhead ?? {}
  const names = Object.keys(expected)
  return (
    names.length === Object.keys(own).length &&
    names.every((name) => own[name] !== undefined && compareQuantities(own[name], expected[name]) === 0)
  )
}

function setScheduling(request: AdmissionRequest, { spec }: Pod, scheduling: NonNullable<RuntimeClass['scheduling']>): void {
  for (const [key, value] of Object.entries(scheduling.nodeSelector ?? {})) {
    const own = spec.nodeSelector?.[key]
    if (own !== undefined && own !== value) {
      throw refusal(request, `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${own}`)
    }
    spec.nodeSelector = { ...spec.nodeSelector, [key]: value }
  }
  const tolerations = mergeTolerations(spec.tolerations ?? [], scheduling.tolerations ?? [])
  if (tolerations.length > 0) spec.tolerations = tolerations
}

/** Of two of which one tolerates all that the other does, that one stays. Upstream: pkg/util/tolerations MergeTolerations. */
export function mergeTolerations(first: readonly Toleration[], second: readonly Toleration[]): Toleration[] {
  const all = [...first, ...second]
  const merged: Toleration[] = []
  all.forEach((toleration, i) => {
    const isCovered = merged.some((other) => covers(other, toleration))
    const willBeCovered = all.slice(i + 1).some((other) => !deepEqual(other, toleration) && covers(other, toleration))
    if (!isCovered && !willBeCovered) merged.push(toleration)
  })
  return merged
}

function covers(wide: Toleration, narrow: Toleration): boolean {
  if (deepEqual(wide, narrow)) return true
  if ((narrow.key ?? '') !== (wide.key ?? '') && (wide.key || wide.operator !== 'Exists')) return false
  if (wide.effect && narrow.effect !== wide.effect) return false
  if (wide.effect === 'NoExecute' && wide.tolerationSeconds !== undefined) {
    if (narrow.tolerationSeconds === undefined || narrow.tolerationSeconds > wide.tolerationSeconds) return false
  }
  if (wide.operator === 'Exists') return true
  return (!wide.operator || wide.operator === 'Equal') && narrow.operator === 'Equal' && (narrow.value ?? '') === (wide.value ?? '')
}
