/**
 * What a node's kubelet does about a static pod and its mirror, the copy in the API by which it can be seen.
 * Upstream: kubelet.go tryReconcileMirrorPods, pod/mirror_client.go, pod_workers.go allowStaticPodStart.
 */
import { MIRROR_POD_ANNOTATION } from '../../api/core/v1/pod-annotations.ts'
import type { New } from '../../api/object.ts'
import type { Node, Pod } from '../../api/types.gen.ts'
import type { Action, Plan } from '../../runtime/plan.ts'
import { whyKubeletIsIdle } from '../node-state.ts'
import { endingsOf, stopEvent } from '../pod-termination.ts'
import { HASH_ANNOTATION } from './manifest.ts'

export interface ObservedStaticPod {
  /** What the manifest says now; undefined when there is none. */
  readonly pod: Pod | undefined
  /** Under its name in the API. */
  readonly mirror: Pod | undefined
  /** The node of either. */
  readonly node: Node | undefined
  /** When the mirror's containers were told to stop for good, in milliseconds since the epoch. */
  readonly stoppingSince: number | undefined
  /** When the mirror's deletion was first seen, in milliseconds since the epoch; undefined when it wasn't yet. */
  readonly deletedSince?: number | undefined
}

export function isMirror({ metadata }: Pod): boolean {
  return metadata.annotations?.[MIRROR_POD_ANNOTATION] !== undefined
}

/** Does the mirror show what the manifest says? */
export function isMirrorOf(mirror: Pod, pod: Pod): boolean {
  return mirror.metadata.annotations?.[MIRROR_POD_ANNOTATION] === pod.metadata.annotations?.[HASH_ANNOTATION]
}

/** @param teardownMs how long a mirror that is deleted stays at least, as any pod */
export function reconcileStaticPod(observed: ObservedStaticPod, now: number, teardownMs = 0): Plan {
  const { pod, mirror, node, stoppingSince, deletedSince = now } = observed
  // Without a Node, or with one that is going, no mirror is made, and others collect those there are.
  if (node === undefined) return {}
  const idle = whyKubeletIsIdle(node)
  if (idle !== undefined) return { waitingOn: idle }
  const isNodeGoing = node.metadata.deletionTimestamp !== undefined
  const creation: Action[] = pod === undefined || isNodeGoing ? [] : [{ verb: 'create', resource: 'pods', object: newMirror(pod, node) }]
  if (mirror === undefined) return { actions: creation }
  // A pod of that name which is none of ours: the name is taken.
  if (!isMirror(mirror)) return pod === undefined ? {} : { waitingOn: `pod ${mirror.metadata.name}, which isn't static, to go` }
  if (pod !== undefined && isMirrorOf(mirror, pod)) {
    // Who deletes the mirror deletes what is seen. The containers run on.
    if (mirror.metadata.deletionTimestamp === undefined) return {}
    const staysForMs = deletedSince + teardownMs - now
    if (staysForMs > 0) return { requeueAfterMs: staysForMs, waitingOn: 'its teardown by the node' }
    return { actions: [deletion(mirror), ...creation] }
  }
  // The next pod of the name starts when the last one's containers have ended.
  const since = stoppingSince ?? now
  const endings = endingsOf(mirror, undefined, mirror.status ?? {}, {
    since,
    graceSeconds: mirror.spec.terminationGracePeriodSeconds ?? 30,
  })
  const endsAt = Math.max(since, ...endings.map(({ at }) => at))
  const events = stoppingSince === undefined ? endings.map(({ container }) => stopEvent(mirror, container)) : []
  if (endsAt <= now) return { actions: [deletion(mirror), ...creation], events: events.map((event) => ({ ...event, about: mirror })) }
  return {
    events: events.map((event) => ({ ...event, about: mirror })),
    requeueAfterMs: endsAt - now,
    waitingOn: `the containers of ${mirror.metadata.name} to stop`,
  }
}

function deletion({ metadata: { name, namespace, uid } }: Pod): Action {
  return { verb: 'delete', target: { resource: 'pods', namespace, name }, preconditions: { uid }, gracePeriodSeconds: 0 }
}

function newMirror({ metadata, spec }: Pod, node: Node): New<Pod> {
  const { name, namespace, labels, annotations } = metadata
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace,
      ...(labels === undefined ? {} : { labels }),
      annotations: { ...annotations, [MIRROR_POD_ANNOTATION]: annotations?.[HASH_ANNOTATION] ?? '' },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: node.metadata.name, uid: node.metadata.uid, controller: true }],
    },
    spec,
  }
}
