import { describe, expect, it } from 'vitest'
import { timestamp } from '../../src/api/meta/time.ts'
import type { Container, LifecycleHandler, Pod, Probe } from '../../src/api/types.gen.ts'
import { SimulatedRuntime } from '../../src/nodes/container-behaviour.ts'
import { endOf } from '../../src/nodes/container-end.ts'
import { postStartHook, preStopHook } from '../../src/nodes/container-hooks.ts'
import { probeOutcome } from '../../src/nodes/container-probes.ts'
import { initialStatus, startedStatus } from '../../src/nodes/container-status.ts'

const START = Date.parse('2026-01-01T00:00:00Z')
const runtime = new SimulatedRuntime()
const podOf = (container: Partial<Container>, more: { annotations?: Record<string, string>; spec?: object } = {}): Pod =>
  ({
    metadata: { name: 'p', namespace: 'd', uid: 'u', annotations: more.annotations },
    spec: { containers: [{ name: 'c', ...container }], ...more.spec },
    status: { podIP: '10.244.0.7' },
  }) as unknown as Pod

describe('a hook', () => {
  const of = 'for Container "c" in Pod "p_d(u)" failed - error:'
  const fails = { 'coracle.dev/fail-post-start': 'true', 'coracle.dev/fail-pre-stop': 'true' }
  it.each<[string, LifecycleHandler, Record<string, string> | undefined, number, string | undefined]>([
    ['a command', { exec: { command: ['sleep', '3'] } }, undefined, 3000, undefined],
    ['a command nobody knows', { exec: { command: ['/bin/setup'] } }, undefined, 0, undefined],
    [
      'a command that fails',
      { exec: { command: ['sh', '-c', 'sleep 1; echo why; exit 3'] } },
      undefined,
      1000,
      `Exec lifecycle hook ([sh -c sleep 1; echo why; exit 3]) ${of} command 'sh -c sleep 1; echo why; exit 3' exited with 3: , message: "why\\n"`,
    ],
    [
      'a command that is to fail',
      { exec: { command: ['/bin/setup', '-v'] } },
      fails,
      0,
      `Exec lifecycle hook ([/bin/setup -v]) ${of} command '/bin/setup -v' exited with 1: , message: ""`,
    ],
    ['a command without an end', { exec: { command: ['sleep', 'infinity'] } }, undefined, Number.POSITIVE_INFINITY, undefined],
    ['a sleep', { sleep: { seconds: 7 } }, undefined, 7000, undefined],
    [
      'a sleep that is to fail',
      { sleep: { seconds: 7 } },
      fails,
      7000,
      `Sleep lifecycle hook (7) ${of} container terminated before sleep hook finished`,
    ],
    ['a request', { httpGet: { path: '/x', port: 80 } }, undefined, 0, undefined],
    [
      'a request that fails',
      { httpGet: { path: '/x', port: 80 } },
      fails,
      0,
      `HTTP lifecycle hook (/x) ${of} Get "http://10.244.0.7:80/x": dial tcp 10.244.0.7:80: connect: connection refused`,
    ],
    [
      'a request of another host, safely',
      { httpGet: { path: '/x', port: 443, host: 'web', scheme: 'HTTPS' } },
      fails,
      0,
      `HTTP lifecycle hook (/x) ${of} Get "https://web:443/x": dial tcp web:443: connect: connection refused`,
    ],
  ])('%s', (_, handler, annotations, takesMs, failure) => {
    const container = { name: 'c', lifecycle: { postStart: handler, preStop: handler } }
    const pod = podOf(container, annotations && { annotations })
    expect(postStartHook(pod, container)).toEqual({ takesMs, failure })
    expect(preStopHook(pod, container)).toEqual({ takesMs, failure })
  })

  it('may be missing', () => {
    expect([postStartHook(podOf({}), { name: 'c' }), preStopHook(podOf({}), { name: 'c' })]).toEqual([undefined, undefined])
  })
})

