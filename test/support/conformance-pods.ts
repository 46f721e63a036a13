/** How upstream's tests make pods and wait for them, on the virtual clock. Upstream: test/e2e/framework/pod. */
import { expect } from 'vitest'
import { findCondition, isConditionTrue } from '../../src/api/meta/conditions.ts'
import type { Json } from './api.ts'
import type { Conformance } from './conformance.ts'
import { type ResourceClient, StatusError } from './resource-client.ts'

/** As long as upstream waits for a pod to start. */
const LIMIT_SECONDS = 300

/** A pod that runs for ever. */
export function pausePod(name: string, spec: Json = {}, metadata: Json = {}): Json {
  const { container, ...rest } = spec
  return {
    metadata: { name, ...metadata },
    spec: { containers: [{ name: 'pause', image: 'registry.k8s.io/pause:3.10', ...container }], ...rest },
  }
}

/** Lets time pass, a second at a time, until it holds. Upstream: wait.PollUntilContextTimeout */
export async function eventually(e2e: Conformance, what: string, holds: () => Promise<boolean>, limit = LIMIT_SECONDS): Promise<void> {
  await e2e.cluster.settle()
  for (let passed = 0; !(await holds()); passed++) {
    if (passed === limit) throw new Error(`not within ${limit} s: ${what}`)
    await e2e.seconds(1)
  }
}

/** Upstream: WaitForPodRunningInNamespace */
export async function running(e2e: Conformance, pods: ResourceClient, name: string): Promise<Json> {
  await eventually(e2e, `${name} runs`, async () => (await pods.get(name)).status.phase === 'Running')
  return pods.get(name)
}

export async function createRunning(e2e: Conformance, pods: ResourceClient, pod: Json): Promise<Json> {
  await pods.create(pod)
  return running(e2e, pods, pod.metadata.name)
}

/** Gives the object back when it is there, else undefined. */
export function found(client: ResourceClient, name: string): Promise<Json | undefined> {
  return client.get(name).catch((error: unknown) => {
    if (error instanceof StatusError && error.status.reason === 'NotFound') return undefined
    throw error
  })
}

export async function gone(e2e: Conformance, client: ResourceClient, name: string): Promise<void> {
  await eventually(e2e, `${name} is gone`, async () => (await found(client, name)) === undefined)
}

/** Ten seconds on it still has no node, and says so. Upstream: verifyResult */
export async function expectUnschedulable(e2e: Conformance, pods: ResourceClient, name: string): Promise<void> {
  await e2e.seconds(10)
  const { spec, status } = await pods.get(name)
  expect([spec.nodeName, status.phase]).toEqual([undefined, 'Pending'])
  expect(findCondition(status.conditions, 'PodScheduled')).toMatchObject({ status: 'False', reason: 'Unschedulable' })
}

export const isReady = ({ status }: Json): boolean => isConditionTrue(status?.conditions, 'Ready')

/** Only on that node. */
export function onNode(name: string): Json {
  const matchFields = [{ key: 'metadata.name', operator: 'In', values: [name] }]
  return { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields }] } } }
}
