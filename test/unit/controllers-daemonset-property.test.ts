import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { DaemonSet, Node, Pod } from '../../src/api/types.gen.ts'
import { daemonSetController } from '../../src/controllers/daemonset/controller.ts'
import { targetNode } from '../../src/controllers/daemonset/daemon-pod.ts'
import { isPodAvailable, isPodTerminal } from '../../src/controllers/pods/pod-state.ts'
import { PlanWorld } from '../support/plan-world.ts'

const SETS = 'daemonsets.apps'
const WHAT = ['join', 'leave', 'taint', 'untaint', 'start', 'unready', 'fail', 'kill', 'finish'] as const

type Happening = { what: 'reconcile' } | { what: 'image'; image: string } | { what: (typeof WHAT)[number]; node: string }

const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Happening>({ what: 'reconcile' }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('image' as const), image: fc.constantFrom('v1', 'v2', 'v3') }) },
  { weight: 9, arbitrary: fc.record({ what: fc.constantFrom(...WHAT), node: fc.constantFrom('n1', 'n2', 'n3', 'n4') }) },
)

class Run {
  readonly world = new PlanWorld()
  readonly controller = daemonSetController()

  constructor(rollingUpdate: { maxUnavailable: number; maxSurge: number }) {
    this.world.put(SETS, {
      metadata: { name: 'logs', namespace: 'default', generation: 1 },
      spec: {
        selector: { matchLabels: { app: 'logs' } },
        revisionHistoryLimit: 2,
        updateStrategy: { type: 'RollingUpdate', rollingUpdate },
        template: { metadata: { labels: { app: 'logs' } }, spec: { containers: [{ name: 'c', image: 'v1' }] } },
      },
    })
    for (const node of ['n1', 'n2', 'n3']) this.let({ what: 'join', node })
  }

  pods(node?: string): Pod[] {
    return this.world.list<Pod>('pods').filter((pod) => node === undefined || targetNode(pod) === node)
  }

  reconcile() {
    return this.world.reconcile(this.controller, 'default/logs')
  }

  let(event: Happening): void {
    if (event.what === 'reconcile') this.reconcile()
    else if (event.what === 'image') {
      this.world.change<DaemonSet>(SETS, 'logs', ({ spec, metadata }) => {
        metadata.generation = metadata.generation! + 1
        spec.template.spec!.containers[0]!.image = event.image
      })
    } else this.#letNode(event.node, event.what)
  }

  #letNode(name: string, what: (typeof WHAT)[number]): void {
    const isThere = this.world.get<Node>('nodes', name, '') !== undefined
    if (what === 'join' && !isThere) this.world.put('nodes', { metadata: { name, namespace: '' }, spec: {} })
    if (what === 'leave') this.world.remove('nodes', name, '')
    if ((what === 'taint' || what === 'untaint') && isThere) {
      const taints = what === 'taint' ? [{ key: 'own', effect: 'NoExecute' }] : []
      this.world.change<Node>('nodes', name, ({ spec }) => (spec.taints = taints), '')
    }
    for (const { metadata, spec } of this.pods(name)) {
      if (what === 'start' && isThere) this.start(metadata.name, name)
      else if (what === 'kill') this.world.remove('pods', metadata.name)
      else if (what === 'finish' && metadata.deletionTimestamp !== undefined) this.world.remove('pods', metadata.name)
      else if (what === 'unready' && spec.nodeName) this.world.setPod(metadata.name, 'Running', false)
      else if (what === 'fail') this.world.setPod(metadata.name, 'Failed', false)
    }
  }

  start(pod: string, node: string): void {
    this.world.change<Pod>('pods', pod, ({ spec }) => (spec.nodeName = node))
    this.world.setPod(pod, 'Running')
  }

  settle(): void {
    for (let round = 0; round < 200; round++) {
      const before = this.world.get(SETS, 'logs')!.metadata.resourceVersion
      const plan = this.reconcile()
      this.world.now += plan.requeueAfterMs ?? 0
      let isChanging = plan.requeueAfterMs !== undefined
      for (const pod of this.pods()) {
        const node = targetNode(pod)!
        const isNodeGone = this.world.get('nodes', node, '') === undefined
        if (pod.metadata.deletionTimestamp !== undefined || isNodeGone) this.world.remove('pods', pod.metadata.name)
        else if (pod.status?.phase !== 'Failed' && pod.status?.conditions?.[0]?.status !== 'True') this.start(pod.metadata.name, node)
        else continue
        isChanging = true
      }
      if (!plan.actions?.length && !isChanging && this.world.get(SETS, 'logs')!.metadata.resourceVersion === before) return
    }
    throw new Error('does not settle')
  }
}

const limits = fc.constantFrom({ maxUnavailable: 1, maxSurge: 0 }, { maxUnavailable: 2, maxSurge: 0 }, { maxUnavailable: 0, maxSurge: 1 })

it('whatever happens, it ends with one right pod on each node, and plans nothing more', () => {
  fc.assert(
    fc.property(limits, fc.array(happening, { maxLength: 60 }), (rollingUpdate, happenings) => {
      const run = new Run(rollingUpdate)
      for (const event of happenings) run.let(event)
      run.settle()
      const open = run.world
        .list<Node>('nodes')
        .filter(({ spec }) => !spec.taints?.length)
        .map(({ metadata }) => metadata.name)
      const { spec, status } = run.world.get<DaemonSet>(SETS, 'logs')!
      expect(
        run
          .pods()
          .map((pod) => targetNode(pod))
          .sort(),
      ).toEqual(open.sort())
      for (const pod of run.pods()) expect(pod.spec.containers[0]!.image).toBe(spec.template.spec!.containers[0]!.image)
      expect(status).toMatchObject({ desiredNumberScheduled: open.length, numberReady: open.length, numberMisscheduled: 0 })
      expect(run.reconcile().actions).toEqual([])
    }),
    { numRuns: 150 },
  )
})

it('never has two pods on a node without surge, nor deletes more available ones than it may', () => {
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 60 }), (happenings) => {
      const run = new Run({ maxUnavailable: 1, maxSurge: 0 })
      for (const event of happenings) {
        const isOpen = (node: string) =>
          run.world.get<Node>('nodes', node, '')?.spec.taints?.length === 0 ||
          run.world.get<Node>('nodes', node, '')?.spec.taints === undefined
        const available = run
          .pods()
          .filter(
            (pod) => isPodAvailable(pod, 0, run.world.now) && pod.metadata.deletionTimestamp === undefined && isOpen(targetNode(pod)!),
          )
        run.let(event)
        // One that has ended and is going is history.
        for (const node of ['n1', 'n2', 'n3', 'n4'])
          expect(
            run.pods(node).filter((pod) => !isPodTerminal(pod) || pod.metadata.deletionTimestamp === undefined).length,
          ).toBeLessThanOrEqual(1)
        if (event.what !== 'reconcile') continue
        const lost = available.filter(
          ({ metadata, status }) =>
            status?.phase === 'Running' && run.world.get<Pod>('pods', metadata.name)?.metadata.deletionTimestamp !== undefined,
        )
        expect(lost.length).toBeLessThanOrEqual(1)
      }
    }),
    { numRuns: 150 },
  )
})
