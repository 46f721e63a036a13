/** The mirror of one Endpoints object. Upstream: endpointslicemirroring reconciler.go reconcile. */
import { controllerReference } from '../../api/meta/owner-references.ts'
import type { EndpointSlice, Endpoints, ObjectMeta, Service } from '../../api/types.gen.ts'
import { deepEqual } from '../../lib/deep-equal.ts'
import type { Action, Plan, PlannedEvent, ReconcileContext } from '../../runtime/plan.ts'
import { LAST_CHANGE_TRIGGER_TIME } from '../endpoint/trigger-times.ts'
import { identityOf } from '../endpointslice/pack.ts'
import { ENDPOINT_SLICES } from '../endpointslice/reconcile.ts'
import { MANAGED_BY_LABEL, SERVICE_NAME_LABEL, slicePrefix } from '../endpointslice/slice-metadata.ts'
import { groupKey, MAX_MIRRORED, type Mirrored, type MirroredGroup, mirroredGroups } from './mirrored-endpoints.ts'

export const MIRROR_MANAGER = 'endpointslicemirroring-controller.k8s.io'
const SKIP_MIRROR_LABEL = 'endpointslice.kubernetes.io/skip-mirror'
const LEADER_ANNOTATION = 'control-plane.alpha.kubernetes.io/leader'
const LAST_APPLIED_ANNOTATION = 'kubectl.kubernetes.io/last-applied-configuration'

export interface ObservedMirror {
  readonly endpoints: Endpoints | undefined
  readonly service: Service | undefined
  /** Those that mirror Endpoints of this name. */
  readonly slices: readonly EndpointSlice[]
}

export function reconcileMirror({ endpoints, service, slices }: ObservedMirror, { newName }: ReconcileContext): Plan {
  if (endpoints === undefined || !isMirrored(endpoints) || service === undefined || service.spec.selector !== undefined)
    return { actions: slices.map(remove) }
  const mirrored = mirroredGroups(endpoints)
  const existing = new Map<string, EndpointSlice[]>()
  for (const slice of slices) {
    const key = groupKey(slice.addressType, slice.ports)
    existing.set(key, [...(existing.get(key) ?? []), slice])
  }
  const missing: MirroredGroup[] = []
  const updates: Action[] = []
  const spare = [...existing].filter(([key]) => !mirrored.groups.has(key)).flatMap(([, unwanted]) => unwanted)
  for (const [key, group] of mirrored.groups) {
    const [first, ...rest] = existing.get(key) ?? []
    spare.push(...rest)
    if (first === undefined) missing.push(group)
    else if (!isUpToDate(first, endpoints, group)) updates.push(update(endpoints, first, group))
  }
  // A slice that would go is made into one of its family that would come. Upstream: recycleSlices
  const creates: Action[] = []
  for (const group of missing) {
    const at = spare.findIndex(({ addressType }) => addressType === group.family)
    if (at >= 0) updates.push(update(endpoints, spare.splice(at, 1)[0]!, group))
    else if (endpoints.metadata.deletionTimestamp === undefined) creates.push(create(endpoints, newName(slicePrefix(endpoints)), group))
  }
  return { actions: [...creates, ...updates, ...spare.map(remove)], events: eventsOf(mirrored) }
}

/** Upstream: shouldMirror. Leader elections once kept their lock in Endpoints. */
function isMirrored({ metadata }: Endpoints): boolean {
  return metadata.labels?.[SKIP_MIRROR_LABEL] !== 'true' && metadata.annotations?.[LEADER_ANNOTATION] === undefined
}

function isUpToDate(slice: EndpointSlice, endpoints: Endpoints, group: MirroredGroup): boolean {
  const { labels, annotations, ownerReferences = [] } = slice.metadata
  const wanted = mirrorMetadata(endpoints)
  const byIdentity = new Map((slice.endpoints ?? []).map((endpoint) => [identityOf(endpoint), endpoint]))
  return (
    deepEqual(labels ?? {}, wanted.labels) &&
    deepEqual(annotations ?? {}, wanted.annotations) &&
    byIdentity.size === group.endpoints.length &&
    group.endpoints.every((endpoint) => deepEqual(byIdentity.get(identityOf(endpoint)), endpoint)) &&
    // Endpoints that were deleted and made again own their slices anew.
    ownerReferences.every(
      ({ kind, name, uid }) => kind !== 'Endpoints' || name !== endpoints.metadata.name || uid === endpoints.metadata.uid,
    )
  )
}

function mirrorMetadata({ metadata }: Endpoints): Required<Pick<ObjectMeta, 'labels' | 'annotations'>> {
  const { [LAST_CHANGE_TRIGGER_TIME]: _time, [LAST_APPLIED_ANNOTATION]: _applied, ...annotations } = metadata.annotations ?? {}
  return {
    labels: { ...metadata.labels, [SERVICE_NAME_LABEL]: metadata.name, [MANAGED_BY_LABEL]: MIRROR_MANAGER },
    annotations,
  }
}

function create(endpoints: Endpoints, name: string, { family, ports, endpoints: list }: MirroredGroup): Action {
  const metadata = {
    ...mirrorMetadata(endpoints),
    name,
    generateName: slicePrefix(endpoints),
    namespace: endpoints.metadata.namespace,
    ownerReferences: [controllerReference(endpoints, 'v1', 'Endpoints')],
  }
  return { verb: 'create', resource: ENDPOINT_SLICES, object: { metadata, addressType: family, ports, endpoints: list } as never }
}

function update(endpoints: Endpoints, slice: EndpointSlice, { ports, endpoints: list }: MirroredGroup): Action {
  const ownerReferences = [controllerReference(endpoints, 'v1', 'Endpoints')]
  const metadata = { ...slice.metadata, ...mirrorMetadata(endpoints), ownerReferences }
  return {
    verb: 'update',
    resource: ENDPOINT_SLICES,
    object: { ...slice, metadata, ports: [...ports], endpoints: [...list] } as EndpointSlice,
  }
}

function remove({ metadata }: EndpointSlice): Action {
  const target = { resource: ENDPOINT_SLICES, namespace: metadata.namespace ?? '', name: metadata.name }
  return { verb: 'delete', target, preconditions: { uid: metadata.uid } }
}

function eventsOf({ invalidCount, skippedCount }: Mirrored): PlannedEvent[] {
  const events: PlannedEvent[] = []
  if (invalidCount > 0) {
    const message = `Skipped ${invalidCount} invalid IP addresses when mirroring to EndpointSlices`
    events.push({ type: 'Warning', reason: 'InvalidIPAddress', message })
  }
  if (skippedCount > 0) {
    const counted = `${skippedCount + invalidCount} addresses were skipped`
    const message = `A max of ${MAX_MIRRORED} addresses can be mirrored to EndpointSlices per Endpoints subset. ${counted}`
    events.push({ type: 'Warning', reason: 'TooManyAddressesToMirror', message })
  }
  return events
}
