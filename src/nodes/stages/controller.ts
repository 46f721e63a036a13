/** The controller of Stages for Nodes. Those for Pods are the kubelet's, whose pods they lead in its place. */
import type { Node, Stage } from '../../api/types.gen.ts'
import type { ControllerDefinition, KeysOf, Reader } from '../../runtime/controller.ts'
import { internalIP } from '../node-state.ts'
import { STAGES_ANNOTATION, StagePlayer, type StageTools } from './stage-player.ts'

export const STAGES = 'stages.kwok.x-k8s.io'
const KUBELET_PORT = 10250

/** By name, so that equal chances choose equally. */
export function stagesFor(kind: string, reader: Reader): readonly Stage[] {
  const stages = reader.list<Stage>(STAGES).filter((stage) => isFor(kind, stage))
  return stages.sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
}

/** A Stage of the kind concerns them all. */
export function keysOfStaged(kind: string, all: (reader: Reader) => readonly string[]): KeysOf {
  return (current, old, reader) => ([current, old].some((stage) => stage !== undefined && isFor(kind, stage as Stage)) ? all(reader) : [])
}

function isFor(kind: string, { spec }: Stage): boolean {
  return spec.resourceRef.kind === kind && (spec.resourceRef.apiGroup ?? 'v1') === 'v1'
}

export function isStaged(node: Node): boolean {
  return node.metadata.annotations?.[STAGES_ANNOTATION] !== 'ignore'
}

interface StagedNode {
  readonly node: Node
  readonly stages: readonly Stage[]
}

export function nodeStagesController(tools: StageTools): ControllerDefinition<StagedNode> {
  const player = new StagePlayer({ resource: 'nodes', schema: 'io.k8s.api.core.v1.Node' }, tools)
  return {
    name: 'node-stages',
    partOf: 'kubelet',
    component: 'kwok',
    reconciles: 'nodes',
    watches: { [STAGES]: keysOfStaged('Node', (reader) => reader.list<Node>('nodes').map(({ metadata }) => metadata.name)) },
    observe(reader, key) {
      const stages = stagesFor('Node', reader)
      const node = stages.length === 0 ? undefined : reader.get<Node>('nodes', '', key)
      if (node === undefined) player.forget(key)
      return node === undefined || !isStaged(node) ? undefined : { node, stages }
    },
    reconcile: ({ node, stages }, { now }) => {
      const functions = {
        NodeIP: () => internalIP(node) ?? '',
        NodeIPs: () => [internalIP(node)].filter((ip) => ip !== undefined),
        NodeName: () => node.metadata.name,
        NodePort: () => KUBELET_PORT,
      }
      return player.play(node.metadata.name, node, stages, functions, now)
    },
  }
}
