import { describe, expect, it } from 'vitest'
import { findUntoleratedTaint, matchesNodeAffinity, matchesNodeSelector } from '../../src/api/core/v1/node-match.ts'
import type { Node, NodeSelectorTerm, PodSpec, Taint, Toleration } from '../../src/api/types.gen.ts'

const node = (labels: Record<string, string> = {}): Node => ({ metadata: { name: 'n1', labels } as Node['metadata'], spec: {} })
const pod = (spec: Partial<PodSpec>) => ({ spec: { containers: [], ...spec } as PodSpec })
const requiring = (...nodeSelectorTerms: NodeSelectorTerm[]) =>
  pod({ affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } } })
const label = (key: string, operator: string, ...values: string[]) => ({ matchExpressions: [{ key, operator, values }] })
const field = (operator: string, ...values: string[]) => ({ matchFields: [{ key: 'metadata.name', operator, values }] })

describe('matchesNodeSelector', () => {
  it.each([
    { name: 'no selector', given: undefined, expect: true },
    { name: 'empty selector', given: {}, expect: true },
    { name: 'all labels there', given: { disk: 'ssd', zone: 'a' }, expect: true },
    { name: 'one label differs', given: { disk: 'ssd', zone: 'b' }, expect: false },
    { name: 'a label is missing', given: { gpu: 'yes' }, expect: false },
  ])('$name', (row) => {
    expect(matchesNodeSelector(pod({ nodeSelector: row.given }), node({ disk: 'ssd', zone: 'a' }))).toBe(row.expect)
  })
})

describe('matchesNodeAffinity', () => {
  it.each([
    { name: 'no affinity', given: pod({}), expect: true },
    { name: 'no terms match nothing', given: requiring(), expect: false },
    { name: 'an empty term matches nothing', given: requiring({}), expect: false },
    { name: 'terms are alternatives', given: requiring(label('zone', 'In', 'b'), label('zone', 'In', 'a')), expect: true },
    {
      name: 'requirements of a term hold together',
      given: requiring({ ...label('zone', 'In', 'a'), ...field('In', 'n2') }),
      expect: false,
    },
    { name: 'In', given: requiring(label('zone', 'In', 'b')), expect: false },
    { name: 'In without values', given: requiring(label('zone', 'In')), expect: false },
    { name: 'NotIn', given: requiring(label('zone', 'NotIn', 'a')), expect: false },
    { name: 'NotIn of an absent label', given: requiring(label('gpu', 'NotIn', 'x')), expect: true },
    { name: 'Exists', given: requiring(label('zone', 'Exists')), expect: true },
    { name: 'DoesNotExist', given: requiring(label('zone', 'DoesNotExist')), expect: false },
    { name: 'Gt', given: requiring(label('cores', 'Gt', '7')), expect: true },
    { name: 'Gt of an equal', given: requiring(label('cores', 'Gt', '8')), expect: false },
    { name: 'Lt', given: requiring(label('cores', 'Lt', '9')), expect: true },
    { name: 'Lt of no number', given: requiring(label('cores', 'Lt', 'many')), expect: false },
    { name: 'Lt of a label that is no number', given: requiring(label('zone', 'Lt', '9')), expect: false },
    { name: 'an unknown operator', given: requiring(label('zone', 'Like', 'a')), expect: false },
    { name: 'by name', given: requiring(field('In', 'n1')), expect: true },
    { name: 'by another name', given: requiring(field('In', 'n2')), expect: false },
    { name: 'not by name', given: requiring(field('NotIn', 'n1')), expect: false },
  ])('$name', (row) => {
    expect(matchesNodeAffinity(row.given, node({ zone: 'a', cores: '8' }))).toBe(row.expect)
  })
})

describe('findUntoleratedTaint', () => {
  const taint: Taint = { key: 'dedicated', value: 'db', effect: 'NoSchedule' }
  it.each<{ name: string; given: Toleration[]; expect: boolean }>([
    { name: 'none', given: [], expect: false },
    { name: 'the same', given: [{ key: 'dedicated', operator: 'Equal', value: 'db', effect: 'NoSchedule' }], expect: true },
    { name: 'Equal is the default', given: [{ key: 'dedicated', value: 'db' }], expect: true },
    { name: 'another value', given: [{ key: 'dedicated', value: 'web' }], expect: false },
    { name: 'Exists', given: [{ key: 'dedicated', operator: 'Exists' }], expect: true },
    { name: 'another effect', given: [{ key: 'dedicated', operator: 'Exists', effect: 'NoExecute' }], expect: false },
    { name: 'another key', given: [{ key: 'gpu', operator: 'Exists' }], expect: false },
    { name: 'everything', given: [{ operator: 'Exists' }], expect: true },
  ])('toleration: $name', (row) => {
    expect(findUntoleratedTaint([taint], row.given)).toBe(row.expect ? undefined : taint)
  })

  it('looks only at the taints the filter picks', () => {
    expect(findUntoleratedTaint([taint], [], ({ effect }) => effect === 'NoExecute')).toBeUndefined()
  })
})
