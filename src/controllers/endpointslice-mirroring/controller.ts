/**
 * EndpointSlices for Endpoints that somebody else writes, behind a Service without a selector.
 * Upstream: pkg/controller/endpointslicemirroring.
 */
import type { KubeObject } from '../../api/object.ts'
import type { EndpointSlice, Endpoints, Service } from '../../api/types.gen.ts'
import type { ControllerDefinition, Key } from '../../runtime/controller.ts'
import { keyOf, splitKey } from '../../runtime/owner-keys.ts'
import { ENDPOINTS } from '../endpoint/reconcile.ts'
import { SERVICES } from '../endpoint/service-pods.ts'
import { ENDPOINT_SLICES } from '../endpointslice/reconcile.ts'
import { MANAGED_BY_LABEL, SERVICE_NAME_LABEL } from '../endpointslice/slice-metadata.ts'
import { MIRROR_MANAGER, type ObservedMirror, reconcileMirror } from './reconcile.ts'

const BY_ENDPOINTS = 'endpoints'

export const endpointSliceMirroringController: ControllerDefinition<ObservedMirror> = {
  name: 'endpointslice-mirroring',
  component: 'endpoint-slice-mirroring-controller',
  reconciles: ENDPOINTS,
  watches: {
    [SERVICES]: (current, old) => {
      const hasSelector = (service: KubeObject | undefined) => (service as Service | undefined)?.spec.selector !== undefined
      const isOfInterest =
        current === undefined || old === undefined ? !hasSelector(current ?? old) : hasSelector(current) !== hasSelector(old)
      const { namespace, name } = (current ?? old)!.metadata
      return isOfInterest ? [keyOf(namespace, name)] : []
    },
    [ENDPOINT_SLICES]: (current, old) => [...new Set([...mirroredKeys(current), ...mirroredKeys(old)])],
  },
  retryDelays: { firstMs: 1000, longestMs: 100_000 },
  indexes: { [ENDPOINT_SLICES]: { [BY_ENDPOINTS]: mirroredKeys } },
  observe(reader, key) {
    const { namespace, name } = splitKey(key)
    const slices = reader.indexed<EndpointSlice>(ENDPOINT_SLICES, BY_ENDPOINTS, key)
    const endpoints = reader.get<Endpoints>(ENDPOINTS, namespace, name)
    if (endpoints === undefined && slices.length === 0) return undefined
    return { endpoints, service: reader.get<Service>(SERVICES, namespace, name), slices }
  },
  reconcile: reconcileMirror,
}

function mirroredKeys(slice: KubeObject | undefined): readonly Key[] {
  const labels = slice?.metadata.labels
  const name = labels?.[SERVICE_NAME_LABEL]
  return name === undefined || labels?.[MANAGED_BY_LABEL] !== MIRROR_MANAGER ? [] : [keyOf(slice!.metadata.namespace, name)]
}
