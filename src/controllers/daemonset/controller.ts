import { fromLabelSelector } from '../../api/meta/selectors.ts'
import type { KubeObject } from '../../api/object.ts'
import type { ControllerRevision, DaemonSet, Node, Pod } from '../../api/types.gen.ts'
import { deepEqual } from '../../lib/deep-equal.ts'
import type { ControllerDefinition, Key, Reader } from '../../runtime/controller.ts'
import { keyOf, splitKey } from '../../runtime/owner-keys.ts'
import { CONTROLLER_REVISIONS } from '../history/controller-revision.ts'
import { claimCandidates } from '../pods/claim.ts'
import { claimantKeys } from '../pods/claimant-keys.ts'
import { PODS } from './daemon-pod.ts'
import { FailedPodCounter } from './failed-pods.ts'
import { NO_FIT, nodeFitOf } from './node-fit.ts'
import { type ObservedDaemonSet, reconcileDaemonSet } from './reconcile.ts'

const DAEMON_SETS = 'daemonsets.apps'
const NODES = 'nodes'

const claimants = claimantKeys<DaemonSet>('DaemonSet', DAEMON_SETS, (set) => fromLabelSelector(set.spec.selector))

/** A new one for each cluster: it remembers the failures of pods, see failed-pods.ts. */
export function daemonSetController(): ControllerDefinition<ObservedDaemonSet> {
  const failures = new FailedPodCounter()
  return {
    name: 'daemonset',
    reconciles: DAEMON_SETS,
    watches: {
      [PODS]: claimants,
      [CONTROLLER_REVISIONS]: claimants,
      [NODES]: nodeKeys,
    },
    observe: (reader, key) => observe(reader, key, failures),
    reconcile: reconcileDaemonSet,
  }
}

function observe(reader: Reader, key: Key, failures: FailedPodCounter): ObservedDaemonSet | undefined {
  const { namespace, name } = splitKey(key)
  const set = reader.get<DaemonSet>(DAEMON_SETS, namespace, name)
  if (set === undefined) {
    failures.forget(key)
    return undefined
  }
  return {
    set,
    nodes: reader.list<Node>(NODES),
    pods: claimCandidates<Pod>(reader, PODS, set),
    revisions: claimCandidates<ControllerRevision>(reader, CONTROLLER_REVISIONS, set),
    revisionNamed: (revision) => reader.get<ControllerRevision>(CONTROLLER_REVISIONS, namespace, revision),
    earlierFailures: failures.note(key, set, reader.controlledBy<Pod>(PODS, set.metadata.uid)),
  }
}

/**
 * The sets that decide otherwise about the node than before. Heartbeats and other status changes, which are most, end at the
 * first comparison. Upstream: daemon_controller.go updateNode.
 */
function nodeKeys(current: KubeObject | undefined, old: KubeObject | undefined, reader: Reader): readonly Key[] {
  const now = current as Node | undefined
  const before = old as Node | undefined
  if (now !== undefined && before !== undefined && isSameForDaemons(now, before)) return []
  return reader
    .list<DaemonSet>(DAEMON_SETS)
    .filter((set) => {
      const fitOf = nodeFitOf(set)
      const fit = now === undefined ? NO_FIT : fitOf(now)
      const earlier = before === undefined ? NO_FIT : fitOf(before)
      return fit.shouldRun !== earlier.shouldRun || fit.shouldContinueRunning !== earlier.shouldContinueRunning
    })
    .map(({ metadata }) => keyOf(metadata.namespace, metadata.name))
}

function isSameForDaemons(a: Node, b: Node): boolean {
  return a.metadata.labels === b.metadata.labels && a.spec.taints === b.spec.taints
    ? true
    : deepEqual(a.metadata.labels ?? {}, b.metadata.labels ?? {}) && deepEqual(a.spec.taints ?? [], b.spec.taints ?? [])
}
