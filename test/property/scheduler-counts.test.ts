/** What the scheduler keeps up as pods come and go is what it would find by looking at all of them. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { DomainCounts } from '../../src/scheduler/domain-counts.ts'
import { PodCounts } from '../../src/scheduler/pod-counts.ts'
import { podInfo } from '../../src/scheduler/pod-info.ts'
import { affinityMatcher, spreadMatcher } from '../../src/scheduler/pod-matcher.ts'
import { labels, pod } from '../support/scheduler-world.ts'

it('the least of the domains', () => {
  const steps = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.boolean()), { maxLength: 60 })
  fc.assert(
    fc.property(steps, (list) => {
      const counts = new DomainCounts()
      const model = new Map<string, number>()
      for (const [domain, comes] of list) {
        const by = comes || (model.get(domain) ?? 0) === 0 ? 1 : -1
        counts.add(domain, by)
        model.set(domain, (model.get(domain) ?? 0) + by)
        expect(counts.least).toBe(Math.min(...model.values()))
        expect(counts.get(domain)).toBe(model.get(domain))
      }
      expect(counts.size).toBe(model.size)
    }),
  )
})

it('the pods that matchers pick, on each node', () => {
  const namespaces = ['n', 'm']
  const tags = ['', 'app=web', 'app=db', 'app=web tier=a', 'tier=a']
  const owner = pod('owner', { ns: 'n' })
  const labelsOf = (namespace: string) => ({ team: namespace })
  const term = (more: object) => affinityMatcher({ topologyKey: 'zone', ...more }, owner, labelsOf)
  const matchers = [
    term({ labelSelector: { matchLabels: { app: 'web' } } }),
    term({ labelSelector: { matchLabels: { app: 'web' } }, namespaceSelector: {} }),
    term({ labelSelector: { matchLabels: { tier: 'a' } }, namespaces: ['m'] }),
    term({ labelSelector: { matchExpressions: [{ key: 'app', operator: 'Exists' }] } }),
    term({
      labelSelector: { matchExpressions: [{ key: 'app', operator: 'In', values: ['web', 'db'] }] },
      namespaceSelector: { matchLabels: { team: 'm' } },
    }),
    term({ labelSelector: {} }),
    term({}),
    spreadMatcher([{ key: 'app', operator: '=', values: ['web'] }], 'm'),
    spreadMatcher([], 'm'),
  ]
  const step = fc.record({
    name: fc.integer({ min: 0, max: 9 }),
    comes: fc.boolean(),
    ns: fc.constantFrom(...namespaces),
    tag: fc.constantFrom(...tags),
    node: fc.constantFrom('a', 'b'),
    asked: fc.integer({ min: 0, max: matchers.length - 1 }),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const counts = new PodCounts()
      const there = new Map<string, { info: ReturnType<typeof podInfo>; node: string }>()
      for (const { name, comes, ns, tag, node, asked } of steps) {
        const info = podInfo(pod(`p${name}`, { ns, metadata: { labels: labels(tag) } }), labelsOf)
        counts.remove(info.key)
        there.delete(info.key)
        if (comes) {
          counts.add(info, node)
          there.set(info.key, { info, node })
        }
        const matcher = matchers[asked]!
        const expected = new Map<string, number>()
        for (const each of there.values()) if (matcher.matches(each.info.pod)) expected.set(each.node, (expected.get(each.node) ?? 0) + 1)
        expect(new Map(counts.of(matcher))).toEqual(expected)
      }
    }),
  )
})
