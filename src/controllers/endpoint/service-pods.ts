/** From pods to the Services that select them and back, by index: the cost follows those concerned. Shared with EndpointSlices. */
import { fromLabels, matchesSelector } from '../../api/meta/selectors.ts'
import type { GroupResource, KubeObject } from '../../api/object.ts'
import type { Pod, Service } from '../../api/types.gen.ts'
import { deepEqual } from '../../lib/deep-equal.ts'
import type { IndexFunction, Key, Reader } from '../../runtime/controller.ts'
import { keyOf } from '../../runtime/owner-keys.ts'
import { isPodReady } from '../pods/pod-state.ts'

export const PODS = 'pods'
export const SERVICES = 'services'

const BY_LABEL = 'label'

/** To be put into a definition that uses what is here. */
export const SERVICE_POD_INDEXES: Readonly<Record<GroupResource, Readonly<Record<string, IndexFunction>>>> = {
  [PODS]: { [BY_LABEL]: podLabels },
  [SERVICES]: { [BY_LABEL]: selectorLabel },
}

/** Does it get its endpoints from pods? Upstream: an ExternalName, or one without a selector, is left alone. */
export function hasPodEndpoints({ spec }: Service): boolean {
  return spec.type !== 'ExternalName' && Object.keys(spec.selector ?? {}).length > 0
}

export function podsOf(reader: Reader, service: Service): Pod[] {
  const [label] = selectorLabel(service)
  if (label === undefined) return []
  const selector = fromLabels(service.spec.selector)
  return reader.indexed<Pod>(PODS, BY_LABEL, label).filter(({ metadata }) => matchesSelector(selector, metadata.labels))
}

/** The Services whose endpoints a change of a pod may alter. Upstream: endpointslice/util/controller_utils.go GetServicesToUpdateOnPodChange */
export function servicesOfPod(current: KubeObject | undefined, old: KubeObject | undefined, reader: Reader): readonly Key[] {
  const now = current as Pod | undefined
  const before = old as Pod | undefined
  const haveLabelsChanged = !deepEqual(now?.metadata.labels, before?.metadata.labels)
  if (now !== undefined && before !== undefined && !haveLabelsChanged && !isEndpointChange(now, before)) return []
  const keys = new Set<Key>()
  if (now !== undefined) addServices(keys, reader, now)
  if (before !== undefined && haveLabelsChanged) addServices(keys, reader, before)
  return [...keys]
}

function addServices(keys: Set<Key>, reader: Reader, pod: Pod): void {
  const { namespace, labels } = pod.metadata
  for (const label of podLabels(pod)) {
    for (const service of reader.indexed<Service>(SERVICES, BY_LABEL, label)) {
      if (matchesSelector(fromLabels(service.spec.selector), labels)) keys.add(keyOf(namespace, service.metadata.name))
    }
  }
}

/** Whether it has ended isn't looked at, only whether it is ready still. Upstream: podEndpointsChanged */
function isEndpointChange(now: Pod, before: Pod): boolean {
  if (now.metadata.deletionTimestamp !== undefined) return true
  return isPodReady(now) !== isPodReady(before) || !deepEqual(now.status?.podIPs, before.status?.podIPs)
}

function podLabels({ metadata }: Pod): readonly string[] {
  return Object.entries(metadata.labels ?? {}).map(([key, value]) => indexValue(metadata.namespace, key, value))
}

/** One label of the selector is enough to find it by: the rest is compared. */
function selectorLabel({ metadata, spec }: Service): readonly string[] {
  const [first] = Object.entries(spec.selector ?? {})
  return first === undefined ? [] : [indexValue(metadata.namespace, ...first)]
}

function indexValue(namespace: string | undefined, key: string, value: string): string {
  return `${namespace}/${key}=${value}`
}
