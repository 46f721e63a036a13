/** Events of events.k8s.io: another spelling of the core group's, in whose store they are. */
import { event as coreEvent } from '../../core/v1/event.ts'
import { type Column, defineResource } from '../../definition.ts'
import { isSameValue, pushChanged, pushInvalid } from '../../meta/field-checks.ts'
import { type FieldError, invalid, required } from '../../meta/field-error.ts'
import { isLongerThan, isQualifiedName } from '../../meta/names.ts'
import { parseTimestamp } from '../../meta/time.ts'
import type { KubeObject } from '../../object.ts'
import type { Event, EventsV1Event } from '../../types.gen.ts'

const MAX_TEXT_BYTES = 128
const MAX_NOTE_BYTES = 1024

export const event = defineResource<EventsV1Event>('events.k8s.io/v1/events', {
  ownDependents: 'none',
  createsOnUpdate: true,
  validatesUpdateAlone: true,
  validate: (object) => [...commonFaults(object), ...newEventFaults(object)],
  validateUpdate: (next, old) => {
    const errors = commonFaults(next)
    if (!isSameValue(next.series, old.series)) pushSeriesFaults(errors, next)
    // Upstream names the stored form's fields here.
    pushChanged(errors, 'involvedObject', next.regarding, old.regarding)
    pushChanged(errors, 'reason', next.reason, old.reason)
    pushChanged(errors, 'message', next.note, old.note)
    pushChanged(errors, 'source', next.deprecatedSource ?? {}, old.deprecatedSource ?? {})
    pushChanged(errors, 'firstTimestamp', next.deprecatedFirstTimestamp, old.deprecatedFirstTimestamp)
    pushChanged(errors, 'lastTimestamp', next.deprecatedLastTimestamp, old.deprecatedLastTimestamp)
    pushChanged(errors, 'count', next.deprecatedCount, old.deprecatedCount)
    pushChanged(errors, 'type', next.type, old.type)
    const isSameTime = parseTimestamp(next.eventTime) === parseTimestamp(old.eventTime)
    if (!isSameTime) pushChanged(errors, 'eventTime', next.eventTime, old.eventTime)
    pushChanged(errors, 'related', next.related, old.related)
    // The core group writes these when they are empty too.
    for (const field of ['action', 'reportingController', 'reportingInstance'] as const) {
      pushChanged(errors, field, next[field] ?? '', old[field] ?? '')
    }
    return errors
  },
  columns: (coreEvent.columns as readonly Column<Event>[]).map((column) => ({
    ...column,
    cell: (object, now) => column.cell(toCoreEvent(object), now),
  })),
  selectableFields: {
    reason: ({ reason }) => reason ?? '',
    type: ({ type }) => type ?? '',
    reportingController: ({ reportingController, deprecatedSource }) => reportingController || (deprecatedSource?.component ?? ''),
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
  return withoutAbsent<Event>({
    ...rest,
    apiVersion: 'v1',
    kind: 'Event',
    involvedObject: regarding ?? {},
    message: note,
    reportingComponent: reportingController ?? '',
    reportingInstance: rest.reportingInstance ?? '',
    source: deprecatedSource ?? {},
    firstTimestamp: deprecatedFirstTimestamp,
    lastTimestamp: deprecatedLastTimestamp,
    count: deprecatedCount,
  })
}

function fromCoreEvent(object: KubeObject): EventsV1Event {
  const { involvedObject, message, reportingComponent, source, firstTimestamp, lastTimestamp, count, series, ...rest } = object as Event
  return withoutAbsent<EventsV1Event>({
    ...rest,
    // An event of the core group may have none.
    eventTime: rest.eventTime as string,
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    series: series as EventsV1Event['series'],
    regarding: involvedObject,
    note: message,
    reportingController: reportingComponent,
    deprecatedSource: source,
    deprecatedFirstTimestamp: firstTimestamp,
    deprecatedLastTimestamp: lastTimestamp,
    deprecatedCount: count,
  })
}

function withoutAbsent<T extends object>(object: T): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T
}

/** What both groups ask of an event. Upstream: pkg/apis/core/validation/events.go legacyValidateEvent. */
function commonFaults(object: EventsV1Event): FieldError[] {
  const errors: FieldError[] = []
  const { metadata, regarding, eventTime } = object
  const about = regarding?.namespace ?? ''
  const mismatch = () => errors.push(invalid('involvedObject.namespace', about, 'does not match event.namespace'))
  if (!eventTime) {
    const isAllowed = about === '' ? metadata.namespace === 'default' : about === metadata.namespace
    if (!isAllowed) mismatch()
    return errors
  }
  if (about === '' && metadata.namespace !== 'default' && metadata.namespace !== 'kube-system') mismatch()
  const { reportingController = '', reportingInstance = '', action = '', reason = '', note = '' } = object
  if (reportingController === '') errors.push(required('reportingController'))
  pushInvalid(errors, 'reportingController', reportingController, isQualifiedName(reportingController))
  for (const [field, value] of Object.entries({ reportingInstance, action, reason })) {
    if (value === '') errors.push(required(field))
    if (isLongerThan(value, MAX_TEXT_BYTES)) errors.push(invalid(field, '', `can have at most ${MAX_TEXT_BYTES} characters`))
  }
  if (isLongerThan(note, MAX_NOTE_BYTES)) errors.push(invalid('message', '', `can have at most ${MAX_NOTE_BYTES} characters`))
  return errors
}

/** What this group asks beyond that. Upstream: ValidateEventCreate. */
function newEventFaults(object: EventsV1Event): FieldError[] {
  const errors: FieldError[] = []
  pushSeriesFaults(errors, object)
  if (!object.eventTime) errors.push(required('eventTime'))
  if (object.type !== 'Normal' && object.type !== 'Warning') {
    errors.push(invalid('type', '', `has invalid value: ${object.type ?? ''}`))
  }
  const unwanted = {
    firstTimestamp: object.deprecatedFirstTimestamp,
    lastTimestamp: object.deprecatedLastTimestamp,
    count: object.deprecatedCount,
    source: object.deprecatedSource?.component || object.deprecatedSource?.host,
  }
  for (const [field, value] of Object.entries(unwanted)) if (value) errors.push(invalid(field, '', 'needs to be unset'))
  return errors
}

function pushSeriesFaults(errors: FieldError[], { series }: EventsV1Event): void {
  if (series === undefined) return
  if ((series.count ?? 0) < 2) errors.push(invalid('series.count', '', 'should be at least 2'))
  if (!series.lastObservedTime) errors.push(required('series.lastObservedTime'))
}
