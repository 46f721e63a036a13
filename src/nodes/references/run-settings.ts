/**
 * What a run of a container finds when it starts: its variables and the files that are mounted into it. Both stay as they are for
 * as long as it runs, so they are kept for runs that have some from elsewhere than their pod; a server that was restarted reads
 * them anew. Of what is mounted upstream's kubelet would bring later changes, after up to a minute.
 */
import type { Container, Pod } from '../../api/types.gen.ts'
import type { FoundFiles } from '../shell-files.ts'
import { NOTHING_FOUND } from '../shell-files.ts'
import { runOf } from '../volumes/volume-data.ts'
import { type Environment, type EnvironmentOptions, environmentOf, type Variables } from './environment.ts'
import { mountedFiles, mountPathFault } from './mounted-files.ts'
import { type ObjectReader, sourcesOf } from './sources.ts'
import { type Files, isClaimed } from './volume-files.ts'

export interface RunSettings {
  readonly variables: Variables
  /** By path in the container. */
  readonly found: FoundFiles
}

interface KeptRuns {
  readonly uid: string
  /** By container: the settings of its runs, by how often it was restarted before. */
  readonly containers: Map<string, Map<number, RunSettings>>
}

/** Runs of one container that are kept: the one that runs, and the one before, whose log can be read. */
const KEPT_RUNS = 2

export class SettingsOfRuns {
  readonly #objects: ObjectReader | undefined
  /** By the pod's key. */
  readonly #kept = new Map<string, KeptRuns>()

  /** @param objects undefined when nothing is known of the API: what refers to it is left out */
  constructor(objects: ObjectReader | undefined) {
    this.#objects = objects
  }

  /** What keeps the container from being started; undefined when nothing does. */
  faultOf(pod: Pod, container: Container, fileOf: EnvironmentOptions['fileOf']): string | undefined {
    const withServices = container.volumeMounts?.some(({ subPathExpr }) => subPathExpr) === true
    if (this.#objects === undefined || (!refers(container) && !withServices)) return undefined
    const environment = environmentOf(pod, container, { sources: sourcesOf(pod, this.#objects), withServices, fileOf })
    return environment.fault ?? mountPathFault(container, environment.variables)
  }

  /** @param written by its init containers, to a volume of the pod */
  of(
    pod: Pod,
    container: Container,
    restartCount: number,
    fileOf: EnvironmentOptions['fileOf'],
    written: (volume: string) => Files,
  ): RunSettings {
    const asked = askedFor(pod, container)
    if (this.#objects === undefined || (!refers(container) && !asked.services && !asked.files)) {
      const environment = environmentOf(pod, container, { sources: undefined, withServices: false })
      return { variables: variablesOf(environment), found: NOTHING_FOUND }
    }
    const runs = this.#runsOf(pod, container)
    const known = runs.get(restartCount)
    if (known !== undefined) return known
    const sources = sourcesOf(pod, this.#objects)
    const variables = variablesOf(environmentOf(pod, container, { sources, withServices: asked.services, fileOf }))
    const asks = (path: string) => isAskedFor(container, path)
    const origin = { sources, run: runOf(pod, container, restartCount), written }
    const found = asked.files ? mountedFiles(pod, container, origin, variables, asks) : NOTHING_FOUND
    const settings = { variables, found }
    runs.set(restartCount, settings)
    if (runs.size > KEPT_RUNS) runs.delete(Math.min(...runs.keys()))
    return settings
  }

  /** The pod is gone. @param pod NAMESPACE/NAME */
  forget(pod: string): void {
    this.#kept.delete(pod)
  }

  #runsOf({ metadata }: Pod, container: Container): Map<number, RunSettings> {
    const { uid, namespace, name } = metadata
    let kept = this.#kept.get(`${namespace}/${name}`)
    if (kept?.uid !== uid) {
      kept = { uid, containers: new Map() }
      this.#kept.set(`${namespace}/${name}`, kept)
    }
    let runs = kept.containers.get(container.name)
    if (runs === undefined) {
      runs = new Map()
      kept.containers.set(container.name, runs)
    }
    return runs
  }
}

/** One that lacks something never started; its log is empty whatever it would find. */
function variablesOf(environment: Environment): Variables {
  return environment.fault === undefined ? environment.variables : {}
}

/** Are there variables that the pod alone doesn't tell? */
function refers({ env, envFrom }: Container): boolean {
  if (envFrom !== undefined && envFrom.length > 0) return true
  return env?.some(({ valueFrom }) => valueFrom !== undefined && valueFrom.fieldRef === undefined) === true
}

/** Few containers look for services or read what is mounted; the others needn't be given it. */
function askedFor(pod: Pod, container: Container): { services: boolean; files: boolean } {
  const mounts = container.volumeMounts ?? []
  const texts = textsOf(container)
  return {
    services: texts.some((text) => /_SERVICE_|_PORT|\b(?:env|printenv)\b/.test(text)),
    files: mounts.some(({ name, mountPath }) => isAskedFor(container, mountPath) && isFilled(pod, name)),
  }
}

function isAskedFor(container: Container, mountPath: string): boolean {
  const path = mountPath.replace(/\/+$/, '')
  return [...(container.command ?? []), ...(container.args ?? [])].some((word) => word.includes(path))
}

function isFilled({ spec }: Pod, name: string): boolean {
  const volume = spec.volumes?.find((each) => each.name === name)
  if (volume?.emptyDir !== undefined) return spec.initContainers !== undefined
  return (
    volume !== undefined &&
    (isClaimed(volume) || (volume.configMap ?? volume.secret ?? volume.projected ?? volume.downwardAPI) !== undefined)
  )
}

function textsOf({ command = [], args = [], env = [] }: Container): string[] {
  return [...command, ...args, ...env.flatMap(({ value }) => (value === undefined ? [] : [value]))]
}
