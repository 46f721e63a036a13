import { humanDuration } from '../../age.ts'
import { defineResource } from '../../definition.ts'
import { nameIsPathSegment } from '../../meta/names.ts'
import { parseTimestamp } from '../../meta/time.ts'
import type { Event } from '../../types.gen.ts'
import { eventFaults } from './event-validation.ts'

/** Upstream: pkg/registry/core/event/strategy.go. */
export const event = defineResource<Event>('v1/events', {
  ownDependents: 'none',
  createsOnUpdate: true,
  validateName: nameIsPathSegment,
  setDefaults,
  validate: (event) => eventFaults(event, 'reportingComponent'),
  columns: [
    { name: 'Last Seen', type: 'string', description: 'The time since it last happened.', priority: 0, cell: lastSeen },
    { name: 'Type', type: 'string', description: 'Normal or Warning.', priority: 0, cell: ({ type }) => type ?? '' },
    { name: 'Reason', type: 'string', description: 'What happened, in a word.', priority: 0, cell: ({ reason }) => reason ?? '' },
    { name: 'Object', type: 'string', description: 'What it happened to.', priority: 0, cell: targetText },
    {
      name: 'Subobject',
      type: 'string',
      description: 'The part it happened to.',
      priority: 1,
      cell: ({ involvedObject }) => involvedObject.fieldPath ?? '',
    },
    { name: 'Source', type: 'string', description: 'Who says so.', priority: 1, cell: sourceText },
    {
      name: 'Message',
      type: 'string',
      description: 'What happened, in a sentence.',
      priority: 0,
      cell: ({ message }) => message?.trim() ?? '',
    },
    { name: 'First Seen', type: 'string', description: 'The time since it first happened.', priority: 1, cell: firstSeen },
    { name: 'Count', type: 'string', description: 'How often it happened.', priority: 1, cell: countOf },
    {
      name: 'Name',
      type: 'string',
      format: 'name',
      description: 'The name, unique within a namespace.',
      priority: 1,
      cell: ({ metadata }) => metadata.name,
    },
  ],
  selectableFields: {
    'involvedObject.kind': ({ involvedObject }) => involvedObject.kind ?? '',
    'involvedObject.namespace': ({ involvedObject }) => involvedObject.namespace ?? '',
    'involvedObject.name': ({ involvedObject }) => involvedObject.name ?? '',
    'involvedObject.uid': ({ involvedObject }) => involvedObject.uid ?? '',
    'involvedObject.apiVersion': ({ involvedObject }) => involvedObject.apiVersion ?? '',
    'involvedObject.resourceVersion': ({ involvedObject }) => involvedObject.resourceVersion ?? '',
    'involvedObject.fieldPath': ({ involvedObject }) => involvedObject.fieldPath ?? '',
    reason: ({ reason }) => reason ?? '',
    reportingComponent: ({ reportingComponent }) => reportingComponent ?? '',
    source: ({ source, reportingComponent }) => source?.component || reportingComponent || '',
    type: ({ type }) => type ?? '',
  },
})

/** Not pointers upstream: always shown, even when empty. */
export function setDefaults(event: Event): void {
  event.involvedObject ??= {}
  event.source ??= {}
  event.reportingComponent ??= ''
  event.reportingInstance ??= ''
  const times = event as { firstTimestamp?: string | null; lastTimestamp?: string | null; eventTime?: string | null }
  times.firstTimestamp ??= null
  times.lastTimestamp ??= null
  times.eventTime ??= null
}

function since(timestamp: string | null | undefined, now: number): string | undefined {
  const then = parseTimestamp(timestamp ?? undefined)
  return Number.isNaN(then) ? undefined : humanDuration(now - then)
}

function firstSeen({ firstTimestamp, eventTime }: Event, now: number): string {
  return since(firstTimestamp, now) ?? since(eventTime, now) ?? '<unknown>'
}

function lastSeen(event: Event, now: number): string {
  if (event.series) return since(event.series.lastObservedTime, now) ?? '<unknown>'
  return since(event.lastTimestamp, now) ?? firstSeen(event, now)
}

/** A singleton event has no count. */
function countOf({ series, count }: Event): number {
  return series ? (series.count ?? 0) : count || 1
}

function targetText({ involvedObject: { kind = '', name } }: Event): string {
  return name ? `${kind.toLowerCase()}/${name}` : kind.toLowerCase()
}

function sourceText({ source, reportingComponent, reportingInstance }: Event): string {
  const component = source?.component || reportingComponent || ''
  const instance = source?.host || reportingInstance || ''
  return instance === '' ? component : `${component}, ${instance}`
}
