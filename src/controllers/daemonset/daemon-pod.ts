/** The pods of a DaemonSet: one a node, bound to it by the scheduler. */

import { parseTimestamp } from '../../api/meta/time.ts'
import type { KubeObject, New } from '../../api/object.ts'
import type { Affinity, DaemonSet, NodeSelectorTerm, Pod } from '../../api/types.gen.ts'
import type { CreateAction, DeleteAction, ReconcileContext } from '../../runtime/plan.ts'
import { REVISION_LABEL } from '../history/controller-revision.ts'
import { podFromTemplate } from '../pods/pod-from-template.ts'
import { daemonTolerations } from './node-fit.ts'

export const PODS = 'pods'

const GENERATION_LABEL = 'pod-template-generation'
const GENERATION_ANNOTATION = 'deprecated.daemonset.template.generation'

/** @param hash of the revision whose template the set has */
export function createDaemonPod(set: DaemonSet, nodeName: string, hash: string, context: Pick<ReconcileContext, 'newName'>): CreateAction {
  const pod = podFromTemplate(set.spec.template, set, 'apps/v1', 'DaemonSet', context)
  const generation = templateGeneration(set)
  const labels = {
    ...pod.metadata.labels,
    ...(generation !== undefined && { [GENERATION_LABEL]: generation }),
    [REVISION_LABEL]: hash,
  }
  const spec = { ...pod.spec, tolerations: daemonTolerations(pod.spec), affinity: affinityTo(nodeName, pod.spec.affinity) }
  return {
    verb: 'create',
    resource: PODS,
    object: { ...pod, metadata: { ...pod.metadata, labels }, spec } as New<KubeObject>,
    event: { type: 'Normal', reason: 'SuccessfulCreate', message: `Created pod: ${pod.metadata.name}` },
    failureEvent: { type: 'Warning', reason: 'FailedCreate', message: 'Error creating: ' },
  }
}

export function deleteDaemonPod({ metadata: { namespace, name, uid } }: Pod): DeleteAction {
  return {
    verb: 'delete',
    target: { resource: PODS, namespace, name },
    preconditions: { uid },
    event: { type: 'Normal', reason: 'SuccessfulDelete', message: `Deleted pod: ${name}` },
    failureEvent: { type: 'Warning', reason: 'FailedDelete', message: 'Error deleting: ' },
  }
}

/**
 * The template's required node affinity chose the nodes; on the pod its terms give way to the one node it is for.
 * Upstream: ReplaceDaemonSetPodNodeNameNodeAffinity.
 */
function affinityTo(nodeName: string, affinity: Affinity | undefined): Affinity {
  const nodeSelectorTerms: NodeSelectorTerm[] = [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [nodeName] }] }]
  return {
    ...affinity,
    nodeAffinity: { ...affinity?.nodeAffinity, requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } },
  }
}

/** The node a pod is on or for; undefined when it doesn't say. Upstream: GetTargetNodeName. */
export function targetNode({ spec }: Pod): string | undefined {
  if (spec.nodeName) return spec.nodeName
  const terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []
  const field = terms.flatMap((term) => term.matchFields ?? []).find(({ key, operator }) => key === 'metadata.name' && operator === 'In')
  return field?.values?.length === 1 ? field.values[0] : undefined
}

/**
 * Is the pod made from the set's template as it is? By the hash, so that after a rollback an older pod is right again; or by
 * the number of the template, which is what was compared before there were revisions. Upstream: IsPodUpdated.
 */
export function isUpdated(set: DaemonSet, pod: Pod, hash: string): boolean {
  const { labels } = pod.metadata
  const generation = templateGeneration(set)
  return (hash !== '' && labels?.[REVISION_LABEL] === hash) || (generation !== undefined && labels?.[GENERATION_LABEL] === generation)
}

/** How often the template was changed, and once more; undefined when the set doesn't say. Upstream: GetTemplateGeneration. */
function templateGeneration({ metadata }: DaemonSet): string | undefined {
  const text = metadata.annotations?.[GENERATION_ANNOTATION]
  return text !== undefined && /^[+-]?\d+$/.test(text) ? String(Number(text)) : undefined
}

/** Bound pods first, then the oldest. Upstream: podByCreationTimestampAndPhase. */
export function oldestFirst(a: Pod, b: Pod): number {
  return (
    Number(!a.spec.nodeName) - Number(!b.spec.nodeName) ||
    parseTimestamp(a.metadata.creationTimestamp) - parseTimestamp(b.metadata.creationTimestamp) ||
    (a.metadata.name < b.metadata.name ? -1 : 1)
  )
}

/** Pods by the node they are on or for; those that name none are nobody's. */
export function podsByNode(pods: readonly Pod[]): Map<string, Pod[]> {
  const byNode = new Map<string, Pod[]>()
  for (const pod of pods) {
    const node = targetNode(pod)
    if (node === undefined) continue
    const there = byNode.get(node)
    if (there === undefined) byNode.set(node, [pod])
    else there.push(pod)
  }
  return byNode
}
