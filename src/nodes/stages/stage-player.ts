/**
 * Leads objects of one kind through their Stages. As kwok's it keeps in memory which stage an object waits for, and chooses
 * again whenever the object changes.
 */
import type { KubeObject } from '../../api/object.ts'
import type { Stage } from '../../api/types.gen.ts'
import type { Random } from '../../lib/random.ts'
import type { Key } from '../../runtime/controller.ts'
import type { Plan, PlannedEvent } from '../../runtime/plan.ts'
import { type CompiledStage, chooseStage, compileStage, StageFault } from './stage.ts'
import { planStage, stageFailed } from './stage-plan.ts'
import { genericFunctions, type TemplateFunction } from './template-functions.ts'
import { TemplateFault } from './template-syntax.ts'

/** What kwok would go on with as fast as it can: an object isn't led through more stages in a second. */
const STAGES_A_SECOND = 30
/** What templates are told to be led by. */
const KWOK_VERSION = 'v0.8.0'

export interface StageTools {
  readonly random: Random
  /** Of the process, in milliseconds since the epoch. */
  readonly startedAt: number
}

interface Waiting {
  readonly object: KubeObject
  readonly stages: readonly Stage[]
  readonly stage: CompiledStage | undefined
  readonly dueAt: number
  readonly isPlayed: boolean
}

/** How many stages an object was led through since. */
interface Pace {
  readonly uid: string
  readonly since: number
  readonly count: number
}

export class StagePlayer {
  readonly #resource: string
  readonly #tools: StageTools
  readonly #waiting = new Map<Key, Waiting>()
  readonly #paces = new Map<Key, Pace>()
  readonly #compiled = new WeakMap<Stage, CompiledStage | StageFault | undefined>()

  constructor(resource: string, tools: StageTools) {
    this.#resource = resource
    this.#tools = tools
  }

  forget(key: Key): void {
    this.#waiting.delete(key)
    this.#paces.delete(key)
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
    const playsAt = dueAt > now ? dueAt : this.#mayPlayAt(key, object, now)
    if (playsAt > now) return { events: faults, requeueAfterMs: playsAt - now, waitingOn: `Stage ${stage.name}` }
    // What it does to the object lets the next one be chosen, with and without `immediateNextStage`: there is no waiting for a watch.
    this.#waiting.set(key, { ...waiting, isPlayed: true })
    try {
      const generic = genericFunctions(now, this.#tools.startedAt, KWOK_VERSION)
      return { ...planStage(stage, object, this.#resource, { ...generic, ...functions }), events: faults }
    } catch (error) {
      if (!(error instanceof StageFault || error instanceof TemplateFault || isYamlFault(error))) throw error
      const { message } = error as Error
      return { events: [...faults, stageFailed(stage.name, message)], waitingOn: `Stage ${stage.name}: ${message}` }
    }
  }

  #mayPlayAt(key: Key, { metadata: { uid } }: KubeObject, now: number): number {
    const pace = this.#paces.get(key)
    if (pace === undefined || pace.uid !== uid || now - pace.since >= 1000) {
      this.#paces.set(key, { uid, since: now, count: 1 })
      return now
    }
    if (pace.count >= STAGES_A_SECOND) return pace.since + 1000
    this.#paces.set(key, { ...pace, count: pace.count + 1 })
    return now
  }

  #choose(object: KubeObject, stages: readonly Stage[], now: number, faults: PlannedEvent[]): Waiting {
    const { random } = this.#tools
    const usable: CompiledStage[] = []
    for (const stage of stages) {
      const compiled = this.#compile(stage)
      if (compiled instanceof StageFault) faults.push(stageFailed(stage.metadata.name, compiled.message))
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
