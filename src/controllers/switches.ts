/** Which controllers run. Upstream: controller-manager's GenericControllerManagerConfigurationOptions, IsControllerEnabled. */

/** Every controller that can be switched off, the scheduler and the kubelets with them. */
export const CONTROLLER_NAMES = [
  'cronjob',
  'csi-attacher',
  'daemonset',
  'deployment',
  'disruption',
  'endpoints',
  'endpointslice',
  'endpointslice-mirroring',
  'ephemeral-volume',
  'event-ttl',
  'garbage-collector',
  'horizontal-pod-autoscaler',
  'ingress-status',
  'ipallocator-repair',
  'job',
  'kubelet',
  'kubernetes-service',
  'kubernetes-service-cidr',
  'namespace',
  'node-churn',
  'node-ipam',
  'node-lifecycle',
  'persistentvolume-attach-detach',
  'persistentvolume-binder',
  'persistentvolume-expander',
  'persistentvolume-protection',
  'persistentvolumeclaim-protection',
  'pod-garbage-collector',
  'replicaset',
  'replicationcontroller',
  'resourceclaim',
  'resourcequota',
  'root-ca-certificate-publisher',
  'scheduler',
  'service-cidr',
  'service-lb',
  'serviceaccount',
  'statefulset',
  'taint-eviction',
  'ttl',
  'ttl-after-finished',
  'volumeattributesclass-protection',
] as const

export type ControllerName = (typeof CONTROLLER_NAMES)[number]

/** The short names that kube-controller-manager takes too. Upstream: KCMControllerAliases. */
const ALIASES: Readonly<Record<string, ControllerName>> = {
  attachdetach: 'persistentvolume-attach-detach',
  endpoint: 'endpoints',
  endpointslicemirroring: 'endpointslice-mirroring',
  garbagecollector: 'garbage-collector',
  horizontalpodautoscaling: 'horizontal-pod-autoscaler',
  'kube-scheduler': 'scheduler',
  nodeipam: 'node-ipam',
  nodelifecycle: 'node-lifecycle',
  podgc: 'pod-garbage-collector',
  'pv-protection': 'persistentvolume-protection',
  'pvc-protection': 'persistentvolumeclaim-protection',
  'resource-claim': 'resourceclaim',
  'root-ca-cert-publisher': 'root-ca-certificate-publisher',
  service: 'service-lb',
}

/**
 * @param list as `--controllers` has it, such as `['*', '-job']`: `*` is all of them, `job` (or `job-controller`) is that one, `-job` isn't.
 * @returns the names of those that run, or the item that names none
 */
export function enabledControllers(list: readonly string[]): ReadonlySet<ControllerName> | { readonly unknown: string } {
  const asked = new Map<ControllerName | '*', boolean>()
  for (const item of list) {
    const isOn = !item.startsWith('-')
    const name = item === '*' ? item : controllerName(isOn ? item : item.slice(1))
    if (name === undefined) return { unknown: item }
    // What is said of a controller first holds.
    if (!asked.has(name)) asked.set(name, isOn)
  }
  return new Set(CONTROLLER_NAMES.filter((name) => asked.get(name) ?? asked.has('*')))
}

function controllerName(text: string): ControllerName | undefined {
  const short = text.replace(/-controller$/, '')
  return CONTROLLER_NAMES.find((name) => name === short) ?? ALIASES[short]
}
