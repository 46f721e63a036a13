import { expect, it } from 'vitest'
import type { Pod } from '../../src/api/types.gen.ts'
import { readConfig } from '../../src/config.ts'
import { behaviourAnnotations } from '../../src/nodes/behaviour-annotations.ts'
import { changesBehaviour, parseBehaviour, withInheritedBehaviour } from '../../src/nodes/inherited-behaviour.ts'

const podWith = (annotations?: Record<string, string>) =>
  ({ metadata: { name: 'app', ...(annotations && { annotations }) }, spec: { containers: [{ name: 'main' }] } }) as Pod
const saying = (annotations?: Record<string, string>) => ({ metadata: { ...(annotations && { annotations }) } })

/** How long the container `main` takes to start, in milliseconds. */
it.each([
  { name: 'nobody says', expected: 0 },
  { name: 'the cluster says', cluster: '1s', expected: 1000 },
  { name: 'the node, over the cluster', node: { 'coracle.dev/start-delay': '2s' }, cluster: '1s', expected: 2000 },
  {
    name: 'the namespace, over the node',
    namespace: { 'coracle.dev/start-delay': '3s' },
    node: { 'coracle.dev/start-delay': '2s' },
    expected: 3000,
  },
  {
    name: 'the pod, over its namespace',
    pod: { 'coracle.dev/start-delay': '4s' },
    namespace: { 'coracle.dev/start-delay': '3s' },
    expected: 4000,
  },
  {
    name: "the container's own key, over the pod",
    pod: { 'coracle.dev/start-delay': '4s', 'start-delay.coracle.dev/main': '5s' },
    expected: 5000,
  },
  {
    name: 'the pod, over what the node says of the container',
    pod: { 'coracle.dev/start-delay': '4s' },
    node: { 'start-delay.coracle.dev/main': '2s' },
    expected: 4000,
  },
  {
    name: 'the node of the container, over the node of all',
    node: { 'start-delay.coracle.dev/main': '2s', 'coracle.dev/start-delay': '9s' },
    expected: 2000,
  },
  { name: 'the node of another container', node: { 'start-delay.coracle.dev/other': '2s' }, cluster: '1s', expected: 1000 },
  { name: 'the pod, that there is none', pod: { 'coracle.dev/start-delay': '0' }, cluster: '1s', expected: 0 },
  { name: 'something that cannot be read counts as absent', pod: { 'coracle.dev/start-delay': 'soon' }, cluster: '1s', expected: 0 },
])('$name', ({ pod, namespace, node, cluster, expected }) => {
  const behaving = withInheritedBehaviour(podWith(pod), {
    namespace: namespace && saying(namespace),
    node: node && saying(node),
    cluster: cluster === undefined ? undefined : { 'start-delay': cluster },
  })
  expect(behaviourAnnotations(behaving, 'main').startDelayMs).toBe(expected)
})

it('a pod that inherits nothing stays the same object', () => {
  const pod = podWith({ 'coracle.dev/run-for': '1s' })
  const node = saying({ 'coracle.dev/state': 'failed', 'coracle.dev/usage-cpu': '1', 'coracle.dev/run-for': '9s', other: 'x' })
  expect(withInheritedBehaviour(pod, { namespace: saying(), node, cluster: undefined })).toBe(pod)
})

it.each([
  { before: undefined, after: undefined, expected: false },
  { before: { a: '1' }, after: { a: '2' }, expected: false },
  { before: { 'coracle.dev/state': 'failed' }, after: {}, expected: false },
  { before: {}, after: { 'coracle.dev/exit-code': '1' }, expected: true },
  { before: { 'exit-code.coracle.dev/main': '1' }, after: undefined, expected: true },
  { before: { 'coracle.dev/log': 'a' }, after: { 'coracle.dev/log': 'b' }, expected: true },
])('changesBehaviour: from $before to $after: $expected', ({ before, after, expected }) => {
  expect(changesBehaviour(before as Record<string, string>, after as Record<string, string>)).toBe(expected)
})

it.each([
  { items: ['start-delay=2s', 'run-for=forever'], expected: { 'start-delay': '2s', 'run-for': 'forever' } },
  { items: ['exit-code=1,1, 0'], expected: { 'exit-code': '1,1, 0' } },
  { items: ['fail-readiness=30s-1m,2m'], expected: { 'fail-readiness': '30s-1m,2m' } },
  { items: ['log=a=b'], expected: { log: 'a=b' } },
  { items: ['ready-delay=1m', 'boot-delay=0', 'heartbeat=30s'], expected: { 'ready-delay': '1m', 'boot-delay': '0', heartbeat: '30s' } },
  { items: ['start-delay=soon'], expected: '"soon" is no value of start-delay' },
  { items: ['heartbeat=0'], expected: '"0" is no value of heartbeat' },
  { items: ['fail-readiness=1m-30s'], expected: '"1m-30s" is no value of fail-readiness' },
  { items: ['fail-image-pull'], expected: '"" is no value of fail-image-pull' },
  { items: ['colour=red'], expected: /^"colour" is none of the keys boot-delay, exit-code, / },
])('parseBehaviour: $items', ({ items, expected }) => {
  if (typeof expected === 'string' || expected instanceof RegExp) expect(() => parseBehaviour(items)).toThrow(expected)
  else expect(parseBehaviour(items)).toEqual(expected)
})

it('flags and environment', () => {
  const behaviour = (args: string[], environment = {}) => {
    const config = readConfig(args, environment)
    return typeof config === 'string' ? config : config.behaviour
  }
  expect(behaviour([])).toEqual({})
  expect(behaviour(['--behaviour', 'start-delay=2s', '--behaviour', 'exit-code=1'])).toEqual({ 'start-delay': '2s', 'exit-code': '1' })
  expect(behaviour([], { CORACLE_BEHAVIOUR: 'start-delay=2s; boot-delay=1m' })).toEqual({ 'start-delay': '2s', 'boot-delay': '1m' })
  expect(() => behaviour(['--behaviour', 'start-delay=x'])).toThrow('--behaviour start-delay=x: "x" is no value of start-delay.')
})
