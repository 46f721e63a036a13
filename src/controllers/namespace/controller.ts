/** Namespaces: what is in one goes before it does. */
import type { GroupResource, KubeObject } from '../../api/object.ts'
import type { Namespace } from '../../api/types.gen.ts'
import type { ControllerDefinition, Key, Reader } from '../../runtime/controller.ts'
import { type ContentResource, contentResources, type NamespacedDefinition } from './content.ts'
import { keepGrace } from './pod-patience.ts'
import { type ObservedNamespace, reconcileNamespace } from './reconcile.ts'

const NAMESPACES = 'namespaces'

/** @param definitions every resource served */
export function namespaceController(definitions: readonly NamespacedDefinition[]): ControllerDefinition<ObservedNamespace> {
  const resources = contentResources(definitions)
  const watchesDigests: Record<GroupResource, NonNullable<ControllerDefinition['watchesDigests']>[string]> = {}
  for (const { groupResource } of resources) {
    watchesDigests[groupResource] = { keysOf: terminatingNamespace, ...(groupResource === 'pods' && { keep: keepGrace }) }
  }
  return {
    name: 'namespace',
    reconciles: NAMESPACES,
    watches: {},
    watchesDigests,
    observe: (reader, key) => observe(reader, key, resources),
    reconcile: reconcileNamespace,
  }
}

/** Of the many changes in a cluster only those in namespaces on their way out matter. */
function terminatingNamespace(current: KubeObject | undefined, old: KubeObject | undefined, reader: Reader): readonly Key[] {
  const { namespace = '' } = (current ?? old)!.metadata
  return reader.get(NAMESPACES, '', namespace)?.metadata.deletionTimestamp === undefined ? [] : [namespace]
}

function observe(reader: Reader, name: Key, resources: readonly ContentResource[]): ObservedNamespace | undefined {
  const namespace = reader.get<Namespace>(NAMESPACES, '', name)
  if (namespace?.metadata.deletionTimestamp === undefined) return undefined
  const content = resources.map((resource) => ({ resource, objects: reader.list(resource.groupResource, name) }))
  return { namespace, content: content.filter(({ objects }) => objects.length > 0) }
}
