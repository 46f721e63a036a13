/** What a cluster has from the beginning, and gets back when it is missing at start. Upstream: the API server's post-start hooks, kubeadm. */
import type { ResourceDefinition } from './api/definition.ts'
import { MANDATORY_LEVELS, MANDATORY_SCHEMAS, SUGGESTED_LEVELS, SUGGESTED_SCHEMAS } from './api/flowcontrol/v1/built-in-objects.ts'
import { GROUP_PRIORITIES, versionPriority } from './api/group-priorities.ts'
import type { GroupResource, KubeObject, New } from './api/object.ts'

interface BootstrapObject {
  readonly resource: GroupResource
  readonly object: New<KubeObject>
}

const namespace = (name: string): BootstrapObject => ({ resource: 'namespaces', object: { metadata: { name } } })

const priorityClass = (name: string, value: number, description: string): BootstrapObject => ({
  resource: 'priorityclasses.scheduling.k8s.io',
  object: { metadata: { name }, value, description } as New<KubeObject>,
})

/** The class that claims get by default; its volumes are made at once by the built-in provisioner. */
const DEFAULT_STORAGE_CLASS: BootstrapObject = {
  resource: 'storageclasses.storage.k8s.io',
  object: {
    metadata: { name: 'standard', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
    provisioner: 'coracle.dev/simulated',
    reclaimPolicy: 'Delete',
    volumeBindingMode: 'Immediate',
    allowVolumeExpansion: true,
  } as New<KubeObject>,
}

/** The API server's own configuration of fairness, which it keeps as it is. */
function flowcontrol(resource: string, specs: Readonly<Record<string, object>>): BootstrapObject[] {
  return Object.entries(specs).map(([name, spec]) => ({
    resource: `${resource}.flowcontrol.apiserver.k8s.io`,
    object: { metadata: { name, annotations: { 'apf.kubernetes.io/autoupdate-spec': 'true' } }, spec } as New<KubeObject>,
  }))
}

/** Served by the aggregator itself, or by who registers it. */
const NOT_REGISTERED = new Set(['apiregistration.k8s.io', 'metrics.k8s.io'])

/** One APIService a version. Upstream: pkg/controlplane/apiserver/aggregator.go makeAPIService. */
function apiServices(definitions: readonly ResourceDefinition[]): BootstrapObject[] {
  const versions = new Map(definitions.map((definition) => [definition.apiVersion, definition]))
  return [...versions.values()]
    .filter(({ group }) => !NOT_REGISTERED.has(group))
    .map(({ apiVersion, group, version }) => ({
      resource: 'apiservices.apiregistration.k8s.io',
      object: {
        metadata: { name: `${version}.${group}`, labels: { 'kube-aggregator.kubernetes.io/automanaged': 'onstart' } },
        spec: { group, version, groupPriorityMinimum: GROUP_PRIORITIES[group], versionPriority: versionPriority(apiVersion) },
      } as New<KubeObject>,
    }))
}

/**
 * What controllers and clients count on from the first moment. In the order in which they are made: a namespace before what is in it.
 * @param serviceRanges as of ServerOptions
 */
export function bootstrapObjects(serviceRanges: readonly string[]): readonly BootstrapObject[] {
  return [
    ...['default', 'kube-system', 'kube-public', 'kube-node-lease'].map(namespace),
    priorityClass(
      'system-cluster-critical',
      2000000000,
      'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.',
    ),
    priorityClass('system-node-critical', 2000001000, 'Used for system critical pods that must not be moved from their current node.'),
    DEFAULT_STORAGE_CLASS,
    {
      resource: 'servicecidrs.networking.k8s.io',
      object: { metadata: { name: 'kubernetes' }, spec: { cidrs: serviceRanges } } as New<KubeObject>,
    },
  ]
}

/** What is only there to be seen: nothing waits for it, and the server is ready before it. */
export function descriptiveObjects(definitions: readonly ResourceDefinition[]): readonly BootstrapObject[] {
  return [
    ...flowcontrol('prioritylevelconfigurations', { ...MANDATORY_LEVELS, ...SUGGESTED_LEVELS }),
    ...flowcontrol('flowschemas', { ...MANDATORY_SCHEMAS, ...SUGGESTED_SCHEMAS }),
    ...apiServices(definitions),
  ]
}
