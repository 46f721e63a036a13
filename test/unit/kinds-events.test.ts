/** Upstream: pkg/apis/core/validation/events_test.go, pkg/registry/core/event/strategy_test.go. */
import { describe, expect, test } from 'vitest'
import { loadDefinitions } from '../../src/api/index.ts'
import type { KubeObject } from '../../src/api/object.ts'
import { created, updated } from '../support/refusals.ts'

const CORE = 'v1/events'
const NEW = 'events.k8s.io/v1/events'
const MISMATCH = (value: string) => `involvedObject.namespace: Invalid value: ${JSON.stringify(value)}: does not match event.namespace`
const TIME = '2017-09-19T13:49:16.000000Z'

describe('an event of the core group lives with its object', () => {
  test.each<{ namespace: string; of: string; expect: string[] }>([
    { namespace: 'foo', of: 'bar', expect: [MISMATCH('bar')] },
    { namespace: 'default', of: '', expect: [] },
    { namespace: 'default', of: 'default', expect: [] },
    { namespace: 'default', of: 'foo', expect: [MISMATCH('foo')] },
    { namespace: 'foo', of: 'foo', expect: [] },
    { namespace: 'foo', of: '', expect: [MISMATCH('')] },
  ])('in "$namespace", of "$of"', ({ namespace, of, expect: expected }) => {
    const fields = { metadata: { namespace }, involvedObject: { kind: 'Job', apiVersion: 'batch/v1', ...(of && { namespace: of }) } }
    expect(created(CORE, fields)).toEqual(expected)
    expect(updated(CORE, fields, fields), 'in updates').toEqual(expected)
  })

  test('a namespace is a name', () => {
    const fields = { metadata: { namespace: 'aoeu-_-aoeu' }, involvedObject: { namespace: 'aoeu-_-aoeu' } }
    expect(created(CORE, fields)).toContainEqual(
      expect.stringMatching(/^namespace: Invalid value: "aoeu-_-aoeu": a lowercase RFC 1123 subdomain/),
    )
  })
})

const event = (fields: object = {}) => ({
  metadata: { name: 'test', namespace: 'kube-system' },
  regarding: { apiVersion: 'v1', kind: 'Node' },
  eventTime: TIME,
  reportingController: 'k8s.io/my-controller',
  reportingInstance: 'node-xyz',
  action: 'Do',
  reason: 'Because',
  type: 'Normal',
  ...fields,
})
const LONG = 'can have at most 128 characters'
const series = (count: number, lastObservedTime: string | undefined = TIME) => ({ series: { count, lastObservedTime } })

