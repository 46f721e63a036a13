import type { GroupResource, KubeObject } from '../api/object.ts'
import type { ClusterView } from './admission.ts'

/** The class that is the default one; of several, the newest, then the first by name. Upstream: storage/util GetDefaultClass. */
export function defaultClass<T extends KubeObject>(
  cluster: ClusterView,
  resource: GroupResource,
  isDefault: (found: T) => boolean,
): T | undefined {
  let chosen: T | undefined
  // They come by name.
  for (const found of cluster.list<T>(resource)) {
    if (isDefault(found) && (chosen === undefined || found.metadata.creationTimestamp > chosen.metadata.creationTimestamp)) chosen = found
  }
  return chosen
}
