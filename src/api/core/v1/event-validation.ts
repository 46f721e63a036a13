/** What is asked of an event, by the API it comes through. Upstream: pkg/apis/core/validation/events.go. */
import { isSameValue, pushChanged, pushInvalid } from '../../meta/field-checks.ts'
import { type FieldError, invalid, required } from '../../meta/field-error.ts'
import { isDns1123Subdomain, isLongerThan, isQualifiedName } from '../../meta/names.ts'
import type { Event } from '../../types.gen.ts'

const MAX_TEXT_BYTES = 128
const MAX_NOTE_BYTES = 1024

/** What both APIs ask. @param reporter what the API calls reportingComponent. Upstream: legacyValidateEvent */
export function eventFaults(event: Event, reporter: 'reportingComponent' | 'reportingController'): FieldError[] {
  const errors: FieldError[] = []
  const { namespace = '' } = event.metadata
  const { namespace: involved = '' } = event.involvedObject
  if (!livesWhereItBelongs(namespace, involved, Boolean(event.eventTime))) {
    errors.push(invalid('involvedObject.namespace', involved, 'does not match event.namespace'))
  }
  if (event.eventTime) checkNewStyle(errors, event, reporter)
  pushInvalid(errors, 'namespace', namespace, isDns1123Subdomain(namespace))
  return errors
}

function livesWhereItBelongs(namespace: string, involved: string, isNewStyle: boolean): boolean {
  if (isNewStyle) return involved !== '' || namespace === 'default' || namespace === 'kube-system'
  return involved === '' ? namespace === '' || namespace === 'default' : namespace === involved
}

function checkNewStyle(errors: FieldError[], event: Event, reporter: string): void {
  const { reportingComponent = '', message = '' } = event
  if (reportingComponent === '') errors.push(required(reporter))
  pushInvalid(errors, reporter, reportingComponent, isQualifiedName(reportingComponent))
  for (const key of ['reportingInstance', 'action', 'reason'] as const) {
    const text = event[key] ?? ''
    if (text === '') errors.push(required(key))
    if (isLongerThan(text, MAX_TEXT_BYTES)) errors.push(invalid(key, '', `can have at most ${MAX_TEXT_BYTES} characters`))
  }
  if (isLongerThan(message, MAX_NOTE_BYTES)) errors.push(invalid('message', '', `can have at most ${MAX_NOTE_BYTES} characters`))
}

/** What events.k8s.io asks beyond that of a new event. Upstream: ValidateEventCreate. */
export function newEventFaults(event: Event): FieldError[] {
  const errors = seriesFaults(event)
  if (!event.eventTime) errors.push(required('eventTime'))
  if (event.type !== 'Normal' && event.type !== 'Warning') errors.push(invalid('type', '', `has invalid value: ${event.type ?? ''}`))
  const { firstTimestamp, lastTimestamp, count } = event
  const unwanted = { firstTimestamp, lastTimestamp, count, source: event.source?.component || event.source?.host }
  for (const [field, value] of Object.entries(unwanted)) if (value) errors.push(invalid(field, '', 'needs to be unset'))
  return errors
}

/** What events.k8s.io lets nobody change. Upstream: ValidateEventUpdate. */
export function changedEventFaults(next: Event, old: Event): FieldError[] {
  const errors = isSameValue(next.series, old.series) ? [] : seriesFaults(next)
  const text = (field: 'reason' | 'message' | 'type' | 'action' | 'reportingInstance') =>
    pushChanged(errors, field, next[field] ?? '', old[field] ?? '')
  pushChanged(errors, 'involvedObject', next.involvedObject, old.involvedObject)
  text('reason')
  text('message')
  pushChanged(errors, 'source', next.source, old.source)
  pushChanged(errors, 'firstTimestamp', next.firstTimestamp, old.firstTimestamp)
  pushChanged(errors, 'lastTimestamp', next.lastTimestamp, old.lastTimestamp)
  pushChanged(errors, 'count', next.count ?? 0, old.count ?? 0)
  text('reason')
  text('type')
  pushChanged(errors, 'eventTime', next.eventTime, old.eventTime)
  text('action')
  pushChanged(errors, 'related', next.related, old.related)
  pushChanged(errors, 'reportingController', next.reportingComponent ?? '', old.reportingComponent ?? '')
  text('reportingInstance')
  return errors
}

function seriesFaults({ series }: Event): FieldError[] {
  const errors: FieldError[] = []
  if (!series) return errors
  if ((series.count ?? 0) < 2) errors.push(invalid('series.count', '', 'should be at least 2'))
  if (!series.lastObservedTime) errors.push(required('series.lastObservedTime'))
  return errors
}
