import type { KubeObject } from '../../src/api/object.ts'
import type { ObjectReader } from '../../src/nodes/references/sources.ts'

/** A cluster's objects, by resource. */
export function objectReader(objects: Readonly<Record<string, readonly object[]>>): ObjectReader {
  const of = (resource: string) => (objects[resource] ?? []) as readonly KubeObject[]
  return {
    get: <T extends KubeObject>(resource: string, namespace: string, name: string) =>
      of(resource).find(({ metadata }) => metadata.name === name && (metadata.namespace ?? '') === namespace) as T | undefined,
    list: <T extends KubeObject>(resource: string, namespace?: string) =>
      of(resource).filter(
        ({ metadata }) => namespace === undefined || metadata.namespace === namespace,
      ) as readonly KubeObject[] as readonly T[],
  }
}
