/** When a pod finds what it refers to depends on its tries alone, and not on how often it is looked at between them. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { timestamp } from '../../src/api/meta/time.ts'
import type { Pod } from '../../src/api/types.gen.ts'
import { SimulatedRuntime } from '../../src/nodes/container-behaviour.ts'
import { advancePod, isFinished } from '../../src/nodes/pod-lifecycle.ts'
import { objectReader } from '../support/object-reader.ts'

const START = Date.parse('2026-01-01T00:00:00Z')
const LASTS_MS = 200_000

interface Given {
  /** When each of them turns up, in milliseconds after the start. */
  readonly volumeAt: number
  readonly claimAt: number
  readonly variableAt: number
  /** When the variable's source goes again: the container may have to do without it when it is restarted. */
  readonly goneForMs: number
  readonly usesClaim: boolean
  readonly hasInit: boolean
}

function podOf({ usesClaim, hasInit }: Given): Pod {
  const volumeMounts = [{ name: 'cfg', mountPath: '/cfg' }, ...(usesClaim ? [{ name: 'data', mountPath: '/data' }] : [])]
  const env = [{ name: 'CODE', valueFrom: { configMapKeyRef: { name: 'env', key: 'code' } } }]
  const main = { name: 'main', image: 'x', command: ['sh', '-c', 'sleep 13; exit $CODE'], env, volumeMounts }
  return {
    metadata: { name: 'p', namespace: 'ns', uid: 'u', generation: 1, creationTimestamp: timestamp(START) },
    spec: {
      nodeName: 'n',
      restartPolicy: 'Always',
      containers: [main],
      ...(hasInit && { initContainers: [{ name: 'init', image: 'x', command: ['sleep', '3'], env }] }),
      volumes: [
        { name: 'cfg', configMap: { name: 'cfg' } },
        { name: 'data', persistentVolumeClaim: { claimName: 'data' } },
      ],
    },
  } as unknown as Pod
}

function objectsAt(given: Given, at: number) {
  const there = <T>(object: T, isThere: boolean): T[] => (isThere ? [object] : [])
  const hasVariable = at >= given.variableAt && !(at >= given.variableAt + 40_000 && at < given.variableAt + 40_000 + given.goneForMs)
  return {
    configmaps: [
      ...there({ metadata: { namespace: 'ns', name: 'cfg' }, data: {} }, at >= given.volumeAt),
      ...there({ metadata: { namespace: 'ns', name: 'env' }, data: { code: '7' } }, hasVariable),
    ],
    persistentvolumeclaims: there(
      { metadata: { namespace: 'ns', name: 'data', uid: 'c' }, spec: { volumeName: 'v' }, status: { phase: 'Bound' } },
      at >= given.claimAt,
    ),
    persistentvolumes: [{ metadata: { name: 'v' }, spec: { claimRef: { uid: 'c' } } }],
    nodes: [{ metadata: { name: 'n' } }],
  }
}

/** @param extra when it is looked at besides, in milliseconds after the start */
function live(given: Given, extra: readonly number[]): { pod: Pod; events: string[] } {
  let pod = podOf(given)
  let at = 0
  const objects = {
    get: (...args: Parameters<ReturnType<typeof objectReader>['get']>) => objectReader(objectsAt(given, at)).get(...args) as never,
    list: () => [],
  }
  const runtime = new SimulatedRuntime(objects)
  const events: string[] = []
  const due = [...extra, LASTS_MS].sort((a, b) => a - b)
  let lookedAt: number | undefined
  for (let looks = 0; ; looks++) {
    if (looks > 2000) throw new Error('it never comes to rest')
    const now = START + at
    const step = advancePod({ pod, hostIP: '10.0.0.2', podIP: '10.244.0.2', runtime, objects, now, lookedAt })
    for (const { reason, message } of step.events) events.push(`${at} ${reason} ${message}`)
    lookedAt = now
    pod = { ...pod, status: step.status }
    while (due[0] !== undefined && due[0] <= at) due.shift()
    const woken = step.wakeAt === undefined ? Number.POSITIVE_INFINITY : Math.max(step.wakeAt - START, at + 1)
    const next = Math.min(woken, due[0] ?? Number.POSITIVE_INFINITY)
    if (next > LASTS_MS || isFinished(pod.status)) return { pod, events }
    at = next
  }
}

it('a pod that waits for what it refers to lives the same however often it is looked at', () => {
  const time = fc.integer({ min: 0, max: 100 }).map((seconds) => seconds * 1000)
  const given = fc.record({
    volumeAt: time,
    claimAt: time,
    variableAt: time,
    goneForMs: time,
    usesClaim: fc.boolean(),
    hasInit: fc.boolean(),
  })
  fc.assert(
    fc.property(given, fc.array(fc.integer({ min: 1, max: LASTS_MS }), { maxLength: 12 }), (world, extra) => {
      const undisturbed = live(world, [])
      const disturbed = live(world, extra)
      expect(disturbed.events).toEqual(undisturbed.events)
      expect(disturbed.pod.status).toEqual(undisturbed.pod.status)
    }),
    { numRuns: 200 },
  )
})
