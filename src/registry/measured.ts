/**
 * Resources that are measured, not stored: their objects are worked out when somebody asks, and can only be read.
 * A line each.
 */
import type { ResourceDefinition } from '../api/definition.ts'
import { nodeMetricsOf } from '../api/metrics/v1beta1/node-metrics.ts'
import { podMetricsOf } from '../api/metrics/v1beta1/pod-metrics.ts'
import type { KubeObject } from '../api/object.ts'
import { type FindOwner, Loads } from '../api/simulation/loads.ts'
import { type ContainerUsage, isMeasured, usageOfNode, usageOfPod } from '../api/simulation/usage.ts'
import type { Node, OwnerReference, Pod } from '../api/types.gen.ts'
import { Entry } from '../storage/entry.ts'
import { storageKey } from '../storage/storage.ts'
import type { RegistryContext } from './context.ts'
import { encodeUnstored } from './encode.ts'

type Measure = (context: RegistryContext, namespace: string | undefined) => readonly KubeObject[]

const MEASURES: Readonly<Record<string, Measure>> = {
  'pods.metrics.k8s.io': (context, namespace) =>
    measuredPods(context, namespace).map(({ pod, usage }) => podMetricsOf(pod, usage, context.clock.now())),
  'nodes.metrics.k8s.io': (context) => {
    const byNode = new Map<string | undefined, (readonly ContainerUsage[])[]>()
    for (const { pod, usage } of measuredPods(context, undefined)) {
      const usages = byNode.get(pod.spec.nodeName)
      if (usages === undefined) byNode.set(pod.spec.nodeName, [usage])
      else usages.push(usage)
    }
    return decoded<Node>(context, 'nodes')
      .filter(isMeasured)
      .map((node) => nodeMetricsOf(node, usageOfNode(node, byNode.get(node.metadata.name) ?? []), context.clock.now()))
  },
}

/** The objects of a measured resource in order of their names, as if they were stored; undefined for one that is stored. */
export function measuredEntries(
  context: RegistryContext,
  { groupResource }: ResourceDefinition,
  namespace: string | undefined,
): Entry[] | undefined {
  const measure = MEASURES[groupResource]
  return measure?.(context, namespace).map((object) => {
    const key = storageKey(groupResource, object.metadata.namespace ?? '', object.metadata.name)
    return new Entry({ key, revision: context.cache.revision, bytes: encodeUnstored(object) }, object)
  })
}

interface MeasuredPod {
  readonly pod: Pod
  readonly usage: readonly ContainerUsage[]
}

function measuredPods(context: RegistryContext, namespace: string | undefined): MeasuredPod[] {
  const pods = decoded<Pod>(context, 'pods', namespace)
  const loads = new Loads(findOwner(context), pods)
  return pods.flatMap((pod) => {
    const node = pod.spec.nodeName ? context.cache.get(storageKey('nodes', '', pod.spec.nodeName))?.decoded<Node>() : undefined
    const usage = usageOfPod(pod, node, loads)
    return usage === undefined ? [] : [{ pod, usage }]
  })
}

function decoded<T extends KubeObject>({ cache }: RegistryContext, resource: string, namespace?: string): T[] {
  return cache.list(resource, namespace).map((entry) => entry.decoded<T>())
}

function findOwner({ cache, resources }: RegistryContext): FindOwner {
  return (namespace: string, { apiVersion, kind, name, uid }: OwnerReference) => {
    const definition = resources.findKind(apiVersion, kind)
    if (definition === undefined) return undefined
    const resource = definition.conversion?.storedAs ?? definition.groupResource
    const owner = cache.get(storageKey(resource, definition.namespaced ? namespace : '', name))?.decoded()
    return owner?.metadata.uid === uid ? owner : undefined
  }
}
