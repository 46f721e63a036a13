import { describe, expect, test } from 'vitest'
import { cronJob } from '../../src/api/batch/v1/cron-job.ts'
import { job } from '../../src/api/batch/v1/job.ts'
import { countIndexes, firstSharedIndex } from '../../src/api/batch/v1/job-indexes.ts'
import { fieldErrorText } from '../../src/api/meta/field-error.ts'

// biome-ignore lint/suspicious/noExplicitAny: parts of objects, as clients send them
type Any = any

const NOW = Date.parse('2026-01-01T00:10:00Z')
const META = { name: 'pi', namespace: 'prod', uid: 'u1', creationTimestamp: '2026-01-01T00:00:00Z' }
const TEMPLATE = { spec: { restartPolicy: 'Never', containers: [{ name: 'pi', image: 'perl' }] } }
const GENERATED = {
  'batch.kubernetes.io/controller-uid': 'u1',
  'batch.kubernetes.io/job-name': 'pi',
  'controller-uid': 'u1',
  'job-name': 'pi',
}

function makeJob(spec: object = {}, metadata: object = {}): Any {
  const object: Any = { metadata: { ...META, ...metadata }, spec: structuredClone({ template: TEMPLATE, ...spec }) }
  job.setDefaults?.(object)
  job.prepareForCreate?.(object)
  return object
}

const faults = (object: Any) => (job.validate?.(object) ?? []).map(fieldErrorText)
const updateFaults = (next: Any, old: Any) => (job.validateUpdate?.(next, old) ?? []).map(fieldErrorText)

