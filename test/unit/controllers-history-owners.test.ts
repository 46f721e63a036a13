/**
 * What StatefulSets and DaemonSets do with revisions: find, make, number, take in and let go, throw away. Each situation holds
 * for both. Upstream: controller_history_test.go, stateful_set_control_test.go TestStatefulSetControl_getSetRevisions,
 * stateful_set_compatibility_test.go, daemon/update_test.go TestControlledHistories.
 */
import { describe, expect, it } from 'vitest'
import type { ControllerRevision, DaemonSet, PodTemplateSpec, StatefulSet } from '../../src/api/types.gen.ts'
import { daemonSetController } from '../../src/controllers/daemonset/controller.ts'
import { revisionData } from '../../src/controllers/history/controller-revision.ts'
import { statefulSetController } from '../../src/controllers/statefulset/controller.ts'
import { PlanWorld } from '../support/plan-world.ts'

const REVISIONS = 'controllerrevisions.apps'

const template = (image: string, metadata: object = {}): PodTemplateSpec =>
  ({ metadata: { labels: { app: 'web' }, ...metadata }, spec: { containers: [{ name: 'main', image }] } }) as PodTemplateSpec

interface Given {
  readonly name: string
  readonly number: number
  readonly template: PodTemplateSpec
  readonly owner?: 'ours' | 'other' | 'nobody'
  readonly labels?: Record<string, string>
  readonly namespace?: string
  readonly created?: string
  readonly going?: boolean
}

const KINDS = [
  { kind: 'StatefulSet', resource: 'statefulsets.apps', controller: statefulSetController() },
  { kind: 'DaemonSet', resource: 'daemonsets.apps', controller: daemonSetController() },
] as const

class History extends PlanWorld {
  readonly #kind: (typeof KINDS)[number]

  constructor(kind: (typeof KINDS)[number], image: string | PodTemplateSpec, spec: object = {}, status: object = {}) {
    super()
    this.#kind = kind
    this.put(kind.resource, {
      apiVersion: 'apps/v1',
      kind: kind.kind,
      metadata: { name: 'web', namespace: 'default', uid: 'ours', generation: 1, annotations: { note: 'why' } },
      spec: {
        replicas: 0,
        revisionHistoryLimit: 10,
        updateStrategy: { type: 'OnDelete' },
        selector: { matchLabels: { app: 'web' } },
        template: typeof image === 'string' ? template(image) : image,
        ...spec,
      },
      status,
    })
  }

