/** What is questionable of a pod's containers. Upstream: pkg/api/pod/warnings.go. */
import type { Container, ContainerPort, EnvVar, PodSpec } from '../../types.gen.ts'
import { eachContainer } from './os-validation.ts'
import { fractionalByteWarnings } from './resource-warnings.ts'

export function containerWarnings({ resources, env }: Container, path: string): string[] {
  const { limits, requests } = resources ?? {}
  return [
    ...fractionalByteWarnings(limits, ['memory'], `${path}.resources.limits`),
    ...fractionalByteWarnings(requests, ['memory'], `${path}.resources.requests`),
    ...fractionalByteWarnings(limits, ['ephemeral-storage'], `${path}.resources.limits`),
    ...fractionalByteWarnings(requests, ['ephemeral-storage'], `${path}.resources.requests`),
    ...hiddenEnvWarnings(env, path),
  ]
}

/** A variable may stand twice when the second builds on the first. */
function hiddenEnvWarnings(env: readonly EnvVar[] | undefined, path: string): string[] {
  if (env === undefined || env.length < 2) return []
  const texts: string[] = []
  const seen = new Set<string>()
  env.forEach(({ name, value = '', valueFrom }, i) => {
    const reference = `$(${name})`
    const isHidden = valueFrom !== undefined || value === reference || !value.includes(reference)
    if (seen.has(name) && isHidden) {
      texts.push(`${path}.env[${i}]: hides previous definition of "${name}", which may be dropped when using apply`)
    }
    seen.add(name)
  })
  return texts
}

interface Port {
  readonly at: string
  readonly port: ContainerPort
}

/** Of all containers together: they share the pod's address. */
export function portWarnings(spec: PodSpec, path: string): string[] {
  const texts: string[] = []
  const names: string[] = []
  const byNumber = new Map<string, Port[]>()
  const byName = new Map<string, string>()
  eachContainer(spec, path, ({ ports }, container) => {
    ports?.forEach((port, i) => {
      const at = `${container}.ports[${i}]`
      if (port.hostIP && !port.hostPort) texts.push(`${at}: hostIP set without hostPort: ${goText(port)}`)
      const key = `${port.containerPort}/${port.protocol ?? ''}`
      const others = byNumber.get(key)
      if (others === undefined) byNumber.set(key, [{ at, port }])
      else {
        for (const other of others) {
          const clash = clashOf(port, other.port)
          if (clash !== undefined) texts.push(`${at}: ${clash} port definition with ${other.at}`)
        }
        others.push({ at, port })
      }
      if (!port.name) return
      const first = byName.get(port.name)
      if (first === undefined) byName.set(port.name, at)
      else {
        names.push(
          `${at}: duplicate port name "${port.name}" with ${first}, services and probes that select ports by name will use ${first}`,
        )
      }
    })
  })
  return [...texts, ...names]
}

function clashOf(port: ContainerPort, other: ContainerPort): string | undefined {
  const isSameHostPort = (port.hostPort ?? 0) === (other.hostPort ?? 0)
  if (isSameHostPort && (port.hostIP ?? '') === (other.hostIP ?? '')) return 'duplicate'
  if (!port.hostPort || !other.hostPort) return 'overlapping'
  return isSameHostPort && Boolean(port.hostIP) !== Boolean(other.hostIP) ? 'dangerously ambiguous' : undefined
}

/** As Go prints the struct. */
function goText({ name = '', hostPort = 0, containerPort, protocol = '', hostIP = '' }: ContainerPort): string {
  return `{Name:${name} HostPort:${hostPort} ContainerPort:${containerPort} Protocol:${protocol} HostIP:${hostIP}}`
}
