import { expect, it, test } from 'vitest'
import type { ConfigMap, Event, Namespace } from '../../src/api/types.gen.ts'
import { reconcileEvent } from '../../src/controllers/eventttl/controller.ts'
import { reconcileRootCa } from '../../src/controllers/root-ca-certificate-publisher/controller.ts'
import { reconcileServiceAccount } from '../../src/controllers/serviceaccount/controller.ts'
import { createCluster } from '../../src/index.ts'
import { context, NOW } from '../support/replica-objects.ts'

const active = { metadata: { name: 'ns' }, status: { phase: 'Active' } } as Namespace
const going = { metadata: { name: 'ns', deletionTimestamp: '2026-03-01T12:00:00Z' }, status: { phase: 'Terminating' } } as Namespace

test.each([
  { name: 'made where there is none', given: { namespace: active, exists: false }, expect: 1 },
  { name: 'left where there is one', given: { namespace: active, exists: true }, expect: 0 },
  { name: 'not made in what goes', given: { namespace: going, exists: false }, expect: 0 },
])('the default ServiceAccount is $name', ({ given, expect: count }) => {
  expect(reconcileServiceAccount(given).actions ?? []).toHaveLength(count)
})

const DESCRIPTION =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.'
const annotations = { 'kubernetes.io/description': DESCRIPTION }
const configMap = (data: Record<string, string>, metadata = { annotations }) =>
  ({ metadata: { name: 'kube-root-ca.crt', ...metadata }, data }) as never

test.each<{ name: string; namespace?: Namespace; given: ConfigMap | undefined; expect: unknown }>([
  {
    name: 'made',
    given: undefined,
    expect: [{ verb: 'create', object: { metadata: { namespace: 'ns', annotations }, data: { 'ca.crt': 'PEM' } } }],
  },
  { name: 'left as it is', given: configMap({ 'ca.crt': 'PEM' }), expect: undefined },
  {
    name: 'repaired',
    given: configMap({ 'ca.crt': 'x', more: 'y' }),
    expect: [{ verb: 'patch', patch: { data: { 'ca.crt': 'PEM', more: null } } }],
  },
  {
    name: 'described',
    given: configMap({ 'ca.crt': 'PEM' }, {} as never),
    expect: [{ verb: 'patch', patch: { metadata: { annotations } } }],
  },
  { name: 'not made in what goes', namespace: going, given: undefined, expect: undefined },
])('the root certificate is $name', ({ namespace = active, given, expect: expected }) => {
  const { actions } = reconcileRootCa({ namespace, configMap: given }, 'PEM')
  if (expected === undefined) expect(actions).toBeUndefined()
  else expect(actions).toMatchObject(expected as never)
})

it('gives every namespace both, and gives them back', async () => {
  const cluster = await createCluster({ clock: 'virtual', nodes: 0 })
  const account = { resource: 'serviceaccounts', namespace: 'team', name: 'default' }
  const certificate = { resource: 'configmaps', namespace: 'team', name: 'kube-root-ca.crt' }
  await cluster.client.create('namespaces', { metadata: { name: 'team' } })
  await cluster.settle()
  const first = await cluster.client.get(account)
  const { data } = await cluster.client.get<ConfigMap>(certificate)
  await cluster.client.delete(account, {})
  await cluster.client.patch(certificate, { data: { 'ca.crt': 'broken', other: 'x' }, metadata: { labels: { mine: 'yes' } } })
  await cluster.settle()
  expect((await cluster.client.get(account)).metadata.uid).not.toBe(first.metadata.uid)
  expect(await cluster.client.get<ConfigMap>(certificate)).toMatchObject({ data, metadata: { labels: { mine: 'yes' } } })
  await cluster.client.delete(certificate, {})
  await cluster.settle()
  expect((await cluster.client.get<ConfigMap>(certificate)).data).toEqual(data)
  await cluster.close()
})

const minutesAgo = (minutes: number) => new Date(NOW - minutes * 60_000).toISOString()
test.each<{ name: string; given: Partial<Event>; left: number | undefined }>([
  { name: 'an hour after it was made', given: {}, left: undefined },
  { name: 'an hour after it was last seen', given: { lastTimestamp: minutesAgo(20) }, left: 40 },
  {
    name: 'an hour after the last of its series',
    given: { eventTime: minutesAgo(50), series: { count: 2, lastObservedTime: minutesAgo(30) } },
    left: 30,
  },
])('an event goes $name', ({ given, left }) => {
  const metadata = { name: 'e', namespace: 'ns', uid: 'u', resourceVersion: '1', creationTimestamp: minutesAgo(60) }
  const plan = reconcileEvent({ metadata, ...given } as Event, context())
  expect(plan.requeueAfterMs).toBe(left === undefined ? undefined : left * 60_000)
  expect(plan.actions ?? []).toHaveLength(left === undefined ? 1 : 0)
})

it('keeps events for an hour', async () => {
  const cluster = await createCluster({ clock: 'virtual', nodes: 1 })
  await cluster.advance(59 * 60_000)
  expect((await cluster.client.list('events')).items).not.toEqual([])
  await cluster.advance(2 * 60_000)
  expect((await cluster.client.list<Event>('events')).items.filter(({ reason }) => reason === 'Starting')).toEqual([])
  await cluster.close()
})
