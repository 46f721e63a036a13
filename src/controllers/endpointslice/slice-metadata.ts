import { controllerReference } from '../../api/meta/owner-references.ts'
import type { KubeObject } from '../../api/object.ts'
import type { EndpointSlice, ObjectMeta, Service } from '../../api/types.gen.ts'
import { isHeadless } from '../endpoint/pod-endpoint.ts'
import { HEADLESS_LABEL } from '../endpoint/reconcile.ts'
import { LAST_CHANGE_TRIGGER_TIME } from '../endpoint/trigger-times.ts'

export const SERVICE_NAME_LABEL = 'kubernetes.io/service-name'
export const MANAGED_BY_LABEL = 'endpointslice.kubernetes.io/managed-by'
export const MANAGER = 'endpointslice-controller.k8s.io'

/** The Service's own labels, over which go those that slices are found by. Upstream: utils.go setEndpointSliceLabels */
export function sliceLabels(service: Service): Record<string, string> {
  const { [HEADLESS_LABEL]: _, ...own } = service.metadata.labels ?? {}
  return {
    ...own,
    ...(isHeadless(service) && { [HEADLESS_LABEL]: '' }),
    [SERVICE_NAME_LABEL]: service.metadata.name,
    [MANAGED_BY_LABEL]: MANAGER,
  }
}

/** Those that go with the Service's own: what the controller's own labels say isn't looked at again. Upstream: isReservedLabelKey */
export function copiedLabels(labels: Record<string, string> = {}): Record<string, string> {
  const { [HEADLESS_LABEL]: _headless, [SERVICE_NAME_LABEL]: _name, [MANAGED_BY_LABEL]: _manager, ...copied } = labels
  return copied
}

export function isOwned({ metadata }: EndpointSlice, service: Service): boolean {
  const owners = metadata.ownerReferences ?? []
  return owners.some(({ apiVersion, kind, uid }) => uid === service.metadata.uid && kind === 'Service' && apiVersion === 'v1')
}

export function newSliceMetadata(service: Service, name: string, time: string | undefined): Partial<ObjectMeta> {
  return {
    name,
    generateName: slicePrefix(service),
    namespace: service.metadata.namespace,
    labels: sliceLabels(service),
    annotations: time === undefined ? {} : { [LAST_CHANGE_TRIGGER_TIME]: time },
    ownerReferences: [controllerReference(service, 'v1', 'Service')],
  }
}

/** Upstream: utils.go getEndpointSlicePrefix; a name that is too long for a prefix goes without the dash. */
export function slicePrefix({ metadata }: KubeObject): string {
  return metadata.name.length < 253 ? `${metadata.name}-` : metadata.name
}
