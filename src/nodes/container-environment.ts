import type { Container, Pod } from '../api/types.gen.ts'

/**
 * The variables of a container, as far as its pod tells them: plain values, and fields of the pod; what would come out of
 * ConfigMaps, Secrets and resources is left out.
 * Upstream: kubelet_pods.go makeEnvironmentVariables.
 */
export function environmentOf(pod: Pod, container: Container): Readonly<Record<string, string>> {
  const environment: Record<string, string> = {}
  for (const { name, value, valueFrom } of container.env ?? []) {
    const text =
      valueFrom?.fieldRef === undefined ? value && expandReferences(value, environment) : podField(pod, valueFrom.fieldRef.fieldPath)
    if (text !== undefined) environment[name] = text
  }
  return environment
}

/** `$(NAME)` replaced by the variable, if there is one; `$$` stands for a dollar. Upstream: third_party/forked/golang/expansion. */
export function expandReferences(text: string, environment: Readonly<Record<string, string>>): string {
  return text.replace(/\$\$|\$\(([^()]*)\)/g, (reference, name) => (reference === '$$' ? '$' : (environment[name] ?? reference)))
}

const FIELDS: Readonly<Record<string, (pod: Pod) => string | undefined>> = {
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
function podField(pod: Pod, path: string): string | undefined {
  const [, map, key] = /^metadata\.(labels|annotations)\['(.*)'\]$/.exec(path) ?? []
  if (map !== undefined) return pod.metadata[map as 'labels' | 'annotations']?.[key!] ?? ''
  return FIELDS[path]?.(pod)
}
