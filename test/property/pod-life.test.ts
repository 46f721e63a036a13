/**
 * What becomes of a pod doesn't depend on how often it is looked at, nor on what its kubelet remembers: a server that is killed at
 * any moment carries on.
 */
import fc from 'fast-check'
import { describe, it } from 'vitest'
import { timestamp } from '../../src/api/meta/time.ts'
import type { Container, ContainerRestartRule, ObjectMeta, Pod } from '../../src/api/types.gen.ts'
import { deepEqual } from '../../src/lib/deep-equal.ts'
import { SimulatedRuntime } from '../../src/nodes/container-behaviour.ts'
import { advancePod, isFinished } from '../../src/nodes/pod-lifecycle.ts'

const START = Date.parse('2026-01-01T00:00:00Z')
const LASTS_MS = 150_000
/** The same pods each time. With a hundred times as many, and any seed, it held when this was written. */
const RUNS = { numRuns: 300, seed: 1 }
const runtime = new SimulatedRuntime()

const seconds = fc.integer({ min: 0, max: 9 })
const command = fc.oneof(
  fc.tuple(seconds, fc.constantFrom(0, 1, 42)).map(([time, code]) => ['sh', '-c', `sleep ${time}; exit ${code}`]),
  fc.constant<string[]>(['sleep', 'infinity']),
)
const rules = fc.constantFrom<ContainerRestartRule[] | undefined>(
  undefined,
  [{ action: 'Restart', exitCodes: { operator: 'In', values: [42] } }],
  [{ action: 'RestartAllContainers', exitCodes: { operator: 'In', values: [42] } }],
)
const policy = fc.constantFrom('Always', 'OnFailure', 'Never')
const hook = fc.option(
  fc.oneof(
    seconds.map((time) => ({ sleep: { seconds: time + 1 } })),
    seconds.map((time) => ({ exec: { command: ['sh', '-c', `sleep ${time}; false`] } })),
  ),
  { nil: undefined, freq: 3 },
)
const probe = fc.option(
  fc.record({ httpGet: fc.constant({ path: '/', port: 80 }), periodSeconds: fc.constant(3), initialDelaySeconds: seconds }),
  { nil: undefined, freq: 3 },
)

const containerArbitrary = (role: 'main' | 'init' | 'sidecar') =>
  fc
    .record({
      command,
      rules,
      policy,
      own: fc.boolean(),
      postStart: hook,
      preStop: hook,
      startup: probe,
      readiness: probe,
      liveness: probe,
    })
    .map(
      ({ command, rules, policy, own, postStart, preStop, startup, readiness, liveness }): Partial<Container> => ({
        image: 'x',
        command,
        ...(role === 'sidecar' && { restartPolicy: 'Always' }),
        ...(role !== 'sidecar' && (own || rules) && { restartPolicy: role === 'init' && policy === 'Always' ? 'OnFailure' : policy }),
        ...(role !== 'sidecar' && rules && { restartPolicyRules: rules }),
        ...(role !== 'init' && (postStart || preStop) && { lifecycle: { ...(postStart && { postStart }), ...(preStop && { preStop }) } }),
        ...(role !== 'init' && startup && { startupProbe: startup }),
        ...(role !== 'init' && readiness && { readinessProbe: readiness }),
        ...(role !== 'init' && liveness && { livenessProbe: liveness }),
      }),
    )

const podArbitrary = fc
  .record({
    init: fc.array(fc.oneof(containerArbitrary('init'), containerArbitrary('sidecar')), { maxLength: 3 }),
    main: fc.array(containerArbitrary('main'), { minLength: 1, maxLength: 2 }),
    restartPolicy: policy,
    deadline: fc.option(fc.integer({ min: 1, max: 60 }), { nil: undefined, freq: 3 }),
    stopDelay: fc.constantFrom('0', '3', '1h'),
    failLiveness: fc.constantFrom('false', '10s-30s', 'true'),
  })
  .map(({ init, main, restartPolicy, deadline, stopDelay, failLiveness }): Pod => {
    const named = (kind: string, containers: Partial<Container>[]) => containers.map((each, at) => ({ name: `${kind}${at}`, ...each }))
    return {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'p',
        namespace: 'default',
        uid: 'u',
        generation: 1,
        creationTimestamp: timestamp(START),
        annotations: { 'coracle.dev/stop-delay': stopDelay, 'coracle.dev/fail-liveness': failLiveness },
      } as unknown as ObjectMeta,
      spec: {
        restartPolicy,
        terminationGracePeriodSeconds: 10,
        nodeName: 'n',
        ...(init.length > 0 && { initContainers: named('init', init) }),
        containers: named('main', main),
        ...(deadline !== undefined && { activeDeadlineSeconds: deadline }),
      },
    } as Pod
  })

