/**
 * What was last known of static pods whose mirrors went: their containers run on, and the next mirror shows them as they are.
 * Kept in memory, as by a kubelet.
 */
import { MIRROR_POD_ANNOTATION } from '../../api/core/v1/pod-annotations.ts'
import type { Pod, PodStatus } from '../../api/types.gen.ts'
import type { Key } from '../../runtime/controller.ts'

export class MirrorStatuses {
  readonly #statuses = new Map<Key, { readonly hash: string | undefined; readonly status: PodStatus }>()

  /** A mirror went that its kubelet didn't stop. */
  remember(key: Key, { metadata, status }: Pod): void {
    if (status !== undefined) this.#statuses.set(key, { hash: metadata.annotations?.[MIRROR_POD_ANNOTATION], status })
  }

  /** The pod's containers were stopped. */
  forget(key: Key): void {
    this.#statuses.delete(key)
  }

  /** The pod, with what is known of it if it is a mirror that hasn't been reported on. */
  withStatus(key: Key, pod: Pod): Pod {
    const known = this.#statuses.get(key)
    if (known === undefined) return pod
    if (pod.status?.startTime !== undefined || known.hash !== pod.metadata.annotations?.[MIRROR_POD_ANNOTATION]) {
      this.#statuses.delete(key)
      return pod
    }
    return { ...pod, status: known.status }
  }
}
