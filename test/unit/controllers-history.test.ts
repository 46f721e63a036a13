import { describe, expect, it } from 'vitest'
import type { ControllerRevision, PodTemplateSpec } from '../../src/api/types.gen.ts'
import {
  isRevisionOf,
  newRevision,
  revisionData,
  revisionTemplate,
  sortRevisions,
} from '../../src/controllers/history/controller-revision.ts'
import { revisionHash, revisionName } from '../../src/controllers/history/revision-name.ts'
import { truncateHistory } from '../../src/controllers/history/truncate-history.ts'

const template = (image = 'test'): PodTemplateSpec => ({
  spec: {
    terminationGracePeriodSeconds: 30,
    containers: [
      {
        name: 'test',
        image,
        imagePullPolicy: 'Always',
        resources: {},
        terminationMessagePath: '/dev/termination-log',
        terminationMessagePolicy: 'File',
      },
    ],
    dnsPolicy: 'ClusterFirst',
    restartPolicy: 'Always',
    schedulerName: 'default-scheduler',
    securityContext: {},
  },
  metadata: { labels: { app: 'foo' }, annotations: { test: 'value' } },
})

const revision = (name: string, number: number, creationTimestamp = '2026-01-01T00:00:00Z'): ControllerRevision => ({
  metadata: { name, namespace: 'default', uid: `uid-${name}`, resourceVersion: '1', creationTimestamp },
  data: revisionData(template(name)),
  revision: number,
})

describe('a revision', () => {
  it('has the hash a 1.34 controller gave this template', () => {
    expect(revisionHash(revisionData(template()), 0)).toBe('776999688b')
  })

  it('has another hash after a collision, and for another template', () => {
    const hashes = [
      revisionHash(revisionData(template()), 0),
      revisionHash(revisionData(template()), 1),
      revisionHash(revisionData(template('b')), 0),
    ]
    expect(new Set(hashes).size).toBe(3)
  })

  it('is written with its keys in order', () => {
    expect(JSON.stringify(revisionData({ spec: { containers: [] }, metadata: { labels: { b: '1', a: '2' } } }))).toBe(
      '{"spec":{"template":{"$patch":"replace","metadata":{"labels":{"a":"2","b":"1"}},"spec":{"containers":[]}}}}',
    )
  })

  it('brings its template back', () => {
    const made = newRevision({
      owner: {
        metadata: {
          name: 'web',
          namespace: 'default',
          uid: 'u',
          resourceVersion: '1',
          creationTimestamp: '',
          annotations: { 'kubernetes.io/change-cause': 'why' },
        },
      },
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      template: template(),
      name: 'web-1',
      revision: 1,
      labels: { 'controller.kubernetes.io/hash': '1' },
    })
    expect(revisionTemplate(made)).toEqual(template())
    expect(isRevisionOf(made as ControllerRevision, template())).toBe(true)
    expect(isRevisionOf(made as ControllerRevision, template('b'))).toBe(false)
    expect(made.metadata).toMatchObject({
      labels: { app: 'foo', 'controller.kubernetes.io/hash': '1' },
      annotations: { 'kubernetes.io/change-cause': 'why' },
      ownerReferences: [{ uid: 'u', controller: true, blockOwnerDeletion: true }],
    })
  })

  it('has a name that is cut to fit', () => {
    expect(revisionName('web', 'abc')).toBe('web-abc')
    expect(revisionName('w'.repeat(253), 'abc')).toBe(`${'w'.repeat(223)}-abc`)
  })
})

it('sorts by number, then age, then name', () => {
  const list = [revision('d', 2), revision('c', 1, '2026-01-02T00:00:00Z'), revision('b', 1), revision('a', 1, '2026-01-02T00:00:00Z')]
  expect(sortRevisions(list).map(({ metadata }) => metadata.name)).toEqual(['b', 'a', 'c', 'd'])
})

describe('truncateHistory', () => {
  const all = [revision('r3', 3), revision('r1', 1), revision('r2', 2)]
  it.each([
    { name: 'within the limit', limit: 3, live: [], expect: [] },
    { name: 'one too many: the oldest goes', limit: 2, live: [], expect: ['r1'] },
    { name: 'a live one is passed over', limit: 2, live: ['r1'], expect: ['r2'] },
    { name: 'all but the live ones go at most', limit: 0, live: ['r2'], expect: ['r1', 'r3'] },
    { name: 'a limit below 0 keeps all', limit: -1, live: [], expect: [] },
  ])('$name', (row) => {
    const gone = truncateHistory(all, row.limit, ({ metadata }) => (row.live as string[]).includes(metadata.name))
    expect(gone.map(({ metadata }) => metadata.name)).toEqual(row.expect)
  })
})
