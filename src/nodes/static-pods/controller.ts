/**
 * The part of the simulated kubelets that looks after static pods: keeps a mirror in the API for each manifest of a node, and
 * none for what has no manifest. The mirror is run as any other pod of the node. Its keys are those of the mirrors, and
 * `!PATH` for a file that can't be run.
 */
import type { Node, Pod } from '../../api/types.gen.ts'
import type { ControllerDefinition, Key } from '../../runtime/controller.ts'
import { keyOf, splitKey } from '../../runtime/owner-keys.ts'
import type { Plan } from '../../runtime/plan.ts'
import { whyKubeletIsIdle } from '../node-state.ts'
import type { ManifestFolder, Problem } from './manifest-folder.ts'
import type { MirrorStatuses } from './mirror-statuses.ts'
import { isMirror, isMirrorOf, type ObservedStaticPod, reconcileStaticPod } from './reconcile.ts'

interface ObservedProblem {
  readonly problem: Problem
  readonly node: Node
}

export type Observed = { readonly key: Key } & (ObservedStaticPod | ObservedProblem)

export const problemKey = (path: string): Key => `!${path}`

/**
 * @param folder undefined when no node has manifests
 * @param teardownMs how long a mirror that is deleted stays at least
 */
export function staticPodController(
  folder: ManifestFolder | undefined,
  statuses: MirrorStatuses,
  teardownMs = 0,
): ControllerDefinition<Observed> {
  /** By key: which mirror's containers were told to stop, and when. */
  const stopping = new Map<Key, { readonly uid: string; readonly since: number }>()
  /** By key: which mirror's deletion was seen, and when. */
  const deleted = new Map<Key, { readonly uid: string; readonly since: number }>()
  return {
    name: 'static-pods',
    partOf: 'kubelet',
    component: 'kubelet',
    watches: {
      pods: (current, old, reader) => {
        const pod = (current ?? old) as Pod
        if (!isMirror(pod) && folder?.get(keyOfPod(pod)) === undefined) return []
        // Its status is the kubelet's own doing.
        const isNews = current === undefined || old === undefined || current.metadata.deletionTimestamp !== old.metadata.deletionTimestamp
        if (!isNews) return []
        const key = keyOfPod(pod)
        if (current === undefined) {
          // With its node all that ran on it is gone.
          const hasNode = reader.get<Node>('nodes', '', pod.spec.nodeName ?? '') !== undefined
          if (stopping.get(key)?.uid === pod.metadata.uid || !hasNode) statuses.forget(key)
          else statuses.remember(key, pod)
          stopping.delete(key)
          deleted.delete(key)
        }
        return [key]
      },
      nodes: (current, old, reader) => {
        const works = (node: Node | undefined) => node !== undefined && whyKubeletIsIdle(node) === undefined
        if (current === undefined || !works(current as Node)) return []
        if (works(old as Node | undefined) && old?.metadata.uid === current.metadata.uid) return []
        const { name } = current.metadata
        const mirrors = reader.indexed<Pod>('pods', 'mirrorsOfNode', name).map(keyOfPod)
        if (folder === undefined) return mirrors
        return [...new Set([...mirrors, ...folder.podsOf(name), ...folder.problemsOf(name).map(problemKey)])]
      },
    },
    indexes: { pods: { mirrorsOfNode: (pod: Pod) => (isMirror(pod) && pod.spec.nodeName ? [pod.spec.nodeName] : []) } },
    observe(reader, key) {
      if (key.startsWith('!')) {
        const problem = folder?.problem(key.slice(1))
        const node = problem && reader.get<Node>('nodes', '', problem.node)
        return problem && node && { key, problem, node }
      }
      const { namespace, name } = splitKey(key)
      const pod = folder?.get(key)
      const mirror = reader.get<Pod>('pods', namespace, name)
      const node = reader.get<Node>('nodes', '', (pod ?? mirror)?.spec.nodeName ?? '')
      const sinceIn = (times: typeof stopping) => {
        const seen = times.get(key)
        return seen !== undefined && seen.uid === mirror?.metadata.uid ? seen.since : undefined
      }
      return { key, pod, mirror, node, stoppingSince: sinceIn(stopping), deletedSince: sinceIn(deleted) }
    },
    reconcile(observed, { now }) {
      if ('problem' in observed) return problemPlan(observed)
      const { key, pod, mirror, node } = observed
      const plan = reconcileStaticPod(observed, now, teardownMs)
      if (mirror?.metadata.deletionTimestamp !== undefined && observed.deletedSince === undefined) {
        deleted.set(key, { uid: mirror.metadata.uid, since: now })
      }
      const isToStop = mirror !== undefined && isMirror(mirror) && !(pod !== undefined && isMirrorOf(mirror, pod))
      const works = node !== undefined && whyKubeletIsIdle(node) === undefined
      if (isToStop && works && stopping.get(key)?.uid !== mirror.metadata.uid) stopping.set(key, { uid: mirror.metadata.uid, since: now })
      // The manifest came back before the containers had ended: a kubelet would end them and start anew; here they run on.
      if (!isToStop) stopping.delete(key)
      return plan
    },
  }
}

/** Upstream only logs it. */
function problemPlan({ problem, node }: ObservedProblem): Plan {
  const source = { component: 'kubelet', host: problem.node }
  return { events: [{ type: 'Warning', reason: 'FailedStaticPod', message: problem.message, about: node, source }] }
}

function keyOfPod({ metadata }: Pod): Key {
  return keyOf(metadata.namespace, metadata.name)
}
