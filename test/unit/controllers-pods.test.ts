import { describe, expect, it, test } from 'vitest'
import { fromLabels } from '../../src/api/meta/selectors.ts'
import { timestamp } from '../../src/api/meta/time.ts'
import type { Pod } from '../../src/api/types.gen.ts'
import { alreadyClaimed, claimObjects } from '../../src/controllers/pods/claim.ts'
import { claimantKeys } from '../../src/controllers/pods/claimant-keys.ts'
import { intOrPercent } from '../../src/controllers/pods/int-or-percent.ts'
import { podFromTemplate } from '../../src/controllers/pods/pod-from-template.ts'
import { availableAt, isPodActive, isPodAvailable, isPodTerminating, untilNextAvailable } from '../../src/controllers/pods/pod-state.ts'
import { compareActivePods, rankForDeletion } from '../../src/controllers/pods/rank-for-deletion.ts'
import { safeEncode, templateHash } from '../../src/controllers/pods/template-hash.ts'
import { context, controlledBy, meta, NOW, pod, replicaSet, template } from '../support/replica-objects.ts'

const going = { deletionTimestamp: timestamp(NOW) }

describe('pod state', () => {
  const rows = [
    { name: 'not ready', given: pod('a'), minReadySeconds: 0, expect: undefined },
    { name: 'ready, no delay', given: pod('a', { readyFor: 0 }), minReadySeconds: 0, expect: Number.NEGATIVE_INFINITY },
    { name: 'ready, delay running', given: pod('a', { readyFor: 4 }), minReadySeconds: 10, expect: NOW + 6000 },
    { name: 'ready, delay over', given: pod('a', { readyFor: 10 }), minReadySeconds: 10, expect: NOW },
  ]
  test.each(rows)('availability: $name', (row) => {
    expect(availableAt(row.given, row.minReadySeconds)).toBe(row.expect)
    expect(isPodAvailable(row.given, row.minReadySeconds, NOW)).toBe(row.expect !== undefined && row.expect <= NOW)
  })

  it('a ready pod that does not say since when is never available with a delay', () => {
    const unknown = pod('a', { readyFor: 0 })
    unknown.status!.conditions = [{ type: 'Ready', status: 'True' }]
    expect(isPodAvailable(unknown, 1, NOW)).toBe(false)
    expect(isPodAvailable(unknown, 0, NOW)).toBe(true)
  })

  it('the next to become available sets the wait', () => {
    const pods = [pod('a', { readyFor: 3 }), pod('b', { readyFor: 7 }), pod('c'), pod('d', { readyFor: 60 })]
    expect(untilNextAvailable(pods, 10, NOW)).toBe(3000)
    expect(untilNextAvailable([pod('d', { readyFor: 60 })], 10, NOW)).toBeUndefined()
  })

  test.each([
    { name: 'running', given: pod('a'), active: true, terminating: false },
    { name: 'pending', given: pod('a', { phase: 'Pending' }), active: true, terminating: false },
    { name: 'succeeded', given: pod('a', { phase: 'Succeeded' }), active: false, terminating: false },
    { name: 'failed and deleted', given: pod('a', { phase: 'Failed', metadata: going }), active: false, terminating: false },
    { name: 'being deleted', given: pod('a', { metadata: going }), active: false, terminating: true },
  ])('$name', ({ given, active, terminating }) => {
    expect([isPodActive(given), isPodTerminating(given)]).toEqual([active, terminating])
  })
})