describe('a container that fails a probe', () => {
  const httpGet = { path: '/', port: 80 }
  const probe = (more: Partial<Probe> = {}): Probe => ({ httpGet, periodSeconds: 1, failureThreshold: 1, ...more })
  const FAILS = { 'coracle.dev/fail-liveness': 'true', 'coracle.dev/fail-startup': 'true', 'coracle.dev/stop-delay': '1h' }
  it.each<[string, Partial<Container>, number | undefined, number]>([
    ['that has no time of its own', { livenessProbe: probe() }, undefined, 30],
    ['has the time of the pod', { livenessProbe: probe() }, 10, 10],
    ['has that of its liveness probe', { livenessProbe: probe({ terminationGracePeriodSeconds: 4 }) }, 10, 4],
    ['has that of its liveness probe, though it is longer', { livenessProbe: probe({ terminationGracePeriodSeconds: 40 }) }, 10, 40],
    ['has that of its startup probe', { startupProbe: probe({ terminationGracePeriodSeconds: 5 }) }, 10, 5],
    ['of startup has not that of liveness', { startupProbe: probe(), livenessProbe: probe({ terminationGracePeriodSeconds: 4 }) }, 10, 10],
    ['has two seconds at least', { livenessProbe: probe({ terminationGracePeriodSeconds: 1 }) }, 10, 2],
  ])('%s', (_, own, grace, seconds) => {
    const container: Container = { name: 'c', ...own }
    const pod = podOf(own, { annotations: FAILS, spec: grace === undefined ? {} : { terminationGracePeriodSeconds: grace } })
    const attempt = { restartCount: 0, startedAt: START }
    const probes = probeOutcome({ pod, container, runtime, ...attempt, now: START, lookedAt: START - 1 })
    const end = endOf(pod, container, 'main', attempt, runtime.outcome(pod, container, attempt), probes)
    expect([(end!.at - START) / 1000, end!.exitCode, end!.kill!.at]).toEqual([seconds, 137, START])
  })
})

describe("a container's status", () => {
  it.each<[string, object, object | undefined, object]>([
    ['as root', {}, undefined, { gid: 0, supplementalGroups: [0], uid: 0 }],
    ['as the pod says', { runAsUser: 5, runAsGroup: 7 }, undefined, { gid: 7, supplementalGroups: [7], uid: 5 }],
    ['as it says itself', { runAsUser: 5, runAsGroup: 7 }, { runAsUser: 6, runAsGroup: 8 }, { gid: 8, supplementalGroups: [8], uid: 6 }],
    [
      'with other groups',
      { fsGroup: 30, supplementalGroups: [20, 10, 30] },
      undefined,
      { gid: 0, supplementalGroups: [0, 10, 20, 30], uid: 0 },
    ],
  ])('tells as whom it runs: %s', (_, ofPod, own, linux) => {
    const container: Container = { name: 'c', image: 'x', ...(own && { securityContext: own }) }
    const pod = podOf(container, { spec: { securityContext: ofPod } })
    expect(startedStatus(pod, container, 0, undefined, START)).toMatchObject({
      user: { linux },
      state: { running: { startedAt: timestamp(START) } },
    })
  })

  it('tells of its mounts from the beginning, and how deep they are read-only', () => {
    const mount = (name: string, more: object = {}) => ({ name, mountPath: `/${name}`, ...more })
    const volumeMounts = [
      mount('a'),
      mount('b', { readOnly: true }),
      mount('c', { readOnly: true, recursiveReadOnly: 'IfPossible' }),
      mount('d', { readOnly: true, recursiveReadOnly: 'Enabled' }),
      mount('e', { readOnly: true, recursiveReadOnly: 'Disabled' }),
    ]
    expect(
      initialStatus({ name: 'c', volumeMounts }, 'ContainerCreating').volumeMounts?.map(({ recursiveReadOnly }) => recursiveReadOnly),
    ).toEqual([undefined, 'Disabled', 'Enabled', 'Enabled', 'Disabled'])
  })
})
