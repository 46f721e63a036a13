/**
 * Stages for other kinds than Pods and Nodes, which the kubelets play themselves. A kind is watched for as long as there is a Stage for
 * it, by a controller of its own.
 */
import type { GroupResource, KubeObject } from '../../api/object.ts'
import type { Stage } from '../../api/types.gen.ts'
import type { ControllerDefinition, Key } from '../../runtime/controller.ts'
import { keyOf, splitKey } from '../../runtime/owner-keys.ts'
import type { PlannedEvent } from '../../runtime/plan.ts'
import { stageFailed } from './stage-plan.ts'
import { StagePlayer, type StageTools } from './stage-player.ts'
import { keysOfStaged, kindOf, NODE, POD, STAGES, type StagedKind, stagesFor } from './stages-of-kind.ts'

export interface StagedKindsTools extends StageTools {
  /** undefined when no such kind is served that could be watched. */
  resourceOf(kind: StagedKind): GroupResource | undefined
  /** Runs a controller until it is stopped. */
  run(definition: ControllerDefinition): { stop(): void }
}

const KINDS_KEY: Key = 'kinds'
const textOf = ({ apiVersion, kind }: StagedKind) => `${apiVersion}/${kind}`

export class StagedKinds {
  readonly #tools: StagedKindsTools
  readonly #running = new Map<string, { stop(): void }>()
  /** Stages for kinds that aren't served, by uid: told of once. */
  #told: ReadonlySet<string> = new Set()

  constructor(tools: StagedKindsTools) {
    this.#tools = tools
  }

  /** Sees to it that the kinds of these Stages are led by them, and no others. What can't be is told. */
  follow(stages: readonly Stage[]): PlannedEvent[] {
    const wanted = new Set<string>()
    const told = new Set<string>()
    const faults: PlannedEvent[] = []
    for (const stage of stages) {
      const kind = kindOf(stage)
      const text = textOf(kind)
      if (text === textOf(POD) || text === textOf(NODE)) continue
      const resource = this.#tools.resourceOf(kind)
      if (resource === undefined) {
        told.add(stage.metadata.uid)
        const message = `no matches for kind ${JSON.stringify(kind.kind)} in version ${JSON.stringify(kind.apiVersion)}`
        if (!this.#told.has(stage.metadata.uid)) faults.push({ ...stageFailed(stage.metadata.name, message), about: stage })
        continue
      }
      wanted.add(text)
      if (!this.#running.has(text)) this.#running.set(text, this.#tools.run(stagesController(kind, resource, this.#tools)))
    }
    this.#told = told
    for (const [text, run] of this.#running) {
      if (wanted.has(text)) continue
      run.stop()
      this.#running.delete(text)
    }
    return faults
  }

  stop(): void {
    for (const run of this.#running.values()) run.stop()
    this.#running.clear()
  }
}

/** Looks for the kinds there are Stages for. */
export function stagedKindsController(kinds: StagedKinds): ControllerDefinition<readonly Stage[]> {
  return {
    name: 'staged-kinds',
    partOf: 'kubelet',
    component: 'kwok_controller',
    watches: { [STAGES]: () => [KINDS_KEY] },
    observe: (reader) => reader.list<Stage>(STAGES),
    reconcile: (stages) => ({ events: kinds.follow(stages) }),
  }
}

interface Staged {
  readonly key: Key
  readonly object: KubeObject
  readonly stages: readonly Stage[]
}

function stagesController(kind: StagedKind, resource: GroupResource, tools: StageTools): ControllerDefinition<Staged> {
  const player = new StagePlayer(resource, tools)
  return {
    name: `stages of ${resource}`,
    component: 'kwok_controller',
    reconciles: resource,
    watches: {
      [STAGES]: keysOfStaged(kind, (reader) => reader.list(resource).map(({ metadata }) => keyOf(metadata.namespace, metadata.name))),
    },
    observe(reader, key) {
      const { namespace, name } = splitKey(key)
      const object = reader.get(resource, namespace, name)
      const stages = stagesFor(kind, reader)
      if (object === undefined || stages.length === 0) player.forget(key)
      return object === undefined || stages.length === 0 ? undefined : { key, object, stages }
    },
    reconcile: ({ key, object, stages }, { now }) => player.play(key, object, stages, {}, now),
  }
}
