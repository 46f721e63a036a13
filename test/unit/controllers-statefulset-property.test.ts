import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Pod, StatefulSet } from '../../src/api/types.gen.ts'
import { statefulSetController } from '../../src/controllers/statefulset/controller.ts'
import { PlanWorld } from '../support/plan-world.ts'

const SETS = 'statefulsets.apps'

type Happening =
  | { what: 'reconcile' }
  | { what: 'scale'; replicas: number }
  | { what: 'image'; image: string }
  | { what: 'start'; ordinal: number }
  | { what: 'become ready' | 'become unready' | 'fail' | 'kill' | 'finish'; ordinal: number }

const ordinal = fc.integer({ min: 0, max: 5 })
const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Happening>({ what: 'reconcile' }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('scale' as const), replicas: ordinal }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('image' as const), image: fc.constantFrom('v1', 'v2', 'v3') }) },
  {
    weight: 6,
    arbitrary: fc.record({
      what: fc.constantFrom(
        'start' as const,
        'become ready' as const,
        'become unready' as const,
        'fail' as const,
        'kill' as const,
        'finish' as const,
      ),
      ordinal,
    }),
  },
)

class Run {
  readonly world = new PlanWorld()
  readonly #controller = statefulSetController()

  constructor(podManagementPolicy: string) {
    this.world.put(SETS, {
      metadata: { name: 'web', namespace: 'default', generation: 1 },
      spec: {
        replicas: 3,
        podManagementPolicy,
        revisionHistoryLimit: 2,
        selector: { matchLabels: { app: 'web' } },
        updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
        template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'v1' }] } },
        volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: {} }],
      },
    })
  }

  pods(): Pod[] {
    return this.world.list<Pod>('pods')
  }

  reconcile() {
    return this.world.reconcile(this.#controller, 'default/web')
  }

  let(event: Happening): void {
    if (event.what === 'reconcile') this.reconcile()
    else if (event.what === 'scale' || event.what === 'image') {
      this.world.change<StatefulSet>(SETS, 'web', ({ spec, metadata }) => {
        metadata.generation = metadata.generation! + 1
        if (event.what === 'scale') spec.replicas = event.replicas
        else spec.template.spec!.containers[0]!.image = event.image
      })
    } else this.#letPod(`web-${event.ordinal}`, event.what)
  }

  #letPod(name: string, what: string): void {
    const pod = this.world.get<Pod>('pods', name)
    if (pod === undefined) return
    if (what === 'kill') this.world.remove('pods', name)
    else if (what === 'finish') {
      if (pod.metadata.deletionTimestamp !== undefined) this.world.remove('pods', name)
    } else if (what === 'start') this.world.change<Pod>('pods', name, ({ spec }) => (spec.nodeName = 'n1'))
    else if (what === 'fail') this.world.setPod(name, 'Failed', false)
    else if (pod.spec.nodeName) this.world.setPod(name, 'Running', what === 'become ready')
  }

  /** From now on everything goes well. */
  settle(): void {
    for (let round = 0; round < 200; round++) {
      const before = this.world.get(SETS, 'web')!.metadata.resourceVersion
      const plan = this.reconcile()
      let isChanging = this.pods().some(({ metadata }) => metadata.deletionTimestamp !== undefined)
      this.world.finishDeletes()
      for (const { metadata, status } of this.pods()) {
        if (status?.phase === 'Failed' || status?.conditions?.[0]?.status === 'True') continue
        this.let({ what: 'start', ordinal: Number(metadata.name.slice(4)) })
        this.let({ what: 'become ready', ordinal: Number(metadata.name.slice(4)) })
        isChanging = true
      }
      if (!plan.actions?.length && !isChanging && this.world.get(SETS, 'web')!.metadata.resourceVersion === before) return
    }
    throw new Error('does not settle')
  }
}

it.each(['OrderedReady', 'Parallel'])('%s: whatever happens, it ends with the replicas asked for, and plans nothing more', (policy) => {
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 60 }), (happenings) => {
      const run = new Run(policy)
      for (const event of happenings) run.let(event)
      run.settle()
      const { spec, status } = run.world.get<StatefulSet>(SETS, 'web')!
      const replicas = spec.replicas!
      expect(
        run
          .pods()
          .map(({ metadata }) => metadata.name)
          .sort(),
      ).toEqual(Array.from({ length: replicas }, (_, i) => `web-${i}`))
      for (const pod of run.pods()) {
        expect(pod.spec.containers[0]!.image).toBe(spec.template.spec!.containers[0]!.image)
        expect(pod.spec.volumes).toMatchObject([{ persistentVolumeClaim: { claimName: `data-${pod.metadata.name}` } }])
      }
      expect(status).toMatchObject({ replicas, availableReplicas: replicas, currentRevision: status!.updateRevision })
      expect(run.reconcile().actions).toEqual([])
    }),
    { numRuns: 150 },
  )
})

it('OrderedReady: a pod is made only when all before it are available, and one pod at most goes at a time', () => {
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 80 }), (happenings) => {
      const run = new Run('OrderedReady')
      for (const event of happenings) {
        if (event.what !== 'reconcile') {
          run.let(event)
          continue
        }
        const before = new Map(run.pods().map((pod) => [pod.metadata.name, pod]))
        const pods = (run.reconcile().actions ?? []).filter(
          (action) =>
            (action.verb === 'create' && action.resource === 'pods') || (action.verb === 'delete' && action.target.resource === 'pods'),
        )
        expect(pods.length).toBeLessThanOrEqual(1)
        const [action] = pods
        if (action?.verb === 'create') {
          const made = Number(action.object.metadata.name!.slice(4))
          for (let i = 0; i < made; i++) {
            const { metadata, status } = before.get(`web-${i}`)!
            expect(metadata.deletionTimestamp).toBeUndefined()
            expect(status).toMatchObject({ phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] })
          }
        }
      }
    }),
    { numRuns: 150 },
  )
})
