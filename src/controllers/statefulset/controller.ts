import { DEFAULT_FEATURE_GATES, type FeatureGates } from '../../api/feature-gates.ts'
import { fromLabelSelector } from '../../api/meta/selectors.ts'
import type { KubeObject } from '../../api/object.ts'
import type { ControllerRevision, PersistentVolumeClaim, Pod, StatefulSet } from '../../api/types.gen.ts'
import { deepEqual } from '../../lib/deep-equal.ts'
import type { ControllerDefinition, Key, Reader } from '../../runtime/controller.ts'
import { keyOf, splitKey } from '../../runtime/owner-keys.ts'
import { CONTROLLER_REVISIONS } from '../history/controller-revision.ts'
import { claimCandidates } from '../pods/claim.ts'
import { claimantKeys } from '../pods/claimant-keys.ts'
import { CLAIMS } from './claims.ts'
import { claimName, isMemberOf, ordinalOf, parentAndOrdinal, replicasOf, startOrdinal } from './identity.ts'
import { PODS } from './pods.ts'
import { type ObservedStatefulSet, reconcileStatefulSet } from './reconcile.ts'

const STATEFUL_SETS = 'statefulsets.apps'

const claimants = claimantKeys<StatefulSet>('StatefulSet', STATEFUL_SETS, (set) => fromLabelSelector(set.spec.selector))

export function statefulSetController(gates: FeatureGates = DEFAULT_FEATURE_GATES): ControllerDefinition<ObservedStatefulSet> {
  return {
    name: 'statefulset',
    reconciles: STATEFUL_SETS,
    watches: {
      [PODS]: claimants,
      [CONTROLLER_REVISIONS]: claimants,
      [CLAIMS]: claimKeys,
    },
    observe,
    reconcile: (observed, context) => reconcileStatefulSet(observed, context, gates),
  }
}

function observe(reader: Reader, key: Key): ObservedStatefulSet | undefined {
  const { namespace, name } = splitKey(key)
  const set = reader.get<StatefulSet>(STATEFUL_SETS, namespace, name)
  if (set === undefined) return undefined
  const pods = claimCandidates<Pod>(reader, PODS, set)
  return {
    set,
    pods,
    revisions: claimCandidates<ControllerRevision>(reader, CONTROLLER_REVISIONS, set),
    revisionNamed: (revision) => reader.get<ControllerRevision>(CONTROLLER_REVISIONS, namespace, revision),
    claims: claimsOf(
      reader,
      set,
      pods.filter((pod) => isMemberOf(set, pod)),
    ),
  }
}

/** Those of the ordinals the set is to have, and of the pods it has beyond them. */
function claimsOf(reader: Reader, set: StatefulSet, pods: readonly Pod[]): PersistentVolumeClaim[] {
  const templates = set.spec.volumeClaimTemplates ?? []
  if (templates.length === 0) return []
  const ordinals = new Set(pods.map(ordinalOf))
  for (let index = 0; index < replicasOf(set); index++) ordinals.add(startOrdinal(set) + index)
  return [...ordinals].flatMap((ordinal) =>
    templates
      .map(({ metadata }) => reader.get<PersistentVolumeClaim>(CLAIMS, set.metadata.namespace, claimName(set, metadata.name, ordinal)))
      .filter((claim) => claim !== undefined),
  )
}

/**
 * The sets for whose pods a claim is, by its name: TEMPLATE-SET-ORDINAL, where both may contain dashes. What a set decides by
 * is whether a claim is there, is going, and whose it is; not how far its binding is.
 */
function claimKeys(current: KubeObject | undefined, old: KubeObject | undefined, reader: Reader): readonly Key[] {
  const { namespace, name } = (current ?? old)!.metadata
  if (current !== undefined && old !== undefined && deepEqual(decidingParts(current), decidingParts(old))) return []
  const parts = parentAndOrdinal(name)?.parent.split('-') ?? []
  return parts
    .map((_, at) => ({ template: parts.slice(0, at).join('-'), set: parts.slice(at).join('-') }))
    .filter(({ template, set }) =>
      reader.get<StatefulSet>(STATEFUL_SETS, namespace, set)?.spec.volumeClaimTemplates?.some(({ metadata }) => metadata.name === template),
    )
    .map(({ set }) => keyOf(namespace, set))
}

function decidingParts({ metadata: { uid, deletionTimestamp, ownerReferences } }: KubeObject) {
  return { uid, deletionTimestamp, ownerReferences }
}
