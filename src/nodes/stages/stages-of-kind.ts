/** Which Stages lead which objects. */
import type { Node, Stage } from '../../api/types.gen.ts'
import type { KeysOf, Reader } from '../../runtime/controller.ts'

export const STAGES = 'stages.kwok.x-k8s.io'

/** On a Node: `ignore` keeps Stages away from it and its pods. */
export const STAGES_ANNOTATION = 'coracle.dev/stages'

export interface StagedKind {
  /** `v1`, `apps/v1` */
  readonly apiVersion: string
  readonly kind: string
}

/** By name, so that equal chances choose equally. */
export function stagesFor(kind: StagedKind, reader: Reader): readonly Stage[] {
  const stages = reader.list<Stage>(STAGES).filter((stage) => isFor(kind, stage))
  return stages.sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
}

/** A Stage of the kind concerns them all. */
export function keysOfStaged(kind: StagedKind, all: (reader: Reader) => readonly string[]): KeysOf {
  return (current, old, reader) => ([current, old].some((stage) => stage !== undefined && isFor(kind, stage as Stage)) ? all(reader) : [])
}

export function kindOf({ spec: { resourceRef } }: Stage): StagedKind {
  return { apiVersion: resourceRef.apiGroup ?? 'v1', kind: resourceRef.kind }
}

function isFor({ apiVersion, kind }: StagedKind, stage: Stage): boolean {
  const own = kindOf(stage)
  return own.kind === kind && own.apiVersion === apiVersion
}

export function isStaged(node: Node): boolean {
  return node.metadata.annotations?.[STAGES_ANNOTATION] !== 'ignore'
}

export const POD: StagedKind = { apiVersion: 'v1', kind: 'Pod' }
export const NODE: StagedKind = { apiVersion: 'v1', kind: 'Node' }
