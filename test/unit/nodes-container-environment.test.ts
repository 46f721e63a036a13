import { expect, it } from 'vitest'
import type { Container, Pod } from '../../src/api/types.gen.ts'
import { SimulatedRuntime } from '../../src/nodes/container-behaviour.ts'
import { environmentOf } from '../../src/nodes/container-environment.ts'

const pod = {
  metadata: {
    name: 'work-3-x',
    namespace: 'ns',
    uid: 'u',
    labels: { 'batch.kubernetes.io/job-completion-index': '3' },
    annotations: { "it's": 'here' },
  },
  spec: { containers: [], nodeName: 'node-1', serviceAccountName: 'default' },
  status: { podIP: '10.0.0.1', podIPs: [{ ip: '10.0.0.1' }, { ip: 'fd00::1' }], hostIP: '192.168.0.1', hostIPs: [{ ip: '192.168.0.1' }] },
} as unknown as Pod

const field = (fieldPath: string) => ({ valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath } } })

it.each<{ given: object; value: string | undefined }>([
  { given: { value: 'plain' }, value: 'plain' },
  { given: { value: '' }, value: '' },
  { given: { value: '$(BEFORE)/$(AFTER)/$$(BEFORE)' }, value: 'b/$(AFTER)/$(BEFORE)' },
  { given: field('metadata.name'), value: 'work-3-x' },
  { given: field('metadata.namespace'), value: 'ns' },
  { given: field('metadata.uid'), value: 'u' },
  { given: field("metadata.labels['batch.kubernetes.io/job-completion-index']"), value: '3' },
  { given: field("metadata.labels['other']"), value: '' },
  { given: field("metadata.annotations['it's']"), value: 'here' },
  { given: field('spec.nodeName'), value: 'node-1' },
  { given: field('spec.serviceAccountName'), value: 'default' },
  { given: field('status.podIP'), value: '10.0.0.1' },
  { given: field('status.podIPs'), value: '10.0.0.1,fd00::1' },
  { given: field('status.hostIP'), value: '192.168.0.1' },
  { given: field('status.hostIPs'), value: '192.168.0.1' },
  { given: { valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }, value: undefined },
])('$given is $value', ({ given, value }) => {
  const env = [
    { name: 'BEFORE', value: 'b' },
    { name: 'X', ...given },
    { name: 'AFTER', value: 'a' },
  ]
  const environment = environmentOf(pod, { name: 'c', env } as Container)
  expect(environment.X).toBe(value)
  expect(environment.AFTER).toBe('a')
})

it('decides what a script does', () => {
  const container = {
    name: 'c',
    command: ['sh', '-c', 'if [ $((INDEX % 2)) = 1 ]; then exit 42; fi; sleep 5'],
    env: [{ name: 'INDEX', ...field("metadata.labels['batch.kubernetes.io/job-completion-index']") }],
  } as Container
  const attempt = { restartCount: 0, startedAt: 0 }
  expect(new SimulatedRuntime().outcome(pod, container, attempt)).toMatchObject({ exitCode: 42, runsForMs: 0 })
  const even = { ...pod, metadata: { ...pod.metadata, labels: { 'batch.kubernetes.io/job-completion-index': '4' } } }
  expect(new SimulatedRuntime().outcome(even, container, attempt)).toMatchObject({ exitCode: 0, runsForMs: 5000 })
})
