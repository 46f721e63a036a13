import type { Container, Pod } from '../api/types.gen.ts'

/** `sidecar`: an init container that is restarted for as long as the pod lives. */
export type ContainerRole = 'init' | 'sidecar' | 'main' | 'ephemeral'

export function initRole(container: Container): ContainerRole {
  return container.restartPolicy === 'Always' ? 'sidecar' : 'init'
}

/** Is a container that ended with `exitCode` started again? Upstream: kubecontainer.ShouldContainerBeRestarted. */
export function shouldRestart(pod: Pod, container: Container, role: ContainerRole, exitCode: number): boolean {
  if (role === 'ephemeral') return false
  if (role === 'sidecar') return true
  for (const { action, exitCodes } of container.restartPolicyRules ?? []) {
    const isListed = exitCodes?.values?.includes(exitCode) ?? false
    if (action === 'Restart' && exitCodes !== undefined && isListed === (exitCodes.operator === 'In')) return true
  }
  const policy = container.restartPolicy ?? pod.spec.restartPolicy ?? 'Always'
  // An init container that succeeded has done its work whatever the policy.
  if (policy === 'Always') return role === 'init' ? exitCode !== 0 : true
  return policy === 'OnFailure' && exitCode !== 0
}