describe('a new event of events.k8s.io', () => {
  test.each<{ name: string; fields: object; expect: string[] }>([
    { name: 'is fine', fields: {}, expect: [] },
    { name: 'in a series is fine', fields: series(2), expect: [] },
    {
      name: 'needs a time, and then no other',
      fields: { metadata: { namespace: 'default' }, eventTime: undefined },
      expect: ['eventTime: Required value'],
    },
    {
      name: 'needs a reporter that is a qualified name',
      fields: { reportingController: 'my-contr@ller' },
      expect: [expect.stringMatching(/^reportingController: Invalid value: "my-contr@ller": name part must consist of/)],
    },
    {
      name: 'needs a reporter',
      fields: { reportingController: undefined },
      expect: [
        'reportingController: Required value',
        'reportingController: Invalid value: "": name part must be non-empty',
        expect.stringMatching(/^reportingController: Invalid value: "": name part must consist of/),
      ],
    },
    { name: 'needs an instance', fields: { reportingInstance: '' }, expect: ['reportingInstance: Required value'] },
    {
      name: 'has a short instance',
      fields: { reportingInstance: 'z'.repeat(129) },
      expect: [`reportingInstance: Invalid value: "": ${LONG}`],
    },
    { name: 'needs a reason', fields: { reason: undefined }, expect: ['reason: Required value'] },
    { name: 'has a short reason', fields: { reason: 'z'.repeat(129) }, expect: [`reason: Invalid value: "": ${LONG}`] },
    { name: 'needs an action', fields: { action: undefined }, expect: ['action: Required value'] },
    { name: 'has a short action', fields: { action: 'z'.repeat(129) }, expect: [`action: Invalid value: "": ${LONG}`] },
    { name: 'may say 1024 bytes', fields: { note: 'z'.repeat(1024) }, expect: [] },
    {
      name: 'says no more than that',
      fields: { note: 'ü'.repeat(513) },
      expect: ['message: Invalid value: "": can have at most 1024 characters'],
    },
    { name: 'is normal or a warning', fields: { type: 'Bad' }, expect: ['type: Invalid value: "": has invalid value: Bad'] },
    {
      name: 'has none of the old fields',
      fields: {
        deprecatedFirstTimestamp: '2017-09-19T13:49:16Z',
        deprecatedLastTimestamp: '2017-09-19T13:49:16Z',
        deprecatedCount: 1,
        deprecatedSource: { host: 'n' },
      },
      expect: ['firstTimestamp', 'lastTimestamp', 'count', 'source'].map((field) => `${field}: Invalid value: "": needs to be unset`),
    },
    { name: 'is no series of one', fields: series(1), expect: ['series.count: Invalid value: "": should be at least 2'] },
    {
      name: 'was last seen in its series',
      fields: { series: { count: 2 } },
      expect: ['series.lastObservedTime: Required value'],
    },
    { name: 'of no namespace lives in that of the system', fields: { metadata: { namespace: 'foo' } }, expect: [MISMATCH('')] },
    { name: 'may live elsewhere than its object', fields: { regarding: { namespace: 'bar' } }, expect: [] },
    {
      name: 'has a name like most objects',
      fields: { metadata: { name: 'A', namespace: 'default' } },
      expect: [expect.stringMatching(/^metadata.name: Invalid value: "A": a lowercase RFC 1123 subdomain/)],
    },
  ])('$name', ({ fields, expect: expected }) => {
    expect(created(NEW, event(fields))).toEqual(expected)
  })
})

describe('an event of events.k8s.io that is there', () => {
  const immutable = (field: string, value: string) => [`${field}: Invalid value: ${value}: field is immutable`]
  test.each<{ name: string; old?: object; next: object; expect: string[] }>([
    { name: 'may be said again', next: {}, expect: [] },
    { name: 'may become a series', next: series(2), expect: [] },
    { name: 'may go on', old: series(2), next: series(3), expect: [] },
    { name: 'is no series of one', next: series(1), expect: ['series.count: Invalid value: "": should be at least 2'] },
    { name: 'may stay a bad series', old: series(1), next: series(1), expect: [] },
    { name: 'may have old fields', old: { deprecatedCount: 2, type: 'Bad' }, next: { deprecatedCount: 2, type: 'Bad' }, expect: [] },
    {
      name: 'keeps its object',
      next: { regarding: { apiVersion: 'v1', kind: 'Pod' } },
      expect: [expect.stringMatching(/^involvedObject: /)],
    },
    {
      name: 'keeps its reason twice',
      next: { reason: 'Other' },
      expect: [...immutable('reason', '"Other"'), ...immutable('reason', '"Other"')],
    },
    { name: 'keeps its note', next: { note: 'new' }, expect: immutable('message', '"new"') },
    { name: 'keeps its source', next: { deprecatedSource: { host: 'n' } }, expect: [expect.stringMatching(/^source: /)] },
    {
      name: 'keeps its first time',
      next: { deprecatedFirstTimestamp: '2017-09-19T13:49:16Z' },
      expect: immutable('firstTimestamp', '"2017-09-19T13:49:16Z"'),
    },
    {
      name: 'keeps its last time',
      next: { deprecatedLastTimestamp: '2017-09-19T13:49:16Z' },
      expect: immutable('lastTimestamp', '"2017-09-19T13:49:16Z"'),
    },
    { name: 'keeps its count', old: { deprecatedCount: 2 }, next: {}, expect: immutable('count', '0') },
    { name: 'keeps its type', next: { type: 'Warning' }, expect: immutable('type', '"Warning"') },
    {
      name: 'keeps its time to the microsecond',
      next: { eventTime: '2017-09-19T13:49:16.000001Z' },
      expect: immutable('eventTime', '"2017-09-19T13:49:16.000001Z"'),
    },
    { name: 'keeps its action', next: { action: 'Undo' }, expect: immutable('action', '"Undo"') },
    { name: 'keeps what is related', next: { related: { apiVersion: 'v1' } }, expect: [expect.stringMatching(/^related: /)] },
    {
      name: 'keeps its reporter',
      next: { reportingController: 'k8s.io/other' },
      expect: immutable('reportingController', '"k8s.io/other"'),
    },
    { name: 'keeps its instance', next: { reportingInstance: 'other' }, expect: immutable('reportingInstance', '"other"') },
    { name: 'of no object has none', old: { regarding: {} }, next: { regarding: undefined }, expect: [] },
  ])('$name', ({ old = {}, next, expect: expected }) => {
    expect(updated(NEW, event(next), event(old))).toEqual(expected)
  })
})

