/**
 * Leads objects of one kind through their Stages. As kwok's it keeps in memory which stage an object waits for, and chooses
 * again whenever the object changes.
 */
import { ApiError } from '../../api/meta/api-error.ts'
import type { KubeObject } from '../../api/object.ts'
import type { Schemas } from '../../api/schema.ts'
import type { Stage } from '../../api/types.gen.ts'
import type { Random } from '../../lib/random.ts'
import type { Key } from '../../runtime/controller.ts'
import type { Plan, PlannedEvent } from '../../runtime/plan.ts'
import { type CompiledStage, chooseStage, compileStage, StageFault } from './stage.ts'
import { planStage, type StagedKind } from './stage-plan.ts'
import { genericFunctions, type TemplateFunction } from './template-functions.ts'
import { TemplateFault } from './template-syntax.ts'

/** On a Node: `ignore` keeps Stages away from it and its pods. */
export const STAGES_ANNOTATION = 'coracle.dev/stages'

/** A stage that is due again at once, and changes nothing, isn't played more often. */
const SHORTEST_ROUND_MS = 1000

export interface StageTools {
  readonly schemas: Schemas
  readonly random: Random
  readonly version: string
}

interface Waiting {
  readonly object: KubeObject
  readonly stages: readonly Stage[]
  readonly stage: CompiledStage | undefined
  readonly dueAt: number
  readonly isPlayed: boolean
}

export class StagePlayer {
  readonly #kind: StagedKind
  readonly #tools: StageTools
  readonly #waiting = new Map<Key, Waiting>()
  readonly #compiled = new WeakMap<Stage, CompiledStage | StageFault | undefined>()

  constructor(kind: StagedKind, tools: StageTools) {
    this.#kind = kind
    this.#tools = tools
  }

  forget(key: Key): void {
    this.#waiting.delete(key)
  }

  /** @param stages those of the kind. @param functions what templates may ask about the object */
  play(key: Key, object: KubeObject, stages: readonly Stage[], functions: Readonly<Record<string, TemplateFunction>>, now: number): Plan {
    const faults: PlannedEvent[] = []
    let waiting = this.#waiting.get(key)
    if (waiting === undefined || !isSame(waiting.object, object) || !isSameList(waiting.stages, stages)) {
      waiting = this.#choose(object, stages, now, faults)
      this.#waiting.set(key, waiting)
    }
    const { stage, dueAt, isPlayed } = waiting
    if (stage === undefined) return { events: faults, waitingOn: 'no Stage matches it' }
    if (isPlayed) return { waitingOn: `Stage ${stage.name} has been played` }
    if (dueAt > now) return { events: faults, requeueAfterMs: dueAt - now, waitingOn: `Stage ${stage.name}` }
    if (stage.isImmediate) this.#waiting.delete(key)
    else this.#waiting.set(key, { ...waiting, isPlayed: true })
    try {
      const generic = genericFunctions(now, this.#tools.version)
      const plan = planStage(stage, object, this.#kind, this.#tools.schemas, { ...generic, ...functions })
      return {
        ...plan,
        events: [...faults, ...(plan.events ?? [])],
        ...(stage.isImmediate ? { requeueAfterMs: SHORTEST_ROUND_MS } : {}),
      }
    } catch (error) {
      if (!(error instanceof StageFault || error instanceof TemplateFault || error instanceof ApiError || isYamlFault(error))) throw error
      this.#waiting.set(key, { ...waiting, isPlayed: true })
      return { events: [faultOf(stage.name, error as Error)], waitingOn: `Stage ${stage.name}: ${(error as Error).message}` }
    }
  }

  #choose(object: KubeObject, stages: readonly Stage[], now: number, faults: PlannedEvent[]): Waiting {
    const { random } = this.#tools
    const usable: CompiledStage[] = []
    for (const stage of stages) {
      const compiled = this.#compile(stage)
      if (compiled instanceof StageFault) faults.push(faultOf(stage.metadata.name, compiled))
      else if (compiled !== undefined) usable.push(compiled)
    }
    const stage = chooseStage(usable, object, random.next())
    const dueAt = stage === undefined ? now : now + stage.delayMsOf(object, now, random.next())
    return { object, stages, stage, dueAt, isPlayed: false }
  }

  #compile(stage: Stage): CompiledStage | StageFault | undefined {
    if (!this.#compiled.has(stage)) {
      let compiled: CompiledStage | StageFault | undefined
      try {
        compiled = compileStage(stage)
      } catch (error) {
        if (!(error instanceof StageFault)) throw error
        compiled = error
      }
      this.#compiled.set(stage, compiled)
    }
    return this.#compiled.get(stage)
  }
}

function isSame({ metadata: a }: KubeObject, { metadata: b }: KubeObject): boolean {
  return a.uid === b.uid && a.resourceVersion === b.resourceVersion
}

function isSameList(a: readonly Stage[], b: readonly Stage[]): boolean {
  return a.length === b.length && a.every((stage, index) => isSame(stage, b[index]!))
}

function isYamlFault(error: unknown): boolean {
  return error instanceof Error && error.name === 'YAMLParseError'
}

function faultOf(stage: string, { message }: Error): PlannedEvent {
  return { type: 'Warning', reason: 'StageFailed', message: `Stage ${stage}: ${message}`, source: { component: 'kwok' } }
}
