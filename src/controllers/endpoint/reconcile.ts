/** The Endpoints of a Service that selects pods. Upstream: endpoints_controller.go syncService */
import type { Endpoints, ObjectMeta, Pod, Service } from '../../api/types.gen.ts'
import { deepEqual } from '../../lib/deep-equal.ts'
import type { Plan } from '../../runtime/plan.ts'
import { isHeadless } from './pod-endpoint.ts'
import { subsetsOf } from './subsets.ts'
import { LAST_CHANGE_TRIGGER_TIME } from './trigger-times.ts'

export interface ObservedEndpoints {
  /** undefined when it is gone and only its Endpoints are left. */
  readonly service: Service | undefined
  readonly endpoints: Endpoints | undefined
  readonly pods: readonly Pod[]
  /** Of the first change that wasn't told of. */
  readonly triggerTime?: string | undefined
}

export const ENDPOINTS = 'endpoints'

const OVER_CAPACITY = 'endpoints.kubernetes.io/over-capacity'
const MANAGED_BY = 'endpoints.kubernetes.io/managed-by'
export const HEADLESS_LABEL = 'service.kubernetes.io/headless'

export function reconcileEndpoints({ service, endpoints, pods, triggerTime }: ObservedEndpoints): Plan {
  if (service === undefined) {
    // Also those that somebody made by hand for a Service without a selector.
    if (endpoints === undefined) return {}
    const { namespace = '', name, uid } = endpoints.metadata
    return { actions: [{ verb: 'delete', target: { resource: ENDPOINTS, namespace, name }, preconditions: { uid } }] }
  }
  const { subsets, isTruncated } = subsetsOf(service, pods)
  const labels = labelsFor(service)
  const current = endpoints?.metadata
  const isCurrent =
    endpoints !== undefined &&
    deepEqual(endpoints.subsets ?? [], subsets) &&
    deepEqual(withoutHeadless(current?.labels), withoutHeadless(labels)) &&
    current?.annotations?.[OVER_CAPACITY] === (isTruncated ? 'truncated' : undefined)
  if (isCurrent) return {}
  const { [LAST_CHANGE_TRIGGER_TIME]: _time, [OVER_CAPACITY]: _capacity, ...others } = current?.annotations ?? {}
  const annotations = {
    ...others,
    ...(triggerTime !== undefined && { [LAST_CHANGE_TRIGGER_TIME]: triggerTime }),
    ...(isTruncated && { [OVER_CAPACITY]: 'truncated' }),
  }
  const metadata: Partial<ObjectMeta> = {
    ...current,
    name: service.metadata.name,
    namespace: service.metadata.namespace,
    labels,
    annotations,
  }
  const object = { ...endpoints, metadata, ...(subsets.length > 0 ? { subsets: [...subsets] } : { subsets: undefined }) }
  const failure = (reason: string, message: string) => ({ type: 'Warning', reason, message, about: endpoints ?? service }) as const
  if (endpoints !== undefined) {
    const failureEvent = failure(
      'FailedToUpdateEndpoint',
      `Failed to update endpoint ${service.metadata.namespace}/${service.metadata.name}: `,
    )
    return { actions: [{ verb: 'update', resource: ENDPOINTS, object: object as Endpoints, failureEvent }] }
  }
  const failureEvent = failure(
    'FailedToCreateEndpoint',
    `Failed to create endpoint for service ${service.metadata.namespace}/${service.metadata.name}: `,
  )
  return { actions: [{ verb: 'create', resource: ENDPOINTS, object, failureEvent }] }
}

function withoutHeadless(labels: Record<string, string> = {}): Record<string, string> {
  const { [HEADLESS_LABEL]: _, ...others } = labels
  return others
}

function labelsFor(service: Service): Record<string, string> {
  return {
    ...withoutHeadless(service.metadata.labels),
    ...(isHeadless(service) && { [HEADLESS_LABEL]: '' }),
    [MANAGED_BY]: 'endpoint-controller',
  }
}
