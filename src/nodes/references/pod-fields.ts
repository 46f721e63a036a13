/** What the downward API tells of a pod and its containers. */
import { quantityMilliValue, quantityValue } from '../../api/meta/quantity.ts'
import type { Container, Pod, ResourceFieldSelector } from '../../api/types.gen.ts'

const FIELDS: Readonly<Record<string, (pod: Pod) => string | undefined>> = {
  'metadata.annotations': ({ metadata }) => formatMap(metadata.annotations),
  'metadata.labels': ({ metadata }) => formatMap(metadata.labels),
  'metadata.name': ({ metadata }) => metadata.name,
  'metadata.namespace': ({ metadata }) => metadata.namespace,
  'metadata.uid': ({ metadata }) => metadata.uid,
  'spec.nodeName': ({ spec }) => spec.nodeName,
  'spec.serviceAccountName': ({ spec }) => spec.serviceAccountName,
  'status.hostIP': ({ status }) => status?.hostIP,
  'status.hostIPs': ({ status }) => status?.hostIPs?.map(({ ip }) => ip).join(','),
  'status.podIP': ({ status }) => status?.podIP,
  'status.podIPs': ({ status }) => status?.podIPs?.map(({ ip }) => ip).join(','),
}

/** One label or annotation is '' where the pod has none of the name. Upstream: fieldpath.ExtractFieldPathAsString. */
export function podField(pod: Pod, path: string): string | undefined {
  const [, map, key] = /^metadata\.(labels|annotations)\['(.*)'\]$/.exec(path) ?? []
  if (map !== undefined) return pod.metadata[map as 'labels' | 'annotations']?.[key!] ?? ''
  return FIELDS[path]?.(pod)
}

function formatMap(map: Readonly<Record<string, string>> = {}): string {
  const keys = Object.keys(map).sort()
  return keys.map((key) => `${key}=${JSON.stringify(map[key])}`).join('\n')
}

/** Where there is no limit what the node has for pods is the limit. Huge pages are never overcommitted. */
const LIMITED_BY_NODE = new Set(['cpu', 'memory', 'ephemeral-storage'])

/**
 * An amount of a container in units of the divisor, rounded up.
 * Upstream: pkg/api/v1/resource/helpers.go ExtractContainerResourceValue, MergeContainerResourceLimits.
 * @param allocatable asked for where the container has no limit
 */
export function resourceField(
  container: Container,
  { resource, divisor }: ResourceFieldSelector,
  allocatable: () => Readonly<Record<string, string>>,
): string {
  const dot = resource.indexOf('.')
  const kind = resource.slice(0, dot) as 'limits' | 'requests'
  const name = resource.slice(dot + 1)
  const amountOf = name === 'cpu' ? quantityMilliValue : quantityValue
  const own = container.resources?.[kind]?.[name]
  const isUnlimited = kind === 'limits' && LIMITED_BY_NODE.has(name) && amountOf(own) === 0
  const amount = amountOf(isUnlimited ? allocatable()[name] : own)
  return String(Math.ceil(amount / (amountOf(divisor) || amountOf('1'))))
}

export function containerNamed({ spec }: Pod, name: string | undefined): Container | undefined {
  return [...spec.containers, ...(spec.initContainers ?? [])].find((each) => each.name === name)
}