describe('two views of one event', () => {
  const { conversion } = loadDefinitions().find(({ apiVersion, resource }) => `${apiVersion}/${resource}` === NEW)!
  const metadata = { name: 'e', namespace: 'ns' }

  test('of a new one', () => {
    const stored = conversion!.toStored({ kind: 'Event', apiVersion: 'events.k8s.io/v1', ...event({ note: 'text' }), metadata } as never)
    expect(stored).toEqual({
      kind: 'Event',
      apiVersion: 'v1',
      metadata,
      involvedObject: { apiVersion: 'v1', kind: 'Node' },
      eventTime: TIME,
      reportingComponent: 'k8s.io/my-controller',
      reportingInstance: 'node-xyz',
      action: 'Do',
      reason: 'Because',
      type: 'Normal',
      message: 'text',
      source: {},
      firstTimestamp: null,
      lastTimestamp: null,
    })
  })

  test('of an old one', () => {
    const old = {
      kind: 'Event',
      apiVersion: 'v1',
      metadata,
      involvedObject: { kind: 'Pod' },
      source: { component: 'kubelet' },
      firstTimestamp: '2017-09-19T13:49:16Z',
      lastTimestamp: '2017-09-19T13:49:16Z',
      count: 3,
      message: 'text',
      eventTime: null,
      reportingComponent: '',
      reportingInstance: '',
    }
    expect(conversion!.fromStored(old as unknown as KubeObject)).toEqual({
      kind: 'Event',
      apiVersion: 'events.k8s.io/v1',
      metadata,
      regarding: { kind: 'Pod' },
      deprecatedSource: { component: 'kubelet' },
      deprecatedFirstTimestamp: '2017-09-19T13:49:16Z',
      deprecatedLastTimestamp: '2017-09-19T13:49:16Z',
      deprecatedCount: 3,
      note: 'text',
      eventTime: null,
    })
  })
})

describe('what events can be selected by', () => {
  const fieldsOf = (path: string) => {
    const { selectableFields } = loadDefinitions().find(({ apiVersion, resource }) => `${apiVersion}/${resource}` === path)!
    return (object: object) =>
      Object.fromEntries(Object.entries(selectableFields!).map(([field, read]) => [field, read(object as KubeObject)]))
  }
  const reference = { kind: 'Pod', namespace: 'ns', name: 'a', uid: 'u', apiVersion: 'v1', resourceVersion: '7', fieldPath: 'spec' }

  test('in the core group', () => {
    const object = { involvedObject: reference, reason: 'Because', reportingComponent: 'me', source: { component: '' }, type: 'Normal' }
    expect(fieldsOf(CORE)(object)).toEqual({
      ...Object.fromEntries(Object.entries(reference).map(([field, value]) => [`involvedObject.${field}`, value])),
      reason: 'Because',
      reportingComponent: 'me',
      source: 'me',
      type: 'Normal',
    })
  })

  test('in events.k8s.io, where the source counts for nothing', () => {
    const object = { regarding: reference, reason: 'Because', deprecatedSource: { component: 'kubelet' }, type: 'Normal' }
    expect(fieldsOf(NEW)(object)).toEqual({
      ...Object.fromEntries(Object.entries(reference).map(([field, value]) => [`regarding.${field}`, value])),
      reason: 'Because',
      reportingController: '',
      type: 'Normal',
    })
  })
})
