/** How long a container takes to end once it is told to. */
import type { Container, Pod } from '../api/types.gen.ts'
import { behaviourAnnotations } from './behaviour-annotations.ts'
import { QUICK } from './container-behaviour.ts'
import { type Prediction, predictCommand } from './shell.ts'

export function stopDelayMs(pod: Pod, container: Container): number {
  const annotated = behaviourAnnotations(pod, container.name).stopDelayMs
  if (annotated !== undefined) return annotated
  const hook = container.lifecycle?.preStop
  if (hook?.sleep !== undefined) return hook.sleep.seconds * 1000
  if (hook?.exec?.command === undefined) return 0
  const { runsForMs } = predictHook(hook.exec.command)
  return runsForMs === 'forever' ? Number.POSITIVE_INFINITY : runsForMs
}

export function failsPreStop(pod: Pod, container: Container): boolean {
  const hook = container.lifecycle?.preStop
  if (hook === undefined) return false
  return (
    behaviourAnnotations(pod, container.name).failsPreStop ||
    (hook.exec?.command !== undefined && predictHook(hook.exec.command).exitCode !== 0)
  )
}

export function predictHook(command: readonly string[]): Prediction {
  return predictCommand(command, { environment: {}, unknownCommand: QUICK, now: 0 })
}
