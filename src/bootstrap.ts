/** What a cluster has from the beginning, and gets back when it is missing at start. Upstream: the API server's post-start hooks, kubeadm. */
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

/** In the order in which they are made: a namespace before what is in it. */
export function bootstrapObjects(): readonly BootstrapObject[] {
  return [
    namespace('default'),
    namespace('kube-system'),
    namespace('kube-public'),
    namespace('kube-node-lease'),
    priorityClass(
      'system-cluster-critical',
      2000000000,
      'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.',
    ),
    priorityClass('system-node-critical', 2000001000, 'Used for system critical pods that must not be moved from their current node.'),
    DEFAULT_STORAGE_CLASS,
  ]
}
