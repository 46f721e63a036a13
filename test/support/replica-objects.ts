/** Builders of the objects that Deployments and ReplicaSets are tested with. */
import { timestamp } from '../../src/api/meta/time.ts'
import type { Deployment, ObjectMeta, OwnerReference, Pod, PodTemplateSpec, ReplicaSet } from '../../src/api/types.gen.ts'
import type { ReconcileContext } from '../../src/runtime/plan.ts'

export const NOW = Date.parse('2026-03-01T12:00:00Z')

export function context(overrides: Partial<ReconcileContext> = {}): ReconcileContext {
  let count = 0
  return { now: NOW, newName: (base) => `${base}${String(++count).padStart(5, '0')}`, ...overrides }
}

export function meta(name: string, overrides: Partial<ObjectMeta> = {}): ObjectMeta {
  return {
    name,
    namespace: 'default',
    uid: `uid-${name}`,
    resourceVersion: '1',
    generation: 1,
    creationTimestamp: timestamp(NOW - 3600_000),
    ...overrides,
  }
}

export function controlledBy(kind: string, name: string, apiVersion = 'apps/v1'): OwnerReference {
  return { apiVersion, kind, name, uid: `uid-${name}`, controller: true, blockOwnerDeletion: true }
}

export function template(image = 'nginx:1', labels: Record<string, string> = { app: 'web' }): PodTemplateSpec {
  return { metadata: { labels }, spec: { containers: [{ name: 'main', image }] } }
}

interface PodOptions {
  readonly metadata?: Partial<ObjectMeta>
  readonly phase?: string
  readonly node?: string
  /** Ready for so many seconds; absent when not ready. */
  readonly readyFor?: number
  readonly restarts?: number
}

export function pod(name: string, { metadata = {}, phase = 'Running', node, readyFor, restarts = 0 }: PodOptions = {}): Pod {
  const ready =
    readyFor === undefined
      ? { type: 'Ready', status: 'False' }
      : { type: 'Ready', status: 'True', lastTransitionTime: timestamp(NOW - readyFor * 1000) }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: meta(name, { labels: { app: 'web' }, ...metadata }),
    spec: { containers: [{ name: 'main', image: 'nginx:1' }], ...(node !== undefined && { nodeName: node }) },
    status: {
      phase,
      conditions: [ready],
      containerStatuses: [{ name: 'main', image: '', imageID: '', ready: readyFor !== undefined, restartCount: restarts }],
    },
  }
}

interface ReplicaSetOptions {
  readonly metadata?: Partial<ObjectMeta>
  readonly image?: string
  readonly status?: Partial<ReplicaSet['status'] & object>
  readonly minReadySeconds?: number
}

export function replicaSet(name: string, replicas: number, options: ReplicaSetOptions = {}): ReplicaSet {
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: meta(name, { labels: { app: 'web' }, ...options.metadata }),
    spec: {
      replicas,
      selector: { matchLabels: { app: 'web' } },
      template: template(options.image),
      ...(options.minReadySeconds !== undefined && { minReadySeconds: options.minReadySeconds }),
    },
    ...(options.status && { status: { replicas: 0, observedGeneration: 1, ...options.status } }),
  }
}

export function deployment(name: string, spec: Partial<Deployment['spec']> = {}, overrides: Partial<Deployment> = {}): Deployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: meta(name),
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: 'web' } },
      template: template(),
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
      ...spec,
    },
    ...overrides,
  }
}
