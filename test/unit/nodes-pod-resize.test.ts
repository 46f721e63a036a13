import { describe, expect, it } from 'vitest'
import type { Pod } from '../../src/api/types.gen.ts'
import { asAllocated, whyResizeIsInfeasible, withResizeCondition } from '../../src/nodes/pod-resize.ts'

const amounts = (cpu: string) => ({ requests: { cpu, memory: '1Gi' } })
const resized = (wants: string, has: string): Pod =>
  ({
    metadata: { name: 'p', generation: 2 },
    spec: { containers: [{ name: 'c', resources: amounts(wants) }] },
    status: { containerStatuses: [{ name: 'c', state: { running: {} }, resources: amounts(has) }] },
  }) as never

describe('a resize that the node could never bear, as when the node has shrunk since', () => {
  const why = whyResizeIsInfeasible(resized('4', '1'), { cpu: '2', memory: '4Gi' })
  it('is infeasible', () => expect(why).toBe("Node didn't have enough capacity: cpu, requested: 4, capacity: 2"))
  it('leaves containers what they have', () => expect(asAllocated(resized('4', '1')).spec.containers[0]!.resources).toEqual(amounts('1')))
  it('is told in a condition, until it is taken back', () => {
    const told = withResizeCondition([], resized('4', '1'), why, 0)
    expect(told).toMatchObject([{ type: 'PodResizePending', status: 'True', reason: 'Infeasible', message: why }])
    expect(withResizeCondition(told, resized('1', '1'), undefined, 0)).toEqual([])
  })
})

describe('a resize is feasible', () => {
  it.each<[string, Pod, Record<string, string> | undefined]>([
    ['where there is room', resized('2', '1'), { cpu: '2', memory: '4Gi' }],
    ['where the node has not said what it has', resized('9', '1'), undefined],
    ['where there is none', resized('9', '9'), { cpu: '2' }],
  ])('%s', (_name, pod, allocatable) => expect(whyResizeIsInfeasible(pod, allocatable)).toBeUndefined())
})
