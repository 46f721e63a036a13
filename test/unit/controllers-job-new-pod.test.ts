/** The pods a Job makes. */
import { describe, expect, it } from 'vitest'
import type { Job, JobSpec, Pod } from '../../src/api/types.gen.ts'
import { COMPLETION_INDEX, INDEX_FAILURE_COUNT, INDEX_IGNORED_FAILURE_COUNT } from '../../src/controllers/job/job-pods.ts'
import { TRACKING_FINALIZER } from '../../src/controllers/job/job-state.ts'
import { createJobPod } from '../../src/controllers/job/new-pod.ts'
import { LABELS, makeJob, makePod, NOW } from '../support/job-objects.ts'

const podOf = (job: Job, index?: number, replaced?: Pod): Pod =>
  createJobPod(job, { now: NOW, newName: (base) => `${base}xxxxx` }, index, replaced).object as Pod
const INDEXED: Partial<JobSpec> = { completionMode: 'Indexed', completions: 5 }

describe('the name', () => {
  // Upstream: TestPodGenerateNameWithIndex.
  const LONG = 'hhhhhooooo'.repeat(7)
  it.each([
    { name: 'of a plain Job', job: 'pi', index: undefined, prefix: 'pi-' },
    { name: 'of an index', job: 'indexed-job', index: 1, prefix: 'indexed-job-1-' },
    { name: 'of a long name: it is cut', job: LONG, index: 1, prefix: `${LONG.slice(0, 55)}-1-` },
    { name: 'of one that is too long only with its index', job: LONG.slice(0, 57), index: 1, prefix: `${LONG.slice(0, 55)}-1-` },
    { name: 'of one that just fits', job: LONG.slice(0, 55), index: 1, prefix: `${LONG.slice(0, 55)}-1-` },
    { name: 'of a great index', job: LONG, index: 99999, prefix: `${LONG.slice(0, 51)}-99999-` },
  ])('$name', ({ job, index, prefix }) => {
    const { metadata } = podOf(makeJob(INDEXED, {}, { name: job }), index)
    expect(metadata.generateName).toBe(prefix)
    expect(metadata.name).toBe(`${prefix}xxxxx`)
  })
})

describe('the failures it carries on', () => {
  // Upstream: TestGetNewIndexFailureCountValue.
  const IGNORE = { rules: [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] }] }
  const disrupted = { conditions: [{ type: 'DisruptionTarget', status: 'True' }] } as never
  const ignoredBefore = (pod: Pod, count: string) => {
    const annotations = { ...pod.metadata.annotations, [INDEX_IGNORED_FAILURE_COUNT]: count }
    return { ...pod, metadata: { ...pod.metadata, annotations } }
  }
  it.each<{ name: string; spec?: Partial<JobSpec>; replaced?: Pod; counted: string; ignored?: string }>([
    { name: 'of no pod', counted: '0' },
    { name: 'the first', replaced: makePod('a', { index: 0, phase: 'Failed', failures: 0 }), counted: '1' },
    { name: 'one more', replaced: makePod('a', { index: 0, phase: 'Failed', failures: 3 }), counted: '4' },
    { name: 'of a pod that does not say', replaced: makePod('a', { index: 0, phase: 'Failed' }), counted: '1' },
    {
      name: 'one that is ignored',
      spec: { podFailurePolicy: IGNORE },
      replaced: makePod('a', { index: 3, phase: 'Failed', failures: 3, status: disrupted }),
      counted: '3',
      ignored: '1',
    },
    {
      name: 'another that is ignored',
      spec: { podFailurePolicy: IGNORE },
      replaced: ignoredBefore(makePod('a', { index: 3, phase: 'Failed', failures: 3, status: disrupted }), '2'),
      counted: '3',
      ignored: '3',
    },
    {
      name: 'one that counts after one that is ignored',
      spec: { podFailurePolicy: IGNORE },
      replaced: ignoredBefore(makePod('a', { index: 3, phase: 'Failed', failures: 3 }), '2'),
      counted: '4',
      ignored: '2',
    },
  ])('$name', ({ spec, replaced, counted, ignored }) => {
    const { annotations } = podOf(makeJob({ ...INDEXED, backoffLimitPerIndex: 9, ...spec }), 0, replaced).metadata
    expect(annotations).toEqual({
      [COMPLETION_INDEX]: '0',
      [INDEX_FAILURE_COUNT]: counted,
      ...(ignored !== undefined && { [INDEX_IGNORED_FAILURE_COUNT]: ignored }),
    })
  })

  it('are not told where an index has no limit', () => {
    expect(podOf(makeJob(INDEXED), 0).metadata.annotations).toEqual({ [COMPLETION_INDEX]: '0' })
  })
})

