import type { Container, Pod, PodSpec } from '../api/types.gen.ts'

/** `sidecar`: an init container that is restarted for as long as the pod lives. */
export type ContainerRole = 'init' | 'sidecar' | 'main' | 'ephemeral'

export function initRole(container: Container): ContainerRole {
  return container.restartPolicy === 'Always' ? 'sidecar' : 'init'
}

/** What the first of its rules that is about this exit code says. Upstream: FindMatchingContainerRestartRule. */
function ruledAction({ restartPolicyRules = [] }: Container, exitCode: number): string | undefined {
  return restartPolicyRules.find(({ exitCodes }) => {
    if (exitCodes === undefined) return false
    const isListed = exitCodes.values?.includes(exitCode) ?? false
    return exitCodes.operator === 'In' ? isListed : exitCodes.operator === 'NotIn' && !isListed
  })?.action
}

/** Must the whole pod start anew when the container ends with this? */
export function restartsAll(container: Container, exitCode: number): boolean {
  return ruledAction(container, exitCode) === 'RestartAllContainers'
}

/** Upstream: AllContainersCouldRestart. */
export function couldRestartAll({ initContainers = [], containers }: PodSpec): boolean {
  return [...initContainers, ...containers].some(({ restartPolicyRules }) =>
    restartPolicyRules?.some(({ action }) => action === 'RestartAllContainers'),
  )
}

/** Is a container that ended with `exitCode` started again? Upstream: kubecontainer.ShouldContainerBeRestarted. */
export function shouldRestart(pod: Pod, container: Container, role: ContainerRole, exitCode: number): boolean {
  if (role === 'ephemeral') return false
  // An init container that succeeded has done its work whatever the policy.
  if (role === 'init' && exitCode === 0) return false
  return isRestartable(pod.spec, container, exitCode)
}

/** By rules and policies alone. Upstream: ContainerShouldRestart. */
export function isRestartable(spec: PodSpec, container: Container, exitCode: number): boolean {
  const action = container.restartPolicy === undefined ? undefined : ruledAction(container, exitCode)
  if (action === 'Restart' || action === 'RestartAllContainers') return true
  const policy = container.restartPolicy ?? spec.restartPolicy ?? 'Always'
  return policy === 'OnFailure' ? exitCode !== 0 : policy !== 'Never'
}
