/** What the hooks of a container's lifecycle take, and whether they fail. Upstream: lifecycle/handlers.go Run. */
import type { Container, LifecycleHandler, Pod } from '../api/types.gen.ts'
import { behaviourAnnotations } from './behaviour-annotations.ts'
import { QUICK } from './container-behaviour.ts'
import { type Prediction, predictCommand } from './shell.ts'

export interface Hook {
  /** Infinity for one without an end. */
  readonly takesMs: number
  /** What is said of its failure; undefined when it succeeds. */
  readonly failure: string | undefined
}

export function postStartHook(pod: Pod, container: Container): Hook | undefined {
  const handler = container.lifecycle?.postStart
  return handler && hookOf(handler, pod, container, behaviourAnnotations(pod, container.name).failsPostStart)
}

export function preStopHook(pod: Pod, container: Container): Hook | undefined {
  const handler = container.lifecycle?.preStop
  return handler && hookOf(handler, pod, container, behaviourAnnotations(pod, container.name).failsPreStop)
}

function hookOf({ exec, httpGet, sleep }: LifecycleHandler, pod: Pod, container: Container, fails: boolean): Hook {
  const { name, namespace, uid } = pod.metadata
  const of = `for Container ${JSON.stringify(container.name)} in Pod "${name}_${namespace}(${uid})" failed - error:`
  if (sleep !== undefined) {
    const failure = `Sleep lifecycle hook (${sleep.seconds}) ${of} container terminated before sleep hook finished`
    return { takesMs: sleep.seconds * 1000, failure: fails ? failure : undefined }
  }
  if (exec?.command !== undefined) {
    const { runsForMs, exitCode, printed } = predictHook(exec.command)
    const takesMs = runsForMs === 'forever' ? Number.POSITIVE_INFINITY : runsForMs
    if (exitCode === 0 && !fails) return { takesMs, failure: undefined }
    const command = exec.command.join(' ')
    const output = JSON.stringify(printed.map(({ text }) => text).join(''))
    const error = `command '${command}' exited with ${exitCode || 1}: `
    return { takesMs, failure: `Exec lifecycle hook ([${command}]) ${of} ${error}, message: ${output}` }
  }
  if (httpGet !== undefined && fails) {
    const { scheme = 'HTTP', host = pod.status?.podIP ?? '', port, path = '' } = httpGet
    const url = `${scheme.toLowerCase()}://${host}:${port}${path}`
    const error = `Get ${JSON.stringify(url)}: dial tcp ${host}:${port}: connect: connection refused`
    return { takesMs: 0, failure: `HTTP lifecycle hook (${path}) ${of} ${error}` }
  }
  return { takesMs: 0, failure: fails ? 'Cannot run handler: invalid handler' : undefined }
}

function predictHook(command: readonly string[]): Prediction {
  return predictCommand(command, { environment: {}, unknownCommand: QUICK, now: 0 })
}