describe('claims', () => {
  const owned = { ownerReferences: [controlledBy('ReplicaSet', 'web')] }
  const foreign = { ownerReferences: [controlledBy('ReplicaSet', 'other')] }
  const bystander = { apiVersion: 'v1', kind: 'ConfigMap', name: 'x', uid: 'uid-x' }
  const release = (ownerReferences: unknown) => ({ metadata: { uid: 'uid-p', resourceVersion: '1', ownerReferences } })
  const rows = [
    { name: 'keeps what it owns', given: pod('p', { metadata: owned }), claimed: true, patch: undefined },
    {
      name: 'releases what no longer matches',
      given: pod('p', { metadata: { ...owned, labels: { app: 'db' } } }),
      claimed: false,
      patch: release(null),
    },
    {
      name: 'releases only itself',
      given: pod('p', { metadata: { ownerReferences: [bystander, ...owned.ownerReferences], labels: {} } }),
      claimed: false,
      patch: release([bystander]),
    },
    { name: 'passes over what another owns', given: pod('p', { metadata: foreign }), claimed: false, patch: undefined },
    { name: 'adopts a matching orphan', given: pod('p'), claimed: true, patch: release([controlledBy('ReplicaSet', 'web')]) },
    {
      name: 'adopts beside other owners',
      given: pod('p', { metadata: { ownerReferences: [bystander] } }),
      claimed: true,
      patch: release([bystander, controlledBy('ReplicaSet', 'web')]),
    },
    { name: 'leaves other orphans', given: pod('p', { metadata: { labels: {} } }), claimed: false, patch: undefined },
    { name: 'adopts nothing that is being deleted', given: pod('p', { metadata: going }), claimed: false, patch: undefined },
    { name: 'a going owner adopts nothing', given: pod('p'), isOwnerGoing: true, claimed: false, patch: undefined },
    {
      name: 'a going owner releases nothing',
      given: pod('p', { metadata: { ...owned, labels: {} } }),
      isOwnerGoing: true,
      claimed: false,
      patch: undefined,
    },
    { name: 'a going owner still owns', given: pod('p', { metadata: owned }), isOwnerGoing: true, claimed: true, patch: undefined },
  ]
  test.each(rows)('$name', ({ given, isOwnerGoing, claimed, patch }) => {
    const owner = replicaSet('web', 1, isOwnerGoing ? { metadata: going } : {})
    const claim = claimObjects({
      owner,
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      resource: 'pods',
      selector: fromLabels({ app: 'web' }),
      candidates: [given],
    })
    expect(claim.claimed).toEqual(claimed ? [given] : [])
    expect(claim.actions).toEqual(
      patch === undefined ? [] : [{ verb: 'patch', target: { resource: 'pods', namespace: 'default', name: 'p' }, patch }],
    )
  })

  it('counts as its own only what it controls and selects', () => {
    const mine = pod('p', { metadata: owned })
    const others = [pod('q'), pod('r', { metadata: foreign }), pod('s', { metadata: { ...owned, labels: {} } })]
    expect(alreadyClaimed(replicaSet('web', 1), fromLabels({ app: 'web' }), [mine, ...others])).toEqual([mine])
  })
})

describe('keys of claimants', () => {
  const keys = claimantKeys('ReplicaSet', 'replicasets.apps', () => fromLabels({ app: 'web' }))
  const reader = { list: () => [replicaSet('a', 1), replicaSet('b', 1)] } as never
  const owned = pod('p', { metadata: { ownerReferences: [controlledBy('ReplicaSet', 'web')] } })
  test.each([
    { name: 'an owned pod', current: owned, old: owned, expect: ['default/web'] },
    { name: 'a new orphan', current: pod('p'), old: undefined, expect: ['default/a', 'default/b'] },
    { name: 'an orphan that was let go', current: pod('p'), old: owned, expect: ['default/web', 'default/a', 'default/b'] },
    { name: 'an orphan as before', current: pod('p'), old: pod('p'), expect: [] },
    {
      name: 'an orphan with new labels',
      current: pod('p'),
      old: pod('p', { metadata: { labels: {} } }),
      expect: ['default/a', 'default/b'],
    },
    { name: 'an orphan that goes', current: pod('p', { metadata: going }), old: undefined, expect: [] },
    { name: 'a pod that went', current: undefined, old: owned, expect: ['default/web'] },
  ])('$name', ({ current, old, expect: expected }) => {
    expect(keys(current, old, reader)).toEqual(expected)
  })
})

