import type { Container, LifecycleHandler, Probe } from '../../api/types.gen.ts'
import { type CheckedPod, plural, quoted, sortedSet, type Violation } from './check.ts'

/** A kubelet's probes and hooks could reach where the pod can't. */
export function hostProbesAndHostLifecycle({ containers }: CheckedPod): Violation | undefined {
  const bad = containers.filter((container) => hostsOf(container).length > 0)
  if (bad.length === 0) return undefined
  const names = sortedSet(bad.map(({ name }) => name))
  const hosts = sortedSet(bad.flatMap(hostsOf))
  return {
    reason: 'probe or lifecycle host',
    detail: `${plural(names.length, 'container')} ${quoted(names)} ${plural(names.length, 'uses', 'use')} ${plural(hosts.length, 'probe or lifecycle host')} ${quoted(hosts)}`,
  }
}

function hostsOf({ livenessProbe, readinessProbe, startupProbe, lifecycle }: Container): string[] {
  return [livenessProbe, readinessProbe, startupProbe, lifecycle?.postStart, lifecycle?.preStop].flatMap(
    (handler: Probe | LifecycleHandler | undefined) =>
      [handler?.httpGet?.host, handler?.tcpSocket?.host].filter((host): host is string => Boolean(host)),
  )
}
