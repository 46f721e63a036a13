/** Events as kubelets tell them. */
import type { Container, Pod } from '../api/types.gen.ts'
import type { PlannedEvent } from '../runtime/plan.ts'
import type { ContainerRole } from './restart-rule.ts'

export function kubeletEvent(pod: Pod, type: PlannedEvent['type'], reason: string, message: string): PlannedEvent {
  return { type, reason, message, source: { component: 'kubelet', host: pod.spec.nodeName ?? '' } }
}

/** Events about a container name it by the path to it. */
export function containerEvent(
  pod: Pod,
  container: Container,
  role: ContainerRole,
  type: PlannedEvent['type'],
  reason: string,
  message: string,
): PlannedEvent {
  const list = role === 'main' ? 'containers' : role === 'ephemeral' ? 'ephemeralContainers' : 'initContainers'
  return { ...kubeletEvent(pod, type, reason, message), fieldPath: `spec.${list}{${container.name}}` }
}