describe('Job', () => {
  test('defaults', () => {
    expect(makeJob().spec).toMatchObject({
      completions: 1,
      parallelism: 1,
      backoffLimit: 6,
      completionMode: 'NonIndexed',
      suspend: false,
      manualSelector: false,
      podReplacementPolicy: 'TerminatingOrFailed',
    })
    expect(makeJob({ parallelism: 3 }).spec.completions).toBeUndefined()
    expect(makeJob({ completions: 3 }).spec.parallelism).toBe(1)
    expect(makeJob({ backoffLimitPerIndex: 1 }).spec.backoffLimit).toBe(2147483647)
    const rules = [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget' }] }]
    const withPolicy = makeJob({ podFailurePolicy: { rules } }).spec
    expect(withPolicy.podReplacementPolicy).toBe('Failed')
    expect(withPolicy.podFailurePolicy.rules[0].onPodConditions[0].status).toBe('True')
  })

  test('its selector and labels are made from its uid', () => {
    const object = makeJob()
    expect(object.spec.selector).toEqual({ matchLabels: { 'batch.kubernetes.io/controller-uid': 'u1' } })
    expect(object.spec.template.metadata.labels).toEqual(GENERATED)
    expect(object.metadata.labels).toEqual(GENERATED)
    expect(faults(object)).toEqual([])
  })

  test('labels of the template are the Job’s where it has none', () => {
    const template = { ...TEMPLATE, metadata: { labels: { app: 'pi' } } }
    expect(makeJob({ template }).metadata.labels).toEqual({ app: 'pi', ...GENERATED })
    expect(makeJob({ template }, { labels: { own: 'x' } }).metadata.labels).toEqual({ own: 'x' })
  })

  test('a selector by hand stays as it is', () => {
    const template = { ...TEMPLATE, metadata: { labels: { app: 'pi' } } }
    const object = makeJob({ manualSelector: true, selector: { matchLabels: { app: 'pi' } }, template })
    expect(object.spec.template.metadata.labels).toEqual({ app: 'pi' })
    expect(faults(object)).toEqual([])
  })

  test('labels that are in the way', () => {
    const object = makeJob({ template: { ...TEMPLATE, metadata: { labels: { 'controller-uid': 'other' } } } })
    expect(faults(object)).toEqual([
      expect.stringMatching(/^spec\.template\.metadata\.labels\[controller-uid\]: Invalid value: \{.*\}: must be 'u1'$/),
    ])
  })

  const INDEXED = { completionMode: 'Indexed', completions: 3 }
  test.each<[string, object, string[]]>([
    ['negative', { parallelism: -1 }, ['spec.parallelism: Invalid value: -1: must be greater than or equal to 0']],
    [
      'restart policy left out',
      { template: { spec: { containers: TEMPLATE.spec.containers } } },
      ['spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"'],
    ],
    ['mode', { completionMode: 'Some' }, ['spec.completionMode: Unsupported value: "Some": supported values: "NonIndexed", "Indexed"']],
    [
      'indexed without completions',
      { completionMode: 'Indexed', parallelism: 1 },
      ['spec.completions: Required value: when completion mode is Indexed'],
    ],
    [
      'too parallel',
      { ...INDEXED, parallelism: 100_001 },
      ['spec.parallelism: Invalid value: 100001: must be less than or equal to 100000 when completion mode is Indexed'],
    ],
    [
      'limits by index without indexes',
      { backoffLimitPerIndex: 1, maxFailedIndexes: 1 },
      [
        'spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode',
        'spec.maxFailedIndexes: Invalid value: 1: requires indexed completion mode',
      ],
    ],
    [
      'many completions',
      { ...INDEXED, completions: 100_001, backoffLimitPerIndex: 1, parallelism: 10_001 },
      [
        'spec.maxFailedIndexes: Required value: must be specified when completions is above 100000',
        'spec.parallelism: Invalid value: 10001: must be less than or equal to 10000 when completions are above 100000 and used with backoff limit per index',
      ],
    ],
    ['manager', { managedBy: 'me' }, ['spec.managedBy: Invalid value: "me": must be a domain-prefixed path (such as "acme.io/foo")']],
    [
      'failure policy and restarts',
      { podFailurePolicy: { rules: [] }, template: { spec: { ...TEMPLATE.spec, restartPolicy: 'OnFailure' } } },
      ['spec.template.spec.restartPolicy: Invalid value: "OnFailure": only "Never" is supported when podFailurePolicy is specified'],
    ],
    [
      'a rule about nothing',
      { podFailurePolicy: { rules: [{}] } },
      [
        'spec.podFailurePolicy.rules[0].action: Required value: valid values: ["Count" "FailIndex" "FailJob" "Ignore"]',
        'spec.podFailurePolicy.rules[0]: Invalid value: specifying one of OnExitCodes and OnPodConditions is required',
      ],
    ],
    [
      'exit codes',
      { podFailurePolicy: { rules: [{ action: 'FailIndex', onExitCodes: { containerName: 'x', operator: 'In', values: [2, 0, 2] } }] } },
      [
        'spec.podFailurePolicy.rules[0].action: Invalid value: "FailIndex": requires the backoffLimitPerIndex to be set',
        'spec.podFailurePolicy.rules[0].onExitCodes.containerName: Invalid value: "x": must be one of the container or initContainer names in the pod template',
        'spec.podFailurePolicy.rules[0].onExitCodes.values[1]: Invalid value: 0: must not be 0 for the In operator',
        'spec.podFailurePolicy.rules[0].onExitCodes.values[2]: Duplicate value: 2',
        'spec.podFailurePolicy.rules[0].onExitCodes.values: Invalid value: [2,0,2]: must be ordered',
      ],
    ],
    [
      'success policy',
      { ...INDEXED, successPolicy: { rules: [{}, { succeededIndexes: '0,2', succeededCount: 3 }, { succeededIndexes: '5' }] } },
      [
        'spec.successPolicy.rules[0]: Required value: at least one of succeededCount or succeededIndexes must be specified',
        'spec.successPolicy.rules[1].succeededCount: Invalid value: 3: must be less than or equal to 2 (the number of indexes in the specified succeededIndexes field)',
        'spec.successPolicy.rules[2].succeededIndexes: Invalid value: "5": error parsing succeededIndexes: too large index: "5"',
      ],
    ],
    [
      'replacement under a failure policy',
      { podFailurePolicy: { rules: [] }, podReplacementPolicy: 'TerminatingOrFailed' },
      ['spec.podReplacementPolicy: Unsupported value: "TerminatingOrFailed": supported values: "Failed"'],
    ],
  ])('%s', (_name, spec, expected) => {
    expect(faults(makeJob(spec))).toEqual(expected)
  })

  test('the last pod of an indexed Job needs a host name', () => {
    const name = 'a'.repeat(61)
    expect(faults(makeJob({ ...INDEXED, completions: 11 }, { name }))).toEqual([
      `metadata.name: Invalid value: "${name}": will not able to create pod with invalid DNS label: ${name}-10`,
    ])
    expect(faults(makeJob({ ...INDEXED, completions: 10 }, { name }))).toEqual([])
  })

  test.each<[string, (spec: Any) => void, object, string[]]>([
    ['parallelism', (spec) => Object.assign(spec, { parallelism: 5 }), {}, []],
    ['completions', (spec) => Object.assign(spec, { completions: 5 }), {}, ['spec.completions: Invalid value: 5: field is immutable']],
    [
      'completions of an indexed one',
      (spec) => Object.assign(spec, { completions: 5 }),
      INDEXED,
      ['spec.completions: Invalid value: 5: can only be modified in tandem with spec.parallelism'],
    ],
    ['both of an indexed one', (spec) => Object.assign(spec, { completions: 5, parallelism: 5 }), INDEXED, []],
    [
      'managedBy',
      (spec) => Object.assign(spec, { managedBy: 'a.io/b' }),
      {},
      ['spec.managedBy: Invalid value: "a.io/b": field is immutable'],
    ],
    [
      'the image',
      (spec) => Object.assign(spec.template.spec.containers[0], { image: 'b' }),
      {},
      [expect.stringMatching(/^spec\.template: Invalid value: .*: field is immutable$/) as never],
    ],
    [
      'the image while suspended',
      (spec) => Object.assign(spec.template.spec.containers[0], { image: 'b' }),
      { suspend: true },
      [expect.stringMatching(/^spec\.template\.spec: Invalid value: .*: field is immutable$/) as never],
    ],
    [
      'resources and places while suspended',
      (spec) => {
        Object.assign(spec.template.spec.containers[0], { resources: { requests: { cpu: '2' } } })
        Object.assign(spec.template.spec, { nodeSelector: { zone: 'a' }, affinity: { nodeAffinity: {} } })
      },
      { suspend: true },
      [],
    ],
    [
      'pod affinity while suspended',
      (spec) => Object.assign(spec.template.spec, { affinity: { podAffinity: {} } }),
      { suspend: true },
      [expect.stringContaining('field is immutable') as never],
    ],
  ])('may %s change?', (_name, change, spec, expected) => {
    const old = makeJob(spec)
    const next = structuredClone(old)
    change(next.spec)
    expect(updateFaults(next, old)).toEqual(expected)
  })

  test('status', () => {
    const TRUE = (type: string) => ({ type, status: 'True' })
    const check = (next: object, old: object = {}, spec: object = {}) =>
      (job.validateStatusUpdate?.({ ...makeJob(spec), status: next } as Any, { ...makeJob(spec), status: old } as Any) ?? []).map(
        fieldErrorText,
      )
    const done = { startTime: '2026-01-01T00:00:00Z', completionTime: '2026-01-01T00:01:00Z' }
    expect(check({ ...done, conditions: [TRUE('SuccessCriteriaMet'), TRUE('Complete')] })).toEqual([])
    expect(check({ ...done, conditions: [TRUE('Complete')] })).toEqual([
      'status.conditions: Invalid value: cannot set Complete=True condition without the SuccessCriteriaMet=true condition',
    ])
    expect(check({ conditions: [TRUE('Failed')] })).toEqual([
      'status.conditions: Invalid value: cannot set Failed=True condition without the FailureTarget=true condition',
      'status.startTime: Required value: startTime is required for finished job',
    ])
    expect(check({ failed: 1, succeeded: 0 }, { failed: 2, succeeded: 1 })).toEqual([
      'status.failed: Invalid value: 1: cannot decrease the failed counter',
      'status.succeeded: Invalid value: 0: cannot decrease the succeeded counter',
    ])
    expect(check({ active: 1, ready: 2 })).toEqual(['status.ready: Invalid value: 2: cannot set more ready pods than active'])
    expect(check({ uncountedTerminatedPods: { succeeded: ['a', ''], failed: ['a'] } })).toEqual([
      'status.uncountedTerminatedPods.succeeded[1]: Invalid value: "": must not be empty',
      'status.uncountedTerminatedPods.failed[0]: Duplicate value: "a"',
    ])
    expect(check({ completedIndexes: '0-1', failedIndexes: '1' }, {}, { ...INDEXED, backoffLimitPerIndex: 1 })).toEqual([
      'status.failedIndexes: Invalid value: "1": failedIndexes and completedIndexes overlap at index: 1',
    ])
    expect(check({}, { startTime: '2026-01-01T00:00:00Z' })).toEqual([
      'status.startTime: Invalid value: null: field is immutable for unsuspended job once set',
    ])
  })

  test.each<[string, object, object, unknown[]]>([
    ['running', {}, { startTime: '2026-01-01T00:09:00Z' }, ['pi', 'Running', '0/1', '60s', '10m']],
    ['not started', { parallelism: 2 }, {}, ['pi', 'Running', '0/1 of 2', '', '10m']],
    [
      'complete',
      { completions: 2 },
      {
        succeeded: 2,
        startTime: '2026-01-01T00:00:00Z',
        completionTime: '2026-01-01T00:00:07Z',
        conditions: [{ type: 'Complete', status: 'True' }],
      },
      ['pi', 'Complete', '2/2', '7s', '10m'],
    ],
    ['suspended', {}, { conditions: [{ type: 'Suspended', status: 'True' }] }, ['pi', 'Suspended', '0/1', '', '10m']],
  ])('columns: %s', (_name, spec, status, expected) => {
    const object = { ...makeJob(spec), status }
    expect(job.columns?.slice(0, 5).map((column) => column.cell(object, NOW))).toEqual(expected)
  })
})

describe('index sets', () => {
  test.each<[string, number | string]>([
    ['', 0],
    ['0,2-4', 4],
    ['3,2', 'non-increasing order, previous: 3, current: 2'],
    ['4-2', 'non-increasing order, previous: 4, current: 2'],
    ['9', 'too large index: "9"'],
    ['a', 'cannot convert string to integer for index: "a"'],
    ['1-2-3', 'the fragment "1-2-3" violates the requirement that an index interval can have at most two parts separated by \'-\''],
  ])('%j', (text, expected) => {
    const counted = countIndexes(text, 9)
    expect(typeof counted === 'number' ? counted : counted.fault).toBe(expected)
  })
  test('overlap', () => {
    expect(firstSharedIndex('0-3,7', '4-6', 9)).toBeUndefined()
    expect(firstSharedIndex('0-3,7', '5-8', 9)).toBe(7)
  })
})

describe('CronJob', () => {
  function makeCronJob(spec: object = {}, name = 'nightly'): Any {
    const object: Any = {
      metadata: { ...META, name },
      spec: structuredClone({ schedule: '0 2 * * *', jobTemplate: { spec: { template: TEMPLATE } }, ...spec }),
    }
    cronJob.setDefaults?.(object)
    return object
  }
  const check = (object: Any) => (cronJob.validate?.(object) ?? []).map(fieldErrorText)

  test('defaults, which stop short of the Job’s', () => {
    const { spec } = makeCronJob()
    expect(spec).toMatchObject({ concurrencyPolicy: 'Allow', suspend: false, successfulJobsHistoryLimit: 3, failedJobsHistoryLimit: 1 })
    expect(Object.keys(spec.jobTemplate.spec)).toEqual(['template'])
    expect(spec.jobTemplate.spec.template.spec.dnsPolicy).toBe('ClusterFirst')
  })

  test.each<[string, object, string[]]>([
    ['fine', { timeZone: 'Europe/Berlin' }, []],
    ['every hour', { schedule: '@every 1h' }, []],
    ['no schedule', { schedule: '' }, ['spec.schedule: Required value']],
    ['no such zone', { timeZone: 'Foo/Bar' }, ['spec.timeZone: Invalid value: "Foo/Bar": unknown time zone Foo/Bar']],
    ['no zone at all', { timeZone: '' }, ['spec.timeZone: Invalid value: "": timeZone must be nil or non-empty string']],
    [
      'the zone of here',
      { timeZone: 'Local' },
      ['spec.timeZone: Invalid value: "Local": timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones'],
    ],
    [
      'zone in the schedule',
      { schedule: 'TZ=UTC 0 2 * * *' },
      ['spec.schedule: Invalid value: "TZ=UTC 0 2 * * *": cannot use TZ or CRON_TZ in schedule, use timeZone field instead'],
    ],
    [
      'policy',
      { concurrencyPolicy: 'Wait' },
      ['spec.concurrencyPolicy: Unsupported value: "Wait": supported values: "Allow", "Forbid", "Replace"'],
    ],
    [
      'a selector',
      { jobTemplate: { spec: { template: TEMPLATE, selector: {}, manualSelector: true } } },
      [
        'spec.jobTemplate.spec.selector: Invalid value: {}: `selector` will be auto-generated',
        'spec.jobTemplate.spec.manualSelector: Unsupported value: true: supported values: "nil", "false"',
      ],
    ],
    ['history', { failedJobsHistoryLimit: -1 }, ['spec.failedJobsHistoryLimit: Invalid value: -1: must be greater than or equal to 0']],
  ])('%s', (_name, spec, expected) => {
    expect(check(makeCronJob(spec))).toEqual(expected)
  })

  test('a malformed schedule', () => {
    expect(check(makeCronJob({ schedule: 'now' }))).toEqual([expect.stringMatching(/^spec\.schedule: Invalid value: "now": /)])
  })

  test('names leave room for the time', () => {
    expect(check(makeCronJob({}, 'a'.repeat(52)))).toEqual([])
    expect(check(makeCronJob({}, 'a'.repeat(53)))).toEqual([
      `metadata.name: Invalid value: "${'a'.repeat(53)}": must be no more than 52 characters`,
    ])
  })

  test('an old zone in the schedule may stay, but not beside the field', () => {
    const old = makeCronJob({ schedule: 'CRON_TZ=UTC 0 2 * * *' })
    const update = (next: Any) => (cronJob.validateUpdate?.(next, old) ?? []).map(({ detail }) => detail)
    expect(update(structuredClone(old))).toEqual([])
    expect(update(makeCronJob({ schedule: 'CRON_TZ=UTC 0 2 * * *', timeZone: 'UTC' }))).toEqual([
      'cannot use both timeZone field and TZ or CRON_TZ in schedule',
    ])
  })

  test('columns', () => {
    const object = makeCronJob({ timeZone: 'UTC' })
    object.status = { active: [{}, {}], lastScheduleTime: '2026-01-01T00:09:15Z' }
    expect(cronJob.columns?.map((column) => column.cell(object, NOW))).toEqual([
      'nightly',
      '0 2 * * *',
      'UTC',
      'False',
      2,
      '45s',
      '10m',
      'pi',
      'perl',
      '<none>',
    ])
  })
})
