/** What a client knows that watches everything: each object as it last was, and every change as it comes. */
import { controllerOf } from '../../src/api/meta/owner-references.ts'
import type { GroupResource, KubeObject } from '../../src/api/object.ts'
import type { Cluster } from '../../src/index.ts'

export interface MirroredChange {
  readonly resource: GroupResource
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly object: KubeObject
  readonly old: KubeObject | undefined
}

export class Mirror {
  readonly #objects = new Map<GroupResource, Map<string, KubeObject>>()

  /** @param onChange called after the mirror has taken the change in */
  static async of(cluster: Cluster, resources: readonly GroupResource[], onChange: (change: MirroredChange) => void): Promise<Mirror> {
    const mirror = new Mirror()
    for (const resource of resources) {
      const { items, resourceVersion } = await cluster.client.list(resource)
      const objects = new Map(items.map((object) => [keyOf(object), object]))
      mirror.#objects.set(resource, objects)
      cluster.client.watch(resource, resourceVersion, {
        onEvents: (events) => {
          for (const { type, object } of events) {
            const old = objects.get(keyOf(object))
            if (type === 'DELETED') objects.delete(keyOf(object))
            else objects.set(keyOf(object), object)
            onChange({ resource, type, object, old })
          }
        },
        onEnd: (error) => {
          if (error !== undefined) throw error
        },
      })
    }
    return mirror
  }

  all<T extends KubeObject>(resource: GroupResource): T[] {
    return [...this.#objects.get(resource)!.values()] as T[]
  }

  /** @param namespace '' for what has none */
  find<T extends KubeObject>(resource: GroupResource, name: string, namespace = 'default'): T | undefined {
    return this.#objects.get(resource)!.get(`${namespace}/${name}`) as T | undefined
  }

  controlledBy<T extends KubeObject>(resource: GroupResource, { metadata }: KubeObject): T[] {
    return this.all<T>(resource).filter((object) => controllerOf(object)?.uid === metadata.uid)
  }
}

function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`
}