describe('the pod', () => {
  const template = (spec: object, metadata: object = {}): Partial<JobSpec> => ({
    template: {
      metadata: { labels: LABELS, ...metadata },
      spec: { restartPolicy: 'Never', containers: [{ name: 'c' }], ...spec },
    } as never,
  })

  it.each<{ name: string; spec: Partial<JobSpec>; index?: number; has: object; hasNot?: string[] }>([
    {
      name: 'is the template’s, tracked and owned',
      spec: template({ priorityClassName: 'high' }, { annotations: { a: 'b' } }),
      has: {
        metadata: {
          labels: LABELS,
          annotations: { a: 'b' },
          finalizers: [TRACKING_FINALIZER],
          ownerReferences: [
            { apiVersion: 'batch/v1', kind: 'Job', name: 'pi', uid: 'job-uid', controller: true, blockOwnerDeletion: true },
          ],
        },
        spec: { priorityClassName: 'high' },
      },
      hasNot: ['spec.hostname'],
    },
    {
      name: 'keeps finalizers of the template',
      spec: template({}, { finalizers: ['example.com/x'] }),
      has: { metadata: { finalizers: ['example.com/x', TRACKING_FINALIZER] } },
    },
    {
      name: 'has the tracking finalizer once',
      spec: template({}, { finalizers: [TRACKING_FINALIZER, 'example.com/x'] }),
      has: { metadata: { finalizers: [TRACKING_FINALIZER, 'example.com/x'] } },
    },
    {
      name: 'of an index has its own host name, even where the template has one',
      spec: { ...INDEXED, ...template({ hostname: 'mine', subdomain: 'sub' }) },
      index: 3,
      has: { spec: { hostname: 'pi-3', subdomain: 'sub' }, metadata: { labels: { [COMPLETION_INDEX]: '3' } } },
    },
    {
      name: 'of an index has its variable after the others',
      spec: { ...INDEXED, ...template({ containers: [{ name: 'c', env: [{ name: 'A', value: '1' }] }] }) },
      index: 0,
      has: {
        spec: {
          containers: [
            {
              env: [
                { name: 'A', value: '1' },
                { name: 'JOB_COMPLETION_INDEX', valueFrom: { fieldRef: { fieldPath: `metadata.labels['${COMPLETION_INDEX}']` } } },
              ],
            },
          ],
        },
      },
    },
    {
      name: 'of an index beats labels and annotations of the template',
      spec: { ...INDEXED, ...template({}, { labels: { ...LABELS, [COMPLETION_INDEX]: 'x' }, annotations: { [COMPLETION_INDEX]: 'x' } }) },
      index: 4,
      has: { metadata: { labels: { [COMPLETION_INDEX]: '4' }, annotations: { [COMPLETION_INDEX]: '4' } } },
    },
  ])('$name', ({ spec, index, has, hasNot = [] }) => {
    const job = makeJob(spec)
    const before = structuredClone(job)
    const pod = podOf(job, index)
    expect(pod).toMatchObject(has)
    for (const path of hasNot) expect(pod).not.toHaveProperty(path)
    expect(job).toEqual(before)
  })
})