describe('ranking for deletion', () => {
  const at = (secondsAgo: number) => ({ creationTimestamp: timestamp(NOW - secondsAgo * 1000) })
  const cost = (value: string) => ({ annotations: { 'controller.kubernetes.io/pod-deletion-cost': value } })
  // In each row the first goes before the second.
  const rows: { name: string; given: [Pod, Pod]; related?: Pod[] }[] = [
    { name: 'unassigned before assigned', given: [pod('b', { readyFor: 9 }), pod('a', { node: 'n', phase: 'Pending' })] },
    { name: 'pending before unknown', given: [pod('b', { phase: 'Pending', node: 'n' }), pod('a', { phase: 'Unknown', node: 'n' })] },
    { name: 'unknown before running', given: [pod('b', { phase: 'Unknown', node: 'n' }), pod('a', { node: 'n' })] },
    { name: 'not ready before ready', given: [pod('b', { node: 'n' }), pod('a', { node: 'n', readyFor: 1 })] },
    { name: 'cheap before dear', given: [pod('b', { metadata: cost('-5') }), pod('a')] },
    { name: 'a malformed cost is none', given: [pod('a', { metadata: cost('-1') }), pod('b', { metadata: cost('+7') })] },
    { name: 'zeros after a minus are no fault', given: [pod('b', { metadata: cost('-007') }), pod('a', { metadata: cost('-1') })] },
    { name: 'a cost beyond 32 bits is none', given: [pod('a', { metadata: cost('-1') }), pod('b', { metadata: cost('-2147483649') })] },
    {
      name: 'where more siblings are',
      given: [pod('b', { node: 'n2', readyFor: 1000 }), pod('a', { node: 'n1', readyFor: 1 })],
      related: [pod('x', { node: 'n2' }), pod('y', { node: 'n2' }), pod('z', { node: 'n1' })],
    },
    {
      name: 'siblings that ended do not count',
      given: [pod('b', { node: 'n1', readyFor: 1 }), pod('a', { node: 'n2', readyFor: 1000 })],
      related: [pod('x', { node: 'n2', phase: 'Failed' }), pod('z', { node: 'n1' })],
    },
    { name: 'the later ready', given: [pod('b', { readyFor: 10 }), pod('a', { readyFor: 1000 })] },
    { name: 'of about one age by uid', given: [pod('a', { readyFor: 1000 }), pod('b', { readyFor: 900 })] },
    { name: 'more restarts', given: [pod('b', { restarts: 2 }), pod('a', { restarts: 1 })] },
    { name: 'the later created', given: [pod('b', { metadata: at(5) }), pod('a', { metadata: at(500) })] },
    { name: 'of about one creation by uid', given: [pod('a', { metadata: at(1000) }), pod('b', { metadata: at(900) })] },
    { name: 'unknown creation first', given: [pod('b', { metadata: { creationTimestamp: '' } }), pod('a')] },
  ]
  test.each(rows)('$name', ({ given, related = [] }) => {
    expect(rankForDeletion(given, related, NOW).map(({ metadata }) => metadata.name)).toEqual(given.map(({ metadata }) => metadata.name))
    expect(rankForDeletion([...given].reverse(), related, NOW)).toEqual(given)
  })

  it('sidecars count after containers', () => {
    const sidecar = (name: string, restartCount: number): Pod => {
      const base = pod(name)
      base.spec.initContainers = [{ name: 'log', image: 'x', restartPolicy: 'Always' }]
      base.status!.initContainerStatuses = [{ name: 'log', image: '', imageID: '', ready: true, restartCount }]
      return base
    }
    expect(rankForDeletion([sidecar('a', 0), sidecar('b', 3)], [], NOW)[0]!.metadata.name).toBe('b')
  })

  it('pods alone are ordered by exact ages', () => {
    const pods = [pod('a', { readyFor: 1000 }), pod('b', { readyFor: 900 })]
    expect(pods.sort(compareActivePods).map(({ metadata }) => metadata.name)).toEqual(['b', 'a'])
  })
})

describe('pods from templates', () => {
  it('takes over labels, annotations, finalizers and spec', () => {
    const { metadata, spec } = podFromTemplate(
      { metadata: { labels: { a: '1' }, annotations: { b: '2' }, finalizers: ['c/d'], name: 'ignored' }, spec: template().spec },
      replicaSet('web', 1),
      'apps/v1',
      'ReplicaSet',
      context(),
    )
    expect(metadata).toEqual({
      name: 'web-00001',
      generateName: 'web-',
      namespace: 'default',
      labels: { a: '1' },
      annotations: { b: '2' },
      finalizers: ['c/d'],
      ownerReferences: [controlledBy('ReplicaSet', 'web')],
    })
    expect(spec).toEqual(template().spec)
  })

  it('drops the dash that would make the name too long', () => {
    const owner = { metadata: meta('x'.repeat(253)) }
    expect(podFromTemplate(template(), owner, 'v1', 'X', context()).metadata.generateName).toBe('x'.repeat(253))
  })
})

describe('template hash', () => {
  it('is the same whatever the order of keys', () => {
    const { metadata, spec } = template()
    expect(templateHash({ spec, metadata })).toBe(templateHash({ metadata, spec }))
  })

  it('differs by content and collision count, in safe characters', () => {
    const hashes = [templateHash(template()), templateHash(template('nginx:2')), templateHash(template(), 0), templateHash(template(), 1)]
    expect(new Set(hashes).size).toBe(4)
    for (const hash of hashes) expect(hash).toMatch(/^[456789bcdf]{1,10}$/)
  })

  test.each([
    { given: '', expect: '' },
    // The decimal digits, of which every hash is made.
    { given: '0123456789', expect: '456789bcdf' },
    { given: 'foo', expect: '4ff' },
  ])('encodes "$given"', (row) => {
    expect(safeEncode(row.given)).toBe(row.expect)
  })
})

describe('int or percent', () => {
  test.each([
    { given: 5, of: 3, up: 5, down: 5 },
    { given: '25%', of: 10, up: 3, down: 2 },
    { given: '100%', of: 7, up: 7, down: 7 },
    { given: '0%', of: 7, up: 0, down: 0 },
    { given: undefined, of: 7, up: 0, down: 0 },
    { given: 'x', of: 7, up: 0, down: 0 },
  ])('$given of $of', ({ given, of, up, down }) => {
    expect([intOrPercent(given, of, 'up'), intOrPercent(given, of, 'down')]).toEqual([up, down])
  })
})