interface Life {
  readonly pod: Pod
  /** Reason and object of each event, in order. */
  readonly events: readonly string[]
}

/** @param extra when it is looked at besides, in milliseconds after the start */
function live(given: Pod, deletedAfterMs: number | undefined, extra: readonly number[], remembers: boolean): Life {
  let pod = given
  let looks = 0
  const events: string[] = []
  let lookedAt: number | undefined
  const due = [...extra.map((ms) => START + ms), ...(deletedAfterMs === undefined ? [] : [START + deletedAfterMs]), START + LASTS_MS].sort(
    (a, b) => a - b,
  )
  for (let now = START; ; ) {
    if (deletedAfterMs !== undefined && now >= START + deletedAfterMs && pod.metadata.deletionTimestamp === undefined) {
      const deletionTimestamp = timestamp(START + deletedAfterMs + 10_000)
      pod = { ...pod, metadata: { ...pod.metadata, deletionTimestamp, deletionGracePeriodSeconds: 10 } }
    }
    const isStopping =
      remembers && pod.metadata.deletionTimestamp !== undefined && lookedAt !== undefined && lookedAt >= START + deletedAfterMs!
    const step = advancePod({
      pod,
      hostIP: '10.0.0.2',
      podIP: '10.244.0.2',
      runtime,
      now,
      lookedAt: remembers ? lookedAt : undefined,
      isStopping,
    })
    looks++
    for (const { reason, fieldPath, message } of step.events) events.push(`${reason} ${fieldPath ?? ''} ${message}`)
    lookedAt = now
    pod = { ...pod, status: step.status }
    while (due[0] !== undefined && due[0] <= now) due.shift()
    const next = Math.min(
      step.wakeAt === undefined ? Number.POSITIVE_INFINITY : Math.max(step.wakeAt, now + 1),
      due[0] ?? Number.POSITIVE_INFINITY,
    )
    if (next === Number.POSITIVE_INFINITY || isFinished(pod.status) || next > START + LASTS_MS) return { pod, events }
    if (looks > 5000) throw new Error('it never comes to rest')
    now = next
  }
}

describe('the life of a pod', () => {
  const wholeSeconds = fc.integer({ min: 1, max: LASTS_MS / 1000 }).map((time) => time * 1000)
  const deletion = fc.option(wholeSeconds, { nil: undefined })

  it('is the same however often it is looked at, and by whom', () => {
    fc.assert(
      fc.property(
        podArbitrary,
        deletion,
        fc.array(wholeSeconds, { maxLength: 8 }),
        fc.boolean(),
        (pod, deletedAfterMs, extra, remembers) => {
          const undisturbed = live(pod, deletedAfterMs, [], true)
          const disturbed = live(pod, deletedAfterMs, extra, remembers)
          if (deepEqual(undisturbed.pod.status, disturbed.pod.status)) return
          throw new Error(`${JSON.stringify(undisturbed.pod.status, null, 1)}\nis not\n${JSON.stringify(disturbed.pod.status, null, 1)}`)
        },
      ),
      RUNS,
    )
  })

  it('is told of the same however often it is looked at', () => {
    fc.assert(
      fc.property(podArbitrary, deletion, fc.array(wholeSeconds, { maxLength: 8 }), (pod, deletedAfterMs, extra) => {
        const undisturbed = live(pod, deletedAfterMs, [], true)
        const disturbed = live(pod, deletedAfterMs, extra, true)
        if (deepEqual(undisturbed.events, disturbed.events)) return
        throw new Error(`${undisturbed.events.join('\n')}\nis not\n${disturbed.events.join('\n')}`)
      }),
      RUNS,
    )
  })
})
