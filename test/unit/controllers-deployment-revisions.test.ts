import { describe, expect, it, test } from 'vitest'
import type { Deployment } from '../../src/api/types.gen.ts'
import { cleanup, equalIgnoringHash, findNewReplicaSet, newSetAnnotations, revisionOf } from '../../src/controllers/deployment/revisions.ts'
import { DESIRED, going, HISTORY, MAX, own, plan, REVISION, sized } from '../support/deployment-plans.ts'
import { deployment, meta, replicaSet, template } from '../support/replica-objects.ts'

describe('revisions', () => {
  it('the oldest with the template is the new one', () => {
    const sets = [sized('foo-b', 0, 1), sized('foo-a', 0, 3), replicaSet('foo-c', 0, { image: 'other' })]
    expect(findNewReplicaSet(deployment('foo'), sets)?.metadata.name).toBe('foo-a')
    expect(findNewReplicaSet(deployment('foo', { template: template('none') }), sets)).toBeUndefined()
  })

  // Upstream: deployment_util_test.go TestEqualIgnoreHash.
  const labels = (extra: Record<string, string>) => template('nginx:1', { app: 'web', ...extra })
  test.each([
    { name: 'the same', a: labels({}), b: labels({}), expect: true },
    { name: 'hash on one', a: labels({ 'pod-template-hash': 'x' }), b: labels({}), expect: true },
    { name: 'two hashes', a: labels({ 'pod-template-hash': 'x' }), b: labels({ 'pod-template-hash': 'y' }), expect: true },
    { name: 'another label', a: labels({ 'pod-template-hash': 'x' }), b: labels({ tier: 'front' }), expect: false },
    { name: 'no labels at all', a: { metadata: { labels: { 'pod-template-hash': 'x' } } }, b: {}, expect: true },
    {
      name: 'another annotation',
      a: { metadata: { annotations: { former: 'x' } } },
      b: { metadata: { annotations: { latter: 'x' } } },
      expect: false,
    },
  ])('templates: $name', ({ a, b, expect: expected }) => {
    expect(equalIgnoringHash(a, b)).toBe(expected)
    expect(equalIgnoringHash(b, a)).toBe(expected)
  })

  const annotated = (annotations: Record<string, string>) => replicaSet('foo', 1, { metadata: { annotations } })
  test.each([
    { name: 'none yet', given: {}, revision: 1, expect: { [REVISION]: '1' } },
    { name: 'as it was', given: { [REVISION]: '3' }, revision: 3, expect: { [REVISION]: '3' } },
    { name: 'ahead of the others', given: { [REVISION]: '10' }, revision: 9, expect: { [REVISION]: '10' } },
    { name: 'back again', given: { [REVISION]: '9' }, revision: 10, expect: { [REVISION]: '10', [HISTORY]: '9' } },
    {
      name: 'back once more',
      given: { [REVISION]: '3', [HISTORY]: '1' },
      revision: 5,
      expect: { [REVISION]: '5', [HISTORY]: '1,3' },
    },
    { name: 'malformed', given: { [REVISION]: 'x' }, revision: 5, expect: { [REVISION]: 'x' } },
  ])('annotation: $name', ({ given, revision, expect: expected }) => {
    expect(newSetAnnotations(deployment('foo'), annotated(given), revision)).toEqual(expected)
  })

  it('history loses its beginning when it grows too long', () => {
    const past = Array.from({ length: 500 }, (_, i) => String(1000 + i)).join(',')
    const history = newSetAnnotations(deployment('foo'), annotated({ [REVISION]: '1500', [HISTORY]: past }), 1501)[HISTORY]!
    expect(history.length).toBeLessThanOrEqual(2000)
    expect(history).toMatch(/^1101,.*,1500$/)
  })

  it('annotations are handed down, but for the Deployment’s own', () => {
    const annotations = { note: 'x', [REVISION]: '7', 'kubectl.kubernetes.io/last-applied-configuration': '{}', [DESIRED]: '9', [MAX]: '9' }
    expect(newSetAnnotations(deployment('foo', {}, { metadata: meta('foo', { annotations }) }), annotated({}), 1)).toEqual({
      note: 'x',
      [REVISION]: '1',
    })
  })

  it('a revision that is no number is none', () => {
    expect([revisionOf(annotated({})), revisionOf(annotated({ [REVISION]: '4' })), revisionOf(annotated({ [REVISION]: 'x' }))]).toEqual([
      0,
      4,
      undefined,
    ])
  })

  // Upstream: sync_test.go cleanupDeployment.
  const old = (name: string, size: number, pods: number, metadata = {}) => replicaSet(name, size, { metadata, status: { replicas: pods } })
  const rev = (n: number) => ({ annotations: { [REVISION]: String(n) } })
  test.each([
    { name: 'beyond the limit', given: [old('a', 0, 0), old('b', 0, 0), old('c', 0, 0)], limit: 1, expect: ['a', 'b'] },
    { name: 'only without pods', given: [old('a', 0, 0), old('b', 0, 1), old('c', 1, 0), old('d', 1, 1)], limit: 0, expect: ['a'] },
    { name: 'all', given: [old('a', 0, 0), old('b', 0, 0)], limit: 0, expect: ['a', 'b'] },
    { name: 'none with pods', given: [old('a', 1, 1), old('b', 1, 1)], limit: 0, expect: [] },
    { name: 'none that goes already', given: [old('a', 0, 0, going)], limit: 0, expect: [] },
    { name: 'none without a limit', given: [old('a', 0, 0)], limit: 2147483647, expect: [] },
    { name: 'none whose news is unseen', given: [old('a', 0, 0, { generation: 2 })], limit: 0, expect: [] },
    {
      name: 'lowest revisions',
      given: [old('a', 0, 0, rev(10)), old('b', 0, 0, rev(9)), old('c', 0, 0, rev(2))],
      limit: 1,
      expect: ['c', 'b'],
    },
  ])('cleanup: $name', ({ given, limit, expect: expected }) => {
    expect(cleanup(deployment('foo', { revisionHistoryLimit: limit }), given).map(({ target }) => target.name)).toEqual(expected)
  })
})
describe('rollback by annotation', () => {
  // Upstream: rollback.go; `kubectl rollout undo` changes the template itself.
  const TO = 'deprecated.deployment.rollback.to'
  const sets = [
    own(replicaSet('web-1', 0, { image: 'a' }), { [REVISION]: '1', cause: 'first', [DESIRED]: '3' }),
    own(replicaSet('web-2', 0, { image: 'b' }), { [REVISION]: '2' }),
    own(replicaSet('web-3', 3, { image: 'c' }), { [REVISION]: '3' }),
  ]
  const NOT_FOUND = 'DeploymentRollbackRevisionNotFound'
  test.each([
    { name: 'to a revision', to: '1', image: 'a', says: ['DeploymentRollback', 'Rolled back deployment "web" to revision 1'] },
    { name: 'to the last', to: '0', image: 'b', says: ['DeploymentRollback', 'Rolled back deployment "web" to revision 2'] },
    { name: 'to one that is not there', to: '9', image: 'c', says: [NOT_FOUND, 'Unable to find the revision to rollback to.'] },
    { name: 'to the last of one', to: '0', only: true, image: 'c', says: [NOT_FOUND, 'Unable to find last revision.'] },
    {
      name: 'to what it is',
      to: '3',
      image: 'c',
      says: ['DeploymentRollbackTemplateUnchanged', 'The rollback revision contains the same template as current deployment "web"'],
    },
  ])('$name', ({ to, only, image, says }) => {
    const given = deployment(
      'web',
      { template: template('c') },
      { metadata: meta('web', { annotations: { [TO]: to, cause: 'third', [REVISION]: '3' } }) },
    )
    const { actions } = plan({ deployment: given, candidates: only ? sets.slice(2) : sets })
    const object = (actions![0] as unknown as { object: Deployment }).object
    expect(object.spec.template.spec?.containers[0]?.image).toBe(image)
    expect(object.metadata.annotations).toEqual({ [REVISION]: '3', ...(image === 'b' ? {} : { cause: image === 'a' ? 'first' : 'third' }) })
    expect([actions![0]!.event?.reason, actions![0]!.event?.message]).toEqual(says)
  })

  it('goes its way when the annotation is no number', () => {
    const given = deployment('web', { template: template('c') }, { metadata: meta('web', { annotations: { [TO]: 'x' } }) })
    expect(plan({ deployment: given, candidates: sets }).actions!.every(({ verb }) => verb === 'patch')).toBe(true)
  })
})
