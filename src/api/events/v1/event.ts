/** Events of events.k8s.io: another spelling of the core group's, in whose store they are. Upstream: pkg/apis/events/v1. */
import { event as coreEvent, setDefaults as setCoreDefaults } from '../../core/v1/event.ts'
import { changedEventFaults, eventFaults, newEventFaults } from '../../core/v1/event-validation.ts'
import { type Column, defineResource } from '../../definition.ts'
import type { KubeObject } from '../../object.ts'
import type { Event, EventsV1Event } from '../../types.gen.ts'

export const event = defineResource<EventsV1Event>('events.k8s.io/v1/events', {
  ownDependents: 'none',
  createsOnUpdate: true,
  validatesUpdateAlone: true,
  setDefaults,
  validate: (object) => {
    const event = toCoreEvent(object)
    return [...eventFaults(event, 'reportingController'), ...newEventFaults(event)]
  },
  validateUpdate: (object, old) => {
    const event = toCoreEvent(object)
    return [...eventFaults(event, 'reportingController'), ...changedEventFaults(event, toCoreEvent(old))]
  },
  columns: (coreEvent.columns as readonly Column<Event>[]).map((column) => ({
    ...column,
    cell: (object, now) => column.cell(toCoreEvent(object), now),
  })),
  selectableFields: {
    reason: ({ reason }) => reason ?? '',
    type: ({ type }) => type ?? '',
    reportingController: ({ reportingController }) => reportingController ?? '',
    'regarding.kind': ({ regarding }) => regarding?.kind ?? '',
    'regarding.namespace': ({ regarding }) => regarding?.namespace ?? '',
    'regarding.name': ({ regarding }) => regarding?.name ?? '',
    'regarding.uid': ({ regarding }) => regarding?.uid ?? '',
    'regarding.apiVersion': ({ regarding }) => regarding?.apiVersion ?? '',
    'regarding.resourceVersion': ({ regarding }) => regarding?.resourceVersion ?? '',
    'regarding.fieldPath': ({ regarding }) => regarding?.fieldPath ?? '',
  },
  conversion: { storedAs: 'events', toStored: toCoreEvent, fromStored: fromCoreEvent },
})

/** Not pointers upstream: always shown, even when empty. */
function setDefaults(event: EventsV1Event): void {
  event.regarding ??= {}
  event.deprecatedSource ??= {}
  const times = event as { deprecatedFirstTimestamp?: string | null; deprecatedLastTimestamp?: string | null; eventTime?: string | null }
  times.deprecatedFirstTimestamp ??= null
  times.deprecatedLastTimestamp ??= null
  times.eventTime ??= null
}

function toCoreEvent(object: KubeObject): Event {
  const {
    regarding,
    note,
    reportingController,
    deprecatedSource,
    deprecatedFirstTimestamp,
    deprecatedLastTimestamp,
    deprecatedCount,
    ...rest
  } = object as EventsV1Event
  const event = withoutAbsent<Event>({
    ...rest,
    apiVersion: 'v1',
    kind: 'Event',
    involvedObject: regarding ?? {},
    message: note,
    reportingComponent: reportingController,
    source: deprecatedSource,
    firstTimestamp: deprecatedFirstTimestamp,
    lastTimestamp: deprecatedLastTimestamp,
    count: deprecatedCount,
  })
  setCoreDefaults(event)
  return event
}

function fromCoreEvent(object: KubeObject): EventsV1Event {
  const { involvedObject, message, reportingComponent, reportingInstance, source, firstTimestamp, lastTimestamp, count, series, ...rest } =
    object as Event
  const event = withoutAbsent({
    ...rest,
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    series: series as EventsV1Event['series'],
    regarding: involvedObject,
    note: message,
    // The core group shows these when they are empty, too.
    reportingController: reportingComponent || undefined,
    reportingInstance: reportingInstance || undefined,
    deprecatedSource: source,
    deprecatedFirstTimestamp: firstTimestamp,
    deprecatedLastTimestamp: lastTimestamp,
    deprecatedCount: count,
  }) as EventsV1Event
  setDefaults(event)
  return event
}

function withoutAbsent<T extends object>(object: T): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T
}
