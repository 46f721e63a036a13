/** What picks the pods that a pod is one of: those of its services, and of its controller. */

import { controllerOf } from '../api/meta/owner-references.ts'
import { fromLabelSelector, fromLabels, matchesSelector, type Selector } from '../api/meta/selectors.ts'
import type { LabelSelector, Pod, Service } from '../api/types.gen.ts'
import type { IndexFunction, Reader } from '../runtime/controller.ts'

const SERVICES = 'services'
const BY_LABEL = 'label'

/** A service is found by one of the labels it asks for. */
export const SERVICE_INDEXES: Readonly<Record<string, Readonly<Record<string, IndexFunction>>>> = {
  [SERVICES]: {
    [BY_LABEL]: ({ metadata, spec }: Service) =>
      Object.entries(spec.selector ?? {})
        .slice(0, 1)
        .map(([key, value]) => `${metadata.namespace}\n${key}=${value}`),
  },
}

/** Controllers whose pods are spread by default, by apiVersion and kind, and where they are found. */
const CONTROLLERS: ReadonlyMap<string, string> = new Map([
  ['v1/ReplicationController', 'replicationcontrollers'],
  ['apps/v1/ReplicaSet', 'replicasets.apps'],
  ['apps/v1/StatefulSet', 'statefulsets.apps'],
])

export const LIKE_RESOURCES: readonly string[] = [SERVICES, ...CONTROLLERS.values()]

/** Empty when there are none. Upstream: plugins/helper/spread.go DefaultSelector. */
export function likeSelector(reader: Reader, pod: Pod): Selector {
  const { namespace, labels } = pod.metadata
  const ofServices: Record<string, string> = {}
  for (const key in labels) {
    for (const { spec } of reader.indexed<Service>(SERVICES, BY_LABEL, `${namespace}\n${key}=${labels[key]}`)) {
      if (matchesSelector(fromLabels(spec.selector), labels)) Object.assign(ofServices, spec.selector)
    }
  }
  const owner = controllerOf(pod)
  const resource = owner && CONTROLLERS.get(`${owner.apiVersion}/${owner.kind}`)
  const controller = resource && reader.get(resource, namespace, owner.name)
  const selector = (controller as { spec?: { selector?: LabelSelector | Record<string, string> } } | undefined)?.spec?.selector
  const ofController =
    resource === 'replicationcontrollers' ? fromLabels(selector as Record<string, string>) : fromLabelSelector(selector as LabelSelector)
  return [...fromLabels(ofServices), ...(ofController ?? [])]
}