  with(...revisions: readonly Given[]): this {
    for (const { name, number, template: of, owner = 'ours', labels = {}, namespace = 'default', created, going } of revisions) {
      const reference = { apiVersion: 'apps/v1', kind: this.#kind.kind, name: owner, uid: owner, controller: true }
      this.put(REVISIONS, {
        metadata: {
          name,
          namespace,
          labels: { app: 'web', 'controller-revision-hash': name, ...labels },
          ...(owner !== 'nobody' && { ownerReferences: [reference] }),
          ...(created && { creationTimestamp: created }),
          ...(going && { deletionTimestamp: '2026-01-01T00:00:00Z' }),
        },
        data: revisionData(of),
        revision: number,
      })
    }
    return this
  }

  sync(times = 1): void {
    for (let i = 0; i < times; i++) this.reconcile(this.#kind.controller as never, 'default/web')
  }

  get set(): StatefulSet | DaemonSet {
    return this.get(this.#kind.resource, 'web')!
  }

  get revisions(): ControllerRevision[] {
    return this.list<ControllerRevision>(REVISIONS)
  }

  revision(name: string): ControllerRevision | undefined {
    return this.get<ControllerRevision>(REVISIONS, name)
  }

  /** As `name number`, the lowest first; one that was made as `new`. */
  get numbered(): string[] {
    return this.revisions
      .filter(({ metadata }) => metadata.ownerReferences?.some(({ uid }) => uid === 'ours'))
      .sort((a, b) => a.revision - b.revision)
      .map(({ metadata, revision }) => `${/^r\d/.test(metadata.name) ? metadata.name : 'new'} ${revision}`)
  }
}

describe.each(KINDS)('$kind', (kind) => {
  const r1: Given = { name: 'r1', number: 1, template: template('v1') }
  const r2: Given = { name: 'r2', number: 2, template: template('v2') }
  const r3: Given = { name: 'r3', number: 3, template: template('v3') }

  it.each<{ name: string; image: string; given: Given[]; expect: string[] }>([
    { name: 'makes the first', image: 'v1', given: [], expect: ['new 1'] },
    { name: 'makes another for a new template', image: 'v2', given: [r1], expect: ['r1 1', 'new 2'] },
    { name: 'finds the one it has', image: 'v1', given: [r1], expect: ['r1 1'] },
    { name: 'finds the latest it has', image: 'v2', given: [r1, r2], expect: ['r1 1', 'r2 2'] },
    { name: 'numbers an earlier one anew', image: 'v2', given: [r1, r2, r3], expect: ['r1 1', 'r3 3', 'r2 4'] },
    { name: 'numbers the first anew', image: 'v1', given: [r1, r2, r3], expect: ['r2 2', 'r3 3', 'r1 4'] },
    { name: 'goes on after a gap', image: 'v2', given: [{ ...r1, number: 7 }], expect: ['r1 7', 'new 8'] },
    { name: 'passes over those of others', image: 'v1', given: [{ ...r1, owner: 'other' }], expect: ['new 1'] },
    {
      name: 'passes over those of others with higher numbers',
      image: 'v2',
      given: [r1, { ...r3, owner: 'other' }],
      expect: ['r1 1', 'new 2'],
    },
    { name: 'takes in an orphan', image: 'v1', given: [{ ...r1, owner: 'nobody' }], expect: ['r1 1'] },
    { name: 'takes in orphans beside its own', image: 'v1', given: [r1, { ...r2, owner: 'nobody' }], expect: ['r2 2', 'r1 3'] },
    {
      name: 'leaves orphans with other labels',
      image: 'v1',
      given: [{ ...r1, owner: 'nobody', labels: { app: 'db' } }],
      expect: ['new 1'],
    },
    { name: 'leaves orphans that go', image: 'v1', given: [{ ...r1, owner: 'nobody', going: true }], expect: ['new 1'] },
    { name: 'leaves orphans of other namespaces', image: 'v1', given: [{ ...r1, owner: 'nobody', namespace: 'prod' }], expect: ['new 1'] },
    {
      name: 'leaves its namesake in other namespaces',
      image: 'v2',
      given: [{ ...r1, owner: 'other', namespace: 'prod' }],
      expect: ['new 1'],
    },
  ])('$name', ({ image, given, expect: expected }) => {
    const history = new History(kind, image).with(...given)
    history.sync(2)
    expect(history.numbered).toEqual(expected)
    const { length } = history.log
    history.sync()
    expect(history.log).toHaveLength(length)
  })

  it('puts the labels of the template and the annotations of the set on it', () => {
    const history = new History(kind, 'v1')
    history.sync()
    const [made] = history.revisions
    expect(made).toMatchObject({
      metadata: {
        labels: { app: 'web' },
        annotations: { note: 'why' },
        ownerReferences: [{ apiVersion: 'apps/v1', kind: kind.kind, name: 'web', uid: 'ours', controller: true, blockOwnerDeletion: true }],
      },
      data: revisionData(template('v1')) as never,
      revision: 1,
    })
    expect(made!.metadata.name).toMatch(/^web-[456789bcdf]+$/)
  })

  it('takes another name when another template has it, and no more when that is its own', () => {
    const first = new History(kind, 'v1')
    first.sync()
    const { name } = first.revisions[0]!.metadata
    const history = new History(kind, 'v1').with({ name, number: 1, template: template('x'), owner: 'other' })
    history.sync(3)
    expect(history.set.status).toMatchObject({ collisionCount: 1 })
    expect(history.revisions).toHaveLength(2)
  })

  it('counts on after several collisions', () => {
    const names: string[] = []
    const history = new History(kind, 'v1')
    for (let i = 0; i < 3; i++) {
      const probe = new History(kind, 'v1', {}, i === 0 ? {} : { collisionCount: i })
      probe.sync()
      names.push(probe.revisions[0]!.metadata.name)
    }
    expect(new Set(names).size).toBe(3)
    history.with(...names.slice(0, 2).map((name): Given => ({ name, number: 1, template: template('x'), owner: 'other' })))
    history.sync(4)
    expect(history.set.status).toMatchObject({ collisionCount: 2 })
    expect(history.revision(names[2]!)).toBeDefined()
  })

  it('lets the server say that the name was taken meanwhile', () => {
    const history = new History(kind, 'v1')
    history.refuses = (action) => (action.verb === 'create' && action.resource === REVISIONS ? 'API server failed' : undefined)
    history.sync()
    expect(history.revisions).toEqual([])
    history.refuses = () => undefined
    history.sync(2)
    expect(history.numbered).toEqual(['new 1'])
  })

  it('tries again when a revision could not be numbered', () => {
    const history = new History(kind, 'v1').with(r1, r2)
    history.refuses = (action) => (action.verb === 'patch' ? 'API server failed' : undefined)
    history.sync()
    expect(history.numbered).toEqual(['r1 1', 'r2 2'])
    history.refuses = () => undefined
    history.sync(2)
    expect(history.numbered).toEqual(['r2 2', 'r1 3'])
  })

  it.each([
    { limit: 0, expect: ['r6 6'] },
    { limit: 1, expect: ['r5 5', 'r6 6'] },
    { limit: 2, expect: ['r4 4', 'r5 5', 'r6 6'] },
    { limit: 10, expect: ['r1 1', 'r2 2', 'r3 3', 'r4 4', 'r5 5', 'r6 6'] },
  ])('keeps $limit besides the one in use', ({ limit, expect: expected }) => {
    const all = Array.from({ length: 6 }, (_, i): Given => ({ name: `r${i + 1}`, number: i + 1, template: template(`v${i + 1}`) }))
    const history = new History(kind, 'v6', { revisionHistoryLimit: limit }).with(...all)
    history.sync(2)
    expect(history.numbered).toEqual(expected)
  })

  it('deletes by uid', () => {
    const history = new History(kind, 'v2', { revisionHistoryLimit: 0 }).with(r1, r2)
    const { uid } = history.revision('r1')!.metadata
    const deletes: unknown[] = []
    history.refuses = (action) => {
      if (action.verb === 'delete') deletes.push(action.preconditions)
      return undefined
    }
    history.sync()
    expect(deletes).toEqual([{ uid }])
  })

  // A revision that was written before 1.34 says so of its template's creationTimestamp.
  describe('of 1.33 and of 1.34', () => {
    const of133: Given = { name: 'r1', number: 1, template: template('v1', { creationTimestamp: null }) }
    const of134: Given = { name: 'r2', number: 2, template: template('v1') }
    it.each([
      { name: 'set and revision of 1.33', image: template('v1', { creationTimestamp: null }), given: [of133], expect: ['r1 1'] },
      { name: 'set of 1.34, revision of 1.33', image: template('v1'), given: [of133], expect: ['r1 1'] },
      { name: 'set and revision of 1.34', image: template('v1'), given: [of134], expect: ['r2 2'] },
    ])('$name', ({ image, given, expect: expected }) => {
      const history = new History(kind, image).with(...given)
      history.sync(2)
      expect(history.numbered).toEqual(expected)
    })
  })
})

it('a StatefulSet with revisions of 1.33 and of 1.34 goes on with the later one', () => {
  const of133: Given = { name: 'r1', number: 1, template: template('v1', { creationTimestamp: null }) }
  const history = new History(KINDS[0], 'v1').with(of133, { name: 'r2', number: 2, template: template('v1') })
  history.sync(2)
  expect(history.set.status).toMatchObject({ updateRevision: 'r2', currentRevision: 'r2' })
})

it('a StatefulSet leaves revisions alone whose labels no longer match; a DaemonSet lets them go', () => {
  const other: Given = { name: 'r1', number: 1, template: template('v1'), labels: { app: 'db' } }
  const [stateful, daemon] = KINDS.map((kind) => {
    const history = new History(kind, 'v2').with(other)
    history.sync()
    return history.revision('r1')!.metadata.ownerReferences
  })
  expect(stateful).toMatchObject([{ uid: 'ours' }])
  expect(daemon).toBeUndefined()
})

it('a DaemonSet labels revisions that have no hash with their names', () => {
  const history = new History(KINDS[1], 'v1').with({ name: 'r1', number: 1, template: template('v1') })
  history.change<ControllerRevision>(REVISIONS, 'r1', ({ metadata }) => delete metadata.labels!['controller-revision-hash'])
  history.sync()
  expect(history.revision('r1')!.metadata.labels).toMatchObject({ 'controller-revision-hash': 'r1' })
})
