import type { Container, Node, Pod } from '../../api/types.gen.ts'
import { type Change, isEqual, never, type Plugin } from './plugin.ts'

const RESTART_ALL = 'RestartAllContainersOnContainerExits'

/** What a pod can only do where the kubelet says that it knows how. */
export const nodeDeclaredFeatures: Plugin = {
  name: 'NodeDeclaredFeatures',
  filter: ({ pod }, { node }) =>
    restartsAll(pod.pod) && !node!.status?.declaredFeatures?.includes(RESTART_ALL)
      ? never("node(s) didn't match Pod's required features")
      : undefined,
  hints: {
    nodes: (_pod, { current, old }: Change<Node>) =>
      current !== undefined && (old === undefined || !isEqual(old.status?.declaredFeatures, current.status?.declaredFeatures)),
  },
}

/** Upstream: nodedeclaredfeatures/features/restartallcontainers InferForScheduling; no other feature matters to scheduling. */
function restartsAll({ spec }: Pod): boolean {
  const has = (containers: readonly Container[] | undefined) =>
    containers?.some(({ restartPolicyRules }) => restartPolicyRules?.some(({ action }) => action === 'RestartAllContainers')) ?? false
  return has(spec.containers) || has(spec.initContainers)
}
