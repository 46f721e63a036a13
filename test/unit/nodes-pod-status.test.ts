import { describe, expect, it } from 'vitest'
import type { Container, Pod, PodSpec, ResourceRequirements } from '../../src/api/types.gen.ts'
import { baseStatus, podResourceStatus } from '../../src/nodes/pod-status.ts'

const container = (requests?: Record<string, string>, limits?: Record<string, string>): Container => ({
  name: 'c',
  resources: { ...(requests && { requests }), ...(limits && { limits }) },
})
const podOf = (spec: Partial<PodSpec>, more: object = {}): Pod =>
  ({ metadata: { name: 'p', generation: 3 }, spec: { containers: [], ...spec }, ...more }) as never

describe('podResourceStatus', () => {
  const SMALL = { cpu: '100m', memory: '1Gi' }
  const LARGE = { cpu: '200m', memory: '2Gi' }
  it.each<[string, Partial<PodSpec>, string, Record<string, string> | undefined, ResourceRequirements]>([
    ['nothing is asked for', { containers: [container()] }, 'Running', undefined, {}],
    ['containers ask', { containers: [container(SMALL), container(SMALL)] }, 'Running', LARGE, { requests: LARGE }],
    ['only for cpu', { containers: [container({ cpu: '100m' })] }, 'Running', { cpu: '100m' }, { requests: { cpu: '100m' } }],
    [
      'all are limited',
      { containers: [container(SMALL, SMALL), container(SMALL, SMALL)] },
      'Running',
      LARGE,
      { requests: LARGE, limits: LARGE },
    ],
    ['some are limited', { containers: [container(SMALL, LARGE), container()] }, 'Running', SMALL, { requests: SMALL }],
    [
      'all are limited in one',
      { containers: [container(SMALL, LARGE), container(undefined, { cpu: '1' })] },
      'Running',
      SMALL,
      { requests: SMALL, limits: { cpu: '1200m' } },
    ],
    [
      'some are limited, before they run',
      { containers: [container(SMALL, LARGE), container()] },
      'Pending',
      SMALL,
      { requests: SMALL, limits: LARGE },
    ],
    [
      'disk is no matter of the control group',
      { containers: [container({ ...SMALL, 'ephemeral-storage': '1Gi' })] },
      'Running',
      { ...SMALL, 'ephemeral-storage': '1Gi' },
      { requests: SMALL },
    ],
    [
      'the pod asks itself',
      { resources: { requests: LARGE, limits: LARGE }, containers: [container()] },
      'Running',
      LARGE,
      { requests: LARGE, limits: LARGE },
    ],
    [
      'an init container asks for more',
      { initContainers: [container(LARGE)], containers: [container(SMALL)] },
      'Running',
      LARGE,
      { requests: LARGE },
    ],
  ])('%s', (_, spec, phase, allocatedResources, resources) => {
    expect(podResourceStatus(podOf(spec), phase)).toEqual({ ...(allocatedResources && { allocatedResources }), resources })
  })
})

describe('baseStatus', () => {
  it('has a status for each container: by name, but for init containers', () => {
    const named = (...names: string[]) => names.map((name) => ({ name, image: 'x' }))
    const pod = podOf({ initContainers: named('z', 'y'), containers: named('b', 'a'), ephemeralContainers: named('e', 'd') })
    const status = baseStatus(pod, [{ ip: '10.0.0.2' }], 0)
    const names = [status.initContainerStatuses, status.containerStatuses, status.ephemeralContainerStatuses].map((each) =>
      each!.map(({ name }) => name),
    )
    expect(names).toEqual([
      ['z', 'y'],
      ['a', 'b'],
      ['d', 'e'],
    ])
    expect(status).toMatchObject({
      observedGeneration: 3,
      hostIP: '10.0.0.2',
      hostIPs: [{ ip: '10.0.0.2' }],
      qosClass: 'BestEffort',
      startTime: '1970-01-01T00:00:00Z',
    })
    expect(status.containerStatuses![0]!.state).toEqual({ waiting: { reason: 'PodInitializing' } })
  })

  it('keeps what was, and the time at which it began', () => {
    const own = { name: 'c', image: 'x', imageID: 'y', ready: true, restartCount: 4, containerID: 'z', state: { running: {} } }
    const pod = podOf(
      { containers: [{ name: 'c', image: 'new' }] },
      { status: { startTime: '2026-01-01T00:00:00Z', phase: 'Running', containerStatuses: [own] } },
    )
    expect(baseStatus(pod, [{ ip: '10.0.0.2' }], 0)).toMatchObject({
      startTime: '2026-01-01T00:00:00Z',
      phase: 'Running',
      containerStatuses: [own],
    })
  })
})
