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

/** Of one object or of all. */
type Measure = (context: RegistryContext, namespace: string | undefined, name: string | undefined) => readonly KubeObject[]

const MEASURES: Readonly<Record<string, Measure>> = {
  'pods.metrics.k8s.io': (context, namespace, name) =>
    measuredPods(context, namespace, name).map(({ pod, usage }) => podMetricsOf(pod, usage, context.clock.now())),
  'nodes.metrics.k8s.io': (context, _namespace, name) => {
    const byNode = new Map<string | undefined, (readonly ContainerUsage[])[]>()
    for (const { pod, usage } of measuredPods(context, undefined, undefined)) {
      const usages = byNode.get(pod.spec.nodeName)
      if (usages === undefined) byNode.set(pod.spec.nodeName, [usage])
      else usages.push(usage)
    }
    return decoded<Node>(context, 'nodes', undefined, name)
      .filter(isMeasured)
      .map((node) => nodeMetricsOf(node, usageOfNode(node, byNode.get(node.metadata.name) ?? []), context.clock.now()))
  },
}

/**
 * The objects of a measured resource in order of their names, as if they were stored; undefined for one that is stored.
 * @param name of the only one to measure; all when undefined
 */
export function measuredEntries(
  context: RegistryContext,
  { groupResource }: ResourceDefinition,
  namespace: string | undefined,
  name?: string,
): Entry[] | undefined {
  const measure = MEASURES[groupResource]
  return measure?.(context, namespace, name).map((object) => {
    const key = storageKey(groupResource, object.metadata.namespace ?? '', object.metadata.name)
    return new Entry({ key, revision: context.cache.revision, bytes: encodeUnstored(object) }, object)
  })
}

interface MeasuredPod {
  readonly pod: Pod
  readonly usage: readonly ContainerUsage[]
}

function measuredPods(context: RegistryContext, namespace: string | undefined, name: string | undefined): MeasuredPod[] {
  const pods = decoded<Pod>(context, 'pods', namespace, name)
  const loads = new Loads(findOwner(context), () => (name === undefined ? pods : decoded<Pod>(context, 'pods', namespace)))
  return pods.flatMap((pod) => {
    const [node] = pod.spec.nodeName ? decoded<Node>(context, 'nodes', '', pod.spec.nodeName) : []
    const usage = usageOfPod(pod, node, loads)
    return usage === undefined ? [] : [{ pod, usage }]
  })
}

function decoded<T extends KubeObject>({ cache }: RegistryContext, resource: string, namespace?: string, name?: string): T[] {
  if (name === undefined) return cache.list(resource, namespace).map((entry) => entry.decoded<T>())
  const entry = cache.get(storageKey(resource, namespace ?? '', name))
  return entry === undefined ? [] : [entry.decoded<T>()]
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
